"""dlbook.recurrent against torch.nn, SciPy and loops from the definitions.

The comparisons take the module, so that the faults below can hand them a
wrong one.
"""

import inspect
import math

import numpy as np
import pytest
import scipy.signal
import torch
from faults import accepted, as_module, refuse, refused, sources
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.testing import assert_close

from dlbook import recurrent

SOURCE = sources(recurrent)
few = settings(deadline=None, max_examples=20)
seeds = st.integers(0, 2**32 - 1)


def seeded(seed, *shape, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=dtype)


def disc(seed, d):
    """Return complex numbers of unlike moduli, up to .99."""
    angle = (
        2
        * math.pi
        * torch.rand(
            d,
            generator=torch.Generator().manual_seed(seed),
            dtype=torch.float64,
        )
    )
    return torch.polar(torch.linspace(0.3, 0.99, d).double(), angle)


def grads(y, inputs):
    weights = seeded(99, *y.shape, dtype=y.dtype)
    return torch.autograd.grad(y, inputs, weights, retain_graph=True)


# ---- Elman networks -------------------------------------------------------
def as_torch(ours, n, d, *, layers, both, phi):
    """Return torch's network with the weights of ours."""
    theirs = torch.nn.RNN(
        n, d, layers, nonlinearity=phi, batch_first=True, bidirectional=both,
        dtype=torch.float64,
    )  # fmt: skip
    ways = 2 if both else 1
    with torch.no_grad():
        for cell in range(layers * ways):
            end = f"_l{cell // ways}" + ("_reverse" if cell % ways else "")
            extra = seeded(cell, d)  # torch has two biases, and adds them
            getattr(theirs, "weight_hh" + end).copy_(ours.U[cell])
            getattr(theirs, "weight_ih" + end).copy_(ours.V[cell])
            getattr(theirs, "bias_hh" + end).copy_(extra)
            getattr(theirs, "bias_ih" + end).copy_(ours.b[cell] - extra)
    return theirs


def networks_as_torch(o):
    """The states, the last ones, and the gradients of all that goes in."""
    for layers, both, phi in (
        (1, False, "tanh"), (1, True, "relu"), (2, False, "relu"),
        (3, True, "tanh"),
    ):  # fmt: skip
        rng = torch.Generator().manual_seed(7)
        ours = o.RNN(3, 5, layers=layers, both=both, phi=phi, rng=rng)
        ours = ours.double()
        theirs = as_torch(ours, 3, 5, layers=layers, both=both, phi=phi)
        x = seeded(1, 2, 7, 3).requires_grad_()
        z0 = seeded(2, layers * (1 + both), 2, 5).requires_grad_()
        for start in (None, z0):
            ends = [x] if start is None else [x, z0]
            got, want = ours(x, start), theirs(x, start)
            assert_close(got, want)
            for a, b in zip(got, want, strict=True):
                assert_close(grads(a, ends), grads(b, ends))
        a = grads(ours(x, z0)[0], [*ours.U, *ours.V, *ours.b])
        names = [
            f"{kind}_l{layer}{end}"
            for kind in ("weight_hh", "weight_ih", "bias_ih")
            for layer in range(layers)
            for end in ["", "_reverse"][: 1 + both]
        ]
        b = grads(theirs(x, z0)[0], [getattr(theirs, n) for n in names])
        assert_close(a, b)


def weights_as_torch_draws_them(o):
    """Uniform, and up to 1/√d."""
    net = o.RNN(7, 100, rng=torch.Generator().manual_seed(0))
    U = net.U[0].detach()
    assert 0.099 < U.abs().max() <= 0.1
    assert abs(U.mean()) < 5 * 0.1 / math.sqrt(3) / 100
    assert abs(U.std() - 0.1 / math.sqrt(3)) < 1e-3
    again = o.RNN(7, 100, rng=torch.Generator().manual_seed(0))
    assert_close(again.U[0], net.U[0], rtol=0, atol=0)


