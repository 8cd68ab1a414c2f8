"""Section 11.3: optimisers, each step a pure function of its state.

Step t = 1, 2, ... leads from the point θ_{t−1} to θ_t; θ_0 is the start:

    theta, state = step(theta, grad, state, eta=0.1)

theta   the point that is left: floating point, any shape, not changed
grad    maps a point to ∇J there, of the same shape and dtype
state   what the step before returned; None at the start; that of another
        method, shape or dtype is refused
eta     step size η > 0 (the sheet's α for the adaptive methods), or a
        schedule, called with the number of steps taken before, 0 at first;
        what a schedule returns is not checked

The rest raises ValueError or TypeError. Autograd and vmap pass through.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias, TypeVar

import torch
from jaxtyping import Float
from torch import Tensor

from dlbook.shapes import interval, same_shape

__all__ = [
    "Grad",
    "Schedule",
    "Step",
    "adagrad",
    "adam",
    "ema",
    "gd",
    "minimize",
    "momentum",
    "nesterov",
    "polyak",
    "rmsprop",
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


def gd(
    theta: Point, grad: Grad, state: GDState | None = None, *, eta: Schedule
) -> tuple[Point, GDState]:
    """Descend along the gradient: θ_{t+1} = θ_t − η ∇J(θ_t)."""
    _door(theta, eta=eta)
    (t,) = _resumed(state, GDState(), theta)
    g = _gradient(grad, theta)
    return theta - _at(eta, t) * g, GDState(t + 1)


def momentum(
    theta: Point,
    grad: Grad,
    state: MomentumState | None = None,
    *,
    eta: Schedule,
    beta: Schedule,
) -> tuple[Point, MomentumState]:
    """Descend like a heavy ball that keeps a part β of its last move.

        θ_{t+1} = θ_t − η ∇J(θ_t) + β (θ_t − θ_{t−1}),    θ_{−1} = θ_0

    `torch.optim.SGD` keeps v_{t+1} = Σ_k β^k ∇J(θ_{t−k}), the velocity: the
    same points for a constant η, other ones while η changes.

    beta: the part of the last move that is kept, in [0, 1), or a schedule.

    Source: Polyak (1964), the two-step "heavy ball" method.
    """
    _door(theta, eta=eta, beta=beta)
    old, t = _resumed(state, MomentumState(old=theta), theta)
    g = _gradient(grad, theta)
    theta_next = theta - _at(eta, t) * g + _at(beta, t) * (theta - old)
    return theta_next, MomentumState(old=theta, t=t + 1)


def nesterov(
    theta: Point,
    grad: Grad,
    state: NesterovState | None = None,
    *,
    eta: Schedule,
    beta: Schedule,
) -> tuple[Point, NesterovState]:
    """Move on first, then descend along the gradient found there.

        ϑ       = θ_t + β_t (θ_t − θ_{t−1}),    θ_{−1} = θ_0
        θ_{t+1} = ϑ − η ∇J(ϑ)

    `torch.optim.SGD(nesterov=True)` stores the look-ahead points ϑ, not θ.

    beta: the part of the last move that is kept, in [0, 1), or a schedule.
    The rate O(1/t²) needs ``lambda t: (t - 1) / (t + 2)``; at t = 0 nothing
    has moved, so that its value there does not matter.

    Source: Nesterov (1983); in this form Su, Boyd and Candès (2016), eq. 1.
    """
    _door(theta, eta=eta, beta=beta)
    old, t = _resumed(state, NesterovState(old=theta), theta)
    ahead = theta + _at(beta, t) * (theta - old)
    g = _gradient(grad, ahead)
    return ahead - _at(eta, t) * g, NesterovState(old=theta, t=t + 1)


def adagrad(
    theta: Point,
    grad: Grad,
    state: AdaGradState | None = None,
    *,
    eta: Schedule,
    eps: float = 1e-10,
) -> tuple[Point, AdaGradState]:
    """Divide each coordinate by the root of its summed squared gradients.

        s_t = s_{t−1} + g_t²,    g_t = ∇J(θ_{t−1}),    s_0 = 0
        θ_t = θ_{t−1} − η g_t / (√s_t + ε)

    eps: avoids 0/0, in units of the gradient (δ in the source).

    Source: Duchi, Hazan and Singer (2011), figure 1, without projection.
    """
    _door(theta, eta=eta, eps=eps)
    zero = torch.zeros_like(theta)
    s, t = _resumed(state, AdaGradState(zero), theta)
    g = _gradient(grad, theta)
    s = s + g**2
    theta_next = theta - _at(eta, t) * g / (s.sqrt() + eps)
    return theta_next, AdaGradState(s, t + 1)


def rmsprop(
    theta: Point,
    grad: Grad,
    state: RMSPropState | None = None,
    *,
    eta: Schedule,
    beta: float = 0.9,
    eps: float = 1e-8,
    eps_inside: bool = True,
) -> tuple[Point, RMSPropState]:
    """Divide each coordinate by its recent root mean squared gradient.

        s_t = β s_{t−1} + (1 − β) g_t²,    g_t = ∇J(θ_{t−1}),    s_0 = 0
        θ_t = θ_{t−1} − η g_t / √(s_t + ε)

    beta: weight of the old average, in [0, 1) (α in torch, default 0.99).
    eps: avoids 0/0, in units of the gradient squared.
    eps_inside: False divides by √s_t + ε, as torch does, with ε in units of
    the gradient. The two differ where ε is not small against s_t.

    Source: Tieleman and Hinton (2012), lecture 6.5, without ε.
    """
    _door(theta, eta=eta, beta=beta, eps=eps)
    zero = torch.zeros_like(theta)
    s, t = _resumed(state, RMSPropState(zero), theta)
    g = _gradient(grad, theta)
    s = beta * s + (1 - beta) * g**2
    root = (s + eps).sqrt() if eps_inside else s.sqrt() + eps
    return theta - _at(eta, t) * g / root, RMSPropState(s, t + 1)


def adam(
    theta: Point,
    grad: Grad,
    state: AdamState | None = None,
    *,
    eta: Schedule,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
) -> tuple[Point, AdamState]:
    """Average gradients and squares; correct both for their start at zero.

        m_t = β₁ m_{t−1} + (1 − β₁) g_t,     m_0 = 0,    g_t = ∇J(θ_{t−1})
        v_t = β₂ v_{t−1} + (1 − β₂) g_t²,    v_0 = 0
        θ_t = θ_{t−1} − η m̂_t / (√v̂_t + ε)
        m̂_t = m_t / (1 − β₁^t),    v̂_t = v_t / (1 − β₂^t)

    beta1, beta2: weights of the old averages, in [0, 1).
    eps: avoids 0/0, in units of the gradient.

    Source: Kingma and Ba (2015), algorithm 1. Its t counts this step too,
    that of the state only those before: hence t + 1 below.
    """
    _door(theta, eta=eta, beta1=beta1, beta2=beta2, eps=eps)
    zero = torch.zeros_like(theta)
    m, v, t = _resumed(state, AdamState(zero, zero), theta)
    g = _gradient(grad, theta)
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1 ** (t + 1))
    v_hat = v / (1 - beta2 ** (t + 1))
    theta_next = theta - _at(eta, t) * m_hat / (v_hat.sqrt() + eps)
    return theta_next, AdamState(m, v, t + 1)


def polyak(mean: Point, theta: Point, t: int) -> Point:
    """Average all points so far: mean_t = (1 − 1/t) mean_{t−1} + θ_t / t.

    t: 1, 2, ...; at t = 1 the old mean has weight 0.

    Source: Polyak and Juditsky (1992); Ruppert (1988).
    """
    same_shape("mean", mean, "theta", theta)
    interval("t", t, "[1, inf)", "count the points from 1")
    return (1 - 1 / t) * mean + theta / t


def ema(mean: Point, theta: Point, *, beta: float) -> Point:
    """Average with fading memory: mean_t = (1 − β) mean_{t−1} + β θ_t.

    β in [0, 1] is the weight of the *new* point, so that β = 1/t gives
    `polyak`; the decay of `torch.optim.swa_utils` is 1 − β.
    """
    same_shape("mean", mean, "theta", theta)
    interval("beta", beta, "[0, 1]", "it is the weight of the new point")
    return (1 - beta) * mean + beta * theta


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

    step: one of those above, as in ``partial(momentum, eta=0.1, beta=0.9)``.
    steps: how many to take at most.
    until: stops at the first point, θ_0 included, where it is true.
    """
    interval("steps", steps, "[0, inf)", "with 0 the start is returned")
    points, state = [theta], None
    while len(points) <= steps and not (until and until(theta)):
        theta, state = step(theta, grad, state)
        points.append(theta)
    return torch.stack(points)


