"""dlbook.optim against torch.optim and against loops from the definitions.

The comparisons take the module, so that test_faults can hand them a wrong one.
"""

import inspect
from functools import partial

import pytest
import torch
from faults import accepted, as_module, refused, sources
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.testing import assert_close

from dlbook import optim

SOURCE = sources(optim)
few = settings(deadline=None, max_examples=20)
seeds = st.integers(0, 2**32 - 1)
shapes = st.sampled_from([(), (0,), (1,), (7,), (3, 5)])


def seeded(seed, *shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def grad(x):
    """Of a quartic whose coordinates have gradients of unlike sizes."""
    c = torch.arange(1, x.numel() + 1).to(x).reshape(x.shape)
    return c * x / 3 + x**3 - 0.3


def torch_points(make, theta, *, steps=12, after=None):
    """Return the parameters that an optimiser of torch stores."""
    p = torch.nn.Parameter(theta.clone())
    optimiser = make([p])
    schedule = after(optimiser) if after else None
    points = [theta]
    for _ in range(steps):
        p.grad = grad(p.detach())
        optimiser.step()
        if schedule:
            schedule.step()
        points.append(p.detach().clone())
    return torch.stack(points)


def our_points(o, name, theta, *, steps=12, **how):
    step = partial(getattr(o, name), **how)
    return o.minimize(step, grad, theta, steps=steps)


def decaying(t):
    return 0.1 / (t + 1) ** 0.6


def growing(t):
    return (t - 1) / (t + 2)


def gd_as_torch(o):
    theta = seeded(0, 3, 5)
    for eta in (0.01, 0.1):
        ours = our_points(o, "gd", theta, eta=eta)
        sgd = partial(torch.optim.SGD, lr=eta)
        assert_close(ours, torch_points(sgd, theta))


def gd_with_a_schedule(o):
    theta = seeded(1, 3, 5)
    sgd = partial(torch.optim.SGD, lr=1.0)
    after = partial(torch.optim.lr_scheduler.LambdaLR, lr_lambda=decaying)
    ours = our_points(o, "gd", theta, eta=decaying)
    assert_close(ours, torch_points(sgd, theta, after=after))


def momentum_as_torch(o):
    theta = seeded(2, 3, 5)
    for eta, beta in ((0.01, 0.9), (0.1, 0.35), (0.1, 0.0)):
        ours = our_points(o, "momentum", theta, eta=eta, beta=beta)
        sgd = partial(torch.optim.SGD, lr=eta, momentum=beta)
        assert_close(ours, torch_points(sgd, theta))


def momentum_with_schedules(o):
    theta = seeded(3, 3, 5)
    x = [theta, theta]  # x[t + 1] is θ_t, x[0] the point before the start
    for t in range(12):
        move = growing(t) * (x[-1] - x[-2])
        x.append(x[-1] - decaying(t) * grad(x[-1]) + move)
    ours = our_points(o, "momentum", theta, eta=decaying, beta=growing)
    assert_close(ours, torch.stack(x[1:]))


def nesterov_as_torch(o):
    """What torch stores are the points at which the gradient is taken."""
    theta = seeded(4, 3, 5)
    for eta, beta in ((0.01, 0.9), (0.1, 0.35)):
        x = our_points(o, "nesterov", theta, eta=eta, beta=beta)
        ahead = torch.cat([x[:1], x[1:] + beta * (x[1:] - x[:-1])])
        sgd = partial(torch.optim.SGD, lr=eta, momentum=beta, nesterov=True)
        assert_close(ahead, torch_points(sgd, theta))


def nesterov_with_schedules(o):
    """Su, Boyd and Candès (2016), eq. 1, in their two sequences."""
    theta = seeded(5, 3, 5)
    x, y = [theta], theta
    for k in range(1, 13):
        x.append(y - decaying(k - 1) * grad(y))
        y = x[k] + (k - 1) / (k + 2) * (x[k] - x[k - 1])
    ours = our_points(o, "nesterov", theta, eta=decaying, beta=growing)
    assert_close(ours, torch.stack(x))


def adagrad_as_torch(o):
    theta = seeded(6, 3, 5)
    for eta, eps in ((0.1, {}), (0.5, {"eps": 0.01})):
        ours = our_points(o, "adagrad", theta, eta=eta, **eps)
        adagrad = partial(torch.optim.Adagrad, lr=eta, **eps)
        assert_close(ours, torch_points(adagrad, theta))


def adagrad_with_a_schedule(o):
    theta, eps = seeded(7, 3, 5), 0.01
    x, squares = [theta], []
    for t in range(12):
        g = grad(x[t])
        squares.append(g * g)
        x.append(x[t] - decaying(t) * g / (eps + sum(squares) ** 0.5))
    ours = our_points(o, "adagrad", theta, eta=decaying, eps=eps)
    assert_close(ours, torch.stack(x))


def rmsprop_as_torch(o):
    theta = seeded(8, 3, 5)
    for eta, beta, eps in ((0.01, 0.9, 1e-8), (0.1, 0.35, 0.01)):
        how = {"eta": eta, "beta": beta, "eps": eps, "eps_inside": False}
        ours = our_points(o, "rmsprop", theta, **how)
        rmsprop = partial(torch.optim.RMSprop, lr=eta, alpha=beta, eps=eps)
        assert_close(ours, torch_points(rmsprop, theta))


def rmsprop_of_the_definition(o):
    """With ε under the root and the average as the sum that it is."""
    theta, beta, eps = seeded(9, 3, 5), 0.35, 0.01
    x, squares = [theta], []
    for t in range(12):
        g = grad(x[t])
        squares.append(g * g)
        s = sum(
            (1 - beta) * beta ** (t - i) * squares[i] for i in range(t + 1)
        )
        x.append(x[t] - decaying(t) * g / (s + eps) ** 0.5)
    how = {"eta": decaying, "beta": beta, "eps": eps}
    assert_close(our_points(o, "rmsprop", theta, **how), torch.stack(x))


def adam_as_torch(o):
    theta = seeded(10, 3, 5)
    for eta, betas, eps in (
        (0.01, (0.9, 0.999), 1e-8),
        (0.1, (0.35, 0.8), 0.01),
        (0.1, (0.8, 0.35), 0.01),
        (0.1, (0.0, 0.0), 0.01),
    ):
        how = {"eta": eta, "beta1": betas[0], "beta2": betas[1], "eps": eps}
        ours = our_points(o, "adam", theta, **how)
        adam = partial(torch.optim.Adam, lr=eta, betas=betas, eps=eps)
        assert_close(ours, torch_points(adam, theta))


def adam_with_a_schedule(o):
    theta = seeded(11, 3, 5)
    adam = partial(torch.optim.Adam, lr=1.0)
    after = partial(torch.optim.lr_scheduler.LambdaLR, lr_lambda=decaying)
    ours = our_points(o, "adam", theta, eta=decaying)
    assert_close(ours, torch_points(adam, theta, after=after))


def defaults_of_torch(o):
    """Those which the docstrings promise."""
    theta = seeded(12, 3, 5)
    for name, make in (
        ("adagrad", torch.optim.Adagrad),
        ("adam", torch.optim.Adam),
        ("rmsprop", partial(torch.optim.RMSprop, alpha=0.9)),
    ):
        how = {"eps_inside": False} if name == "rmsprop" else {}
        ours = our_points(o, name, theta, eta=0.1, **how)
        assert_close(ours, torch_points(partial(make, lr=0.1), theta))


def defaults_of_eps(o):
    """They show where a gradient is as small as they are."""
    for name, g, want in (
        ("adagrad", 1e-10, 1 / 2),
        ("adam", 1e-8, 1 / 2),
        ("rmsprop", 1e-4, 1e-4 / (0.1 * 1e-8 + 1e-8) ** 0.5),
    ):
        zero, step = torch.zeros(2), getattr(o, name)
        moved, _ = step(zero, lambda x, g=g: torch.full_like(x, g), eta=1.0)
        assert_close(moved, torch.full_like(zero, -want))


def averages(average, points, **how):
    """Feed the points to an AveragedModel and to our average."""
    model = torch.nn.Linear(5, 3, bias=False)
    averaged = AveragedModel(model, **how)
    mean = points[0]
    for t, theta in enumerate(points, start=1):
        mean = average(mean, theta, t)
        model.weight.data = theta
        averaged.update_parameters(model)
        assert_close(mean, averaged.module.weight.detach())
    return mean


def polyak_as_torch(o):
    points = seeded(13, 9, 3, 5)
    mean = averages(o.polyak, points)
    assert_close(mean, points.mean(0))
    start = torch.full_like(mean, 1e3)  # what is handed in at t = 1 is dropped
    assert_close(o.polyak(start, mean, 1), mean)


def polyak_as_asgd(o):
    theta = seeded(14, 3, 5)
    points = our_points(o, "gd", theta, eta=0.1)[1:]
    p = torch.nn.Parameter(theta.clone())
    # λ = 0 keeps the step size; t₀ = -1 because torch counts t₀ + 1 twice.
    asgd = torch.optim.ASGD([p], lr=0.1, lambd=0.0, t0=-1)
    mean = theta
    for t, point in enumerate(points, start=1):
        p.grad = grad(p.detach())
        asgd.step()
        mean = o.polyak(mean, point, t)
        assert_close(mean, asgd.state[p]["ax"])


def ema_as_torch(o):
    points = seeded(15, 9, 3, 5)
    for beta in (0.1, 0.8):
        decay = get_ema_multi_avg_fn(decay=1 - beta)
        averages(
            lambda mean, theta, t, b=beta: o.ema(mean, theta, beta=b),
            points,
            multi_avg_fn=decay,
        )


def ema_with_weight_1_over_t(o):
    points = seeded(16, 9, 3, 5)
    mean = points[0]
    for t, theta in enumerate(points, start=1):
        mean = o.ema(mean, theta, beta=1 / t)
    assert_close(mean, points.mean(0))


def ema_at_its_ends(o):
    """β = 0 keeps the old mean, β = 1 the new point alone."""
    mean, theta = seeded(18, 2, 3, 5)
    for beta, want in ((0.0, mean), (1.0, theta)):
        ours = accepted(o.ema, mean, theta, beta=beta)
        assert_close(ours, want, rtol=0, atol=0)


def minimize_of_the_definition(o):
    def double(theta, grad, state):
        return 2 * theta, (state or 0) + 1

    theta = torch.tensor([1.0, -3.0])
    path = partial(o.minimize, double, grad, theta)
    powers = torch.tensor([1.0, 2, 4, 8, 16])
    assert_close(path(steps=4), powers[:, None] * theta)
    assert_close(path(steps=0), theta[None])
    assert_close(path(steps=9, until=lambda x: x[0] > 5), path(steps=3))
    assert_close(path(steps=2, until=lambda x: x[0] > 5), path(steps=2))
    assert_close(path(steps=9, until=lambda x: x[0] > 0), theta[None])


def states_count_the_steps(o):
    theta = seeded(17, 3, 5)
    for name, how in STEPS:
        _, state = walk(partial(getattr(o, name), **how), theta, 3)
        assert state.t == 3, name


def states_of_another_method_or_point(o):
    """Refused by name; only gradient descent knows nothing of its point."""
    theta = seeded(19, 3, 5)
    states = {
        name: walk(partial(getattr(o, name), **how), theta, 2)[1]
        for name, how in STEPS
    }
    for name, how in STEPS:
        step = partial(getattr(o, name), **how)
        for other, state in states.items():
            if other != name:
                want, got = type(states[name]).__name__, type(state).__name__
                says = f"state: expected the {want} .*, got {got}; begin with"
                refused(TypeError, says, step, theta, grad, state)
        refused(TypeError, "got tuple; begin", step, theta, grad, (theta, 0))
        if name == "gd":
            continue
        kept = states[name]
        field = kept._fields[-2]  # the second average of adam, too
        says = rf"state.{field}: expected shape \(3, 5\) like theta, got \("
        for part in (getattr(kept, field)[:1], getattr(kept, field)[0, 0]):
            state = kept._replace(**{field: part})
            refused(ValueError, says, step, theta, grad, state)
        state = kept._replace(**{field: getattr(kept, field).float()})
        says = f"state.{field}: expected .*float64, got .*float32; convert"
        refused(TypeError, says, step, theta, grad, state)


def eps_that_a_dtype_cannot_hold(o):
    """In half precision 1e-8 is 0, and 0/0 is nan where a gradient is 0."""
    theta = torch.tensor([0.0, 1.0, -2.0], dtype=torch.float16)
    for name in ("adagrad", "rmsprop", "adam"):
        step = partial(getattr(o, name), eta=0.1)
        says = r"eps: expected 0 or at least 6.1e-05, or it is lost in torch."
        refused(ValueError, says, step, theta, torch.sign)
        refused(ValueError, says, step, theta, torch.sign, eps=6.1e-5)
        for eps, dtype in (
            (torch.finfo(torch.float16).tiny, torch.float16),
            (1e-3, torch.float16),
            (1e-8, torch.bfloat16),
            (1e-8, torch.float32),
            (1e-37, torch.float32),
            (1e-300, torch.float64),
        ):
            still = partial(step, eps=eps)
            moved, _ = walk(still, theta.to(dtype), 3, grad=torch.sign)
            assert moved.dtype == dtype
            assert moved.isfinite().all(), (name, eps, dtype)
            assert moved[0] == 0, (name, eps, dtype)
        accepted(step, theta[1:], torch.sign, eps=0.0)
    moved, _ = accepted(o.gd, theta, torch.sign, eta=0.5)
    assert_close(moved.tolist(), [0.0, 0.5, -1.5])


COMPARISONS = [
    gd_as_torch,
    gd_with_a_schedule,
    momentum_as_torch,
    momentum_with_schedules,
    nesterov_as_torch,
    nesterov_with_schedules,
    adagrad_as_torch,
    adagrad_with_a_schedule,
    rmsprop_as_torch,
    rmsprop_of_the_definition,
    adam_as_torch,
    adam_with_a_schedule,
    defaults_of_torch,
    defaults_of_eps,
    polyak_as_torch,
    polyak_as_asgd,
    ema_as_torch,
    ema_with_weight_1_over_t,
    ema_at_its_ends,
    minimize_of_the_definition,
    states_count_the_steps,
]
DOORS = [  # with the hook, jaxtyping refuses first
    states_of_another_method_or_point,
    eps_that_a_dtype_cannot_hold,
]
STEPS = [
    ("gd", {"eta": 0.1}),
    ("momentum", {"eta": 0.1, "beta": 0.6}),
    ("nesterov", {"eta": 0.1, "beta": 0.6}),
    ("adagrad", {"eta": 0.1}),
    ("rmsprop", {"eta": 0.1}),
    ("rmsprop", {"eta": 0.1, "eps_inside": False}),
    ("adam", {"eta": 0.1}),
]
steps = pytest.mark.parametrize(("name", "how"), STEPS)


def walk(step, theta, k, state=None, grad=grad):
    for _ in range(k):
        theta, state = step(theta, grad, state)
    return theta, state


@pytest.mark.parametrize("compare", COMPARISONS)
def test_optim_agrees(compare):
    compare(optim)


def test_every_public_step_is_compared():
    names = {name for name, _ in STEPS}
    others = {"Grad", "Schedule", "Step", "ema", "minimize", "polyak"}
    public = {name for name in optim.__all__ if not name.endswith("State")}
    assert names | others == public


def test_velocity_of_torch_is_another_method_while_eta_changes():
    theta = seeded(0, 3, 5)
    sgd = partial(torch.optim.SGD, lr=1.0, momentum=0.9)
    after = partial(torch.optim.lr_scheduler.LambdaLR, lr_lambda=decaying)
    theirs = torch_points(sgd, theta, after=after)
    ours = our_points(optim, "momentum", theta, eta=decaying, beta=0.9)
    assert_close(ours[:2], theirs[:2])
    with pytest.raises(AssertionError, match="not close"):
        assert_close(ours[2], theirs[2])


@steps
@few
@given(shape=shapes, seed=seeds)
def test_a_step_is_pure(name, how, shape, seed):
    step = partial(getattr(optim, name), **how)
    theta, state = walk(step, seeded(seed, *shape), 2)
    before = [x.clone() for x in (theta, *state[:-1])]
    first, second = step(theta, grad, state), step(theta, grad, state)
    assert_close([theta, *state[:-1]], before, rtol=0, atol=0)
    assert_close(first, second, rtol=0, atol=0)
    assert first[0].shape == shape


@steps
@few
@given(seed=seeds)
def test_steps_treat_every_coordinate_alike(name, how, seed):
    """They commute with translations and signed permutations."""
    step = partial(getattr(optim, name), **how)
    theta, shift, sign = seeded(seed, 3, 7)
    sign = sign.sign()
    order = torch.randperm(7, generator=torch.Generator().manual_seed(seed))
    back = order.argsort()

    def there(x):
        return sign * x[order] + shift

    def moved(x):
        return sign * grad((sign * (x - shift))[back])[order]

    ours, _ = walk(step, there(theta), 5, grad=moved)
    assert_close(ours, there(walk(step, theta, 5)[0]))


@pytest.mark.parametrize("name", ["gd", "momentum", "nesterov"])
@few
@given(seed=seeds)
def test_steps_without_division_commute_with_rotations(name, seed):
    how = {"eta": 0.1} | ({} if name == "gd" else {"beta": 0.6})
    step = partial(getattr(optim, name), **how)
    Q, _ = torch.linalg.qr(seeded(seed, 5, 5))
    theta = seeded(seed + 1, 5)
    turned, _ = walk(step, Q @ theta, 5, grad=lambda x: Q @ grad(Q.mT @ x))
    assert_close(turned, Q @ walk(step, theta, 5)[0])


@pytest.mark.parametrize("name", ["adagrad", "rmsprop", "adam"])
@few
@given(seed=seeds, log_c=st.floats(-3, 3))
def test_adaptive_steps_without_eps_ignore_the_scale_of_J(name, seed, log_c):
    step = partial(getattr(optim, name), eta=0.1, eps=0.0)
    theta = seeded(seed, 7)
    scaled, _ = walk(step, theta, 5, grad=lambda x: 10**log_c * grad(x))
    assert_close(scaled, walk(step, theta, 5)[0])


@few
@given(shape=shapes, seed=seeds)
def test_no_momentum_is_gradient_descent_exactly(shape, seed):
    theta = seeded(seed, *shape)
    want = our_points(optim, "gd", theta, eta=0.1)
    for name in ("momentum", "nesterov"):
        ours = our_points(optim, name, theta, eta=0.1, beta=0.0)
        assert_close(ours, want, rtol=0, atol=0)


@few
@given(seed=seeds, beta1=st.floats(0, 0.99), beta2=st.floats(0, 0.99))
def test_adam_corrects_the_start_so_that_a_constant_gradient_stays(
    seed, beta1, beta2
):
    theta, g = seeded(seed, 2, 7)
    step = partial(optim.adam, eta=0.1, beta1=beta1, beta2=beta2, eps=0.01)
    for t in range(1, 9):
        moved, state = walk(step, theta, t, grad=lambda x: g)
        assert_close(state.m / (1 - beta1**t), g)
        assert_close(moved, theta - t * 0.1 * g / (g.abs() + 0.01))


@few
@given(seed=seeds, eta=st.floats(0.01, 0.3))
def test_gradient_descent_on_a_quadratic_has_a_closed_form(seed, eta):
    theta, a = seeded(seed, 2, 7)
    path = optim.minimize(
        partial(optim.gd, eta=eta), lambda x: a * x, theta, steps=9
    )
    assert_close(path, (1 - eta * a) ** torch.arange(10)[:, None] * theta)


def test_nesterov_needs_no_momentum_at_the_start():
    theta, late = seeded(0, 7), lambda t: 0.7 if t == 0 else growing(t)
    ours = our_points(optim, "nesterov", theta, eta=0.1, beta=late)
    want = our_points(optim, "nesterov", theta, eta=0.1, beta=growing)
    assert_close(ours, want, rtol=0, atol=0)


def test_divergence_is_not_hidden():
    path = optim.minimize(
        partial(optim.gd, eta=10.0),
        lambda x: x**3,
        torch.tensor([2.0, -3.0]),
        steps=30,
    )
    assert path.shape == (31, 2)
    assert not path[-1].isfinite().any()
    assert path[:2].isfinite().all()


@steps
@pytest.mark.parametrize("dtype", [torch.float16, torch.float32])
def test_steps_keep_the_dtype(name, how, dtype):
    if dtype == torch.float16 and name in ("adagrad", "rmsprop", "adam"):
        how = how | {"eps": 1e-3}
    step = partial(getattr(optim, name), **how)
    theta, state = walk(step, seeded(0, 3, 5).to(dtype), 3)
    assert theta.isfinite().all()
    assert {theta.dtype, *(x.dtype for x in state[:-1])} == {dtype}


@pytest.mark.gpu
@steps
def test_steps_stay_on_the_device(name, how):
    step = partial(getattr(optim, name), **how)
    theta = seeded(0, 3, 5)
    there, state = walk(step, theta.cuda(), 5)
    assert_close(there.cpu(), walk(step, theta, 5)[0])
    assert all(x.is_cuda for x in state[:-1])


@steps
def test_steps_can_be_mapped_and_differentiated(name, how):
    step = partial(getattr(optim, name), **how)
    starts = seeded(0, 4, 7) + 3  # nothing crosses a kink on the way

    def end(theta):
        return optim.minimize(step, grad, theta, steps=4)[-1]

    one_by_one = torch.stack([end(theta) for theta in starts])
    assert_close(torch.func.vmap(end)(starts), one_by_one)
    assert torch.autograd.gradcheck(end, starts[0].requires_grad_())


@pytest.fixture(scope="module")
def plain():
    """Our own refusals: with the hook, jaxtyping is first to refuse."""
    return as_module(SOURCE)


@pytest.mark.parametrize("compare", DOORS)
def test_the_door_is_closed_to_these_alone(compare, plain):
    compare(plain)


@steps
def test_steps_refuse_what_would_be_promoted_or_broadcast(name, how, plain):
    step = partial(getattr(plain, name), **how)
    theta = torch.ones(3)
    with pytest.raises(TypeError, match=r"theta: .*got complex128; take"):
        step(torch.ones(3, dtype=torch.complex128), grad)
    with pytest.raises(ValueError, match=r"\(3,\) like theta, got \(3, 1\)"):
        step(theta, lambda x: x[:, None])
    with pytest.raises(ValueError, match=r"grad\(theta\): .* got \(\)"):
        step(theta, lambda x: x.sum())
    with pytest.raises(TypeError, match=r"grad\(theta\): .*64, got .*32"):
        step(theta, lambda x: x.float())
    with pytest.raises(ValueError, match=r"grad\(theta\): .* got \(\)"):
        step(theta, lambda x: 1.0)
    with pytest.raises(TypeError, match=r"grad\(theta\): .* got None"):
        step(theta, lambda x: None)
    with pytest.raises(TypeError, match=r"grad: expected a function, got"):
        step(theta, theta)


@pytest.mark.parametrize(
    ("argument", "wrong", "says"),
    [
        ("eta", 0.0, r"eta: expected .* \(0, inf\), got 0.0; steps go down"),
        ("eta", -0.1, "eta: .* got -0.1"),
        ("eta", float("nan"), "eta: .* got nan"),
        ("eta", float("inf"), "eta: .* got inf"),
        ("beta", 1.0, r"beta: expected .* \[0, 1\), got 1.0; at 1 nothing"),
        ("beta", -0.1, "beta: .* got -0.1"),
        ("beta1", 1.0, "beta1: .* got 1.0"),
        ("beta2", 1.5, "beta2: .* got 1.5"),
        ("eps", -1e-8, r"eps: expected .* \[0, inf\), got -1e-08; all it"),
    ],
)
def test_steps_refuse_numbers_that_make_no_sense(argument, wrong, says):
    refused = 0
    for name, how in STEPS:
        step = getattr(optim, name)
        if argument in inspect.signature(step).parameters:
            with pytest.raises(ValueError, match=says):
                step(torch.ones(3), grad, **how | {argument: wrong})
            refused += 1
    assert refused == {"eta": 7, "beta": 4, "eps": 4}.get(argument, 1)


def test_averages_and_minimize_refuse(plain):
    x = torch.ones(3)
    with pytest.raises(ValueError, match=r"mean: .* like theta, got \(3, 1\)"):
        plain.polyak(x[:, None], x, 1)
    with pytest.raises(ValueError, match=r"mean: .* like theta, got \(3, 1\)"):
        plain.ema(x[:, None], x, beta=0.1)
    with pytest.raises(ValueError, match=r"t: .* got 0; count .* from 1"):
        plain.polyak(x, x, 0)
    with pytest.raises(ValueError, match=r"beta: .* got 1.1; .* new point"):
        plain.ema(x, x, beta=1.1)
    with pytest.raises(
        ValueError, match=r"steps: .* got -1; with 0 the start"
    ):
        plain.minimize(plain.gd, grad, x, steps=-1)
