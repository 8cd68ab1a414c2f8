"""Steps repeated, and averages of the points that they visit."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from dlbook.optim.state import Grad, Point, Step
from dlbook.shapes import array, door, interval, same_shape, whole
from dlbook.shapes import function as a_function

__all__ = ["ema", "minimize", "polyak"]


@door
def minimize(
    step: Step,
    grad: Grad,
    theta: Point,
    *,
    steps: int,
    until: Callable[[Tensor], bool | Tensor] | None = None,
) -> Float[Tensor, "k ..."]:
    """Collect the points θ_0, θ_1, ... that repeated steps visit.

    Divergence is not hidden: inf and nan are returned like other points.

    Parameters
    ----------
    step
        One of those above, as in ``partial(momentum, eta=0.1, beta=0.9)``.
    grad
        Maps a point to ∇J there, of the same shape.
    theta
        The start θ_0.
    steps
        How many to take at most.
    until
        Stops at the first point, θ_0 included, where it is true.

    Raises
    ------
    ValueError
        If `steps` is negative, a step changes the shape, or as `step` does.
    TypeError
        If something is no array or no function, or as `step` does.
    """
    steps = whole("steps", steps, "[0, inf)", "with 0 the start is returned")
    a_function("step", step)
    a_function("grad", grad)
    points, state = [theta], None
    while len(points) <= steps and not (until and until(theta)):
        theta, state = step(theta, grad, state)
        theta = array("step", theta)
        same_shape("step", theta, "theta", points[0])
        points.append(theta)
    return torch.stack(points)


@door
def polyak(mean: Point, theta: Point, t: int) -> Point:
    """Average all points so far: mean_t = (1 − 1/t) mean_{t−1} + θ_t / t.

    Parameters
    ----------
    mean
        The mean of the points before.
    theta
        The new point θ_t.
    t
        How many points there are with it, 1, 2, ...; at t = 1 the old mean
        has weight 0.

    Raises
    ------
    ValueError
        If the shapes differ, or t is out of its range.
    TypeError
        If something is not real numbers, or t not whole.

    Source: Polyak and Juditsky (1992); Ruppert (1988).
    """
    same_shape("mean", mean, "theta", theta)
    t = whole("t", t, "[1, inf)", "count the points from 1")
    return (1 - 1 / t) * mean + theta / t


@door
def ema(mean: Point, theta: Point, *, beta: float) -> Point:
    """Average with fading memory: mean_t = (1 − β) mean_{t−1} + β θ_t.

    β in [0, 1] is the weight of the *new* point, so that β = 1/t gives
    `polyak`; the decay of `torch.optim.swa_utils` is 1 − β.

    Parameters
    ----------
    mean
        The average of the points before.
    theta
        The new point θ_t.
    beta
        Weight β of the new point, in [0, 1].

    Raises
    ------
    ValueError
        If the shapes differ, or β is out of its range.
    TypeError
        If something is not real numbers.
    """
    same_shape("mean", mean, "theta", theta)
    interval("beta", beta, "[0, 1]", "it is the weight of the new point")
    return (1 - beta) * mean + beta * theta
