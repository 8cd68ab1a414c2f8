"""Sections 4 and 18: derivatives in both layouts, and a witness for them.

Three functions say the same thing, each in its own arrangement. For
``f`` from shape ``in`` to shape ``out``, at x:

jacobian         numerator layout: ∂vec f / ∂(vec x)ᵀ, a matrix m × n
gradient         denominator layout: shape ``(*in, *out)``
tensor_jacobian  nothing flattened: shape ``(*out, *in)``

with m and n the numbers of entries of f(x) and x. A number is a vector of
length 1: its Jacobian is a row, 1 × n, its gradient has the shape of x.

f    maps a tensor to a tensor, in floating point, and is made of torch's
     operations (`finite_difference` asks for no more than values)
x    where the derivative is taken: floating point, any shape, not empty
"""

from collections.abc import Callable
from typing import TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor

from dlbook.shapes import interval, same_shape

__all__ = [
    "Map",
    "contract",
    "finite_difference",
    "gradient",
    "jacobian",
    "tensor_jacobian",
    "vec",
]

Map: TypeAlias = Callable[[Tensor], Tensor]


def vec(X: Float[Tensor, "..."]) -> Float[Tensor, " n"]:
    """Stack the columns of a matrix: the first index runs fastest.

        vec(X) = (X_11, X_21, ..., X_12, X_22, ...)

    `X.flatten()` stacks the rows instead. A vector stays what it is.

    Source: Magnus and Neudecker (2019), chapter 2.
    """
    return X.permute(_backwards(X.ndim)).reshape(-1)


def tensor_jacobian(
    f: Map, x: Float[Tensor, "*n"]
) -> Float[Tensor, "..."]:  # (*out, *in)
    """Differentiate every entry of f(x) by every entry of x.

        J[j, i] = ∂f(x)_j / ∂x_i,    j and i as many indices as it takes

    In reverse: row j of J is e_jᵀ J, one pass back for each entry of f(x),
    all of them at once. Time and memory are those of m gradients.
    """
    _door(x)
    y, pull, *_ = torch.func.vjp(_told(f), x)
    E = torch.eye(y.numel(), dtype=y.dtype, device=y.device)
    (rows,) = torch.func.vmap(pull)(E.reshape(-1, *y.shape))
    J: Tensor = rows.reshape((*y.shape, *x.shape))
    return J


def jacobian(f: Map, x: Float[Tensor, "*n"]) -> Float[Tensor, "m n"]:
    """Differentiate in numerator layout: one row for each output.

        J = ∂vec f(x) / ∂(vec x)ᵀ ∈ R^{m×n},    vec(df) = J vec(dx)

    Source: Magnus and Neudecker (2019), chapter 9.
    """
    J = tensor_jacobian(f, x)
    out = J.ndim - x.ndim
    both = [*_backwards(out), *(out + i for i in _backwards(x.ndim))]
    return J.permute(both).reshape(-1, x.numel())


def gradient(
    f: Map, x: Float[Tensor, "*n"]
) -> Float[Tensor, "..."]:  # (*in, *out)
    """Differentiate in denominator layout: in front the shape of x.

        G[i, j] = ∂f(x)_j / ∂x_i

    For a scalar f this is the gradient ∇f, of the shape of x; for vectors it
    is the transpose of the Jacobian, n × m.
    """
    J = tensor_jacobian(f, x)
    out = J.ndim - x.ndim
    return J.permute([*range(out, J.ndim), *range(out)])


def finite_difference(
    f: Map, x: Float[Tensor, "*n"], *, h: float | None = None
) -> Float[Tensor, "m n"]:
    """Estimate the Jacobian from 2n values of f, by central differences.

        J e_i ≈ (vec f(x + h e_i) − vec f(x − h e_i)) / 2h,   error O(h²)

    Divided by is the distance between the two points as they are stored.

    h: the step, in units of x. Left out it is ε^{1/3} max(1, |x_i|) for the
    entry x_i, with the dtype's ε, which balances truncation against rounding.
    A step too small for the dtype is refused: x + h or x − h would be x.
    """
    _door(x)
    if not bool(x.isfinite().all()):
        raise ValueError("x: expected finite entries, got nan or inf")
    best = torch.finfo(x.dtype).eps ** (1 / 3) * x.detach().abs().clamp_min(1)
    if h is None:
        steps = best
    else:
        interval("h", h, "(0, inf)", "it is a distance")
        steps = torch.full_like(best, h)
    lost = (x + steps == x) | (x - steps == x)
    if bool(lost.any()):
        raise ValueError(
            f"h: expected a step that changes every entry of x in {x.dtype}, "
            f"got {h:g}; take {float(best[lost].max()):.1g} or leave it out"
        )
    f, columns = _told(f), []
    for i, step in enumerate(vec(steps)):
        e = torch.zeros_like(vec(x))
        e[i] = step
        e = _unvec(e, x)
        above, below = f(x + e), f(x - e)
        same_shape("f(x + h)", above, "f(x - h)", below)
        distance = vec((x + e) - (x - e))[i]
        columns.append((vec(above) - vec(below)) / distance)
    return torch.stack(columns, 1)


def contract(
    A: Float[Tensor, "..."], B: Float[Tensor, "..."], *, axes: int
) -> Float[Tensor, "..."]:
    """Sum over the last axes of A and the first of B: the chain rule.

        C[a, b] = Σ_j A[a, j] B[j, b],    j so many indices as `axes` says

    With A = ∂Z/∂Y and B = ∂Y/∂X as `tensor_jacobian` returns them and `axes`
    the order of Y, C is ∂Z/∂X. For two matrices and axes=1 it is A @ B, with
    axes=0 the outer product.
    """
    most = min(A.ndim, B.ndim)
    interval("axes", axes, f"[0, {most}]", "it counts axes of A and of B")
    last, first = tuple(A.shape[A.ndim - axes :]), tuple(B.shape[:axes])
    if last != first:
        raise ValueError(
            f"B: expected first {axes} axes {last} like the last of A, got "
            f"{first} of {tuple(B.shape)}; swap A and B, or change axes"
        )
    C: Tensor = torch.tensordot(A, B, dims=axes)
    return C


def _backwards(axes: int) -> list[int]:
    return list(range(axes))[::-1]


def _unvec(v: Tensor, like: Tensor) -> Tensor:
    """Undo vec: return the tensor of that shape with vec(it) = v."""
    turned = v.reshape([like.shape[i] for i in _backwards(like.ndim)])
    return turned.permute(_backwards(like.ndim))


def _told(f: Map) -> Map:
    """Return f, with its value refused unless it can be differentiated."""

    def told(x: Tensor) -> Tensor:
        y = f(x)
        got = y.dtype if isinstance(y, Tensor) else type(y).__name__
        if not (isinstance(y, Tensor) and y.is_floating_point()):
            want = "f(x): expected a tensor in floating point"
            raise TypeError(f"{want}, got {got}; build it of torch functions")
        if y.numel() == 0:
            shape = tuple(y.shape)
            raise ValueError(f"f(x): expected entries, got shape {shape}")
        return y

    return told


def _door(x: Tensor) -> None:
    """Refuse what torch would accept silently or explain badly."""
    if not x.is_floating_point():
        want = "x: expected floating point"
        raise TypeError(f"{want}, got {x.dtype}; call x.double()")
    if x.numel() == 0:
        raise ValueError(
            f"x: expected at least one entry, got shape {tuple(x.shape)}; "
            "there is nothing to differentiate by"
        )
