"""Cheat sheet and errata: every entry, its text, its links, its marks."""

import gzip
import re

import press
import pytest
import test_site
import yaml
from bs4 import BeautifulSoup
from press import OTHER, ROOT, SAMPLE, book, build, check, code, markdown

from _ext.lists import errata
from _ext.notebook import coverage, records
from _ext.page.mathematics import FOREIGN, Drawer

INVENTORY = records.inventory(ROOT)
PAGES = ("cheatsheet", "errata")
NASTY = "<script>alert(1)</script> **no** [[1, 2]] & `x < y`"


def pages(*names):
    return [(name, (ROOT / f"{name}.md").read_text("utf-8")) for name in names]


def sheet(tree, **changes):
    """Change entries of the inventory of a tree."""
    path = tree / "chapters" / "cheatsheet.yml"
    entries = yaml.safe_load(path.read_text("utf-8"))
    for entry in entries:
        entry |= changes.get(entry["id"].replace("-", "_"), {})
    path.write_text(yaml.safe_dump(entries, allow_unicode=True), "utf-8")


BARE = markdown(
    "# Bare\n\nBefore.\n\n(opt-adaptive)=\n(opt-momentum)=\nIn {eq}`eq-bare` "
    "{cite:p}`kingma2015`, {prf:ref}`opt-adam`:\n\n$$\ny^2\n$$ (eq-bare)\n\n"
    "- A list.\n\n## After\n\nNot of it."
)


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """A small book with two chapters, and an entry that has strange text."""
    tree = tmp_path_factory.mktemp("sheet")
    notebooks = {"11-3-gradient-descent": SAMPLE, "other": OTHER}
    notebooks["bare"] = [BARE]
    extra = ("bibliography", "# Works\n\n:::{bibliography}\n:::\n")
    book(tree, notebooks, [*pages(*PAGES), extra])
    sheet(
        tree,
        prob_sum_rule={"title": NASTY, "why": NASTY},
        opt_sgd={
            "verdict": "garbled",
            "origin": "copy",
            "prints": "$x^2$",
            "why": "$y_3$ no",
        },
    )
    return build(tree)


@pytest.fixture(scope="module")
def inventory(sample):
    return records.inventory(sample.tree)


def entry(built, page, name):
    kind = {"cheatsheet": "sheet", "errata": "erratum"}[page]
    return built.pages[f"{page}.html"].find(id=f"{kind}-{name}")


def body(item):
    """Return the words of a statement, without its head and formulas."""
    item = BeautifulSoup(str(item), "html.parser").div
    for node in item.select(".dl-head, .math"):
        node.decompose()
    return " ".join(item.get_text(" ").split())


# ---- what holds on both pages ---------------------------------------------


@pytest.mark.parametrize(
    "holds",
    [
        test_site.test_the_build_succeeds_without_a_warning,
        test_site.test_every_link_leads_somewhere,
        test_site.test_no_page_has_an_id_twice,
        test_site.test_nothing_is_asked_of_another_host,
    ],
)
def test_the_pages_are_pages_of_the_site(sample, holds):
    holds(sample)


def test_every_entry_is_on_the_sheet_once_and_in_order(sample, inventory):
    items = sample.pages["cheatsheet.html"].select(".dl-item")
    assert [i["id"].removeprefix("sheet-") for i in items] == list(inventory)
    for item, (name, content) in zip(items, inventory.items(), strict=True):
        title = f"{content['number']} {content['title']}"
        assert smooth(item.strong.get_text()) == smooth(title), name
        assert item["data-section"] == content["section"]
        assert item["data-kind"] == content["kind"]
        section = item.find_parent("section")
        assert section.h2.get_text().split()[0] == content["section"]


