"""Warnings of the build name a notebook's cell, and the line within it.

MyST counts a notebook's lines so that what stands before the first line of a
cell is a multiple of 10,000, and is one too far: `x.ipynb:590015` is line 14
of the cell 58, cells counted from 0.
"""

import logging
import re
from functools import cache
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.util.logging import NAMESPACE

from _ext.notebook import execute, records
from _ext.page.outputs import LINES

PLACE = re.compile(r"(?P<path>.+\.ipynb):(?P<line>\d+)$")


def told(location: str) -> str:
    """Return "chapters/x.ipynb: cell 58 (## Steps), line 14"."""
    match = PLACE.match(location)
    if match is None or int(match["line"]) < LINES:
        return location
    cell, line = divmod(int(match["line"]), LINES)
    path = Path(match["path"])
    return f"{path}: {_cell(path, cell - 1)}, line {line - 1}"


@cache
def _cell(path: Path, index: int) -> str:
    try:
        return execute.cell_of(records.read(path), index)
    except (OSError, ValueError, IndexError):
        return f"cell {index}"


class Places(logging.Filter):
    """Rewrites where a warning arose; Sphinx has made it a text before."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep the record."""
        location = getattr(record, "location", None)
        if isinstance(location, str):
            record.location = told(location)
        return True


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the filter behind Sphinx's own."""
    for handler in logging.getLogger(NAMESPACE).handlers:
        handler.addFilter(Places())
    return {
        "version": "1",
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
