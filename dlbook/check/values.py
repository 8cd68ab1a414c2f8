"""What a check is given: arrays of any library, numbers, truth values."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "is_array",
    "numbers",
    "plain",
    "precision",
    "short",
    "truth",
    "whole",
    "worst",
]

# What two computations of one number may differ by: (rtol, atol) of the
# less precise dtype, as in torch.testing.assert_close.
PRECISION = {
    "bfloat16": (1.6e-2, 1e-5),
    "float16": (1e-3, 1e-5),
    "float32": (1.3e-6, 1e-5),
}
DOUBLE = (1e-7, 1e-7)
SINGLE = {"complex64": "float32"}
EXACT = 2**53  # float64 holds every whole number up to here


def is_array(x: Any) -> bool:
    """Say whether x is an array of NumPy, torch or their like."""
    return hasattr(x, "shape") and hasattr(x, "dtype")


def plain(x: Any) -> Any:
    """Return what NumPy can read: tensors as arrays, also within lists."""
    if isinstance(x, list | tuple):
        return [plain(entry) for entry in x]
    if not hasattr(x, "detach"):
        return x
    x = x.detach().cpu().resolve_conj().resolve_neg()
    if dtype(x) == "bfloat16":  # NumPy has none
        x = x.float()
    return x.numpy()


def dtype(x: Any) -> str:
    """Return the name of an array's dtype, "float64" for what is none."""
    return str(x.dtype).removeprefix("torch.") if is_array(x) else "float64"


def numbers(id: str, name: str, x: Any) -> NDArray[Any]:
    """Return an array of float64 or complex128 that is not empty.

    Nothing is subtracted in another dtype: unsigned integers would wrap.

    Raises
    ------
    TypeError
        If x is not made of numbers.
    ValueError
        If it is empty, or loses digits in float64.
    """
    a = _array(id, name, x)
    with np.errstate(all="ignore"):
        wide = a.astype(complex if a.dtype.kind == "c" else float)
        back = wide.astype(a.dtype)
    if _large(a) or not np.array_equal(back, a, equal_nan=True):
        raise ValueError(
            f"{id}: {name}: {a.dtype.name} loses digits in float64; compare "
            "whole numbers with check.exact, and others in float64"
        )
    return wide


def whole(id: str, name: str, x: Any) -> NDArray[Any]:
    """Return an array whose entries compare exactly, of any dtype.

    Whole numbers that float64 would round stay Python's.
    """
    a = _array(id, name, x)
    return a.astype(object) if _large(a) else numbers(id, name, a)


def _array(id: str, name: str, x: Any) -> NDArray[Any]:
    a = np.asarray(plain(x))
    if a.dtype.kind not in "biufc":
        raise TypeError(f"{id}: {name}: expected numbers, got {short(x)}")
    if a.size == 0:
        raise ValueError(
            f"{id}: {name}: expected something to compare, got shape {a.shape}"
        )
    return a.astype(int) if a.dtype.kind == "b" else a


def _large(a: NDArray[Any]) -> bool:
    """Say whether float64 would round some of these whole numbers."""
    whole = a.dtype.kind in "iu"
    return whole and not -EXACT <= int(a.min()) <= int(a.max()) <= EXACT


def precision(*given: Any) -> tuple[float, float]:
    """Return (rtol, atol): what rounding may do to the coarsest dtype."""
    names = [dtype(x) for x in given]
    return max(PRECISION.get(SINGLE.get(n, n), DOUBLE) for n in names)


def worst(excess: Any) -> tuple[int, ...]:
    """Return where the largest entry stands; NaN counts as largest."""
    i = np.argmax(np.nan_to_num(excess, nan=np.inf))
    return tuple(map(int, np.unravel_index(i, np.shape(excess))))


def truth(id: str, condition: Any) -> bool:
    """Return one truth value as a bool, or refuse what is not one."""
    value = (
        condition.item()
        if getattr(condition, "shape", None) == ()
        else condition
    )
    if not isinstance(value, bool):
        raise TypeError(
            f"{id}: expected one truth value, got {short(condition)}; "
            "reduce it with all or any"
        )
    return value


def short(x: Any) -> str:
    """Return the repr, cut to 60 characters."""
    text = repr(x)
    return text if len(text) <= 60 else text[:57] + "..."