def test_every_erratum_is_among_the_errata(sample, inventory):
    wrong = [
        name
        for key in ("wrong", "incomplete", "copy")
        for name, entry in inventory.items()
        if entry.get("origin") and errata.part(entry) == key
    ]
    items = sample.pages["errata.html"].select(".dl-item")
    assert [i["id"].removeprefix("erratum-") for i in items] == wrong
    for item, name in zip(items, wrong, strict=True):
        part = item.find_parent("section").find_parent("section")
        assert part["id"] == f"errata-{errata.part(inventory[name])}"
        for key in ("prints", "why", "note"):
            line = item.select_one(f".dl-{key}")
            assert (line is None) == (key not in inventory[name])
            if line is None:
                continue
            formulas = re.findall(r"\$(.*?)\$", inventory[name][key], re.S)
            drawn = [a.get_text() for a in line.select("math")]
            assert len(drawn) == len(formulas), name
            assert all(drawn), name
            plain = re.split(r"\$.*?\$", inventory[name][key], flags=re.S)
            words = " ".join("".join(plain).replace("`", "").split())
            for formula in line.select(".math"):
                formula.decompose()
            said = " ".join(line.get_text().split()).split(":", 1)[1]
            assert smooth(said) == smooth(words), name


def smooth(words):
    """Undo what smart quotes do, and the spaces around formulas."""
    words = words.translate(str.maketrans("“”‘’–—…", "\"\"''---"))
    return re.sub(r"[\s.]|-+", "", words)


# ---- entries --------------------------------------------------------------


def test_a_statement_is_that_of_the_chapter(sample):
    def said(name):
        return body(entry(sample, "cheatsheet", name))

    assert said("opt-gradient-descent") == "Step by step."
    assert said("opt-optimization") == "Step by step."  # it shares the box
    assert said("opt-sgd") == "Text."  # without the entries below it
    assert said("opt-sgd-unbiased") == "The mean is ."
    assert said("opt-sgd-escape") == "It escapes."


def test_a_statement_outside_of_a_box_ends_where_it_ends(sample):
    for name in ("opt-adaptive", "opt-momentum"):
        item = entry(sample, "cheatsheet", name)
        assert body(item).endswith("Definition 11.3.25 : A list.")
        formula = item.select_one(".math math")
        assert formula.get_text().strip() == "y2"
        assert not item.select(".eqno")
        links = {a.get_text(): a["href"] for a in item.select("a")}
        equation = press.section(sample, "bare").select_one(".eqno")
        number = equation.get_text().removesuffix("#")
        assert (
            links[f"{number} of Bare"] == "chapters/bare.html#equation-eq-bare"
        )
        adam = links["Definition 11.3.25"]
        assert adam == "chapters/other.html#opt-adam"


def test_marks_lead_to_statement_and_cells(sample):
    chapter = "chapters/11-3-gradient-descent.html"
    item = entry(sample, "cheatsheet", "opt-sgd")
    assert item["data-status"].split() == ["scan", "checked", "refuted"]
    assert [(a.get_text(), a["href"]) for a in item.p.find_all("a")] == [
        ("11.3.3 Stochastic gradient descent", f"{chapter}#opt-sgd"),
        ("✓ checked in cell 3", f"{chapter}#check-opt-sgd-2"),
        ("✗ refuted as scanned in cell 2", f"{chapter}#check-opt-sgd"),
        ("illegible in our copy", "errata.html#erratum-opt-sgd"),
    ]
    item = entry(sample, "cheatsheet", "opt-sgd-escape")
    assert "unchecked" in item["data-status"].split()


def test_what_is_not_written_says_so_without_formulas(sample, inventory):
    items = sample.pages["cheatsheet.html"].select(".dl-item")
    bare = [i for i in items if "unwritten" in i["data-status"].split()]
    assert len(bare) == len(inventory) - 10
    for item in bare:
        assert "not yet written" in item.get_text()
        assert not item.select(".katex")
        assert not item.strong.find("a")