def identity_is_a_linear_recurrence(o):
    net = o.RNN(3, 5, phi="identity", rng=torch.Generator().manual_seed(3))
    net, x = net.double(), seeded(3, 2, 9, 3)
    want = torch.zeros(2, 5, dtype=torch.float64)
    for t in range(9):
        want = want @ net.U[0].mT + x[:, t] @ net.V[0].mT + net.b[0]
    assert_close(net(x)[0][:, -1], want)


def bptt_as_autograd(o):
    for phi in ("tanh", "relu", "identity"):
        net = o.RNN(3, 5, phi=phi, rng=torch.Generator().manual_seed(4))
        net, x, z0 = net.double(), seeded(5, 2, 7, 3), seeded(6, 2, 5)
        for start in (None, z0):
            Z, _ = net(x, None if start is None else start[None])
            delta = seeded(99, *Z.shape)
            want = grads(Z, [net.U[0], net.V[0], net.b[0]])
            got = o.bptt(
                net.U[0].detach(), x, Z.detach(), delta, start, phi=phi
            )
            assert_close(got, want)


def bptt_by_hand(o):
    """z_t = u z_{t−1} + 1 with u = ½, T = 3, L = Σ z_t: 1 + 2u + 1 = 3."""
    x = torch.ones(1, 3, 1)
    Z = torch.tensor([1.0, 1.5, 1.75])[None, :, None]
    dU, *_ = o.bptt([[0.5]], x, Z, torch.ones(1, 3, 1), phi="identity")
    assert_close(dU, torch.tensor([[3.0]]))


def networks_refuse(o):
    net = o.RNN(3, 5, layers=2).double()
    x = seeded(1, 2, 7, 3)
    for call, says in (
        (lambda: o.RNN(3, 0), r"^d: expected .*\[1, inf\), got 0"),
        (lambda: o.RNN(3, 5, phi="sin"), r"^phi: expected \('tanh', .*'sin'"),
        (lambda: net(x[:, :0]), r"^x: .*got shape \(2, 0, 3\); fill axis 1"),
        (lambda: net(x[0]), r"^x: expected shape \(b, T, n\), got \(7, 3\)"),
        (lambda: net(x[..., :2]), r"^x: .*axis 2 should be n = 3"),
        (
            lambda: net(x, seeded(0, 1, 2, 5)),
            r"^z0: .*axis 0 should be cells = 2",
        ),
        (lambda: net(x, seeded(0, 2, 2, 4)), r"^z0: .*axis 2 should be d = 5"),
        (lambda: net(x, seeded(0, 2, 3, 5)), r"^z0: .*axis 1 should be b = 2"),
        (
            lambda: o.bptt(torch.eye(5), x, seeded(0, 2, 6, 5), x),
            r"^x: .*axis 1 should be T = 6",
        ),
        (
            lambda: o.bptt(torch.eye(5), x, seeded(0, 2, 7, 5), x),
            r"^delta: expected shape \(2, 7, 5\) like Z",
        ),
    ):
        refused(ValueError, says, call)
    says = r"^x: expected torch.float64 like the weights, got torch.float32"
    refused(TypeError, says, net, x.float())
    refused(TypeError, "^x: .*got torch.complex128", net, x * 1j)
    refused(TypeError, "^n: expected a whole number", o.RNN, 2.5, 5)


# ---- linear recurrences ---------------------------------------------------
def cases(real=True):
    """Yield λ, u and z^0 for lengths around that of a block and its square."""
    for seed, T in enumerate((1, 2, 31, 32, 33, 63, 64, 65, 200, 2100)):
        lam, u = disc(seed, 5), seeded(seed, 2, T, 5, dtype=torch.complex128)
        z0 = seeded(seed + 50, 2, 5, dtype=torch.complex128)
        yield lam, u, z0
        if real:
            yield lam.real, u.real, z0.real


def of_the_definition(lam, u, z0):
    """Loop over sequences, states and steps, in Python's own numbers."""
    z = torch.zeros_like(u)
    for b, d in np.ndindex(u.shape[0], u.shape[2]):
        state = z0[b, d].item()
        for t in range(u.shape[1]):
            factor = lam[d] if lam.ndim == 1 else lam[b, t, d]
            state = factor.item() * state + u[b, t, d].item()
            z[b, t, d] = state
    return z


