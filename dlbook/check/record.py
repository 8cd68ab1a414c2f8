"""The line and the record that a passed check leaves, and its power."""

import math
import os
import sys
from typing import Any, NoReturn

import numpy as np

from dlbook.check.inventory import title

__all__ = ["MIME", "emit", "fail", "miss", "succeed", "weakest"]

MIME = "application/vnd.dlbook.check+json"


def succeed(id: str, kind: str, says: str, power: float | None) -> None:
    """Leave the line and the record of a check that passed."""
    emit(id, kind, says, f"✓ {title(id)}: {says}", power)


def fail(id: str, why: str) -> NoReturn:
    """Raise with the statement that failed, and why."""
    raise AssertionError(f"✗ {title(id)} ({id}): {why}")


def miss(id: str, why: str, timed: bool) -> None:
    """Fail; but a timing that misses says so and goes on.

    A busy machine refutes nothing. Only where ``DLBOOK_TIMINGS`` is
    ``strict``, as in the book's own tests, does a timing raise.
    """
    if not timed or os.environ.get("DLBOOK_TIMINGS") == "strict":
        fail(id, why)
    _print(f"? {title(id)}: {why}; if the machine is busy, run this again")


def weakest(slack: Any, scale: Any) -> float:
    """Return the smallest relative change of a claim that is noticed.

    Parameters
    ----------
    slack
        By how much each entry of the claim may change unnoticed.
    scale
        The size of each entry; where it is 0, nothing is noticed.
    """
    slack, scale = np.broadcast_arrays(np.abs(slack), np.abs(scale))
    seen = scale > 0
    return float(np.min(slack[seen] / scale[seen]))


def rounded(power: float | None) -> float | None:
    """Round up to one digit."""
    if power is None or power == 0:
        return power
    unit = 10.0 ** math.floor(math.log10(power))
    return float(f"{math.ceil(power / unit - 1e-9) * unit:.0e}")


def emit(
    id: str, kind: str, says: str, line: str, power: float | None = None
) -> None:
    """Show the line; in a notebook, attach the record to the output.

    The power stands in the metadata: it depends on rounding, and the
    outputs of two runs must agree.
    """
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is None or not hasattr(shell, "kernel"):
        _print(line)
        return
    from IPython.display import display

    data = {MIME: {"id": id, "kind": kind, "says": says}, "text/plain": line}
    metadata = {MIME: {"power": rounded(power)}}
    display(data, metadata=metadata, raw=True)  # type: ignore[no-untyped-call]


def _print(line: str) -> None:
    """Print on any terminal; what it cannot show becomes a question mark."""
    try:
        sys.stdout.write(line + "\n")
    except UnicodeEncodeError as error:
        encoded = line.encode(error.encoding, "replace")
        sys.stdout.write(encoded.decode(error.encoding) + "\n")
