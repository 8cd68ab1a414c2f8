"""How long a notebook is for one who reads what stands open on its page.

A fold is not read: proofs, solutions and boxes with the class `dropdown`,
the code of cells that only draw or only check, and what belongs to an
exercise's solution. Words are read at 200 a minute; a formula on lines of
its own counts as 10 words, one in a line as 1, a line of code as 5.
"""

import math
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from _ext.notebook import records
from _ext.notebook.page import only_checks, tags

PACE = 200  # words a minute
DISPLAY, LINE = 10, 5  # words that a formula and a line of code stand for
CLOSED = {"hide-input", "hide-cell", "remove-input", "remove-cell"}
CLOSED |= {"solution", "grader"}

_FENCE = re.compile(r"^\s*(:{3,}|`{3,})\s*(\{.*)?$")
_DISPLAY = re.compile(
    r"\$\$.+?\$\$|\\begin\{(\w+\*?)\}.+?\\end\{\1\}", re.DOTALL
)
_INLINE = re.compile(r"\$[^$\n]+\$")
_OPTION = re.compile(r"^\s*:[\w-]+:.*$", re.M)
_ROLE = re.compile(r"\{[\w:]+\}`([^`<]*)[^`]*`")
_LINK = re.compile(r"\]\([^)]*\)|\]\[[^\]]*\]|^\(\S+\)=$", re.M)


class Length(NamedTuple):
    """What stands open: words, formulas, lines of code, and cells."""

    words: int
    formulas: int
    code: int
    cells: int

    @property
    def minutes(self) -> int:
        """Return the time that it takes to read, in whole minutes."""
        total = self.words + DISPLAY * self.formulas + LINE * self.code
        return math.ceil(total / PACE)


def length(nb: records.Notebook) -> Length:
    """Return how much of a notebook stands open on its page."""
    words = formulas = code = cells = 0
    inside = False  # a solution of several cells
    for cell in nb.get("cells", []):
        source = cell["source"]
        if "{solution-end}" in source:
            inside = False
            source = source.partition("{solution-end}")[2].lstrip(":\n")
        starts = "{solution-start}" in source
        source = source.partition("{solution-start}")[0]
        if cell["cell_type"] == "markdown":
            if not inside:
                text = opened(source.rstrip(":"))
                formulas += len(_DISPLAY.findall(text))
                words += count(text)
                cells += bool(text.strip())
        elif not inside and is_open(cell):
            code += len([line for line in source.splitlines() if line.strip()])
            cells += 1
        inside = inside or starts
    return Length(words, formulas, code, cells)


def is_open(cell: dict[str, Any]) -> bool:
    """Say whether the page shows the code of a cell.

    A cell that only checks is folded, unless it is tagged `open`.
    """
    return not (tags(cell) & CLOSED or only_checks(cell))


def opened(source: str) -> str:
    """Return the Markdown of a cell without its folds."""
    return "\n".join(_lines(source))


def _lines(source: str) -> Iterator[str]:
    lines = source.splitlines()
    at = 0
    while at < len(lines):
        opening = _FENCE.match(lines[at])
        if opening and opening[2]:
            end = _closing(lines, at, opening[1])
            if _folds(lines[at : end + 1]):
                at = end + 1
                continue
            # the title of a box is read, its options are not
            title = re.sub(r"^\s*\W+\{[^}]*\}", "", lines[at])
            yield title
        elif not opening:
            yield lines[at]
        at += 1


def _closing(lines: list[str], start: int, mark: str) -> int:
    """Return the line that ends a directive."""
    depth = 0
    for at in range(start, len(lines)):
        fence = _FENCE.match(lines[at])
        if not fence or fence[1][0] != mark[0]:
            continue
        if fence[2]:
            depth += "{solution-" not in fence[2] or at == start
        else:
            depth -= 1
        if depth == 0:
            return at
    return len(lines) - 1


def _folds(lines: list[str]) -> bool:
    """Say whether a directive is folded on the page."""
    if "{solution" in lines[0]:
        return True
    for line in lines[1:]:
        if not _OPTION.match(line):
            return False
        if re.match(r"\s*:class:.*\bdropdown\b", line):
            return True
    return False


def count(text: str) -> int:
    """Return the words of a text; a formula in a line is one."""
    text = _OPTION.sub("", _DISPLAY.sub(" ", text))
    text = _LINK.sub("]", _ROLE.sub(r"\1", _INLINE.sub("x", text)))
    return len(re.findall(r"[^\W_][\w'’.-]*", text))
