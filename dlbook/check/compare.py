"""The comparisons; each raises, or leaves one line and one record."""

from typing import Any, NoReturn

import numpy as np

from dlbook.check.inventory import inventory, title
from dlbook.check.record import emit
from dlbook.check.values import (
    is_array,
    numbers,
    precision,
    short,
    truth,
    worst,
)

__all__ = ["close", "exact", "holds", "refutes", "within"]


def close(
    id: str,
    got: Any,
    expected: Any,
    *,
    atol: float | None = None,
    rtol: float | None = None,
    says: str | None = None,
) -> None:
    """Check that two computations of one quantity agree.

    Passes if ``|got - expected| <= atol + rtol |expected|`` everywhere and
    the shapes are equal; NaN and infinity never pass.

    Parameters
    ----------
    id
        Statement of the sheet, e.g. ``"opt-adam"``.
    got, expected
        Numbers or arrays that share no code.
    atol, rtol
        Largest absolute and relative difference; one left out is 0. Left
        out both, they are the defaults of the less precise dtype.
    says
        What has been checked, if the default says too little.

    Raises
    ------
    AssertionError
        If they differ.
    ValueError
        If the id is unknown, an array is empty or a tolerance is not > 0.
    """
    title(id)
    x, y = numbers(id, "got", got), numbers(id, "expected", expected)
    if atol is None and rtol is None:
        rtol, atol = max(precision(x), precision(y))
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
        _fail(id, f"got shape {x.shape}, expected {y.shape}")
    with np.errstate(invalid="ignore"):
        excess = np.abs(x - y) - (atol + rtol * np.abs(y))
    if not np.all(excess <= 0):  # NaN is not <= 0
        i = worst(excess)
        at = f" at {i}" if i else ""
        _fail(
            id,
            f"got {x[i]:.9g}{at}, expected {y[i]:.9g}, "
            f"tolerance {atol:g} + {rtol:g} |expected|",
        )
    _pass(id, "close", says or f"both sides agree to {to}")


def exact(id: str, got: Any, expected: Any, says: str | None = None) -> None:
    """Check that two values are equal.

    Parameters
    ----------
    id
        Statement of the sheet.
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
    if is_array(got) or is_array(expected):
        x, y = numbers(id, "got", got), numbers(id, "expected", expected)
        same = x.shape == y.shape and bool(np.all(x == y))
    else:
        same = truth(id, got == expected)
    if not same:
        _fail(
            id,
            f"got {short(got)}, expected {short(expected)}, exactly",
        )
    _pass(id, "exact", says or "both sides are equal")


def within(
    id: str,
    samples: Any,
    *,
    expected: Any = None,
    at_most: Any = None,
    at_least: Any = None,
    sigmas: float = 5,
    says: str | None = None,
) -> None:
    """Check the mean of independent draws, to its own standard error.

    The tolerance is ``sigmas`` standard errors ``sd / sqrt(n)`` of the mean,
    estimated from the draws.

    Parameters
    ----------
    id
        Statement of the sheet.
    samples
        Independent draws along axis 0, at least 30.
    expected, at_most, at_least
        The claim about the mean: exactly one of the three, of shape
        ``samples.shape[1:]``.
    sigmas
        Standard errors that the mean may be off.
    says
        What has been checked, if the default says too little.

    Raises
    ------
    AssertionError
        If the mean is too far off, or not a number.
    ValueError
        If there are fewer than 30 draws, or not one claim.
    """
    title(id)
    claims = {"expected": expected, "at most": at_most, "at least": at_least}
    given = [k for k, v in claims.items() if v is not None]
    if len(given) != 1:
        raise ValueError(
            f"{id}: expected one of expected, at_most, at_least; "
            f"got {len(given)}; split the claim into several checks"
        )
    x = numbers(id, "samples", samples)
    y = numbers(id, given[0], claims[given[0]])
    if x.ndim == 0 or len(x) < 30:
        few = f"{id}: samples: expected at least 30 draws along axis 0"
        raise ValueError(f"{few}, got shape {x.shape}; draw more")
    if x.shape[1:] != y.shape:
        _fail(id, f"one draw has shape {x.shape[1:]}, the claim {y.shape}")
    mean, error = x.mean(0), x.std(0, ddof=1) / np.sqrt(len(x))
    sign = {"expected": np.sign(mean - y), "at most": 1, "at least": -1}
    off = sign[given[0]] * (mean - y)
    if not np.all(off <= sigmas * error):
        i = worst(off - sigmas * error)
        _fail(
            id,
            f"got mean {mean[i]:.6g}, {given[0]} {y[i]:.6g}, "
            f"tolerance {sigmas:g} standard errors of {error[i]:.2g}",
        )
    fact = "agrees" if given[0] == "expected" else "keeps its bound"
    says = says or f"the mean {fact} to {sigmas:g} standard errors"
    _pass(id, "within", says)


def refutes(
    id: str,
    printed: Any,
    true: Any,
    *,
    by: float | None = None,
    says: str | None = None,
) -> None:
    """Check that what the sheet prints is wrong, and by how much.

    Passes if some entry of `printed` differs from `true` by more than `by`,
    or if the shapes differ. Claims that are no numbers (``True``, words)
    must simply differ.

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
    if inventory()[id]["verdict"] == "ok":
        raise ValueError(f"{id}: not an erratum; its verdict is ok")
    if any(isinstance(v, bool | str | np.bool_) for v in (printed, true)):
        if by is not None:
            raise ValueError(f"{id}: by: needs numbers, got {true!r}")
        if type(printed) is not type(true) or truth(id, printed == true):
            _fail(id, f"printed {printed!r}, true {true!r}: no difference")
        _pass(id, "refutes", says or "what is printed is not so")
        return
    x, y = numbers(id, "printed", printed), numbers(id, "true", true)
    if np.isnan(x).any() or not np.isfinite(y).all():
        _fail(id, "cannot refute by NaN, or against what is not finite")
    if x.shape != y.shape:
        fact = f"as printed its shape is {x.shape}, not {y.shape}"
        _pass(id, "refutes", says or fact)
        return
    if by is not None and not by > 0:
        raise ValueError(f"{id}: by: expected > 0, got {by}")
    scale = float(np.abs(y).max())
    margin = by or 0.01 * scale or 0.01
    off = np.abs(x - y).max()
    if not off > margin:
        _fail(
            id,
            f"the printed formula is off by {off:.3g} only, expected more "
            f"than {margin:.3g}",
        )
    more = "1 %" if by is None and scale else f"{margin:g}"
    _pass(
        id,
        "refutes",
        says or f"as printed it is off by more than {more}",
    )


def holds(id: str, condition: Any, says: str) -> None:
    """Check a condition that no other kind of check fits.

    Parameters
    ----------
    id
        Statement of the sheet.
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
        _fail(id, f"expected: {says}; got False")
    _pass(id, "holds", says)


def _fail(id: str, why: str) -> NoReturn:
    raise AssertionError(f"✗ {title(id)} ({id}): {why}")


def _pass(id: str, kind: str, says: str) -> None:
    emit(id, kind, says, f"✓ {title(id)}: {says}")
