"""Exercises: a chapter registers their self-checks, a reader calls them."""

import linecache
import traceback
from collections.abc import Callable
from typing import Any

import numpy as np

from dlbook.check.inventory import nearest
from dlbook.check.record import emit
from dlbook.check.values import dtype, is_array, numbers, short, worst

__all__ = ["agree", "exercise", "grader"]

GRADERS: dict[str, Callable[[Any], None]] = {}


def grader(
    label: str,
) -> Callable[[Callable[[Any], None]], Callable[[Any], None]]:
    """Register the decorated function as the self-check of an exercise.

    A cell may run again; another function in the place of the first is
    refused, so that an exercise cannot be redefined into passing.

    Parameters
    ----------
    label
        Label of the exercise, ``"ex-..."``. The function takes an answer and
        raises ``AssertionError`` unless it is right.

    Raises
    ------
    ValueError
        If the exercise has another self-check already.
    """

    def register(test: Callable[[Any], None]) -> Callable[[Any], None]:
        before = GRADERS.setdefault(label, test)
        if getattr(before, "__code__", 0) != getattr(test, "__code__", 1):
            raise ValueError(
                f"{label}: has another self-check already; restart the "
                "kernel to change it"
            )
        GRADERS[label] = test
        return test

    return register


def agree(
    got: Any, expected: Any, /, *, rtol: float = 1e-9, **case: Any
) -> None:
    """Compare an answer with what is right, and say in words what is not.

    For graders. Looks at the form first: how many values, which shape, which
    dtype; then at the numbers, to ``rtol`` of the largest one that is
    expected: rounding passes, a cast to float32 on the way does not.

    Parameters
    ----------
    got
        What the answer returned.
    expected
        What is right: a number, an array, or a tuple or list of them.
    rtol
        Largest difference, as a part of the largest entry.
    **case
        What the answer was called with, e.g. ``m=2``, for the message.

    Raises
    ------
    AssertionError
        If the answer is not right; the message names the case.

    Examples
    --------
    >>> agree(1.0, (1.0, 2.0), m=2)
    Traceback (most recent call last):
    AssertionError: for m = 2: expected 2 values as a tuple, got a float
    """
    named = ", ".join(f"{k} = {short(v)}" for k, v in case.items())
    if why := _difference(got, expected, rtol):
        raise AssertionError(f"for {named}: {why}" if named else why)


def _difference(got: Any, expected: Any, rtol: float) -> str:
    if isinstance(expected, tuple | list):
        n = len(expected)
        if not isinstance(got, tuple | list):
            return f"expected {n} values as a tuple, got {_form(got)}"
        if len(got) != n:
            return f"expected {n} values, got {len(got)}"
        for i, pair in enumerate(zip(got, expected, strict=True)):
            if why := _difference(*pair, rtol):
                return f"value {i + 1} of {n}: {why}"
        return ""
    if isinstance(got, tuple | list) or got is None:
        return f"expected {_form(expected)}, got {_form(got)}"
    x, y = numbers("answer", "got", got), numbers("answer", "right", expected)
    if x.shape != y.shape:
        return f"expected {_form(expected)}, got {_form(got)}"
    if is_array(got) and is_array(expected) and dtype(got) != dtype(expected):
        return (
            f"expected {dtype(expected)}, got {dtype(got)}; keep the dtype "
            "of what is given"
        )
    with np.errstate(invalid="ignore"):
        excess = np.abs(x - y) - rtol * np.max(np.abs(y))
    if np.all(excess <= 0):
        return ""
    place = worst(excess)
    at = f" at {place}" if place else ""
    return f"expected {y[place]:.9g}{at}, got {x[place]:.9g}"


def _form(x: Any) -> str:
    """Return in words what something is: "a tensor of shape (3, 2)"."""
    if x is None:
        return "nothing (is there a return?)"
    if isinstance(x, tuple | list):
        return f"{len(x)} values"
    name = type(x).__name__.lower()
    article = "an" if name[0] in "aeiou" else "a"
    shape = f" of shape {tuple(x.shape)}" if is_array(x) else ""
    return f"{article} {name}{shape}"


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
            f"{label}: no such exercise here{nearest(label, GRADERS)}; "
            "run the cell with its self-check first"
        )
    try:
        GRADERS[label](answer)
    except AssertionError as error:
        raise AssertionError(f"{label}: not yet. {error}") from None
    except Exception as error:
        raise AssertionError(
            f"{label}: not yet. The answer raises "
            f"{type(error).__name__}: {error}{_line(error, answer)}"
        ) from error
    emit(label, "exercise", "passes", f"✓ Exercise {label}: passes")


def _line(error: Exception, answer: Any) -> str:
    """Say in which line of the answer it raised, if it was there."""
    code = getattr(answer, "__code__", None)
    if code is None:
        return ""
    file, first = code.co_filename, code.co_firstlineno
    frames = traceback.extract_tb(error.__traceback__)
    mine = [f.lineno or 0 for f in frames if f.filename == file]
    inside = [number for number in mine if number > first]
    if not inside:
        return ""
    text = linecache.getline(file, inside[-1]).strip()
    return f" (line {inside[-1] - first + 1} of your answer: {text})"
