"""Section 12: convolution of signals, layers of images, pooling, sizes.

Signals f and kernels h are arrays with d = 1, 2, ... axes, indexed from 0 and
zero outside. Stride s, padding p (with zeros, on all sides) and dilation r
are numbers or pairs (rows, columns). Autograd passes through. Empty input,
numbers out of range and sizes that do not fit raise ValueError.
"""

import math
from collections.abc import Sequence
from itertools import product
from typing import Literal, TypeAlias, get_args

import torch
import torch.nn.functional as F
from jaxtyping import Float, Num
from torch import Tensor

from dlbook.shapes import expect, interval, same_shape

__all__ = [
    "avg_pool", "circulant", "conv2d", "conv2d_backward", "conv_transpose2d",
    "convolve", "convolve_fft", "correlate", "count_conv", "count_dense",
    "count_local", "lse_pool", "max_pool", "output_size", "receptive_field",
    "rot180", "toeplitz",
]  # fmt: skip

Mode: TypeAlias = Literal["full", "same", "valid", "cyclic"]
Two: TypeAlias = int | tuple[int, int]
Signal: TypeAlias = Num[Tensor, "..."]
Kernel: TypeAlias = Num[Tensor, " m"]
Images: TypeAlias = Float[Tensor, "B C H W"]
Filters: TypeAlias = Float[Tensor, "D C kh kw"]
Outputs: TypeAlias = Float[Tensor, "B D U V"]
Maps: TypeAlias = Float[Tensor, "... H W"]
Pooled: TypeAlias = Float[Tensor, "... U V"]


# ---- 12.1, 12.2: signals --------------------------------------------------
def convolve(f: Signal, h: Signal, mode: Mode = "full") -> Signal:
    """Convolve by the definition: (f∗h)[u] = Σ_t f[u−t] h[t].

    mode: which u, on each axis, for n samples of f and m of h:
        "full"    0, ..., n+m−2, all that can differ from zero
        "same"    n of them from (m−1)//2 on, as scipy.signal.convolve
        "valid"   m−1, ..., n−1, those that need nothing from outside
        "cyclic"  0, ..., n−1, indices modulo n = m: pad h with zeros
    """
    z, keep = _pad(f, h, mode)  # z[0] is f, followed by zeros
    if mode == "full" and h.numel() > f.numel():
        return convolve(h, f)  # the same: sum over the shorter one
    axes, ts = tuple(range(h.ndim)), product(*map(range, h.shape))
    return sum((z[0].roll(t, axes) * h[t] for t in ts), z.new_zeros(()))[keep]


def correlate(h: Signal, f: Signal, mode: Mode = "full") -> Signal:
    """Correlate, the kernel first: (h⋆f)[u] = Σ_t h[t] f[u+t] = (f∗h̄)[u].

    h̄ is h reversed, not conjugated, so that u starts at −(m−1) if `mode` is
    "full", at −(m//2) if it is "same", else at 0.
    """
    axes = tuple(range(h.ndim))
    y = convolve(f, rot180(h, axes), mode)
    return y.roll((1,) * h.ndim, axes) if mode == "cyclic" else y


def convolve_fft(f: Signal, h: Signal, mode: Mode = "full") -> Signal:
    """Convolve by the convolution theorem: f∗h = F⁻¹(F f · F h).

    Unless `mode` is "cyclic", both are padded with zeros to n+m−1 or more.
    Rounding is relative to the largest entry, and one nan spreads to all.
    """
    z, keep = _pad(f, h, mode)
    axes, fft, ifft = range(1, z.ndim), torch.fft.rfftn, torch.fft.irfftn
    if z.is_complex():
        fft, ifft = torch.fft.fftn, torch.fft.ifftn
    F_f, F_h = fft(z, dim=tuple(axes))  # one call for both, planned once
    y: Tensor = ifft(F_f * F_h, z.shape[1:])
    return y[keep]


def circulant(h: Kernel, n: int | None = None) -> Num[Tensor, "n n"]:
    """Return C[u, t] = h[(u−t) mod n], h padded to n: C f is f∗h, cyclic."""
    (m,) = _filled("h", h, "m")
    n = m if n is None else n
    interval("n", n, f"[{m}, inf)", "h has to fit into one period")
    u = torch.arange(n, device=h.device)
    return F.pad(h, (0, n - m))[(u[:, None] - u) % n]


def toeplitz(h: Kernel, n: int, mode: Mode = "full") -> Num[Tensor, "u n"]:
    """Return T[u, t] = h[u−t] with n columns: T f is convolve(f, h, mode)."""
    z, keep = _pad(h.new_zeros(max(n, 0)), h, mode)
    return circulant(h, z.shape[1])[keep][:, :n]


def rot180(x: Signal, axes: tuple[int, ...] = (-2, -1)) -> Signal:
    """Reverse x along the axes: x[n−1−i], the sheet's x_{−i} moved by n−1."""
    return x.flip(axes)


