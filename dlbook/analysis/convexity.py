"""Convexity, by chords and by tangents, and the steepest chord."""

import torch
from jaxtyping import Float
from torch import Tensor

from dlbook.analysis.points import Function, Points, each, values_of
from dlbook.shapes import door, expect, interval, same_shape

__all__ = ["convexity_gap", "steepest_chord", "tangent_gap"]


@door
def convexity_gap(
    f: Function, x: Points, y: Points, lam: Float[Tensor, " m"]
) -> Float[Tensor, " m"]:
    """Return how far each chord lies above f.

        λ f(x) + (1 − λ) f(y) − f(λ x + (1 − λ) y)

    f is convex if and only if this is ≥ 0 for all x, y and λ in [0, 1].

    Parameters
    ----------
    f
        Maps one point to a number.
    x, y
        The ends of the chords, each along the first axis.
    lam
        The weights λ of the points x, in [0, 1].

    Raises
    ------
    ValueError
        If shapes do not fit together, a weight is outside [0, 1], there is
        no point, or f gives something else than a number.
    TypeError
        If something is no array, or f no function.
    """
    same_shape("y", y, "x", x)
    expect("lam", lam, "m", m=len(x))
    if not bool(((lam >= 0) & (lam <= 1)).all()):
        raise ValueError(
            f"lam: expected weights in [0, 1], got {float(lam.min()):g} to "
            f"{float(lam.max()):g}; outside, the point is not on the chord"
        )
    w = lam.reshape(-1, *(1,) * (x.ndim - 1))
    chord = lam * values_of(f, x) + (1 - lam) * values_of(f, y)
    return chord - values_of(f, w * x + (1 - w) * y)


@door
def tangent_gap(
    f: Function, x: Points, y: Points, *, mu: float = 0.0
) -> Float[Tensor, " m"]:
    """Return how far f(y) lies above the tangent at x plus a parabola.

        f(y) − f(x) − ∇f(x)ᵀ(y − x) − μ/2 ‖y − x‖²

    For differentiable f it is ≥ 0 for all x, y if and only if f is convex
    (μ = 0), μ-strongly convex (μ > 0); it is ≤ 0 with L for μ if f is
    L-smooth.

    Parameters
    ----------
    f
        Maps one point to a number; made of torch's operations.
    x
        Where the tangents touch, along the first axis.
    y
        Where the heights are taken, one for each x.
    mu
        Curvature μ of the parabola, in units of f over those of x squared.

    Raises
    ------
    ValueError
        If shapes do not fit together, there is no point, or f gives
        something else than a number.
    TypeError
        If something is no array, or f cannot be differentiated.
    """
    same_shape("y", y, "x", x)
    interval("mu", mu, "(-inf, inf)", "it is a curvature")
    values_of(f, x)  # refuses what grad would explain badly
    slope, start = each("f", torch.func.grad_and_value(f), (0,), x)
    d = (y - x).reshape(len(x), -1)
    rise = (slope.reshape(len(x), -1) * d).sum(1)
    square = d.square().sum(1)
    above: Tensor = values_of(f, y) - start - rise - mu / 2 * square
    return above


@door
def steepest_chord(
    x: Float[Tensor, " m"], y: Float[Tensor, " m"]
) -> Float[Tensor, ""]:
    """Return max |y_i − y_j| / |x_i − x_j|, a lower bound of Lipschitz's L.

    Neighbours suffice: a chord over several points has a slope between those
    of its parts.

    Parameters
    ----------
    x
        Distinct points of the line, in any order.
    y
        The values there.

    Raises
    ------
    ValueError
        If x and y differ in length, there are fewer than two points, or two
        of them are equal.
    TypeError
        If they are not real numbers.
    """
    expect("x", x, "m")
    same_shape("y", y, "x", x)
    order = x.argsort()
    step = x[order].diff()
    if len(x) < 2 or not bool((step > 0).all()):
        raise ValueError(
            f"x: expected two points or more, all distinct, got {len(x)} of "
            f"which {len(set(x.tolist()))} are distinct; drop the others"
        )
    return (y[order].diff() / step).abs().max()
