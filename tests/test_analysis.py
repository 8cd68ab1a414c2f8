"""dlbook.analysis against NumPy, closed forms and loops.

The comparisons take the module, so that the faults below can hand them a
wrong one.
"""

import inspect
import itertools
import math

import numpy as np
import pytest
import torch
from faults import as_module, refuse, sources
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.testing import assert_close

from dlbook import analysis

SOURCE = sources(analysis)
UNTYPED = as_module(SOURCE)
few = settings(deadline=None, max_examples=20)
seeds = st.integers(0, 2**32 - 1)
sizes = st.sampled_from([1, 2, 3, 7])


def seeded(seed, *shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def spd(lams, seed=0):
    """Return a symmetric matrix with these eigenvalues."""
    lams = torch.as_tensor(lams, dtype=torch.float64)
    Q = torch.linalg.qr(seeded(seed, len(lams), len(lams))).Q
    H = Q @ torch.diag(lams) @ Q.mT
    return (H + H.mT) / 2


def cubic(x):
    """Of a point of any shape; neither convex nor symmetric."""
    c = torch.arange(1, x.numel() + 1).to(x).reshape(x.shape)
    return (c * x**3 / 3 + x**2 / c).sum() + 0.5


def slope(x):
    """Derivative of `cubic`, by hand."""
    c = np.arange(1, x.size + 1).reshape(x.shape)
    return c * x**2 + 2 * x / c


def value(x):
    c = np.arange(1, x.size + 1).reshape(x.shape)
    return float((c * x**3 / 3 + x**2 / c).sum() + 0.5)


# ---- comparisons ----------------------------------------------------------
def gaps_of_the_definition(o):
    for shape in ((), (3,), (2, 5)):
        x, y = seeded(0, 2, 7, *shape)
        lam = torch.linspace(0, 1, 7)
        want = [
            w * value(a) + (1 - w) * value(b) - value(w * a + (1 - w) * b)
            for a, b, w in zip(x.numpy(), y.numpy(), lam.tolist(), strict=True)
        ]
        assert_close(o.convexity_gap(cubic, x, y, lam), torch.tensor(want))
        for mu in (0.0, 0.7):
            want = [
                value(b)
                - value(a)
                - float((slope(a) * (b - a)).sum())
                - mu / 2 * float(((b - a) ** 2).sum())
                for a, b in zip(x.numpy(), y.numpy(), strict=True)
            ]
            ours = o.tangent_gap(cubic, x, y, mu=mu)
            assert_close(ours, torch.tensor(want))
        assert_close(
            o.tangent_gap(cubic, x, y), o.tangent_gap(cubic, x, y, mu=0.0)
        )


def score_of_a_normal(o):
    """∇ log N(x; m, s) = ((x − m)/s², (x − m)²/s³ − 1/s), by hand."""

    def log_p(theta, x):
        return torch.distributions.Normal(*theta).log_prob(x)

    x, (m, s) = seeded(1, 7), (0.3, 1.7)
    score = torch.stack([(x - m) / s**2, (x - m) ** 2 / s**3 - 1 / s], 1)
    for b in (0.0, -1.3):
        ours = o.score_gradient(
            torch.exp, log_p, torch.tensor([m, s]), x, baseline=b
        )
        assert_close(ours, (x.exp() - b)[:, None] * score)


def score_of_a_loop(o):
    """θ with two axes, draws with one, a loop of autograd."""

    def log_p(theta, x):
        return -((theta @ x - 1) ** 2).sum() + theta.sum() * x[0]

    theta, x = seeded(2, 2, 3), seeded(3, 5, 3)
    want = []
    for row in x:
        leaf = theta.clone().requires_grad_()
        log_p(leaf, row).backward()
        want.append((cubic(row) - 0.25) * leaf.grad)
    ours = o.score_gradient(cubic, log_p, theta, x, baseline=0.25)
    assert_close(ours, torch.stack(want))


def path_of_a_normal(o):
    """∂ f(m + s ε) = f′(m + s ε) (1, ε), by hand."""
    eps, theta = seeded(4, 7), torch.tensor([0.3, 1.7])
    want = torch.sinh(0.3 + 1.7 * eps)[:, None] * torch.stack(
        [torch.ones(7), eps], 1
    )
    ours = o.pathwise_gradient(
        torch.cosh, lambda t, e: t[0] + t[1] * e, theta, eps
    )
    assert_close(ours, want)


def condition_as_numpy(o):
    for seed, n in ((5, 1), (6, 3), (7, 7)):
        A = seeded(seed, n, n)
        assert_close(
            o.condition_number(A).numpy(),
            np.asarray(np.linalg.cond(A.numpy())),
            rtol=1e-9,
            atol=0,
        )


def condition_of_known_eigenvalues(o):
    for lams, want in (
        ([2.0, 0.5, 7.0], 14.0),
        ([3.0, -7.0, 0.5, -2.0], 14.0),
        ([1.0, -10.0], 10.0),
        ([1.0, -1.0, 0.001], 1000.0),
        ([1.0, 1e-9], 1e9),
    ):
        ours = o.condition_number(spd(lams))
        assert_close(ours, torch.tensor(want), rtol=1e-6, atol=0)
    for singular in (
        torch.zeros(3, 3),
        torch.zeros(1, 1),
        torch.ones(5, 5),
        seeded(8, 7, 2) @ seeded(9, 2, 7),
    ):
        assert o.condition_number(singular).item() == math.inf


def range_of_known_eigenvalues(o):
    for seed, lams in enumerate(([0.5], [3.0, 0.25], [2.0, 0.5, 7.0, 1.0])):
        mu, L = o.curvature_range(spd(lams, seed))
        assert_close(mu, torch.tensor(min(lams)))
        assert_close(L, torch.tensor(max(lams)))


def rate_of_descent(o):
    """Power iteration with I − ηH from all starts at once."""
    H = spd([0.5, 1.0, 3.0, 8.0], seed=3)
    for eta in (0.01, 1 / 8, 2 / 8.5, 0.24, 0.3):
        M = torch.eye(4) - eta * H
        worst = torch.linalg.matrix_norm(M, ord=2)
        assert_close(o.gradient_descent_rate(H, eta=eta), worst)


def chord_of_all_pairs(o):
    x, y = seeded(10, 2, 9)
    pairs = [
        abs(y[i] - y[j]) / abs(x[i] - x[j]) for i in range(9) for j in range(i)
    ]
    for sign in (1, -1):
        ours = o.steepest_chord(x, sign * y)
        assert_close(ours, torch.stack(pairs).max())
    assert_close(
        o.steepest_chord(x[:2], y[:2]),
        (y[1] - y[0]).abs() / (x[1] - x[0]).abs(),
    )


def is_refused(call):
    try:
        call()
    except ValueError:
        return True
    return False


def weights_of_a_chord(o):
    """The end points belong to the chord, what lies beyond does not."""
    x = torch.ones(1, 3)
    for lam, beyond in (
        (0.0, False),
        (1.0, False),
        (-0.01, True),
        (1.01, True),
    ):
        assert beyond == is_refused(
            lambda lam=lam: o.convexity_gap(cubic, x, 2 * x, lam * x[:, 0])
        )


def singular_up_to_rounding(o):
    """The limit is n eps σ_max, at any scale and in either dtype."""
    for dtype in (torch.float32, torch.float64):
        eps = torch.finfo(dtype).eps
        for n, scale in itertools.product((2, 5), (1.0, 1e-6, 1e9)):
            for share, infinite in ((0.9, True), (1.2, False)):
                sigma = torch.ones(n, dtype=dtype)
                sigma[-1] = share * n * eps
                kappa = o.condition_number(scale * torch.diag(sigma)).item()
                assert math.isinf(kappa) == infinite, (n, scale, share)


def symmetric_up_to_rounding(o):
    """Entries may differ by 8 n eps times the largest, no more."""
    eps = torch.finfo(torch.float64).eps
    for n, scale in itertools.product((2, 5), (1.0, 1e-6, 1e9)):
        for share, wrong in ((7.0, False), (9.0, True)):
            H = torch.eye(n)
            H[0, 1] = share * n * eps
            assert wrong == is_refused(
                lambda H=H, c=scale: o.curvature_range(c * H)
            ), (n, scale, share)


def no_positive_curvature(o):
    """Zero is none, nor is what rounding leaves of it, n eps λ_max."""
    eps = torch.finfo(torch.float64).eps
    for H, wrong in (
        (torch.zeros(2, 2), True),
        (torch.zeros(1, 1), True),
        (torch.diag(torch.tensor([3.0, 0.0])), True),
        (torch.diag(torch.tensor([-3.0, -1.0])), True),
        (torch.diag(torch.tensor([1e9, 1.8 * eps * 1e9])), True),
        (torch.diag(torch.tensor([1e9, 2.4 * eps * 1e9])), False),
        (torch.tensor([[1e-300]]), False),
    ):
        assert wrong == is_refused(lambda H=H: o.curvature_range(H)), H


def entries_that_are_none(o):
    for bad in (math.nan, math.inf, -math.inf):
        A = torch.eye(3)
        A[1, 2] = A[2, 1] = bad
        assert is_refused(lambda A=A: o.condition_number(A))
        assert is_refused(lambda A=A: o.curvature_range(A))


def chords_without_a_slope(o):
    for x in ([1.0], [2.0, 1.0, 2.0], [0.0, math.nan]):
        x = torch.tensor(x)
        assert is_refused(lambda x=x: o.steepest_chord(x, torch.ones_like(x)))


def draws_that_jump(o):
    """A path that jumps has the pathwise estimate 0, the score has not."""
    u, theta = torch.rand(7), torch.tensor(0.3)
    jumps = o.pathwise_gradient(
        torch.exp, lambda t, e: (e < t).to(t), theta, u
    )
    assert_close(jumps, torch.zeros(7))
    score = o.score_gradient(
        torch.exp,
        lambda t, x: x * t.log() + (1 - x) * (1 - t).log(),
        theta,
        torch.tensor([0.0, 1.0]),
    )
    assert_close(0.7 * score[0] + 0.3 * score[1], torch.tensor(math.e - 1))


def rates_of_two_steps(o):
    """1 − 1/κ at 1/L, (κ − 1)/(κ + 1) at 2/(L + μ), and no rate is less."""
    mu, L = 0.5, 8.0
    H = spd([mu, 2.0, L], seed=4)
    best = o.gradient_descent_rate(H, eta=2 / (L + mu))
    assert_close(best, torch.tensor((L - mu) / (L + mu)))
    assert_close(
        o.gradient_descent_rate(H, eta=1 / L), torch.tensor(1 - mu / L)
    )
    for eta in (0.15, 0.23, 0.24, 0.3):
        assert bool(o.gradient_descent_rate(H, eta=eta) > best)


COMPARISONS = [
    gaps_of_the_definition,
    score_of_a_normal,
    score_of_a_loop,
    path_of_a_normal,
    condition_as_numpy,
    condition_of_known_eigenvalues,
    range_of_known_eigenvalues,
    rate_of_descent,
    chord_of_all_pairs,
    weights_of_a_chord,
    singular_up_to_rounding,
    symmetric_up_to_rounding,
    no_positive_curvature,
    entries_that_are_none,
    chords_without_a_slope,
    draws_that_jump,
    rates_of_two_steps,
]


@pytest.mark.parametrize("compare", COMPARISONS)
def test_analysis_agrees(compare):
    compare(analysis)


def test_every_public_name_is_compared():
    text = "".join(inspect.getsource(compare) for compare in COMPARISONS)
    assert [n for n in analysis.__all__ if f"o.{n}(" not in text] == []


# ---- faults ---------------------------------------------------------------
FAULTS = {
    "weights exchanged": (
        "lam * values_of(f, x) + (1 - lam) * values_of(f, y)",
        "lam * values_of(f, y) + (1 - lam) * values_of(f, x)",
        gaps_of_the_definition,
    ),
    "gap with the wrong sign": (
        "return chord - values_of(f, w * x + (1 - w) * y)",
        "return values_of(f, w * x + (1 - w) * y) - chord",
        gaps_of_the_definition,
    ),
    "tangent at the wrong point": (
        "torch.func.grad_and_value(f), (0,), x)",
        "torch.func.grad_and_value(f), (0,), y)",
        gaps_of_the_definition,
    ),
    "parabola without its half": (
        "- mu / 2 * square",
        "- mu * square",
        gaps_of_the_definition,
    ),
    "score of the logarithm of log p": (
        "weight * score",
        "weight * score * log_p(theta, x[0])",
        score_of_a_loop,
    ),
    "baseline added": (
        "values_of(f, x) - baseline",
        "values_of(f, x) + baseline",
        score_of_a_normal,
    ),
    "path without f": (
        "return f(path(theta, eps))",
        "return path(theta, eps)",
        path_of_a_normal,
    ),
    "condition number upside down": (
        "sigma[0] / sigma[-1]",
        "sigma[-1] / sigma[0]",
        condition_as_numpy,
    ),
    "condition number squared": (
        "sigma[0] / sigma[-1]",
        "(sigma[0] / sigma[-1]) ** 2",
        condition_as_numpy,
    ),
    "singular by an absolute tolerance": (
        "zero = len(A) * torch.finfo(A.dtype).eps * sigma[0]",
        "zero = 1e-8",
        condition_of_known_eigenvalues,
    ),
    "the sheet's ratio": (
        "sigma = torch.linalg.svdvals(A)",
        "sigma = torch.linalg.eigvals(A).real.sort(descending=True)[0].abs()",
        condition_of_known_eigenvalues,
    ),
    "ends of the spectrum exchanged": (
        "return lam[0], lam[-1]",
        "return lam[-1], lam[0]",
        range_of_known_eigenvalues,
    ),
    "rate of the flat end only": (
        "return torch.maximum((1 - eta * mu).abs(), (1 - eta * L).abs())",
        "return (1 - eta * mu).abs()",
        rate_of_descent,
    ),
    "rate of the steep end only": (
        "return torch.maximum((1 - eta * mu).abs(), (1 - eta * L).abs())",
        "return (1 - eta * L).abs()",
        rate_of_descent,
    ),
    "values not sorted with their points": (
        "(y[order].diff() / step)",
        "(y.diff() / step)",
        chord_of_all_pairs,
    ),
    "chords that fall do not count": (
        "return (y[order].diff() / step).abs().max()",
        "return (y[order].diff() / step).max()",
        chord_of_all_pairs,
    ),
    "the end of a chord refused": (
        "(lam >= 0)",
        "(lam > 0)",
        weights_of_a_chord,
    ),
    "the start of a chord refused": (
        "(lam <= 1)",
        "(lam < 1)",
        weights_of_a_chord,
    ),
    "weights below 0 or above 1": (
        "(lam >= 0) & (lam <= 1)",
        "(lam >= 0) | (lam <= 1)",
        weights_of_a_chord,
    ),
    "zero has positive curvature": (
        "if not float(lam[0]) > eps * float(lam.abs().max()):",
        "if not float(lam[0]) >= eps * float(lam.abs().max()):",
        no_positive_curvature,
    ),
    "rounding has positive curvature": (
        "if not float(lam[0]) > eps * float(lam.abs().max()):",
        "if not float(lam[0]) > 0:",
        no_positive_curvature,
    ),
    "positive curvature at one scale": (
        "if not float(lam[0]) > eps * float(lam.abs().max()):",
        "if not float(lam[0]) > eps:",
        no_positive_curvature,
    ),
    "singular whatever the size": (
        "zero = len(A) * torch.finfo(A.dtype).eps * sigma[0]",
        "zero = torch.finfo(A.dtype).eps * sigma[0]",
        singular_up_to_rounding,
    ),
    "singular at one scale": (
        "zero = len(A) * torch.finfo(A.dtype).eps * sigma[0]",
        "zero = len(A) * torch.finfo(A.dtype).eps",
        singular_up_to_rounding,
    ),
    "singular in double precision": (
        "zero = len(A) * torch.finfo(A.dtype).eps * sigma[0]",
        "zero = len(A) * torch.finfo(torch.float64).eps * sigma[0]",
        singular_up_to_rounding,
    ),
    "zero divided by zero": (
        "sigma[-1] > zero,",
        "sigma[-1] >= zero,",
        condition_of_known_eigenvalues,
    ),
    "symmetric at one scale": (
        "if off > 8 * eps * size:",
        "if off > 8 * eps:",
        symmetric_up_to_rounding,
    ),
    "symmetric to four roundings": (
        "if off > 8 * eps * size:",
        "if off > 4 * eps * size:",
        symmetric_up_to_rounding,
    ),
    "symmetric to sixteen roundings": (
        "if off > 8 * eps * size:",
        "if off > 16 * eps * size:",
        symmetric_up_to_rounding,
    ),
    "asymmetry with a sign": (
        "float((H - H.mT).abs().max()), float(H.abs().max())",
        "float((H - H.mT)[-1].max()), float(H.abs().max())",
        symmetric_up_to_rounding,
    ),
    "infinity is a number": (
        "not bool(A.isfinite().all())",
        "bool(A.isnan().any())",
        entries_that_are_none,
    ),
    "a chord from a point to itself": (
        "(step > 0).all()",
        "(step >= 0).all()",
        chords_without_a_slope,
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_noticed(name):
    written, wrong, compare = FAULTS[name]
    refuse(SOURCE, written, wrong, [compare])


# ---- properties -----------------------------------------------------------
@few
@given(seed=seeds, m=sizes, d=sizes)
def test_a_parabola_has_the_gap_that_is_known(seed, m, d):
    """λ(1 − λ)/2 ‖x − y‖², and ½ ‖x − y‖² above the tangent."""
    x, y = seeded(seed, 2, m, d)
    lam = seeded(seed + 1, m).sigmoid()
    square = (x - y).square().sum(1)

    def half(x):
        return x.square().sum() / 2

    ours = analysis.convexity_gap(half, x, y, lam)
    assert_close(ours, lam * (1 - lam) / 2 * square)
    assert_close(analysis.tangent_gap(half, x, y), square / 2)
    assert_close(
        analysis.tangent_gap(half, x, y, mu=1.0), torch.zeros(m), rtol=0,
        atol=1e-12,
    )  # fmt: skip


@few
@given(seed=seeds, n=sizes, log_c=st.floats(-3, 3))
def test_condition_ignores_scale_rotation_and_inversion(seed, n, log_c):
    A = seeded(seed, n, n) + 3 * torch.eye(n)
    kappa = analysis.condition_number(A)
    if kappa > 1e6:
        return
    Q = torch.linalg.qr(seeded(seed + 1, n, n)).Q
    assert kappa >= 1
    for B in (10**log_c * A, Q @ A, A @ Q, A.mT, torch.linalg.inv(A)):
        assert_close(analysis.condition_number(B), kappa, rtol=1e-8, atol=0)


@few
@given(seed=seeds, n=sizes, eta=st.floats(0.01, 0.5))
def test_no_start_is_slower_than_the_rate(seed, n, eta):
    H = spd(seeded(seed, n).exp() + 0.1, seed)
    x = seeded(seed + 1, 31, n)
    rho = analysis.gradient_descent_rate(H, eta=eta)
    after = (x - eta * x @ H).norm(dim=1)
    assert bool((after <= rho * x.norm(dim=1) * (1 + 1e-12)).all())


@few
@given(seed=seeds, c=st.floats(-3, 3))
def test_the_mean_score_gradient_is_the_pathwise_one_for_a_line(seed, c):
    """For f(x) = c x and N(θ, 1) their difference is known draw by draw."""
    eps, theta = seeded(seed, 7), torch.tensor(0.4)
    ours = analysis.score_gradient(
        lambda x: c * x, lambda t, x: -((x - t) ** 2) / 2, theta, theta + eps
    )
    path = analysis.pathwise_gradient(
        lambda x: c * x, lambda t, e: t + e, theta, eps
    )
    assert_close(path, torch.full((7,), c))
    assert_close(ours, c * (theta + eps) * eps)


def test_the_smallest_sizes():
    one = torch.ones(1)
    assert analysis.convexity_gap(torch.square, one, -one, one / 2) == 1
    assert analysis.tangent_gap(torch.square, one, -one) == 4
    assert analysis.condition_number(torch.tensor([[-3.0]])) == 1
    assert analysis.curvature_range(torch.tensor([[3.0]])) == (3, 3)
    rate = analysis.gradient_descent_rate(torch.tensor([[2.0]]), eta=0.25)
    assert rate == 0.5


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_dtype_stays(dtype):
    x, H = seeded(0, 2, 3).to(dtype), spd([1.0, 4.0]).to(dtype)
    for result in (
        analysis.tangent_gap(cubic, x, 2 * x),
        analysis.convexity_gap(cubic, x, 2 * x, torch.ones(2).to(dtype)),
        analysis.condition_number(H),
        analysis.gradient_descent_rate(H, eta=0.1),
        analysis.steepest_chord(x[0], x[1]),
    ):
        assert result.dtype == dtype


def test_nothing_is_changed():
    x, y = seeded(0, 2, 5, 3)
    lam = torch.full((5,), 0.3)
    kept = [v.clone() for v in (x, y, lam)]
    analysis.convexity_gap(cubic, x, y, lam)
    analysis.tangent_gap(cubic, x, y, mu=1.0)
    assert_close([x, y, lam], kept, rtol=0, atol=0)


# ---- errors ---------------------------------------------------------------
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: UNTYPED.condition_number(torch.ones(5, 4)),
         r"A: expected shape \(n, n\), got \(5, 4\)"),
        (lambda: UNTYPED.condition_number(torch.ones(0, 0)),
         r"A: expected finite entries, at least one, got shape \(0, 0\)"),
        (lambda: UNTYPED.condition_number(torch.full((2, 2), math.nan)),
         "4 that are nan or inf"),
        (lambda: UNTYPED.curvature_range(torch.ones(2, 3)),
         r"H: expected shape \(n, n\), got \(2, 3\)"),
        (lambda: UNTYPED.curvature_range(torch.tensor([[1.0, 2], [0, 1]])),
         r"H: expected a symmetric matrix.* \(H \+ H.mT\) / 2"),
        (lambda: UNTYPED.curvature_range(torch.diag(torch.tensor([1.0, -2]))),
         "H: expected a positive definite matrix, got the eigenvalue -2; add"),
        (lambda: UNTYPED.gradient_descent_rate(torch.ones(3, 3), eta=0.1),
         "H: expected a positive definite matrix"),
        (lambda: UNTYPED.gradient_descent_rate(torch.eye(3), eta=0.0),
         r"eta: expected a number in \(0, inf\), got 0.0"),
        (lambda: UNTYPED.convexity_gap(
            cubic, torch.ones(5, 3), torch.ones(5, 2), torch.ones(5)),
         r"y: expected shape \(5, 3\) like x, got \(5, 2\)"),
        (lambda: UNTYPED.convexity_gap(
            cubic, torch.ones(5, 3), torch.ones(5, 3), torch.ones(3)),
         r"lam: expected shape \(m,\), got \(3,\)"),
        (lambda: UNTYPED.convexity_gap(
            cubic, torch.ones(2, 3), torch.ones(2, 3), torch.tensor([0, 1.5])),
         r"lam: expected weights in \[0, 1\], got 0 to 1.5"),
        (lambda: UNTYPED.convexity_gap(
            torch.exp, torch.ones(2, 3), torch.ones(2, 3), torch.ones(2)),
         r"f: expected one number for a point, got shape \(3,\)"),
        (lambda: UNTYPED.tangent_gap(
            torch.exp, torch.ones(2, 3), torch.ones(2, 3)),
         r"f: expected one number for a point, got shape \(3,\)"),
        (lambda: UNTYPED.tangent_gap(cubic, torch.ones(5), torch.ones(5, 1)),
         r"y: expected shape \(5,\) like x, got \(5, 1\)"),
        (lambda: UNTYPED.steepest_chord(
            torch.tensor([1.0, 2, 1]), torch.ones(3)),
         "x: expected two points or more, all distinct, got 3 of which 2"),
        (lambda: UNTYPED.tangent_gap(cubic, torch.ones(0, 3),
                                     torch.ones(0, 3)),
         r"x: expected at least one point, got shape \(0, 3\); draw some"),
        (lambda: UNTYPED.score_gradient(
            cubic, lambda t, x: t, torch.ones(()), torch.ones(0, 3)),
         "expected at least one point"),
        (lambda: UNTYPED.steepest_chord(torch.ones(1), torch.ones(1)),
         "got 1 of which 1 are distinct"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_with_a_way_out(call, message):
    with pytest.raises(Exception, match=message) as caught:
        call()
    assert isinstance(caught.value, ValueError), type(caught.value)


@pytest.mark.gpu
def test_results_stay_on_the_device():
    x, H = seeded(0, 5, 3), spd([1.0, 4.0, 9.0])
    for call in (
        lambda to: analysis.tangent_gap(cubic, to(x), to(2 * x)),
        lambda to: analysis.condition_number(to(H)),
        lambda to: analysis.gradient_descent_rate(to(H), eta=0.1),
    ):
        there = call(lambda v: v.cuda())
        assert there.is_cuda
        assert_close(there.cpu(), call(lambda v: v))
