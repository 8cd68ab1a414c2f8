"""What users hold becomes tensors: lists, numbers, NumPy arrays, any dtype."""

import functools
import inspect
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, ParamSpec, TypeVar

import numpy as np
import torch
from torch import Tensor

from dlbook.shapes.expected import short

__all__ = ["array", "door", "number"]

P = ParamSpec("P")
R = TypeVar("R")
REAL = {torch.bfloat16, torch.float16, torch.float32, torch.float64}
USUAL = REAL | {  # torch has no arithmetic for the others
    torch.complex64,
    torch.complex128,
    torch.uint8,
    torch.int8,
    torch.int16,
    torch.int32,
    torch.int64,
}


def door(function: Callable[P, R]) -> Callable[P, R]:
    """Let in what users hold: lists, numbers, NumPy arrays, tensors.

    An argument that is annotated as an array becomes a tensor of a dtype
    that the annotation allows. Where real numbers with a point are asked for
    (``Float``), whole numbers get torch's default dtype, and all such
    arguments of a call get one dtype: the finest of those that are arrays.
    Lists and numbers have no dtype of their own and follow the arrays, on
    the device of the tensors. Tensors that fit already pass as they are. In
    the other arguments a NumPy number becomes Python's.

    Parameters
    ----------
    function
        What its annotations say is read once, here; calls of arrays that fit
        cost a few microseconds more than without the door.

    Raises
    ------
    TypeError
        If an argument is not made of numbers, or of a kind that the
        annotation does not allow, e.g. complex; if it is sparse or masked.
    ValueError
        If a number does not fit into the dtype of the arrays, or two tensors
        are not on one device.

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
    parameters = inspect.signature(function).parameters
    names = tuple(parameters)
    asked = {
        name: spec
        for name, parameter in parameters.items()
        if (spec := _asked(parameter.annotation)) is not None
    }

    @functools.wraps(function)
    def within(*args: P.args, **kwargs: P.kwargs) -> R:
        arrays, specs, let_in = {}, [], {}
        for name, x in (*zip(names, args, strict=False), *kwargs.items()):
            spec = asked.get(name)
            if spec is not None and not spec.passes(x):
                arrays[name] = x
                specs.append(spec)
            elif isinstance(x, np.generic | np.ndarray):
                let_in[name] = number(x)
        fit = _fit(arrays.values(), specs)
        if fit and not let_in:
            return function(*args, **kwargs)
        let_in |= {} if fit else _tensors(arrays, specs)
        positional = [
            let_in.get(name, x) for name, x in zip(names, args, strict=False)
        ]
        by_name = {name: let_in.get(name, x) for name, x in kwargs.items()}
        rest = args[len(names) :]  # too many: Python says so
        return function(*positional, *rest, **by_name)  # type: ignore

    return within


def array(name: str, x: Any, /) -> Tensor:
    """Return a tensor; lists and numbers become float64, int64, complex128.

    Parameters
    ----------
    name
        What to call `x` in the error message.
    x
        A tensor, an array, a number, or a list of them.

    Raises
    ------
    TypeError
        If it is not made of numbers, or some of them are masked.

    Examples
    --------
    >>> array("x", [[1, 2], [3, 4]])
    tensor([[1, 2],
            [3, 4]])
    """
    if isinstance(x, Tensor):
        if x.layout != torch.strided:
            raise TypeError(
                f"{name}: expected a dense tensor, got {x.layout}; call "
                ".to_dense() on it"
            )
        return x
    if isinstance(x, np.ma.MaskedArray):
        raise TypeError(
            f"{name}: expected all numbers, got a masked array; call "
            ".filled() on it"
        )
    try:
        if _holds(Tensor, x):
            return torch.stack([array(name, entry) for entry in x])
        a = np.asarray(x)
        if a.dtype.kind not in "biufc":
            raise TypeError
        native = a.dtype.newbyteorder("=")
        own = np.ascontiguousarray(a, native).reshape(a.shape)
        return torch.as_tensor(own if own.flags.writeable else own.copy())
    except (TypeError, ValueError, RuntimeError):
        raise TypeError(
            f"{name}: expected numbers, got {short(x)}; give a list, array or "
            "tensor"
        ) from None


def number(x: Any, /) -> Any:
    """Return a NumPy number as Python's own: torch multiplies by no other.

    Parameters
    ----------
    x
        Whatever an argument is that stands for one number.

    Examples
    --------
    >>> import numpy as np
    >>> number(np.float32(0.5)), number("half")
    (0.5, 'half')
    """
    single = isinstance(x, np.generic | np.ndarray) and x.ndim == 0
    return x.item() if single else x


class _Asked(NamedTuple):
    """What an annotation asks for: dtypes of a tensor, or something else."""

    dtypes: set[torch.dtype]
    others: tuple[type, ...]
    real: bool  # numbers with a point only

    def passes(self, x: Any) -> bool:
        """Say whether x is one of the other things."""
        return isinstance(x, self.others) and not isinstance(x, Tensor)


def _asked(annotation: Any) -> _Asked | None:
    """Read the annotation of an argument; None if it asks for no array."""
    parts = typing.get_args(annotation)
    if typing.get_origin(annotation) not in (types.UnionType, typing.Union):
        parts = (annotation,)
    names: set[str] = set()
    others: list[type] = []
    for part in parts:
        if getattr(part, "array_type", None) is Tensor:
            names |= set(part.dtypes)
        elif isinstance(part, type):
            others.append(part)
    dtypes = USUAL & {getattr(torch, name, None) for name in names}
    real = torch.float64 in dtypes and torch.int64 not in dtypes
    return _Asked(dtypes, tuple(others), real) if dtypes else None


def _fit(arrays: Iterable[Any], specs: list[_Asked]) -> bool:
    """Say whether all are tensors as asked for, the real ones of one dtype."""
    real = device = None
    for x, spec in zip(arrays, specs, strict=True):
        if not isinstance(x, Tensor) or x.dtype not in spec.dtypes:
            return False
        if spec.real:
            real = real or x.dtype
        device = device or x.device
        same = x.device == device and (not spec.real or x.dtype == real)
        if not same or x.layout != torch.strided:
            return False
    return True


def _tensors(arrays: Mapping[str, Any], specs: list[_Asked]) -> dict[str, Any]:
    """Make tensors of dtypes that are allowed, the real ones of one dtype."""
    made = {name: array(name, x) for name, x in arrays.items()}
    device = _device(
        {name: x for name, x in arrays.items() if isinstance(x, Tensor)}
    )
    own = {name for name, x in arrays.items() if _has_dtype(x)}
    fixed = [
        made[name].dtype
        for name, spec in zip(made, specs, strict=True)
        if spec.real and name in own and made[name].dtype in REAL
    ]
    default = torch.get_default_dtype()
    common = functools.reduce(torch.promote_types, fixed or [default])
    found = {}
    for (name, x), spec in zip(made.items(), specs, strict=True):
        y = x
        if spec.real and not x.is_complex():
            y = x.to(common)
        elif name not in own and (x.is_floating_point() or x.is_complex()):
            y = x.to(default.to_complex() if x.is_complex() else default)
            if not x.numel() and y.dtype not in spec.dtypes:
                y = x.long()  # an empty list may be of anything
        elif _counts(x, spec):
            y = x.long()
        if y.dtype not in spec.dtypes:
            kind, way_out = _missed(spec, y.dtype)
            dtype = str(y.dtype).removeprefix("torch.")
            raise TypeError(f"{name}: expected {kind}, got {dtype}; {way_out}")
        if y is not x:
            _refuse_overflow(name, x, y)
        kept = isinstance(arrays[name], Tensor)
        found[name] = y if kept or device is None else y.to(device)
    return found


def _device(tensors: Mapping[str, Tensor]) -> torch.device | None:
    """Return where the tensors are; refuse two places."""
    found: dict[torch.device, str] = {}
    for name, x in tensors.items():
        if x.ndim or x.device.type != "cpu":  # a number goes with all
            found.setdefault(x.device, name)
    if len(found) > 1:
        (here, first), (there, second), *_ = found.items()
        raise ValueError(
            f"{second}: expected on {here} like {first}, got on {there}; "
            f"move it, {second}.to({first}.device)"
        )
    return next(iter(found), None)


def _holds(kind: type, x: Any) -> bool:
    return isinstance(x, list | tuple) and any(
        isinstance(entry, kind) or _holds(kind, entry) for entry in x
    )


def _has_dtype(x: Any) -> bool:
    """Say whether x brings a dtype: an array, or a list with one in it."""
    if isinstance(x, list | tuple):
        return any(map(_has_dtype, x))
    return hasattr(x, "dtype") or hasattr(x, "__array__")


def _counts(x: Tensor, spec: _Asked) -> bool:
    """Say whether x is whole, in a dtype that int64 can stand for."""
    if x.is_floating_point() or x.is_complex() or x.dtype in spec.dtypes:
        return False
    if x.dtype == torch.bool:  # a mask is a number, but no place
        return torch.float64 in spec.dtypes
    return torch.int64 in spec.dtypes


def _missed(spec: _Asked, got: torch.dtype) -> tuple[str, str]:
    """Return what was asked for, and how to get from what came to it."""
    if spec.real:
        return "real numbers", "take .real or .abs() of it"
    if torch.float64 in spec.dtypes:
        return "numbers", "call .to(torch.float64) on it"
    if got == torch.bool:
        return "whole numbers", "call .nonzero()[:, 0] on a mask"
    return "whole numbers", "call .long() on it"


def _refuse_overflow(name: str, x: Tensor, y: Tensor) -> None:
    """Refuse numbers that became inf, or negative, in another dtype."""
    dtype = str(y.dtype).removeprefix("torch.")
    try:
        if y.is_floating_point():
            lost = y.isinf() & x.isfinite()
        elif x.dtype == torch.uint64:
            lost = y < 0
        else:
            return
        if not bool(lost.any()):
            return
    except RuntimeError:  # within vmap no number can be looked at
        return
    raise ValueError(
        f"{name}: expected numbers that {dtype} holds, got "
        f"{float(x[lost].double().abs().max()):.4g}; give all arrays in "
        "float64"
    )
