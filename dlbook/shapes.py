"""Shared room: what is wrong is refused at the door, with a way out."""

import functools
import inspect
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, ParamSpec, TypeAlias, TypeVar

import numpy as np
import torch
from torch import Tensor

__all__ = [
    "Two",
    "door",
    "edge_index",
    "expect",
    "filled",
    "interval",
    "pairs",
    "same_shape",
]

P = ParamSpec("P")
R = TypeVar("R")
Two: TypeAlias = int | tuple[int, int]  # for rows and columns alike, or each


def expect(name: str, x: Any, spec: str, /, **sizes: int) -> dict[str, int]:
    """Match the shape of an array against named axes.

    Parameters
    ----------
    name
        What to call `x` in the error message.
    x
        Anything with a ``shape``.
    spec
        Space-separated axes, each a name or a number, e.g. ``"2 E"``. A
        leading ``...`` stands for any axes before them, as in ``"... n n"``.
    **sizes
        Sizes already known, from an earlier call.

    Returns
    -------
    dict
        The size of every named axis, to pass on to the next call.

    Raises
    ------
    ValueError
        If the number of axes or a size is wrong, or `spec` cannot be read.

    Examples
    --------
    >>> s = expect("X", torch.zeros(5, 3), "n f")
    >>> expect("A", torch.zeros(5, 4), "n n", **s)
    Traceback (most recent call last):
    ValueError: A: expected shape (n, n), got (5, 4): axis 1 should be n = 5
    """
    axes, got = spec.split(), tuple(x.shape)
    want = f"{name}: expected shape ({_listed(axes)}), got {got}"
    any_before = axes[:1] == ["..."]
    axes = axes[any_before:]
    for axis in axes:
        if not (axis.isdecimal() or axis.isidentifier()):
            raise ValueError(
                f"spec: expected names and numbers, got {axis!r} in {spec!r};"
                " write e.g. '2 E' or '... n n'"
            )
    extra = len(got) - len(axes)
    if extra < 0 or (extra and not any_before):
        at_least = "at least " if any_before else ""
        raise ValueError(
            f"{want}: {len(got)} axes instead of {at_least}{len(axes)}"
        )
    for i, axis in enumerate(axes, start=extra):
        fixed = axis.isdecimal()
        right = int(axis) if fixed else sizes.setdefault(axis, got[i])
        if got[i] != right:
            label = axis if fixed else f"{axis} = {right}"
            raise ValueError(f"{want}: axis {i} should be {label}")
    return sizes


def filled(name: str, x: Any, spec: str, /, **sizes: int) -> tuple[int, ...]:
    """Match a shape as `expect` does, and refuse an array without entries.

    Parameters
    ----------
    name, x, spec, **sizes
        As for `expect`.

    Returns
    -------
    tuple
        The shape of `x`.

    Raises
    ------
    ValueError
        If the shape is wrong, or an axis is empty.

    Examples
    --------
    >>> B, C = filled("x", torch.zeros(5, 3), "B C")
    >>> filled("x", torch.zeros(0, 3), "B C")
    Traceback (most recent call last):
    ValueError: x: expected at least one entry, got shape (0, 3); fill axis 0
    """
    expect(name, x, spec, **sizes)
    shape = tuple(x.shape)
    if 0 in shape:
        raise ValueError(
            f"{name}: expected at least one entry, got shape {shape}; "
            f"fill axis {shape.index(0)}"
        )
    return shape


def pairs(
    least: int, /, **numbers: int | Sequence[int]
) -> list[tuple[int, int]]:
    """Read each argument as a pair (rows, columns): one number means both.

    Parameters
    ----------
    least
        What none of the numbers may fall below.
    **numbers
        The arguments by name, each a number or a pair.

    Raises
    ------
    ValueError
        If a number is below `least`, or there are neither one nor two.

    Examples
    --------
    >>> pairs(1, stride=3, size=(2, 4))
    [(3, 3), (2, 4)]
    >>> pairs(1, stride=(1, 0))
    Traceback (most recent call last):
    ValueError: stride: expected a number in [1, inf), got 0; raise it
    """
    found = []
    for name, given in numbers.items():
        pair = tuple(given) if isinstance(given, Sequence) else (given, given)
        if len(pair) != 2:
            raise ValueError(
                f"{name}: expected a number or a pair (rows, columns), got "
                f"{given}; name two"
            )
        interval(name, min(pair), f"[{least}, inf)", "raise it")
        found.append(pair)
    return found


