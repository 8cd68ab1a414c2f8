"""How long it takes, as a ratio to the library, in one run on one thread.

``make bench`` runs it; nothing here is part of ``make test``. Every public
function that one calls on data has a row: what it is compared with, small
and large data, and how often the time of the library it may take, forward
and backward. The modules are read without the run-time check of types, as
users import them; inputs have float32 or float64, as the row says.

The bar is 2 for dense linear algebra and elementwise work and 3 for layers.
With small data a call may cost `ONCE` more than its share, which is what the
refusals take. Where the definition itself is the point, the bar is higher and
the docstring names the fast sibling and the factor; a test holds it to that.
"""

import functools
import inspect
import re
import statistics
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
import scipy.linalg
import scipy.signal
import torch
import torch.nn.functional as F
from faults import untyped
from test_what_users_hold import PLAIN as TOPICS
from torch.testing import assert_close

import dlbook
from dlbook import device

ONCE = 200e-6  # seconds
NO_DATA = {  # sizes and counts, not data
    "convolution.count_conv",
    "convolution.count_dense",
    "convolution.count_local",
    "convolution.output_size",
    "convolution.receptive_field",
    "recurrent.ring",
}
shapes, analysis, calculus, convolution, optim, probability, recurrent = (
    untyped(
        *(
            getattr(dlbook, name)
            for name in (
                "shapes",
                "analysis",
                "calculus",
                "convolution",
                "optim",
                "probability",
                "recurrent",
            )
        )
    )
)


def draw(*shape, seed=0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=dtype)


def spd(n):
    A = draw(n, n)
    return A @ A.mT / n + torch.eye(n, dtype=A.dtype)


class Row(NamedTuple):
    """Functions of the same arguments, which `data` makes at two sizes.

    `bar`: how often the time of the library, `back` on the way back (0: there
    is none to measure), `small_bar` with small data, both ways. `agree`: the
    numbers are the same. `calls` of ours are made at a time.
    """

    ours: Callable[..., Any]
    library: Callable[..., Any]
    data: Callable[..., tuple[Any, ...]]
    small: tuple[int, ...]
    large: tuple[int, ...]
    bar: float = 2
    back: float | None = None
    agree: bool = True
    calls: int = 1
    small_bar: float | None = None


ROWS: dict[str, Row] = {}


def row(key, *args, **how):
    ROWS[key] = Row(*args, **how)


# ---- analysis -------------------------------------------------------------
def square(x):
    return (x * x).sum()


def log_p(theta, x):
    return -((x - theta) ** 2).sum() / 2


def shifted(theta, eps):
    return theta + eps


def chords(x, y, lam):
    f, w = torch.func.vmap(square), lam[:, None]
    return lam * f(x) + (1 - lam) * f(y) - f(w * x + (1 - w) * y)


def tangents(x, y):
    slope, start = torch.func.vmap(torch.func.grad_and_value(square))(x)
    return (y * y).sum(1) - start - (slope * (y - x)).sum(1)


def scores(theta, x):
    f = (x * x).sum(1, keepdim=True)
    grad = torch.func.vmap(torch.func.grad(log_p), (None, 0))
    return f * grad(theta, x)


def paths(theta, eps):
    def cost(theta, e):
        return square(shifted(theta, e))

    return torch.func.vmap(torch.func.grad(cost), (None, 0))(theta, eps)


def spectrum(H):
    lam = torch.linalg.eigvalsh(H)
    return lam[0], lam[-1]


def steepest(x, y):
    order = x.argsort()
    return (y[order].diff() / x[order].diff()).abs().max()


