"""How faults are put in, and those in dlbook.optim: would its tests notice?"""

import sys

import pytest
import test_optim as t
import torch
from faults import (
    StaleTable,
    accepted,
    as_module,
    refuse,
    refused,
    slip,
    sources,
)
from test_optim import SOURCE

from dlbook import convolution, data

# ---- the machinery --------------------------------------------------------
HALF = "def half(x):\n    return x / 2\n"


def halves(o):
    assert o.half(3) == 1.5


def test_a_fault_is_refused_by_an_assertion_on_what_a_module_does():
    refuse(HALF, "x / 2", "x // 2", [halves])
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        refuse(HALF, "x / 2", "x * 0.5", [halves])  # the same
    with pytest.raises(NameError):  # a crash proves nothing
        refuse(HALF, "x / 2", "y / 2", [halves])


def test_a_module_is_compared_before_anything_is_put_into_it():
    wrong = HALF.replace("2", "3")
    with pytest.raises(AssertionError):
        refuse(wrong, "x / 3", "x / 4", [halves])


@pytest.mark.parametrize("written", ["x / 3", "x"])
def test_a_slip_that_cannot_be_made_is_an_error_of_the_table(written):
    """And no fault that anything has noticed."""
    with pytest.raises(StaleTable, match=f"times in the source: {written}"):
        refuse(HALF, written, "x // 2", [halves])
    assert not issubclass(StaleTable, AssertionError)


def test_a_slip_does_not_depend_on_where_a_line_is_broken():
    broken = HALF.replace("x / 2", "(\n        x\n        / 2\n    )")
    assert slip(broken, "( x / 2 )", "x") == HALF.replace("x / 2", "x")


def test_what_was_expected_is_told_from_what_came():
    def call(x):
        if x < 0:
            raise ValueError("x: below 0")
        return x

    refused(ValueError, "x: below", call, -1)
    assert accepted(call, 1) == 1
    for wrong in (
        lambda: refused(ValueError, "x", call, 1),
        lambda: refused(TypeError, "x", call, -1),
        lambda: refused(ValueError, "y", call, -1),
        lambda: accepted(call, -1),
    ):
        with pytest.raises(AssertionError):
            wrong()


def test_a_package_is_read_into_memory_and_the_true_one_stays():
    for package, name in ((convolution, "pools"), (data, "made")):
        before = {
            key: module
            for key, module in sys.modules.items()
            if key.startswith(package.__name__)
        }
        true = getattr(package, name)
        copy = as_module(sources(package))
        assert copy is not package
        assert getattr(copy, name) is not true
        assert set(package.__all__) <= set(vars(copy))
        assert getattr(package, name) is true
        assert sys.modules["dlbook"].__dict__[package.__name__[7:]] is package
        after = {key: sys.modules.get(key) for key in before}
        assert after == before


def test_a_slip_in_one_file_of_a_package_reaches_its_face():
    source = sources(convolution)
    faulty = as_module(slip(source, "return x.flip(axes)", "return x"))
    x = torch.eye(2)[:1]
    assert faulty.rot180(x) is x
    assert as_module(source).rot180(x).tolist() == [[0, 1]]