def test_an_erratum_says_whether_a_cell_refutes_it(sample):
    done = entry(sample, "errata", "opt-sgd")
    assert "✗ refuted as scanned in cell 2" in done.p.get_text()
    assert done.select_one(".dl-prints strong").get_text() == (
        "Our copy prints:"
    )
    assert done.select_one(".dl-correct").get_text() == "Correct:"
    assert done.select_one(".dl-right").get_text().strip() == "Text."
    counter = done.select_one(".dl-refutes")
    assert counter.get_text().startswith("Counterexample: ")
    assert counter.a.get_text() == "cell 2"
    open_ = entry(sample, "errata", "prob-density-scaling")
    assert "not yet refuted" in open_.p.get_text()
    assert not open_.select(".dl-right, .dl-refutes, a")
    assert open_.select_one(".dl-kind").get_text() == (
        "wrong as printed, and damaged in our copy"
    )
    page = sample.pages["errata.html"].article
    origins = [
        e.get("origin") for e in records.inventory(sample.tree).values()
    ]
    assert (
        f"Of its {len(INVENTORY)} statements the sheet prints "
        f"{origins.count('sheet')} wrongly or incompletely, and "
        f"{origins.count('both')} more which the scan has damaged further; "
        f"{origins.count('copy')} stand correctly"
    ) in " ".join(page.get_text().split())


def test_texts_of_the_inventory_are_texts(sample):
    for page in PAGES:
        item = entry(sample, page, "prob-sum-rule")
        assert item.strong.get_text() == f"1.1 {NASTY}"
        assert not item.find("script")
    why = entry(sample, "errata", "prob-sum-rule").select_one(".dl-why")
    assert why.code.get_text() == "x < y"
    said = " ".join(why.get_text().split())
    assert said == f"What is wrong: {NASTY}".replace("`", "")


# ---- the controls ---------------------------------------------------------


def test_the_controls_stand_where_they_stay_and_need_a_script(sample):
    page = sample.pages["cheatsheet.html"]
    (form,) = page.select("form.dl-filter")
    assert form.parent.name == "details"
    assert "pst-js-only" in form.parent["class"]
    assert not form.has_attr("hidden")
    assert form.output["aria-live"] == "polite"
    count = len(page.select(".dl-item"))
    assert form.output.get_text() == f"{count} of {count} entries"
    for control in form.select("input, select"):
        assert control.find_parent("label").get_text().strip()
    kinds = {o["value"] for o in form.select("[name=kind] option")} - {""}
    assert kinds == {i["data-kind"] for i in page.select(".dl-item")}
    states = {o["value"] for o in form.select("[name=status] option")}
    shown = {s for i in page.select(".dl-item") for s in _states(i)}
    assert shown == states - {""}


def _states(item):
    return item["data-status"].split()


def test_the_script_is_small_and_loaded_where_it_is_needed(sample):
    assert len((ROOT / "_ext/lists/sheet.js").read_bytes()) <= 4096
    for name, page in sample.pages.items():
        scripts = [s.get("src", "") for s in page.find_all("script")]
        loaded = any("sheet.js" in source for source in scripts)
        assert loaded == (name in ("cheatsheet.html", "errata.html")), name


# ---- all the entries --------------------------------------------------------


