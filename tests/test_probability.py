"""dlbook.probability against SciPy, NumPy, torch and sums over tables.

The comparisons take the module, so that a wrong one can be handed to them.
"""

import re

import numpy as np
import pytest
import torch
from faults import as_module, refuse, sources
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats
from torch.testing import assert_close

from dlbook import probability

SOURCE = sources(probability)
few = settings(deadline=None, max_examples=20)
seeds = st.integers(0, 2**32 - 1)


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def gaussian(d, rng):
    """A mean and a covariance without symmetry between the coordinates."""
    B = torch.randn(d, d + 2, generator=rng)
    return torch.randn(d, generator=rng), B @ B.mT / (d + 2)


def accepts(function, *args, **options):
    """Say whether a call goes through the door."""
    try:
        function(*args, **options)
    except ValueError:
        return False
    return True


# ---- comparisons ----------------------------------------------------------
def logpdf_as_scipy(m):
    rng = seeded(0)
    for d, batch in ((1, (7,)), (3, (5, 2)), (5, ())):
        mu, Sigma = gaussian(d, rng)
        x = mu + 2 * torch.randn(*batch, d, generator=rng)
        law = stats.multivariate_normal(mu.numpy(), Sigma.numpy())
        expected = torch.as_tensor(law.logpdf(x.numpy())).reshape(batch)
        assert_close(m.gaussian_logpdf(x, mu, Sigma), expected)


def logpdf_copies_no_factor(m):
    """The largest piece of memory holds the points, not an L for each."""
    d, n = 24, 500
    mu, Sigma = gaussian(d, seeded(6))
    x = torch.zeros(n, d)
    with torch.profiler.profile(
        activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True
    ) as memory:
        m.gaussian_logpdf(x, mu, Sigma)
    largest = max(event.self_cpu_memory_usage for event in memory.events())
    assert x.nbytes <= largest <= 3 * x.nbytes


def singular(d, k, seed):
    """B Bᵀ of rank k < d, but for rounding."""
    B = torch.randn(d, k, generator=seeded(seed))
    return B @ B.mT


def logpdf_needs_full_rank(m):
    zero = torch.zeros(30)
    for d, k in ((1, 0), (2, 1), (3, 2), (5, 4), (30, 3)):
        for seed in range(20):
            given = (zero[:d], zero[:d], singular(d, k, seed))
            assert not accepts(m.gaussian_logpdf, *given), (d, k, seed)
    indefinite = torch.tensor([[1.0, 2.0], [2.0, 1.0]])
    assert not accepts(m.gaussian_logpdf, zero[:2], zero[:2], indefinite)


def logpdf_of_unlike_scales(m):
    """Neither units nor a correlation near 1 make a law singular."""
    sd, mu = torch.tensor([1e-9, 1.0, 1e9]), torch.zeros(3)
    C = torch.tensor([[1.0, 0.5, 0.2], [0.5, 1.0, 0.1], [0.2, 0.1, 1.0]])
    x = torch.tensor([0.3, -1.2, 0.7])
    assert accepts(m.gaussian_logpdf, sd * x, mu, sd[:, None] * C * sd)
    there = m.gaussian_logpdf(sd * x, mu, sd[:, None] * C * sd)
    assert_close(there, m.gaussian_logpdf(x, mu, C) - sd.log().sum())
    near = torch.tensor([[1.0, 1.0 - 1e-13], [1.0 - 1e-13, 1.0]])
    assert accepts(m.gaussian_logpdf, x[:2], mu[:2], near)


def mle_as_numpy(m):
    X = torch.randn(11, 3, generator=seeded(1)) * torch.tensor([1.0, 5.0, 0.1])
    fit = m.gaussian_mle(X + 2)
    assert_close(fit.mu, torch.tensor(np.mean(X.numpy() + 2, 0)))
    assert_close(fit.Sigma, torch.tensor(np.cov(X.numpy().T, bias=True)))


