"""Sections 12.1 and 12.2: convolution and correlation of signals.

Signals f and kernels h are arrays with d = 1, 2, ... axes, indexed from 0 and
zero outside. Integers are computed in int64 and refused where they could
overflow.
"""

import math
from itertools import product
from typing import Literal, TypeAlias, get_args

import torch
import torch.nn.functional as F
from jaxtyping import Num
from torch import Tensor

from dlbook.shapes import door, filled, fine, same_shape, whole

__all__ = [
    "circulant",
    "convolve",
    "convolve_fft",
    "correlate",
    "rot180",
    "toeplitz",
]

Mode: TypeAlias = Literal["full", "same", "valid", "cyclic"]
Signal: TypeAlias = Num[Tensor, "..."]
Kernel: TypeAlias = Num[Tensor, " m"]


@door
def convolve(f: Signal, h: Signal, mode: Mode = "full") -> Signal:
    """Convolve by the definition: (f∗h)[u] = Σ_t f[u−t] h[t].

    A nan reaches those outputs alone whose sum it is part of.

    Parameters
    ----------
    f, h
        Signal and kernel, with as many axes.
    mode
        Which u, on each axis, for n samples of f and m of h::

            "full"    0, ..., n+m−2, all that can differ from zero
            "same"    n of them from (m−1)//2 on, as scipy.signal.convolve
            "valid"   m−1, ..., n−1, those that need nothing from outside
            "cyclic"  0, ..., n−1, indices modulo n = m: pad h with zeros

    Raises
    ------
    ValueError
        If one is empty, their axes differ in number, or sizes do not fit the
        `mode`; if integers could overflow.
    TypeError
        If they are not numbers.
    """
    size, keep = _window(f, h, mode)
    f, h = _alike(f, h)
    if h.numel() > f.numel():
        f, h = h, f  # the same: fewer terms
    y = f.new_zeros(size)
    for t in product(*map(range, h.shape)):
        if mode == "cyclic":
            y = y + (h[t] * f).roll(t, tuple(range(f.ndim)))
        else:
            y = y + _moved(h[t] * f, t, size)
    return y[keep]


@door
def correlate(h: Signal, f: Signal, mode: Mode = "full") -> Signal:
    """Correlate, the kernel first: (h⋆f)[u] = Σ_t h[t] f[u+t] = (f∗h̄)[u].

    h̄ is h reversed, not conjugated, so that u starts at −(m−1) if `mode` is
    "full", at −(m//2) if it is "same", else at 0.

    Parameters
    ----------
    h, f
        Kernel and signal, with as many axes.
    mode
        Which u, as for `convolve`.

    Raises
    ------
    ValueError
        If one is empty, their axes differ in number, or sizes do not fit the
        `mode`; if integers could overflow.
    TypeError
        If they are not numbers.
    """
    axes = tuple(range(h.ndim))
    y = convolve(f, rot180(h, axes), mode)
    return y.roll((1,) * h.ndim, axes) if mode == "cyclic" else y


@door
def convolve_fft(f: Signal, h: Signal, mode: Mode = "full") -> Signal:
    """Convolve by the convolution theorem: f∗h = F⁻¹(F f · F h).

    Unless `mode` is "cyclic", both are padded with zeros to n+m−1 or more.
    Rounding is relative to the largest entry, and one nan spreads to all.
    Integers are transformed in float64 and rounded, which is exact: those
    that are too large for it are refused.

    Parameters
    ----------
    f, h, mode
        As for `convolve`.

    Raises
    ------
    ValueError
        If one is empty, their axes differ in number, or sizes do not fit the
        `mode`; if integers could overflow, or be rounded.
    TypeError
        If they are not numbers, or in half precision.
    """
    size, keep = _window(f, h, mode)
    fine(f=f, h=h)
    f, h = _alike(f, h)
    N = size if mode == "cyclic" else [_fast(n) for n in size]
    whole = not (f.is_floating_point() or f.is_complex())
    if whole:
        _exact(f, h, math.prod(N))
    start = (0,) * f.ndim
    z = torch.stack([_moved(f, start, N), _moved(h, start, N)])
    z = z.double() if whole else z
    fft, ifft = torch.fft.rfftn, torch.fft.irfftn
    if z.is_complex():
        fft, ifft = torch.fft.fftn, torch.fft.ifftn
    F_f, F_h = fft(z, dim=tuple(range(1, z.ndim)))  # both at once: one plan
    y: Tensor = ifft(F_f * F_h, N)[keep]
    return y.round().to(f.dtype) if whole else y


@door
def circulant(h: Kernel, n: int | None = None) -> Num[Tensor, "n n"]:
    """Return C[u, t] = h[(u−t) mod n], h padded to n: C f is f∗h, cyclic.

    Parameters
    ----------
    h
        The kernel, of length m.
    n
        The period in samples, at least m, and m if left out.

    Raises
    ------
    ValueError
        If h is empty or has several axes, or n is smaller than m.
    TypeError
        If h is not numbers, or n not whole.
    """
    (m,) = filled("h", h, "m")
    fits = f"[{m}, inf)", "h has to fit into one period"
    n = m if n is None else whole("n", n, *fits)
    u = torch.arange(n, device=h.device)
    return F.pad(h, (0, n - m))[(u[:, None] - u) % n]


