"""What a step is given and returns: points, gradients, schedules, states."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias, TypeVar

import torch
from jaxtyping import Float
from torch import Tensor

from dlbook.shapes import array, interval, number, same_shape, whole
from dlbook.shapes import function as a_function

__all__ = [
    "AdaGradState",
    "AdamState",
    "GDState",
    "Grad",
    "MomentumState",
    "NesterovState",
    "RMSPropState",
    "Schedule",
    "Step",
]

Point: TypeAlias = Float[Tensor, "*n"]  # any shape
Grad: TypeAlias = Callable[[Tensor], Tensor]
Schedule: TypeAlias = float | int | Callable[[int], float]
Step: TypeAlias = Callable[[Tensor, Grad, Any], tuple[Tensor, Any]]


class GDState(NamedTuple):
    """Nothing but the number of steps taken."""

    t: int = 0


class MomentumState(NamedTuple):
    """The point before the last step (at first the start itself)."""

    old: Tensor
    t: int = 0


class NesterovState(NamedTuple):
    """The point before the last step, not the one that was looked ahead."""

    old: Tensor
    t: int = 0


class AdaGradState(NamedTuple):
    """Sum of the squared gradients so far."""

    s: Tensor
    t: int = 0


class RMSPropState(NamedTuple):
    """Average of the squared gradients, the last ones with most weight."""

    s: Tensor
    t: int = 0


class AdamState(NamedTuple):
    """Averages of the gradients and of their squares, not yet corrected."""

    m: Tensor
    v: Tensor
    t: int = 0


State = TypeVar(
    "State",
    GDState,
    MomentumState,
    NesterovState,
    AdaGradState,
    RMSPropState,
    AdamState,
)


def at_time(schedule: Schedule, t: int) -> float:
    return number(schedule(t)) if callable(schedule) else schedule


def resumed(state: State | None, fresh: State, theta: Tensor) -> State:
    """Return the state or, at first, a fresh one; refuse what does not fit."""
    if state is None:
        return fresh
    want, got = type(fresh).__name__, type(state).__name__
    if got != want:
        raise TypeError(
            f"state: expected the {want} of the step before, got {got}; "
            "begin with None"
        )
    held = {
        name: like(theta, f"state.{name}", getattr(state, name))
        for name in fresh._fields
        if name != "t"
    }
    t = whole("state.t", state.t, "[0, inf)", "it counts the steps taken")
    return state._replace(**held, t=t)


def like(theta: Tensor, name: str, x: Any) -> Tensor:
    """Return x as a tensor; refuse what torch would broadcast or promote.

    A list, a number or a NumPy array follows the dtype of theta.
    """
    if isinstance(x, Tensor) and x.dtype != theta.dtype:
        raise TypeError(
            f"{name}: expected a tensor of {theta.dtype}, got {x.dtype}; "
            "convert one of the two"
        )
    y = array(name, x)
    if y.is_complex():
        raise TypeError(f"{name}: expected real numbers, got {y.dtype}")
    same_shape(name, y, "theta", theta)
    return y.to(theta)


def gradient_at(grad: Grad, at: Tensor) -> Tensor:
    """Return grad(at), unless torch would broadcast or promote it."""
    a_function("grad", grad)
    return like(at, "grad(theta)", grad(at))


def in_range(
    theta: Tensor, *, eta: Schedule, eps: float = 0.0, **betas: Schedule
) -> None:
    """Refuse what torch would accept silently or explain badly."""
    if not callable(eta):
        interval("eta", eta, "(0, inf)", "steps go downhill by themselves")
    for name, beta in betas.items():
        if not callable(beta):
            interval(name, beta, "[0, 1)", "at 1 nothing is ever forgotten")
    interval("eps", eps, "[0, inf)", "all it does is to avoid 0/0")
    least = torch.finfo(theta.dtype).tiny
    if 0 < eps < least:
        raise ValueError(
            f"eps: expected 0 or at least {least:.1e}, or it is lost in "
            f"{theta.dtype}, got {eps}; raise it, or call theta.float()"
        )
