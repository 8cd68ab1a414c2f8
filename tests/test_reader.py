"""The readers' copies: plain Markdown, true links, stubs, and they run.

The book is built as it is on the pages of a repository; a small book with
faults shows what stops the build. The slow tests run the copies, one of
them in an environment that holds what Colab has and installs the rest, and
open one in JupyterLab.
"""

import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import venv
from collections import Counter
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
import yaml
from packaging.requirements import Requirement
from press import OWNER, ROOT, book, build, code, git, markdown

from _ext.copies import address, plain, reader, stubs
from _ext.notebook import records

REPOSITORY = {"GITHUB_REPOSITORY": OWNER}
SITE = "https://author.github.io/book/"
COLAB = "https://colab.research.google.com/github/author/book/blob/notebooks/"
NAMES = [path.stem for path in records.notebooks(ROOT)]
GONE = re.compile(
    r":::|\{[a-zA-Z:]+\}`|^ *\([^()\s]+\)=|^\+\+\+|\$\$ *\([^()\s]+\) *$"
    r"|^> *\$\$$|^ *:label:",
    re.MULTILINE,
)
LINK = re.compile(r"(?<!!)\[([^\[\]]*)\]\(([^()\s]+)\)")


class Colab:
    """The book, built for a repository, and the repository itself."""

    def __init__(self, site):
        self.site = site
        self.commit = git(site.tree, "rev-parse", "HEAD")
        folder = site.html / "notebooks"
        self.copies = {p.stem: records.read(p) for p in folder.glob("*.ipynb")}


@pytest.fixture(scope="module")
def colab(published):
    return Colab(published)


def chapters(colab):
    """Yield (name, source, copy) of each page of the book."""
    for name, nb in colab.copies.items():
        yield name, records.read(ROOT / "chapters" / f"{name}.ipynb"), nb


def sources(nb, kind):
    return [c["source"] for c in nb["cells"] if c["cell_type"] == kind]


def tagged(nb, tag):
    return [c for c in nb["cells"] if tag in c["metadata"].get("tags", [])]


def squeezed(tex):
    tex = re.sub(r"^ *> ?", "", tex, flags=re.MULTILINE)
    return re.sub(r"\\tag\{[\d.]+\}|\s", "", tex)


def formulas(text):
    """Return the formulas between dollars, without space and numbers."""
    text = re.sub(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)", "", text)
    found = re.findall(
        r"\$\$(.+?)\$\$|(?<!\\)\$((?:\\.|[^$\\])+)\$", text, re.DOTALL
    )
    return Counter(squeezed(a or b) for a, b in found)


# ---- every copy -----------------------------------------------------------


def test_each_page_has_a_valid_copy(colab):
    assert colab.site.status == 0, colab.site.log
    toc = (ROOT / "_toc.yml").read_text("utf-8")
    assert set(colab.copies) == set(re.findall(r"chapters/(\d\S*)", toc))
    for name, _, nb in chapters(colab):
        path = colab.site.html / "notebooks" / f"{name}.ipynb"
        nbformat.validate(json.loads(path.read_text("utf-8")))
        ids = Counter(cell["id"] for cell in nb["cells"])
        assert max(ids.values()) == 1, ids.most_common(1)


def test_no_myst_remains(colab):
    for name, _, nb in chapters(colab):
        for source in sources(nb, "markdown"):
            bare = re.sub(r"```.*?```", "", source, flags=re.DOTALL)
            assert not GONE.search(bare), (name, GONE.search(bare), source)


def test_every_formula_is_in_the_copy(colab):
    for name, original, nb in chapters(colab):
        asked = formulas("\n\n".join(sources(original, "markdown")))
        given = formulas("\n\n".join(sources(nb, "markdown")))
        assert asked - given == Counter(), name
        assert asked.total() or not re.search(r"\$", str(original)), name


def test_every_word_is_in_the_copy(colab):
    """What directives and roles enclose is all there."""
    for name, original, nb in chapters(colab):
        words = Counter()
        for source in sources(original, "markdown"):
            for item in records.scan(source):
                if isinstance(item, records.Directive):
                    title = item.argument
                    if item.name.startswith(("solution", "image", "figure")):
                        title = ""
                    words += Counter(re.findall(r"\w{4,}", title))
                elif isinstance(item, records.Text):
                    line = re.sub(r"\{[\w:]+\}`[^`]*`", "", item.text)
                    words += Counter(re.findall(r"\w{4,}", line))
        text = "\n".join(sources(nb, "markdown"))
        given = Counter(re.findall(r"\w{4,}", text))
        assert words - given == Counter(), name


