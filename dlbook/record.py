"""Shared room: the statements of the sheet and the records of checks.

What ``dlbook.check`` stands on; chapters use that module.
"""

import difflib
import functools
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

__all__ = [
    "MIME",
    "emit",
    "exercise",
    "grader",
    "inventory",
    "is_array",
    "numbers",
    "precision",
    "short",
    "title",
    "truth",
    "worst",
]

MIME = "application/vnd.dlbook.check+json"

# What two computations of one number may differ by: (rtol, atol) of the
# less precise dtype, as in torch.testing.assert_close.
PRECISION = {"float16": (1e-3, 1e-5), "float32": (1.3e-6, 1e-5)}
DOUBLE = (1e-7, 1e-7)
COMPLEX = {"complex64": "float32"}

GRADERS: dict[str, Callable[[Any], None]] = {}


@functools.cache
def inventory() -> Mapping[str, Mapping[str, str]]:
    """Return the statements of the sheet by id."""
    here = Path(__file__)
    installed = here.with_name("cheatsheet.yml")
    checkout = here.parents[1] / "chapters" / "cheatsheet.yml"
    path = installed if installed.exists() else checkout
    entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {entry["id"]: entry for entry in entries}


def title(id: str) -> str:
    """Return "11.3.2 Gradient descent", or refuse an unknown id."""
    if id not in inventory():
        raise ValueError(f"{id}: no such statement{_nearest(id, inventory())}")
    return "{number} {title}".format_map(inventory()[id])


def _nearest(word: str, known: Mapping[str, Any]) -> str:
    near = difflib.get_close_matches(word, known, n=3, cutoff=0.4)
    return f"; nearest: {', '.join(near)}" if near else ""


def is_array(x: Any) -> bool:
    """Say whether x is an array of NumPy, torch or their like."""
    return hasattr(x, "shape") and hasattr(x, "dtype")


def numbers(id: str, name: str, x: Any) -> NDArray[Any]:
    """Return an array of numbers that is not empty."""
    if hasattr(x, "detach"):
        x = x.detach().cpu()
    a = np.asarray(x)
    if a.dtype.kind not in "biufc":
        raise TypeError(f"{id}: {name}: expected numbers, got {short(x)}")
    if a.size == 0:
        raise ValueError(
            f"{id}: {name}: expected something to compare, got shape {a.shape}"
        )
    return a if a.dtype.kind != "b" else a.astype(int)


def precision(a: NDArray[Any]) -> tuple[float, float]:
    """Return (rtol, atol): what rounding may do to this dtype."""
    dtype = COMPLEX.get(a.dtype.name, a.dtype.name)
    return PRECISION.get(dtype, DOUBLE)


def worst(excess: Any) -> tuple[int, ...]:
    """Return where the largest entry stands; NaN counts as largest."""
    i = np.argmax(np.nan_to_num(excess, nan=np.inf))
    return tuple(map(int, np.unravel_index(i, np.shape(excess))))


def truth(id: str, condition: Any) -> bool:
    """Return one truth value as a bool, or refuse what is not one."""
    value = (
        condition.item()
        if getattr(condition, "shape", None) == ()
        else condition
    )
    if not isinstance(value, bool):
        raise TypeError(
            f"{id}: expected one truth value, got {short(condition)}; "
            "reduce it with all or any"
        )
    return value


def short(x: Any) -> str:
    """Return the repr, cut to 60 characters."""
    text = repr(x)
    return text if len(text) <= 60 else text[:57] + "..."


def emit(id: str, kind: str, says: str, line: str) -> None:
    """Show the line; in a notebook, attach the record to the output."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is None or not hasattr(shell, "kernel"):
        sys.stdout.write(line + "\n")
        return
    from IPython.display import display

    record = {"id": id, "kind": kind, "says": says}
    display({MIME: record, "text/plain": line}, raw=True)  # type: ignore[no-untyped-call]


def grader(
    label: str,
) -> Callable[[Callable[[Any], None]], Callable[[Any], None]]:
    """Register the decorated function as the self-check of an exercise.

    Parameters
    ----------
    label
        Label of the exercise, ``"ex-..."``. The function takes an answer and
        raises ``AssertionError`` unless it is right.
    """

    def register(test: Callable[[Any], None]) -> Callable[[Any], None]:
        GRADERS[label] = test
        return test

    return register


def exercise(label: str, answer: Any) -> None:
    """Check an answer to an exercise.

    Parameters
    ----------
    label
        Label of the exercise, e.g. ``"ex-adamw"``.
    answer
        Your function (or value).

    Raises
    ------
    AssertionError
        If the answer is not right yet; the message says where.
    ValueError
        If this notebook has no such exercise.
    """
    if label not in GRADERS:
        raise ValueError(
            f"{label}: no such exercise here{_nearest(label, GRADERS)}; "
            "run the cell with its self-check first"
        )
    try:
        GRADERS[label](answer)
    except AssertionError as error:
        raise AssertionError(f"{label}: not yet. {error}") from None
    except Exception as error:
        raise AssertionError(
            f"{label}: not yet. The answer raises "
            f"{type(error).__name__}: {error}"
        ) from error
    emit(label, "exercise", "passes", f"✓ Exercise {label}: passes")
