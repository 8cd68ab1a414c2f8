"""What every notebook keeps to, told from its file alone.

Each rule takes a `Page` and yields complaints, "reason; remedy", with the
place of a cell; `complaints` names file, cell and first line with each. The
mechanics here hold for every notebook; the bars, what makes a notebook
finished, for those that stand in `_toc.yml`. Broken cross-references are
left to the build of the site.
"""

import ast
import difflib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from _ext.notebook import bars, execute, records
from _ext.notebook.page import (
    IMAGES,
    Complaint,
    Page,
    Rule,
    called,
    calls,
    checked,
    data,
    item_is,
    literals,
    matches,
    ran,
    tags,
    text,
)
from _ext.notebook.records import Directive, Text

MEGABYTE = 1_000_000
LINES = 40  # of a code cell, at most
AGAIN = "; run make notebooks"
ONCE = "one a cell: begin it by plot.figure, end by plot.show"
UNCOMPARED = {"nbval-skip", "skip-execution"}

# In sources and in outputs.
ANYWHERE = {
    r"(?<![\w.+/-])/(?:home|root|tmp|Users|work|content)/\w+": "a path of "
    "one machine; take it out",
    r"\b[A-Z]:\\\\?Users\b": "a path of one machine; take it out",
    r"\b(?:TODO|FIXME|XXX)\b": "an open end; close it",
}
IN_CODE = {
    r"^\s*[%!]\s*(?:pip|conda|apt)\b": "an installation; drop it, the "
    "reader's copy gets one",
    r"\bmyst_nb\b": "glue, which needs the site's tools; write the value",
    r"\b(?:torch\.manual_seed|np\.random\.seed|random\.seed)\(": "a global "
    "seed; take device.generator or np.random.default_rng",
    r"\.cuda\(": "a fixed device; take device.pick",
}
# What KaTeX, MathJax and JupyterLab do not all understand.
IN_TEXT = {
    r"\\(?:bm|coloneqq|intertext|mathbbm|DeclareMathOperator|newcommand)\b"
    r"|\\def\\|\\begin\{multline": "TeX that not every reader's tool knows; "
    "write it out",
    r"\\(?:label|eqref)\b": "a TeX label; take a MyST label",
    r"^\*\*On the sheet[.:]?\*\*": "a list of statements; drop it, the head "
    "lists them",
}


# ---- the book -------------------------------------------------------------
def book(root: Path) -> list[str]:
    """Return the complaints about all notebooks, and about them together."""
    found = missing(root)
    finished = set(contents(root))
    for path in records.notebooks(root):
        name = path.relative_to(root).with_suffix("").as_posix()
        found += complaints(path, root, finished=name in finished)
    return found + twice(root)


def complaints(path: Path, root: Path, *, finished: bool) -> list[str]:
    """Return the complaints about one notebook, each in a line."""
    nb = records.read(path)
    return [
        f"{execute.place(path, index, nb)}: {reason}"
        for index, reason in judge(path, root, finished=finished)
    ]


def judge(path: Path, root: Path, *, finished: bool) -> list[Complaint]:
    """Return the complaints about one notebook by their places."""
    nb = records.read(path)
    page = Page(path, root, nb, records.inventory(root), bibliography(root))
    rules = MECHANICS + (bars.BARS if finished else ())
    found = [complaint for rule in rules for complaint in rule(page)]
    return sorted(found, key=lambda c: -1 if c[0] is None else c[0])