def test_code_and_outputs_are_kept(colab):
    for name, original, nb in chapters(colab):
        ours = {c["id"]: c for c in nb["cells"] if c["cell_type"] == "code"}
        for cell in original["cells"]:
            if cell["cell_type"] == "code":
                kept = ours.pop(cell["id"])
                for key in ("source", "outputs", "execution_count"):
                    assert kept[key] == cell[key], (name, cell["id"])
        assert all(not cell["outputs"] for cell in ours.values())


def test_every_link_has_target_and_text_on_the_site(colab):
    """The copy's links are those of the page: address and words."""
    site = colab.site
    for name, _, nb in chapters(colab):
        page = f"chapters/{name}.html"
        known = {}
        for node in site.pages[page].find_all("a", href=True):
            link = urlsplit(node["href"])
            if link.scheme:
                continue
            place = os.path.normpath(f"chapters/{link.path}")
            place = place if link.path else page
            words = " ".join(node.get_text().split())
            known.setdefault((place, link.fragment), set()).add(words)
        own = "This section in the book"
        for source in sources(nb, "markdown"):
            bare = re.sub(r"`[^`]+`|\$[^$]+\$", "", source)
            for words, url in LINK.findall(bare):
                if not url.startswith(SITE):
                    assert "://" in url, (name, url)
                    continue
                link = urlsplit(url.removeprefix(SITE))
                target = site.pages[unquote(link.path)]
                if link.fragment:
                    assert target.find(id=unquote(link.fragment)), url
                if words != own:
                    texts = known[link.path, link.fragment]
                    words = " ".join(words.replace("*", "").split())
                    assert words in texts, (url, words, texts)


def test_statements_carry_the_numbers_of_the_site(colab):
    for name, original, nb in chapters(colab):
        page = colab.site.pages[f"chapters/{name}.html"]
        text = "\n".join(sources(nb, "markdown"))
        heads = re.findall(r"^> \*\*(.+)\.\*\*$", text, re.MULTILINE)
        heads = Counter(re.sub(r"[$\\\s*]", "", head) for head in heads)
        for statement in records.statements(original):
            box = page.find(id=statement.id)
            title = box.find(class_="admonition-title") if box else None
            if not statement.kind or title is None:
                continue
            number = title.find(class_="caption-number")
            if number:
                shown = number.get_text().strip().replace(" ", "")
                found = [h for h in heads if h.startswith(f"{shown}(")]
                assert found, (name, shown)
        for box in page.find_all(class_="exercise"):
            shown = box.find(class_="admonition-title").get_text()
            shown = shown.translate(str.maketrans("’“”", '\'""'))
            assert heads[re.sub(r"\s", "", shown)] == 1, (name, shown)
        for equation in page.find_all(class_="eqno"):
            number = equation.get_text().strip("()#¶ ")
            assert f"\\tag{{{number}}}" in text, (name, number)


def test_each_coding_exercise_is_a_stub_before_its_folded_solution(colab):
    for _name, original, nb in chapters(colab):
        cells = nb["cells"]
        at = next(i for i, c in enumerate(cells) if c["id"] == "solutions")
        assert not [c for c in cells[:at] if c in tagged(nb, "solution")]
        solved = [c["source"] for c in cells[at:] if c["cell_type"] == "code"]
        asked = [s for s in solved if "check.exercise(" in s]
        given = [
            c["source"] for c in cells[:at] if c in tagged(nb, "exercise")
        ]
        assert len(asked) == len(given)
        for stub, solution in zip(given, asked, strict=True):
            label = re.search(r'check\.exercise\("([\w-]+)"', solution)[1]
            assert f'check.exercise("{label}"' in stub
            assert stubs.TURN in stub or "...  # your turn" in stub
            places = [
                i
                for i, c in enumerate(cells)
                if f'r("{label}")' in c["source"]
            ]
            assert places, label
            assert places[0] < cells.index(
                next(c for c in cells if c["source"] == stub)
            )
        folded = nb["metadata"]["colab"]["collapsed_sections"]
        labels = {e.label for e in records.exercises(original)}
        assert set(folded) == {"solutions"} | {f"solution-{x}" for x in labels}
        for cell in cells:
            if cell["id"] in folded:
                assert cell["metadata"]["id"] == cell["id"]
                assert cell["metadata"]["jp-MarkdownHeadingCollapsed"]
                assert "\n" not in cell["source"]


