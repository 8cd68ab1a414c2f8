"""What an argument has to be; the rest is refused with a way out."""

import operator
from collections.abc import Sequence
from typing import Any, TypeAlias

import torch
from torch import Tensor

__all__ = [
    "Two",
    "edge_index",
    "expect",
    "filled",
    "fine",
    "function",
    "interval",
    "pairs",
    "same_shape",
    "whole",
]

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


def pairs(least: int, /, **numbers: Any) -> list[tuple[int, int]]:
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
    TypeError
        If one of them is not a whole number.

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
        held: Any = given.tolist() if hasattr(given, "tolist") else given
        several = isinstance(held, Sequence) and not isinstance(held, str)
        pair = tuple(held) if several else (held, held)
        if len(pair) != 2:
            raise ValueError(
                f"{name}: expected a number or a pair (rows, columns), got "
                f"{given}; name two"
            )
        where = f"[{least}, inf)"
        rows, columns = (whole(name, n, where, "raise it") for n in pair)
        found.append((rows, columns))
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


def interval(name: str, x: Any, where: str, way_out: str, /) -> None:
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
    TypeError
        If `x` is not one number.

    Examples
    --------
    >>> interval("sd", 0.0, "(0, inf)", "use a small one")
    Traceback (most recent call last):
    ValueError: sd: expected a number in (0, inf), got 0.0; use a small one
    """
    lo, hi = (float(end) for end in where[1:-1].split(","))
    want = f"{name}: expected a number in {where}, got"
    try:
        above = bool(lo <= x if where[0] == "[" else lo < x)
        below = bool(x <= hi if where[-1] == "]" else x < hi)
    except (TypeError, ValueError, RuntimeError):  # a string, many numbers
        raise TypeError(f"{want} {short(x)}; {way_out}") from None
    if not (above and below):
        raise ValueError(f"{want} {x}; {way_out}")


def whole(name: str, x: Any, where: str, way_out: str, /) -> int:
    """Return a whole number in an interval; refuse what is none.

    Parameters
    ----------
    name, x, where, way_out
        As for `interval`. NumPy's whole numbers and arrays of one are those.

    Raises
    ------
    TypeError
        If `x` is not a whole number; 2.0 is none, and no list is.
    ValueError
        If it is not in the interval.

    Examples
    --------
    >>> whole("n", torch.tensor(3), "[1, inf)", "count from 1")
    3
    >>> whole("n", 2.5, "[1, inf)", "count from 1")
    Traceback (most recent call last):
    TypeError: n: expected a whole number, got 2.5; round it, int(...)
    """
    try:
        n = operator.index(x)
    except TypeError:
        raise TypeError(
            f"{name}: expected a whole number, got {short(x)}; round it, "
            "int(...)"
        ) from None
    interval(name, n, where, way_out)
    return n


def fine(**arrays: Tensor) -> None:
    """Refuse half precision, for which torch has no such algorithm.

    Parameters
    ----------
    **arrays
        The arrays by name.

    Raises
    ------
    TypeError
        If one is float16 or bfloat16.

    Examples
    --------
    >>> fine(A=torch.ones(2, dtype=torch.float16))
    Traceback (most recent call last):
    TypeError: A: expected float32 or float64, got float16; call A.float()
    """
    for name, x in arrays.items():
        if x.dtype in (torch.float16, torch.bfloat16):
            dtype = str(x.dtype).removeprefix("torch.")
            raise TypeError(
                f"{name}: expected float32 or float64, got {dtype}; call "
                f"{name}.float()"
            )


def function(name: str, f: Any, /) -> None:
    """Refuse what cannot be called.

    Parameters
    ----------
    name
        What to call `f` in the error message.
    f
        The function.

    Raises
    ------
    TypeError
        If it is none.

    Examples
    --------
    >>> function("f", 3)
    Traceback (most recent call last):
    TypeError: f: expected a function, got 3; write one with def or lambda
    """
    if not callable(f):
        raise TypeError(
            f"{name}: expected a function, got {short(f)}; write one with def "
            "or lambda"
        )


def short(x: Any) -> str:
    """Return what to call something in a message, in 40 letters at most."""
    text = " ".join(repr(x).split())
    return text if len(text) <= 40 else text[:37] + "..."


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