# ---- 12.5, 12.7, 12.8: layers ---------------------------------------------
def conv2d(
    x: Images, w: Filters, b: Float[Tensor, " D"] | None = None, *,
    stride: Two = 1, padding: Two = 0, dilation: Two = 1,
) -> Outputs:  # fmt: skip
    """Correlate with filters and sum over the channels, as torch does.

    y[n,d,u,v] = b[d] + Σ_{c,i,j} w[d,c,i,j] x_pad[n,c, s u + r i, s v + r j]
    """
    P = _patches(x, w, stride, padding, dilation)
    y = torch.einsum("dcij,ncijuv->nduv", w, P)
    if b is not None:
        expect("b", b, "D", D=len(w))
    return y if b is None else y + b[:, None, None]


def conv2d_backward(
    delta: Outputs, x: Images, w: Filters, *,
    stride: Two = 1, padding: Two = 0, dilation: Two = 1,
) -> tuple[Images, Filters, Float[Tensor, " D"]]:  # fmt: skip
    """Return ∂R/∂x, ∂R/∂w and ∂R/∂b for y = conv2d(x, w, b), δ = ∂R/∂y.

        ∂R/∂w[d,c,i,j] = Σ_{n,u,v} δ[n,d,u,v] x_pad[n,c, s u + r i, s v + r j]

    ∂R/∂b[d] = Σ_{n,u,v} δ[n,d,u,v], and ∂R/∂x is `conv_transpose2d` of δ.
    """
    P = _patches(x, w, stride, padding, dilation)
    B, *_, U, V = P.shape
    expect("delta", delta, "B D U V", B=B, D=len(w), U=U, V=V)
    how = {"stride": stride, "padding": padding, "dilation": dilation}
    dx = conv_transpose2d(delta, w, size=(x.shape[2], x.shape[3]), **how)
    dw = torch.einsum("nduv,ncijuv->dcij", delta, P)
    return dx, dw, delta.sum((0, 2, 3))


def conv_transpose2d(
    delta: Outputs, w: Filters, *, stride: Two = 1, padding: Two = 0,
    dilation: Two = 1, size: Two | None = None,
) -> Images:  # fmt: skip
    """Apply the transpose of x ↦ conv2d(x, w), for s = 1 a full convolution.

        z_pad[n,c, s u + r i, s v + r j] += Σ_d w[d,c,i,j] δ[n,d,u,v]

    size: (H, W) of x, by default the smallest that fits.
    """
    B, D, *y = _filled("delta", delta, "B D U V")
    _, C, *k = _filled("w", w, "D C kh kw", D=D)
    s, p, r = _pairs(stride=stride, padding=padding, dilation=dilation)
    low = [s[a] * (y[a] - 1) + r[a] * (k[a] - 1) + 1 for a in (0, 1)]
    ((H, W),) = _pairs(size=size or (low[0] - 2 * p[0], low[1] - 2 * p[1]))
    z = delta.new_zeros(B, C, H + 2 * p[0], W + 2 * p[1])
    P = _windows(z, (k[0], k[1]), s, r)  # a view: adding to P adds to z
    expect("delta", delta, "B D U V", U=P.shape[-2], V=P.shape[-1])
    for i, j in product(range(k[0]), range(k[1])):
        P[:, :, i, j] += torch.einsum("dc,nduv->ncuv", w[:, :, i, j], delta)
    return z[:, :, p[0] : p[0] + H, p[1] : p[1] + W]


# ---- 12.6: pooling --------------------------------------------------------
def max_pool(x: Maps, size: Two, *, stride: Two | None = None) -> Pooled:
    """Return the largest entry of each window; the smallest: −max_pool(−x).

    Windows start `stride` apart, `size` by default. Entries that tie share
    the gradient; in torch the first has all of it.
    """
    return _windows(x, size, stride).amax((-4, -3))


def avg_pool(x: Maps, size: Two, *, stride: Two | None = None) -> Pooled:
    """Return the mean of each window, with the arguments of `max_pool`."""
    return _windows(x, size, stride).mean((-4, -3))


def lse_pool(
    x: Maps, size: Two, *, stride: Two | None = None, beta: float = 1.0
) -> Pooled:
    """Return (1/β) log mean exp(β x) of each window, from mean to maximum.

    beta: inverse temperature β > 0; the gradient is softmax(β x).
    """
    interval("beta", beta, "(0, inf)", "for a soft minimum: -lse_pool(-x)")
    P = beta * _windows(x, size, stride)
    return (P.logsumexp((-4, -3)) - math.log(P.shape[-4] * P.shape[-3])) / beta


# ---- 12.7, 12.9: sizes ----------------------------------------------------
def output_size(
    n: int, k: int, *, stride: int = 1, padding: int = 0, dilation: int = 1
) -> int:
    """Return ⌊(n + 2p − r(k−1) − 1)/s⌋ + 1 for input n and kernel k."""
    _pairs(n=n, k=k, stride=stride, padding=padding, dilation=dilation)
    most, span = n + 2 * padding, dilation * (k - 1) + 1
    interval("k", span, f"[1, {most}]", "dilated it has to fit into n + 2p")
    return (most - span) // stride + 1