def same_shape(name: str, x: Any, like: str, y: Any, /) -> None:
    """Refuse two arrays that would be broadcast against each other.

    Parameters
    ----------
    name, like
        What to call `x` and `y` in the error message.
    x, y
        Anything with a ``shape``.

    Raises
    ------
    ValueError
        If the shapes differ, be it (n,) against (n, 1).

    Examples
    --------
    >>> same_shape("y", torch.zeros(5, 1), "f", torch.zeros(5))
    Traceback (most recent call last):
    ValueError: y: expected shape (5,) like f, got (5, 1); reshape it
    """
    got, want = tuple(x.shape), tuple(y.shape)
    if got != want:
        raise ValueError(
            f"{name}: expected shape {want} like {like}, got {got}; reshape it"
        )


def interval(name: str, x: float | int, where: str, way_out: str, /) -> None:
    """Refuse a number outside an interval, or nan.

    Parameters
    ----------
    name
        What to call `x` in the error message.
    x
        The number.
    where
        The interval, as one writes it: ``"[0, 1)"`` is 0 <= x < 1.
    way_out
        What to do instead, the end of the message.

    Raises
    ------
    ValueError
        If `x` is not in it.

    Examples
    --------
    >>> interval("sd", 0.0, "(0, inf)", "use a small one")
    Traceback (most recent call last):
    ValueError: sd: expected a number in (0, inf), got 0.0; use a small one
    """
    lo, hi = (float(end) for end in where[1:-1].split(","))
    above = lo <= x if where[0] == "[" else lo < x
    below = x <= hi if where[-1] == "]" else x < hi
    if not (above and below):
        raise ValueError(
            f"{name}: expected a number in {where}, got {x}; {way_out}"
        )


def edge_index(e: Tensor, n: int) -> None:
    """Refuse an edge list that a scatter would accept or explain badly.

    Parameters
    ----------
    e
        Edges, row 0 the sources and row 1 the targets, shape (2, E).
    n
        Number of nodes.

    Raises
    ------
    ValueError
        If the shape is not (2, E) or a node is not in 0, ..., n - 1.
    TypeError
        If the entries are not int64.
    """
    interval("n", n, "[0, inf)", "it is the number of nodes")
    if e.ndim == 2 and e.shape[0] != 2 and e.shape[1] == 2:
        got = tuple(e.shape)
        raise ValueError(
            f"edge_index: expected shape (2, E), got {got}; transpose it"
        )
    expect("edge_index", e, "2 E")
    if e.dtype != torch.int64:
        raise TypeError(
            f"edge_index: expected int64, got {e.dtype}; call .long() on it"
        )
    if e.numel():
        lo, hi = int(e.min()), int(e.max())
        if lo < 0 or hi >= n:
            raise ValueError(
                f"edge_index: expected nodes from 0 to {n - 1}, got {lo} to "
                f"{hi}; count from 0, or raise n"
            )


def _listed(axes: list[str]) -> str:
    return ", ".join(axes) + ("," if len(axes) == 1 else "")


