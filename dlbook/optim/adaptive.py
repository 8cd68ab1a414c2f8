"""A step size for each coordinate, from the gradients so far."""

import torch

from dlbook.optim.state import (
    AdaGradState,
    AdamState,
    Grad,
    Point,
    RMSPropState,
    Schedule,
    at_time,
    gradient_at,
    in_range,
    resumed,
)
from dlbook.shapes import door

__all__ = ["adagrad", "adam", "rmsprop"]


@door
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

    Parameters
    ----------
    theta
        The point θ_{t−1} that is left; any shape, not changed.
    grad
        Maps a point to ∇J there, of the same shape.
    state
        What the step before returned; None at the start.
    eta
        Step size η > 0, in units of θ, or a schedule, called with the
        number of steps taken before, 0 at first.
    eps
        Avoids 0/0, in units of the gradient (δ in the source).

    Raises
    ------
    ValueError
        If a number is out of its range, or shapes do not fit together.
    TypeError
        If something is no array or no function, or of another dtype, or the
        state is another method's.

    Source: Duchi, Hazan and Singer (2011), figure 1, without projection.
    """
    in_range(theta, eta=eta, eps=eps)
    zero = torch.zeros_like(theta)
    s, t = resumed(state, AdaGradState(zero), theta)
    g = gradient_at(grad, theta)
    s = s + g**2
    theta_next = theta - at_time(eta, t) * g / (s.sqrt() + eps)
    return theta_next, AdaGradState(s, t + 1)


@door
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

    Parameters
    ----------
    theta
        The point θ_{t−1} that is left; any shape, not changed.
    grad
        Maps a point to ∇J there, of the same shape.
    state
        What the step before returned; None at the start.
    eta
        Step size η > 0, in units of θ, or a schedule, called with the
        number of steps taken before, 0 at first.
    beta
        Weight of the old average, in [0, 1) (α in torch, default 0.99).
    eps
        Avoids 0/0, in units of the gradient squared.
    eps_inside
        False divides by √s_t + ε, as torch does, with ε in units of the
        gradient. The two differ where ε is not small against s_t.

    Raises
    ------
    ValueError
        If a number is out of its range, or shapes do not fit together.
    TypeError
        If something is no array or no function, or of another dtype, or the
        state is another method's.

    Source: Tieleman and Hinton (2012), lecture 6.5, without ε.
    """
    in_range(theta, eta=eta, beta=beta, eps=eps)
    zero = torch.zeros_like(theta)
    s, t = resumed(state, RMSPropState(zero), theta)
    g = gradient_at(grad, theta)
    s = beta * s + (1 - beta) * g**2
    root = (s + eps).sqrt() if eps_inside else s.sqrt() + eps
    return theta - at_time(eta, t) * g / root, RMSPropState(s, t + 1)


@door
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

    Parameters
    ----------
    theta
        The point θ_{t−1} that is left; any shape, not changed.
    grad
        Maps a point to ∇J there, of the same shape.
    state
        What the step before returned; None at the start.
    eta
        Step size η > 0, in units of θ, or a schedule, called with the
        number of steps taken before, 0 at first.
    beta1, beta2
        Weights of the old averages, of g and of g², in [0, 1).
    eps
        Avoids 0/0, in units of the gradient.

    Raises
    ------
    ValueError
        If a number is out of its range, or shapes do not fit together.
    TypeError
        If something is no array or no function, or of another dtype, or the
        state is another method's.

    Source: Kingma and Ba (2015), algorithm 1. Its t counts this step too,
    that of the state only those before: hence t + 1 below.
    """
    in_range(theta, eta=eta, beta1=beta1, beta2=beta2, eps=eps)
    zero = torch.zeros_like(theta)
    m, v, t = resumed(state, AdamState(zero, zero), theta)
    g = gradient_at(grad, theta)
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1 ** (t + 1))
    v_hat = v / (1 - beta2 ** (t + 1))
    theta_next = theta - at_time(eta, t) * m_hat / (v_hat.sqrt() + eps)
    return theta_next, AdamState(m, v, t + 1)
