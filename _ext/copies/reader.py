"""Make the reader's copy of a notebook: for Colab, GitHub and JupyterLab.

The text is plain Markdown, the first code cell installs the package where
it is missing, coding exercises begin as stubs that check themselves, and
the solutions lie folded at the end. Outputs stay as they are.
"""

import copy
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from _ext.copies import stubs
from _ext.copies.plain import Plain, Site, parts
from _ext.notebook import execute
from _ext.notebook.records import Notebook

TEMPLATE = Path(__file__).parent / "templates" / "install.py.txt"
MISSING = """\
# The book's own package; it is here already if you work in a checkout.
try:
    import dlbook
except ImportError:
    raise ImportError("run `pip install .` in a checkout") from None"""
SOLUTIONS = (
    "Each solution is folded: open its heading. A solution of a coding "
    "exercise defines the function anew, and checks itself."
)

Cell = dict[str, Any]


class Home(NamedTuple):
    """Where a copy leads: its page, Colab, and the package's address.

    The package is what pip installs, at the commit. The badge is a picture
    of the site's own: a copy asks no other host.
    """

    page: str
    badge: str
    colab: str | None
    package: str | None
    commit: str = ""


class Piece(NamedTuple):
    """Part of a Markdown cell, and the exercise whose solution it is."""

    source: str
    solves: str | None


def make(
    nb: Notebook, site: Site, home: Home, warn: Callable[[str], None]
) -> Notebook:
    """Return the reader's copy.

    Parameters
    ----------
    nb
        The notebook as `records.read` returns it.
    site
        Answers for numbers and links.
    home
        Where the copy leads.
    warn
        Called with what cannot be converted.
    """
    at = ""

    def told(message: str) -> None:
        warn(f"{at}{message}")

    plain = Plain(site, told)
    main: list[Cell] = []
    solutions: dict[str, list[Cell]] = {}
    solved: str | None = None
    for index, cell in enumerate(nb["cells"]):
        at = f"{execute.cell_of(nb, index)}: "
        if cell["cell_type"] != "markdown":
            if solved:
                solutions[solved].append(dress(cell))
            else:
                main.append(dress(cell))
            continue
        pieces = list(split(cell["source"], solved))
        for place, (source, solves) in enumerate(pieces):
            if solved and solves != solved:
                asks = asked(nb, solved)
                main += begin(solved, solutions[solved], asks, warn)
            solved = solves
            text = plain(source)
            if solves:
                solutions.setdefault(solves, [])
            if text:
                suffix = f"-{place}" if place else ""
                new = markdown(f"{cell['id']}{suffix}", text)
                (solutions[solves] if solves else main).append(new)
    at = ""
    if solved:
        warn(f"the solution of {solved} has no end")
    main[:1] = [opened(main[0], home), install(home)]
    titles = titles_of(nb, plain)
    folded = []
    if solutions:
        main += [heading("solutions", "## Solutions", folded)]
        main += [markdown("solutions-how", SOLUTIONS)]
    for label, cells in solutions.items():
        if label not in titles:
            warn(f"no exercise is labelled {label!r}")
        title = f"### {titles.get(label, label)}"
        main += [heading(f"solution-{label}"[:64], title, folded), *cells]
    metadata = {
        name: copy.deepcopy(nb["metadata"][name])
        for name in ("kernelspec", "language_info")
        if name in nb["metadata"]
    }
    metadata["colab"] = {"collapsed_sections": folded, "provenance": []}
    return {
        "cells": main,
        "metadata": metadata,
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def split(source: str, solves: str | None) -> Iterator[Piece]:
    """Split a cell where a solution begins or ends.

    The last piece says what is open at the end of the cell.
    """
    lines = source.split("\n")
    start = 0
    for part in parts(lines):
        if part.name not in ("solution", "solution-start", "solution-end"):
            continue
        yield Piece("\n".join(lines[start : part.start]), solves)
        start = part.end
        solves = None
        if part.name == "solution":
            yield Piece("\n".join(part.body), part.argument)
        elif part.name == "solution-start":
            solves = part.argument
    yield Piece("\n".join(lines[start:]), solves)


def titles_of(nb: Notebook, plain: Plain) -> dict[str, str]:
    """Return what each exercise is called."""
    return {
        part.options.get("label", ""): plain.exercise(part)
        for cell in nb["cells"]
        if cell["cell_type"] == "markdown"
        for part in parts(cell["source"].split("\n"))
        if part.name in ("exercise", "exercise-start")
    }


def asked(nb: Notebook, label: str) -> str:
    """Return what an exercise says in code, and its self-check."""
    found, within = [], False
    for cell in nb["cells"]:
        source = cell["source"]
        if cell["cell_type"] == "code":
            if "check.grader" in source and label in source:
                found.append(source)
            continue
        for line in source.split("\n"):
            if line.strip() == f":label: {label}":
                within = True
            elif re.match(r":{3,}\{solution", line):
                within = False
            elif within:
                found += re.findall(r"`([^`]+)`", line)
    return "\n".join(found)


def begin(
    label: str,
    solution: list[Cell],
    asks: str,
    warn: Callable[[str], None],
) -> list[Cell]:
    """Return the cell in which a reader answers a coding exercise."""
    cells = [cell for cell in solution if cell["cell_type"] == "code"]
    try:
        code = stubs.stub("\n".join(c["source"] for c in cells), label, asks)
    except (stubs.Unclear, SyntaxError) as error:
        warn(f"the solution of {label}: {error}")
        return []
    if code is None:
        return []
    return [program(f"answer-{label}"[:64], code, ["exercise"])]


def opened(cell: Cell, home: Home) -> Cell:
    """Return the first cell with its links below the title."""
    title, _, rest = cell["source"].partition("\n")
    links = [f"[This section in the book]({home.page})"]
    if home.colab:
        badge = f"![Open in Colab]({home.badge})"
        links.insert(0, f"[{badge}]({home.colab})")
    source = f"{title}\n\n{' · '.join(links)}\n\n{rest.lstrip()}"
    return {**cell, "source": source.rstrip()}


def install(home: Home) -> Cell:
    """Return the cell that brings the package, as it was for this copy."""
    code = MISSING
    if home.package:
        code = TEMPLATE.read_text("utf-8").format(
            package=home.package, commit=home.commit[:12]
        )
    return program("install", code.rstrip("\n"), ["install"])


def dress(cell: Cell) -> Cell:
    """Return a code or raw cell as it is, folded where the page folds it."""
    new = copy.deepcopy(cell)
    tags = new["metadata"].get("tags", [])
    if {"hide-input", "hide-cell"} & set(tags):
        new["metadata"]["cellView"] = "form"
        new["metadata"]["jupyter"] = {"source_hidden": True}
    return new


def heading(name: str, source: str, folded: list[str]) -> Cell:
    """Return a heading whose section is folded, in JupyterLab and Colab."""
    new = markdown(name, source)
    new["metadata"] = {"id": name, "jp-MarkdownHeadingCollapsed": True}
    folded.append(name)
    return new


def markdown(name: str, source: str) -> Cell:
    """Return a Markdown cell."""
    return {
        "cell_type": "markdown",
        "id": name,
        "metadata": {},
        "source": source,
    }


def program(name: str, source: str, tags: list[str]) -> Cell:
    """Return a code cell that has not run."""
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": name,
        "metadata": {"tags": tags},
        "outputs": [],
        "source": source,
    }
