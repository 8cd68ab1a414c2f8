"""Claims about what is measured: a mean, a bound, an order of growth."""

from typing import Any

import numpy as np

from dlbook.check.inventory import title
from dlbook.check.record import fail, miss, succeed, weakest
from dlbook.check.values import numbers, worst

__all__ = ["bound", "order", "within"]

ROUNDING = 1e-9  # how much of a bound rounding may add to what keeps it


def within(
    id: str,
    samples: Any,
    *,
    expected: Any = None,
    at_most: Any = None,
    at_least: Any = None,
    sigmas: float | int = 5,
    says: str | None = None,
) -> None:
    """Check the mean of independent draws, to its own standard error.

    The tolerance is ``sigmas`` standard errors ``sd / sqrt(n)`` of the mean,
    estimated from the draws. The power is the smallest part of the claim
    (where that is 0, of the draws' standard deviation) by which it could be
    changed and would fail.

    Parameters
    ----------
    id
        Statement of the sheet, or an experiment.
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
        fail(id, f"one draw has shape {x.shape[1:]}, the claim {y.shape}")
    mean, sd = x.mean(0), x.std(0, ddof=1)
    error = sd / np.sqrt(len(x))
    off = {
        "expected": np.abs(mean - y),
        "at most": mean - y,
        "at least": y - mean,
    }[given[0]]
    if not np.all(off <= sigmas * error):
        i = worst(off - sigmas * error)
        fail(
            id,
            f"got mean {mean[i]:.6g}, {given[0]} {y[i]:.6g}, "
            f"tolerance {sigmas:g} standard errors of {error[i]:.2g}",
        )
    side = 1 if given[0] == "expected" else -1  # room below a bound is slack
    slack = sigmas * error + side * off
    scale = np.where(y == 0, sd, np.abs(y))
    power = weakest(slack, scale) if np.any(scale) else 0.0
    fact = "agrees" if given[0] == "expected" else "keeps its bound"
    says = says or f"the mean {fact} to {sigmas:g} standard errors"
    succeed(id, "within", says, power)


def bound(
    id: str,
    values: Any,
    bounds: Any,
    *,
    reached: float | int = 0.9,
    scale: Any = None,
    timed: bool = False,
    says: str | None = None,
) -> None:
    """Check an inequality: all values keep their bound, one comes near it.

    Passes if ``values <= bounds`` everywhere (but for rounding, 1e-9 of the
    bound) and ``bounds - values <= (1 - reached) |bounds|`` somewhere, where
    the bound is not 0. Without a case near equality, a bound that is too
    large by a factor would pass as well. For a lower bound, give it as
    `values` and what keeps it as `bounds`.

    The power is the smallest part by which the bound could be lowered and
    would fail.

    Parameters
    ----------
    id
        Statement of the sheet, or an experiment.
    values
        What is measured, numbers or an array.
    bounds
        What the statement allows: of the same shape, or one number.
    reached
        Share of its bound that some value must reach, in [0, 1]. 0 asks for
        nothing; then `says` has to give the reason.
    scale
        Size to measure the distance by, where the bound is 0 everywhere.
    timed
        Whether the values are times: then a miss is said, and raises only
        where ``DLBOOK_TIMINGS`` is ``strict``.
    says
        What has been checked, if the default says too little.

    Raises
    ------
    AssertionError
        If a value exceeds its bound, is not finite, or none comes near.
    ValueError
        If the shapes do not fit, or `reached` is not in [0, 1].
    """
    title(id)
    if not 0 <= reached <= 1:
        raise ValueError(
            f"{id}: reached: expected a share in [0, 1], got {reached}"
        )
    x, y = numbers(id, "values", values), numbers(id, "bounds", bounds)
    if y.shape not in ((), x.shape):
        raise ValueError(
            f"{id}: bounds: expected shape {x.shape} like values, or one "
            f"number, got {y.shape}"
        )
    if np.iscomplexobj(x) or np.iscomplexobj(y):
        raise TypeError(f"{id}: expected real numbers; compare their abs")
    y = np.broadcast_to(y, x.shape)
    size = np.abs(y) if scale is None else np.full(x.shape, float(scale))
    if not np.any(size):
        raise ValueError(
            f"{id}: bounds: are 0 everywhere; give a size to measure the "
            "distance by as scale"
        )
    with np.errstate(invalid="ignore"):
        room = y - x
    if not (np.all(room >= -ROUNDING * size) and np.all(np.isfinite(room))):
        i = worst(np.where(np.isfinite(room), -room, np.inf))
        at = f" at {i}" if i else ""
        why = f"got {x[i]:.9g}{at}, expected at most {y[i]:.9g}"
        return miss(id, why, timed)
    nearest = weakest(np.maximum(room, 0), size)
    if nearest > 1 - reached + ROUNDING:
        why = (
            f"no value comes nearer to its bound than {nearest:.2g} of it, "
            f"expected {1 - reached:.2g}; look for a worse case"
        )
        return miss(id, why, timed)
    near = f", and one comes within {1 - reached:.2g} of it"
    fact = "every value keeps its bound" + (near if reached else "")
    return succeed(id, "bound", says or fact, nearest + ROUNDING)


def order(
    id: str,
    sizes: Any,
    values: Any,
    *,
    expected: float | int,
    atol: float = 0.3,
    straight: float = 0.25,
    timed: bool = False,
    says: str | None = None,
) -> None:
    """Check how a quantity grows: values proportional to sizes ** expected.

    The exponent is the slope of the least-squares line through the points
    ``(log size, log value)``. Passes if it is within `atol` of `expected`
    and no value is off the line by more than the factor ``1 + straight``.
    An `atol` below 0.5 excludes the neighbouring whole exponents.

    The power is the smallest change of the exponent that would be noticed,
    as a part of it (of 1, if 0 is expected).

    Parameters
    ----------
    id
        Statement of the sheet, or an experiment.
    sizes, values
        At least 3 positive numbers each; the largest size is at least twice
        the smallest.
    expected
        The exponent, e.g. 2 for quadratic growth, -1 for 1/n.
    atol
        How far the fitted exponent may be off, in (0, 0.5).
    straight
        How far a value may be off the fitted line, as a part of it.
    timed
        Whether the values are times: then a miss is said, and raises only
        where ``DLBOOK_TIMINGS`` is ``strict``.
    says
        What has been checked, if the default says too little.

    Raises
    ------
    AssertionError
        If the exponent is another one, or the points lie on no line.
    ValueError
        If there are too few points, or `atol` does not exclude neighbours.
    """
    title(id)
    if not 0 < atol < 0.5:
        raise ValueError(
            f"{id}: atol: expected a number in (0, 0.5), got {atol}; "
            "otherwise the next whole exponent passes too"
        )
    x, y = numbers(id, "sizes", sizes), numbers(id, "values", values)
    if x.ndim != 1 or x.shape != y.shape or len(x) < 3:
        raise ValueError(
            f"{id}: sizes, values: expected at least 3 numbers each, got "
            f"shapes {x.shape} and {y.shape}"
        )
    if not (np.all(x > 0) and x.max() >= 2 * x.min()):
        raise ValueError(
            f"{id}: sizes: expected positive numbers over a factor of 2 or "
            f"more, got {x.min():g} to {x.max():g}"
        )
    if not np.all((y > 0) & np.isfinite(y)):
        fail(id, "values: expected positive finite numbers to fit")
    slope, log_c = np.polyfit(np.log(x), np.log(y), 1)
    off = np.exp(np.abs(np.log(y) - slope * np.log(x) - log_c)) - 1
    if not abs(slope - expected) <= atol:
        why = f"got exponent {slope:.3g}, expected {expected:g} ± {atol:g}"
        return miss(id, why, timed)
    if not np.all(off <= straight):
        i = int(np.argmax(off))
        why = (
            f"no power law: the value at size {x[i]:g} is off the line by "
            f"{off[i]:.0%}, expected at most {straight:.0%}"
        )
        return miss(id, why, timed)
    power = (atol + abs(slope - expected)) / (abs(expected) or 1.0)
    fact = f"grows with exponent {expected:g} to ±{atol:g}"
    return succeed(id, "order", says or fact, power)