def conditional_from_the_precision(m):
    """Λ = Σ⁻¹: covariance Λ₂₂⁻¹, mean u₂ − Λ₂₂⁻¹ Λ₂₁ (z − u₁)."""
    rng = seeded(2)
    for d, one in ((2, [1]), (5, [3, 0]), (7, [6, 2, 0, 5])):
        mu, Sigma = gaussian(d, rng)
        two = [i for i in range(d) if i not in one]
        z = torch.randn(4, len(one), generator=rng)
        Lambda = np.linalg.inv(Sigma.numpy())
        S = np.linalg.inv(Lambda[np.ix_(two, two)])
        shift = (z - mu[one]).numpy() @ (S @ Lambda[np.ix_(two, one)]).T
        got = m.gaussian_conditional(mu, Sigma, one, z)
        assert_close(got.Sigma, torch.tensor(S))
        assert_close(got.mu, mu[two] - torch.tensor(shift))


def conditional_of_a_singular_law(m):
    """(W, 2W, V): the second is known from the first, the third is not."""
    Sigma = torch.tensor([[1.0, 2.0, 0.0], [2.0, 4.0, 0.0], [0.0, 0.0, 3.0]])
    mu, z = torch.tensor([1.0, 2.0, 5.0]), torch.tensor([4.0])
    got = m.gaussian_conditional(mu, Sigma, [0], z)
    assert_close(got.mu, torch.tensor([8.0, 5.0]))
    assert_close(got.Sigma, torch.tensor([[0.0, 0.0], [0.0, 3.0]]))


def conditional_takes_any_covariance(m):
    """B Bᵀ is one, whatever its rank, also where nothing varies."""
    for d, k in ((3, 1), (7, 3), (30, 3)):
        for seed in range(20):
            mu, z, Sigma = torch.zeros(d), torch.ones(k), singular(d, k, seed)
            given = (mu, Sigma, range(k), z)
            assert accepts(m.gaussian_conditional, *given), (d, k, seed)
            left = m.gaussian_conditional(*given).Sigma
            zero = torch.zeros(d - k, d - k)
            assert_close(left, zero, rtol=0.0, atol=1e-7)
    given = (torch.tensor([1.0, 2.0]), torch.zeros(2, 2), [], torch.zeros(0))
    assert accepts(m.gaussian_conditional, *given)
    law = m.gaussian_conditional(*given)
    assert_close(law.mu, given[0])
    assert_close(law.Sigma, given[1])


def conditional_sees_what_is_no_covariance(m):
    """A Schur complement of −10⁻⁹, at three sizes."""
    S = torch.tensor([[1, 2.0, 0.0], [2.0, 4.0 - 1e-9, 0.0], [0.0, 0.0, 3.0]])
    mu = torch.zeros(3)
    for size in (1e-12, 1.0, 1e12):
        given = (mu, size * S, [0], mu[:1])
        assert not accepts(m.gaussian_conditional, *given), size


def symmetric_to_rounding(m):
    """An asymmetry of 10⁻⁶ is not rounding; none is left in what comes out."""
    mu, Sigma = gaussian(31, seeded(8))
    skew = torch.zeros(31, 31)
    skew[2, 5] = 1e-6 * Sigma.max()
    assert not accepts(m.gaussian_logpdf, mu, mu, Sigma + skew)
    skew[2, 5] = Sigma.max() * torch.finfo(Sigma.dtype).eps * 8
    law = m.gaussian_conditional(mu, Sigma + skew, [3, 9], mu[:2])
    assert_close(law.Sigma, law.Sigma.mT, rtol=0.0, atol=0.0)


def mgf_of_masses(m):
    x, p = torch.tensor([-2.0, 0.0, 3.0]), torch.tensor([0.5, 0.2, 0.3])
    t = torch.tensor([[-1.0, 0.0], [0.5, 2.0]])
    loop = sum(
        w * np.exp(t.numpy() * v)
        for v, w in zip(x.tolist(), p.tolist(), strict=True)
    )
    assert_close(m.mgf(t, x, p), torch.tensor(loop))
    far = m.mgf(torch.tensor(-1.0), torch.tensor([800.0]), torch.ones(1))
    assert_close(far, torch.tensor(0.0))


def mgf_skips_what_has_no_mass(m):
    t = torch.tensor(0.3)
    x, p = torch.tensor([1.0, 900.0]), torch.tensor([1.0, 0.0])
    assert_close(m.mgf(t, x, p), t.exp())


def masses_to_half_the_digits(m):
    """A sum off by less than √ε is rounding; .4, or 1 + 1.6e-8, is not."""
    x, t = torch.tensor([0.0, 1.0]), torch.tensor(0.0)
    for off in (0.6, 1.6e-8, 1.4e-8):
        for sign in (-1, 1):
            p = torch.tensor([0.25, 0.75 + sign * off])
            assert accepts(m.mgf, t, x, p) == (off < 1.5e-8), sign * off
    assert not accepts(m.mgf, t, x, torch.tensor([-0.25, 1.25]))