def test_katex_draws_every_formula_of_the_inventory():
    drawer = Drawer(ROOT / "node_modules" / "katex")
    refused = []
    for name, content in records.inventory(ROOT).items():
        for key in errata.TEXTS:
            parts = (content.get(key) or "").split("$")
            if len(parts) % 2 == 0:
                refused.append((name, key, "a $ without a partner"))
            for tex in parts[1::2]:
                answer = drawer(tex, display=False)
                if "error" in answer or FOREIGN.search(tex):
                    refused.append((name, key, tex))
    drawer.close()
    assert refused == []


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """A book in which every entry has a statement of a real chapter."""
    tree = tmp_path_factory.mktemp("full")
    source = records.read(ROOT / "chapters" / "11-3-gradient-descent.ipynb")
    whole = "\n\n".join(
        cell["source"]
        for cell in source["cells"]
        if cell["cell_type"] == "markdown"
    )
    boxes = re.findall(
        r"^:::\{prf:\w+}[^\n]*\n:label: opt-[^\n]*\n(.*?)^:::$",
        whole,
        re.DOTALL | re.MULTILINE,
    )
    assert len(boxes) > 20
    labelled = r"(?<=\$\$) \([\w-]+\)|\{\w+(:\w+)?}`[^`]*`"
    boxes = [re.sub(labelled, "", box) for box in boxes]
    homes = coverage.homes(ROOT)
    notebooks = {}
    for place, (name, content) in enumerate(records.inventory(ROOT).items()):
        cells = notebooks.setdefault(homes[name], [markdown("# Chapter")])
        head = f":::{{prf:theorem}} Title\n:label: {name}\n"
        text = boxes[place % len(boxes)]
        cells.append(markdown(f"{head}\n{text}\n:::"))
        kinds = ["close"]
        kinds += [] if content["verdict"] == "ok" else ["refutes"]
        outputs = [check(name, kind) for kind in kinds]
        cells.append(code(f"check({name!r})", *outputs))
    book(tree, notebooks, pages("cheatsheet"))
    return build(tree)


@pytest.mark.slow
def test_the_full_sheet_is_light(full):
    test_site.test_the_build_succeeds_without_a_warning(full)
    items = full.pages["cheatsheet.html"].select(".dl-item")
    assert len(items) == len(INVENTORY)
    for item in items:
        assert "checked" in _states(item)
        assert len(item.get_text()) > 100  # more than its head
    size = len(gzip.compress((full.html / "cheatsheet.html").read_bytes(), 6))
    assert size < 300_000  # with scripts and style sheets below 400 kB


@pytest.mark.slow
def test_the_full_sheet_is_filtered_soon_after_it_is_asked_for(full, browser):
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto((full.html / "cheatsheet.html").as_uri())
    ready = page.evaluate(
        """() => {
          const {domContentLoadedEventEnd: start} =
            performance.getEntriesByType("navigation")[0];
          const field = document.querySelector(".dl-filter input");
          const before = performance.now();
          field.value = "kernel";
          field.dispatchEvent(new Event("input", {bubbles: true}));
          document.body.getBoundingClientRect();
          return start + performance.now() - before;
        }"""
    )
    left = page.locator(".dl-item:not([hidden])").count()
    page.close()
    assert 0 < left < len(INVENTORY)
    # the columns in sight are laid out whole: 0.8 s on a quiet machine, six
    # times as long on one that builds and tests other things
    assert ready < 5000, f"{ready:.0f} ms"


# ---- which faults stop the build ------------------------------------------

FAULTS = {
    "TeX": "prob-sum-rule: why: KaTeX parse error",
    "unwanted TeX": r"prob-product-rule: prints: \bm is not portable",
    "dollar": "prob-bayes-rule: prints: a $ or ` has no partner in '$x'",
    "section": "section 18 stands in one of page and inventory only",
}


@pytest.fixture(scope="module")
def faulty(tmp_path_factory):
    tree = tmp_path_factory.mktemp("faults")
    named = dict(pages(*PAGES))
    named["cheatsheet"] = named["cheatsheet"].replace("\n18 Ten", "\n17.4 Ten")
    book(tree, {"other": [markdown("# Other")]}, named.items())
    sheet(
        tree,
        prob_sum_rule={"why": r"Half $\frac{1$ of it."},
        prob_product_rule={"prints": r"$\bm x$"},
        prob_bayes_rule={"prints": "$x"},
    )
    return build(tree)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_of_the_inventory_stops_the_build(faulty, name):
    assert faulty.status != 0
    lines = [line for line in faulty.log.splitlines() if "WARNING" in line]
    assert any(FAULTS[name] in line for line in lines), faulty.log
    assert len(lines) == len(FAULTS), faulty.log


# ---- in a browser ---------------------------------------------------------


def shown(tab):
    return tab.locator(".dl-item:visible").count()


