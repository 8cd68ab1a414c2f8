"""Two computations of one thing, compared; each raises or leaves a record."""

from numbers import Number
from typing import Any

import numpy as np

from dlbook.check.inventory import inventory, title
from dlbook.check.record import fail, succeed, weakest
from dlbook.check.values import (
    is_array,
    numbers,
    precision,
    short,
    truth,
    whole,
    worst,
)

__all__ = ["close", "exact", "holds", "refutes"]


def close(
    id: str,
    got: Any,
    expected: Any,
    *,
    atol: float | int | None = None,
    rtol: float | int | None = None,
    scale: Any = None,
    says: str | None = None,
) -> None:
    """Check that two computations of one quantity agree.

    Passes if ``|got - expected| <= atol + rtol |expected|`` everywhere and
    the shapes are equal; NaN and infinity never pass. Both sides are
    converted to float64 or complex128 first.

    The power is the smallest factor 1 ± p on `expected` that would be
    noticed: ``p = (tolerance + |got - expected|) / |expected|`` at the entry
    where that is least.

    Parameters
    ----------
    id
        Statement of the sheet, e.g. ``"opt-adam"``, or an experiment.
    got, expected
        Numbers or arrays that share no code.
    atol, rtol
        Largest absolute and relative difference; one left out is 0. Left
        out both, they are the defaults of the less precise dtype.
    scale
        Size of the terms that cancel, where `expected` is 0 everywhere.
    says
        What has been checked, if the default says too little.

    Raises
    ------
    AssertionError
        If they differ.
    ValueError
        If the id is unknown, an array is empty, a tolerance is not > 0, or
        0 is expected and no scale is given.
    """
    title(id)
    x, y = numbers(id, "got", got), numbers(id, "expected", expected)
    if atol is None and rtol is None:
        rtol, atol = precision(got, expected)
        to = "rounding"
    else:
        rtol, atol = rtol or 0.0, atol or 0.0
        if not (min(rtol, atol) >= 0 and max(rtol, atol) > 0):
            raise ValueError(
                f"{id}: expected a tolerance > 0, got atol = {atol:g}, "
                f"rtol = {rtol:g}; use check.exact for equality"
            )
        to = f"{atol:g}" if atol else f"{rtol:g} relative"
    if x.shape != y.shape:
        fail(id, f"got shape {x.shape}, expected {y.shape}")
    size = _size(id, y, scale)
    with np.errstate(invalid="ignore"):
        off, tolerance = np.abs(x - y), atol + rtol * np.abs(y)
        excess = off - tolerance
    if not np.all(excess <= 0):  # NaN is not <= 0
        i = worst(excess)
        at = f" at {i}" if i else ""
        fail(
            id,
            f"got {x[i]:.9g}{at}, expected {y[i]:.9g}, "
            f"tolerance {atol:g} + {rtol:g} |expected|",
        )
    power = weakest(off + tolerance, size)
    succeed(id, "close", says or f"both sides agree to {to}", power)


def _size(id: str, y: Any, scale: Any) -> Any:
    """Return the size of each entry of a claim, to measure power by."""
    if scale is None and np.any(y):
        return np.abs(y)
    if scale is None:
        raise ValueError(
            f"{id}: expected: is 0 everywhere, so no error is a part of it; "
            "give the size of the terms that cancel as scale"
        )
    if not (scale > 0 and np.isfinite(scale)):
        raise ValueError(f"{id}: scale: expected > 0, got {scale}")
    return np.full(np.shape(y), float(scale))


def exact(id: str, got: Any, expected: Any, says: str | None = None) -> None:
    """Check that two values are equal.

    Whole numbers of any size are compared as they are; the power is 0, any
    change is noticed.

    Parameters
    ----------
    id
        Statement of the sheet, or an experiment.
    got, expected
        Arrays of one shape, or any values with ``==``.
    says
        What has been checked, if the default says too little.

    Raises
    ------
    AssertionError
        If they differ; NaN equals nothing.
    """
    title(id)
    power: float | None = 0.0
    if is_array(got) or is_array(expected):
        x, y = whole(id, "got", got), whole(id, "expected", expected)
        same = x.shape == y.shape and bool(np.all(x == y))
    else:
        same = truth(id, got == expected)
        number = isinstance(expected, Number)
        power = 0.0 if number and not isinstance(expected, bool) else None
    if not same:
        fail(id, f"got {short(got)}, expected {short(expected)}, exactly")
    succeed(id, "exact", says or "both sides are equal", power)


def refutes(
    id: str,
    printed: Any,
    true: Any,
    *,
    by: float | int | None = None,
    says: str | None = None,
) -> None:
    """Check that what the sheet prints is wrong, and by how much.

    Passes if some entry of `printed` differs from `true` by more than `by`,
    or if the shapes differ. Claims that have no numbers (words, or True
    against False) must simply differ: do not hide a comparison in them, for
    ``bool(nan < 10)`` is False too.

    The power is the smallest error of the printed formula, relative to the
    largest entry of `true`, that would count as one.

    Parameters
    ----------
    id
        Statement of the sheet, one that is not printed correctly.
    printed
        What the printed formula gives, or what it claims.
    true
        What is so, computed by other means.
    by
        Smallest difference that counts, in the unit of `true`; left out, 1 %
        of the largest entry of `true` (0.01 if that is 0).
    says
        What has been refuted, if the default says too little.

    Raises
    ------
    AssertionError
        If the printed formula agrees, or either side is NaN.
    ValueError
        If the inventory says that the statement is printed correctly.
    """
    title(id)
    if id not in inventory() or inventory()[id]["verdict"] == "ok":
        raise ValueError(f"{id}: not an erratum; its verdict is ok")
    if any(isinstance(v, bool | str | np.bool_) for v in (printed, true)):
        if by is not None:
            raise ValueError(f"{id}: by: needs numbers, got {true!r}")
        if type(printed) is not type(true) or truth(id, printed == true):
            fail(id, f"printed {printed!r}, true {true!r}: no difference")
        succeed(id, "refutes", says or "what is printed is not so", None)
        return
    x, y = numbers(id, "printed", printed), numbers(id, "true", true)
    if np.isnan(x).any() or not np.isfinite(y).all():
        fail(id, "cannot refute by NaN, or against what is not finite")
    if x.shape != y.shape:
        fact = f"as printed its shape is {x.shape}, not {y.shape}"
        succeed(id, "refutes", says or fact, 0.0)
        return
    if by is not None and not by > 0:
        raise ValueError(f"{id}: by: expected > 0, got {by}")
    scale = float(np.abs(y).max())
    margin = by or 0.01 * scale or 0.01
    off = float(np.abs(x - y).max())
    if not off > margin:
        fail(
            id,
            f"the printed formula is off by {off:.3g} only, expected more "
            f"than {margin:.3g}",
        )
    more = "1 %" if by is None and scale else f"{margin:g}"
    fact = f"as printed it is off by more than {more}"
    power = margin / (scale or (off if np.isfinite(off) else 1.0))
    succeed(id, "refutes", says or fact, power)


def holds(id: str, condition: Any, says: str) -> None:
    """Check a condition that has no numbers, or that no other check fits.

    Parameters
    ----------
    id
        Statement of the sheet, or an experiment.
    condition
        One truth value; an array must be reduced with ``all`` or ``any``.
    says
        The fact, as a sentence that is true if the condition is.

    Raises
    ------
    AssertionError
        If the condition is false.
    TypeError
        If it is not one truth value.
    """
    title(id)
    if not truth(id, condition):
        fail(id, f"expected: {says}; got False")
    succeed(id, "holds", says, None)