def receptive_field(layers: Sequence[tuple[int, ...]]) -> tuple[int, int]:
    """Return how many inputs an output sees and how far outputs are apart.

    R_l = R_{l−1} + r (k−1) J_{l−1},    J_l = s J_{l−1},    R_0 = J_0 = 1

    layers: (k, s) or (k, s, r) of each, the first layer first.
    """
    R = J = 1
    for layer in layers:
        k, s, r = (*layer, 1)[:3]
        _pairs(k=k, s=s, r=r)
        R, J = R + r * (k - 1) * J, s * J
    return R, J


def count_conv(
    channels: int, filters: int, size: Two, *, bias: bool = True
) -> int:
    """Count the parameters of a convolution: (kh kw C + 1) D."""
    return count_local(channels, filters, size, 1, bias=bias)


def count_dense(inputs: int, outputs: int, *, bias: bool = True) -> int:
    """Count the parameters of a dense layer: (inputs + 1) outputs."""
    _pairs(inputs=inputs, outputs=outputs)
    return (inputs + bias) * outputs


def count_local(
    channels: int, filters: int, size: Two, outputs: Two, *, bias: bool = True
) -> int:
    """Count them if every position (u, v) has its own: (kh kw C + 1) U V D."""
    (kh, kw), (U, V) = _pairs(size=size, outputs=outputs)
    _pairs(channels=channels, filters=filters)
    return (kh * kw * channels + bias) * U * V * filters


# ---- the door -------------------------------------------------------------
def _pad(f: Tensor, h: Tensor, mode: str) -> tuple[Tensor, tuple[slice, ...]]:
    """Return f and h, so long that zeros come round, and what to keep."""
    n, m = tuple(f.shape), tuple(h.shape)
    if len(n) != len(m) or 0 in n + m or not n:
        raise ValueError(
            f"f, h: expected as many axes, none empty, got {n}, {m}; reshape"
        )
    if mode == "cyclic":
        same_shape("h", h, "f", f)
        return torch.stack([f, h]), ()
    pairs = list(zip(n, m, strict=True))
    if mode == "valid" and any(a < b for a, b in pairs):
        raise ValueError(f"h: expected at most {n} like f, got {m}; pad f")
    keep = {
        "full": [slice(0, a + b - 1) for a, b in pairs],
        "same": [slice((b - 1) // 2, (b - 1) // 2 + a) for a, b in pairs],
        "valid": [slice(b - 1, a) for a, b in pairs],
    }
    if mode not in keep:
        raise ValueError(f"mode: expected {get_args(Mode)}, got {mode!r}")
    N = [_fast(a + b - 1) for a, b in pairs]
    z = f.new_zeros(2, *N, dtype=torch.result_type(f, h))
    z[0][tuple(map(slice, n))], z[1][tuple(map(slice, m))] = f, h
    return z, tuple(keep[mode])


def _fast(n: int) -> int:
    """Return a number from n on, less than 9/8 n, with few factors but 2."""
    odd = 1, 3, 5, 9, 15, 27, 45
    return min(q << ((n - 1) // q).bit_length() for q in odd)


def _pairs(**numbers: Two) -> list[tuple[int, int]]:
    pairs = [(v, v) if isinstance(v, int) else v for v in numbers.values()]
    for name, pair in zip(numbers, pairs, strict=True):
        where = "[0, inf)" if name == "padding" else "[1, inf)"
        interval(name, min(pair), where, "raise it")
    return pairs


def _filled(name: str, x: Tensor, spec: str, **sizes: int) -> list[int]:
    expect(name, x, spec, **sizes)
    interval(f"{name}.numel()", x.numel(), "[1, inf)", f"shape {(*x.shape,)}")
    return list(x.shape)


def _windows(x: Tensor, size: Two, s: Two | None, r: Two = 1) -> Tensor:
    """Return the view P[..., i, j, u, v] = x[..., s u + r i, s v + r j]."""
    k, s, r = _pairs(size=size, stride=size if s is None else s, dilation=r)
    H, W = _filled("x", x, "... H W")[-2:]
    h, w = r[0] * (k[0] - 1) + 1, r[1] * (k[1] - 1) + 1
    if h > H or w > W:
        raise ValueError(
            f"kernel: expected to fit into x, padded to {tuple(x.shape)}, got "
            f"{(h, w)} with the dilation; pad x by more"
        )
    P = x.unfold(-2, h, s[0]).unfold(-2, w, s[1])[..., :: r[0], :: r[1]]
    return P.movedim((-2, -1), (-4, -3))


def _patches(x: Tensor, w: Tensor, stride: Two, p: Two, r: Two) -> Tensor:
    _, C, _, _ = _filled("x", x, "B C H W")
    _, _, kh, kw = _filled("w", w, "D C kh kw", C=C)
    ((p, q),) = _pairs(padding=p)
    return _windows(F.pad(x, (q, q, p, p)), (kh, kw), stride, r)