def test_the_filter_works_by_keyboard_and_in_the_address(tab, sample):
    address = (sample.html / "cheatsheet.html").as_uri()
    tab.goto(address)
    output = tab.locator(".dl-filter output")
    assert (
        output.inner_text() == f"{len(INVENTORY)} of {len(INVENTORY)} entries"
    )
    tab.get_by_label("Text", exact=True).focus()
    tab.keyboard.type("STOCHASTIC desc")
    assert output.inner_text() == f"{shown(tab)} of {len(INVENTORY)} entries"
    assert 0 < shown(tab) < 10
    assert tab.locator("#sheet-opt-sgd").is_visible()
    assert tab.url.endswith("?q=STOCHASTIC+desc")
    assert tab.locator(".dl-section:visible").count() == 1
    tab.keyboard.press("Tab")
    tab.keyboard.type("12.6")
    assert tab.url.endswith("?q=STOCHASTIC+desc&section=12.6")
    assert output.inner_text() == f"0 of {len(INVENTORY)} entries"
    tab.get_by_text("Show all").focus()
    tab.keyboard.press("Enter")
    tab.wait_for_function("!location.search")
    assert shown(tab) == len(INVENTORY)


def test_a_filtered_view_can_be_linked(tab, sample):
    address = (sample.html / "cheatsheet.html").as_uri()
    tab.goto(f"{address}?status=refuted&kind=definition")
    assert shown(tab) == 2
    assert tab.get_by_label("Status").input_value() == "refuted"
    tab.goto(f"{address}?section=18&kind=nothing")
    assert shown(tab) == 2
    tab.goto(f"{address}?section=18#sheet-opt-sgd")
    assert shown(tab) == len(INVENTORY)
    assert tab.locator("#sheet-opt-sgd").is_visible()
    tab.goto(f"{address}?section=18")
    tab.evaluate("location.hash = '#section-11-3'")
    tab.wait_for_function("!location.search")
    assert shown(tab) == len(INVENTORY)


def test_a_box_of_a_misprint_has_a_rule_and_no_tint(tab, sample):
    tab.goto((sample.html / "chapters" / "other.html").as_uri())
    tab.evaluate("document.querySelector('details.erratum').open = true")
    looks = tab.evaluate(
        """() => [...document.querySelectorAll(".erratum")].map(box => {
          const title = box.querySelector(".admonition-title");
          const before = getComputedStyle(title, "::before").content;
          const after = getComputedStyle(title, "::after").content;
          const {backgroundColor} = getComputedStyle(title);
          const {marginLeft} = getComputedStyle(title.nextElementSibling);
          return [
            title.textContent, backgroundColor, before, after, marginLeft,
          ];
        })"""
    )
    none = "rgba(0, 0, 0, 0)"
    assert looks == [
        ["What our copy prints", none, '"▾" / ""', "none", "0px"],
        ["What the sheet prints", none, "none", "none", "0px"],
    ]


def test_a_phone_shows_a_statement_first(browser, published):
    """The filter is folded there, unless the address filters."""
    size = {"width": 390, "height": 844}
    tab = browser.new_page(viewport=size)
    page = (published.html / "cheatsheet.html").as_uri()
    tab.goto(page)
    field = tab.locator(".dl-filter input")
    assert not field.is_visible()
    first = tab.locator(".dl-item").first.bounding_box()
    assert first["y"] + first["height"] < size["height"]
    tab.locator(".dl-find > summary").click()
    field.wait_for()
    tab.goto(f"{page}?q=adam")
    field.wait_for()
    tab.set_viewport_size({"width": 1000, "height": 800})
    tab.goto(page)
    field.wait_for()
    assert not tab.locator(".dl-find > summary").is_visible()
    tab.close()


def test_without_scripts_everything_is_there(browser, sample):
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto((sample.html / "cheatsheet.html").as_uri())
    assert shown(tab) == len(INVENTORY)
    assert not tab.locator(".dl-filter").is_visible()
    context.close()
