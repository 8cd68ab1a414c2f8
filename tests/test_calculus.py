"""dlbook.calculus against closed forms, NumPy and torch's own Jacobian.

The comparisons take the module, so that the faults below can be put into it.
"""

import itertools

import numpy as np
import pytest
import torch
from faults import as_module, refuse, sources
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.testing import assert_close

from dlbook import calculus

SOURCE = sources(calculus)
few = settings(deadline=None, max_examples=20)
seeds = st.integers(0, 2**32 - 1)
shapes = st.lists(st.integers(1, 4), max_size=3).map(tuple)


def seeded(seed, *shape):
    rng = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=rng, dtype=torch.float64)


A, X = seeded(0, 3, 3), seeded(1, 3, 5)
B3, X3 = seeded(2, 2, 3, 4), seeded(3, 3, 4, 5)


def gram(X):
    """Return XᵀAX, 5 × 5 and not symmetric, of the 3 × 5 matrix X."""
    return X.mT @ A @ X


def gram_jacobian():
    """Entry by entry: ∂(XᵀAX)_kl / ∂X_ij = δ_jk (AX)_il + δ_jl (XᵀA)_ki."""
    J = np.zeros((5, 5, 3, 5))
    AX, XA = (A @ X).numpy(), (X.mT @ A).numpy()
    for k, n, i, j in itertools.product(*map(range, J.shape)):
        J[k, n, i, j] = (j == k) * AX[i, n] + (j == n) * XA[k, i]
    return J


def mixed(X):
    """Map an order-3 tensor to one of other sizes, without symmetry."""
    return torch.einsum("abc,bcd->da", B3, X.sin())  # (5, 2)


def columns(J, out):
    """Flatten both sides of a Jacobian as NumPy's order F does."""
    J = np.asarray(J)
    m = int(np.prod(J.shape[:out]))
    rows = np.stack(
        [np.ravel(row, order="F") for row in J.reshape(m, *J.shape[out:])]
    )
    order = np.ravel(np.arange(m).reshape(J.shape[:out]), order="F")
    return torch.tensor(rows[order])  # fmt: skip


def vec_as_numpy(c):
    for k in range(4):
        Y = seeded(k, *range(2, 2 + k))
        assert_close(c.vec(Y), torch.tensor(Y.numpy().ravel(order="F")))


def tensor_jacobian_of_the_definition(c):
    assert_close(c.tensor_jacobian(gram, X), torch.tensor(gram_jacobian()))


def tensor_jacobian_as_torch(c):
    theirs = torch.autograd.functional.jacobian(mixed, X3)
    assert theirs.shape == (5, 2, 3, 4, 5)
    assert_close(c.tensor_jacobian(mixed, X3), theirs)


def jacobian_of_the_definition(c):
    assert_close(c.jacobian(gram, X), columns(gram_jacobian(), 2))
    theirs = torch.autograd.functional.jacobian(mixed, X3)
    assert_close(c.jacobian(mixed, X3), columns(theirs, 2))


def jacobian_as_kronecker(c):
    left, right = seeded(4, 7, 3), seeded(5, 5, 2)
    want = np.kron(right.numpy().T, left.numpy())
    J = c.jacobian(lambda X: left @ X @ right, X)
    assert_close(J, torch.tensor(want))


def jacobian_of_a_vector(c):
    M, x = seeded(6, 3, 5), seeded(7, 5)
    want = (1 - (M @ x).tanh() ** 2)[:, None] * M
    assert_close(c.jacobian(lambda x: (M @ x).tanh(), x), want)
    assert_close(c.gradient(lambda x: (M @ x).tanh(), x), want.mT)


def gradient_of_the_definition(c):
    want = np.transpose(gram_jacobian(), (2, 3, 0, 1))
    assert_close(c.gradient(gram, X), torch.tensor(want))


def gradient_of_a_number(c):
    W = seeded(8, 3, 5)
    assert_close(c.gradient(lambda X: (W * X**2).sum(), X), 2 * W * X)
    row = torch.tensor((2 * W * X).numpy().ravel(order="F"))[None]
    assert_close(c.jacobian(lambda X: (W * X**2).sum(), X), row)