def all_ways_of_the_definition(o):
    for lam, u, z0 in cases():
        want = of_the_definition(lam, u, z0)
        for f in (o.linear_recurrence, o.linear_scan, o.linear_fft):
            assert_close(f(lam, u, z0), want, rtol=1e-12, atol=1e-12)
            assert_close(f(lam, u), want - z0[:, None] * lam ** (
                torch.arange(1, u.shape[1] + 1)[:, None]
            ), rtol=1e-12, atol=1e-12)  # fmt: skip


def scipy_filters(o):
    for lam, u, _ in cases():
        for f in (o.linear_recurrence, o.linear_scan, o.linear_fft):
            z = f(lam, u)
            for i, a in enumerate(lam.tolist()):
                want = scipy.signal.lfilter([1], [1, -a], u[..., i].numpy())
                assert_close(
                    z[..., i], torch.from_numpy(want), rtol=1e-12, atol=1e-12
                )


def matrix_by_powers(o):
    """z^{t+1} = A^{t+1} z^0 + Σ_s A^{t−s} u^s, with powers of NumPy."""
    A, u, z0 = seeded(0, 5, 5) / 3, seeded(1, 2, 7, 5), seeded(2, 2, 5)
    power = np.linalg.matrix_power
    for start in (None, z0):
        z = o.linear_recurrence(A, u, start)
        for b, t in np.ndindex(2, 7):
            want = sum(
                power(A.numpy(), t - s) @ u[b, s].numpy() for s in range(t + 1)
            )
            if start is not None:
                want = want + power(A.numpy(), t + 1) @ z0[b].numpy()
            assert_close(z[b, t], torch.from_numpy(want))


def gradients_of_the_loop(o):
    """Also of λ and z^0, and also twice."""
    for lam, u, z0 in cases():
        if u.shape[1] > 200:
            continue
        inputs = [x.clone().requires_grad_() for x in (lam, u, z0)]
        want = grads(o.linear_recurrence(*inputs), inputs)
        for f in (o.linear_scan, o.linear_fft):
            got = grads(f(*inputs), inputs)
            assert_close(got, want, rtol=1e-9, atol=1e-9)
    inputs = [x.clone().requires_grad_() for x in (lam[:2], u[:, :3, :2])]
    assert torch.autograd.gradgradcheck(o.linear_scan, inputs)


def factors_for_each_step(o):
    """As a selective model has them, with the gradient of a loop."""
    for T in (1, 3, 64, 70):
        u = seeded(T, 2, T, 3, dtype=torch.complex128).requires_grad_()
        lam = disc(T, 2 * T * 3).reshape(2, T, 3).requires_grad_()
        z0 = seeded(1, 2, 3, dtype=torch.complex128).requires_grad_()
        z, want = z0, []
        for t in range(T):
            z = lam[:, t] * z + u[:, t]
            want.append(z)
        want, got = torch.stack(want, 1), o.linear_scan(lam, u, z0)
        assert_close(got, want)
        inputs = [lam, u, z0]
        assert_close(grads(got, inputs), grads(want, inputs))


def eigenvalues_that_are_known(o):
    """Of a rotation that shrinks, [[0, 1], [−2, −3]], and as NumPy."""
    lam, P = o.diagonalize([[0.6, -0.5], [0.5, 0.6]])
    assert_close(sorted(lam.tolist(), key=lambda z: z.imag), [
        0.6 - 0.5j, 0.6 + 0.5j
    ])  # fmt: skip
    lam, _ = o.diagonalize([[0, 1], [-2, -3]])
    assert_close(lam.real.sort()[0], torch.tensor([-2.0, -1.0]).double())
    A = seeded(0, 7, 7)
    lam, P = o.diagonalize(A)
    assert_close(P @ lam.diag() @ torch.linalg.inv(P), A.to(P.dtype))
    assert_close(
        np.sort_complex(lam.numpy()),
        np.sort_complex(np.linalg.eigvals(A.numpy())),
    )