def bernoulli_far_to_the_left(m):
    """Where p eᵗ is all there is, its digits are not lost against 1."""
    t = torch.tensor([-40.0, -300.0])
    assert_close(m.mgf_bernoulli(t, 1), t.exp(), rtol=1e-12, atol=0.0)


ROWS = {
    "bernoulli": ((0.3,), stats.bernoulli(0.3)),
    "binomial": ((9, 0.3), stats.binom(9, 0.3)),
    "poisson": ((1.5,), stats.poisson(1.5)),
    "normal": ((0.4, 1.3), stats.norm(0.4, 1.3)),
    "gamma": ((2.5, 0.7), stats.gamma(2.5, scale=0.7)),
}


def row(name):
    """Return a comparison of one row of the table with SciPy's law."""

    def compare(m):
        given, law = ROWS[name]
        t = torch.tensor([-1.1, -0.2, 0.0, 0.4, 1.2])
        if name in ("normal", "gamma"):
            low = 0 if name == "gamma" else -np.inf
            expected = [
                integrate.quad(
                    lambda x, s=s: np.exp(s * x + law.logpdf(x)),
                    low,
                    np.inf,
                    epsabs=1e-11,
                )[0]
                for s in t.tolist()
            ]
        else:
            k = np.arange(100)
            expected = [law.pmf(k) @ np.exp(s * k) for s in t.tolist()]
        got = getattr(m, f"mgf_{name}")(t, *given)
        assert_close(got, torch.tensor(np.array(expected)))
        M = torch.func.grad(lambda s: getattr(m, f"mgf_{name}")(s, *given))
        mean, square = (
            M(torch.tensor(0.0)),
            torch.func.grad(M)(torch.tensor(0.0)),
        )
        assert_close(mean, torch.tensor(float(law.mean())))
        assert_close(square, torch.tensor(float(law.moment(2))))

    return compare


def gamma_beyond_its_range(m):
    t = torch.tensor([1.9, 2.0, 5.0], requires_grad=True)
    M = m.mgf_gamma(t, 3.0, 0.5)
    assert_close(M.isinf(), torch.tensor([False, True, True]))
    M[0].backward()
    assert_close(t.grad[1:], torch.zeros(2))


def sum_as_a_loop(m):
    rng, h = seeded(3), 0.1
    f, g = (torch.rand(n, generator=rng) for n in (7, 4))
    f, g = f / f.sum() / h, g / g.sum() / h
    loop = torch.zeros(10)
    for i in range(7):
        for j in range(4):
            loop[i + j] += h * f[i] * g[j]
    assert_close(m.density_of_sum(f, g, h=h), loop)


def sum_can_be_added_to_again(m):
    f = torch.zeros(501)
    f[:100] = 1.0
    twice = m.density_of_sum(f, f, h=0.01)
    assert bool((twice >= 0).all())
    m.density_of_sum(twice, f, h=0.01)


def sum_needs_densities(m):
    """Masses within a tenth of 1, on either side and in either place."""
    one = torch.ones(1)
    for mass in (0.89, 0.91, 1.09, 1.11):
        for pair in ((mass * one, one), (one, mass * one)):
            fine = accepts(m.density_of_sum, *pair, h=1.0)
            assert fine == (0.9 < mass < 1.1), mass


COMPARISONS = [
    logpdf_as_scipy,
    logpdf_copies_no_factor,
    logpdf_needs_full_rank,
    logpdf_of_unlike_scales,
    mle_as_numpy,
    conditional_from_the_precision,
    conditional_of_a_singular_law,
    conditional_takes_any_covariance,
    conditional_sees_what_is_no_covariance,
    symmetric_to_rounding,
    mgf_of_masses,
    mgf_skips_what_has_no_mass,
    masses_to_half_the_digits,
    bernoulli_far_to_the_left,
    sum_needs_densities,
    gamma_beyond_its_range,
    sum_as_a_loop,
    sum_can_be_added_to_again,
]


@pytest.mark.parametrize("compare", COMPARISONS, ids=lambda c: c.__name__)
def test_agrees(compare):
    compare(probability)