def _at(schedule: Schedule, t: int) -> float:
    return schedule(t) if callable(schedule) else schedule


def _resumed(state: State | None, fresh: State, theta: Tensor) -> State:
    """Return the state or, at first, a fresh one; refuse what does not fit."""
    if state is None:
        return fresh
    want, got = type(fresh).__name__, type(state).__name__
    if got != want:
        raise TypeError(
            f"state: expected the {want} of the step before, got {got}; "
            "begin with None"
        )
    for name, x in zip(fresh._fields, state, strict=True):
        if isinstance(x, Tensor):
            same_shape(f"state.{name}", x, "theta", theta)
            _same_dtype(f"state.{name}", x, theta)
    return state


def _same_dtype(name: str, x: Any, theta: Tensor) -> None:
    got = x.dtype if isinstance(x, Tensor) else type(x).__name__
    if got != theta.dtype:
        raise TypeError(
            f"{name}: expected a tensor of {theta.dtype}, got {got}; "
            "convert one of the two"
        )


def _gradient(grad: Grad, at: Tensor) -> Tensor:
    """Return grad(at), unless torch would broadcast or promote it."""
    g = grad(at)
    _same_dtype("grad(theta)", g, at)
    same_shape("grad(theta)", g, "theta", at)
    return g


def _door(
    theta: Tensor, *, eta: Schedule, eps: float = 0.0, **betas: Schedule
) -> None:
    """Refuse what torch would accept silently or explain badly."""
    if not theta.is_floating_point():
        want = "theta: expected floating point"
        raise TypeError(f"{want}, got {theta.dtype}; call theta.double()")
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