def difference_of_a_cubic(c):
    """Of x³ the central difference is 3x² + h², to the last digit or so."""
    x = seeded(9, 7)
    for h in (0.5, 0.1, 0.01):
        J = c.finite_difference(lambda x: x**3, x, h=h)
        assert_close(J, (3 * x**2 + h**2).diag(), rtol=0, atol=1e-13)


def difference_of_a_matrix(c):
    want = columns(gram_jacobian(), 2)
    # Quadratic: no truncation; rounding is below 20 ε / h.
    J = c.finite_difference(gram, X, h=0.25)
    assert_close(J, want, rtol=0, atol=1e-13)
    theirs = torch.autograd.functional.jacobian(mixed, X3)
    # h²/6 and ε/h at h = 6e-6, times sizes below 10.
    J = c.finite_difference(mixed, X3)
    assert_close(J, columns(theirs, 2), rtol=0, atol=1e-9)


def difference_with_its_own_step(c):
    """ε^{1/3} max(1, |x_i|), of each entry: seen in the points it takes."""
    h = 2.0 ** (-52 / 3)
    for x in ([1.0, -0.5], [1e6, -0.5e6], [0.5, -4e3], [-1e8, 1.0]):
        x, seen = torch.tensor(x), []
        c.finite_difference(lambda x, seen=seen: seen.append(x) or x, x)
        steps = [2 * h * max(1.0, abs(float(k))) for k in x]
        for i, step in enumerate(steps):
            taken = seen[2 * i] - seen[2 * i + 1]
            want = torch.zeros(2)
            want[i] = step
            assert_close(taken, want, rtol=1e-6, atol=0)


def difference_far_from_zero(c):
    """With the step of 1, x² at −10⁸ would keep three digits of eleven."""
    x = torch.tensor([-1e8, 3.0])
    J = c.finite_difference(lambda x: x**2, x)
    assert_close(J, (2 * x).diag(), rtol=1e-10, atol=1e-9)
    # The step of the large entry would skip 960 periods of the small one.
    x = torch.tensor([1.0, 1e9])
    J = c.finite_difference(lambda x: x[:1].sin(), x)
    assert_close(J[0, 0], x[0].cos(), rtol=0, atol=1e-9)


def difference_refuses_a_step_that_vanishes(c):
    """From 2⁵³ on, x + 1 is x, and x − 1 is not; below −2⁵³ it is x − 1."""
    for x in (2.0**53, -(2.0**53)):
        points = torch.tensor([0.0, x])
        try:
            c.finite_difference(lambda x: x, points, h=1.0)
        except ValueError as error:
            assert "take 5e+10" in str(error)  # noqa: PT017
        else:
            raise AssertionError(f"a step of 1 at {x:g} was taken")


def derivatives_on_the_device_of_x(c):
    """Without one at hand: a tensor on `meta` has a shape and a device."""
    x = torch.ones(3, 5, device="meta")
    for name in JACOBIANS:
        try:
            J = getattr(c, name)(lambda x: x.sin().sum(1), x)
        except RuntimeError as error:
            raise AssertionError(f"{name}: {error}") from error
        assert J.device.type == "meta"


def difference_divides_by_the_stored_distance(c):
    """Of a linear map it is exact to ε where x + h has rounded h away."""
    x = torch.tensor([1.0], dtype=torch.float32)
    J = c.finite_difference(lambda x: 3 * x, x, h=1e-6)
    # x ± h lie 16 or 17 spacings of 2⁻²³ or 2⁻²⁴ apart; 3x rounds by half
    # of 2⁻²²: 2 · 2⁻²³ / 2e-6 at most, where plain 2h errs by as much again.
    seen = []
    c.finite_difference(lambda x: seen.append(x) or x, x, h=1e-6)
    values = [3 * y for y in seen]
    want = (values[0] - values[1]) / (seen[0] - seen[1])
    assert_close(J, want[:, None], rtol=1e-6, atol=0)


