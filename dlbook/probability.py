"""Section 1: moments, sums and Gaussians, each a formula of the sheet.

x, X, z    points; in ``"*b d"`` any number of axes in front of the last
mu, Sigma  mean (d) and covariance (d × d) of a Gaussian; Sigma must be
           symmetric to within rounding and, where a density is asked for,
           positive definite
t          argument of a moment generating function, any shape; autograd
           passes through, so that its derivatives at 0 are the moments

All logarithms are natural. What is wrong raises ValueError or TypeError.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor

from dlbook.shapes import expect, interval, same_shape

__all__ = [
    "Gaussian",
    "density_of_sum",
    "gaussian_conditional",
    "gaussian_logpdf",
    "gaussian_mle",
    "mgf",
    "mgf_bernoulli",
    "mgf_binomial",
    "mgf_gamma",
    "mgf_normal",
    "mgf_poisson",
]

Number: TypeAlias = float | int
LOG_2PI = math.log(2 * math.pi)


class Gaussian(NamedTuple):
    """Mean and covariance; a mean for each row where several were asked."""

    mu: Float[Tensor, "*b d"]
    Sigma: Float[Tensor, "d d"]


# ---- Gaussians ------------------------------------------------------------
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


def gaussian_mle(X: Float[Tensor, "n d"]) -> Gaussian:
    """Fit a Gaussian by maximum likelihood; the rows of X are the draws.

        μ̂ = 1/n Σ_i x_i,    Σ̂ = 1/n Σ_i (x_i − μ̂)(x_i − μ̂)ᵀ

    Σ̂ is biased, E Σ̂ = (n − 1)/n Σ; `torch.cov` divides by n − 1 instead.
    For n ≤ d it is singular: a mean and a covariance, but no density.
    """
    expect("X", X, "n d")
    interval("n", len(X), "[1, inf)", "it is the number of rows of X")
    mu = X.mean(0)
    C = X - mu
    return Gaussian(mu, C.mT @ C / len(X))


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

    observed: the k places of a₁, from 0, no two equal; z in their order.
    The other d − k, at least one, make up a₂ in ascending order.

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


# ---- moment generating functions ------------------------------------------
def mgf(
    t: Float[Tensor, "*b"], x: Float[Tensor, " n"], p: Float[Tensor, " n"]
) -> Float[Tensor, "*b"]:
    """Evaluate the moment generating function of masses p at points x.

        M(t) = E[e^{tX}] = Σ_i p_i e^{t x_i}

    For a density f take the nodes of a quadrature and p_i = f(x_i) times
    their weights. The sum is taken in logarithms, so that e^{t x_i} alone
    does not overflow.

    p: not negative, of sum 1 to within the root of the dtype's precision.
    """
    expect("x", x, "n")
    same_shape("p", p, "x", x)
    off = float((p.sum() - 1).abs())
    if bool((p < 0).any()) or not off <= torch.finfo(p.dtype).eps ** 0.5:
        raise ValueError(
            f"p: expected masses ≥ 0 of sum 1, got sum {float(p.sum()):g} and "
            f"least {float(p.min()):g}; for a density multiply by the weights "
            "of the quadrature"
        )
    return torch.logsumexp(t[..., None] * x + p.log(), -1).exp()


def mgf_bernoulli(t: Float[Tensor, "*b"], p: Number) -> Float[Tensor, "*b"]:
    """Be(p): M(t) = p eᵗ + 1 − p."""
    interval("p", p, "[0, 1]", "it is a probability")
    return p * t.exp() + (1 - p)


def mgf_binomial(
    t: Float[Tensor, "*b"], n: int, p: Number
) -> Float[Tensor, "*b"]:
    """Bin(n, p): M(t) = (p eᵗ + 1 − p)ⁿ, n independent Be(p) added."""
    interval("n", n, "[0, inf)", "it is the number of trials")
    return mgf_bernoulli(t, p) ** n


def mgf_poisson(t: Float[Tensor, "*b"], lam: Number) -> Float[Tensor, "*b"]:
    """Pois(λ): M(t) = exp(λ (eᵗ − 1))."""
    interval("lam", lam, "[0, inf)", "it is the mean")
    return (lam * t.expm1()).exp()


def mgf_normal(
    t: Float[Tensor, "*b"], mu: Number, sd: Number
) -> Float[Tensor, "*b"]:
    """N(μ, σ²): M(t) = exp(μ t + ½ σ² t²); sd is σ, not σ²."""
    interval("sd", sd, "[0, inf)", "it is a standard deviation")
    return (mu * t + sd**2 * t**2 / 2).exp()


def mgf_gamma(
    t: Float[Tensor, "*b"], alpha: Number, beta: Number
) -> Float[Tensor, "*b"]:
    """Gam(α, β): M(t) = (1 − β t)^{−α} for t < 1/β, infinite from there on.

    alpha is the shape, beta the *scale*: the mean is α β. (`torch` and many
    books take the rate 1/β.)
    """
    interval("alpha", alpha, "(0, inf)", "it is the shape")
    interval("beta", beta, "(0, inf)", "it is the scale")
    rest = 1 - beta * t
    finite = rest > 0
    inside = torch.where(finite, rest, 1.0)  # no NaN in the gradient
    return torch.where(finite, inside**-alpha, torch.inf)


# ---- sums -----------------------------------------------------------------
def density_of_sum(
    f: Float[Tensor, " n"], g: Float[Tensor, " m"], *, h: float
) -> Float[Tensor, " k"]:  # k = n + m - 1
    """Convolve two densities on grids of one spacing, by FFT.

        f_Z(z_k) ≈ h Σ_i f(x_i) g(z_k − x_i)

    With x_i = a + i h and y_j = b + j h, entry k of the result stands at
    z_k = a + b + k h. Padded to n + m − 1, so that nothing wraps around;
    O(n log n) instead of n m. What rounding leaves below 0 is set to 0, so
    that the result may be added to again.

    h: spacing of the grids. The masses h Σ f and h Σ g must lie within 10 %
    of 1, else the spacing is wrong or a grid cuts its density off.

    Source: statement 1.27 in this book's numbering of the sheet.
    """
    interval("h", h, "(0, inf)", "it is the spacing of the grids")
    for name, values in (("f", f), ("g", g)):
        expect(name, values, "n")
        mass = h * float(values.sum())
        if bool((values < 0).any()) or not 0.9 <= mass <= 1.1:
            raise ValueError(
                f"{name}: expected a density, ≥ 0 with h Σ {name} near 1, got "
                f"{mass:g}; check h, or widen the grid"
            )
    k = len(f) + len(g) - 1
    product = torch.fft.rfft(f, k) * torch.fft.rfft(g, k)
    f_Z: Tensor = h * torch.fft.irfft(product, k).clamp_min(0)
    return f_Z


# ---- the door -------------------------------------------------------------
def _door(mu: Tensor, Sigma: Tensor) -> None:
    """Refuse a covariance of another shape, or one that is not symmetric."""
    sizes = expect("mu", mu, "d")
    expect("Sigma", Sigma, "d d", **sizes)
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
    one = torch.as_tensor(observed)
    one = one.long() if one.numel() == 0 else one
    if one.dtype == torch.bool or one.is_floating_point():
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