row(
    "analysis.condition_number", analysis.condition_number, torch.linalg.cond,
    lambda n: (spd(n),), (8,), (256,),
)  # fmt: skip
row(
    "analysis.curvature_range", analysis.curvature_range, spectrum,
    lambda n: (spd(n),), (8,), (256,),
)  # fmt: skip
row(
    "analysis.gradient_descent_rate",
    lambda H: analysis.gradient_descent_rate(H, eta=0.1),
    lambda H: (1 - 0.1 * torch.linalg.eigvalsh(H)).abs().max(),
    lambda n: (spd(n),), (8,), (256,),
)  # fmt: skip
row(
    "analysis.convexity_gap",
    lambda *a: analysis.convexity_gap(square, *a), chords,
    lambda m, d: (draw(m, d), draw(m, d, seed=1), draw(m).sigmoid()),
    (20, 3), (20_000, 64), back=0,
)  # fmt: skip
row(
    "analysis.tangent_gap",
    lambda *a: analysis.tangent_gap(square, *a), tangents,
    lambda m, d: (draw(m, d), draw(m, d, seed=1)),
    (20, 3), (20_000, 64), back=0,
)  # fmt: skip
row(
    "analysis.steepest_chord", analysis.steepest_chord, steepest,
    lambda m: (draw(m), draw(m, seed=1)), (20,), (100_000,), back=0,
)  # fmt: skip
row(
    "analysis.score_gradient",
    lambda *a: analysis.score_gradient(square, log_p, *a), scores,
    lambda m, d: (draw(d), draw(m, d, seed=1)), (20, 3), (20_000, 64),
    back=0,
)  # fmt: skip
row(
    "analysis.pathwise_gradient",
    lambda *a: analysis.pathwise_gradient(square, shifted, *a), paths,
    lambda m, d: (draw(d), draw(m, d, seed=1)), (20, 3), (20_000, 64),
    back=0,
)  # fmt: skip


# ---- calculus -------------------------------------------------------------
def map_(x):
    return (x @ x.mT).sin()


def differences(x):
    """Evaluate 2n times, and no more."""
    f = [map_(x + 1e-5) - map_(x - 1e-5) for _ in range(x.numel())]
    return torch.stack([y.flatten() for y in f], 1)


for name in ("jacobian", "gradient", "tensor_jacobian"):
    row(
        f"calculus.{name}",
        functools.partial(getattr(calculus, name), map_),
        torch.func.jacrev(map_),
        lambda n: (draw(n, n + 1),), (3,), (20,), back=0,
        agree=name == "tensor_jacobian",
    )  # fmt: skip
row(
    "calculus.finite_difference",
    functools.partial(calculus.finite_difference, map_), differences,
    lambda n: (draw(n, n + 1),), (3,), (20,), bar=7, back=0,
    agree=False,
)  # fmt: skip
row(
    "calculus.contract", functools.partial(calculus.contract, axes=2),
    functools.partial(torch.tensordot, dims=2),
    lambda n: (draw(n, n, n), draw(n, n, n, seed=1)), (4,), (64,),
)  # fmt: skip
row(
    "calculus.vec", calculus.vec, lambda X: X.mT.reshape(-1),
    lambda n: (draw(n, n + 1),), (8,), (1000,),
)  # fmt: skip

# ---- convolution ----------------------------------------------------------
LAYER = {"padding": 2}
FORWARD = (4, 16, 64, 5, 32)


def layer(B, C, H, k, D, *, out=False):
    x = draw(B, C, H, H, dtype=torch.float32)
    w = draw(D, C, k, k, seed=1, dtype=torch.float32)
    delta = draw(B, D, H, H, seed=2, dtype=torch.float32)
    return (delta, x, w) if out else (x, w, draw(D, dtype=torch.float32))


def aten_backward(delta, x, w):
    return torch.ops.aten.convolution_backward(
        delta, x, w, [w.shape[0]], [1, 1], [2, 2], [1, 1], False, [0, 0], 1,
        [True] * 3,
    )  # fmt: skip