@door
def toeplitz(h: Kernel, n: int, mode: Mode = "full") -> Num[Tensor, "u n"]:
    """Return T[u, t] = h[u−t] with n columns: T f is convolve(f, h, mode).

    Parameters
    ----------
    h
        The kernel, of length m.
    n
        Length of the signal f in samples.
    mode
        Which u, as for `convolve`.

    Raises
    ------
    ValueError
        If h is empty or has several axes, or it does not fit the `mode`.
    TypeError
        If h is not numbers, or n not whole.
    """
    filled("h", h, "m")
    n = whole("n", n, "[1, inf)", "it is the length of the signal")
    (size,), keep = _window(h.new_empty(n), h, mode)
    return circulant(h, size)[keep][:, :n]


@door
def rot180(x: Signal, axes: tuple[int, ...] = (-2, -1)) -> Signal:
    """Reverse x along the axes: x[n−1−i], the sheet's x_{−i} moved by n−1.

    Parameters
    ----------
    x
        A signal, or filters (rows and columns last).
    axes
        Along which to reverse, by default along the last two.

    Raises
    ------
    ValueError
        If x lacks one of the axes.
    TypeError
        If x is not numbers.
    """
    try:
        return x.flip(axes)
    except IndexError:
        raise ValueError(
            f"x: expected the axes {axes}, got shape {tuple(x.shape)}; "
            "name others, axes=(-1,) for a signal"
        ) from None


# ---- sizes and numbers ----------------------------------------------------
def _window(
    f: Tensor, h: Tensor, mode: str
) -> tuple[list[int], tuple[slice, ...]]:
    """Return the size of the whole f∗h, and which part of it `mode` keeps."""
    n, m = tuple(f.shape), tuple(h.shape)
    if len(n) != len(m) or 0 in n + m or not n:
        raise ValueError(
            f"f, h: expected as many axes, none empty, got {n}, {m}; reshape"
        )
    if mode not in get_args(Mode):
        raise ValueError(f"mode: expected {get_args(Mode)}, got {mode!r}")
    if mode == "cyclic":
        same_shape("h", h, "f", f)
        return list(n), ()
    pairs = list(zip(n, m, strict=True))
    if mode == "valid" and any(a < b for a, b in pairs):
        raise ValueError(f"h: expected at most {n} like f, got {m}; pad f")
    keep = {
        "full": [slice(0, a + b - 1) for a, b in pairs],
        "same": [slice((b - 1) // 2, (b - 1) // 2 + a) for a, b in pairs],
        "valid": [slice(b - 1, a) for a, b in pairs],
    }
    return [a + b - 1 for a, b in pairs], tuple(keep[mode])


def _moved(x: Tensor, t: tuple[int, ...], size: list[int]) -> Tensor:
    """Return an array of this size that is x from index t on, and else 0."""
    ends = zip(t, x.shape, size, strict=True)
    around = [k for a, n, N in ends for k in (N - n - a, a)]
    return F.pad(x, around[::-1])  # torch counts the axes from the last


def _alike(f: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
    """Return both in one dtype, integers in int64, or refuse an overflow."""
    dtype = torch.result_type(f, h)
    if not (dtype.is_floating_point or dtype.is_complex):
        dtype = torch.int64
        a, b = f.double().abs(), h.double().abs()
        most = min(float(a.max() * b.sum()), float(a.sum() * b.max()))
        if most >= 2**62:  # and not 2**63: `most` itself is rounded
            raise ValueError(
                f"f, h: expected integers whose sums stay below 2**62, got "
                f"up to {most:.2g}; convert them to float64"
            )
    return f.to(dtype), h.to(dtype)


def _exact(f: Tensor, h: Tensor, N: int) -> None:
    """Refuse integers that rounding could change, N of them transformed.

    With ε = 2⁻⁵³ no output is off by more than 13 ε log₂(2N) ‖f‖ ‖h‖ where N
    is a power of 2: Brent, Percival and Zimmermann (2007). We
    allow for more than twice as much, and it has to stay below 1/2.
    """
    size = float(f.double().norm() * h.double().norm())
    if 32 * 2**-53 * math.log2(2 * N) * size >= 1 / 2:
        raise ValueError(
            f"f, h: expected integers that float64 convolves exactly, got "
            f"‖f‖ ‖h‖ = {size:.2g}; take convolve, or convert them to float64"
        )


def _fast(n: int) -> int:
    """Return a number from n on, less than 9/8 n, without primes above 7."""
    odd = 1, 3, 5, 7, 9, 15, 21, 27, 45
    return min(q << ((n - 1) // q).bit_length() for q in odd)