def recurrences_refuse(o):
    lam, u = disc(0, 3), seeded(1, 2, 5, 3, dtype=torch.complex128)
    both = (o.linear_recurrence, o.linear_scan, o.linear_fft)
    for f in both:
        first = next(iter(inspect.signature(f).parameters))
        refused(ValueError, "^u: .*fill axis 1", f, lam, u[:, :0])
        refused(ValueError, f"^{first}: .*d = 3", f, lam[:2], u)
        says = r"^z0: expected shape \(b, d\), got \(2, 4\).*d = 3"
        refused(ValueError, says, f, lam, u, u.new_zeros(2, 4))
        refused(ValueError, "^z0: .*b = 2", f, lam, u, u.new_zeros(1, 3))
        says = "^u: expected complex numbers like .*got real ones; take u.to"
        refused(TypeError, says, f, lam, u.real)
        says = "^z0: expected real numbers like .*got complex ones; .*z0.real"
        refused(TypeError, says, f, lam.real, u.real, u[:, 0])
    says = r"^lam: expected \|λ\| in \[0, 1\], got 1.5; take linear_scan"
    refused(ValueError, says, o.linear_fft, [1.5, 0.1, 0.2], u.real)
    for A in ([[1.0, 1], [0, 1]], [[3.0, 1], [-1, 1]]):  # Jordan blocks
        says = "^A: expected a matrix that can be diagonalised"
        refused(ValueError, says, o.diagonalize, A)
    refused(ValueError, "^A: expected finite", o.diagonalize, [[math.nan]])
    o.diagonalize(torch.eye(3))


def fft_on_the_circle(o):
    u = torch.ones(1, 7, 1)
    z = accepted(o.linear_fft, [1.0], u)
    assert_close(z.flatten(), torch.arange(1.0, 8))


# ---- linear recurrent units -----------------------------------------------
def unit_as_the_formula(o):
    """With Python's own numbers, one step at a time."""
    lam = disc(3, 5)
    unit = o.LRU(3, 5, 2, lam=lam, rng=torch.Generator().manual_seed(1))
    unit = unit.double()
    assert_close(unit.lam.detach(), lam)
    x, xi = seeded(1, 2, 7, 3), seeded(2, 2, 5, dtype=torch.complex128)
    y, last = unit(x, xi)
    B, C = (torch.complex(*w.detach().unbind(-1)) for w in (unit.B, unit.C))
    D = unit.D.detach()
    for t in range(7):
        drive = x[:, t].to(B.dtype) @ B.mT
        xi = lam * xi + (1 - lam.abs() ** 2).sqrt() * drive
        assert_close(y[:, t].detach(), (xi @ C.mT).real + x[:, t] @ D.mT)
    assert_close(last.detach(), xi)


def unit_in_pieces(o):
    """Step by step as it infers, and at once as it learns."""
    unit = o.LRU(3, 5, 2, rng=torch.Generator().manual_seed(2))
    x, state, pieces = seeded(1, 2, 70, 3).to(unit.D), None, []
    for piece in x.split([1, 1, 3, 65], 1):
        y, state = unit(piece, state)
        pieces.append(y)
    whole, last = unit(x)
    assert_close(torch.cat(pieces, 1), whole)
    assert_close(state, last)


def unit_keeps_the_variance(o):
    """Of white noise, E|ξ|² = |b|², to 5 standard errors."""
    rng = torch.Generator().manual_seed(3)
    lam = o.ring(64, inner=0.3, outer=0.9, rng=rng)
    unit = o.LRU(1, 64, 1, lam=lam, rng=rng)
    with torch.no_grad():
        _, xi = unit(seeded(4, 500, 100, 1).to(unit.D))
    size = unit.B.detach().square().sum((1, 2))
    mean = (xi.abs().square() / size).mean(0)
    assert abs(mean - 1).max() < 5 * math.sqrt(2 / 500)