# ---- optim ----------------------------------------------------------------
FAULTS = {
    "gd uphill": (
        "return theta - at_time(eta, t) * g, GDState",
        "return theta + at_time(eta, t) * g, GDState",
        [t.gd_as_torch, t.gd_with_a_schedule],
    ),
    "gd asks the schedule one step late": (
        "return theta - at_time(eta, t) * g, GDState",
        "return theta - at_time(eta, t + 1) * g, GDState",
        [t.gd_with_a_schedule],
    ),
    "gd forgets to count": (
        "GDState(t + 1)",
        "GDState(t)",
        [t.gd_with_a_schedule, t.states_count_the_steps],
    ),
    "every schedule is asked one step late": (
        "return number(schedule(t)) if",
        "return number(schedule(t + 1)) if",
        [
            t.gd_with_a_schedule,
            t.momentum_with_schedules,
            t.nesterov_with_schedules,
            t.adagrad_with_a_schedule,
            t.rmsprop_of_the_definition,
            t.adam_with_a_schedule,
        ],
    ),
    "momentum against the last move": (
        "* g + at_time(beta, t) * (theta - old)",
        "* g - at_time(beta, t) * (theta - old)",
        [t.momentum_as_torch, t.momentum_with_schedules],
    ),
    "momentum averages the gradients": (
        "theta_next = theta - at_time(eta, t) * g + at_time",
        (
            "theta_next = theta - (1 - at_time(beta, t)) * "
            "at_time(eta, t) * g + at_time"
        ),
        [t.momentum_as_torch, t.momentum_with_schedules],
    ),
    "momentum never moves its memory": (
        "return theta_next, MomentumState(old=theta, t=t + 1)",
        "return theta_next, MomentumState(old=old, t=t + 1)",
        [t.momentum_as_torch, t.momentum_with_schedules],
    ),
    "nesterov takes the gradient at the old point": (
        "g = gradient_at(grad, ahead)",
        "g = gradient_at(grad, theta)",
        [t.nesterov_as_torch, t.nesterov_with_schedules],
    ),
    "nesterov steps from the old point": (
        "return ahead - at_time(eta, t) * g, NesterovState",
        "return theta - at_time(eta, t) * g, NesterovState",
        [t.nesterov_as_torch, t.nesterov_with_schedules],
    ),
    "nesterov remembers the look-ahead point": (
        "return ahead - at_time(eta, t) * g, NesterovState(old=theta",
        "return ahead - at_time(eta, t) * g, NesterovState(old=ahead",
        [t.nesterov_as_torch, t.nesterov_with_schedules],
    ),
    "nesterov looks back": (
        "ahead = theta + at_time(beta, t) * (theta - old)",
        "ahead = theta - at_time(beta, t) * (theta - old)",
        [t.nesterov_as_torch, t.nesterov_with_schedules],
    ),
    "nesterov asks for beta one step late": (
        "ahead = theta + at_time(beta, t) * (theta - old)",
        "ahead = theta + at_time(beta, t + 1) * (theta - old)",
        [t.nesterov_with_schedules],
    ),
    "adagrad loses the root": (
        "/ (s.sqrt() + eps)",
        "/ (s + eps)",
        [t.adagrad_as_torch, t.adagrad_with_a_schedule, t.defaults_of_torch],
    ),
    "adagrad puts eps inside the root": (
        "/ (s.sqrt() + eps)",
        "/ (s + eps).sqrt()",
        [t.adagrad_as_torch, t.adagrad_with_a_schedule],
    ),
    "adagrad sums gradients, not squares": (
        "s = s + g**2",
        "s = s + g.abs()",
        [t.adagrad_as_torch, t.adagrad_with_a_schedule],
    ),
    "adagrad forgets": (
        "s = s + g**2",
        "s = g**2",
        [t.adagrad_as_torch, t.adagrad_with_a_schedule],
    ),
    "adagrad adds after the step": (
        "return theta_next, AdaGradState(s, t + 1)",
        "return theta_next, AdaGradState(s + g**2, t + 1)",
        [t.adagrad_as_torch, t.adagrad_with_a_schedule],
    ),
    "rmsprop swaps inside and outside": (
        "eps).sqrt() if eps_inside else",
        "eps).sqrt() if not eps_inside else",
        [t.rmsprop_as_torch, t.rmsprop_of_the_definition],
    ),
    "rmsprop is torch's by default": (
        "eps_inside: bool = True",
        "eps_inside: bool = False",
        [t.rmsprop_of_the_definition],
    ),
    "rmsprop loses the root inside": (
        "root = (s + eps).sqrt() if",
        "root = (s + eps) if",
        [t.rmsprop_of_the_definition],
    ),
    "rmsprop loses the root outside": (
        "else s.sqrt() + eps",
        "else s + eps",
        [t.rmsprop_as_torch, t.defaults_of_torch],
    ),
    "rmsprop averages gradients, not squares": (
        "s = beta * s + (1 - beta) * g**2",
        "s = beta * s + (1 - beta) * g.abs()",
        [t.rmsprop_as_torch, t.rmsprop_of_the_definition],
    ),
    "rmsprop swaps the weights": (
        "s = beta * s + (1 - beta) * g**2",
        "s = (1 - beta) * s + beta * g**2",
        [t.rmsprop_as_torch, t.rmsprop_of_the_definition],
    ),
    "adam drops the correction of m": (
        "m_hat = m / (1 - beta1 ** (t + 1))",
        "m_hat = m",
        [t.adam_as_torch, t.adam_with_a_schedule, t.defaults_of_torch],
    ),
    "adam drops the correction of v": (
        "v_hat = v / (1 - beta2 ** (t + 1))",
        "v_hat = v",
        [t.adam_as_torch, t.adam_with_a_schedule, t.defaults_of_torch],
    ),
    "adam corrects m one step late": (
        "m_hat = m / (1 - beta1 ** (t + 1))",
        "m_hat = m / (1 - beta1 ** (t + 2))",
        [t.adam_as_torch, t.adam_with_a_schedule],
    ),
    "adam corrects v one step late": (
        "v_hat = v / (1 - beta2 ** (t + 1))",
        "v_hat = v / (1 - beta2 ** (t + 2))",
        [t.adam_as_torch, t.adam_with_a_schedule],
    ),
    "adam divides by zero at the start": (
        "v_hat = v / (1 - beta2 ** (t + 1))",
        "v_hat = v / (1 - beta2**t) if t else v / 0.0",
        [t.adam_as_torch, t.adam_with_a_schedule],
    ),
    "adam swaps its betas in m": (
        "m = beta1 * m + (1 - beta1) * g",
        "m = beta2 * m + (1 - beta2) * g",
        [t.adam_as_torch, t.adam_with_a_schedule],
    ),
    "adam swaps its betas in v": (
        "v = beta2 * v + (1 - beta2) * g**2",
        "v = beta1 * v + (1 - beta1) * g**2",
        [t.adam_as_torch, t.adam_with_a_schedule],
    ),
    "adam swaps its betas altogether": (
        "m, v, t = resumed(",
        "beta1, beta2 = beta2, beta1; m, v, t = resumed(",
        [t.adam_as_torch, t.adam_with_a_schedule],
    ),
    "adam swaps the weights of m": (
        "m = beta1 * m + (1 - beta1) * g",
        "m = (1 - beta1) * m + beta1 * g",
        [t.adam_as_torch],
    ),
    "adam averages gradients, not squares": (
        "v = beta2 * v + (1 - beta2) * g**2",
        "v = beta2 * v + (1 - beta2) * g.abs()",
        [t.adam_as_torch, t.adam_with_a_schedule],
    ),
    "adam loses the root": (
        "m_hat / (v_hat.sqrt() + eps)",
        "m_hat / (v_hat + eps)",
        [t.adam_as_torch, t.adam_with_a_schedule],
    ),
    "adam puts eps inside the root": (
        "m_hat / (v_hat.sqrt() + eps)",
        "m_hat / (v_hat + eps).sqrt()",
        [t.adam_as_torch],
    ),
    "adam keeps the corrected mean": (
        "return theta_next, AdamState(m, v, t + 1)",
        "return theta_next, AdamState(m_hat, v, t + 1)",
        [t.adam_as_torch, t.adam_with_a_schedule],
    ),
    "adam forgets to count": (
        "return theta_next, AdamState(m, v, t + 1)",
        "return theta_next, AdamState(m, v, t)",
        [t.adam_as_torch, t.states_count_the_steps],
    ),
    "adam has another default of beta2": (
        "beta2: float = 0.999",
        "beta2: float = 0.99",
        [t.defaults_of_torch],
    ),
    "adagrad has another default of eps": (
        "eps: float = 1e-10",
        "eps: float = 1e-8",
        [t.defaults_of_eps],
    ),
    "a state of another method is taken": (
        "if got != want:",
        "if len(fresh) != len(state):",
        [t.states_of_another_method_or_point],
    ),
    "a state of another shape is taken": (
        'same_shape(name, y, "theta", theta)',
        "pass",
        [t.states_of_another_method_or_point],
    ),
    "a state of another dtype is taken": (
        "if isinstance(x, Tensor) and x.dtype != theta.dtype:",
        "if False:",
        [t.states_of_another_method_or_point],
    ),
    "eps is lost in half precision": (
        "if 0 < eps < least:",
        "if 0 < eps < 0:",
        [t.eps_that_a_dtype_cannot_hold],
    ),
    "eps has to be a normal number or is refused, 0 too": (
        "if 0 < eps < least:",
        "if eps < least:",
        [t.eps_that_a_dtype_cannot_hold],
    ),
    "polyak counts from 2": (
        "return (1 - 1 / t) * mean + theta / t",
        "return (1 - 1 / (t + 1)) * mean + theta / (t + 1)",
        [t.polyak_as_torch, t.polyak_as_asgd],
    ),
    "polyak sums": (
        "return (1 - 1 / t) * mean + theta / t",
        "return mean + theta / t",
        [t.polyak_as_torch, t.polyak_as_asgd],
    ),
    "ema swaps the weights": (
        "return (1 - beta) * mean + beta * theta",
        "return beta * mean + (1 - beta) * theta",
        [t.ema_as_torch, t.ema_with_weight_1_over_t],
    ),
    "ema wants some of the new point": (
        'interval("beta", beta, "[0, 1]", "it is the weight',
        'interval("beta", beta, "(0, 1]", "it is the weight',
        [t.ema_at_its_ends],
    ),
    "ema keeps some of the old mean": (
        'interval("beta", beta, "[0, 1]", "it is the weight',
        'interval("beta", beta, "[0, 1)", "it is the weight',
        [t.ema_at_its_ends],
    ),
    "minimize drops the start": (
        "return torch.stack(points)",
        "return torch.stack(points[1:])",
        [t.gd_as_torch],
    ),
    "minimize takes a step too few": (
        "while len(points) <= steps and",
        "while len(points) < steps and",
        [t.minimize_of_the_definition, t.gd_as_torch],
    ),
    "minimize stops one step late": (
        "(until and until(theta))",
        "(until and until(points[max(len(points) - 2, 0)]))",
        [t.minimize_of_the_definition],
    ),
    "minimize loses the state": (
        "theta, state = step(theta, grad, state)",
        "theta, _ = step(theta, grad, state)",
        [t.momentum_as_torch, t.adagrad_as_torch, t.adam_as_torch],
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_noticed(fault):
    refuse(SOURCE, *FAULTS[fault])


@pytest.mark.parametrize("compare", t.COMPARISONS + t.DOORS)
def test_the_source_itself_passes(compare):
    """Or the failures above would be failures of reading it in."""
    compare(as_module(SOURCE))


def test_every_comparison_has_noticed_something():
    noticed = {compare for *_, found in FAULTS.values() for compare in found}
    assert noticed == set(t.COMPARISONS + t.DOORS)
