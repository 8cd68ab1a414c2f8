"""Exercises: a chapter registers their self-checks, a reader calls them."""

from collections.abc import Callable
from typing import Any

from dlbook.check.inventory import nearest
from dlbook.check.record import emit

__all__ = ["exercise", "grader"]

GRADERS: dict[str, Callable[[Any], None]] = {}


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
            f"{type(error).__name__}: {error}"
        ) from error
    emit(label, "exercise", "passes", f"✓ Exercise {label}: passes")
