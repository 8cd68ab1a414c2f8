"""What every notebook keeps to, told from its file alone.

Each rule takes a `Page` and yields complaints; `complaints` names file,
cell and first line with each. Mechanics hold for every notebook; the bars,
what makes a notebook finished, for those that stand in `_toc.yml`. Broken
cross-references are left to the build of the site.
"""

import ast
import difflib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from _ext.notebook import execute, records
from _ext.notebook.execute import tags
from _ext.notebook.records import Directive, Notebook, Text

MEGABYTE = 1_000_000
LINES = 40  # of a code cell, at most
IMAGES = ("image/svg+xml", "image/png", "image/jpeg", "image/gif")
BINARY = IMAGES[1:]
SHEET, COPY = "What the sheet prints", "What our copy prints"
FIGURES, INTERACTIVES, EXERCISES, CITATIONS = 3, 1, 5, 3
WEAK = 0.1  # a power above it needs a reason
# Outputs from before checks stored their power are let pass; False, and then
# away with it, as soon as every notebook has been executed again.
POWER_MAY_BE_ABSENT = True
UNCOMPARED = {"nbval-skip", "skip-execution"}

# In sources and in outputs.
ANYWHERE = {
    r"(?<![\w.+/-])/(?:home|root|tmp|Users|work|content)/\w+": "a path of "
    "one machine",
    r"\b[A-Z]:\\\\?Users\b": "a path of one machine",
    r"\b(?:TODO|FIXME|XXX)\b": "an open end",
}
IN_CODE = {
    r"^\s*[%!]\s*(?:pip|conda|apt)\b": "an installation; the reader's copy "
    "gets one",
    r"\bmyst_nb\b": "glue, which needs the site's tools",
    r"\b(?:torch\.manual_seed|np\.random\.seed|random\.seed)\(": "a global "
    "seed; take device.generator or np.random.default_rng",
    r"\.cuda\(": "a fixed device; take device.pick",
}
# What KaTeX, MathJax and JupyterLab do not all understand.
IN_TEXT = {
    r"\\(?:bm|coloneqq|intertext|mathbbm|DeclareMathOperator|newcommand)\b"
    r"|\\def\\|\\begin\{multline": "TeX that not every reader's tool knows",
    r"\\(?:label|eqref)\b": "a TeX label; take a MyST label",
}


class Page(NamedTuple):
    """A notebook with what it is held against."""

    path: Path
    root: Path
    nb: Notebook
    inventory: dict[str, dict[str, Any]]
    keys: set[str]

    @property
    def cells(self) -> list[dict[str, Any]]:
        """Return the cells."""
        return self.nb["cells"]

    def of(self, kind: str) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield (place, cell) of the cells of one type."""
        for index, cell in enumerate(self.cells):
            if cell["cell_type"] == kind:
                yield index, cell

    def code(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield (place, cell) of the code cells that hold code."""
        for index, cell in self.of("code"):
            if cell["source"].strip():
                yield index, cell

    def markdown(self) -> Iterator[tuple[int, Any]]:
        """Yield (place, directive, target or line of Markdown)."""
        for index, cell in self.of("markdown"):
            for item in records.scan(cell["source"]):
                yield index, item


Complaint = tuple[int | None, str]
Rule = Callable[[Page], Iterator[Complaint]]


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
    """Return the complaints about one notebook."""
    nb = records.read(path)
    page = Page(path, root, nb, records.inventory(root), bibliography(root))
    rules = MECHANICS + (BARS if finished else ())
    found = [complaint for rule in rules for complaint in rule(page)]
    found.sort(key=lambda c: -1 if c[0] is None else c[0])
    return [
        f"{path.name}: {reason}"
        if index is None
        else f"{execute.place(path, index, nb['cells'][index])}: {reason}"
        for index, reason in found
    ]


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
        f"_toc.yml: {name} is listed, but there is no such page"
        for name in contents(root)
        if not any((root / f"{name}{end}").exists() for end in ends)
    ]