def contract_of_the_definition(c):
    P, Q = seeded(10, 2, 3, 4), seeded(11, 3, 4, 5)
    want = torch.zeros(2, 5)
    for a, i, j, b in itertools.product(*map(range, (2, 3, 4, 5))):
        want[a, b] += P[a, i, j] * Q[i, j, b]
    assert_close(c.contract(P, Q, axes=2), want)
    assert_close(c.contract(P, Q.mT.sum(0).mT, axes=1).shape, (2, 3, 5))
    for axes, letters in ((0, "aij,klb->aijklb"), (2, "aij,ijb->ab")):
        theirs = np.einsum(letters, P.numpy(), Q.numpy())
        assert_close(c.contract(P, Q, axes=axes), torch.tensor(theirs))


JACOBIANS = ["gradient", "jacobian", "tensor_jacobian"]
COMPARISONS = [
    vec_as_numpy,
    tensor_jacobian_of_the_definition,
    tensor_jacobian_as_torch,
    jacobian_of_the_definition,
    jacobian_as_kronecker,
    jacobian_of_a_vector,
    gradient_of_the_definition,
    gradient_of_a_number,
    difference_of_a_cubic,
    difference_of_a_matrix,
    difference_with_its_own_step,
    difference_far_from_zero,
    difference_refuses_a_step_that_vanishes,
    derivatives_on_the_device_of_x,
    difference_divides_by_the_stored_distance,
    contract_of_the_definition,
]
derivatives = pytest.mark.parametrize(
    "name", [*JACOBIANS, "finite_difference"]
)


@pytest.mark.parametrize("compare", COMPARISONS)
def test_calculus_agrees(compare):
    compare(calculus)


def test_every_public_name_is_compared():
    compared = {*JACOBIANS, "finite_difference", "contract", "vec"}
    assert compared | {"Map"} == set(calculus.__all__)


# ---- properties -----------------------------------------------------------
def quadratic(out, x, seed):
    """Return a map from the shape of x to `out` with random coefficients."""
    P = seeded(seed, *out, x.numel(), x.numel())

    def f(x):
        y = x.reshape(-1)
        return (P @ y) @ y

    return f


@few
@given(inner=shapes, out=shapes, seed=seeds)
def test_the_three_layouts_say_the_same(inner, out, seed):
    x = seeded(seed, *inner)
    f = quadratic(out, x, seed)
    T = calculus.tensor_jacobian(f, x)
    J = calculus.jacobian(f, x)
    G = calculus.gradient(f, x)
    assert T.shape == out + inner
    assert G.shape == inner + out
    assert J.shape == (f(x).numel(), x.numel())
    assert_close(J, columns(T, len(out)))
    assert_close(columns(G, len(inner)), J.mT)
    # No third derivative: exact but for rounding, of sums of 64² terms.
    assert_close(calculus.finite_difference(f, x, h=0.5), J)


@few
@given(x=shapes, y=shapes, z=shapes, seed=seeds)
def test_the_chain_rule_contracts(x, y, z, seed):
    x, like_y = seeded(seed, *x), seeded(seed, *y)
    f, g = quadratic(y, x, seed), quadratic(z, like_y, seed + 1)
    dY, dZ = (calculus.tensor_jacobian(*p) for p in ((f, x), (g, f(x))))
    whole = calculus.tensor_jacobian(lambda x: g(f(x)), x)
    assert_close(calculus.contract(dZ, dY, axes=len(y)), whole)
    product = calculus.jacobian(g, f(x)) @ calculus.jacobian(f, x)
    assert_close(product, calculus.jacobian(lambda x: g(f(x)), x))


@few
@given(shape=shapes, seed=seeds)
def test_vec_is_linear_and_undone(shape, seed):
    X, Y = seeded(seed, *shape), seeded(seed + 1, *shape)
    assert_close(
        calculus.vec(2 * X - Y), 2 * calculus.vec(X) - calculus.vec(Y)
    )
    assert_close(calculus._unvec(calculus.vec(X), X), X, rtol=0, atol=0)


@few
@given(seed=seeds, inner=shapes, out=shapes)
def test_vec_of_the_differential_is_jacobian_times_vec(seed, inner, out):
    x, dx = seeded(seed, *inner), seeded(seed + 1, *inner)
    f = quadratic(out, x, seed)
    df = f(x + dx / 2) - f(x - dx / 2)  # of a quadratic, J dx exactly
    J = calculus.jacobian(f, x)
    assert_close(J @ calculus.vec(dx), calculus.vec(df))


