"""Shared room: checks that can fail, one line and one record each.

Every check names a statement of the cheat sheet. It raises
``AssertionError`` if the statement fails; otherwise it prints one line that
reads the same on every machine and attaches a record to the cell's output,
from which the site's marks, cheat sheet and errata are built.
"""

from dlbook.check.compare import close, exact, holds, refutes, within
from dlbook.check.exercises import exercise, grader
from dlbook.check.record import MIME

__all__ = [
    "MIME",
    "close",
    "exact",
    "exercise",
    "grader",
    "holds",
    "refutes",
    "within",
]