def unit_is_stable_wherever_its_weights_go(o):
    unit = o.LRU(3, 5, 2, rng=torch.Generator().manual_seed(5))
    with torch.no_grad():
        for nu in (-9.0, 0.0, 4.0):
            unit.nu.fill_(nu)
            unit.theta.fill_(nu)
            assert bool((unit.lam.abs() < 1).all())


def ring_is_filled_evenly(o):
    lam = o.ring(
        40_000, inner=0.5, outer=0.9, angle=1.0,
        rng=torch.Generator().manual_seed(6),
    )  # fmt: skip
    r2, angle = lam.abs().square().double(), lam.angle().double()
    for x, lo, hi in ((r2, 0.25, 0.81), (angle, -1.0, 1.0)):
        assert x.min() >= lo - 1e-6
        assert x.max() <= hi + 1e-6
        u = (x - lo) / (hi - lo)
        assert abs(u.mean() - 1 / 2) < 5 / math.sqrt(12 * 40_000)
        assert abs(u.square().mean() - 1 / 3) < 5 * 0.298 / 200
    assert abs(np.corrcoef(r2, angle)[0, 1]) < 5 / 200


def units_refuse(o):
    unit, x = o.LRU(3, 5, 2).float(), seeded(1, 2, 7, 3).float()
    for call, says in (
        (lambda: o.ring(0), r"^d: .*\[1, inf\)"),
        (lambda: o.ring(3, outer=1.0), r"^outer: .*\[0, 1\), got 1.0; only"),
        (lambda: o.ring(3, inner=0.9, outer=0.8), "^inner: expected at most"),
        (lambda: o.ring(3, angle=4.0), "^angle: "),
        (lambda: o.LRU(3, 5, 0), "^k: "),
        (
            lambda: o.LRU(3, 2, 2, lam=torch.tensor([0.5, 1j])),
            r"^lam: expected 0 < \|λ\| < 1, which is stable, got 1;",
        ),
        (
            lambda: o.LRU(3, 2, 2, lam=torch.tensor([0.0, 0.5j])),
            r"^lam: expected 0 < \|λ\| < 1.*got 0;",
        ),
        (
            lambda: o.LRU(3, 2, 2, lam=torch.tensor([0.5j])),
            "^lam: .*axis 0 should be d = 2",
        ),
        (lambda: unit(x[:, :0]), "^x: .*fill axis 1"),
        (lambda: unit(x[..., :2]), "^x: .*n = 3"),
        (lambda: unit(x, torch.zeros(2, 4) + 0j), "^xi0: .*d = 5"),
    ):
        refused(ValueError, says, call)
    for call, says in (
        (
            lambda: o.LRU(3, 1, 2, lam=torch.tensor([0.5])),
            "^lam: expected complex numbers, got torch.float64",
        ),
        (lambda: unit(x * 1j), "^x: expected torch.float32.*x.real"),
        (lambda: unit(x.double()), r"^x: expected .*x.to\(torch.float32\)"),
        (
            lambda: unit(x, torch.zeros(2, 5)),
            r"^xi0: expected torch.complex64.*xi0.to\(torch.complex64\)",
        ),
    ):
        refused(TypeError, says, call)


COMPARISONS = [
    networks_as_torch,
    weights_as_torch_draws_them,
    identity_is_a_linear_recurrence,
    bptt_as_autograd,
    bptt_by_hand,
    networks_refuse,
    all_ways_of_the_definition,
    scipy_filters,
    matrix_by_powers,
    gradients_of_the_loop,
    factors_for_each_step,
    eigenvalues_that_are_known,
    recurrences_refuse,
    fft_on_the_circle,
    unit_as_the_formula,
    unit_in_pieces,
    unit_keeps_the_variance,
    unit_is_stable_wherever_its_weights_go,
    ring_is_filled_evenly,
    units_refuse,
]


@pytest.mark.parametrize("compare", COMPARISONS)
def test_recurrent_agrees(compare):
    compare(as_module(SOURCE))


def test_every_public_name_is_compared():
    text = "".join(inspect.getsource(compare) for compare in COMPARISONS)
    called = [n for n in recurrent.__all__ if n not in ("Eigen", "Slope")]
    assert [n for n in called if f"o.{n}" not in text] == []


