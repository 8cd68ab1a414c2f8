"""Write the sheet's numbers into the boxes, where JupyterLab looks for them.

    python -m _ext.notebook.numbers [chapters/x.ipynb ...]

A box `:label: opt-adam` gets a line `:enumerator: 11.3.25`, which
jupyterlab-myst shows and the site does not need. Nothing is executed: the
outputs stay, and so do their hashes, now one for each cell.
"""

import sys
from pathlib import Path
from typing import Any

from _ext.notebook import records
from _ext.notebook.records import Directive, Notebook


def write(nb: Notebook, inventory: dict[str, dict[str, Any]]) -> None:
    """Give each box of a notebook the number of its statement, or none."""
    for cell in nb["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = rewritten(cell["source"], inventory)


def rewritten(source: str, inventory: dict[str, dict[str, Any]]) -> str:
    """Return the source of a cell with the numbers of its boxes."""
    lines = source.split("\n")
    boxes = [
        item
        for item in records.scan(source)
        if isinstance(item, Directive) and records.is_box(item.name)
    ]
    for box in reversed(boxes):
        label = box.options.get("label", "")
        wanted = inventory.get(label, {}).get("number")
        if box.options.get("enumerator") == wanted:
            continue
        _, end = records.read_options(lines, box.line + 1)
        options = [
            line
            for line in lines[box.line + 1 : end]
            if not line.lstrip().startswith((":enumerator:", "enumerator:"))
        ]
        at = next(n for n, line in enumerate(options) if "label:" in line)
        if wanted:
            new = options[at].replace(label, wanted)
            options.insert(at + 1, new.replace("label:", "enumerator:"))
        lines[box.line + 1 : end] = options
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Rewrite the notebooks that are named, or all; say which changed."""
    from _ext.notebook import execute

    inventory = records.inventory(execute.ROOT)
    for path in map(Path, arguments or records.notebooks(execute.ROOT)):
        before = path.read_bytes()
        nb = records.read(path)
        write(nb, inventory)
        hashes = nb["metadata"].get("dlbook", {})
        if hashes.get("outputs") == execute.outputs_hash(nb):
            hashes["outputs"] = execute.outputs_hashes(nb)
        execute.write(nb, path)
        if path.read_bytes() != before:
            print(f"{path.name}: numbered")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
