"""Section 13.1.3: a linear recurrent unit, stable by construction."""

import math

import torch
from jaxtyping import Complex, Float
from torch import Tensor, nn

from dlbook.recurrent.linear import linear_scan
from dlbook.shapes import door, expect, filled, interval, whole

__all__ = ["LRU", "ring"]


@door
def ring(
    d: int,
    *,
    inner: float = 0.9,
    outer: float = 0.999,
    angle: float = math.pi,
    rng: torch.Generator | None = None,
) -> Complex[Tensor, " d"]:
    """Draw eigenvalues uniformly from a ring in the unit disc, or a part.

    λ = √u e^{iφ} with u uniform in [inner², outer²] and φ uniform in
    [−angle, angle] (Orvieto et al. 2023).

    Parameters
    ----------
    d
        How many.
    inner, outer
        Radii, 0 ≤ inner ≤ outer < 1.
    angle
        Largest angle in radians, in [0, π].
    rng
        Where they are drawn from; left out, torch's own generator.

    Raises
    ------
    ValueError
        If a number is out of range: with outer ≥ 1 nothing would be stable.
    TypeError
        If d is not a whole number.
    """
    d = whole("d", d, "[1, inf)", "raise it")
    interval("outer", outer, "[0, 1)", "only |λ| < 1 is stable")
    interval("inner", inner, "[0, inf)", "it is a radius")
    if inner > outer:
        raise ValueError(
            f"inner: expected at most outer = {outer}, got {inner}; swap them"
        )
    interval("angle", angle, f"[0, {math.pi}]", "it is in radians")
    u, v = torch.rand(2, d, generator=rng)
    r = (inner**2 + (outer**2 - inner**2) * u).sqrt()
    return torch.polar(r, angle * (2 * v - 1))


class LRU(nn.Module):
    r"""A linear recurrence with complex diagonal state and real output.

    .. math::
        \xi^{t+1} = \lambda \odot \xi^t + c \odot (B x^t), \qquad
        y^t = \mathrm{Re}(C \xi^{t+1}) + D x^t

    with λ = exp(−exp(ν) + iθ), so that |λ| < 1 for all numbers ν and θ, and
    c = √(1 − |λ|²), by which white noise of variance 1 leads, on average over
    the random B, to states of variance 1. In Orvieto et al. (2023) c is
    learnt from there, and D is diagonal.

    Parameters
    ----------
    n, d, k
        Sizes of an input, of the state and of an output.
    lam
        Eigenvalues λ to start from, 0 < |λ| < 1; left out, those of `ring`.
    rng
        Where the weights are drawn from; left out, torch's own generator.

    Attributes
    ----------
    nu, theta, B, C, D
        The weights; the real and imaginary parts of B and C lie along their
        last axis.

    Raises
    ------
    ValueError
        If a size is below 1, or some λ is not inside the unit circle.
    TypeError
        If a size is not a whole number, or λ is not complex.
    """

    def __init__(
        self,
        n: int,
        d: int,
        k: int,
        *,
        lam: Complex[Tensor, " d"] | None = None,
        rng: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        sizes = {"n": n, "d": d, "k": k}
        self.n, self.d, self.k = (
            whole(name, size, "[1, inf)", "raise it")
            for name, size in sizes.items()
        )
        lam = ring(d, rng=rng) if lam is None else lam
        expect("lam", lam, "d", d=d)
        if not lam.is_complex():
            raise TypeError(
                f"lam: expected complex numbers, got {lam.dtype}; call "
                "lam.to(torch.complex128)"
            )
        r = lam.detach().abs()
        if not bool(((r > 0) & (r < 1)).all()):
            worst = float(r.max() if not r.max() < 1 else r.min())
            raise ValueError(
                f"lam: expected 0 < |λ| < 1, which is stable, got {worst:.6g};"
                " take ring(d)"
            )
        self.nu = nn.Parameter((-r.log()).log())
        self.theta = nn.Parameter(lam.detach().angle())

        def drawn(*shape: int) -> nn.Parameter:
            W = torch.randn(shape, dtype=r.dtype, generator=rng)
            return nn.Parameter(W / math.sqrt(math.prod(shape[1:])))

        self.B, self.C, self.D = drawn(d, n, 2), drawn(k, d, 2), drawn(k, n)

    @property
    def lam(self) -> Complex[Tensor, " d"]:
        """Return the eigenvalues λ, all inside the unit circle."""
        return torch.polar((-self.nu.exp()).exp(), self.theta)

    def forward(
        self,
        x: Float[Tensor, "b T n"],
        xi0: Complex[Tensor, "b d"] | None = None,
    ) -> tuple[Float[Tensor, "b T k"], Complex[Tensor, "b d"]]:
        """Return the outputs y^0, ..., y^{T−1}, and the state ξ^T.

        With ξ^T as `xi0` of the next piece, a sequence may come in pieces, or
        in single steps.

        Parameters
        ----------
        x
            Sequences of one length T ≥ 1.
        xi0
            The states at the start; left out they are 0.

        Raises
        ------
        ValueError
            If x is empty, or a size is not that of the unit.
        TypeError
            If x or the state is not of the weights' dtype: x is real, the
            state complex.
        """
        b, _, _ = filled("x", x, "b T n", n=self.n)
        _of("x", x, self.D.dtype, ".real")
        lam = self.lam
        B, C = torch.view_as_complex(self.B), torch.view_as_complex(self.C)
        c = (1 - lam.abs() ** 2).sqrt()
        u = c * (x.to(lam.dtype) @ B.mT)
        if xi0 is not None:
            expect("xi0", xi0, "b d", b=b, d=self.d)
            _of("xi0", xi0, lam.dtype, f".to({lam.dtype})")
        xi = linear_scan(lam, u, xi0)
        y = (xi @ C.mT).real + x @ self.D.mT
        return y, xi[:, -1]


def _of(name: str, x: Tensor, dtype: torch.dtype, way_out: str) -> None:
    if x.dtype != dtype:
        if x.is_complex() == dtype.is_complex:
            way_out = f".to({dtype})"
        raise TypeError(
            f"{name}: expected {dtype}, got {x.dtype}; take {name}{way_out}"
        )
