"""dlbook.convolution against its definitions, NumPy, SciPy and torch.

The comparisons take the module, so that the faults below can hand them a
wrong one.
"""

import inspect
import itertools
import math
import statistics
import sys
import time
from functools import partial

import numpy as np
import pytest
import scipy.linalg
import scipy.signal
import scipy.special
import torch
import torch.nn.functional as F
from faults import as_module, refuse, refused, sources
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.autograd import gradcheck
from torch.testing import assert_close

from dlbook import convolution

SOURCE = sources(convolution)
UNTYPED = as_module(SOURCE)
few = settings(deadline=None, max_examples=20)
seeds = st.integers(0, 2**32 - 1)
lengths = st.integers(1, 9)

# Neither square nor symmetric; kernels of odd, even and excessive length.
SHAPES = [
    ((1,), (1,)),
    ((7,), (3,)),
    ((7,), (4,)),
    ((3,), (5,)),
    ((2,), (6,)),
    ((4, 5), (2, 3)),
    ((3, 2), (2, 4)),
    ((3, 2, 4), (2, 1, 3)),
]
LAYERS = [
    {},
    {"stride": 2},
    {"stride": 3, "padding": 1},
    {"padding": 2, "dilation": 2},
    {"stride": (2, 3), "padding": (0, 2), "dilation": (1, 2)},
    {"stride": (3, 1), "padding": (2, 0), "dilation": (2, 1)},
    {"stride": 5, "padding": 4},
]


def seeded(seed, *shape, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=dtype)


def layer(seed=0, H=8, W=9, k=(3, 2), B=2, C=3, D=4):
    """Images, filters and biases with no two sizes alike."""
    return seeded(seed, B, C, H, W), seeded(seed + 1, D, C, *k), seeded(2, D)


def pair(v):
    return (v, v) if isinstance(v, int) else v


# ---- definitions ----------------------------------------------------------
def fits(f, h, mode):
    """Is the mode defined for these shapes?"""
    return mode != "valid" or all(np.less_equal(h.shape, f.shape))


def wrapped(x, i, period):
    """x[i], zero outside, or repeated with a period."""
    i = tuple(j % n for j, n in zip(i, x.shape, strict=True)) if period else i
    inside = all(0 <= j < n for j, n in zip(i, x.shape, strict=True))
    return x[i].item() if inside else 0


def summed(term, starts, sizes, steps):
    """Σ_t term(u, t) for all u from starts on, as nested loops."""
    y = torch.zeros(sizes, dtype=torch.complex128)
    for place in itertools.product(*map(range, sizes)):
        u = tuple(a + b for a, b in zip(starts, place, strict=True))
        y[place] = sum(
            term(u, t) for t in itertools.product(*map(range, steps))
        )
    return y


