"""Shared room: checks that can fail, one line and one record each.

Every check names a statement of the cheat sheet, or an experiment. It raises
``AssertionError`` if the claim fails; otherwise it prints one line that reads
the same on every machine and attaches a record to the cell's output, from
which the site's marks, cheat sheet and errata are built. Beside the record
stands the check's power: the smallest relative change of the claim that it
would notice.
"""

from dlbook.check.compare import close, exact, holds, refutes
from dlbook.check.exercises import agree, exercise, grader
from dlbook.check.measure import bound, order, within
from dlbook.check.record import MIME

__all__ = [
    "MIME",
    "agree",
    "bound",
    "close",
    "exact",
    "exercise",
    "grader",
    "holds",
    "order",
    "refutes",
    "within",
]
