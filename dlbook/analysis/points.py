"""Functions of one point, applied to families of points."""

from collections.abc import Callable
from typing import Any, TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor

from dlbook.shapes import array
from dlbook.shapes import function as a_function

__all__ = ["Function", "Points"]

Function: TypeAlias = Callable[[Tensor], Tensor]
Points: TypeAlias = Float[Tensor, "m ..."]


def values_of(f: Function, x: Tensor) -> Tensor:
    """Apply f to each point, and refuse one that does not return a number."""
    a_function("f", f)
    some_points("x", x)
    values: Tensor
    try:
        values = torch.func.vmap(f)(x)
    except (RuntimeError, TypeError, ValueError):  # not made of torch alone
        values = torch.stack([_number(f(point)) for point in x]).to(x)
    if values.shape != x.shape[:1]:
        raise ValueError(
            f"f: expected one number for a point, got shape "
            f"{tuple(values.shape[1:])}; sum over it, or index it"
        )
    return values


def _number(value: object) -> Tensor:
    """Return the value of a function that vmap could not follow."""
    number = array("f", value)
    if number.ndim:
        raise ValueError(
            f"f: expected one number for a point, got shape "
            f"{tuple(number.shape)}; sum over it, or index it"
        )
    return number


def each(
    name: str,
    derivative: Callable[..., Any],
    dims: tuple[int | None, ...],
    *given: Tensor,
) -> Any:
    """Differentiate at each point; say so if that is not possible."""
    try:
        return torch.func.vmap(derivative, dims)(*given)
    except (RuntimeError, TypeError, ValueError) as error:
        shapes = [
            x.shape if dim is None else x.shape[1:]
            for dim, x in zip(dims, given, strict=True)
        ]
        of = " and ".join(str(tuple(shape)) for shape in shapes)
        raise TypeError(
            f"{name}: expected one number, made by torch's operations of "
            f"tensors of shape {of}, got {type(error).__name__}: {error}"
        ) from error


def some_points(name: str, x: Tensor) -> None:
    if not x.ndim or not len(x):
        raise ValueError(
            f"{name}: expected at least one point, got shape "
            f"{tuple(x.shape)}; draw some"
        )