@few
@given(seeds, st.integers(1, 140), st.integers(1, 140))
def test_a_scan_of_pieces_is_the_scan(seed, first, second):
    lam = disc(seed, 3)
    u = seeded(seed, 2, first + second, 3, dtype=torch.complex128)
    head = recurrent.linear_scan(lam, u[:, :first])
    tail = recurrent.linear_scan(lam, u[:, first:], head[:, -1])
    want = recurrent.linear_scan(lam, u)
    assert_close(torch.cat([head, tail], 1), want)


@few
@given(seeds, st.integers(1, 5), st.integers(1, 9), st.integers(1, 5))
def test_a_network_read_backwards_is_its_mirror_image(seed, n, T, d):
    """Both cells with the same weights: what one says of x, reversed."""
    net = recurrent.RNN(n, d, both=True).double()
    for weights in (net.U, net.V, net.b):
        weights[1] = weights[0]
    x = seeded(seed, 2, T, n)
    Z, mirrored = net(x)[0], net(x.flip(1))[0]
    assert_close(Z[..., :d], mirrored[..., d:].flip(1))


# ---- faults ---------------------------------------------------------------
FAULTS = {
    "U transposed": (
        "_phi(self.phi, z @ U.mT + v_t)",
        "_phi(self.phi, z @ U + v_t)",
        networks_as_torch,
    ),
    "no bias": (
        "(x @ V.mT + b).unbind(1)",
        "(x @ V.mT).unbind(1)",
        networks_as_torch,
    ),
    "backward states left reversed": (
        "Z.flip(1) if way else Z",
        "Z",
        networks_as_torch,
    ),
    "backward cell reads forward": (
        "x.flip(1) if way else x",
        "x",
        networks_as_torch,
    ),
    "backward before forward": (
        "x = torch.cat(found, -1)",
        "x = torch.cat(found[::-1], -1)",
        networks_as_torch,
    ),
    "state of another cell": (
        "self._states(cell, read, z0[cell])",
        "self._states(cell, read, z0[0])",
        networks_as_torch,
    ),
    "the last step of a cell in its own time": (
        "last.append(Z[:, -1])",
        "last.append(Z[:, 0])",
        networks_as_torch,
    ),
    "drawn from [0, 1/√d]": (
        "drawn = 2 * torch.rand(shape, generator=rng) - 1",
        "drawn = torch.rand(shape, generator=rng)",
        weights_as_torch_draws_them,
    ),
    "slope at the state before": (
        "e = slope[:, t] *",
        "e = slope[:, t - 1] *",
        bptt_as_autograd,
    ),
    "immediate part only": (
        "(delta[:, t] + e @ U)",
        "(delta[:, t] + 0 * e @ U)",
        bptt_by_hand,
    ),
    "U not transposed on the way back": (
        "(delta[:, t] + e @ U)",
        "(delta[:, t] + e @ U.mT)",
        bptt_as_autograd,
    ),
    "dU of the same state": (
        'torch.einsum("btd,bte->de", E, before)',
        'torch.einsum("btd,bte->de", E, Z)',
        bptt_as_autograd,
    ),
    "slope of tanh": (
        "return 1 - z * z",
        "return 1 - z",
        bptt_as_autograd,
    ),
    "order of the steps lost": (
        "torch.stack(found[::-1], 1)",
        "torch.stack(found, 1)",
        bptt_as_autograd,
    ),
    "A transposed": (
        "else z @ A.mT) + u_t",
        "else z @ A) + u_t",
        matrix_by_powers,
    ),
    "a scan that forgets the start": (
        "torch.cat([z0[:, None], ends[:, :-1]], 1)",
        "torch.cat([0 * z0[:, None], ends[:, :-1]], 1)",
        all_ways_of_the_definition,
    ),
    "blocks one late": (
        "torch.cat([z0[:, None], ends[:, :-1]], 1)",
        "ends",
        all_ways_of_the_definition,
    ),
    "the same factor at all steps": (
        "lam_t = lam if lam.ndim == 1 else lam[..., t, :]",
        "lam_t = lam if lam.ndim == 1 else lam[..., 0, :]",
        factors_for_each_step,
    ),
    "gradient without the conjugate": (
        "back = lam.conj().resolve_conj()",
        "back = lam",
        gradients_of_the_loop,
    ),
    "gradient of λ by the state itself": (
        "torch.cat([z0[:, None], z[:, :-1]], 1).conj()",
        "z.conj()",
        gradients_of_the_loop,
    ),
    "gradient of λ not conjugated": (
        "torch.cat([z0[:, None], z[:, :-1]], 1).conj()",
        "torch.cat([z0[:, None], z[:, :-1]], 1)",
        gradients_of_the_loop,
    ),
    "gradient forward in time": (
        "back, delta.flip(1), torch.zeros_like(z0) ).flip(1)",
        "back, delta, torch.zeros_like(z0))",
        gradients_of_the_loop,
    ),
    "factors not moved": (
        "F.pad(back[:, 1:], (0, 0, 0, 1)).flip(1)",
        "back.flip(1)",
        factors_for_each_step,
    ),
    "powers from λ on": (
        "spectrum = fft(u, n, dim=1) * fft(powers[:-1], n, dim=0)",
        "spectrum = fft(u, n, dim=1) * fft(powers[1:], n, dim=0)",
        all_ways_of_the_definition,
    ),
    "a convolution that comes round": (
        "n = 1 << (2 * T - 2).bit_length()",
        "n = 1 << (T - 1).bit_length()",
        all_ways_of_the_definition,
    ),
    "z^0 one step late": (
        "powers[1:] * z0[:, None]",
        "powers[:-1] * z0[:, None]",
        all_ways_of_the_definition,
    ),
    "left eigenvectors": (
        "return Eigen(lam, P)",
        "return Eigen(lam, P.mT)",
        eigenvalues_that_are_known,
    ),
    "not diagonalisable, let in": (
        "0.1 / math.sqrt(",
        "1e9 / math.sqrt(",
        recurrences_refuse,
    ),
    "on the circle refused": (
        "if most > 1:",
        "if most >= 1:",
        fft_on_the_circle,
    ),
    "radius even instead of area": (
        "(inner**2 + (outer**2 - inner**2) * u).sqrt()",
        "inner + (outer - inner) * u",
        ring_is_filled_evenly,
    ),
    "half of the angles": (
        "angle * (2 * v - 1)",
        "angle * v",
        ring_is_filled_evenly,
    ),
    "c without its root": (
        "c = (1 - lam.abs() ** 2).sqrt()",
        "c = 1 - lam.abs() ** 2",
        unit_as_the_formula,
    ),
    "imaginary output": (
        "(xi @ C.mT).real",
        "(xi @ C.mT).imag",
        unit_as_the_formula,
    ),
    "no way past the state": (
        "+ x @ self.D.mT",
        "",
        unit_as_the_formula,
    ),
    "start left out": (
        "linear_scan(lam, u, xi0)",
        "linear_scan(lam, u)",
        unit_in_pieces,
    ),
    "λ not held inside": (
        "torch.polar((-self.nu.exp()).exp(), self.theta)",
        "torch.polar(self.nu.exp(), self.theta)",
        unit_is_stable_wherever_its_weights_go,
    ),
    "unstable λ let in": (
        "((r > 0) & (r < 1))",
        "(r > 0)",
        units_refuse,
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_noticed(fault):
    written, wrong, *comparisons = FAULTS[fault]
    refuse(SOURCE, written, wrong, comparisons)


def test_a_scan_is_finite_where_the_product_of_a_block_is_not():
    lam = torch.tensor([1.1], dtype=torch.float32)
    u = torch.zeros(1, 2100, 1, dtype=torch.float32)
    u[:, 2000:] = 1
    z = recurrent.linear_scan(lam, u)
    assert_close(z, recurrent.linear_recurrence(lam, u))
    assert bool(z.isfinite().all())
