"""List the weakest checks of the book.

`python -m _ext.notebook.power` prints every check whose power is not that of
rounding, the weakest first: the smallest relative change of its claim that it
would notice, its notebook, cell, id and kind, and what it says. Cells are
counted from 0 over all cells, as in the complaints of the tests.
"""

from pathlib import Path
from typing import NamedTuple

from _ext.notebook import records


class Weak(NamedTuple):
    """One check and the notebook that it stands in."""

    notebook: str
    check: records.Record


def weakest(root: Path) -> tuple[list[Weak], int]:
    """Return the checks that have a power, and how many outputs lack one."""
    found, lacking = [], 0
    for path in records.notebooks(root):
        nb = records.read(path)
        for record in records.records(nb):
            if record.power is not None and record.power >= records.ROUNDING:
                found.append(Weak(path.stem, record))
        for cell in nb["cells"]:
            lacking += sum(
                records.MIME in output.get("data", {})
                and "power" not in records.stored(output)
                for output in cell.get("outputs", [])
            )
    return sorted(found, key=lambda w: -(w.check.power or 0)), lacking


def report(found: list[Weak], lacking: int) -> str:
    """Return the list as text."""
    lines = [
        f"{w.check.power:>7.1%}  {w.notebook}, cell {w.check.cell}: "
        f"{w.check.id}, {w.check.kind}: {w.check.says}"
        for w in found
    ]
    if lacking:
        lines.append(
            f"{lacking} checks were executed before their power was stored; "
            "run make notebooks"
        )
    return "\n".join(lines)


def main() -> None:
    """Print the list."""
    print(report(*weakest(Path.cwd())))


if __name__ == "__main__":
    main()
