"""Two gradients of an expectation."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from dlbook.analysis.points import (
    Function,
    Points,
    each,
    some_points,
    values_of,
)
from dlbook.shapes import door, interval
from dlbook.shapes import function as a_function

__all__ = ["pathwise_gradient", "score_gradient"]


@door
def score_gradient(
    f: Function,
    log_p: Callable[[Tensor, Tensor], Tensor],
    theta: Float[Tensor, "..."],
    x: Points,
    *,
    baseline: float = 0.0,
) -> Float[Tensor, "m ..."]:
    """Estimate ∇_θ E[f(X)] by (f(x_i) − b) ∇_θ log p_θ(x_i), x_i ~ p_θ.

    One estimate for each draw; their mean is unbiased for every b that does
    not depend on the draw, if ∇_θ and the integral over x commute. f need not
    be differentiable.

    Parameters
    ----------
    f
        Maps one draw to a number.
    log_p
        log p_θ(x), called as ``log_p(theta, x)`` with one draw; made of
        torch's operations.
    theta
        The parameters θ of the distribution.
    x
        Draws x_i, along the first axis.
    baseline
        The b, in units of f.

    Raises
    ------
    ValueError
        If there is no draw, or f gives something else than a number.
    TypeError
        If something is no array or no function, or `log_p` cannot be
        differentiated.

    Source: Williams (1992), the REINFORCE algorithms.
    """
    a_function("log_p", log_p)
    interval("baseline", baseline, "(-inf, inf)", "it is one number")
    weight = (values_of(f, x) - baseline).reshape(-1, *(1,) * theta.ndim)
    score = each("log_p", torch.func.grad(log_p), (None, 0), theta, x)
    estimates: Tensor = weight * score
    return estimates


@door
def pathwise_gradient(
    f: Function,
    path: Callable[[Tensor, Tensor], Tensor],
    theta: Float[Tensor, "..."],
    eps: Points,
) -> Float[Tensor, "m ..."]:
    """Estimate ∇_θ E[f(X)] by ∇_θ f(path(θ, ε_i)), one for each draw.

    Their mean is unbiased if ∇_θ and the mean over ε commute, for example if
    f ∘ path is Lipschitz in θ near θ with a constant of finite mean. A path
    that jumps gives the estimate 0.

    Parameters
    ----------
    f
        Maps one draw to a number; made of torch's operations, like `path`.
    path
        Turns noise ε, whose distribution does not know θ, into a draw of
        p_θ; called as ``path(theta, eps)``. f ∘ path must be differentiable
        in θ.
    theta
        The parameters θ of the distribution.
    eps
        The noise ε_i, along the first axis.

    Raises
    ------
    ValueError
        If there is no draw.
    TypeError
        If something is no array or no function, or f ∘ path cannot be
        differentiated.

    Source: Kingma and Welling (2014), section 2.4.
    """

    def cost(theta: Tensor, eps: Tensor) -> Tensor:
        return f(path(theta, eps))

    a_function("f", f)
    a_function("path", path)
    some_points("eps", eps)
    estimates: Tensor = each(
        "f, path", torch.func.grad(cost), (None, 0), theta, eps
    )
    return estimates