def unfolded(x, over):
    B, C, H, W = x.shape
    P = F.unfold(x, 2, stride=2).view(B, C, 4, -1)
    return over(P).view(B, C, H // 2, W // 2)


def weighted(P):
    return ((P.softmax(2)) * P).sum(2)


def mean_exp(P):
    return P.logsumexp(2) - np.log(4)


row(
    "convolution.conv2d",
    lambda x, w, b: convolution.conv2d(x, w, b, **LAYER),
    lambda x, w, b: F.conv2d(x, w, b, **LAYER),
    layer, (2, 3, 12, 5, 4), FORWARD, bar=3, back=6,
)  # fmt: skip
row(
    "convolution.conv2d_backward",
    lambda *a: convolution.conv2d_backward(*a, **LAYER), aten_backward,
    functools.partial(layer, out=True), (2, 3, 12, 5, 4), FORWARD,
    bar=3, back=0, small_bar=6,  # by the transposed layer
)  # fmt: skip
row(
    "convolution.conv_transpose2d",
    lambda delta, w: convolution.conv_transpose2d(delta, w, **LAYER),
    lambda delta, w: F.conv_transpose2d(delta, w, **LAYER),
    lambda *n: layer(*n, out=True)[::2], (2, 3, 12, 5, 4), FORWARD, bar=3,
    back=3.5, small_bar=10,  # a product for each of the 25 entries
)  # fmt: skip
for name, library in (
    ("max_pool", lambda x: F.max_pool2d(x, 2)),
    ("avg_pool", lambda x: F.avg_pool2d(x, 2)),
    ("lse_pool", functools.partial(unfolded, over=mean_exp)),
    ("softmax_pool", functools.partial(unfolded, over=weighted)),
):
    row(
        f"convolution.{name}",
        functools.partial(getattr(convolution, name), size=2), library,
        lambda B, C, H: (draw(B, C, H, H, dtype=torch.float32),),
        (2, 3, 12), (8, 32, 64), bar=3,
    )  # fmt: skip
row(
    "convolution.convolve", convolution.convolve,
    lambda f, h: np.convolve(f.numpy(), h.numpy()),
    lambda n, m: (draw(n), draw(m, seed=1)), (32, 5), (100_000, 64),
    bar=12, back=0,
)  # fmt: skip
row(
    "convolution.correlate",
    lambda h, f: convolution.correlate(h, f, "valid"),
    lambda h, f: np.correlate(f.numpy(), h.numpy(), "valid"),
    lambda n, m: (draw(m, seed=1), draw(n)), (32, 5), (100_000, 64),
    bar=12, back=0,
)  # fmt: skip
row(
    "convolution.convolve_fft", convolution.convolve_fft,
    lambda f, h: scipy.signal.fftconvolve(f.numpy(), h.numpy()),
    lambda n, m: (draw(n), draw(m, seed=1)), (32, 5), (2**15, 2**12),
    back=0,
)  # fmt: skip
row(
    "convolution.convolve_fft#images", convolution.convolve_fft,
    lambda f, h: scipy.signal.fftconvolve(f.numpy(), h.numpy()),
    lambda n, m: (draw(n, n), draw(m, m, seed=1)), (16, 3), (512, 64),
    back=0,
)  # fmt: skip
row(
    "convolution.circulant", convolution.circulant,
    lambda h: scipy.linalg.circulant(h.numpy()),
    lambda n: (draw(n),), (8,), (1000,), bar=3, back=0,  # NumPy: large pages
)  # fmt: skip
row(
    "convolution.toeplitz", lambda h: convolution.toeplitz(h, 1000),
    lambda h: scipy.linalg.convolution_matrix(h.numpy(), 1000),
    lambda n: (draw(n),), (8,), (100,), bar=3, back=0,
)  # fmt: skip
row(
    "convolution.rot180", convolution.rot180, lambda x: x.flip(-2, -1),
    lambda n: (draw(n, n),), (8,), (1000,),
)  # fmt: skip

# ---- optim ----------------------------------------------------------------
STEPS = 50


def walked(name, **how):
    step = functools.partial(getattr(optim, name), **how)

    def walk(theta):
        state = None
        for _ in range(STEPS):
            theta, state = step(theta, lambda theta: 2 * theta, state)
        return theta

    return walk


def trained(name, **how):
    def train(theta):
        theta = theta.clone()
        optimizer = getattr(torch.optim, name)([theta], **how)
        for _ in range(STEPS):
            theta.grad = 2 * theta
            optimizer.step()
        return theta

    return train


for name, ours, other, how in (
    ("gd", {}, "SGD", {}),
    ("momentum", {"beta": 0.9}, "SGD", {"momentum": 0.9}),
    ("nesterov", {"beta": 0.9}, "SGD", {"momentum": 0.9, "nesterov": True}),
    ("adagrad", {}, "Adagrad", {}),
    (
        "rmsprop",
        {"beta": 0.99, "eps_inside": False},
        "RMSprop",
        {"alpha": 0.99},
    ),
    ("adam", {}, "Adam", {}),
):
    row(
        f"optim.{name}", walked(name, eta=0.01, **ours),
        trained(other, lr=0.01, **how),
        lambda n: (draw(n),), (10,), (100_000,), back=0,
        agree=name != "nesterov", calls=STEPS,
    )  # fmt: skip


def repeated(theta):
    points = [theta]
    for _ in range(STEPS):
        points.append(points[-1] - 0.01 * (2 * points[-1]))
    return torch.stack(points)


row(
    "optim.minimize",
    lambda theta: optim.minimize(
        functools.partial(optim.gd, eta=0.01), lambda x: 2 * x, theta,
        steps=STEPS,
    ),
    repeated, lambda n: (draw(n),), (10,), (100_000,), back=0, calls=STEPS,
)  # fmt: skip
row(
    "optim.ema", lambda a, b: optim.ema(a, b, beta=0.1),
    lambda a, b: 0.9 * a + 0.1 * b,
    lambda n: (draw(n), draw(n, seed=1)), (10,), (1_000_000,),
)  # fmt: skip
row(
    "optim.polyak", lambda a, b: optim.polyak(a, b, 10),
    lambda a, b: 0.9 * a + 0.1 * b,
    lambda n: (draw(n), draw(n, seed=1)), (10,), (1_000_000,),
)  # fmt: skip


# ---- probability ----------------------------------------------------------
def library_logpdf(x, mu, Sigma):
    normal = torch.distributions.MultivariateNormal
    return normal(mu, Sigma, validate_args=False).log_prob(x)


def solved(mu, Sigma, z):
    k = z.shape[-1]
    W = torch.linalg.solve(Sigma[:k, :k], Sigma[:k, k:])
    return mu[k:] + (z - mu[:k]) @ W, Sigma[k:, k:] - Sigma[k:, :k] @ W


def gaussian(n, d):
    return draw(n, d), draw(d), spd(d)


row(
    "probability.gaussian_logpdf", probability.gaussian_logpdf,
    library_logpdf, gaussian, (10, 3), (20_000, 64),
)  # fmt: skip
row(
    "probability.gaussian_mle", probability.gaussian_mle,
    lambda X: (X.mean(0), torch.cov(X.mT, correction=0)),
    lambda n, d: (draw(n, d),), (10, 3), (20_000, 64),
)  # fmt: skip
row(
    "probability.gaussian_conditional",
    lambda mu, Sigma, z: probability.gaussian_conditional(
        mu, Sigma, range(z.shape[-1]), z
    ),
    solved, lambda n, d: (draw(d), spd(d), draw(n, d // 2, seed=1)),
    (10, 4), (5_000, 256),
)  # fmt: skip
row(
    "probability.mgf", probability.mgf,
    lambda t, x, p: (t[:, None] * x).exp() @ p,
    lambda m, n: (draw(m), draw(n), draw(n).softmax(0)), (3, 5), (300, 5_000),
    back=0,
)  # fmt: skip
for name, numbers, library in (
    ("bernoulli", (0.3,), lambda t: 0.3 * t.exp() + 0.7),
    ("binomial", (5, 0.3), lambda t: (0.3 * t.exp() + 0.7) ** 5),
    ("poisson", (0.3,), lambda t: (0.3 * t.expm1()).exp()),
    ("normal", (0.3, 0.5), lambda t: (0.3 * t + 0.125 * t * t).exp()),
    ("gamma", (2.5, 0.1), lambda t: (1 - 0.1 * t) ** -2.5),
):
    law = getattr(probability, f"mgf_{name}")
    row(
        f"probability.mgf_{name}", lambda t, f=law, a=numbers: f(t, *a),
        library, lambda n: (draw(n),), (10,), (1_000_000,),
    )  # fmt: skip


def densities(n, m):
    f, g = draw(n).square(), draw(m, seed=1).square()
    return f / f.sum() / 0.1, g / g.sum() / 0.1


row(
    "probability.density_of_sum",
    lambda f, g: probability.density_of_sum(f, g, h=0.1),
    lambda f, g: 0.1 * scipy.signal.fftconvolve(f.numpy(), g.numpy()),
    densities, (20, 30), (40_000, 30_000), bar=3, back=0,
)  # fmt: skip


# ---- recurrent ------------------------------------------------------------
def driven(b, T, d, *, dtype=torch.float32):
    """Return factors λ inside the unit circle, and what is added."""
    return draw(d, dtype=dtype).sigmoid(), draw(b, T, d, seed=1, dtype=dtype)


def looped(A, u):
    z, states = u.new_zeros(u[:, 0].shape), []
    for u_t in u.unbind(1):
        z = z @ A.mT + u_t
        states.append(z)
    return torch.stack(states, 1)


def chunked(lam, u, L=64):
    """Scan by blocks of √T steps, out of what torch has."""
    b, T, d = u.shape
    L = min(L, T)
    v = F.pad(u, (0, 0, 0, -T % L)).view(b, -1, L, d)
    states = [v[:, :, 0]]
    for k in range(1, L):
        states.append(torch.addcmul(v[:, :, k], lam, states[-1]))
    z = torch.stack(states, 2)
    start, starts = torch.zeros_like(z[:, 0, 0]), []
    for k in range(z.shape[1]):
        starts.append(start)
        start = torch.addcmul(z[:, k, -1], lam**L, start)
    powers = lam ** torch.arange(1, L + 1)[:, None]
    z = torch.addcmul(z, powers, torch.stack(starts, 1)[:, :, None])
    return z.flatten(1, 2)[:, :T]


def filtered(lam, u):
    n = 2 * u.shape[1]
    kernel = lam ** torch.arange(u.shape[1])[:, None]
    product = torch.fft.rfft(u, n, dim=1) * torch.fft.rfft(kernel, n, dim=0)
    return torch.fft.irfft(product, n, dim=1)[:, : u.shape[1]]


def trained_by_torch(b, T, n, d):
    """Return what `bptt` takes; the library's way knows U, x and δ of it."""
    net = torch.nn.RNN(n, d, batch_first=True, dtype=torch.float64)
    x = draw(b, T, n)
    Z = net(x)[0].detach()
    return net.weight_hh_l0.detach(), x, Z, draw(b, T, d, seed=1)


def as_autograd(U, x, Z, delta):
    """Go forward and back, as a user has to without the formula."""
    V = torch.zeros(len(U), x.shape[2], dtype=x.dtype, requires_grad=True)
    U, z, states = U.clone().requires_grad_(), torch.zeros_like(Z[:, 0]), []
    for v_t in (x @ V.mT).unbind(1):
        z = (z @ U.mT + v_t).tanh()
        states.append(z)
    return torch.autograd.grad(torch.stack(states, 1), [U, V], delta)


LONG = (8, 4096, 64)
row(
    "recurrent.linear_recurrence", recurrent.linear_recurrence, looped,
    lambda b, T, d: (draw(d, d) / (2 * d), draw(b, T, d, seed=1)),
    (2, 9, 3), (8, 1024, 64),
)  # fmt: skip
row(
    "recurrent.linear_scan", recurrent.linear_scan, chunked, driven,
    (2, 9, 3), LONG, bar=3,
)  # fmt: skip
row(
    "recurrent.linear_fft", recurrent.linear_fft, filtered, driven,
    (2, 9, 3), LONG,
)  # fmt: skip
row(
    "recurrent.diagonalize", recurrent.diagonalize, torch.linalg.eig,
    lambda d: (draw(d, d),), (5,), (100,), back=0,
)  # fmt: skip
row(
    "recurrent.bptt", recurrent.bptt, as_autograd, trained_by_torch,
    (2, 9, 3, 5), (8, 200, 16, 64), back=0, agree=False,
)  # fmt: skip


# ---- the measurement ------------------------------------------------------
def tensors(result):
    parts = result if isinstance(result, tuple) else (result,)
    return [torch.as_tensor(part) for part in parts]


def there_and_back(f, inputs):
    inputs = [x.clone().requires_grad_() for x in inputs]
    out = tensors(f(*inputs))
    weights = [torch.ones_like(y) for y in out]

    def task():
        torch.autograd.grad(tensors(f(*inputs)), inputs, weights)

    return task


def measured(ours, library):
    """Return ratio and times, the median of three measurements."""
    runs = [device.seconds(ours, library, repeats=7) for _ in range(3)]
    a, b = map(statistics.median, zip(*runs, strict=True))
    return statistics.median(x / y for x, y in runs), a, b


CASES = [
    pytest.param(key, size, way, id=f"{key}-{size}-{way}")
    for key, r in ROWS.items()
    for size in ("small", "large")
    for way in ("forward", "backward")[: 1 + (r.back != 0)]
]


@pytest.fixture
def say(capsys):
    def say(line):
        with capsys.disabled():
            print(line)  # noqa: T201

    return say


@pytest.mark.bench
@pytest.mark.parametrize(("key", "size", "way"), CASES)
def test_it_takes_at_most_so_many_times_the_time_of_the_library(
    say, key, size, way
):
    r = ROWS[key]
    inputs = r.data(*getattr(r, size))
    if r.agree:
        pairs = zip(
            tensors(r.ours(*inputs)), tensors(r.library(*inputs)), strict=True
        )
        for got, want in pairs:
            assert_close(got, want, rtol=1e-3, atol=1e-3)
    if way == "backward":
        tasks = (
            there_and_back(r.ours, inputs),
            there_and_back(r.library, inputs),
        )
    else:
        tasks = tuple(
            functools.partial(f, *inputs) for f in (r.ours, r.library)
        )
    bar = (r.back or r.bar) if way == "backward" else r.bar
    if size == "small":
        bar = r.small_bar or bar
    ratio, ours, library = measured(*tasks)
    say(
        f"{key:34} {size} {way:8} {ratio:6.2f} of {bar:<3} "
        f"{1e6 * ours:9.1f} against {1e6 * library:9.1f} microseconds"
    )
    free = r.calls * ONCE if size == "small" else 0
    assert ours - free <= bar * library


def test_every_public_function_that_takes_data_is_measured():
    public = {
        f"{topic}.{name}"
        for topic, module in TOPICS.items()
        for name in module.__all__
        if inspect.isfunction(getattr(module, name))
    }
    assert {key.split("#")[0] for key in ROWS} == public - NO_DATA


FASTER = {  # what the docstring says, and what is measured
    "convolve": ("convolve_fft", 100, convolution.convolve_fft, 2**15, 2**12),
    "correlate": ("convolve_fft", 100, convolution.convolve_fft, 2**15, 2**12),
}


@pytest.mark.parametrize("name", FASTER)
def test_a_definition_names_its_fast_sibling(name):
    sibling, factor, *_ = FASTER[name]
    words = " ".join(getattr(convolution, name).__doc__.split())
    said = rf"`{sibling}` is {factor} times faster"
    other = rf"{factor} times faster way is `{sibling}`"
    assert re.search(rf"{said}|{other}", words)


@pytest.mark.bench
@pytest.mark.parametrize("name", FASTER)
def test_the_sibling_is_as_fast_as_it_says(say, name):
    _, factor, fast, *sizes = FASTER[name]
    n, m = sizes
    f, h = draw(n), draw(m, seed=1)
    slow = getattr(convolution, name)
    ours, faster = device.seconds(
        lambda: slow(f, h) if name == "convolve" else slow(h, f),
        lambda: fast(f, h),
        repeats=3,
    )
    say(f"{name} / its fast sibling: {ours / faster:.0f}, says {factor}")
    assert factor / 2 < ours / faster < 2 * factor


@pytest.mark.bench
def test_the_scan_is_faster_than_the_loop_as_it_says(say):
    """In float32, there, and there and back."""
    words = " ".join(recurrent.linear_recurrence.__doc__.split())
    there, both = map(
        int, re.search(r"is (\d+) times faster .* (\d+) times", words).groups()
    )
    inputs = driven(*LONG)
    loop, scan = recurrent.linear_recurrence, recurrent.linear_scan
    for factor, tasks in (
        (there, [functools.partial(f, *inputs) for f in (loop, scan)]),
        (both, [there_and_back(f, inputs) for f in (loop, scan)]),
    ):
        slow, fast = device.seconds(*tasks)
        say(f"loop / scan: {slow / fast:.1f}, says {factor}, at least 5")
        assert max(5, factor / 2) < slow / fast < 2 * factor


@pytest.mark.bench
def test_the_door_costs_less_than_twenty_microseconds(say):
    x, f = draw(3), convolution.rot180
    with_, without, lists = device.seconds(
        lambda: f(x, (0,)),
        lambda: inspect.unwrap(f)(x, (0,)),
        lambda: f([1.0, 2.0, 3.0], (0,)),
    )
    say(
        f"the door: {1e6 * (with_ - without):.1f} microseconds, "
        f"{1e6 * (lists - without):.1f} for a list"
    )
    assert with_ - without < 20e-6
