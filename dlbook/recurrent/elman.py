"""Section 13.1: the Elman network, and backpropagation through time."""

import math
from typing import Literal, TypeAlias, get_args

import torch
from jaxtyping import Float
from torch import Tensor, nn

from dlbook.shapes import door, expect, filled, same_shape, whole

__all__ = ["RNN", "Slope", "bptt"]

Slope: TypeAlias = Literal["tanh", "relu", "identity"]
Sequences: TypeAlias = Float[Tensor, "b T n"]
States: TypeAlias = Float[Tensor, "b T d"]


class RNN(nn.Module):
    r"""Elman layers, one on the other, in one direction or in both.

    .. math::
        z_t = \phi(U z_{t-1} + V x_t + b), \qquad t = 1, \dots, T

    The states of a layer are the input of the next one. In both directions, a
    second cell reads from the end, and its state at t stands behind the first
    cell's. As `torch.nn.RNN`, with one bias where torch adds two. Like there,
    weights are drawn uniformly from [−1/√d, 1/√d].

    Parameters
    ----------
    n, d
        Sizes of an input and of a state.
    layers
        How many layers.
    both
        Whether each layer reads in both directions.
    phi
        φ: "tanh", "relu" or "identity".
    rng
        Where the weights are drawn from; left out, torch's own generator.

    Attributes
    ----------
    U, V, b
        Weights of the cells: layer by layer, forward before backward.

    Raises
    ------
    ValueError
        If a size is below 1, or there is no such φ.
    TypeError
        If a size is not a whole number.
    """

    def __init__(
        self,
        n: int,
        d: int,
        *,
        layers: int = 1,
        both: bool = False,
        phi: Slope = "tanh",
        rng: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        sizes = {"n": n, "d": d, "layers": layers}
        self.n, self.d, self.layers = (
            whole(name, size, "[1, inf)", "raise it")
            for name, size in sizes.items()
        )
        _known(phi)
        self.phi: Slope = phi
        self.ways = 2 if both else 1
        self.U, self.V, self.b = (nn.ParameterList() for _ in "UVb")
        for cell in range(self.layers * self.ways):
            below = n if cell < self.ways else self.ways * d
            for weights, shape in (
                (self.U, (d, d)), (self.V, (d, below)), (self.b, (d,))
            ):  # fmt: skip
                drawn = 2 * torch.rand(shape, generator=rng) - 1
                weights.append(nn.Parameter(drawn / math.sqrt(d)))

    def forward(
        self, x: Sequences, z0: Float[Tensor, "cells b d"] | None = None
    ) -> tuple[Float[Tensor, "b T D"], Float[Tensor, "cells b d"]]:
        """Return the states of the last layer, and the last of each cell.

        Parameters
        ----------
        x
            Sequences of one length T ≥ 1.
        z0
            What each cell starts from; left out it is 0. A cell that reads
            from the end starts behind x_T.

        Raises
        ------
        ValueError
            If x is empty, or a size is not that of the network.
        TypeError
            If x or z0 is not made of real numbers, of the weights' dtype.
        """
        b, _, _ = filled("x", x, "b T n", n=self.n)
        dtype = self.b[0].dtype
        _of("x", x, dtype)
        cells = self.layers * self.ways
        if z0 is None:
            z0 = x.new_zeros(cells, b, self.d)
        expect("z0", z0, "cells b d", cells=cells, b=b, d=self.d)
        _of("z0", z0, dtype)
        last = []
        for layer in range(self.layers):
            found = []
            for way in range(self.ways):
                cell = layer * self.ways + way
                read = x.flip(1) if way else x
                Z = self._states(cell, read, z0[cell])
                last.append(Z[:, -1])
                found.append(Z.flip(1) if way else Z)
            x = torch.cat(found, -1)
        return x, torch.stack(last)

    def _states(self, cell: int, x: Tensor, z: Tensor) -> Tensor:
        """Return z_1, ..., z_T of one cell."""
        U, V, b = self.U[cell], self.V[cell], self.b[cell]
        states = []
        for v_t in (x @ V.mT + b).unbind(1):  # V x_t + b, at all times at once
            z = _phi(self.phi, z @ U.mT + v_t)
            states.append(z)
        return torch.stack(states, 1)


@door
def bptt(
    U: Float[Tensor, "d d"],
    x: Sequences,
    Z: States,
    delta: States,
    z0: Float[Tensor, "b d"] | None = None,
    *,
    phi: Slope = "tanh",
) -> tuple[Float[Tensor, "d d"], Float[Tensor, "d n"], Float[Tensor, " d"]]:
    """Return ∂L/∂U, ∂L/∂V and ∂L/∂b of an Elman layer, by hand.

    e_t = φ'(a_t) ⊙ (δ_t + Uᵀ e_{t+1}) from t = T down, with e_{T+1} = 0; then
    ∂L/∂U = Σ_t e_t z_{t−1}ᵀ, ∂L/∂V = Σ_t e_t x_tᵀ and ∂L/∂b = Σ_t e_t, summed
    over the sequences: Werbos (1990).

    Parameters
    ----------
    U
        Weights from state to state.
    x, Z
        Input, and the states z_1, ..., z_T that it led to.
    delta
        δ_t = ∂L/∂z_t at fixed later states: what L takes from z_t itself.
    z0
        The states before; left out they are 0.
    phi
        φ: "tanh", "relu" or "identity".

    Raises
    ------
    ValueError
        If shapes do not fit together, something is empty, or there is no
        such φ.
    TypeError
        If they are not real numbers.
    """
    b, T, d = filled("Z", Z, "b T d")
    filled("x", x, "b T n", b=b, T=T)
    same_shape("delta", delta, "Z", Z)
    expect("U", U, "d d", d=d)
    _known(phi)
    if z0 is None:
        z0 = Z.new_zeros(b, d)
    expect("z0", z0, "b d", b=b, d=d)
    slope = _slope(phi, Z)
    e = torch.zeros_like(z0)
    found = []
    for t in reversed(range(T)):
        e = slope[:, t] * (delta[:, t] + e @ U)  # rows: Uᵀ e is e U
        found.append(e)
    E = torch.stack(found[::-1], 1)
    before = torch.cat([z0[:, None], Z[:, :-1]], 1)
    dU = torch.einsum("btd,bte->de", E, before)
    dV = torch.einsum("btd,btn->dn", E, x)
    return dU, dV, E.sum((0, 1))


def _phi(phi: Slope, a: Tensor) -> Tensor:
    if phi == "tanh":
        return a.tanh()
    return a.relu() if phi == "relu" else a


def _slope(phi: Slope, z: Tensor) -> Tensor:
    """Return φ'(a), from z = φ(a) alone."""
    if phi == "tanh":
        return 1 - z * z
    return (z > 0).to(z) if phi == "relu" else torch.ones_like(z)


def _known(phi: str) -> None:
    if phi not in get_args(Slope):
        raise ValueError(f"phi: expected {get_args(Slope)}, got {phi!r}")


def _of(name: str, x: Tensor, dtype: torch.dtype) -> None:
    if x.dtype != dtype:
        raise TypeError(
            f"{name}: expected {dtype} like the weights, got {x.dtype}; "
            f"call {name}.to({dtype})"
        )
