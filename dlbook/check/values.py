"""What a check is given: arrays of any library, numbers, truth values."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["is_array", "numbers", "precision", "short", "truth", "worst"]

# What two computations of one number may differ by: (rtol, atol) of the
# less precise dtype, as in torch.testing.assert_close.
PRECISION = {"float16": (1e-3, 1e-5), "float32": (1.3e-6, 1e-5)}
DOUBLE = (1e-7, 1e-7)
COMPLEX = {"complex64": "float32"}


def is_array(x: Any) -> bool:
    """Say whether x is an array of NumPy, torch or their like."""
    return hasattr(x, "shape") and hasattr(x, "dtype")


def numbers(id: str, name: str, x: Any) -> NDArray[Any]:
    """Return an array of numbers that is not empty."""
    if hasattr(x, "detach"):
        x = x.detach().cpu()
    a = np.asarray(x)
    if a.dtype.kind not in "biufc":
        raise TypeError(f"{id}: {name}: expected numbers, got {short(x)}")
    if a.size == 0:
        raise ValueError(
            f"{id}: {name}: expected something to compare, got shape {a.shape}"
        )
    return a if a.dtype.kind != "b" else a.astype(int)


def precision(a: NDArray[Any]) -> tuple[float, float]:
    """Return (rtol, atol): what rounding may do to this dtype."""
    dtype = COMPLEX.get(a.dtype.name, a.dtype.name)
    return PRECISION.get(dtype, DOUBLE)


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
