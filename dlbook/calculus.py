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

from dlbook.shapes import array, door, interval, same_shape, whole
from dlbook.shapes import function as a_function

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


@door
def vec(X: Float[Tensor, "..."]) -> Float[Tensor, " n"]:
    """Stack the columns of a matrix: the first index runs fastest.

        vec(X) = (X_11, X_21, ..., X_12, X_22, ...)

    `X.flatten()` stacks the rows instead. A vector stays what it is.

    Parameters
    ----------
    X
        An array with any number of axes.

    Raises
    ------
    TypeError
        If it is not real numbers.

    Source: Magnus and Neudecker (2019), chapter 2.
    """
    return X.permute(_backwards(X.ndim)).reshape(-1)


@door
def tensor_jacobian(
    f: Map, x: Float[Tensor, "*n"]
) -> Float[Tensor, "..."]:  # (*out, *in)
    """Differentiate every entry of f(x) by every entry of x.

        J[j, i] = ∂f(x)_j / ∂x_i,    j and i as many indices as it takes

    In reverse: row j of J is e_jᵀ J, one pass back for each entry of f(x),
    all of them at once. Time and memory are those of m gradients.

    Parameters
    ----------
    f
        Maps a tensor of the shape of x to a tensor; made of torch's
        operations.
    x
        Where the derivative is taken.

    Raises
    ------
    ValueError
        If x or f(x) is empty.
    TypeError
        If x is not real numbers, or f(x) no tensor in floating point.
    """
    _not_empty("x", x)
    y, pull, *_ = torch.func.vjp(_told(f), x)
    E = torch.eye(y.numel(), dtype=y.dtype, device=y.device)
    (rows,) = torch.func.vmap(pull)(E.reshape(-1, *y.shape))
    J: Tensor = rows.reshape((*y.shape, *x.shape))
    return J


@door
def jacobian(f: Map, x: Float[Tensor, "*n"]) -> Float[Tensor, "m n"]:
    """Differentiate in numerator layout: one row for each output.

        J = ∂vec f(x) / ∂(vec x)ᵀ ∈ R^{m×n},    vec(df) = J vec(dx)

    Parameters
    ----------
    f
        Maps a tensor of the shape of x to a tensor; made of torch's
        operations.
    x
        Where the derivative is taken.

    Raises
    ------
    ValueError
        If x or f(x) is empty.
    TypeError
        If x is not real numbers, or f(x) no tensor in floating point.

    Source: Magnus and Neudecker (2019), chapter 9.
    """
    J = tensor_jacobian(f, x)
    out = J.ndim - x.ndim
    both = [*_backwards(out), *(out + i for i in _backwards(x.ndim))]
    return J.permute(both).reshape(-1, x.numel())


@door
def gradient(
    f: Map, x: Float[Tensor, "*n"]
) -> Float[Tensor, "..."]:  # (*in, *out)
    """Differentiate in denominator layout: in front the shape of x.

        G[i, j] = ∂f(x)_j / ∂x_i

    For a scalar f this is the gradient ∇f, of the shape of x; for vectors it
    is the transpose of the Jacobian, n × m.

    Parameters
    ----------
    f
        Maps a tensor of the shape of x to a tensor; made of torch's
        operations.
    x
        Where the derivative is taken.

    Raises
    ------
    ValueError
        If x or f(x) is empty.
    TypeError
        If x is not real numbers, or f(x) no tensor in floating point.
    """
    J = tensor_jacobian(f, x)
    out = J.ndim - x.ndim
    return J.permute([*range(out, J.ndim), *range(out)])


@door
def finite_difference(
    f: Map, x: Float[Tensor, "*n"], *, h: float | None = None
) -> Float[Tensor, "m n"]:
    """Estimate the Jacobian from 2n values of f, by central differences.

        J e_i ≈ (vec f(x + h e_i) − vec f(x − h e_i)) / 2h,   error O(h²)

    Divided by is the distance between the two points as they are stored.

    Parameters
    ----------
    f
        Maps a tensor of the shape of x to numbers: a tensor, a NumPy array,
        a list or one number.
    x
        Where the derivative is taken.
    h
        The step, in units of x. Left out it is ε^{1/3} max(1, |x_i|) for the
        entry x_i, with the dtype's ε, which balances truncation against
        rounding.

    Raises
    ------
    ValueError
        If x or f(x) is empty, x is not finite, or h is too small for the
        dtype: x + h or x − h would be x.
    TypeError
        If x or f(x) is not real numbers.
    """
    _not_empty("x", x)
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
    a_function("f", f)
    columns = []
    for i, step in enumerate(vec(steps)):
        e = torch.zeros_like(vec(x))
        e[i] = step
        e = _unvec(e, x)
        above, below = _valued(f, x + e), _valued(f, x - e)
        same_shape("f(x + h)", above, "f(x - h)", below)
        distance = vec((x + e) - (x - e))[i]
        columns.append((vec(above) - vec(below)) / distance)
    return torch.stack(columns, 1)


@door
def contract(
    A: Float[Tensor, "..."], B: Float[Tensor, "..."], *, axes: int
) -> Float[Tensor, "..."]:
    """Sum over the last axes of A and the first of B: the chain rule.

        C[a, b] = Σ_j A[a, j] B[j, b],    j so many indices as `axes` says

    With A = ∂Z/∂Y and B = ∂Y/∂X as `tensor_jacobian` returns them and `axes`
    the order of Y, C is ∂Z/∂X. For two matrices and axes=1 it is A @ B, with
    axes=0 the outer product.

    Parameters
    ----------
    A, B
        The factors, in this order.
    axes
        How many axes j stands for: the last ones of A, the first ones of B.

    Raises
    ------
    ValueError
        If A or B has fewer axes, or theirs differ in size.
    TypeError
        If A or B is not real numbers, or `axes` not whole.
    """
    most = f"[0, {min(A.ndim, B.ndim)}]"
    axes = whole("axes", axes, most, "it counts axes of A and of B")
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
    a_function("f", f)

    def told(x: Tensor) -> Tensor:
        want = "f(x): expected a tensor in floating point"
        try:
            y = f(x)
        except RuntimeError as error:
            if not any(word in str(error) for word in NO_TRACE):
                raise
            raise TypeError(
                f"{want}, got NumPy or numbers on the way, which have no "
                "derivative; build it of torch functions"
            ) from error
        got = y.dtype if isinstance(y, Tensor) else type(y).__name__
        if not (isinstance(y, Tensor) and y.is_floating_point()):
            raise TypeError(f"{want}, got {got}; build it of torch functions")
        return _not_empty("f(x)", y)

    return told


# What torch says when a tensor that it traces is taken out of its hands.
NO_TRACE = ("numpy", "data pointer", "storage", ".item()", ".tolist()")


def _valued(f: Map, x: Tensor) -> Tensor:
    """Return f(x), be it a tensor, an array, a list or a number."""
    y = array("f(x)", f(x))
    if y.is_complex() or y.dtype == torch.bool:
        raise TypeError(f"f(x): expected real numbers, got {y.dtype}")
    return _not_empty("f(x)", y if y.is_floating_point() else y.to(x.dtype))


def _not_empty(name: str, x: Tensor) -> Tensor:
    if x.numel() == 0:
        raise ValueError(
            f"{name}: expected at least one entry, got shape "
            f"{tuple(x.shape)}; there is nothing to differentiate"
        )
    return x
