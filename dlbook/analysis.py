"""Section 2: convexity, conditioning and two gradients of an expectation.

A function f takes one point, a tensor of any shape, and returns a number (a
tensor without axes); points come in families with the family's axis first.
Autograd passes through, and results stay on the
device of what is given.
"""

from collections.abc import Callable
from typing import TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor

from dlbook.shapes import expect, interval, same_shape

__all__ = [
    "condition_number",
    "convexity_gap",
    "curvature_range",
    "gradient_descent_rate",
    "pathwise_gradient",
    "score_gradient",
    "steepest_chord",
    "tangent_gap",
]

Function: TypeAlias = Callable[[Tensor], Tensor]
Points: TypeAlias = Float[Tensor, "m ..."]


# ---- gradients of an expectation ------------------------------------------
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

    log_p: log p_θ(x), called as ``log_p(theta, x)`` with one draw.
    baseline: the b.

    Source: Williams (1992), the REINFORCE algorithms.
    """
    weight = (_values(f, x) - baseline).reshape(-1, *(1,) * theta.ndim)
    score = torch.func.vmap(torch.func.grad(log_p), (None, 0))(theta, x)
    estimates: Tensor = weight * score
    return estimates


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

    path: turns noise ε, whose distribution does not know θ, into a draw of
    p_θ; called as ``path(theta, eps)``. f ∘ path must be differentiable in θ.

    Source: Kingma and Welling (2014), section 2.4.
    """

    def cost(theta: Tensor, eps: Tensor) -> Tensor:
        return f(path(theta, eps))

    estimates: Tensor = torch.func.vmap(torch.func.grad(cost), (None, 0))(
        theta, eps
    )
    return estimates


# ---- convexity ------------------------------------------------------------
def convexity_gap(
    f: Function, x: Points, y: Points, lam: Float[Tensor, " m"]
) -> Float[Tensor, " m"]:
    """Return how far each chord lies above f.

        λ f(x) + (1 − λ) f(y) − f(λ x + (1 − λ) y)

    f is convex if and only if this is ≥ 0 for all x, y and λ in [0, 1].

    lam: the weights λ of the points x.
    """
    same_shape("y", y, "x", x)
    expect("lam", lam, "m", m=len(x))
    if not bool(((lam >= 0) & (lam <= 1)).all()):
        raise ValueError(
            f"lam: expected weights in [0, 1], got {float(lam.min()):g} to "
            f"{float(lam.max()):g}; outside, the point is not on the chord"
        )
    w = lam.reshape(-1, *(1,) * (x.ndim - 1))
    chord = lam * _values(f, x) + (1 - lam) * _values(f, y)
    return chord - _values(f, w * x + (1 - w) * y)


def tangent_gap(
    f: Function, x: Points, y: Points, *, mu: float = 0.0
) -> Float[Tensor, " m"]:
    """Return how far f(y) lies above the tangent at x plus a parabola.

        f(y) − f(x) − ∇f(x)ᵀ(y − x) − μ/2 ‖y − x‖²

    For differentiable f it is ≥ 0 for all x, y if and only if f is convex
    (μ = 0), μ-strongly convex (μ > 0); it is ≤ 0 with L for μ if f is
    L-smooth.

    mu: curvature μ of the parabola.
    """
    same_shape("y", y, "x", x)
    _values(f, x)  # refuses what grad would explain badly
    slope, start = torch.func.vmap(torch.func.grad_and_value(f))(x)
    d = (y - x).reshape(len(x), -1)
    rise = (slope.reshape(len(x), -1) * d).sum(1)
    square = d.square().sum(1)
    above: Tensor = _values(f, y) - start - rise - mu / 2 * square
    return above


