"""Gradient descent, and the two that remember their last move."""

from dlbook.optim.state import (
    GDState,
    Grad,
    MomentumState,
    NesterovState,
    Point,
    Schedule,
    at_time,
    gradient_at,
    in_range,
    resumed,
)
from dlbook.shapes import door

__all__ = ["gd", "momentum", "nesterov"]


@door
def gd(
    theta: Point, grad: Grad, state: GDState | None = None, *, eta: Schedule
) -> tuple[Point, GDState]:
    """Descend along the gradient: θ_{t+1} = θ_t − η ∇J(θ_t).

    Parameters
    ----------
    theta
        The point θ_t that is left; any shape, not changed.
    grad
        Maps a point to ∇J there, of the same shape.
    state
        What the step before returned; None at the start.
    eta
        Step size η > 0, in units of θ over those of ∇J, or a schedule, called
        with t.

    Raises
    ------
    ValueError
        If a number is out of its range, or shapes do not fit together.
    TypeError
        If something is no array or no function, or of another dtype, or the
        state is another method's.
    """
    in_range(theta, eta=eta)
    (t,) = resumed(state, GDState(), theta)
    g = gradient_at(grad, theta)
    return theta - at_time(eta, t) * g, GDState(t + 1)


@door
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

    Parameters
    ----------
    theta
        The point θ_t that is left; any shape, not changed.
    grad
        Maps a point to ∇J there, of the same shape.
    state
        What the step before returned; None at the start.
    eta
        Step size η > 0, in units of θ over those of ∇J, or a schedule, called
        with t.
    beta
        The part of the last move that is kept, in [0, 1), or a schedule.

    Raises
    ------
    ValueError
        If a number is out of its range, or shapes do not fit together.
    TypeError
        If something is no array or no function, or of another dtype, or the
        state is another method's.

    Source: Polyak (1964), the two-step "heavy ball" method.
    """
    in_range(theta, eta=eta, beta=beta)
    old, t = resumed(state, MomentumState(old=theta), theta)
    g = gradient_at(grad, theta)
    theta_next = theta - at_time(eta, t) * g + at_time(beta, t) * (theta - old)
    return theta_next, MomentumState(old=theta, t=t + 1)


@door
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

    Parameters
    ----------
    theta
        The point θ_t that is left; any shape, not changed.
    grad
        Maps a point to ∇J there, of the same shape.
    state
        What the step before returned; None at the start.
    eta
        Step size η > 0, in units of θ over those of ∇J, or a schedule, called
        with t.
    beta
        The part of the last move that is kept, in [0, 1), or a schedule. The
        rate O(1/t²) needs ``lambda t: (t - 1) / (t + 2)``; at t = 0 nothing
        has moved, so that its value there does not matter.

    Raises
    ------
    ValueError
        If a number is out of its range, or shapes do not fit together.
    TypeError
        If something is no array or no function, or of another dtype, or the
        state is another method's.

    Source: Nesterov (1983); in this form Su, Boyd and Candès (2016), eq. 1.
    """
    in_range(theta, eta=eta, beta=beta)
    old, t = resumed(state, NesterovState(old=theta), theta)
    ahead = theta + at_time(beta, t) * (theta - old)
    g = gradient_at(grad, ahead)
    return ahead - at_time(eta, t) * g, NesterovState(old=theta, t=t + 1)