def twice(root: Path) -> list[str]:
    """Return the statements that are labelled more than once."""
    known, seen, found = records.inventory(root), {}, []
    for path in records.notebooks(root):
        nb = records.read(path)
        for label, index in records.labels(nb):
            place = execute.place(path, index, nb["cells"][index])
            if label in known and label in seen:
                found.append(
                    f"{place}: {label} is labelled in {seen[label]} already"
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
        yield None, "not of notebook format 4.5; run make notebooks"
    kernel = nb["metadata"].get("kernelspec")
    language = nb["metadata"].get("language_info")
    if kernel != execute.KERNELSPEC or language != {"name": "python"}:
        yield None, "metadata not normalised; run make notebooks"
    ids = [cell.get("id") for cell in page.cells]
    if not all(ids) or len(set(ids)) < len(ids):
        yield None, "a cell without an id of its own; run make notebooks"
    for index, cell in enumerate(page.cells):
        odd = set(cell["metadata"]) - set(execute.KEPT_METADATA)
        if odd:
            yield index, f"cell metadata {', '.join(sorted(odd))}"


def small(page: Page) -> Iterator[Complaint]:
    """Refuse a file above a megabyte."""
    size = page.path.stat().st_size
    if size > MEGABYTE:
        yield None, f"{size / MEGABYTE:.1f} MB; at most 1"


def executed(page: Page) -> Iterator[Complaint]:
    """Every cell ran, once and in order, and is compared by the tests."""
    cells = list(page.code())
    if cells and all(ran(cell) is None for _, cell in cells):
        yield None, "never executed; run make notebooks"
        return
    for expected, (index, cell) in enumerate(cells, start=1):
        count = ran(cell)
        if count is None:
            yield index, "not executed"
        elif count != expected:
            yield index, f"executed as number {count}, expected {expected}"
        for tag in sorted(UNCOMPARED & tags(cell)):
            yield index, f"tagged {tag}: nothing would compare it"


def fresh(page: Page) -> Iterator[Complaint]:
    """Refuse outputs that other code made."""
    if all(ran(cell) is None for _, cell in page.code()):
        return
    for reason in execute.stale(page.nb, page.root):
        yield None, reason


def outputs(page: Page) -> Iterator[Complaint]:
    """No output is an error that was not announced, nor from stderr."""
    for index, cell in page.code():
        named = tags(cell)
        errors = [o for o in cell["outputs"] if o["output_type"] == "error"]
        if "raises-exception" not in named:
            for error in errors:
                yield index, f"an error output, {error['ename']}"
            if any(o.get("name") == "stderr" for o in cell["outputs"]):
                yield index, "output on stderr"
        elif not errors:
            yield index, "tagged raises-exception, but stores no error"
        if named >= {"raises-exception", "nbval-ignore-output"}:
            yield index, "raises-exception with its output not compared"


def statements(page: Page) -> Iterator[Complaint]:
    """Every numbered box is labelled by a statement of the sheet."""
    for box in records.statements(page.nb):
        if box.kind and not box.nonumber and box.id not in page.inventory:
            near = difflib.get_close_matches(box.id, page.inventory, 3)
            hint = f"; nearest: {', '.join(near)}" if near else ""
            what = (
                f"no statement of the sheet: {box.id}"
                if box.id
                else (f"a box ({box.kind}) with neither label nor :nonumber:")
            )
            yield box.cell, what + hint


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
            yield record.cell, f"no kind of check: {record.kind}"
        elif not known(record.kind, record.id):
            what = "exercise" if record.kind == "exercise" else "statement"
            yield record.cell, f"a check of {record.id}: no such {what}"
        elif record.id not in set(literals(page.cells[record.cell])):
            yield record.cell, f"the record of {record.id} is not made here"
    stored = {(record.kind, record.id, record.cell) for record in made}
    for index, cell in page.code():
        silent = {"gpu", "raises-exception"} & tags(cell)
        for name, id in dict.fromkeys(checked(cell)):
            if not known(name, id):
                yield index, f"check.{name} of {id}: no such id"
            elif name == "grader" or silent or ran(cell) is None:
                continue
            elif (name, id, index) not in stored:
                yield index, f"check.{name} of {id} left no record"


def experiments(page: Page) -> Iterator[Complaint]:
    """Ask that an experiment be declared, checked, and no statement.

    `(exp-12-1-deblurring)=` stands once, in a Markdown cell of a notebook of
    section 12.1, before the first check that names it.
    """
    here = records.section(page.path.stem)
    declared: dict[str, int] = {}
    for id, index in records.experiments(page.nb):
        if id in declared:
            yield index, f"{id} is declared twice"
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
                yield index, f"{id} is no statement that could be misprinted"
    for record in records.records(page.nb):
        if records.is_experiment(record.id):
            used.setdefault(record.id, record.cell)
    for id, index in (used | declared).items():
        if records.experiment(id) != here:
            yield index, f"{id}: expected exp-{here}-<name>"
    for id, index in used.items():
        if id not in declared:
            yield (
                index,
                f"{id} is not declared here: ({id})= where it is asked",
            )
        elif declared[id] > index:
            yield index, f"{id} is checked before it is declared"
    for id, index in declared.items():
        if id not in used:
            yield index, f"{id} is declared, and no check names it"


def citations(page: Page) -> Iterator[Complaint]:
    """Every citation is in the bibliography."""
    for key, index in records.citations(page.nb):
        if key not in page.keys:
            yield index, f"{key} is not in references.bib"


def pictures(page: Page) -> Iterator[Complaint]:
    """Every picture says in words what it shows; one figure to a cell."""
    for index, cell in page.code():
        shown = [o for o in cell["outputs"] if set(IMAGES) & set(data(o))]
        if len(shown) > 1:
            yield index, f"{len(shown)} figures in one cell"
        for output in shown:
            said = output.get("metadata", {}).get("dlbook", {})
            if not str(said.get("alt", "")).strip():
                yield index, "a figure without alt text; take plot.show"
            elif said.get("dark") not in ("invert", "keep"):
                yield index, "a figure that says nothing of dark mode"
        silent = "gpu" in tags(cell) or ran(cell) is None
        if calls(cell, "plot.show") and not shown and not silent:
            yield index, "plot.show left no figure"
    for index, item in page.markdown():
        if isinstance(item, Text):
            bare = re.search(r"!\[\s*\]\(", item.text)
            tag = re.search(r"<img(?![^>]*\balt=[\"'][^\"'])[^>]*>", item.text)
            if bare or tag:
                yield index, "an image without alt text"
        elif item_is(item, "image", "figure") and not item.options.get("alt"):
            yield index, "an image without alt text"


def fences(page: Page) -> Iterator[Complaint]:
    """Directives stand between colons: backticks hide them elsewhere."""
    for index, cell in page.of("markdown"):
        for name in re.findall(
            r"^\s*(?:`{3,}|~{3,})\{(\S+)\}", cell["source"], re.M
        ):
            yield index, f"{name} between backticks; take colons"


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
            yield index, "the first heading is not a title in the first cell"
        elif level and depth == 1:
            yield index, "a second title"
        elif level and depth > level + 1:
            yield index, f"a heading of level {depth} below level {level}"
        level = depth
    if not level:
        yield None, "no title"


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
            yield index, f"{lines} lines of code; at most {LINES}"


# ---- bars -----------------------------------------------------------------
def exercises(page: Page) -> Iterator[Complaint]:
    """Five exercises or more, each solved; solutions in code are run."""
    found = records.exercises(page.nb)
    if len(found) < EXERCISES:
        yield None, f"{len(found)} exercises; at least {EXERCISES}"
    for exercise in found:
        if not exercise.label:
            yield exercise.cell, "an exercise without label"
        elif exercise.solution is None:
            yield exercise.cell, f"{exercise.label} has no solution"
    if found and not any(exercise.code for exercise in found):
        yield None, "no exercise whose solution is executed code"
    solving = False
    for index, cell in enumerate(page.cells):
        if cell["cell_type"] == "code":
            if solving and "solution" not in tags(cell):
                yield index, "within a solution, but not tagged so"
            continue
        if cell["cell_type"] != "markdown":
            continue
        inside = solving
        for item in records.scan(cell["source"]):
            if item_is(item, "solution", "solution-start"):
                inside, solving = True, item.name == "solution-start"
            elif item_is(item, "solution-end"):
                solving = False
        if inside and re.search(
            r"^\s*(`{3,}|~{3,})\s*python", cell["source"], re.M
        ):
            yield index, "a solution in code that is not executed"


def plenty(page: Page) -> Iterator[Complaint]:
    """Figures, one to play with, citations, and the book's own style."""
    cells = [cell for _, cell in page.code()]
    shown = [
        o for c in cells for o in c["outputs"] if set(IMAGES) & set(data(o))
    ]
    if len(shown) < FIGURES:
        yield None, f"{len(shown)} figures; at least {FIGURES}"
    playable = [c for c in cells if calls(c, "plot.interactive")]
    if len(playable) < INTERACTIVES:
        yield None, "no interactive figure"
    cited = {key for key, _ in records.citations(page.nb)}
    if len(cited) < CITATIONS:
        yield None, f"{len(cited)} works cited; at least {CITATIONS}"
    if cells and not calls(cells[0], "plot.style"):
        yield None, "the first code cell does not call plot.style()"


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


def powerful(page: Page) -> Iterator[Complaint]:
    """Refuse a check that would not notice a tenth, unless it says why.

    An order is exempt: its tolerance excludes the neighbouring exponents.
    """
    for index, cell in page.code():
        for output in cell["outputs"]:
            if records.MIME not in data(output):
                continue
            if "power" not in records.stored(output) and not (
                POWER_MAY_BE_ABSENT
            ):
                yield index, "a check without its power; make notebooks"
    for record in records.records(page.nb):
        reason = re.search(r"\b(since|because)\b", record.says)
        if record.power is None or record.power <= WEAK or reason:
            continue
        if record.kind == "order":
            continue
        yield (
            record.cell,
            (
                f"the check of {record.id} ({record.kind}) would not notice "
                "a tenth: sharpen it, or say in `says` since or because of "
                "what"
            ),
        )


def ascribed(page: Page) -> Iterator[Complaint]:
    """Refuse a box that takes a fault of the scan for the sheet's, or back.

    What a box is about is refuted by the cells behind it, up to the next
    such box. What the copy alone has wrong is folded.
    """
    box: tuple[int, Directive] | None = None
    about: dict[str, str] = {}
    for index, cell in enumerate(page.cells):
        if cell["cell_type"] == "markdown":
            for item in records.scan(cell["source"]):
                if is_erratum(item):
                    yield from misjudged(box, about)
                    box, about = (index, item), {}
        elif cell["cell_type"] == "code":
            for kind, name in checked(cell):
                entry = page.inventory.get(name, {})
                if kind != "refutes" or "origin" not in entry:
                    continue
                if box is None:
                    yield index, f"{name} is refuted before a box shows it"
                else:
                    about[name] = entry["origin"]
    yield from misjudged(box, about)


def misjudged(
    box: tuple[int, Directive] | None, about: dict[str, str]
) -> Iterator[Complaint]:
    """Yield what is wrong with the box that shows these entries."""
    if box is None:
        return
    index, item = box
    if not about:
        yield index, f"{item.argument!r}, and no cell behind it refutes it"
        return
    copy = set(about.values()) == {"copy"}
    folded = "dropdown" in item.options.get("class", "").split()
    if (item.argument, folded) != (COPY if copy else SHEET, copy):
        origins = ", ".join(f"{n} ({o})" for n, o in about.items())
        wants = f"{COPY!r}, folded: class dropdown"
        yield (
            index,
            (
                f"{item.argument!r} shows {origins}; title it "
                f"{wants if copy else f'{SHEET!r}, not folded'}"
            ),
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
    headings,
    wording,
    numeric,
)
BARS: tuple[Rule, ...] = (exercises, plenty, ascribed, powerful)


# ---- reading --------------------------------------------------------------
def ran(cell: dict[str, Any]) -> int | None:
    """Return the number under which a cell was executed."""
    return cell.get("execution_count")


def data(output: dict[str, Any]) -> dict[str, Any]:
    """Return what an output holds, by MIME type."""
    return output.get("data", {})


def text(output: dict[str, Any]) -> str:
    """Return what can be read of an output."""
    shown = [v for k, v in data(output).items() if k not in BINARY]
    shown += [output.get("text", ""), output.get("evalue", "")]
    return "\n".join(map(str, [*shown, *output.get("traceback", [])]))


def matches(patterns: dict[str, str], found: str) -> Iterator[str]:
    """Yield what is wrong with a text, with the words in question."""
    for pattern, reason in patterns.items():
        if match := re.search(pattern, found, re.M):
            yield f"{match[0].strip()!r}, {reason}"


def item_is(item: Any, *names: str) -> bool:
    """Say whether an item is a directive of one of these names."""
    return isinstance(item, Directive) and item.name in names


def is_erratum(item: Any) -> bool:
    """Say whether an item opens a box that shows a misprint."""
    if not item_is(item, "admonition"):
        return False
    classes = item.options.get("class", "").split()
    return "erratum" in classes or item.argument in (SHEET, COPY)


def literals(cell: dict[str, Any]) -> Iterator[str]:
    """Yield the strings that stand in a code cell."""
    for node in ast.walk(execute.parsed(cell["source"])):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def called(cell: dict[str, Any]) -> Iterator[ast.Call]:
    """Yield the calls of a cell, those in its functions left out."""
    deferred = (ast.FunctionDef, ast.ClassDef, ast.Lambda)
    nodes: list[ast.AST] = [execute.parsed(cell["source"])]
    while nodes:
        node = nodes.pop(0)
        if isinstance(node, ast.FunctionDef):
            nodes += node.decorator_list
        elif not isinstance(node, deferred):
            nodes += ast.iter_child_nodes(node)
        if isinstance(node, ast.Call):
            yield node


def calls(cell: dict[str, Any], name: str) -> bool:
    """Say whether a cell calls this function, as `module.function`."""
    return any(ast.unparse(call.func) == name for call in called(cell))


def checked(cell: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (kind, id) of the checks that a cell makes by name."""
    for call in called(cell):
        name = ast.unparse(call.func)
        first = call.args[0] if call.args else None
        if name.startswith("check.") and isinstance(first, ast.Constant):
            yield name.removeprefix("check."), first.value