# ---- corners --------------------------------------------------------------
def test_the_smallest_sizes():
    number = torch.tensor(0.7)
    assert_close(
        calculus.jacobian(torch.sin, number), number.cos()[None, None]
    )
    assert_close(calculus.gradient(torch.sin, number), number.cos())
    assert_close(calculus.tensor_jacobian(torch.sin, number), number.cos())
    J = calculus.finite_difference(torch.sin, number)
    assert_close(J, number.cos()[None, None], rtol=0, atol=1e-9)
    assert_close(calculus.vec(number), number[None])
    assert_close(calculus.contract(number, number, axes=0), number**2)


@derivatives
def test_a_constant_has_derivative_zero(name):
    J = getattr(calculus, name)(lambda x: torch.ones(2), torch.ones(3))
    assert_close(J, torch.zeros(J.shape))
    assert J.numel() == 6


@derivatives
@pytest.mark.parametrize("dtype", [torch.float16, torch.float32])
def test_derivatives_keep_the_dtype(name, dtype):
    x = torch.tensor([0.5, 1.0, 2.0], dtype=dtype)
    J = getattr(calculus, name)(lambda x: x * x, x)
    eps = torch.finfo(dtype).eps
    # Differences of x²: no truncation; rounding ε x² / h, h = 2 ε^{1/3}.
    off = 2 * eps ** (2 / 3) if name == "finite_difference" else 0.0
    assert_close(J, (2 * x).diag(), rtol=0, atol=off)


@derivatives
def test_nothing_is_changed_and_nothing_is_recorded(name):
    x = seeded(0, 5)
    before = x.clone()
    J = getattr(calculus, name)(torch.sin, x)
    assert_close(x, before, rtol=0, atol=0)
    assert not J.requires_grad
    assert x.grad is None


def test_derivatives_can_be_differentiated_again():
    Q, x = seeded(0, 5, 5), seeded(1, 5)
    hessian = calculus.jacobian(
        lambda x: calculus.gradient(lambda x: x @ Q @ x, x), x
    )
    assert_close(hessian, Q + Q.mT)


def test_differences_need_values_only():
    def opaque(x):
        return torch.tensor(np.sin(x.numpy()))

    x = seeded(0, 5)
    J = calculus.finite_difference(opaque, x)
    assert_close(J, x.cos().diag(), rtol=0, atol=1e-9)


def test_differences_evaluate_twice_for_each_entry():
    calls = []
    calculus.finite_difference(lambda x: calls.append(1) or x, seeded(0, 3, 5))
    assert len(calls) == 30


@pytest.mark.gpu
@derivatives
def test_derivatives_stay_on_the_device(name):
    derive = getattr(calculus, name)
    there = derive(gram_on_device, X.cuda())
    assert there.is_cuda
    assert_close(there.cpu(), derive(gram, X), rtol=0, atol=1e-8)


def gram_on_device(X):
    return X.mT @ A.to(X) @ X


# ---- refusals -------------------------------------------------------------
@pytest.fixture(scope="module")
def plain():
    """Our own refusals: with the hook, jaxtyping is first to refuse."""
    return as_module(SOURCE)


@derivatives
def test_derivatives_refuse_what_cannot_be_differentiated(name, plain):
    derive = getattr(plain, name)
    x = torch.ones(3)
    with pytest.raises(TypeError, match=r"x: .* got complex128; take .real"):
        derive(torch.sin, torch.ones(3, dtype=torch.complex128))
    with pytest.raises(ValueError, match=r"x: .* \(0, 3\); there is nothing"):
        derive(torch.sin, torch.ones(0, 3))
    if name != "finite_difference":  # it asks for no more than values
        for f in (lambda x: 1.0, lambda x: x.tolist()):
            with pytest.raises(TypeError, match=r"f\(x\): .*; build it"):
                derive(f, x)
        with pytest.raises(TypeError, match=r"f\(x\): .*NumPy .*; build it"):
            derive(lambda x: torch.as_tensor(np.sin(x.numpy())), x)
        with pytest.raises(TypeError, match=r"f\(x\): .*got torch.int64"):
            derive(lambda x: x.argmax(), x)
    with pytest.raises(RuntimeError, match="size"):  # an error of f itself
        derive(lambda x: x @ torch.ones(4), x)
    with pytest.raises(ValueError, match=r"f\(x\): .*got shape \(0,\)"):
        derive(lambda x: x[:0], x)


