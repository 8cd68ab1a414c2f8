"""A notebook with what it is held against, and how its cells are read."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from _ext.notebook import execute, records
from _ext.notebook.execute import tags
from _ext.notebook.records import Directive, Notebook

__all__ = ["tags"]

IMAGES = ("image/svg+xml", "image/png", "image/jpeg", "image/gif")
BINARY = IMAGES[1:]
SHEET, COPY = "What the sheet prints", "What our copy prints"


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


def ran(cell: dict[str, Any]) -> int | None:
    """Return the number under which a cell was executed."""
    return cell.get("execution_count")


def only_checks(cell: dict[str, Any]) -> bool:
    """Say whether a cell checks and does no more: readers see it folded.

    A cell that also teaches has the tag `open`; a solution is folded whole.
    """
    made = any(records.MIME in data(o) for o in cell.get("outputs", []))
    return made and not {"open", "solution"} & tags(cell)


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