def window(n, m, mode):
    """First index and number of the entries of f * h, on one axis."""
    return {
        "full": (0, n + m - 1),
        "same": ((m - 1) // 2, n),
        "valid": (m - 1, n - m + 1),
        "cyclic": (0, n),
    }[mode]


def convolved(f, h, mode):
    sides = [window(*n, mode) for n in zip(f.shape, h.shape, strict=True)]
    cyclic = mode == "cyclic"

    def term(u, t):
        other = tuple(a - b for a, b in zip(u, t, strict=True))
        return f[t].item() * wrapped(h, other, cyclic)

    y = summed(term, *zip(*sides, strict=True), f.shape)
    return y if f.is_complex() or h.is_complex() else y.real


def correlated(h, f, mode):
    sides = [
        {
            "full": (-(m - 1), n + m - 1),
            "same": (-(m // 2), n),
            "valid": (0, n - m + 1),
            "cyclic": (0, n),
        }[mode]
        for n, m in zip(f.shape, h.shape, strict=True)
    ]

    def term(u, t):
        other = tuple(a + b for a, b in zip(u, t, strict=True))
        return h[t].item() * wrapped(f, other, mode == "cyclic")

    y = summed(term, *zip(*sides, strict=True), h.shape)
    return y if f.is_complex() or h.is_complex() else y.real


def looped(x, w, b, stride=1, padding=0, dilation=1):
    """The definition of a layer, loop by loop, in plain Python."""
    (s, t), (p, q), (r, o) = map(pair, (stride, padding, dilation))
    (B, C, H, W), (D, _, kh, kw) = x.shape, w.shape
    x, w, b = x.tolist(), w.tolist(), b.tolist()
    U = (H + 2 * p - r * (kh - 1) - 1) // s + 1
    V = (W + 2 * q - o * (kw - 1) - 1) // t + 1
    y = [[[[0.0] * V for _ in range(U)] for _ in range(D)] for _ in range(B)]
    for n, d, u, v in itertools.product(*map(range, (B, D, U, V))):
        total = b[d]
        for c, i, j in itertools.product(*map(range, (C, kh, kw))):
            row, column = s * u + r * i - p, t * v + o * j - q
            if 0 <= row < H and 0 <= column < W:
                total += w[d][c][i][j] * x[n][c][row][column]
        y[n][d][u][v] = total
    return torch.tensor(y)


# ---- comparisons: signals -------------------------------------------------
def signals():
    for seed, (n, m) in enumerate(SHAPES):
        yield seeded(seed, *n), seeded(seed + 9, *m)


def circles():
    for seed, n in enumerate(((1,), (2,), (5,), (6,), (3, 4), (2, 3, 2))):
        yield seeded(seed, *n), seeded(seed + 9, *n)


def convolve_of_the_definition(o):
    for f, h in signals():
        for mode in ("full", "same", "valid"):
            if fits(f, h, mode):
                assert_close(o.convolve(f, h, mode), convolved(f, h, mode))
        assert_close(o.convolve(f, h), convolved(f, h, "full"))
    for f, h in circles():
        assert_close(o.convolve(f, h, "cyclic"), convolved(f, h, "cyclic"))
    f, h = seeded(0, 5, dtype=torch.complex128), seeded(1, 3)
    for a, b in ((f, h), (h, f), (f, f[:2])):
        assert_close(o.convolve(a, b), convolved(a, b, "full"))


def convolve_as_scipy(o):
    for f, h in signals():
        for mode in ("full", "same", "valid"):
            if fits(f, h, mode):
                want = scipy.signal.convolve(
                    f.numpy(), h.numpy(), mode, method="direct"
                )
                ours = o.convolve(f, h, mode)
                assert_close(ours, torch.tensor(want.copy()))


def convolve_multiplies_polynomials(o):
    f, h = torch.tensor([1, -2, 3]), torch.tensor([4, 5])
    want = torch.tensor(np.polymul([1, -2, 3], [4, 5]))
    assert_close(o.convolve(f, h), want, rtol=0, atol=0)


def correlate_of_the_definition(o):
    for f, h in signals():
        for mode in ("full", "same", "valid"):
            if fits(f, h, mode):
                assert_close(o.correlate(h, f, mode), correlated(h, f, mode))
        assert_close(o.correlate(h, f), correlated(h, f, "full"))
    for f, h in circles():
        want = correlated(h, f, "cyclic")
        assert_close(o.correlate(h, f, "cyclic"), want)
    f, h = seeded(0, 2, 5, dtype=torch.complex128)  # neither is conjugated
    for a, b in ((f[:3], h), (f, h.real), (f.real, h)):
        assert_close(o.correlate(a, b), correlated(a, b, "full"))


def correlate_as_others(o):
    """On the sheet, by SciPy, and by torch, whose `conv1d` correlates."""
    h, f = torch.tensor([1.0, 2.0]), torch.tensor([3.0, 5.0, 7.0])
    assert_close(o.correlate(h, f), torch.tensor([6.0, 13, 19, 7]))
    assert_close(o.correlate(f, h), torch.tensor([7.0, 19, 13, 6]))
    for f, h in signals():
        for mode in ("full", "same", "valid"):
            if fits(f, h, mode):
                want = scipy.signal.correlate(
                    f.numpy(), h.numpy(), mode, method="fft"
                )
                ours = o.correlate(h, f, mode)
                assert_close(ours, torch.tensor(want.copy()))
    f, h = seeded(0, 9), seeded(1, 4)
    want = F.conv1d(f[None, None], h[None, None])[0, 0]
    assert_close(o.correlate(h, f, "valid"), want)


def fft_of_the_definition(o):
    for f, h in signals():
        for mode in ("full", "same", "valid"):
            if fits(f, h, mode):
                assert_close(o.convolve_fft(f, h, mode), convolved(f, h, mode))
        assert_close(o.convolve_fft(f, h), convolved(f, h, "full"))
    for f, h in circles():
        assert_close(o.convolve_fft(f, h, "cyclic"), convolved(f, h, "cyclic"))
    f, h = seeded(0, 5, dtype=torch.complex128), seeded(1, 4, 1)[:, 0]
    for a, b in ((f, h), (h, f), (f, f[:3])):
        assert_close(o.convolve_fft(a, b), convolved(a, b, "full"))


def fft_as_scipy(o):
    for n, m in (((331,), (100,)), ((40, 23), (9, 17))):
        f, h = seeded(0, *n), seeded(1, *m)
        for mode in ("full", "same", "valid"):
            if fits(f, h, mode):
                want = scipy.signal.fftconvolve(f.numpy(), h.numpy(), mode)
                ours = o.convolve_fft(f, h, mode)
                assert_close(ours, torch.tensor(want), rtol=0, atol=1e-11)


def circulant_as_scipy(o):
    for m in (1, 2, 5):
        h = seeded(m, m)
        for n in (m, m + 1, 2 * m + 3):
            c = np.zeros(n)
            c[:m] = h
            want = torch.tensor(scipy.linalg.circulant(c))
            assert_close(o.circulant(h, n), want, rtol=0, atol=0)
        want = torch.tensor(scipy.linalg.circulant(h.numpy()))
        assert_close(o.circulant(h), want, rtol=0, atol=0)


def toeplitz_as_scipy(o):
    for n, m in ((1, 1), (7, 3), (7, 4), (5, 5)):
        h = seeded(n, m)
        for mode in ("full", "same", "valid"):
            want = scipy.linalg.convolution_matrix(h.numpy(), n, mode)
            ours = o.toeplitz(h, n, mode)
            assert_close(ours, torch.tensor(want), rtol=0, atol=0)
    h = seeded(0, 5)  # longer than the signal: SciPy's "same" is of length m
    want = torch.tensor(scipy.linalg.convolution_matrix(h.numpy(), 3, "full"))
    assert_close(o.toeplitz(h, 3), want, rtol=0, atol=0)
    assert_close(o.toeplitz(h, 3, "same"), want[2:5], rtol=0, atol=0)
    want = torch.tensor(scipy.linalg.circulant(h.numpy()))
    assert_close(o.toeplitz(h, 5, "cyclic"), want, rtol=0, atol=0)


def integers_are_exact(o):
    """In int64, whatever they come in; by transforms, too, or refused."""
    pairs = [
        ([99991, 1], [99989, 1], torch.int64),
        ([200, 255, 3], [255, 255], torch.uint8),
        ([-128, 127], [-128, 127, 127], torch.int8),
        ([2**31 - 1, -(2**31)], [-3, 7], torch.int32),
    ]
    for a, b, dtype in pairs:
        f, h = torch.tensor(a, dtype=dtype), torch.tensor(b, dtype=dtype)
        want = torch.tensor(np.polymul(a[::-1], b[::-1])[::-1].copy())
        assert_close(o.convolve(f, h), want, rtol=0, atol=0)
        turned = o.rot180(f, (0,))
        assert_close(o.correlate(turned, h), want, rtol=0, atol=0)
        assert_close(o.convolve_fft(f, h), want, rtol=0, atol=0)
    mixed = o.convolve(torch.tensor([3, 5]), torch.tensor([0.5], dtype=FLOAT))
    assert_close(mixed, torch.tensor([1.5, 2.5], dtype=FLOAT))
    rng = np.random.default_rng(0)
    for n, m, most in (((500,), (400,), 50_000), ((23, 31), (9, 4), 300_000)):
        f, h = rng.integers(-most, most, n), rng.integers(-most, most, m)
        want = scipy.signal.convolve(f, h, method="direct")
        for convolve in (o.convolve, o.convolve_fft):
            ours = convolve(torch.tensor(f), torch.tensor(h))
            assert_close(ours, torch.tensor(want), rtol=0, atol=0)


FLOAT = torch.float32


def integers_that_overflow(o):
    """Refused from 2**62 on; by transforms where rounding could show."""
    big = torch.tensor([2**31, 2**31])
    says = r"integers whose sums stay below 2\*\*62, got up to 9.2e\+18"
    for convolve in (o.convolve, o.convolve_fft):
        refused(ValueError, says, convolve, big, big)
    refused(ValueError, says, o.convolve, -big, big)
    refused(ValueError, "up to 9.2e", o.convolve, -2 * big[:1], big[:1])
    want = torch.tensor([2**62 - 2**31])
    f, h = torch.tensor([2**31 - 1]), torch.tensor([2**31])
    assert_close(o.convolve(f, h), want, rtol=0, atol=0)
    ones = torch.ones(9, dtype=torch.int64)  # most: 9 of 3 of them, not 27
    assert int(o.convolve(ones * 2**59, ones[:3]).max()) == 3 * 2**59
    says = r"float64 convolves exactly, got ‖f‖ ‖h‖ = 4.6e\+18; take convolve"
    refused(ValueError, says, o.convolve_fft, f, h)
    rng = np.random.default_rng(1)  # just within, and just beyond
    for n in ((1,), (2,), (37,), (5000,), (5, 43)):
        f, h = torch.tensor(rng.integers(1, 1000, (2, *n)))
        size = float(f.double().norm() * h.double().norm())
        N = math.prod(o.signals._fast(2 * k - 1) for k in n)
        room = 2**47 / math.log2(2 * N) / size
        k = int(room**0.5)
        want = o.convolve(k * f, k * h)
        assert_close(o.convolve_fft(k * f, k * h), want, rtol=0, atol=0)
        k = math.ceil((1.1 * room) ** 0.5)
        says = "float64 convolves exactly"
        refused(ValueError, says, o.convolve_fft, k * f, k * h)


def a_nan_stays_in_its_window(o):
    """It and inf reach the outputs that they are a term of, and no others."""
    for n, m in ((7, 3), (3, 7), (5, 5)):
        for mode, bad in itertools.product(
            ("full", "same", "valid", "cyclic"), (math.nan, math.inf)
        ):
            f, h = seeded(n, n), seeded(m, m)
            if not fits(f, h, mode) or (mode == "cyclic" and n != m):
                continue
            start, size = window(n, m, mode)
            for i in range(m):
                h_bad = h.clone()
                h_bad[i] = bad
                us = range(start, start + size)
                met = torch.tensor([0 <= u - i < n for u in us])
                met = met | torch.tensor(mode == "cyclic")
                y = o.convolve(f, h_bad, mode)
                assert_close(~y.isfinite(), met)
                clean = o.convolve(f, h, mode)
                h_bad[i] = 0.0
                rest = o.convolve(f, h_bad, mode)
                assert_close(y[~met], rest[~met])
                assert_close(y[~met], clean[~met])
            for i in range(n):
                f_bad = f.clone()
                f_bad[i] = bad
                met = torch.tensor([0 <= u - i < m for u in us])
                met = met | torch.tensor(mode == "cyclic")
                assert_close(~o.convolve(f_bad, h, mode).isfinite(), met)
    picture, dot = torch.ones(5, 6), torch.ones(2, 3)
    dot[1, 0] = math.nan
    met = torch.zeros(6, 8, dtype=torch.bool)
    met[1:, :6] = True
    assert_close(o.convolve(picture, dot).isnan(), met)
    assert_close(o.convolve(dot, picture).isnan(), met)


def lengths_of_transforms(o):
    """Long enough, by less than an eighth, and without large primes."""
    for n in range(1, 3000):
        N = o.signals._fast(n)
        assert n <= N < 9 / 8 * n, (n, N)
        for q in (2, 3, 5, 7):
            while N % q == 0:
                N //= q
        assert N == 1, n


def rot180_as_numpy(o):
    x = seeded(0, 2, 3, 4, 5)
    for axes in ((-2, -1), (0, 2), (1, 3)):
        want = np.rot90(x.numpy(), 2, axes).copy()
        assert_close(o.rot180(x, axes), torch.tensor(want), rtol=0, atol=0)
    assert_close(o.rot180(x), o.rot180(x, (2, 3)), rtol=0, atol=0)
    assert o.rot180(torch.arange(3), (-1,)).tolist() == [2, 1, 0]


# ---- comparisons: layers --------------------------------------------------
def conv2d_of_the_definition(o):
    for how in LAYERS:
        x, w, b = layer()
        assert_close(o.conv2d(x, w, b, **how), looped(x, w, b, **how))


def conv2d_as_torch(o):
    for k in ((1, 1), (3, 2), (2, 4)):
        for how in LAYERS:
            x, w, b = layer(k=k, H=9, W=11)
            assert_close(o.conv2d(x, w, b, **how), F.conv2d(x, w, b, **how))
            assert_close(o.conv2d(x, w, **how), F.conv2d(x, w, **how))


def backward_as_autograd(o):
    """Sizes for which a stride leaves no input over, and for which it does."""
    for H, W in ((8, 9), (9, 12), (10, 10)):
        for how in LAYERS:
            leaves = [v.requires_grad_() for v in layer(H=H, W=W)]
            y = F.conv2d(*leaves, **how)
            delta = seeded(5, *y.shape)
            want = torch.autograd.grad(y, leaves, delta)
            x, w, _ = (v.detach() for v in leaves)
            ours = o.conv2d_backward(delta, x, w, **how)
            assert_close(ours, want, rtol=1e-12, atol=1e-12)


def transpose_as_torch(o):
    for how in LAYERS:
        _, w, _ = layer()
        delta = seeded(4, 2, 4, 5, 6)
        want = F.conv_transpose2d(delta, w, **how)
        assert_close(o.conv_transpose2d(delta, w, **how), want)
        (s, t), (H, W) = pair(how.get("stride", 1)), want.shape[2:]
        if s == t == 1:
            continue
        more = F.conv_transpose2d(
            delta, w, **how, output_padding=(s - 1, t - 1)
        )
        size = (H + s - 1, W + t - 1)
        assert_close(o.conv_transpose2d(delta, w, **how, size=size), more)


def transpose_is_a_full_convolution(o):
    delta, w = seeded(0, 1, 1, 4, 5), seeded(1, 1, 1, 3, 2)
    want = scipy.signal.convolve2d(delta[0, 0].numpy(), w[0, 0].numpy())
    ours = o.conv_transpose2d(delta, w)[0, 0]
    assert_close(ours, torch.tensor(want))


# ---- comparisons: pooling and sizes ---------------------------------------
POOLS = [(1, None), (2, None), ((3, 2), None), (3, 1), ((2, 4), (3, 1))]


def pools_as_torch(o):
    for size, stride in POOLS:
        x = seeded(0, 2, 3, 7, 9)
        want = F.max_pool2d(x, size, stride)
        assert_close(o.max_pool(x, size, stride=stride), want)
        assert_close(o.max_pool(x[0, 0], size, stride=stride), want[0, 0])
        want = F.avg_pool2d(x, size, stride)
        assert_close(o.avg_pool(x, size, stride=stride), want)
        assert_close(o.avg_pool(x[None], size, stride=stride), want[None])


def lse_of_the_definition(o):
    x = seeded(0, 2, 7, 9)
    for size, stride in POOLS:
        P = F.unfold(x[:, None], pair(size), stride=pair(stride or size))
        shape = F.max_pool2d(x, size, stride).shape
        for beta in (0.3, 1.0, 4.0):
            want = np.log(np.exp(beta * P.numpy()).mean(1)) / beta
            ours = o.lse_pool(x, size, stride=stride, beta=beta)
            assert_close(ours, torch.tensor(want).reshape(shape))
    assert_close(o.lse_pool(x, 2), o.lse_pool(x, 2, beta=1.0))
    far = o.lse_pool(1e3 * x, 3, beta=50.0)  # exp(50 x) overflows
    most = math.log(9) / 50 + 1e-9
    assert_close(far, F.max_pool2d(1e3 * x, 3), rtol=0, atol=most)


def softmax_of_the_definition(o):
    x = seeded(0, 2, 7, 9)
    for size, stride in POOLS:
        P = F.unfold(x[:, None], pair(size), stride=pair(stride or size))
        shape = F.max_pool2d(x, size, stride).shape
        for beta in (0.3, 1.0, 4.0):
            w = scipy.special.softmax(beta * P.numpy(), 1)
            want = torch.tensor((w * P.numpy()).sum(1)).reshape(shape)
            ours = o.softmax_pool(x, size, stride=stride, beta=beta)
            assert_close(ours, want)
        ours = o.softmax_pool(x, size, stride=stride, beta=0.0)
        assert_close(ours, F.avg_pool2d(x, size, stride))
        for beta, scale in ((1e308, 1.0), (1e6, 1e300)):
            ours = o.softmax_pool(scale * x, size, stride=stride, beta=beta)
            most = F.max_pool2d(scale * x, size, stride)
            assert_close(ours, most, rtol=0, atol=0)
    assert_close(o.softmax_pool(x, 2), o.softmax_pool(x, 2, beta=1.0))
    tie = torch.tensor([[5.0, 5.0, -1.0, 5.0]])
    ours = o.softmax_pool(tie, (1, 4), beta=1e9)
    assert_close(ours, tie[:, :1])


def gradients_of_pools(o):
    """Where nothing ties torch's; ties share; softmax for log mean exp."""
    x = seeded(0, 1, 5, 7).requires_grad_()
    for ours, theirs in (
        (o.max_pool, F.max_pool2d),
        (o.avg_pool, F.avg_pool2d),
    ):
        y = theirs(x, (2, 3), 1)
        delta = seeded(1, *y.shape)
        (want,) = torch.autograd.grad(y, x, delta)
        z = ours(x, (2, 3), stride=1)
        assert_close(torch.autograd.grad(z, x, delta)[0], want)
    tie = torch.tensor([[1.0, 3.0, 3.0]], requires_grad=True)
    (share,) = torch.autograd.grad(o.max_pool(tie, (1, 3)).sum(), tie)
    assert_close(share, torch.tensor([[0.0, 0.5, 0.5]]))
    row = seeded(2, 1, 4).requires_grad_()
    y = o.lse_pool(row, (1, 4), beta=1.7).sum()
    want = (1.7 * row).softmax(1)
    assert_close(torch.autograd.grad(y, row)[0], want.detach())
    y = o.softmax_pool(row, (1, 4), beta=1.7).sum()
    want = want * (1 + 1.7 * (row - y))
    assert_close(torch.autograd.grad(y, row)[0], want.detach())
    y = o.softmax_pool(tie, (1, 3), beta=1e308).sum()
    (share,) = torch.autograd.grad(y, tie)
    assert_close(share, torch.tensor([[0.0, 0.5, 0.5]]))


def output_size_counts_positions(o):
    grid = itertools.product(
        (1, 4, 7), (1, 2, 3), (1, 2, 3, 9), (0, 1, 3), (1, 2)
    )
    for n, k, s, p, r in grid:
        starts = range(-p, n + p, s)
        want = len([a for a in starts if a + r * (k - 1) < n + p])
        if want:
            got = o.output_size(n, k, stride=s, padding=p, dilation=r)
            assert got == want, (n, k, s, p, r)
    assert o.output_size(7, 3) == 5


def receptive_field_of_sets(o):
    """Follow the inputs of two neighbours through the layers."""
    for layers in (
        [],
        [(3, 1)],
        [(3, 1), (3, 1), (3, 1)],
        [(3, 2), (2, 3), (5, 1)],
        [(3, 1, 2), (2, 3), (3, 2, 3)],
    ):
        seen = []
        for output in (0, 1):
            field = {output}
            for k, s, *r in reversed(layers):
                step = r[0] if r else 1
                field = {s * u + step * i for u in field for i in range(k)}
            seen.append(field)
        size = max(seen[0]) - min(seen[0]) + 1
        assert o.receptive_field(layers) == (size, min(seen[1]))


def parameters(module):
    return sum(p.numel() for p in module.parameters())


def counts_of_torch(o):
    for bias in (True, False):
        conv = torch.nn.Conv2d(3, 4, (2, 5), bias=bias)
        assert o.count_conv(3, 4, (2, 5), bias=bias) == parameters(conv)
        dense = torch.nn.Linear(6, 5, bias=bias)
        assert o.count_dense(6, 5, bias=bias) == parameters(dense)
        weights = torch.empty(7, 6, 4, 3, 2, 5).numel()
        want = weights + bias * torch.empty(7, 6, 4).numel()
        assert o.count_local(3, 4, (2, 5), (7, 6), bias=bias) == want
    assert o.count_conv(3, 2, 3) == 56
    assert o.count_dense(16, 4) == 68
    assert o.count_local(1, 1, 3, (2, 2)) == 40
    # The sheet's second example, m, n, c, p, q, K = 6, 5, 3, 3, 2, 4.
    assert o.count_conv(3, 4, (3, 2)) == 76
    assert o.count_dense(6 * 5 * 3, 4 * 4 * 4) == 5824
    assert o.count_local(3, 4, (3, 2), (4, 4)) == 1216


# ---- comparisons: refusals -------------------------------------------------
def images(*shape):
    return torch.ones(shape)


REFUSALS = [
    (lambda o: o.convolve(images(3), images(2, 2)),
     r"f, h: expected as many axes, none empty, got \(3,\), \(2, 2\)"),
    (lambda o: o.convolve_fft(images(3), images(0)),
     r"none empty, got \(3,\), \(0,\); reshape"),
    (lambda o: o.correlate(images(0, 2), images(2, 2)),
     r"none empty, got \(2, 2\), \(0, 2\); reshape"),
    (lambda o: o.convolve(torch.ones(()), torch.ones(())),
     r"none empty, got \(\), \(\)"),
    (lambda o: o.convolve(images(3, 4), images(2, 5), "valid"),
     r"h: expected at most \(3, 4\) like f, got \(2, 5\); pad f"),
    (lambda o: o.convolve_fft(images(3), images(4), "valid"),
     r"h: expected at most \(3,\) like f, got \(4,\)"),
    (lambda o: o.correlate(images(4), images(3), "valid"),
     r"h: expected at most \(3,\) like f, got \(4,\)"),
    (lambda o: o.convolve(images(3), images(2), "cyclic"),
     r"h: expected shape \(3,\) like f, got \(2,\)"),
    (lambda o: o.convolve_fft(images(2, 3), images(3, 2), "cyclic"),
     r"h: expected shape \(2, 3\) like f, got \(3, 2\)"),
    (lambda o: o.convolve(images(3), images(2), "Full"),
     r"mode: expected \('full', .*'cyclic'\), got 'Full'"),
    (lambda o: o.circulant(images(3), 2),
     r"n: expected a number in \[3, inf\), got 2; h has to fit"),
    (lambda o: o.circulant(images(0)),
     r"h: expected at least one entry, got shape \(0,\); fill axis 0"),
    (lambda o: o.circulant(images(2, 2)),
     r"h: expected shape \(m,\), got \(2, 2\)"),
    (lambda o: o.toeplitz(images(2), 0),
     r"n: expected a number in \[1, inf\), got 0; it is the length"),
    (lambda o: o.toeplitz(images(3), 2, "valid"),
     r"h: expected at most \(2,\) like f, got \(3,\)"),
    (lambda o: o.conv2d(images(1, 2, 4, 5), images(3, 2, 5, 2)),
     r"fit into x, padded to \(1, 2, 4, 5\), got \(5, 2\) with the dil"),
    (lambda o: o.conv2d(
        images(1, 2, 4, 5), images(3, 2, 3, 3), padding=(1, 0),
        dilation=3),
     r"padded to \(1, 2, 6, 5\), got \(7, 7\) with the dilation"),
    (lambda o: o.conv2d(images(1, 2, 4, 5), images(3, 4, 2, 2)),
     r"w: expected shape .*, got \(3, 4, 2, 2\): axis 1 should be C = 2"),
    (lambda o: o.conv2d(images(2, 4, 5), images(3, 2, 2, 2)),
     r"x: expected shape \(B, C, H, W\), got \(2, 4, 5\)"),
    (lambda o: o.conv2d(images(0, 2, 4, 5), images(3, 2, 2, 2)),
     r"x: expected at least one entry, got shape \(0, 2, 4, 5\)"),
    (lambda o: o.conv2d(
        images(1, 2, 0, 5), images(3, 2, 2, 2), padding=2),
     r"x: expected at least one entry, got shape \(1, 2, 0, 5\)"),
    (lambda o: o.conv2d(images(1, 2, 4, 5), images(0, 2, 2, 2)),
     r"w: expected at least one entry, got shape \(0, 2, 2, 2\)"),
    (lambda o: o.conv2d(
        images(1, 2, 4, 5), images(3, 2, 2, 2), images(1)),
     r"b: expected shape \(D,\), got \(1,\): axis 0 should be D = 3"),
    (lambda o: o.conv2d(
        images(1, 2, 4, 5), images(3, 2, 2, 2), stride=(1, 0)),
     r"stride: expected a number in \[1, inf\), got 0; raise it"),
    (lambda o: o.conv2d(
        images(1, 2, 4, 5), images(3, 2, 2, 2), dilation=0),
     r"dilation: expected a number in \[1, inf\), got 0"),
    (lambda o: o.conv2d(
        images(1, 2, 4, 5), images(3, 2, 2, 2), padding=(0, -1)),
     r"padding: expected a number in \[0, inf\), got -1"),
    (lambda o: o.conv2d_backward(
        images(1, 3, 4, 4), images(1, 2, 4, 5), images(3, 2, 2, 2)),
     r"delta: .*, got \(1, 3, 4, 4\): axis 2 should be U = 3"),
    (lambda o: o.conv2d_backward(
        images(1, 1, 3, 4), images(1, 2, 4, 5), images(3, 2, 2, 2)),
     r"delta: .*axis 1 should be D = 3"),
    (lambda o: o.conv_transpose2d(images(1, 2, 3, 3), images(3, 2, 2, 2)),
     r"w: .*, got \(3, 2, 2, 2\): axis 0 should be D = 2"),
    (lambda o: o.conv_transpose2d(
        images(1, 2, 3, 3), images(2, 2, 2, 2), stride=2, size=(8, 6)),
     r"delta: .* got \(1, 2, 3, 3\): axis 2 should be U = 4"),
    (lambda o: o.conv_transpose2d(
        images(1, 2, 1, 1), images(2, 2, 2, 2), padding=1),
     r"size: expected a number in \[1, inf\), got 0"),
    (lambda o: o.conv_transpose2d(
        images(1, 2, 0, 1), images(2, 2, 2, 2)),
     r"delta: expected at least one entry, got shape \(1, 2, 0, 1\)"),
    (lambda o: o.max_pool(images(4, 5), (2, 6)),
     r"size: expected to fit into x, padded to \(4, 5\), got \(2, 6\)"),
    (lambda o: o.avg_pool(images(4, 5), 0),
     r"size: expected a number in \[1, inf\), got 0"),
    (lambda o: o.max_pool(images(4, 5), 2, stride=0),
     r"stride: expected a number in \[1, inf\), got 0"),
    (lambda o: o.max_pool(images(5), 2),
     r"x: expected shape \(..., H, W\), got \(5,\)"),
    (lambda o: o.lse_pool(images(0, 5), 1),
     r"x: expected at least one entry, got shape \(0, 5\)"),
    (lambda o: o.lse_pool(images(4, 5), 2, beta=0.0),
     r"beta: .* in \(0, inf\), got 0.0; .* -lse_pool\(-x\)"),
    (lambda o: o.output_size(3, 2, padding=1, dilation=5),
     r"k: expected a number in \[1, 5\], got 6; dilated it has to fit"),
    (lambda o: o.output_size(3, 2, stride=0),
     r"stride: expected a number in \[1, inf\), got 0"),
    (lambda o: o.output_size(3, 2, padding=-1),
     r"padding: expected a number in \[0, inf\), got -1"),
    (lambda o: o.output_size(0, 1),
     r"n: expected a number in \[1, inf\), got 0"),
    (lambda o: o.receptive_field([(3, 1), (3, 0)]),
     r"s: expected a number in \[1, inf\), got 0"),
    (lambda o: o.count_conv(0, 2, 3),
     r"channels: expected a number in \[1, inf\), got 0"),
    (lambda o: o.count_dense(0, 2),
     r"inputs: expected a number in \[1, inf\), got 0"),
    (lambda o: o.count_local(1, 2, 3, (0, 1)),
     r"outputs: expected a number in \[1, inf\), got 0"),
    (lambda o: o.conv2d_backward(
        images(1, 3, 3, 4), images(2, 2, 4, 5), images(3, 2, 2, 2)),
     r"delta: .*axis 0 should be B = 2"),
    (lambda o: o.conv2d_backward(
        images(1, 3, 3, 3), images(1, 2, 4, 5), images(3, 2, 2, 2)),
     r"delta: .*axis 3 should be V = 4"),
    (lambda o: o.conv_transpose2d(
        images(1, 2, 3, 3), images(2, 2, 2, 2), padding=(0, -1)),
     r"padding: expected a number in \[0, inf\), got -1"),
    (lambda o: o.conv_transpose2d(
        images(1, 2, 3, 3), images(2, 2, 2, 2), stride=(1, 0)),
     r"stride: expected a number in \[1, inf\), got 0"),
    (lambda o: o.conv_transpose2d(
        images(1, 2, 3, 3), images(2, 2, 2, 2), dilation=0),
     r"dilation: expected a number in \[1, inf\), got 0"),
    (lambda o: o.output_size(3, 0),
     r"k: expected a number in \[1, inf\), got 0; raise it"),
    (lambda o: o.output_size(3, 2, dilation=0),
     r"dilation: expected a number in \[1, inf\), got 0"),
    (lambda o: o.receptive_field([(0, 1)]),
     r"layers: expected a number in \[1, inf\), got 0"),
    (lambda o: o.receptive_field([(3, 1, 0)]),
     r"layers: expected a number in \[1, inf\), got 0"),
    (lambda o: o.count_conv(2, 0, 3),
     r"filters: expected a number in \[1, inf\), got 0"),
    (lambda o: o.count_conv(2, 1, (3, 0)),
     r"size: expected a number in \[1, inf\), got 0"),
    (lambda o: o.count_dense(2, 0),
     r"outputs: expected a number in \[1, inf\), got 0"),
    (lambda o: o.conv_transpose2d(
        images(1, 2, 3, 3), images(2, 2, 2, 2), size=0),
     r"size: expected a number in \[1, inf\), got 0; raise it"),
    (lambda o: o.conv_transpose2d(
        images(1, 2, 3, 3), images(2, 2, 2, 2), size=(4, 0)),
     r"size: expected a number in \[1, inf\), got 0; raise it"),
    (lambda o: o.conv_transpose2d(
        images(1, 2, 3, 3), images(2, 2, 2, 2), size=(4, 5)),
     r"delta: .* got \(1, 2, 3, 3\): axis 3 should be V = 4"),
    (lambda o: o.max_pool(images(4, 5), (2, 2, 2)),
     r"size: expected a number or a pair \(rows, columns\), got \(2, 2, 2\)"),
    (lambda o: o.softmax_pool(images(4, 5), 2, beta=-0.1),
     r"beta: .* in \[0, inf\), got -0.1; .* -softmax_pool\(-x\)"),
    (lambda o: o.softmax_pool(images(4, 5), 2, beta=math.inf),
     r"beta: .* in \[0, inf\), got inf; .* for inf: max_pool"),
    (lambda o: o.softmax_pool(images(4, 5), 2, beta=math.nan),
     r"beta: .* got nan"),
    (lambda o: o.softmax_pool(images(0, 5), 1),
     r"x: expected at least one entry, got shape \(0, 5\)"),
    (lambda o: o.lse_pool(images(4, 5), 2, beta=math.inf),
     r"beta: .* in \(0, inf\), got inf"),
]  # fmt: skip


def refuses_what_is_wrong(o):
    for call, message in REFUSALS:
        refused(ValueError, message, call, o)


COMPARISONS = [
    convolve_of_the_definition,
    convolve_as_scipy,
    convolve_multiplies_polynomials,
    correlate_of_the_definition,
    correlate_as_others,
    fft_of_the_definition,
    fft_as_scipy,
    circulant_as_scipy,
    toeplitz_as_scipy,
    integers_are_exact,
    integers_that_overflow,
    a_nan_stays_in_its_window,
    lengths_of_transforms,
    rot180_as_numpy,
    conv2d_of_the_definition,
    conv2d_as_torch,
    backward_as_autograd,
    transpose_as_torch,
    transpose_is_a_full_convolution,
    pools_as_torch,
    lse_of_the_definition,
    softmax_of_the_definition,
    gradients_of_pools,
    output_size_counts_positions,
    receptive_field_of_sets,
    counts_of_torch,
]
DOORS = [refuses_what_is_wrong]  # with the hook, jaxtyping refuses first


@pytest.mark.parametrize("compare", COMPARISONS)
def test_convolution_agrees(compare):
    compare(convolution)


def test_every_public_name_is_compared():
    text = "".join(map(inspect.getsource, COMPARISONS))
    assert [n for n in convolution.__all__ if f"o.{n}(" not in text] == []


# ---- faults ---------------------------------------------------------------
SIGNALS = [convolve_of_the_definition, convolve_as_scipy]
FFTS = [fft_of_the_definition, fft_as_scipy]
LAYER = [conv2d_of_the_definition, conv2d_as_torch]
POOLED = [pools_as_torch, gradients_of_pools]
FAULTS = {
    "correlates and calls it convolution": (
        "_moved(h[t] * f, t, size)",
        "_moved(h.flatten().flip(0).view_as(h)[t] * f, t, size)",
        [*SIGNALS, convolve_multiplies_polynomials],
    ),
    "rolls the other way": (
        "(h[t] * f).roll(t,",
        "(h[t] * f).roll([-k for k in t],",
        [convolve_of_the_definition],
    ),
    "keeps the last two terms": (
        "for t in product(*map(range, h.shape)):",
        "for t in [*product(*map(range, h.shape))][-2:]:",
        SIGNALS,
    ),
    "same starts one late for an even kernel": (
        '"same": [slice((b - 1) // 2, (b - 1) // 2 + a) for a, b in pairs]',
        '"same": [slice(b // 2, b // 2 + a) for a, b in pairs]',
        [*SIGNALS, *FFTS, correlate_of_the_definition, toeplitz_as_scipy],
    ),
    "same is of the kernel's length": (
        "(b - 1) // 2 + a) for",
        "(b - 1) // 2 + b) for",
        [*SIGNALS, *FFTS, correlate_of_the_definition, toeplitz_as_scipy],
    ),
    "valid keeps one too many": (
        '"valid": [slice(b - 1, a) for',
        '"valid": [slice(b - 1, a + 1) for',
        [*SIGNALS, *FFTS, correlate_as_others, toeplitz_as_scipy],
    ),
    "full loses its end": (
        '"full": [slice(0, a + b - 1) for',
        '"full": [slice(0, a + b - 2) for',
        [*SIGNALS, *FFTS, correlate_as_others, toeplitz_as_scipy],
    ),
    "the end comes round": (
        "else [_fast(n) for n in size]",
        "else list(map(max, f.shape, h.shape))",
        FFTS,
    ),
    "cyclic stretches the period": (
        "return list(n), ()",
        "return [k + 1 for k in n], ()",
        [convolve_of_the_definition, fft_of_the_definition],
    ),
    "correlation does not turn the kernel": (
        "y = convolve(f, rot180(h, axes), mode)",
        "y = convolve(f, h, mode)",
        [correlate_of_the_definition, correlate_as_others],
    ),
    "correlation takes the arguments the other way": (
        "y = convolve(f, rot180(h, axes), mode)",
        "y = convolve(h, rot180(f, axes))",
        [correlate_of_the_definition, correlate_as_others],
    ),
    "cyclic correlation starts elsewhere": (
        'return y.roll((1,) * h.ndim, axes) if mode == "cyclic" else y',
        "return y",
        [correlate_of_the_definition],
    ),
    "multiplies by the conjugate": (
        "ifft(F_f * F_h,",
        "ifft(F_f * F_h.conj(),",
        FFTS,
    ),
    "transforms the last axis only": (
        "dim=tuple(range(1, z.ndim))",
        "dim=tuple(range(z.ndim - 1, z.ndim))",
        FFTS,
    ),
    "forgets that the period is odd": (
        "ifft(F_f * F_h, N)",
        "ifft(F_f * F_h, [n + n % 2 for n in N])",
        [fft_of_the_definition],
    ),
    "circulant of the rows": (
        "[(u[:, None] - u) % n]",
        "[(u - u[:, None]) % n]",
        [circulant_as_scipy, toeplitz_as_scipy],
    ),
    "circulant padded on the left": (
        "F.pad(h, (0, n - m))[(",
        "F.pad(h, (n - m, 0))[(",
        [circulant_as_scipy, toeplitz_as_scipy],
    ),
    "reverses one axis": (
        "return x.flip(axes)",
        "return x.flip(axes[:1])",
        [rot180_as_numpy],
    ),
    "rotates the first axes": (
        "axes: tuple[int, ...] = (-2, -1)",
        "axes: tuple[int, ...] = (0, 1)",
        [rot180_as_numpy],
    ),
    "a layer convolves": (
        'torch.einsum("dcij,ncijuv->nduv", w, P)',
        'torch.einsum("dcij,ncijuv->nduv", w.flip(2, 3), P)',
        LAYER,
    ),
    "the first channel only": (
        'torch.einsum("dcij,ncijuv->nduv", w, P)',
        'torch.einsum("dcij,ncijuv->nduv", w[:, :1], P[:, :1])',
        LAYER,
    ),
    "bias subtracted": (
        "y + b[:, None, None]",
        "y - b[:, None, None]",
        LAYER,
    ),
    "stride of the axes exchanged": (
        "x.unfold(-2, h, s[0]).unfold(-2, w, s[1])",
        "x.unfold(-2, h, s[1]).unfold(-2, w, s[0])",
        [*LAYER, pools_as_torch],
    ),
    "dilation of the axes exchanged": (
        "k, s, r = pairs(1, size=size, stride=stride, dilation=r)",
        "k, s, (q, p) = pairs(1, a=size, b=stride, c=r); r = p, q",
        LAYER,
    ),
    "padding of the axes exchanged": (
        "F.pad(x, (q, q, p, p))",
        "F.pad(x, (p, p, q, q))",
        LAYER,
    ),
    "padding on one side only": (
        "F.pad(x, (q, q, p, p))",
        "F.pad(x, (2 * q, 0, 2 * p, 0))",
        [*LAYER, backward_as_autograd],
    ),
    "dilation takes the window's first pixels": (
        "[..., :: r[0], :: r[1]]",
        "[..., : k[0], : k[1]]",
        [*LAYER, backward_as_autograd, transpose_as_torch],
    ),
    "windows mirrored": (
        "return P.movedim((-2, -1), (-4, -3))",
        "return P.flip(-1).movedim((-2, -1), (-4, -3))",
        LAYER,
    ),
    "filter gradient of the wrong image": (
        '"nduv,ncijuv->dcij", delta, P)',
        '"nduv,ncijuv->dcij", delta, P.flip(0))',
        [backward_as_autograd],
    ),
    "filter gradient of one output": (
        '"nduv,ncijuv->dcij", delta, P)',
        '"nduv,ncijuv->dcij", delta * (torch.arange(U)[:, None] == 0), P)',
        [backward_as_autograd],
    ),
    "bias gradient averaged": (
        "delta.sum((0, 2, 3))",
        "delta.mean(0).sum((1, 2))",
        [backward_as_autograd],
    ),
    "input gradient with the filter turned": (
        'einsum("dc,nduv->ncuv", w[:, :, i, j], delta)',
        'einsum("dc,nduv->ncuv", w.flip(2, 3)[:, :, i, j], delta)',
        [
            backward_as_autograd,
            transpose_as_torch,
            transpose_is_a_full_convolution,
        ],
    ),
    "scatter that overwrites": (
        "P[:, :, i, j] += torch",
        "P[:, :, i, j] = torch",
        [
            backward_as_autograd,
            transpose_as_torch,
            transpose_is_a_full_convolution,
        ],
    ),
    "crops with the other axis's padding": (
        "return z[:, :, p[0] : p[0] + H, p[1] : p[1] + W]",
        "return z[:, :, p[1] : p[1] + H, p[0] : p[0] + W]",
        [backward_as_autograd, transpose_as_torch],
    ),
    "size by default is the largest": (
        "s[a] * (y[a] - 1) + r[a] * (k[a] - 1) + 1 for a",
        "s[a] * y[a] + r[a] * (k[a] - 1) for a",
        [transpose_as_torch],
    ),
    "size ignored": (
        "if size is None:",
        "if True:",
        [backward_as_autograd, transpose_as_torch],
    ),
    "mean for maximum": (
        "windows(x, size, stride).amax((-4, -3))",
        "windows(x, size, stride).mean((-4, -3))",
        POOLED,
    ),
    "minimum for maximum": (
        "windows(x, size, stride).amax((-4, -3))",
        "windows(x, size, stride).amin((-4, -3))",
        POOLED,
    ),
    "sum for mean": (
        "flatten(-4, -3).mean(-3)",
        "flatten(-4, -3).sum(-3)",
        POOLED,
    ),
    "one axis of the window": (
        "windows(x, size, stride).amax((-4, -3))",
        "windows(x, size, stride)[..., 0, :, :, :].amax(-3)",
        POOLED,
    ),
    "pooling moves by one": (
        "stride = size if stride is None else stride",
        "stride = 1 if stride is None else stride",
        [pools_as_torch, lse_of_the_definition],
    ),
    "log sum for log mean": (
        " - math.log(P.shape[-4] * P.shape[-3])",
        "",
        [lse_of_the_definition],
    ),
    "log of one side of the window": (
        "math.log(P.shape[-4] * P.shape[-3])",
        "math.log(P.shape[-4])",
        [lse_of_the_definition],
    ),
    "temperature not divided out": (
        "math.log(P.shape[-4] * P.shape[-3])) / beta",
        "math.log(P.shape[-4] * P.shape[-3]))",
        [lse_of_the_definition, gradients_of_pools],
    ),
    "overflows": (
        "(P.logsumexp((-4, -3))",
        "(P.exp().sum((-4, -3)).log()",
        [lse_of_the_definition],
    ),
    "padding counted once": (
        "most, span = n + 2 * padding,",
        "most, span = n + padding,",
        [output_size_counts_positions],
    ),
    "size without the first position": (
        "// stride + 1",
        "// stride",
        [output_size_counts_positions],
    ),
    "size rounded up": (
        "return (most - span) // stride + 1",
        "return -((span - most) // stride) + 1",
        [output_size_counts_positions],
    ),
    "field grows by the new stride": (
        "R, J = R + r * (k - 1) * J, s * J",
        "R, J = R + r * (k - 1) * s * J, s * J",
        [receptive_field_of_sets],
    ),
    "field without dilation": (
        "R, J = R + r * (k - 1) * J, s * J",
        "R, J = R + (k - 1) * J, s * J",
        [receptive_field_of_sets],
    ),
    "last layer first": (
        "for layer in layers:",
        "for layer in layers[::-1]:",
        [receptive_field_of_sets],
    ),
    "the sheet's misplaced one": (
        "(kh * kw * channels + bias) * U * V * filters",
        "kh * kw * channels * (U * V + bias) * filters",
        [counts_of_torch],
    ),
    "positions share a bias": (
        "(kh * kw * channels + bias) * U * V * filters",
        "(kh * kw * channels * U * V + bias) * filters",
        [counts_of_torch],
    ),
    "integers wrap": (
        "dtype = torch.int64",
        "pass",
        [integers_are_exact],
    ),
    "overflow is let through": (
        "if most >= 2**62:",
        "if most > 2**63:",
        [integers_that_overflow],
    ),
    "overflow of the longer one alone": (
        "min(float(a.max() * b.sum()), float(a.sum() * b.max()))",
        "float(a.sum() * b.sum())",
        [integers_that_overflow],
    ),
    "integers through float32": (
        "z.double() if whole",
        "z.float() if whole",
        [integers_are_exact],
    ),
    "integers cut, not rounded": (
        "y.round().to(f.dtype)",
        "y.to(f.dtype)",
        [integers_are_exact],
    ),
    "rounding is let through": (
        "if 32 * 2**-53 *",
        "if 2**-53 *",
        [integers_that_overflow],
    ),
    "a nan spreads": (
        "_moved(h[t] * f, t, size)",
        "h[t] * _moved(f, t, size)",
        [a_nan_stays_in_its_window],
    ),
    "transforms of the lengths before": (
        "odd = 1, 3, 5, 7, 9, 15, 21, 27, 45",
        "odd = 1, 3, 5, 9, 15, 27, 45",
        [lengths_of_transforms],
    ),
    "a power of two more than needed": (
        "((n - 1) // q).bit_length()",
        "(n // q).bit_length()",
        [lengths_of_transforms],
    ),
    "weights of the exponent for those of the mean": (
        "(w * P).sum((-4, -3)) / w.sum((-4, -3))",
        "(w * P).sum((-4, -3))",
        [softmax_of_the_definition, gradients_of_pools],
    ),
    "softmax without temperature": (
        "w = (beta * (P -",
        "w = (1.0 * (P -",
        [softmax_of_the_definition, gradients_of_pools],
    ),
    "softmax overflows": (
        "(beta * (P - P.amax((-4, -3), keepdim=True).detach())).exp()",
        "(beta * P).exp()",
        [softmax_of_the_definition],
    ),
    "softmax of the whole picture": (
        "P.amax((-4, -3), keepdim=True)",
        "P.amax()",
        [softmax_of_the_definition],
    ),
    "size 0 is none": (
        "if size is None:",
        "if not size:",
        [refuses_what_is_wrong],
    ),
    "biases of any number": (
        'expect("b", b, "D", D=len(w))',
        "pass",
        [refuses_what_is_wrong],
    ),
    "gradients of any size": (
        'expect("delta", delta, "B D U V", B=B, D=len(w), U=U, V=V)',
        "pass",
        [refuses_what_is_wrong],
    ),
    "a colder softmax than none": (
        'beta, "[0, inf)", way_out',
        'beta, "(-inf, inf)", way_out',
        [refuses_what_is_wrong],
    ),
    "inputs for outputs": (
        "return (inputs + bias) * outputs",
        "return inputs * (outputs + bias)",
        [counts_of_torch],
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_noticed(fault):
    refuse(SOURCE, *FAULTS[fault])


@pytest.mark.parametrize("compare", COMPARISONS + DOORS)
def test_the_source_itself_passes(compare):
    """Or the failures above would be failures of reading it in."""
    compare(UNTYPED)


def test_every_comparison_has_noticed_something():
    noticed = {compare for *_, found in FAULTS.values() for compare in found}
    assert noticed == set(COMPARISONS + DOORS)


# ---- properties -----------------------------------------------------------
@few
@given(seed=seeds, n=lengths, m=lengths, k=lengths)
def test_convolution_commutes_associates_and_is_linear(seed, n, m, k):
    f, g, h = seeded(seed, n), seeded(seed + 1, m), seeded(seed + 2, k)
    for convolve in (convolution.convolve, convolution.convolve_fft):
        assert_close(convolve(f, g), convolve(g, f))
        left = convolve(convolve(f, g), h)
        assert_close(left, convolve(f, convolve(g, h)))
        other = seeded(seed + 3, n)
        want = 2 * convolve(f, g) - 3 * convolve(other, g)
        assert_close(convolve(2 * f - 3 * other, g), want)


@few
@given(seed=seeds, n=st.integers(2, 9), shift=st.integers(-9, 9))
def test_cyclic_convolution_is_equivariant_and_diagonal(seed, n, shift):
    """Shifts pass through; the discrete Fourier transform diagonalises it."""
    f, h = seeded(seed, 2, n)
    y = convolution.convolve(f, h, "cyclic")
    moved = convolution.convolve(f.roll(shift), h, "cyclic")
    assert_close(moved, y.roll(shift))
    C = convolution.circulant(h)
    assert_close(C @ f, y)
    W = torch.fft.fft(torch.eye(n))
    D = W @ C.to(W.dtype) @ W.conj().mT / n
    want = torch.diag(torch.fft.fft(h))
    assert_close(D, want, rtol=0, atol=1e-12)


@few
@given(seed=seeds, n=lengths, m=lengths)
def test_the_theorem_and_the_matrix_give_the_definition(seed, n, m):
    f, h = seeded(seed, n), seeded(seed + 1, m)
    for mode in ("full", "same", "valid"):
        if fits(f, h, mode):
            y = convolution.convolve(f, h, mode)
            assert_close(convolution.convolve_fft(f, h, mode), y)
            assert_close(convolution.toeplitz(h, n, mode) @ f, y)
            turned = convolution.rot180(h, (-1,))
            assert_close(convolution.correlate(turned, f, mode), y)
    y = convolution.correlate(h, f)
    assert_close(convolution.correlate(f, h), y.flip(0))


@few
@given(
    seed=seeds,
    k=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    stride=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    padding=st.tuples(st.integers(0, 3), st.integers(0, 3)),
    dilation=st.tuples(st.integers(1, 3), st.integers(1, 3)),
)
def test_layers(seed, k, stride, padding, dilation):
    """Sizes, the transpose as adjoint, and stride as skipped outputs."""
    H, W = 7 + seed % 3, 8 + seed % 5
    x, w = seeded(seed, 2, 3, H, W), seeded(seed + 1, 4, 3, *k)
    how = {"padding": padding, "dilation": dilation}
    every = convolution.conv2d(x, w, **how)
    y = convolution.conv2d(x, w, stride=stride, **how)
    assert_close(y, every[:, :, :: stride[0], :: stride[1]])
    want = [
        convolution.output_size(n, a, stride=s, padding=p, dilation=r)
        for n, a, s, p, r in zip(
            (H, W), k, stride, padding, dilation, strict=True
        )
    ]
    assert [*y.shape[2:]] == want
    delta = seeded(seed + 2, *y.shape)
    z = convolution.conv_transpose2d(
        delta, w, stride=stride, size=(H, W), **how
    )
    assert_close((z * x).sum(), (delta * y).sum(), rtol=1e-10, atol=1e-10)


@few
@given(
    seed=seeds,
    size=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    stride=st.integers(1, 3),
    beta=st.floats(0.01, 20),
)
def test_soft_pools_lie_between_mean_and_maximum(seed, size, stride, beta):
    x = seeded(seed, 3, 5, 6)
    low = convolution.avg_pool(x, size, stride=stride)
    mid = convolution.lse_pool(x, size, stride=stride, beta=beta)
    high = convolution.max_pool(x, size, stride=stride)
    soft = convolution.softmax_pool(x, size, stride=stride, beta=beta)
    assert bool((mid <= soft + 1e-12).all() & (soft <= high + 1e-12).all())
    assert bool((low <= mid + 1e-12).all() & (mid <= high + 1e-12).all())
    assert bool((-convolution.max_pool(-x, size, stride=stride) <= low).all())


@few
@given(st.lists(st.tuples(*(st.integers(1, 3),) * 3), max_size=3))
def test_the_receptive_field_is_the_support_of_the_gradient(layers):
    """Two outputs fit into an input of their two fields together."""
    size, jump = convolution.receptive_field(layers)
    x = torch.zeros(1, 1, 1, size + jump, requires_grad=True)
    y = x
    for k, s, r in layers:
        w = torch.ones(1, 1, 1, k)
        y = convolution.conv2d(y, w, stride=(1, s), dilation=(1, r))
    assert y.shape[-1] == 2
    for i in (0, 1):
        (g,) = torch.autograd.grad(y[..., i].sum(), x, retain_graph=True)
        seen = g.flatten().nonzero().flatten()
        assert (int(seen[0]), int(seen[-1])) == (jump * i, jump * i + size - 1)


def test_the_smallest_sizes():
    one, two = torch.tensor([3.0]), torch.tensor([2.0])
    six = torch.tensor([6.0])
    for mode in ("full", "same", "valid", "cyclic"):
        assert_close(convolution.convolve(one, two, mode), six)
        assert_close(convolution.correlate(one, two, mode), six)
        assert_close(convolution.convolve_fft(one, two, mode), six)
        assert_close(convolution.toeplitz(one, 1, mode) @ two, six)
    assert_close(convolution.circulant(one), one[None])
    x, w = torch.full((1, 1, 1, 1), 3.0), torch.full((1, 1, 1, 1), 2.0)
    assert_close(convolution.conv2d(x, w), 6 * torch.ones(1, 1, 1, 1))
    dx, dw, db = convolution.conv2d_backward(x, x, w)
    assert_close((dx, dw, db), (2 * x, 3 * x, one))
    for pool in ("max_pool", "avg_pool", "lse_pool", "softmax_pool"):
        assert_close(getattr(convolution, pool)(x, 1), x)
    assert convolution.output_size(1, 1) == 1
    assert convolution.receptive_field([]) == (1, 1)
    assert convolution.count_conv(1, 1, 1) == 2
    # A window that lies in the padding alone passes nothing back.
    y = convolution.conv2d(x, w, padding=1, stride=5)
    dx, dw, _ = convolution.conv2d_backward(y + 1, x, w, padding=1, stride=5)
    assert_close((y, dx, dw), (0 * x,) * 3)


@pytest.mark.parametrize("mode", ["full", "same", "valid", "cyclic"])
def test_autograd_passes_through_signals(mode):
    f = seeded(0, 4, 3).requires_grad_()
    h = seeded(1, *((4, 3) if mode == "cyclic" else (2, 3))).requires_grad_()
    o = convolution
    for convolve in (o.convolve, o.convolve_fft):
        assert gradcheck(lambda f, h, c=convolve: c(f, h, mode), (f, h))
    assert gradcheck(lambda h, f: o.correlate(h, f, mode), (h, f))
    h = seeded(2, 3).requires_grad_()
    assert gradcheck(lambda h: o.toeplitz(h, 3, mode), h)


@pytest.mark.parametrize("mode", ["full", "same", "valid", "cyclic"])
def test_signals_and_kernels_can_be_mapped(mode):
    """Each alone, too, whichever is longer."""
    o = convolution
    for convolve, (n, m) in itertools.product(
        (o.convolve, o.convolve_fft, o.correlate), ((5, 3), (3, 5), (4, 4))
    ):
        f, h = seeded(0, 2, n), seeded(1, 2, m)
        if o.correlate is convolve:
            f, h = h, f
        if mode in ("valid", "cyclic") and (n, m) != (4, 4):
            continue
        one = partial(convolve, mode=mode)
        for axes in ((0, 0), (0, None), (None, 0)):
            a, b = (
                x if axis == 0 else x[0]
                for x, axis in zip((f, h), axes, strict=True)
            )
            want = torch.stack(
                [
                    one(
                        f[i if axes[0] == 0 else 0],
                        h[i if axes[1] == 0 else 0],
                    )
                    for i in (0, 1)
                ]
            )
            assert_close(torch.func.vmap(one, in_dims=axes)(a, b), want)


def test_autograd_passes_through_layers():
    """Also a second time, through the backward pass written by hand."""
    x, w, b = (v.requires_grad_() for v in layer(H=4, W=5, D=2, C=2))
    how = {"stride": (2, 1), "padding": (1, 0), "dilation": (1, 2)}
    assert gradcheck(lambda *v: convolution.conv2d(*v, **how), (x, w, b))
    y = convolution.conv2d(x, w, b, **how)
    delta = seeded(3, *y.shape).requires_grad_()
    assert gradcheck(
        lambda *v: convolution.conv2d_backward(*v, **how), (delta, x, w)
    )
    assert gradcheck(
        lambda *v: convolution.conv_transpose2d(*v, **how), (delta, w)
    )


def test_autograd_passes_through_pools():
    x = seeded(0, 2, 5, 4).requires_grad_()
    o = convolution
    for pool in (o.max_pool, o.avg_pool, o.lse_pool, o.softmax_pool):
        assert gradcheck(lambda x, p=pool: p(x, (2, 3), stride=1), x)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_dtype_stays(dtype):
    x, w, b = (v.to(dtype) for v in layer())
    f, h = x[0, 0], w[0, 0]
    o = convolution
    for result in (
        o.convolve(f, h),
        o.convolve_fft(f, h),
        o.correlate(h, f),
        o.circulant(b),
        o.toeplitz(b, 3),
        o.rot180(f),
        o.conv2d(x, w, b),
        *o.conv2d_backward(o.conv2d(x, w), x, w),
        o.max_pool(x, 2),
        o.avg_pool(x, 2),
        o.lse_pool(x, 2),
        o.softmax_pool(x, 2),
    ):
        assert result.dtype == dtype


def test_nothing_is_changed():
    x, w, b = layer()
    kept = [v.clone() for v in (x, w, b)]
    o, how = convolution, {"stride": 2, "padding": 1}
    o.convolve(x[0, 0], w[0, 0], "same").zero_()
    o.convolve(x[0, 0], x[0, 0], "cyclic").zero_()
    o.convolve_fft(x[0, 0], x[0, 0], "cyclic").zero_()
    o.circulant(b).zero_()
    o.rot180(x).zero_()
    o.conv2d_backward(o.conv2d(x, w, b, **how), x, w, **how)
    o.lse_pool(x, 2).zero_()
    o.softmax_pool(x, 1).zero_()
    o.avg_pool(x, 1).zero_()
    o.max_pool(x, 1).zero_()
    assert_close([x, w, b], kept, rtol=0, atol=0)


# ---- errors ---------------------------------------------------------------
@pytest.mark.parametrize(("call", "message"), REFUSALS)
def test_what_is_wrong_is_refused_with_a_way_out(call, message):
    refused(ValueError, message, call, UNTYPED)


@pytest.mark.gpu
def test_results_stay_on_the_device():
    x, w, b = layer()
    o = convolution
    for call in (
        lambda to: o.convolve(to(x[0, 0]), to(w[0, 0]), "same"),
        lambda to: o.convolve(to(x[0, 0]), to(x[0, 0]), "cyclic"),
        lambda to: o.convolve_fft(to(x[0, 0]), to(w[0, 0])),
        lambda to: o.toeplitz(to(b), 5),
        lambda to: o.conv2d(to(x), to(w), to(b), stride=2),
        lambda to: o.conv_transpose2d(to(x), to(w.transpose(0, 1))),
        lambda to: o.lse_pool(to(x), 2),
        lambda to: o.softmax_pool(to(x), 2),
        lambda to: o.convolve_fft(to(w[0, 0]).long(), to(w[0, 1]).long()),
    ):
        there = call(lambda v: v.cuda())
        assert there.is_cuda
        assert_close(there.cpu(), call(lambda v: v))


# ---- benchmarks -----------------------------------------------------------
def seconds(call):
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def ratio(ours, theirs, rounds=31, tries=5):
    """Median time of one over that of the other, measured in turn.

    On a busy machine the best of some tries is nearest to the truth.
    """
    ours(), theirs()
    medians = []
    for _ in range(tries):
        times = [(seconds(ours), seconds(theirs)) for _ in range(rounds)]
        mine, other = map(statistics.median, zip(*times, strict=True))
        medians.append(mine / other)
    return min(medians)


@pytest.fixture
def say(capsys):
    def write(text):
        with capsys.disabled():
            sys.stdout.write(f"\n{text}\n")

    return write


@pytest.mark.bench
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_conv2d_takes_at_most_three_times_the_time_of_torch(say, dtype):
    x = seeded(0, 8, 3, 32, 32, dtype=dtype)
    w = seeded(1, 16, 3, 3, 3, dtype=dtype)
    r = ratio(lambda: UNTYPED.conv2d(x, w), lambda: F.conv2d(x, w))
    say(f"conv2d / torch, {dtype}: {r:.2f}")
    assert r <= 3


@pytest.mark.bench
def test_conv2d_is_a_hundred_times_faster_than_its_definition(say):
    x, w, b = layer(B=8, C=3, H=32, W=32, D=16, k=(3, 3))
    assert_close(UNTYPED.conv2d(x, w, b), looped(x, w, b))
    ours = statistics.median(
        seconds(lambda: UNTYPED.conv2d(x, w, b)) for _ in range(31)
    )
    r = seconds(lambda: looped(x, w, b)) / ours
    say(f"loops / conv2d: {r:.0f}")
    assert r >= 100


@pytest.mark.bench
@pytest.mark.parametrize(
    ("n", "m"), [((2**15,), (2**12,)), ((512, 512), (64, 64))]
)
def test_convolve_fft_takes_at_most_twice_the_time_of_scipy(say, n, m):
    f, h = seeded(0, *n), seeded(1, *m)
    a, b = f.numpy(), h.numpy()
    r = ratio(
        lambda: UNTYPED.convolve_fft(f, h),
        lambda: scipy.signal.fftconvolve(a, b),
        rounds=31 if len(n) == 1 else 11,
    )
    say(f"convolve_fft / scipy, {n} by {m}: {r:.2f}")
    assert r <= 2