def test_the_copy_begins_with_its_addresses(colab):
    for name, _, nb in chapters(colab):
        first, install, *_ = nb["cells"]
        assert first["source"].split("\n")[:3:2] == [
            sources(nb, "markdown")[0].split("\n")[0],
            (
                f"[![Open in Colab]({SITE}notebooks/colab.svg)]"
                f"({COLAB}{name}.ipynb) · "
                f"[This section in the book]({SITE}chapters/{name}.html)"
            ),
        ]
        assert (colab.site.html / "notebooks/colab.svg").is_file()
        assert install["id"] == "install"
        wanted = rf"git\+https://github.com/author/book@{colab.commit}"
        assert re.search(
            rf'%pip install --quiet "dlbook(\[geometric\])? @ {wanted}"',
            install["source"],
        )


@pytest.mark.parametrize(
    ("installed", "wanted"),
    [
        (None, True),
        ("0.1.0", True),  # from before the version had the commit
        ("0.1.0+g0123456789ab", True),
        ("0.1.0+g{commit}.dirty", True),
        ("0.1.0+g{commit}", False),
        ("0.1.0+checkout", False),
    ],
)
def test_the_copy_installs_the_package_unless_it_is_its_own(
    colab, tmp_path, installed, wanted
):
    """What is found first must not stay loaded when another one comes."""
    (cell,) = tagged(next(iter(colab.copies.values())), "install")
    place = tmp_path / "dlbook"
    source = re.sub(r"%pip .*", "install()", cell["source"])
    assert "install()" in source
    script = [
        f"import pathlib, sys; sys.path.insert(0, {str(tmp_path)!r})",
        f"place = pathlib.Path({str(place)!r})",
        "def install():",
        "    place.mkdir(exist_ok=True)",
        "    (place / '__init__.py').write_text('__version__ = \"new\"')",
        source,
        "import dlbook",
        "print(dlbook.__version__)",
    ]
    if installed:
        installed = installed.format(commit=colab.commit[:12])
        place.mkdir()
        old = f"__version__ = {installed!r}"
        (place / "__init__.py").write_text(old, "utf-8")
    done = subprocess.run(
        [sys.executable, "-BIS", "-c", "\n".join(script)],  # nothing else
        cwd=tmp_path,
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.stdout.strip() == ("new" if wanted else installed)


def test_the_buttons_lead_to_the_copy(colab):
    for name in colab.copies:
        page = colab.site.pages[f"chapters/{name}.html"]
        download = page.find(class_="btn-download-source-button")
        assert download["href"] == f"../notebooks/{name}.ipynb"
        button = page.find(class_="btn-colab-button")
        assert button["href"].endswith(f"/notebooks/{name}.ipynb")
        assert button["href"] in colab.copies[name]["cells"][0]["source"]
    for name, page in colab.site.pages.items():
        notebook = Path(name).stem in colab.copies
        assert bool(page.find(class_="btn-colab-button")) == notebook, name


def test_github_shows_it(colab):
    """Nbconvert draws what GitHub draws; TeX arrives whole."""
    exporters = pytest.importorskip("nbconvert.exporters")
    exporter = exporters.HTMLExporter()
    for name, _, nb in chapters(colab):
        made = nbformat.from_dict(nb)
        made.cells = [c for c in made.cells if c.cell_type == "markdown"]
        html, _ = exporter.from_notebook_node(made)
        body = html[html.index("<main") :]
        body = re.sub(r"<script.*?</script>", "", body, flags=re.DOTALL)
        assert ":::" not in body, name
        assert "{prf" not in body, name
        assert not re.search(r"<p>[^<]*\$\$[^<]*(<em>|</p>)[^<]*\$\$", body)
        for head in re.findall(
            r"^> \*\*([^$*]+)\*\*$",
            "\n".join(sources(nb, "markdown")),
            re.MULTILINE,
        ):
            assert re.search(
                rf"<p><strong>{re.escape(head)}</strong>", body
            ), (name, head)


# ---- faults stop the build, and a book without address --------------------

FAULTS = {
    "footnote": ("A note[^1].\n\n[^1]: Here.", "no form for [^1]"),
    "table": (
        ":::{list-table}\n* - a\n  - b\n:::",
        "no form for {list-table}",
    ),
}
ROLES = """# Roles

(sec-here)=
## Here $x$

{term}`loss`, {term}`it <loss>`, {doc}`/words`, {doc}`that <../words>`,
{ref}`sec-here`, [](#sec-here), [there](#sec-here), [](../words.md),
{ref}`ex-gone`, {prf:ref}`ex-gone`, {eq}`eq-y`, {prf:ref}`lem-a`,
{cite}`robbins1951`.

$$
y
$$ (eq-y)

:::{prf:lemma} Name
:label: lem-a
:nonumber:
Text.
:::
"""
GATES = ":::{solution-%s} ex-gone\n:label: sol-gone\n:::"


@pytest.fixture(scope="module")
def faulty(tmp_path_factory):
    tree = tmp_path_factory.mktemp("faulty")
    notebooks = {
        name: [markdown(f"# {name}\n\n{fault}")]
        for name, (fault, _) in FAULTS.items()
    }
    gates = [GATES % "start", ":::{solution-end}\n:::"]
    ask = ":::{exercise} Gone\n:label: ex-gone\nAsk.\n:::\n\n"
    notebooks["answer"] = [
        markdown(f"# A\n\n{ask}{gates[0]}"),
        code("check.exercise('ex-gone', absent)"),
        markdown(gates[1]),
    ]
    notebooks["roles"] = [markdown(ROLES)]
    words = "# Words\n\n:::{glossary}\nloss\n: What falls.\n:::\n"
    words += "\n:::{bibliography}\n:::\n"
    book(tree, notebooks, [("words", words)])
    with pytest.MonkeyPatch.context() as monkeypatch:
        for name in list(os.environ):
            if name.startswith("GITHUB_"):
                monkeypatch.delenv(name)
        return build(tree)


def test_what_a_copy_cannot_say_stops_the_build(faulty):
    assert faulty.status != 0
    for name, (_, message) in FAULTS.items():
        found = re.search(
            rf"chapters/{name}.*{re.escape(message)}", faulty.log
        )
        assert found, (name, faulty.log)
    assert re.search(r"answer.*ex-gone: its answer is not def", faulty.log)


def test_roles_read_as_on_the_page(faulty):
    nb = records.read(faulty.html / "notebooks" / "roles.ipynb")
    text = "\n".join(sources(nb, "markdown"))
    assert not GONE.search(text)
    found = LINK.findall(text)
    page = faulty.pages["chapters/roles.html"].article
    known = {
        (
            " ".join(node.get_text().split()),
            os.path.normpath(f"chapters/{node['href']}")
            if not node["href"].startswith("#")
            else f"chapters/roles.html{node['href']}",
        )
        for node in page.find_all("a", href=True)
    }
    assert len(found) == 13
    for words, url in found[1:]:
        assert (words, url.removeprefix("../")) in known, (words, url)
    assert r"y \tag{1}" in text
    assert ", (1), [Name]" in text
    assert "form for {cite}" not in faulty.log


def test_without_an_address_the_copy_is_there_all_the_same(faulty):
    nb = records.read(faulty.html / "notebooks" / "table.ipynb")
    first, install, *_ = nb["cells"]
    assert (
        "[This section in the book](../chapters/table.html)"
        in (first["source"])
    )
    assert "Colab" not in first["source"]
    assert "pip install ." in install["source"]
    page = faulty.pages["chapters/table.html"]
    assert not page.find(class_="btn-colab-button")
    download = page.find(class_="btn-download-source-button")
    assert (faulty.html / "chapters" / download["href"]).exists()


# ---- the pieces -----------------------------------------------------------


def test_a_solution_without_end_is_reported():
    start = ":::{solution-start} ex-e\n:label: sol-e\n:::"
    asked = ":::{exercise} E\n:label: ex-e\nAsk.\n:::\n\n"
    cells = [markdown(f"# T\n\n{asked}{start}") | {"id": "a"}]
    said = []
    home = reader.Home("/", "/colab.svg", None, None)
    reader.make({"cells": cells, "metadata": {}}, Facts(), home, said.append)
    assert said == ["the solution of ex-e has no end"]


class Facts:
    """A site of three statements."""

    def link(self, role, target, text):
        return None if "none" in target else f"[{text or target}](/{target})"

    def image(self, path):
        return f"/_images/{path}"

    def equation(self, label):
        return "7" if label is None else "3"

    def exercise(self, label):
        return "Exercise 2"

    def entry(self, name):
        known = {"opt-adam": "11.3.25", "opt-sgd": "11.3.3"}
        if name not in known:
            return None
        return {"number": known[name], "title": name.upper()}


CASES = {
    "box": (
        ":::{prf:definition} Adam\n:label: opt-adam\n\nText.\n:::",
        "> **Definition 11.3.25 (Adam).**\n>\n> Text.",
    ),
    "lists": (
        (
            "::::{prf:remark} R\n:label: opt-sgd\n- a\n  - b\n\n"
            ":::{note}\nInner.\n:::\n::::"
        ),
        (
            "> **Remark 11.3.3 (R).**\n>\n> - a\n>   - b\n>\n"
            "> > **Note.**\n> >\n> > Inner."
        ),
    ),
    "entry": (
        "(opt-sgd)=\n:::{prf:definition} Adam\n:label: opt-adam\nText.\n:::",
        (
            "> **Definition 11.3.25 (Adam).**\n>\n> **11.3.3 OPT-SGD.**\n>\n"
            "> Text."
        ),
    ),
    "bare entry": ("A.\n\n(opt-sgd)=\nB.", "A.\n\n**11.3.3 OPT-SGD.**\n\nB."),
    "target": ("(sec-x)=\n## X", "## X"),
    "unnumbered": (
        ":::{prf:lemma} L\n:label: lem-l\n:nonumber:\nText.\n:::",
        "> **Lemma (L).**\n>\n> Text.",
    ),
    "proof": (":::{prf:proof}\nA.\n\nB.\n:::", "*Proof.* A.\n\nB. ∎"),
    "proof by formula": (
        ":::{prf:proof}\n$$\nx\n$$\n:::",
        "*Proof.*\n\n$$x$$\n\n∎",
    ),
    "equation": (
        "$$\nx\\\\\ny\n$$ (eq-x)",
        "$$\nx\\\\\ny \\tag{3}\n$$",
    ),
    "quoted equation": (
        ":::{note}\n$$\nx\n=y\n$$\n:::",
        "> **Note.**\n>\n> $$x =y$$",
    ),
    "equation in a line": ("So $$x$$ (eq-x)", "So $$x \\tag{3}$$"),
    "amsmath": (
        "\\begin{align}\na &= b\n\\end{align}",
        "$$\n\\begin{aligned}\na &= b\n\\end{aligned} \\tag{7}\n$$",
    ),
    "exercise": (
        (
            ":::{exercise-start} E\n:label: ex-e\n:::\n\nAsk.\n\n"
            ":::{exercise-end}\n:::\n\nAfter."
        ),
        "> **Exercise 2 (E).**\n>\n> Ask.\n\nAfter.",
    ),
    "role": ("By {prf:ref}`opt-sgd`.", "By [opt-sgd](/opt-sgd)."),
    "titled role": ("{ref}`a $b$ <x>`", "[a $b$](/x)"),
    "link": (
        "[a](#x) and [b](https://x.y/z)",
        "[a](/#x) and [b](https://x.y/z)",
    ),
    "code": ("`a` and ``{ref}`x` ``",) * 2,
    "fenced code": ("```\n:::{note}\n{ref}`x`\n```",) * 2,
    "dollar": (r"It costs \$5, {ref}`x` \$6.", r"It costs \$5, [x](/x) \$6."),
    "comment": ("A\n% B\nC", "A\nC"),
    "definition list": ("Term\n: Meaning", "**Term**\\\nMeaning"),
    "abbreviation": ("{abbr}`SGD (stochastic)` {sub}`2`", "SGD <sub>2</sub>"),
    "figure": (
        ":::{figure} a.svg\n:alt: A\nCaption.\n:::",
        "![A](/_images/a.svg)\n\nCaption.",
    ),
    "admonition": (
        ":::{admonition} T $x$\n:class: tip\nText.\n:::",
        "> **T $x$.**\n>\n> Text.",
    ),
    "in a list": (
        "- a\n\n  :::{note}\n  B\n  :::",
        "- a\n\n  > **Note.**\n  >\n  > B",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_plain(case):
    source, wanted = CASES[case]
    said = []
    assert plain.Plain(Facts(), said.append)(source) == wanted
    assert said == []


@pytest.mark.parametrize(
    "source",
    ["{ref}`none`", "{{ x }}", "[a](#none)", ":::{glossary}\n:::"],
)
def test_plain_reports_what_it_does_not_know(source):
    said = []
    plain.Plain(Facts(), said.append)(source)
    assert len(said) == 1


ASKED = '''@decorated
def f(x, *, y=(1, 2)) -> int:
    """Say é."""
    z = helper(x)
    return z


def helper(x):
    return x


check.exact("opt-sgd", f(1), 2)
check.exercise("ex-f", f)'''
CHECKED = """


try:
    check.exercise("ex-f", %s)
except AssertionError as error:
    print(error)"""


@pytest.mark.parametrize(
    ("solution", "stub"),
    [
        (
            ASKED,
            '@decorated\ndef f(x, *, y=(1, 2)) -> int:\n    """Say é."""\n'
            '    raise NotImplementedError("your turn")' + CHECKED % "f",
        ),
        (
            "def f(é): return é\n\ncheck.exercise('ex-f', f)",
            'def f(é):\n    raise NotImplementedError("your turn")'
            + CHECKED.replace('"ex-f"', "'ex-f'") % "f",
        ),
        (
            'mu = 3\ncheck.exercise("ex-f", mu)',
            "mu = ...  # your turn" + CHECKED % "mu",
        ),
        (
            (
                "import math\n\n\nclass A(Base):\n    n: int\n\n"
                "    def g(self):  # why\n        # how\n"
                "        return math.e\n"
                '\n\ncheck.exercise("ex-f", A)'
            ),
            "import math\n\n\nclass A(Base):\n\n    n: int\n\n"
            "    def g(self):  # why\n"
            '        raise NotImplementedError("your turn")' + CHECKED % "A",
        ),
    ],
)
def test_a_stub_keeps_the_signature_and_nothing_of_the_answer(solution, stub):
    assert stubs.stub(solution, "ex-f", "f(x, y=2)") == stub


@pytest.mark.parametrize(
    ("signature", "asked", "given"),
    [
        ("(a, b, bits=8)", "multiply(a, b)", "(a, b)"),
        ("(a, b, bits=8)", "multiply(a, b, bits)", "(a, b, bits=8)"),
        ("(a, b, bits=8)", "f(1, 2, bits=4) == 2", "(a, b, bits=8)"),
        ("(a, n=1, bits=8)", "bits", "(a, n=1, bits=8)"),  # the third place
        ("(a, n=1, bits=8)", "n", "(a, n=1)"),
        ("(a, *, n, bits=8, s=1)", "n, s", "(a, *, n, s=1)"),
        ("(a, *, bits=8)", "", "(a)"),
        ("(a, /, *b, bits=8, **c)", "", "(a, /, *b, **c)"),
        ("(a: int, bits: int=8) -> int", "", "(a: int) -> int"),
    ],
)
def test_what_the_solution_adds_to_its_signature_is_dropped(
    signature, asked, given
):
    solution = (
        f'def f{signature}:\n    """Say."""\n    return 1\n\n\n'
        'check.exercise("ex-f", f)'
    )
    stub = stubs.stub(solution, "ex-f", asked)
    assert stub.startswith(f'def f{given}:\n    """Say."""\n    raise Not')


def test_what_is_asked_is_code_of_the_exercise_and_its_self_check(colab):
    nb = records.read(ROOT / "chapters/12-1-convolution.ipynb")
    words = reader.asked(nb, "ex-c121-integers")
    assert words.startswith("multiply(a, b)\n")
    assert "def grade_multiply" in words
    assert "def multiply(a, b):" in "\n".join(
        c["source"]
        for c in tagged(colab.copies["12-1-convolution"], "exercise")
    )


def test_a_solution_without_self_check_has_no_stub():
    assert stubs.stub("x = 1", "ex-f", "") is None


@pytest.mark.parametrize(
    "solution",
    [
        "check.exercise('ex-f', f)",
        "def f(): pass\ncheck.exercise('ex-g', f)",
        "def f(): pass\ncheck.exercise(f)",
    ],
)
def test_a_solution_that_gives_no_stub_is_refused(solution):
    with pytest.raises(stubs.Unclear):
        stubs.stub(solution, "ex-f", "")


@pytest.mark.parametrize(
    ("remote", "url"),
    [
        ("https://github.com/a/b.git", "https://github.com/a/b"),
        ("https://me:secret@github.com/a/b", "https://github.com/a/b"),
        ("git@github.com:a/b.git", "https://github.com/a/b"),
        ("ssh://git@gitlab.com:22/a/c/b", "https://gitlab.com/a/c/b"),
        ("/srv/git/book.git", None),
        ("../a.b/book", None),
        ("file:///srv/git/book", None),
        ("", None),
    ],
)
def test_the_address_is_that_of_the_remote(remote, url, tmp_path):
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "commit", "--quiet", "--allow-empty", "--message", "x")
    if remote:
        git(tmp_path, "remote", "add", "origin", remote)
    found = address.repository(tmp_path, {})
    assert (found and found.url) == url
    if found:
        assert len(found.commit) == 40
        assert bool(found.colab("b", "x")) == ("github.com" in url)
    inside = tmp_path / "inside"
    inside.mkdir()
    assert address.repository(inside, {}) is None


def test_the_environment_names_repository_commit_and_pages(tmp_path):
    given = {**REPOSITORY, "GITHUB_SHA": "5" * 40}
    found = address.repository(tmp_path, given)
    assert found.url == "https://github.com/author/book"
    assert found.commit == "5" * 40
    assert found.pages == SITE
    given["GITHUB_REPOSITORY"] = "Author/author.github.io"
    found = address.repository(tmp_path, given)
    assert found.pages == "https://author.github.io/"
    assert address.repository(tmp_path, REPOSITORY) is None


def test_the_workflow_publishes_the_copies(tmp_path):
    text = (ROOT / ".github/workflows/pages.yml").read_text("utf-8")
    jobs = yaml.safe_load(text)["jobs"]
    assert jobs["notebooks"]["permissions"] == {"contents": "write"}
    steps = {step.get("name"): step for step in jobs["notebooks"]["steps"]}
    remote, work = tmp_path / "remote.git", tmp_path / "work"
    git(tmp_path, "init", "--quiet", "--bare", str(remote))
    for number in (1, 2):  # the second push replaces the first
        work.mkdir()
        (work / f"{number}.ipynb").write_text("{}")
        subprocess.run(
            ["bash", "-e", "-c", steps["publish"]["run"]],
            cwd=work,
            env={**os.environ, "REMOTE": str(remote), "GITHUB_SHA": "5"},
            check=True,
        )
        files = git(remote, "ls-tree", "--name-only", "notebooks")
        assert files == f"{number}.ipynb"
        shutil.rmtree(work)


# ---- they run -------------------------------------------------------------

RUN = """
import sys, nbclient, nbformat
nb = nbformat.read(sys.argv[1], as_version=4)
nbclient.NotebookClient(nb, timeout=600, kernel_name="python3").execute()
nbformat.write(nb, sys.argv[2])
"""


def run(python, nb, folder, environment):
    """Execute a copy in an empty folder; return it with its outputs."""
    fresh = json.loads(json.dumps(nb))
    for cell in fresh["cells"]:
        if cell["cell_type"] == "code":
            cell.update(outputs=[], execution_count=None)
    (folder / "copy.ipynb").write_text(json.dumps(fresh), "utf-8")
    done = subprocess.run(
        [str(python), "-c", RUN, "copy.ipynb", "ran.ipynb"],
        cwd=folder,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return records.read(folder / "ran.ipynb")


def in_checkout():
    """Return an environment in which nothing has to be installed."""
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    return {**os.environ, "PYTHONPATH": path}


def judge(ran):
    """Each stub says "not yet"; each solution passes; nothing raises."""
    for cell in tagged(ran, "exercise"):
        said = "".join(o.get("text", "") for o in cell["outputs"])
        assert "not yet" in said, cell["source"]
        assert not any(
            records.MIME in o.get("data", {}) for o in cell["outputs"]
        )
    passed = {r.id for r in records.records(ran) if r.kind == "exercise"}
    asked = re.findall(
        r'check\.exercise\(\s*"([\w-]+)"',
        "\n".join(c["source"] for c in tagged(ran, "solution")),
    )
    assert set(asked) == passed
    assert len(tagged(ran, "exercise")) == len(asked)


WRONG = """\
def multiply(a, b):
    product = a * b
    return product + 1


try:
    check.exercise("ex-c121-integers", multiply)
except AssertionError as error:
    print(error)"""
BROKEN = WRONG.replace("return product + 1", "return product // 0")


@pytest.mark.slow
def test_a_copy_says_which_case_and_which_line(colab, tmp_path):
    nb = json.loads(json.dumps(colab.copies["12-1-convolution"]))
    at = next(
        at
        for at, cell in enumerate(nb["cells"])
        if cell in tagged(nb, "exercise") and "def multiply" in cell["source"]
    )
    cells = [reader.program(n, n, []) for n in ("wrong", "broken")]
    cells[0]["source"], cells[1]["source"] = WRONG, BROKEN
    nb["cells"] = [*nb["cells"][: at + 1], *cells]
    ran = run(sys.executable, nb, tmp_path, in_checkout())
    empty, wrong, broken = (
        "".join(o.get("text", "") for o in cell["outputs"])
        for cell in ran["cells"][-3:]
    )
    start = "ex-c121-integers: not yet. "
    assert empty.startswith(f"{start}The answer raises NotImplementedError")
    assert wrong.startswith(start)
    assert re.search(r"\b0\b", wrong)  # the case, or its size
    assert "(line 3 of your answer: return product // 0)" in broken


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_copy_runs_to_its_end(colab, name, tmp_path):
    if name not in colab.copies:
        pytest.skip("not in the table of contents")
    judge(run(sys.executable, colab.copies[name], tmp_path, in_checkout()))


def without_limits():
    """Return the environment of a reader: all threads, timings as they are."""
    limit = re.compile(r"\w+_NUM_THREADS|DLBOOK_\w+|PYTEST\w*")
    given = in_checkout().items()
    return {k: v for k, v in given if not limit.fullmatch(k)}


@pytest.fixture
def busy():
    """Another process that wants a core for itself."""
    endless = [sys.executable, "-c", "while True: pass"]
    with subprocess.Popen(endless) as other:
        yield
        assert other.poll() is None
        other.kill()


@pytest.mark.slow
@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize("turn", range(3))
@pytest.mark.parametrize("name", NAMES)
def test_every_copy_runs_beside_another_job(colab, name, turn, tmp_path):
    """As a reader runs it: nothing limits the threads, a core is taken."""
    if name not in colab.copies:
        pytest.skip("not in the table of contents")
    judge(run(sys.executable, colab.copies[name], tmp_path, without_limits()))


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_notebook_is_compared_by_nbval_alone(name):
    """As one calls it: without make, which limits the threads."""
    command = [sys.executable, "-m", "pytest", "--nbval", "-q", "-p"]
    command += ["no:cacheprovider", f"chapters/{name}.ipynb"]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=without_limits(),
        capture_output=True,
        check=False,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout[-3000:]


def requirements(name, found):
    """Collect a distribution and all that it needs."""
    key = name.lower().replace("_", "-").replace(".", "-")
    if key in found:
        return
    try:
        found[key] = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return
    for line in found[key].requires or []:
        need = Requirement(line)
        if need.marker is None or need.marker.evaluate({"extra": ""}):
            requirements(need.name, found)


def bare(folder):
    """Make an environment with what Colab has, and without the book."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    place = subprocess.run(
        [python, "-c", "import sysconfig as s; print(s.get_path('purelib'))"],
        check=True,
        capture_output=True,
        encoding="utf-8",
    ).stdout.strip()
    found = {}
    for name in ("numpy", "torch", "matplotlib", "scikit-learn", "scipy"):
        requirements(name, found)
    for name in ("ipykernel", "nbclient"):
        requirements(name, found)
    assert not {"dlbook", "jaxtyping", "pyyaml"} & set(found)
    for distribution in found.values():
        tops = {file.parts[0] for file in distribution.files or []}
        for top in tops - {"..", "__pycache__"}:
            link = Path(place) / top
            if not link.exists():
                link.symlink_to(distribution.locate_file(top))
    return python


@pytest.mark.slow
def test_a_copy_runs_where_the_book_is_not_installed(colab, tmp_path):
    """Its own install cell fetches the package, at its commit."""
    name = "11-3-gradient-descent"
    python = bare(tmp_path / "bare")
    probe = [python, "-m", "pip", "download", "--quiet", "--no-deps"]
    probe += ["--dest", tmp_path, "jaxtyping", "hatchling"]
    done = subprocess.run(
        probe, check=False, capture_output=True, encoding="utf-8"
    )
    if done.returncode:
        pytest.skip(f"NOT TESTED, pip reaches no index: {done.stderr[-300:]}")
    home = tmp_path / "empty"
    home.mkdir()
    keep = ("PATH", "HOME", "LANG", "OMP_NUM_THREADS", "SSL_CERT_FILE")
    environment = {
        k: v
        for k, v in os.environ.items()
        if k in keep or k.upper().startswith(("PIP_", "HTTP", "NO_PROXY"))
    }
    environment |= {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.file://{colab.site.tree}.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://github.com/author/book",
    }
    command = [python, "-c", "import dlbook; print(dlbook.__file__, "]
    command[-1] += "dlbook.__version__)"
    before = subprocess.run(
        command, cwd=home, env=environment, check=False, capture_output=True
    )
    assert before.returncode != 0
    judge(run(python, colab.copies[name], home, environment))
    after = subprocess.run(
        command,
        cwd=home,
        env=environment,
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    assert str(tmp_path / "bare") in after.stdout
    assert after.stdout.rstrip().endswith(f"+g{colab.commit[:12]}")