def door(function: Callable[P, R]) -> Callable[P, R]:
    """Let in what users hold: lists, numbers, NumPy arrays, tensors.

    An argument that is annotated as an array becomes a tensor of a dtype
    that the annotation allows. Where real numbers with a point are asked for
    (``Float``), whole numbers get torch's default dtype, and all such
    arguments of a call get one dtype: the finest of those that are arrays.
    Lists and numbers have no dtype of their own and follow the arrays. A
    tensor that fits already passes as it is.

    Raises
    ------
    TypeError
        If an argument is not made of numbers, or of a kind that the
        annotation does not allow, e.g. complex.

    Examples
    --------
    >>> from jaxtyping import Float
    >>> @door
    ... def norm(x: Float[Tensor, " n"]) -> Float[Tensor, ""]:
    ...     return x.square().sum().sqrt()
    >>> norm([3, 4])
    tensor(5.)
    >>> norm("34")
    Traceback (most recent call last):
    TypeError: x: expected numbers, got '34'; give a list, array or tensor
    """
    signature = inspect.signature(function)
    asked = {
        name: spec
        for name, parameter in signature.parameters.items()
        if (spec := _asked(parameter.annotation)) is not None
    }

    @functools.wraps(function)
    def within(*args: P.args, **kwargs: P.kwargs) -> R:
        given = signature.bind(*args, **kwargs)
        arrays = {
            name: _tensor(name, x)
            for name, x in given.arguments.items()
            if name in asked and not asked[name].passes(x)
        }
        given.arguments.update(_of_one_dtype(arrays, given.arguments, asked))
        return function(*given.args, **given.kwargs)

    return within


class _Asked(NamedTuple):
    """What an annotation asks for: dtypes of a tensor, or something else."""

    dtypes: frozenset[str]
    others: tuple[type, ...]

    def passes(self, x: Any) -> bool:
        """Say whether x is one of the other things."""
        return isinstance(x, self.others) and not isinstance(x, Tensor)

    @property
    def real(self) -> bool:
        """Whether it asks for numbers with a point only."""
        return "float64" in self.dtypes and "int64" not in self.dtypes


def _asked(annotation: Any) -> _Asked | None:
    """Read the annotation of an argument; None if it asks for no array."""
    parts = typing.get_args(annotation)
    if typing.get_origin(annotation) not in (types.UnionType, typing.Union):
        parts = (annotation,)
    found: set[str] = set()
    others: list[type] = []
    for part in parts:
        if getattr(part, "array_type", None) is Tensor:
            found |= set(part.dtypes)
        elif isinstance(part, type):
            others.append(part)
    return _Asked(frozenset(found), tuple(others)) if found else None


def _tensor(name: str, x: Any) -> Tensor:
    """Return a tensor; lists and numbers become float64, int64, complex128."""
    if isinstance(x, Tensor):
        return x
    if isinstance(x, list | tuple) and any(isinstance(e, Tensor) for e in x):
        return torch.stack([_tensor(name, entry) for entry in x])
    try:
        a = np.asarray(x)
        if a.dtype.kind not in "biufc":
            raise TypeError
        return torch.as_tensor(np.ascontiguousarray(a).reshape(a.shape))
    except (TypeError, ValueError):
        text = repr(x)
        short = text if len(text) <= 40 else text[:37] + "..."
        raise TypeError(
            f"{name}: expected numbers, got {short}; give a list, array or "
            "tensor"
        ) from None


def _of_one_dtype(
    arrays: Mapping[str, Tensor],
    given: Mapping[str, Any],
    asked: Mapping[str, _Asked],
) -> dict[str, Tensor]:
    """Give the tensors dtypes that are allowed, the real ones one dtype."""
    own = [
        x.dtype
        for name, x in arrays.items()
        if asked[name].real
        and hasattr(given[name], "dtype")
        and x.is_floating_point()
    ]
    common = functools.reduce(
        torch.promote_types, own or [torch.get_default_dtype()]
    )
    found = {}
    for name, x in arrays.items():
        if asked[name].real and not x.is_complex():
            found[name] = x.to(common)
        elif not hasattr(given[name], "dtype") and x.is_floating_point():
            found[name] = x.to(torch.get_default_dtype())
        else:
            found[name] = x
        dtype = str(found[name].dtype).removeprefix("torch.")
        if dtype not in asked[name].dtypes:
            kind = "real numbers" if asked[name].real else "whole numbers"
            raise TypeError(f"{name}: expected {kind}, got {dtype}")
    return found
