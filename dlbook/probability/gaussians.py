"""Gaussians: their density, how they are fitted and conditioned."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from dlbook.shapes import array, door, expect, fine

__all__ = [
    "Gaussian",
    "gaussian_conditional",
    "gaussian_logpdf",
    "gaussian_mle",
]

LOG_2PI = math.log(2 * math.pi)


class Gaussian(NamedTuple):
    """Mean and covariance; a mean for each row where several were asked."""

    mu: Float[Tensor, "*b d"]
    Sigma: Float[Tensor, "d d"]


@door
def gaussian_logpdf(
    x: Float[Tensor, "*b d"],
    mu: Float[Tensor, " d"],
    Sigma: Float[Tensor, "d d"],
) -> Float[Tensor, "*b"]:
    """Evaluate the logarithm of a Gaussian density.

        log N(x; μ, Σ) = −½ (d log 2π + log det Σ + (x − μ)ᵀ Σ⁻¹ (x − μ))

    With Σ = L Lᵀ and L w = x − μ the last term is wᵀw, and
    ½ log det Σ = Σ_i log L_ii: no determinant that overflows. All points
    are the columns of one triangular system, and none copies L.

    Parameters
    ----------
    x
        Points, the coordinates along the last axis.
    mu, Sigma
        Mean and covariance of the Gaussian.

    Raises
    ------
    ValueError
        If shapes do not fit together, or Σ is not symmetric positive
        definite to within rounding.
    TypeError
        If something is not real numbers, or in half precision.

    Source: statement 1.28 in this book's numbering of the sheet.
    """
    _door(mu, Sigma)
    expect("x", x, "... d", d=len(mu))
    L = _cholesky("Sigma", Sigma)
    points = (x - mu).reshape(-1, len(mu)).mT  # d × number of points
    w = torch.linalg.solve_triangular(L, points, upper=False)
    square = w.square().sum(0).reshape(x.shape[:-1])
    half_logdet = L.diagonal().log().sum()
    logpdf: Tensor = -square / 2 - half_logdet - len(mu) / 2 * LOG_2PI
    return logpdf


@door
def gaussian_mle(X: Float[Tensor, "n d"]) -> Gaussian:
    """Fit a Gaussian by maximum likelihood; the rows of X are the draws.

        μ̂ = 1/n Σ_i x_i,    Σ̂ = 1/n Σ_i (x_i − μ̂)(x_i − μ̂)ᵀ

    Σ̂ is biased, E Σ̂ = (n − 1)/n Σ; `torch.cov` divides by n − 1 instead.
    For n ≤ d it is singular: a mean and a covariance, but no density.

    Parameters
    ----------
    X
        The draws x_i, as rows.

    Raises
    ------
    ValueError
        If X is no matrix, or has no row.
    TypeError
        If it is not real numbers.
    """
    expect("X", X, "n d")
    if not len(X):
        raise ValueError(
            f"X: expected at least one row, got shape {tuple(X.shape)}; each "
            "row is a draw"
        )
    mu = X.mean(0)
    C = X - mu
    return Gaussian(mu, C.mT @ C / len(X))


@door
def gaussian_conditional(
    mu: Float[Tensor, " d"],
    Sigma: Float[Tensor, "d d"],
    observed: Sequence[int] | Tensor,
    z: Float[Tensor, "*b k"],
) -> Gaussian:
    """Condition a Gaussian on the values of some of its coordinates.

        a₂ | a₁ = z  ~  N(u₂ + Σ₂₁ Σ₁₁⁻¹ (z − u₁),  Σ₂₂ − Σ₂₁ Σ₁₁⁻¹ Σ₁₂)

    Σ₁₁ must be positive definite, Σ only positive semidefinite. The
    covariance does not depend on z: many z share one factorisation.

    Parameters
    ----------
    mu, Sigma
        Mean u and covariance Σ of all coordinates.
    observed
        The k places of a₁, from 0, no two equal. The other d − k, at least
        one, make up a₂ in ascending order.
    z
        Values of a₁, in the order of the places, along the last axis.

    Raises
    ------
    ValueError
        If shapes do not fit together, a place is not one of d, is named
        twice or none is left out, or Σ is not what it has to be.
    TypeError
        If something is not real numbers, in half precision, or a place not
        whole.

    Source: statement 1.33 in this book's numbering of the sheet.
    """
    _door(mu, Sigma)
    d = len(mu)
    one, two = _split(observed, d)
    expect("z", z, "... k", k=len(one))
    S11, S12 = Sigma[one][:, one], Sigma[one][:, two]
    L = _cholesky("Sigma over the observed", S11)
    V = torch.linalg.solve_triangular(L, S12, upper=False)
    W = torch.linalg.solve_triangular(L.mT, V, upper=True)  # Σ₁₁⁻¹ Σ₁₂
    schur = Sigma[two][:, two] - V.mT @ V
    # A backward error of d ε tr Σ in Σ moves the Schur complement by
    # (1 + |W|²) times as much; below that nothing is seen to be negative.
    eps = torch.finfo(Sigma.dtype).eps
    slack = d * eps * Sigma.trace() * (1 + W.square().sum())
    if _negative(schur.detach(), slack.detach()):
        raise ValueError(_indefinite("Sigma", "semidefinite"))
    return Gaussian(mu[two] + (z - mu[one]) @ W, (schur + schur.mT) / 2)


def _door(mu: Tensor, Sigma: Tensor) -> None:
    """Refuse a covariance of another shape, or one that is not symmetric."""
    sizes = expect("mu", mu, "d")
    expect("Sigma", Sigma, "d d", **sizes)
    fine(mu=mu, Sigma=Sigma)
    if not len(mu):
        raise ValueError("mu: expected at least one coordinate, got none")
    off = float((Sigma - Sigma.mT).detach().abs().max())
    size = float(Sigma.detach().abs().max())
    if not off <= 10 * len(mu) * torch.finfo(Sigma.dtype).eps * size:
        raise ValueError(
            f"Sigma: expected a symmetric matrix, got entries that differ by "
            f"{off:.3g} from the transpose; take (Sigma + Sigma.mT) / 2"
        )


def _cholesky(name: str, Sigma: Tensor) -> Tensor:
    """Factorise; refuse what rounding cannot tell from a singular matrix.

    v_i = Σ_ii (Σ⁻¹)_ii is the variance of coordinate i over what is left of
    it when the others are known. If that is nothing, rounding leaves 1/v_i
    of the order of d ε, and a factorisation may still succeed.
    """
    L: Tensor
    L, info = torch.linalg.cholesky_ex(Sigma)
    if not bool(info):
        one = torch.eye(len(L)).to(L)
        R = torch.linalg.solve_triangular(L.detach(), one, upper=False)
        v = Sigma.detach().diagonal() * R.square().sum(0)
        least = 4 * len(L) * torch.finfo(L.dtype).eps
        if bool((least * v < 1).all()):
            return L
    raise ValueError(_indefinite(name, "definite"))


def _negative(S: Tensor, slack: Tensor) -> bool:
    """Say whether S has an eigenvalue below −slack, by a factorisation."""
    tiny = torch.finfo(S.dtype).tiny  # S may be 0
    lifted = S + (slack + tiny) * torch.eye(len(S)).to(S)
    return bool(torch.linalg.cholesky_ex(lifted).info)


def _indefinite(name: str, kind: str) -> str:
    return (
        f"{name}: expected a positive {kind} matrix, got one that is not; "
        "drop constant or dependent coordinates, or add a small multiple of "
        "the identity"
    )


def _split(observed: Sequence[int] | Tensor, d: int) -> tuple[Tensor, Tensor]:
    """Return the places observed, as given, and the rest, ascending."""
    one = array("observed", observed)
    one = one.long() if one.numel() == 0 else one
    if (
        one.dtype == torch.bool
        or one.dtype.is_floating_point
        or one.is_complex()
    ):
        raise TypeError(
            f"observed: expected places as integers, got {one.dtype}; call "
            ".nonzero()[:, 0] on a mask"
        )
    expect("observed", one, "k")
    places, known = one.tolist(), set(one.tolist())
    wrong = [i for i in places if not 0 <= i < d]
    if wrong or len(known) < len(places) or len(places) >= d:
        raise ValueError(
            f"observed: expected different places from 0 to {d - 1}, and one "
            f"of them left out, got {places}; "
            + ("count from 0" if wrong else "name each once")
        )
    rest = [i for i in range(d) if i not in known]
    return one.long(), torch.tensor(rest)