def contents(root: Path) -> list[str]:
    """Return what `_toc.yml` lists, as written there."""
    path = root / "_toc.yml"
    toc = yaml.safe_load(path.read_text("utf-8")) if path.exists() else {}

    def walk(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            yield from (node[k] for k in ("root", "file") if k in node)
        for child in node.values() if isinstance(node, dict) else node:
            if isinstance(child, dict | list):
                yield from walk(child)

    return [re.sub(r"\.(md|ipynb)$", "", name) for name in walk(toc)]


def missing(root: Path) -> list[str]:
    """Return the pages that `_toc.yml` lists and that are not there."""
    ends = (".ipynb", ".md", ".rst")
    return [
        f"_toc.yml: {name} is listed, but there is no such page; take it out"
        for name in contents(root)
        if not any((root / f"{name}{end}").exists() for end in ends)
    ]


def twice(root: Path) -> list[str]:
    """Return the statements that are labelled more than once."""
    known, seen, found = records.inventory(root), {}, []
    for path in records.notebooks(root):
        nb = records.read(path)
        for label, index in records.labels(nb):
            place = execute.place(path, index, nb)
            if label in known and label in seen:
                found.append(
                    f"{place}: {label} is labelled in {seen[label]} "
                    "already; label it once"
                )
            seen.setdefault(label, f"{path.name}, cell {index},")
    return found


def bibliography(root: Path) -> set[str]:
    """Return the keys of references.bib."""
    path = root / "references.bib"
    text = path.read_text("utf-8") if path.exists() else ""
    return set(re.findall(r"^\s*@\w+\s*\{\s*([^\s,]+)\s*,", text, re.M))


# ---- mechanics ------------------------------------------------------------
def normal(page: Page) -> Iterator[Complaint]:
    """Format, kernel, cell ids and metadata are as execution leaves them."""
    nb = page.nb
    if (nb["nbformat"], nb["nbformat_minor"]) != (4, 5):
        yield None, f"not of notebook format 4.5{AGAIN}"
    kernel = nb["metadata"].get("kernelspec")
    language = nb["metadata"].get("language_info")
    if kernel != execute.KERNELSPEC or language != {"name": "python"}:
        yield None, f"metadata not normalised{AGAIN}"
    ids = [cell.get("id") for cell in page.cells]
    if not all(ids) or len(set(ids)) < len(ids):
        yield None, f"a cell without an id of its own{AGAIN}"
    for index, cell in enumerate(page.cells):
        odd = set(cell["metadata"]) - set(execute.KEPT_METADATA)
        if odd:
            yield index, f"cell metadata {', '.join(sorted(odd))}; drop it"


def small(page: Page) -> Iterator[Complaint]:
    """Refuse a file above a megabyte."""
    size = page.path.stat().st_size
    if size > MEGABYTE:
        yield (
            None,
            f"{size / MEGABYTE:.1f} MB, more than 1; draw less in its figures",
        )


def executed(page: Page) -> Iterator[Complaint]:
    """Every cell ran, once and in order, and is compared by the tests."""
    cells = list(page.code())
    if cells and all(ran(cell) is None for _, cell in cells):
        yield None, f"never executed{AGAIN}"
        return
    for expected, (index, cell) in enumerate(cells, start=1):
        count = ran(cell)
        if count is None:
            yield index, f"not executed{AGAIN}"
        elif count != expected:
            yield (
                index,
                f"executed as number {count}, expected {expected}{AGAIN}",
            )
        for tag in sorted(UNCOMPARED & tags(cell)):
            yield (
                index,
                f"tagged {tag}: nothing would compare it; drop the tag",
            )


def fresh(page: Page) -> Iterator[Complaint]:
    """Refuse outputs that other code made."""
    if all(ran(cell) is None for _, cell in page.code()):
        return
    yield from execute.stale(page.nb, page.root)


def outputs(page: Page) -> Iterator[Complaint]:
    """No output is an error that was not announced, nor from stderr."""
    for index, cell in page.code():
        named = tags(cell)
        errors = [o for o in cell["outputs"] if o["output_type"] == "error"]
        if "raises-exception" not in named:
            for error in errors:
                yield (
                    index,
                    (
                        f"an error output, {error['ename']}; mend it, or "
                        "tag the cell raises-exception"
                    ),
                )
            if any(o.get("name") == "stderr" for o in cell["outputs"]):
                yield index, "output on stderr; mend what it warns of"
        elif not errors:
            yield (
                index,
                "tagged raises-exception, but stores no error; drop the tag",
            )
        if named >= {"raises-exception", "nbval-ignore-output"}:
            yield (
                index,
                (
                    "raises-exception with its output not compared; drop the "
                    "tag nbval-ignore-output"
                ),
            )


def statements(page: Page) -> Iterator[Complaint]:
    """Every numbered box is labelled by a statement of the sheet."""
    for box in records.statements(page.nb):
        if box.kind and not box.nonumber and box.id not in page.inventory:
            near = difflib.get_close_matches(box.id, page.inventory, 3)
            hint = f"nearest: {', '.join(near)}" if near else "add one of them"
            what = (
                f"no statement of the sheet: {box.id}"
                if box.id
                else (f"a box ({box.kind}) with neither label nor :nonumber:")
            )
            yield box.cell, f"{what}; {hint}"


def checks(page: Page) -> Iterator[Complaint]:
    """Every check has its record, and every record its check."""
    asked = {e.label for e in records.exercises(page.nb)}
    made = records.records(page.nb)

    def known(kind: str, id: str) -> bool:
        if kind in ("exercise", "grader"):
            return id in asked
        return id in page.inventory or records.is_experiment(id)

    for record in made:
        if record.kind not in records.KINDS:
            yield record.cell, f"no kind of check: {record.kind}{AGAIN}"
        elif not known(record.kind, record.id):
            what = "exercise" if record.kind == "exercise" else "statement"
            yield (
                record.cell,
                f"a check of {record.id}: no such {what}; mend the id",
            )
        elif record.id not in set(literals(page.cells[record.cell])):
            yield (
                record.cell,
                f"the record of {record.id} is not made here{AGAIN}",
            )
    stored = {(record.kind, record.id, record.cell) for record in made}
    for index, cell in page.code():
        silent = {"gpu", "raises-exception"} & tags(cell)
        for name, id in dict.fromkeys(checked(cell)):
            if not known(name, id):
                yield index, f"check.{name} of {id}: no such id; mend it"
            elif name == "grader" or silent or ran(cell) is None:
                continue
            elif (name, id, index) not in stored:
                yield index, f"check.{name} of {id} left no record{AGAIN}"


def experiments(page: Page) -> Iterator[Complaint]:
    """Ask that an experiment be declared, checked, and no statement.

    `(exp-12-1-deblurring)=` stands once, in a Markdown cell of a notebook of
    section 12.1, before the first check that names it.
    """
    here = records.section(page.path.stem)
    declared: dict[str, int] = {}
    for id, index in records.experiments(page.nb):
        if id in declared:
            yield index, f"{id} is declared twice; declare it once"
        declared.setdefault(id, index)
    for box in records.statements(page.nb):
        if box.kind and records.is_experiment(box.id):
            yield box.cell, f"{box.id} labels a box; declare it by ({box.id})="
    used: dict[str, int] = {}
    for index, cell in page.code():
        for kind, id in checked(cell):
            if not records.is_experiment(id):
                continue
            used.setdefault(id, index)
            if kind == "refutes":
                yield (
                    index,
                    (
                        f"{id} is no statement that could be misprinted; take "
                        "another check than refutes"
                    ),
                )
    for record in records.records(page.nb):
        if records.is_experiment(record.id):
            used.setdefault(record.id, record.cell)
    for id, index in (used | declared).items():
        if records.experiment(id) != here:
            yield (
                index,
                f"{id}: not of this section; name it exp-{here}-<name>",
            )
    for id, index in used.items():
        if id not in declared:
            yield (
                index,
                f"{id} is not declared; write ({id})= where it is asked",
            )
        elif declared[id] > index:
            yield (
                index,
                f"{id} is checked before it is declared; move ({id})= up",
            )
    for id, index in declared.items():
        if id not in used:
            yield index, f"{id} is declared, and no check names it; check it"


def citations(page: Page) -> Iterator[Complaint]:
    """Every citation is in the bibliography."""
    for key, index in records.citations(page.nb):
        if key not in page.keys:
            yield index, f"{key} is not in references.bib; add the work there"


def pictures(page: Page) -> Iterator[Complaint]:
    """Every picture says in words what it shows; one figure to a cell."""
    for index, cell in page.code():
        shown = [o for o in cell["outputs"] if set(IMAGES) & set(data(o))]
        if len(shown) > 1:
            yield index, f"{len(shown)} figures in one cell; {ONCE}"
        for output in shown:
            said = output.get("metadata", {}).get("dlbook", {})
            if not str(said.get("alt", "")).strip():
                yield index, f"a figure without alt text; {ONCE}"
            elif said.get("dark") not in ("invert", "keep"):
                yield (
                    index,
                    "a figure that says nothing of dark mode; take plot.show",
                )
        silent = "gpu" in tags(cell) or ran(cell) is None
        if calls(cell, "plot.show") and not shown and not silent:
            yield index, f"plot.show left no figure{AGAIN}"
    for index, item in page.markdown():
        if isinstance(item, Text):
            bare = re.search(r"!\[\s*\]\(", item.text)
            tag = re.search(r"<img(?![^>]*\balt=[\"'][^\"'])[^>]*>", item.text)
            if bare or tag:
                yield index, "an image without alt text; say what it shows"
        elif item_is(item, "image", "figure") and not item.options.get("alt"):
            yield index, "an image without alt text; say what it shows"


def fences(page: Page) -> Iterator[Complaint]:
    """Directives stand between colons: backticks hide them elsewhere."""
    for index, cell in page.of("markdown"):
        for name in re.findall(
            r"^\s*(?:`{3,}|~{3,})\{(\S+)\}", cell["source"], re.M
        ):
            yield index, f"{name} between backticks; take colons"


def closed(page: Page) -> Iterator[Complaint]:
    """Every directive has an end: without one, it swallows what follows."""
    for index, cell in page.of("markdown"):
        if found := records.unclosed(cell["source"]):
            line, opening = found
            yield (
                index,
                (
                    f"line {line + 1}, {opening!r}, has no end here; close "
                    "it by as many colons on a line of their own"
                ),
            )


def numbered(page: Page) -> Iterator[Complaint]:
    """Refuse a box whose number is not where JupyterLab looks for it."""
    for index, item in page.markdown():
        if not (isinstance(item, Directive) and records.is_box(item.name)):
            continue
        entry = page.inventory.get(item.options.get("label", ""), {})
        given, wanted = item.options.get("enumerator"), entry.get("number")
        known = wanted or "nonumber" in item.options
        if given != wanted and known:
            remedy = f"write :enumerator: {wanted}" if wanted else "drop it"
            what = f"numbered {given}" if given else "a box without its number"
            yield index, f"{what}; {remedy} (make notebooks does)"


def graders(page: Page) -> Iterator[Complaint]:
    """Ask for the tag of a self-check: readers see its cell folded."""
    for index, cell in page.code():
        if calls(cell, "check.grader") and "grader" not in tags(cell):
            yield index, "a self-check without tag; tag the cell grader"


def headings(page: Page) -> Iterator[Complaint]:
    """One title, in the first cell, and no level skipped below it."""
    level = 0
    for index, item in page.markdown():
        found = isinstance(item, Text) and re.match(
            r" {0,3}(#{1,6})\s", item.text
        )
        if not found:
            continue
        depth = len(found[1])
        if not level and (depth != 1 or index):
            yield (
                index,
                (
                    "the first heading is no title in the first cell; begin "
                    "with # and the title"
                ),
            )
        elif level and depth == 1:
            yield index, "a second title; take ##"
        elif level and depth > level + 1:
            yield (
                index,
                (
                    f"a heading of level {depth} below level {level}; take "
                    f"{'#' * (level + 1)}"
                ),
            )
        level = depth
    if not level:
        yield None, "no title; begin the first cell with # and the title"


def wording(page: Page) -> Iterator[Complaint]:
    """Nothing of one machine, nothing open, nothing that will not run."""
    for index, cell in enumerate(page.cells):
        code = cell["cell_type"] == "code"
        own = IN_CODE if code else IN_TEXT
        found = list(matches(own | ANYWHERE, cell["source"]))
        for output in cell.get("outputs", []):
            found += matches(ANYWHERE, text(output))
        yield from ((index, complaint) for complaint in found)
        lines = cell["source"].count("\n") + 1
        if code and lines > LINES:
            yield index, f"{lines} lines of code, more than {LINES}; split it"


def numeric(page: Page) -> Iterator[Complaint]:
    """Refuse a truth value where there are numbers: NaN would pass.

    `refutes` with a comparison passes if the numbers are NaN, as the
    comparison is false then; so do `!=` and `not` in `holds`.
    """
    for index, cell in page.code():
        for call in called(cell):
            name = ast.unparse(call.func)
            words = {word.arg: word.value for word in call.keywords}
            if name == "check.refutes":
                given = [*call.args[1:3], words.get("printed")]
                given += [words.get("true")]
                bad: tuple[type, ...] = (ast.Compare, ast.Not)
                cure = "give refutes the numbers"
            elif name == "check.holds":
                given = [*call.args[1:2], words.get("condition")]
                bad = (ast.NotEq, ast.Not, ast.Invert)
                cure = "compare the numbers with another check"
            else:
                continue
            parts = [part for x in given if x for part in ast.walk(x)]
            if any(isinstance(part, bad) for part in parts):
                yield (
                    index,
                    f"{name} hides a comparison that NaN passes; {cure}",
                )


MECHANICS: tuple[Rule, ...] = (
    normal,
    small,
    executed,
    fresh,
    outputs,
    statements,
    checks,
    experiments,
    citations,
    pictures,
    fences,
    closed,
    numbered,
    graders,
    headings,
    wording,
    numeric,
)