def steepest_chord(
    x: Float[Tensor, " m"], y: Float[Tensor, " m"]
) -> Float[Tensor, ""]:
    """Return max |y_i − y_j| / |x_i − x_j|, a lower bound of Lipschitz's L.

    Neighbours suffice: a chord over several points has a slope between those
    of its parts.

    x: distinct points of the line, in any order.
    y: the values there.
    """
    same_shape("y", y, "x", x)
    order = x.argsort()
    step = x[order].diff()
    if len(x) < 2 or not bool((step > 0).all()):
        raise ValueError(
            f"x: expected two points or more, all distinct, got {len(x)} of "
            f"which {len(set(x.tolist()))} are distinct; drop the others"
        )
    return (y[order].diff() / step).abs().max()


# ---- conditioning ---------------------------------------------------------
def condition_number(A: Float[Tensor, "n n"]) -> Float[Tensor, ""]:
    """Return κ(A) = ‖A‖ ‖A⁻¹‖ = σ_max / σ_min, in [1, inf].

    For symmetric A this is max|λ_i| / min|λ_i|. It is inf if σ_min is zero
    up to rounding, σ_min ≤ n eps σ_max, the rule of torch's matrix_rank.

    Raises
    ------
    ValueError
        If A is not square, is empty or holds nan or inf.
    """
    _square("A", A)
    sigma = torch.linalg.svdvals(A)
    zero = len(A) * torch.finfo(A.dtype).eps * sigma[0]
    infinite = torch.full_like(sigma[0], torch.inf)
    return torch.where(sigma[-1] > zero, sigma[0] / sigma[-1], infinite)


def curvature_range(
    H: Float[Tensor, "n n"],
) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
    """Return (μ, L), the smallest and the largest eigenvalue of H.

    ½ xᵀH x is μ-strongly convex and L-smooth, with these constants and no
    better ones.

    Raises
    ------
    ValueError
        If H is not symmetric positive definite up to rounding.
    """
    _square("H", H)
    eps = len(H) * torch.finfo(H.dtype).eps
    off, size = float((H - H.mT).abs().max()), float(H.abs().max())
    if off > 8 * eps * size:
        raise ValueError(
            f"H: expected a symmetric matrix, got entries that differ by "
            f"{off:.3g} from the transpose; take (H + H.mT) / 2"
        )
    lam = torch.linalg.eigvalsh(H)
    if not float(lam[0]) > eps * float(lam.abs().max()):
        raise ValueError(
            f"H: expected a positive definite matrix, got the eigenvalue "
            f"{float(lam[0]):.3g}; add a ridge, H + r * torch.eye(n)"
        )
    return lam[0], lam[-1]


def gradient_descent_rate(
    H: Float[Tensor, "n n"], *, eta: float
) -> Float[Tensor, ""]:
    """Return ρ = max_i |1 − η λ_i|, the factor of gradient descent.

    On ½ xᵀH x a step multiplies the distance to the minimum by ρ at most, and
    from the worst start by exactly ρ. If ρ > 1, all starts run away but those
    without a share in the eigenvectors with |1 − η λ_i| ≥ 1.

    eta: step size η > 0. At 1/L ρ is 1 − 1/κ, at 2/(L + μ) it is smallest.
    """
    interval("eta", eta, "(0, inf)", "steps go downhill by themselves")
    mu, L = curvature_range(H)
    return torch.maximum((1 - eta * mu).abs(), (1 - eta * L).abs())


def _values(f: Function, x: Tensor) -> Tensor:
    """Apply f to each point, and refuse one that does not return a number."""
    if not len(x):
        raise ValueError(
            f"x: expected at least one point, got shape {tuple(x.shape)}; "
            "draw some"
        )
    values = torch.func.vmap(f)(x)
    if values.shape != x.shape[:1]:
        raise ValueError(
            f"f: expected one number for a point, got shape "
            f"{tuple(values.shape[1:])}; sum over it, or index it"
        )
    return values


def _square(name: str, A: Tensor) -> None:
    """Refuse a matrix whose eigenvalues would be nonsense."""
    expect(name, A, "n n")
    if not len(A) or not bool(A.isfinite().all()):
        raise ValueError(
            f"{name}: expected finite entries, at least one, got shape "
            f"{tuple(A.shape)} with {int((~A.isfinite()).sum())} that are "
            "nan or inf; look for what produced them"
        )