@pytest.mark.parametrize(
    ("h", "says"),
    [
        (0.0, r"h: expected .* \(0, inf\), got 0.0; it is a distance"),
        (-1e-3, "h: .* got -0.001"),
        (float("nan"), "h: .* got nan"),
        (float("inf"), "h: .* got inf"),
        (1e-17, r"h: .* in torch.float64, got 1e-17; take 6e-06 or leave"),
    ],
)
def test_steps_that_make_no_sense_are_refused(h, says):
    with pytest.raises(ValueError, match=says):
        calculus.finite_difference(torch.sin, torch.ones(3), h=h)


def test_a_step_must_change_every_entry():
    step = 1e-8
    calculus.finite_difference(torch.sin, torch.ones(3), h=step)
    with pytest.raises(ValueError, match=r"in torch.float32, got 1e-08"):
        calculus.finite_difference(torch.sin, torch.ones(3).float(), h=step)
    large = torch.tensor([0.0, 1.0, 1e9])
    with pytest.raises(ValueError, match=r"got 1e-08; take 6e\+03"):
        calculus.finite_difference(torch.sin, large, h=step)


@pytest.mark.parametrize("entry", [float("nan"), float("inf")])
def test_a_point_that_is_no_point_is_refused(entry):
    with pytest.raises(ValueError, match="x: expected finite entries"):
        calculus.finite_difference(torch.sin, torch.tensor([1.0, entry]))


def test_a_value_that_changes_its_shape_is_refused(plain):
    calls = []
    with pytest.raises(ValueError, match=r"f\(x \+ h\): .*\(2,\) like f\(x -"):
        plain.finite_difference(
            lambda x: calls.append(1) or x[: 4 - len(calls)], torch.ones(3)
        )


def test_contract_refuses_axes_that_do_not_fit():
    P, Q = torch.ones(2, 3, 4), torch.ones(4, 3, 5)
    with pytest.raises(
        ValueError,
        match=r"B: expected first 2 axes \(3, 4\) "
        r"like the last of A, got \(4, 3\) of \(4, 3, 5\)",
    ):
        calculus.contract(P, Q, axes=2)  # fmt: skip
    with pytest.raises(ValueError, match=r"got \(1,\) of \(1, 5\); swap"):
        calculus.contract(torch.ones(2, 3), torch.ones(1, 5), axes=1)
    for axes in (-1, 4):
        with pytest.raises(ValueError, match=rf"axes: .*, got {axes}; it"):
            calculus.contract(P, Q, axes=axes)


