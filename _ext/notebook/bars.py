"""What makes a notebook finished: the bars for those that `_toc.yml` lists.

Each rule takes a `Page` and yields complaints, as in `rules`.
"""

import re
from collections.abc import Iterator

from _ext.notebook import reading, records
from _ext.notebook.page import (
    COPY,
    IMAGES,
    SHEET,
    Complaint,
    Page,
    Rule,
    calls,
    checked,
    data,
    is_erratum,
    item_is,
    ran,
    tags,
)
from _ext.notebook.records import Directive, Text

FIGURES, INTERACTIVES, EXERCISES, CITATIONS = 4, 1, 5, 3
WORDS = 4600  # that stand open; about 4,000 are aimed at
CLAIMS = ("prf:theorem", "prf:lemma", "prf:proposition", "prf:property")
CLAIMS += ("prf:corollary",)
PROOF = re.compile(r"\bpro(?:of|ofs|ve|ved|ves)\b", re.I)
REFERENCE = re.compile(r"\{(?:prf:ref|ref|eq|cite[\w:]*)\}`|\]\([#.\w]")
WEAK = 0.1  # a power above it needs a reason


def exercises(page: Page) -> Iterator[Complaint]:
    """Five exercises or more, each solved; solutions in code are run."""
    found = records.exercises(page.nb)
    if len(found) < EXERCISES:
        yield None, f"{len(found)} exercises; write {EXERCISES}"
    for exercise in found:
        if not exercise.label:
            yield (
                exercise.cell,
                "an exercise without label; add one, ex-...",
            )
        elif exercise.solution is None:
            yield exercise.cell, f"{exercise.label} has no solution; write one"
    coded = any(exercise.code for exercise in found)
    if found and executed(page) and not coded:
        yield (
            None,
            (
                "no exercise whose solution is executed code; write one from "
                "solution-start to solution-end"
            ),
        )
    solving = False
    for index, cell in enumerate(page.cells):
        if cell["cell_type"] == "code":
            if solving and "solution" not in tags(cell):
                yield index, "within a solution; tag the cell solution"
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
            yield (
                index,
                "a solution in code that is not executed; put it into a cell",
            )


def executed(page: Page) -> bool:
    """Say whether a cell ever ran: what never did has no outputs to judge."""
    return any(ran(cell) is not None for _, cell in page.code())


def plenty(page: Page) -> Iterator[Complaint]:
    """Figures, one to play with, citations, and the book's own style."""
    cells = [cell for _, cell in page.code()]
    playable = [c for c in cells if calls(c, "plot.interactive")]
    shown = [
        o for c in cells for o in c["outputs"] if set(IMAGES) & set(data(o))
    ]
    count = len(shown) + len(playable)
    if executed(page) and count < FIGURES:
        yield None, f"{count} figures; draw {FIGURES}"
    if len(playable) < INTERACTIVES:
        yield None, "no interactive figure; take plot.interactive"
    cited = {key for key, _ in records.citations(page.nb)}
    if len(cited) < CITATIONS:
        yield None, f"{len(cited)} works cited; cite {CITATIONS}"
    if cells and not calls(cells[0], "plot.style"):
        yield None, "no style; call plot.style() in the first code cell"


def short(page: Page) -> Iterator[Complaint]:
    """Refuse more words than one reads at a sitting; folds do not count."""
    words = reading.length(page.nb).words
    if words > WORDS:
        yield (
            None,
            f"{words:,} words stand open; fold some, {WORDS:,} at most",
        )


def named(page: Page) -> Iterator[Complaint]:
    """Ask for a name of each figure, of which its anchor is made."""
    seen: set[str] = set()
    for index, cell in page.code():
        played = calls(cell, "plot.interactive")
        for output in cell["outputs"]:
            html = played and "text/html" in data(output)
            if not (html or set(IMAGES) & set(data(output))):
                continue
            given = output.get("metadata", {}).get("dlbook", {})
            name = given.get("name", "")
            if not name:
                yield index, "a figure without a name; say name= and caption="
            elif name in seen:
                yield index, f"a second figure named {name!r}; rename one"
            seen.add(name)


def proved(page: Page) -> Iterator[Complaint]:
    """Ask that a claim be proved behind its box, before the next heading.

    Claims that stand together may share a proof. Where it stands elsewhere,
    a paragraph says so: it speaks of a proof and leads there by a reference
    or a citation.
    """
    waiting: list[tuple[int, str]] = []
    paragraph = ""

    def without() -> Iterator[Complaint]:
        for index, name in waiting:
            yield (
                index,
                (
                    f"{name} has no proof behind it; write {{prf:proof}}, "
                    "or refer to where it is proved"
                ),
            )
        waiting.clear()

    for index, item in page.markdown():
        if isinstance(item, Directive) and records.is_box(item.name):
            label = item.options.get("label", "")
            kind = page.inventory.get(label, {}).get("kind")
            if item.name in CLAIMS or kind in ("identity", "theorem"):
                waiting.append((index, label or item.argument))
        elif item_is(item, "prf:proof"):
            waiting.clear()
        elif isinstance(item, Text):
            paragraph = f"{paragraph} {item.text}" if item.text.strip() else ""
            if re.match(r" {0,3}#{1,6}\s", item.text):
                yield from without()
            elif PROOF.search(paragraph) and REFERENCE.search(paragraph):
                waiting.clear()
    yield from without()


def powerful(page: Page) -> Iterator[Complaint]:
    """Refuse a check that would not notice a tenth, unless it says why.

    An order is exempt: its tolerance excludes the neighbouring exponents.
    """
    for index, cell in page.code():
        for output in cell["outputs"]:
            if records.MIME not in data(output):
                continue
            if "power" not in records.stored(output):
                yield index, "a check without its power; run make notebooks"
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
                "a tenth; sharpen it, or say in `says` since or because of "
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
                    yield (
                        index,
                        (
                            f"{name} is refuted before a box shows it; put a "
                            "box with the class erratum before"
                        ),
                    )
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
        yield index, f"{item.argument!r} is not refuted; add check.refutes"
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


BARS: tuple[Rule, ...] = (
    *(exercises, plenty, short, named, proved, ascribed, powerful),
)