@pytest.mark.parametrize("name", ROWS)
def test_row_agrees(name):
    row(name)(probability)


# ---- faults ---------------------------------------------------------------
FAULTS = {
    "half the square forgotten": (
        "logpdf: Tensor = -square / 2",
        "logpdf: Tensor = -square",
        [logpdf_as_scipy],
    ),
    "the whole log det": (
        "L.diagonal().log().sum()",
        "2 * L.diagonal().log().sum()",
        [logpdf_as_scipy],
    ),
    "2π without the dimension": (
        "- len(mu) / 2 * LOG_2PI",
        "- LOG_2PI / 2",
        [logpdf_as_scipy],
    ),
    "upper for lower": (
        "w = torch.linalg.solve_triangular(L, points, upper=False)",
        "w = torch.linalg.solve_triangular(L, points, upper=True)",
        [logpdf_as_scipy],
    ),
    "a copy of L for every point": (
        "(L, points, upper=False)",
        "(L, points.mT[..., None], upper=False)[..., 0].mT",
        [logpdf_copies_no_factor],
    ),
    "rounding taken for a density": (
        "if bool((least * v < 1).all()):",
        "if True:",
        [logpdf_needs_full_rank],
    ),
    "a factorisation that failed": (
        "if not bool(info):",
        "if True:",
        [logpdf_needs_full_rank],
    ),
    "one unit for all coordinates": (
        "v = Sigma.detach().diagonal() * R.square().sum(0)",
        "v = Sigma.detach().diagonal().max() * R.square().sum(0)",
        [logpdf_of_unlike_scales],
    ),
    "far from singular is singular": (
        "least = 4 * len(L)",
        "least = 4000 * len(L)",
        [logpdf_of_unlike_scales],
    ),
    "no room for rounding": (
        "if _negative(schur.detach(), slack.detach())",
        "if _negative(schur.detach(), 0 * slack.detach())",
        [conditional_takes_any_covariance],
    ),
    "room without the size of W": (
        "Sigma.trace() * (1 + W.square().sum())",
        "Sigma.trace() / 1000",
        [conditional_takes_any_covariance],
    ),
    "room for anything": (
        "slack = d * eps",
        "slack = 1e7 * d * eps",
        [conditional_sees_what_is_no_covariance],
    ),
    "room of one unit": (
        "eps * Sigma.trace()",
        "eps * 1e7",
        [conditional_sees_what_is_no_covariance],
    ),
    "asymmetry taken for rounding": (
        "10 * len(mu) * torch.finfo",
        "1e9 * len(mu) * torch.finfo",
        [symmetric_to_rounding],
    ),
    "rounding left on one side": (
        "(schur + schur.mT) / 2",
        "schur",
        [symmetric_to_rounding],
    ),
    "a law without spread refused": (
        "(slack + tiny)",
        "slack",
        [conditional_takes_any_covariance],
    ),
    "masses that add up to less": (
        "float((p.sum() - 1).abs())",
        "float(p.sum() - 1)",
        [masses_to_half_the_digits],
    ),
    "masses that add up to more": (
        "float((p.sum() - 1).abs())",
        "float(1 - p.sum())",
        [masses_to_half_the_digits],
    ),
    "the tolerance without its root": (
        "eps ** 0.5:",
        "eps:",
        [masses_to_half_the_digits],
    ),
    "a tolerance of a tenth": (
        "eps ** 0.5:",
        "eps ** 0.1:",
        [masses_to_half_the_digits],
    ),
    "digits lost against 1": (
        "p * t.exp() + (1 - p)",
        "1 + p * t.expm1()",
        [bernoulli_far_to_the_left],
    ),
    "half a density": (
        "0.9 <= mass <= 1.1",
        "0.5 <= mass <= 1.1",
        [sum_needs_densities],
    ),
    "a density and a half": (
        "0.9 <= mass <= 1.1",
        "0.9 <= mass <= 1.5",
        [sum_needs_densities],
    ),
    "one mass below 0": (
        "if bool((p < 0).any()) or",
        "if bool((p < 0).all()) or",
        [masses_to_half_the_digits],
    ),
    "only the first looked at": (
        '(("f", f), ("g", g))',
        '(("f", f), ("g", f))',
        [sum_needs_densities],
    ),
    "the unbiased covariance": (
        "C.mT @ C / len(X)",
        "C.mT @ C / (len(X) - 1)",
        [mle_as_numpy],
    ),
    "not centred": ("C = X - mu", "C = X", [mle_as_numpy]),
    "the covariance does not shrink": (
        "schur = Sigma[two][:, two] - V.mT @ V",
        "schur = Sigma[two][:, two] + V.mT @ V",
        [conditional_from_the_precision, conditional_of_a_singular_law],
    ),
    "the mean of the observed is not taken off": (
        "(z - mu[one]) @ W",
        "z @ W",
        [conditional_from_the_precision, conditional_of_a_singular_law],
    ),
    "the mean moves the wrong way": (
        "mu[two] + (z",
        "mu[two] - (z",
        [conditional_from_the_precision, conditional_of_a_singular_law],
    ),
    "observed places sorted": (
        'one = array("observed", observed)',
        'one = array("observed", observed).sort().values',
        [conditional_from_the_precision],
    ),
    "sd for the variance": ("sd**2 * t**2", "sd * t**2", [row("normal")]),
    "no half in the exponent": ("t**2 / 2)", "t**2)", [row("normal")]),
    "the rate for the scale": (
        "1 - beta * t",
        "1 - t / beta",
        [row("gamma"), gamma_beyond_its_range],
    ),
    "the exponent of the gamma lost": (
        "inside**-alpha",
        "1 / inside",
        [row("gamma")],
    ),
    "finite at the edge": ("rest <= 0", "rest < 0", [gamma_beyond_its_range]),
    "1 − p forgotten": (
        "p * t.exp() + (1 - p)",
        "p * t.exp()",
        [row("bernoulli")],
    ),
    "n trials as a factor": (
        "mgf_bernoulli(t, p) ** n",
        "mgf_bernoulli(t, p) * n",
        [row("binomial")],
    ),
    "the series of the Poisson law not normalised": (
        "lam * t.expm1()",
        "lam * t.exp()",
        [row("poisson")],
    ),
    "the masses forgotten": (
        "t[..., None] * x + p.log()",
        "t[..., None] * x",
        [mgf_of_masses],
    ),
    "h forgotten": ("h * torch.fft.irfft", "torch.fft.irfft", [sum_as_a_loop]),
    "the ends wrap around": (
        "k = len(f) + len(g) - 1",
        "k = max(len(f), len(g))",
        [sum_as_a_loop],
    ),
    "correlated, not convolved": (
        "torch.fft.rfft(g, k)",
        "torch.fft.rfft(g, k).conj()",
        [sum_as_a_loop],
    ),
    "rounding left below 0": (
        ".clamp_min(0)",
        "",
        [sum_can_be_added_to_again],
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_noticed(name):
    refuse(SOURCE, *FAULTS[name])


def test_the_module_in_memory_is_right():
    for compare in COMPARISONS + [row(name) for name in ROWS]:
        compare(as_module(SOURCE))


# ---- properties -----------------------------------------------------------
@few
@given(seed=seeds, e=st.integers(1, 5), f=st.integers(1, 5))
def test_joint_is_marginal_times_conditional(seed, e, f):
    rng = seeded(seed)
    mu, Sigma = gaussian(e + f, rng)
    order = torch.randperm(e + f, generator=rng).tolist()
    one, two = order[:e], sorted(order[e:])
    x = mu + torch.randn(e + f, generator=rng)
    law = probability.gaussian_conditional(mu, Sigma, one, x[one])
    p = probability.gaussian_logpdf
    parts = p(x[one], mu[one], Sigma[one][:, one]) + p(x[two], *law)
    assert_close(p(x, mu, Sigma), parts, rtol=1e-6, atol=1e-6)


@few
@given(seed=seeds, n=st.integers(1, 40), d=st.integers(1, 5))
def test_no_other_gaussian_is_likelier(seed, n, d):
    rng = seeded(seed)
    n += d
    X = torch.randn(n, d, generator=rng)
    fit, other = probability.gaussian_mle(X), gaussian(d, rng)
    best = probability.gaussian_logpdf(X, *fit).sum()
    assert best >= probability.gaussian_logpdf(X, *other).sum()


@few
@given(seed=seeds, n=st.integers(1, 30), m=st.integers(1, 30))
def test_a_sum_keeps_mass_and_adds_means(seed, n, m):
    rng, h = seeded(seed), 0.25
    f, g = torch.rand(n, generator=rng), torch.rand(m, generator=rng)
    f, g = f / f.sum() / h, g / g.sum() / h
    f_Z = probability.density_of_sum(f, g, h=h)
    assert_close(h * f_Z.sum(), torch.tensor(1.0))
    places = [h * torch.arange(float(len(p))) @ p * h for p in (f, g, f_Z)]
    assert_close(places[0] + places[1], places[2])


def test_generating_function_of_a_random_sum():
    """E[e^{t Σ X_i}] of n draws, n Poisson: the MGFs are composed."""
    t = torch.tensor([-0.4, 0.3])
    inner = probability.mgf_normal(t, 0.2, 0.7)
    series = sum(stats.poisson(1.2).pmf(n) * inner**n for n in range(60))
    assert_close(probability.mgf_poisson(inner.log(), 1.2), series)


# ---- smallest sizes, kinds of numbers -------------------------------------
def test_smallest():
    one, two = torch.tensor([2.0]), torch.tensor([[4.0]])
    at_mean = probability.gaussian_logpdf(one, one, two)
    assert_close(at_mean, torch.tensor(-np.log(8 * np.pi) / 2))
    fit = probability.gaussian_mle(torch.tensor([[3.0]]))
    assert_close(fit.mu, torch.tensor([3.0]))
    assert_close(fit.Sigma, torch.zeros(1, 1))
    none = probability.gaussian_conditional(one, two, [], torch.zeros(0))
    assert_close(none.mu, one)
    assert_close(none.Sigma, two)
    point = probability.density_of_sum(torch.ones(1), torch.ones(1), h=1.0)
    assert_close(point, torch.ones(1))
    sure = probability.mgf(torch.tensor(0.5), one, torch.ones(1))
    assert_close(sure, torch.tensor(1.0).exp())


def test_laws_at_the_edge_of_their_parameters():
    """Nothing happens, or one thing surely does: M is 1, or an exponential."""
    t = torch.tensor([-2.0, 0.0, 0.7])
    one = torch.ones(3)
    assert_close(probability.mgf_bernoulli(t, 0), one)
    assert_close(probability.mgf_bernoulli(t, 1), t.exp())
    assert_close(probability.mgf_binomial(t, 0, 0.3), one)
    assert_close(probability.mgf_poisson(t, 0), one)
    assert_close(probability.mgf_poisson(t, 0.5), (t.expm1() / 2).exp())
    assert_close(probability.mgf_normal(t, 0.5, 0), (t / 2).exp())


def test_float32_stays():
    x, Sigma = torch.ones(3, dtype=torch.float32), torch.eye(3).float()
    law = probability.gaussian_conditional(x, Sigma, [1], x[:1])
    logpdf = probability.gaussian_logpdf(x, x, Sigma)
    total = probability.density_of_sum(x / 3, x / 3, h=1.0)
    for got in (*law, logpdf, total, probability.mgf_gamma(x, 2, 0.5)):
        assert got.dtype == torch.float32


def test_gradients_pass():
    mu, Sigma = gaussian(3, seeded(4))
    x = torch.ones(2, 3)

    def loss(mu, L):
        Sigma = L @ L.mT
        law = probability.gaussian_conditional(mu, Sigma, [0], x[:, :1])
        point = law.Sigma.sum() + law.mu.sum()
        return point + probability.gaussian_logpdf(x, mu, Sigma).sum()

    L = torch.linalg.cholesky(Sigma)
    given = (mu.requires_grad_(), L.clone().requires_grad_())
    assert torch.autograd.gradcheck(loss, given)


# ---- errors ---------------------------------------------------------------
p = as_module(SOURCE)  # the door itself, without the check of types
EXACT = {"dtype": torch.float64}
MU, SIGMA, Z = (
    torch.zeros(3, **EXACT),
    torch.eye(3, **EXACT),
    torch.zeros(1, **EXACT),
)
LOPSIDED = torch.tensor([[1, 0.5, 0], [0.4, 1, 0], [0, 0, 1]], **EXACT)
INDEFINITE = torch.tensor([[1, 2, 0], [2, 1, 0], [0, 0, 1]], **EXACT)
REFUSED = {
    "Sigma: expected shape (d, d), got (3, 2)": lambda: p.gaussian_logpdf(
        MU, MU, SIGMA[:, :2]
    ),
    "Sigma: expected shape (d, d), got (2, 2)": lambda: p.gaussian_logpdf(
        MU, MU, SIGMA[:2, :2]
    ),
    "Sigma: expected a symmetric matrix, got entries that differ by 0.1": (
        lambda: p.gaussian_logpdf(MU, MU, LOPSIDED)
    ),
    "Sigma: expected a positive definite matrix": lambda: p.gaussian_logpdf(
        MU, MU, INDEFINITE
    ),
    "x: expected shape (..., d), got (2,): axis 0 should be d = 3": lambda: (
        p.gaussian_logpdf(MU[:2], MU, SIGMA)
    ),
    "mu: expected at least one coordinate": lambda: p.gaussian_logpdf(
        MU[:0], MU[:0], SIGMA[:0, :0]
    ),
    "X: expected at least one row, got shape (0, 3)": lambda: p.gaussian_mle(
        SIGMA[:0]
    ),
    "X: expected shape (n, d)": lambda: p.gaussian_mle(MU),
    "Sigma over the observed: expected a positive definite": (
        lambda: p.gaussian_conditional(MU, INDEFINITE, [0, 1], MU[:2])
    ),
    "Sigma: expected a positive semidefinite matrix": (
        lambda: p.gaussian_conditional(MU, INDEFINITE, [0], Z)
    ),
    "Sigma: expected a symmetric matrix": lambda: p.gaussian_conditional(
        MU, LOPSIDED, [0], Z
    ),
    "places from 0 to 2, and one of them left out, got [3]; count from 0": (
        lambda: p.gaussian_conditional(MU, SIGMA, [3], Z)
    ),
    "got [-1]; count from 0": lambda: p.gaussian_conditional(
        MU, SIGMA, [-1], Z
    ),
    "got [1, 1]; name each once": lambda: p.gaussian_conditional(
        MU, SIGMA, [1, 1], MU[:2]
    ),
    "got [2, 0, 1]; name each once": lambda: p.gaussian_conditional(
        MU, SIGMA, [2, 0, 1], MU
    ),
    "z: expected shape (..., k), got (1,): axis 0 should be k = 2": lambda: (
        p.gaussian_conditional(MU, SIGMA, [0, 1], Z)
    ),
    "p: expected masses ≥ 0 of sum 1, got sum 3": lambda: p.mgf(
        Z, MU, torch.ones(3)
    ),
    "p: expected shape (3,) like x": lambda: p.mgf(Z, MU, torch.ones(1)),
    "p: expected a number in [0, 1], got 1.5": lambda: p.mgf_bernoulli(Z, 1.5),
    "n: expected a number in [0, inf)": lambda: p.mgf_binomial(Z, -1, 0.5),
    "lam: expected": lambda: p.mgf_poisson(Z, -1.0),
    "sd: expected": lambda: p.mgf_normal(Z, 0.0, -1.0),
    "alpha: expected": lambda: p.mgf_gamma(Z, 0.0, 1.0),
    "beta: expected": lambda: p.mgf_gamma(Z, 1.0, -2.0),
    "h: expected a number in (0, inf)": lambda: p.density_of_sum(
        torch.ones(1), torch.ones(1), h=0.0
    ),
    "g: expected a density, ≥ 0 with h Σ g near 1, got 3": (
        lambda: p.density_of_sum(torch.ones(1), torch.ones(3), h=1.0)
    ),
    "f: expected a density": lambda: p.density_of_sum(
        torch.tensor([2.0, -1.0]), torch.ones(1), h=1.0
    ),
}


@pytest.mark.parametrize("message", REFUSED)
def test_refuses(message):
    with pytest.raises(ValueError, match=re.escape(message)):
        REFUSED[message]()


@pytest.mark.parametrize(
    "observed", [torch.tensor([True, False, False]), torch.tensor([0.0])]
)
def test_refuses_what_is_not_a_place(observed):
    with pytest.raises(TypeError, match="observed: expected places"):
        probability.gaussian_conditional(MU, SIGMA, observed, Z)


def test_asymmetry_of_rounding_is_let_pass():
    B = torch.randn(31, 31, generator=seeded(5))
    Sigma = torch.linalg.inv(B @ B.mT + torch.eye(31))
    probability.gaussian_logpdf(torch.zeros(31), torch.zeros(31), Sigma)