# ---- faults: what is written, what is put in its place, who must notice ---
FAULTS = {
    "vec stacks rows": (
        "return X.permute(_backwards(X.ndim)).reshape(-1)",
        "return X.reshape(-1)",
        [vec_as_numpy],
    ),
    "tensor_jacobian puts the input first": (
        "J: Tensor = rows.reshape((*y.shape, *x.shape))",
        "J: Tensor = rows.reshape((*y.shape, *x.shape)).transpose(0, 1)",
        [tensor_jacobian_of_the_definition],
    ),
    "tensor_jacobian mixes up the rows": (
        "(rows,) = torch.func.vmap(pull)(E.reshape(-1, *y.shape))",
        "(rows,) = torch.func.vmap(pull)(E.flip(0).reshape(-1, *y.shape))",
        [tensor_jacobian_as_torch, jacobian_of_a_vector],
    ),
    "jacobian flattens the outputs by rows": (
        "[*_backwards(out), *",
        "[*range(out), *",
        [jacobian_of_the_definition, jacobian_as_kronecker],
    ),
    "jacobian flattens the inputs by rows": (
        "*(out + i for i in _backwards(x.ndim))]",
        "*(out + i for i in range(x.ndim))]",
        [jacobian_of_the_definition, jacobian_as_kronecker,
         gradient_of_a_number],
    ),
    "jacobian is in denominator layout": (
        "return J.permute(both).reshape(-1, x.numel())",
        "return J.permute(both).reshape(-1, x.numel()).mT",
        [jacobian_of_a_vector, jacobian_as_kronecker],
    ),
    "gradient is in numerator layout": (
        "[*range(out, J.ndim), *range(out)]",
        "[*range(J.ndim)]",
        [jacobian_of_a_vector, gradient_of_the_definition],
    ),
    "gradient reverses all axes": (
        "[*range(out, J.ndim), *range(out)]",
        "[*range(J.ndim)][::-1]",
        [gradient_of_the_definition],
    ),
    "the difference is one-sided": (
        "above, below = _valued(f, x + e), _valued(f, x - e)",
        "above, below = _valued(f, x + 2 * e), _valued(f, x)",
        [difference_of_a_cubic, difference_of_a_matrix],
    ),
    "the difference forgets the half": (
        "/ distance)",
        "/ h)",
        [difference_of_a_cubic, difference_of_a_matrix],
    ),
    "the difference divides by 2h": (
        "/ distance)",
        "/ (2 * h))",
        [difference_divides_by_the_stored_distance],
    ),
    "the difference goes backwards": (
        "(vec(above) - vec(below))",
        "(vec(below) - vec(above))",
        [difference_of_a_cubic],
    ),
    "the difference walks along rows": (
        "e = _unvec(e, x)",
        "e = e.reshape(x.shape)",
        [difference_of_a_matrix],
    ),
    "the difference stacks rows of the output": (
        "(vec(above) - vec(below))",
        "(above.flatten() - below.flatten())",
        [difference_of_a_matrix],
    ),
    "the difference stands in denominator layout": (
        "return torch.stack(columns, 1)",
        "return torch.stack(columns)",
        [difference_of_a_matrix],
    ),
    "the step is that of one-sided differences": (
        "eps ** (1 / 3)",
        "eps ** (1 / 2)",
        [difference_with_its_own_step],
    ),
    "the step does not grow with x": (
        "* x.detach().abs().clamp_min(1)",
        "* torch.ones_like(x)",
        [difference_with_its_own_step, difference_far_from_zero],
    ),
    "the step does not grow with −x": (
        "x.detach().abs().clamp_min(1)",
        "x.detach().clamp_min(1)",
        [difference_with_its_own_step, difference_far_from_zero],
    ),
    "the step vanishes with x": (
        ".abs().clamp_min(1)",
        ".abs()",
        [difference_with_its_own_step],
    ),
    "the largest entry gives the step of all": (
        "x.detach().abs().clamp_min(1)",
        "x.detach().abs().max().clamp_min(1).expand(x.shape)",
        [difference_with_its_own_step, difference_far_from_zero],
    ),
    "a step may vanish on one side": (
        "(x + steps == x) | (x - steps == x)",
        "(x + steps == x) & (x - steps == x)",
        [difference_refuses_a_step_that_vanishes],
    ),
    "a step may vanish below x": (
        "(x + steps == x) | (x - steps == x)",
        "x + steps == x",
        [difference_refuses_a_step_that_vanishes],
    ),
    "a step may vanish above x": (
        "(x + steps == x) | (x - steps == x)",
        "x - steps == x",
        [difference_refuses_a_step_that_vanishes],
    ),
    "the unit cotangents stay on the CPU": (
        "dtype=y.dtype, device=y.device",
        "dtype=y.dtype",
        [derivatives_on_the_device_of_x],
    ),
    "contract takes the first axes of A": (
        "C: Tensor = torch.tensordot(A, B, dims=axes)",
        "C: Tensor = torch.tensordot(A.mT.movedim(0, -1), B.mT, dims=0)",
        [contract_of_the_definition],
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_noticed(fault):
    refuse(SOURCE, *FAULTS[fault])


@pytest.mark.parametrize("compare", COMPARISONS)
def test_the_source_itself_passes(compare):
    """Or the failures above would be failures of reading it in."""
    compare(as_module(SOURCE))


def test_every_comparison_has_noticed_something():
    noticed = {compare for *_, found in FAULTS.values() for compare in found}
    assert noticed == set(COMPARISONS)
