"""Condition numbers, and what they do to gradient descent."""

import torch
from jaxtyping import Float
from torch import Tensor

from dlbook.shapes import door, expect, fine, interval

__all__ = ["condition_number", "curvature_range", "gradient_descent_rate"]


@door
def condition_number(A: Float[Tensor, "n n"]) -> Float[Tensor, ""]:
    """Return κ(A) = ‖A‖ ‖A⁻¹‖ = σ_max / σ_min, in [1, inf].

    For symmetric A this is max|λ_i| / min|λ_i|. It is inf if σ_min is zero
    up to rounding, σ_min ≤ n eps σ_max, the rule of torch's matrix_rank.

    Parameters
    ----------
    A
        A square matrix.

    Raises
    ------
    ValueError
        If A is not square, is empty or holds nan or inf.
    TypeError
        If it is not real numbers, or in half precision.
    """
    _square("A", A)
    sigma = torch.linalg.svdvals(A)
    zero = len(A) * torch.finfo(A.dtype).eps * sigma[0]
    infinite = torch.full_like(sigma[0], torch.inf)
    return torch.where(sigma[-1] > zero, sigma[0] / sigma[-1], infinite)


@door
def curvature_range(
    H: Float[Tensor, "n n"],
) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
    """Return (μ, L), the smallest and the largest eigenvalue of H.

    ½ xᵀH x is μ-strongly convex and L-smooth, with these constants and no
    better ones.

    Parameters
    ----------
    H
        A symmetric positive definite matrix.

    Raises
    ------
    ValueError
        If H is not symmetric positive definite up to rounding.
    TypeError
        If it is not real numbers, or in half precision.
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


@door
def gradient_descent_rate(
    H: Float[Tensor, "n n"], *, eta: float
) -> Float[Tensor, ""]:
    """Return ρ = max_i |1 − η λ_i|, the factor of gradient descent.

    On ½ xᵀH x a step multiplies the distance to the minimum by ρ at most, and
    from the worst start by exactly ρ. If ρ > 1, all starts run away but those
    without a share in the eigenvectors with |1 − η λ_i| ≥ 1.

    Parameters
    ----------
    H
        A symmetric positive definite matrix, as for `curvature_range`.
    eta
        Step size η > 0, in units of 1/H. At 1/L ρ is 1 − 1/κ, at 2/(L + μ)
        it is smallest.

    Raises
    ------
    ValueError
        If H is not symmetric positive definite, or η not positive.
    TypeError
        If H is not real numbers, or in half precision.
    """
    interval("eta", eta, "(0, inf)", "steps go downhill by themselves")
    mu, L = curvature_range(H)
    return torch.maximum((1 - eta * mu).abs(), (1 - eta * L).abs())


def _square(name: str, A: Tensor) -> None:
    """Refuse a matrix whose eigenvalues would be nonsense."""
    expect(name, A, "n n")
    fine(**{name: A})
    if not len(A) or not bool(A.isfinite().all()):
        raise ValueError(
            f"{name}: expected finite entries, at least one, got shape "
            f"{tuple(A.shape)} with {int((~A.isfinite()).sum())} that are "
            "nan or inf; look for what produced them"
        )
