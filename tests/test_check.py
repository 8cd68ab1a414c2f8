"""Checks pass on what is true, and raise on everything else."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from faults import as_module, refuse
from hypothesis import given
from hypothesis import strategies as st

from dlbook import check
from dlbook.check import compare, exercises, measure, record
from dlbook.check.inventory import inventory

OK, ERRATUM = "opt-adam", "opt-gradient-flow"
NAN, INF = float("nan"), float("inf")


def test_close_accepts_what_differs_by_rounding(capsys):
    check.close(OK, torch.tensor([0.1 + 0.2, 1.0]), np.array([0.3, 1.0]))
    assert capsys.readouterr().out == (
        "✓ 11.3.25 Adam: both sides agree to rounding\n"
    )


@pytest.mark.parametrize(
    ("got", "expected", "how"),
    [
        (1.0, 1.1, {"atol": 0.09}),
        (100.0, 110.0, {"rtol": 0.09}),
        (1.0, 1.0 + 1e-5, {}),
        (NAN, NAN, {"atol": 1e9}),
        (INF, INF, {"atol": 1e9}),
        (1.0, INF, {"rtol": 1.0}),
        (np.ones(3), 1.0, {"atol": 1e9}),
        (np.ones((3, 1)), np.ones((1, 3)), {"atol": 1e9}),
        (np.array([1.0, NAN]), np.ones(2), {"atol": 1e9}),
        (1j, -1j, {"atol": 1.0}),
    ],
)
def test_close_raises_on_a_difference(got, expected, how):
    with pytest.raises(AssertionError, match=r"✗ 11\.3\.25 Adam"):
        check.close(OK, got, expected, **how)


def test_close_says_id_got_expected_and_tolerance():
    with pytest.raises(AssertionError) as e:
        check.close(OK, np.array([1, 2.5]), np.array([1, 2.0]), atol=0.1)
    for part in ("opt-adam", "2.5 at (1,)", "expected 2", "tolerance 0.1"):
        assert part in str(e.value)


def test_close_allows_float32_what_it_refuses_float64():
    x, y = np.float32([1.0]), np.float32([1.0 + 1e-6])
    check.close(OK, x, y)
    check.close(OK, x, y.astype(float))
    with pytest.raises(AssertionError):
        check.close(OK, x.astype(float), y.astype(float))


@pytest.mark.parametrize("how", [{"atol": 0.0}, {"rtol": -1.0}, {"atol": NAN}])
def test_close_refuses_a_tolerance_that_is_not_positive(how):
    with pytest.raises(ValueError, match="expected a tolerance > 0"):
        check.close(OK, 1.0, 1.0, **how)


@pytest.mark.parametrize(
    "call",
    [
        lambda id: check.close(id, 1.0, 1.0),
        lambda id: check.exact(id, 1, 1),
        lambda id: check.within(id, np.arange(30.0), expected=14.5),
        lambda id: check.holds(id, True, "so"),
        lambda id: check.refutes(id, 1.0, 2.0),
    ],
)
def test_an_unknown_id_is_refused_with_the_nearest(call):
    with pytest.raises(ValueError, match=r"opt-adm: no such.*opt-adam"):
        call("opt-adm")


def test_empty_arrays_and_words_are_nothing_to_compare():
    with pytest.raises(ValueError, match="something to compare"):
        check.close(OK, np.ones((0, 3)), np.ones((0, 3)))
    with pytest.raises(TypeError, match="expected numbers"):
        check.close(OK, "one", 1.0)


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (3, 3),
        ("a", "a"),
        ((2, 3), (2, 3)),
        (np.arange(3), torch.arange(3)),
        (np.int64(3), 3),
    ],
)
def test_exact_accepts_equals(got, expected):
    check.exact(OK, got, expected)


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (3, 4),
        (0.1 + 0.2, 0.3),
        (np.arange(3), np.arange(4)),
        (np.ones((1, 3)), np.ones(3)),
        (np.array([NAN]), np.array([NAN])),
        (NAN, NAN),
    ],
)
def test_exact_raises_on_any_difference(got, expected):
    with pytest.raises(AssertionError, match="exactly"):
        check.exact(OK, got, expected)


def test_within_takes_its_tolerance_from_the_draws():
    x = np.random.default_rng(0).normal(size=(400, 3))
    check.within(OK, x, expected=np.zeros(3))
    check.within(OK, x, at_most=np.zeros(3))
    check.within(OK, x, at_least=np.zeros(3))
    for wrong in ({"expected": np.array([0, 0.3, 0])}, {"at_most": x[0] - 9}):
        with pytest.raises(AssertionError, match="standard errors of"):
            check.within(OK, x, **wrong)
    with pytest.raises(AssertionError, match="at least"):
        check.within(OK, x, at_least=np.full(3, 0.3))


def test_within_raises_on_nan_and_on_a_claim_of_another_shape():
    x = np.arange(40.0)
    with pytest.raises(AssertionError):
        check.within(OK, np.append(x, NAN), expected=19.5)
    with pytest.raises(AssertionError, match="one draw has shape"):
        check.within(OK, x, expected=np.full(3, 19.5))


def test_within_refuses_few_draws_and_not_exactly_one_claim():
    with pytest.raises(ValueError, match="at least 30 draws"):
        check.within(OK, np.arange(29.0), expected=14.0)
    with pytest.raises(ValueError, match="got 0"):
        check.within(OK, np.arange(30.0))
    with pytest.raises(ValueError, match="got 2"):
        check.within(OK, np.arange(30.0), at_most=1.0, at_least=0.0)


# ---- what users hold -------------------------------------------------------
@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (np.uint8([0]), np.uint8([255])),
        (np.int8([-64]), np.int8([64])),
        (np.uint64([0]), np.uint64([2**53])),
        (torch.tensor([0], dtype=torch.uint8), [255]),
        (np.float16([60000]), np.float16([-60000])),
    ],
)
def test_a_difference_does_not_wrap(got, expected):
    for x, y in ((got, expected), (expected, got)):
        with pytest.raises(AssertionError):
            check.close(OK, x, y, atol=2, scale=1)
        with pytest.raises(AssertionError):
            check.exact(OK, x, y)
        check.refutes(ERRATUM, x, y, by=3)


def test_refutes_does_not_take_a_wrapped_difference_for_an_error():
    with pytest.raises(AssertionError, match="off by 1 only"):
        check.refutes(ERRATUM, np.uint8([1]), np.uint8([2]), by=3)


BIG = 2**53


@pytest.mark.parametrize("dtype", [np.int64, np.uint64])
def test_whole_numbers_beyond_float64_are_compared_exactly(dtype):
    x = np.array([BIG + 1], dtype)
    check.exact(OK, x, x.copy())
    for other in (x - dtype(1), [BIG], np.array([BIG], float)):
        with pytest.raises(AssertionError):
            check.exact(OK, x, other)
    with pytest.raises(ValueError, match=r"got: u?int64 loses digits"):
        check.close(OK, x, x, rtol=0.5)
    check.close(OK, x - dtype(1), np.array([BIG], float))
    if dtype is np.int64:
        with pytest.raises(ValueError, match="loses digits"):
            check.close(OK, np.array([-(2**63)]), [1.0], rtol=0.5)


@pytest.mark.skipif(
    np.finfo(np.longdouble).eps == np.finfo(float).eps,
    reason="long double is double here",
)
@pytest.mark.parametrize("kind", [np.longdouble, np.clongdouble])
def test_what_is_finer_or_larger_than_float64_is_refused(kind):
    eps, large = np.finfo(np.longdouble).eps, np.longdouble("1e4000")
    for x in (kind(1) + eps, kind(large)):
        with pytest.raises(ValueError, match="loses digits"):
            check.close(OK, x, 1.0, atol=0.1)
    check.close(OK, kind(1), 1.0)


def test_tensors_of_every_make_are_read():
    z = torch.tensor([1 + 2j, 3 - 1j])
    check.close(OK, z.conj(), np.conj(z.numpy()))
    check.close(OK, z.conj().imag, [-2.0, 1.0])  # a lazy negative
    check.close(OK, z.reshape(1, 2).mH, [[1 - 2j], [3 + 1j]])
    for dtype in (torch.bfloat16, torch.float16, torch.complex64):
        x = torch.tensor([1.0, 2.0]).to(dtype)
        check.close(OK, x, [1.0, 2.0])
        check.close(OK, [1.0, 2.0 + 1e-6], x)
        with pytest.raises(AssertionError):
            check.close(OK, x, [1.0, 2.1])
    w = torch.ones(3, requires_grad=True)
    check.close(OK, [w.sum(), w[0]], (3, 1))
    check.exact(OK, [torch.tensor(2), 3], np.array([2, 3]))


def test_a_line_prints_on_any_terminal():
    code = "from dlbook import check; check.exact('opt-adam', 1, 1)"
    for encoding, mark in (("cp1252", "?"), ("ascii", "?"), ("utf8", "✓")):
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            check=True,
            env=os.environ | {"PYTHONIOENCODING": encoding},
        )
        said = done.stdout.decode(encoding)
        assert said.startswith(f"{mark} 11.3.25 Adam: both sides"), encoding


# ---- bounds and orders -----------------------------------------------------
def test_a_bound_is_kept_and_nearly_reached(capsys):
    check.bound(OK, [0.2, 0.95], [1.0, 1.0])
    check.bound(OK, [0.2, 0.95], 1.0, reached=0.95)
    check.bound(OK, -1.05, -1.0)
    check.bound(OK, [1 + 0.9e-9], [1.0])
    check.bound(OK, [-1e-3, -5.0], 0.0, scale=1.0)
    check.bound(OK, 0.1, 1.0, reached=0)
    said = capsys.readouterr().out.splitlines()
    assert "and one comes within 0.1 of it" in said[0]
    assert said[-1].endswith("every value keeps its bound")


@pytest.mark.parametrize(
    ("values", "bounds", "how", "why"),
    [
        ([0.2, 1.1], 1.0, {}, r"got 1\.1 at \(1,\), expected at most 1"),
        ([1 + 1.1e-9], 1.0, {}, "expected at most"),
        ([0.2, 0.89], 1.0, {}, "nearer to its bound than 0.11"),
        ([-1.2], -1.0, {}, "nearer to its bound"),
        ([NAN, 0.95], 1.0, {}, "got nan"),
        ([0.95], NAN, {}, "expected at most nan"),
        ([0.95, INF], [1.0, INF], {}, "got inf"),
        ([0.95, -INF], 1.0, {}, "got -inf"),
        ([0.0, 0.5], [0.0, 1.0], {}, "nearer"),  # 0 <= 0 is not near
        ([-0.2], 0.0, {"scale": 1.0}, "nearer"),
        ([0.1], 1.0, {"reached": 0.11}, "nearer"),
    ],
)
def test_a_bound_that_is_exceeded_or_far_is_refused(values, bounds, how, why):
    with pytest.raises(AssertionError, match=why):
        check.bound(OK, values, bounds, **how)


def test_a_bound_refuses_what_has_no_meaning():
    with pytest.raises(ValueError, match="like values, or one number"):
        check.bound(OK, [1.0, 2.0], [[2.0, 3.0]])
    with pytest.raises(ValueError, match="like values, or one number"):
        check.bound(OK, 1.0, [2.0])
    with pytest.raises(ValueError, match=r"share in \[0, 1\]"):
        check.bound(OK, 0.5, 1.0, reached=1.1)
    with pytest.raises(ValueError, match="distance by as scale"):
        check.bound(OK, [-1.0], 0.0)
    with pytest.raises(TypeError, match="real numbers"):
        check.bound(OK, [1j], 2.0)


N = np.array([3.0, 5, 9, 17])


def test_an_order_is_a_fitted_exponent():
    check.order(OK, N, 7 * N**2, expected=2)
    check.order(OK, N, 0.1 / N, expected=-1, atol=0.01)
    check.order(OK, N, np.full(4, 3.0), expected=0)
    check.order(OK, N, 7 * N**2 * [1, 1.2, 1, 1], expected=2)


@pytest.mark.parametrize(
    ("values", "expected", "why"),
    [
        (7 * N**2, 1, "got exponent 2, expected 1"),
        (7 * N**2, 3, "got exponent 2"),
        (N**2.31, 2, "got exponent"),
        (N**1.69, 2, "got exponent"),
        (7 * N**2 * [1, 1.7, 1, 1], 2, "no power law: the value at size 5"),
        ([9.0, 25, 81, NAN], 2, "positive finite"),
        ([9.0, 25, 81, 0], 2, "positive finite"),
        ([9.0, 25, 81, -1], 2, "positive finite"),
        ([9.0, 25, 81, INF], 2, "positive finite"),
    ],
)
def test_another_order_is_refused(values, expected, why):
    with pytest.raises(AssertionError, match=why):
        check.order(OK, N, values, expected=expected)


def test_an_order_refuses_too_few_points_and_loose_tolerances():
    with pytest.raises(ValueError, match="next whole exponent"):
        check.order(OK, N, N, expected=1, atol=0.5)
    with pytest.raises(ValueError, match="at least 3"):
        check.order(OK, N[:2], N[:2], expected=1)
    with pytest.raises(ValueError, match="at least 3"):
        check.order(OK, N, N[:3], expected=1)
    for sizes in ([-1.0, 2, 3], [1.0, 1.5, 1.99]):
        with pytest.raises(ValueError, match="positive numbers over"):
            check.order(OK, sizes, [1.0, 2, 3], expected=1)


# ---- timings ---------------------------------------------------------------
@pytest.mark.parametrize(
    "call",
    [
        lambda: check.order(OK, N, N**1.3, expected=2, timed=True),
        lambda: check.order(
            OK, N, N**2 * [1, 1.9, 1, 1], expected=2, atol=0.4, timed=True
        ),
        lambda: check.bound(OK, [2.0], [1.0], timed=True),
        lambda: check.bound(OK, [0.2], [1.0], timed=True),
    ],
)
def test_a_timing_that_misses_says_so_and_goes_on(call, monkeypatch, capsys):
    with pytest.raises(AssertionError, match="opt-adam"):
        call()
    monkeypatch.delenv("DLBOOK_TIMINGS")
    call()
    assert capsys.readouterr().out.startswith("? 11.3.25 Adam: ")


def test_what_is_no_timing_raises_everywhere(monkeypatch):
    monkeypatch.delenv("DLBOOK_TIMINGS")
    with pytest.raises(AssertionError):
        check.order(OK, N, N, expected=2)
    with pytest.raises(AssertionError):
        check.bound(OK, [2.0], [1.0])


# ---- experiments -----------------------------------------------------------
def test_an_experiment_goes_by_its_own_id(capsys):
    check.close("exp-12-1-deblurring", 1.0, 1.0)
    said = capsys.readouterr().out
    assert said.startswith("✓ Experiment exp-12-1-deblurring: both sides")
    for wrong in ("exp-deblurring", "exp-12", "exp-12-1-", "exp-12-1-Blur"):
        with pytest.raises(ValueError, match="no such statement"):
            check.close(wrong, 1.0, 1.0)
    with pytest.raises(ValueError, match="not an erratum"):
        check.refutes("exp-12-1-deblurring", 1.0, 2.0)


# ---- power -----------------------------------------------------------------
@pytest.fixture
def power(monkeypatch):
    """What the last check would notice, as it is stored."""
    seen = []
    for module in (compare, measure):
        monkeypatch.setattr(
            module, "succeed", lambda *args: seen.append(args[-1])
        )
    return lambda: record.rounded(seen[-1])


DRAWS = np.tile([-1.0, 1.0], 50)  # standard error sqrt(100 / 99) / 10


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda: check.close(OK, 10.0, 10.0, atol=0.2), 0.02),
        (lambda: check.close(OK, 10.1, 10.0, atol=0.2), 0.03),
        (lambda: check.close(OK, [10, 1e3], [10, 1e3], atol=0.2), 0.0002),
        (lambda: check.close(OK, 10.0, 10.0, rtol=0.021), 0.03),
        (lambda: check.close(OK, 0.0, 0.0, atol=0.2, scale=50), 0.004),
        (lambda: check.close(OK, [0.0, 4], [0.0, 4], atol=0.2), 0.05),
        (lambda: check.exact(OK, 3, 3), 0.0),
        (lambda: check.exact(OK, np.arange(3), [0, 1, 2]), 0.0),
        (lambda: check.exact(OK, "a", "a"), None),
        (lambda: check.exact(OK, True, True), None),
        (lambda: check.holds(OK, True, "so"), None),
        (lambda: check.within(OK, 20 + DRAWS, expected=20.1), 0.03),
        (lambda: check.within(OK, DRAWS, expected=0.0), 0.5),
        (lambda: check.within(OK, 20 + DRAWS, at_most=40.0), 0.6),
        (lambda: check.within(OK, 20 + DRAWS, at_least=10.0), 2.0),
        (lambda: check.bound(OK, [0.2, 0.95], 1.0), 0.06),
        (lambda: check.bound(OK, -1.0, -1.0), 1e-9),
        (lambda: check.bound(OK, -0.1, 0.0, scale=2.0), 0.06),
        (lambda: check.order(OK, N, N**2, expected=2), 0.2),
        (lambda: check.order(OK, N, N**2.1, expected=2), 0.2),
        (lambda: check.order(OK, N, 1 + 0 * N, expected=0, atol=0.1), 0.1),
        (lambda: check.refutes(ERRATUM, 2.0, 1.0), 0.01),
        (lambda: check.refutes(ERRATUM, 12.0, 10.0, by=1.0), 0.1),
        (lambda: check.refutes(ERRATUM, [2.0, 1], [1.0]), 0.0),
        (lambda: check.refutes(ERRATUM, True, False), None),
    ],
)
def test_power_is_the_smallest_change_that_would_be_noticed(
    call, expected, power
):
    call()
    assert power() == expected


def test_what_cancels_needs_a_scale_to_measure_by():
    with pytest.raises(ValueError, match="terms that cancel as scale"):
        check.close(OK, np.zeros(3), np.zeros(3), atol=1e-9)
    for wrong in (0.0, -1.0, INF, NAN):
        with pytest.raises(ValueError, match="scale: expected > 0"):
            check.close(OK, 0.0, 0.0, atol=1e-9, scale=wrong)


@given(
    st.floats(0.1, 9),
    st.floats(-0.05, 0.05),
    st.floats(0.06, 0.3),
    st.sampled_from([-1, 1]),
)
def test_half_as_much_again_as_the_power_is_noticed(y, off, atol, sign):
    seen = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compare, "succeed", lambda *args: seen.append(args[-1]))
        check.close(OK, y + off, y, atol=atol)
        changed = y * (1 + sign * 1.5 * record.rounded(seen[0]))
        with pytest.raises(AssertionError):
            check.close(OK, y + off, changed, atol=atol)


def test_refutes_passes_only_if_the_printed_formula_fails(capsys):
    check.refutes(ERRATUM, 1.02, 1.0)
    check.refutes(ERRATUM, INF, 1.0, by=1e6)
    check.refutes(ERRATUM, np.ones((2, 3)), np.ones((3, 2)))
    check.refutes(ERRATUM, True, False, says="the flow is not the method")
    assert "not (3, 2)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("printed", "true", "how"),
    [
        (1.001, 1.0, {}),
        (1.02, 1.0, {"by": 0.05}),
        (0.001, 0.0, {}),
        (NAN, 1.0, {}),
        (1.0, NAN, {}),
        (INF, INF, {}),
        (True, True, {}),
        (True, 0, {}),
        ("a", "a", {}),
    ],
)
def test_refutes_raises_if_the_printed_formula_may_be_right(
    printed, true, how
):
    with pytest.raises(AssertionError):
        check.refutes(ERRATUM, printed, true, **how)


def test_refutes_refuses_a_statement_that_is_printed_correctly():
    with pytest.raises(ValueError, match="verdict is ok"):
        check.refutes(OK, 2.0, 1.0)


def test_refutes_refuses_a_margin_that_means_nothing():
    with pytest.raises(ValueError, match="by: expected > 0"):
        check.refutes(ERRATUM, 2.0, 1.0, by=0.0)
    with pytest.raises(ValueError, match="by: needs numbers"):
        check.refutes(ERRATUM, True, False, by=1.0)


def test_holds_takes_one_truth_value():
    check.holds(OK, np.True_, "so")
    check.holds(OK, torch.tensor(True), "so")
    with pytest.raises(AssertionError, match="expected: so"):
        check.holds(OK, False, "so")
    for vague in (np.array([True, True]), 1.0, None, "yes"):
        with pytest.raises(TypeError, match="one truth value"):
            check.holds(OK, vague, "so")


@pytest.fixture
def graders(monkeypatch):
    monkeypatch.setattr(exercises, "GRADERS", {})


def double(x):
    return 2 * x


@pytest.mark.usefixtures("graders")
def test_exercise_grades_an_answer(capsys):
    @check.grader("ex-double")
    def _(double):
        for x in (1, 3):
            check.agree(double(x), 2 * x, x=x)

    check.exercise("ex-double", double)
    assert capsys.readouterr().out == "✓ Exercise ex-double: passes\n"
    why = r"ex-double: not yet\. for x = 3: expected 6, got 9"
    with pytest.raises(AssertionError, match=why):
        check.exercise("ex-double", lambda x: x * x if x > 1 else 2)
    with pytest.raises(AssertionError, match="raises TypeError"):
        check.exercise("ex-double", lambda: 6)
    with pytest.raises(ValueError, match="nearest: ex-double"):
        check.exercise("ex-dubble", double)


@pytest.mark.usefixtures("graders")
def test_an_answer_that_raises_is_told_its_line():
    check.grader("ex-double")(lambda double: double(3))

    def answer(x):
        half = x / 2
        return half + None

    why = r"TypeError.*\(line 3 of your answer: return half \+ None\)"
    with pytest.raises(AssertionError, match=why):
        check.exercise("ex-double", answer)
    with pytest.raises(AssertionError, match="missing 1 required") as e:
        check.exercise("ex-double", lambda x, y: 6)
    assert "of your answer" not in str(e.value)


@pytest.mark.usefixtures("graders")
def test_a_self_check_runs_again_but_is_not_replaced():
    def cell():
        @check.grader("ex-double")
        def grade(double):
            check.agree(double(3), 6)

    cell()
    cell()
    with pytest.raises(ValueError, match="ex-double: has another self-check"):
        check.grader("ex-double")(lambda double: None)
    with pytest.raises(AssertionError):
        check.exercise("ex-double", lambda x: x)


X = torch.tensor([1.0, 2.0, 3e4], dtype=torch.float64)


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (X + 1e-6, X),
        ((1, X), (1.0, X)),
        ([1, [2, 3]], (1, (2, 3))),
        (X.numpy(), X),
        (np.int64(3), 3.0),
        (0.0, 0.0),
    ],
)
def test_agree_accepts_what_is_right(got, expected):
    check.agree(got, expected)


@pytest.mark.parametrize(
    ("got", "expected", "why"),
    [
        (X + 1e-4, X, "expected 30000 at (2,), got 30000.0001"),
        (X.float(), X, "expected float64, got float32; keep the dtype"),
        (X * (1 + 6e-8), X, "expected 30000 at (2,), got 30000.0018"),
        (X, (X, X), "expected 2 values as a tuple, got a tensor of shape (3"),
        ((X,), (X, X), "expected 2 values, got 1"),
        ((X, X - 1), (X, X), "value 2 of 2: expected 1 at (0,), got 0"),
        ((X, X), X, "expected a tensor of shape (3,), got 2 values"),
        (X[None], X, "expected a tensor of shape (3,), got a tensor of shape"),
        (None, X, "got nothing (is there a return?)"),
        (1e-12, 0.0, "expected 0, got 1e-12"),
        (NAN, 1.0, "expected 1, got nan"),
        (INF, 1.0, "expected 1, got inf"),
        (np.zeros(2), 1, "expected an int, got a ndarray of shape (2,)"),
    ],
)
def test_agree_says_in_words_what_is_wrong(got, expected, why):
    with pytest.raises(AssertionError) as e:
        check.agree(got, expected, m=2, kind="same")
    assert str(e.value).startswith("for m = 2, kind = 'same': ")
    assert why in str(e.value)


def test_in_a_notebook_the_record_is_attached_to_the_output():
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(kernel_name="python3")
    got = []

    def hook(message):
        if message["msg_type"] == "display_data":
            got.append(message["content"])

    try:
        client.execute_interactive(
            "from dlbook import check\ncheck.close('opt-adam', 1.0, 1, "
            "atol=0.0213)",
            output_hook=hook,
            timeout=60,
        )
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    says = "both sides agree to 0.0213"
    record = {"id": "opt-adam", "kind": "close", "says": says}
    line = f"✓ 11.3.25 Adam: {says}"
    (output,) = got
    assert output["data"] == {check.MIME: record, "text/plain": line}
    assert output["metadata"] == {check.MIME: {"power": 0.03}}


def test_the_inventory_has_every_statement_once_in_order():
    text = inventory()
    assert len(text) == 299
    numbers = [entry["number"] for entry in text.values()]
    assert len(set(numbers)) == len(text)
    assert text["opt-gradient-descent"]["number"] == "11.3.2"
    for entry in text.values():
        assert entry["number"].startswith(entry["section"] + ".")
        assert (entry["verdict"] == "ok") == ("why" not in entry), entry["id"]


def test_importing_check_does_not_import_torch():
    code = "import sys, dlbook.check; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


# ---- slips of the pen that these tests must notice -------------------------
ROOM = Path(check.__file__).parent
EDGE = np.append(np.tile([0.0, 2.0], 14), [1.0, 1.0])  # mean 1, 30 draws


def passes(call, *args, **how):
    try:
        call(*args, **how)
    except (AssertionError, ValueError, RuntimeError):
        return False
    return True


def close_keeps_its_boundary(m):
    assert passes(m.close, OK, 1.5, 1.0, atol=0.5)
    assert passes(m.close, OK, 3.0, 2.0, rtol=0.5)
    assert passes(m.close, OK, 1.0, 2.0, rtol=0.5)
    assert not passes(m.close, OK, 1.5 + 1e-9, 1.0, atol=0.5)
    assert not passes(m.close, OK, 2.0, 3.0 + 1.1, rtol=0.5)
    assert passes(m.close, OK, 3.25, 2.0, atol=0.25, rtol=0.5)
    assert not passes(m.close, OK, 0.4, 1.0, atol=0.5)


def close_judges_the_coarser_side(m):
    x = np.float32([1 + 1e-6])
    assert passes(m.close, OK, x, [1.0])
    assert passes(m.close, OK, [1.0], x)
    assert not passes(m.close, OK, np.float64(x), [1.0])


def said(call, *args, **how):
    """Return what a check says when it fails, "" if it passes."""
    try:
        call(*args, **how)
    except AssertionError as error:
        return str(error)
    return ""


def close_names_the_entry(m):
    x, y = np.arange(6.0).reshape(2, 3), np.arange(6.0).reshape(2, 3)
    y[1, 2] = 9
    assert "got 5 at (1, 2), expected 9" in said(m.close, OK, x, y)


def close_asks_for_one_shape(m):
    assert not passes(m.close, OK, [1.0, 1.0], 1.0)
    assert not passes(m.exact, OK, np.ones(2), 1.0)


def exact_sees_every_entry(m):
    assert not passes(m.exact, OK, np.array([1, 2, 3]), [1, 2, 4])
    assert not passes(m.exact, OK, np.array([1, 2, 3]), [0, 2, 3])
    assert passes(m.exact, OK, np.array([1, 2]), [1, 2])


def refutes_keeps_its_boundary(m):
    assert not passes(m.refutes, ERRATUM, 1.5, 1.0, by=0.5)
    assert passes(m.refutes, ERRATUM, 1.5 + 1e-9, 1.0, by=0.5)
    assert passes(m.refutes, ERRATUM, 0.4, 1.0, by=0.5)


def refutes_asks_for_one_percent(m):
    assert passes(m.refutes, ERRATUM, 1.0105, 1.0)
    assert not passes(m.refutes, ERRATUM, 1.0095, 1.0)
    assert passes(m.refutes, ERRATUM, [1.0, -4.05], [1.0, -4.0])
    assert not passes(m.refutes, ERRATUM, [1.0, -4.03], [1.0, -4.0])
    assert passes(m.refutes, ERRATUM, 0.0105, 0.0)
    assert not passes(m.refutes, ERRATUM, 0.0095, 0.0)


def refutes_takes_no_nan(m):
    assert not passes(m.refutes, ERRATUM, NAN, 1.0)
    assert not passes(m.refutes, ERRATUM, [NAN, 5.0], [1.0, 1.0])
    assert not passes(m.refutes, ERRATUM, 1.0, NAN)
    assert not passes(m.refutes, ERRATUM, 1.0, INF)
    assert not passes(m.refutes, ERRATUM, 1.0, INF, by=1.0)
    assert passes(m.refutes, ERRATUM, INF, 1.0)


def refutes_looks_at_the_worst_entry(m):
    assert passes(m.refutes, ERRATUM, [1.0, 2.0], [1.0, 1.0])
    assert not passes(m.refutes, ERRATUM, [1.0, 1.0], [1.0, 1.0])


def words_must_differ(m):
    assert not passes(m.refutes, ERRATUM, "a", "a")
    assert not passes(m.refutes, ERRATUM, True, 0)
    assert not passes(m.refutes, ERRATUM, True, True)
    assert passes(m.refutes, ERRATUM, True, False)


def only_errata_are_refuted(m):
    try:
        m.refutes(OK, 2.0, 1.0)
    except ValueError:
        return
    raise AssertionError


def holds_fails_on_false(m):
    assert not passes(m.holds, OK, False, "so")
    assert passes(m.holds, OK, True, "so")


COMPARE = [
    ("np.all(excess <= 0)", "np.all(excess < 0)", close_keeps_its_boundary),
    ("np.all(excess <= 0)", "np.any(excess <= 0)", close_names_the_entry),
    ("off, tolerance = np.abs(x - y), atol", "off, tolerance = x - y, atol",
     close_keeps_its_boundary),
    ("atol + rtol * np.abs(y)\n", "atol + rtol * np.abs(x)\n",
     close_keeps_its_boundary),
    ("atol + rtol * np.abs(y)\n", "atol\n", close_keeps_its_boundary),
    ("= precision(got, expected)", "= precision(got, got)",
     close_judges_the_coarser_side),
    ("= precision(got, expected)", "= precision(expected, expected)",
     close_judges_the_coarser_side),
    ("i = worst(excess)", "i = worst(-excess)", close_names_the_entry),
    ("y.shape:\n        fail(id, f\"got", "x.shape:\n        fail(id, f\"got",
     close_asks_for_one_shape),
    ("same = x.shape == y.shape and bool(np.all(x == y))",
     "same = bool(np.all(x == y))", close_asks_for_one_shape),
    ("bool(np.all(x == y))", "bool(np.any(x == y))", exact_sees_every_entry),
    ("if not off > margin", "if not off >= margin",
     refutes_keeps_its_boundary),
    ("np.abs(x - y).max())", "(x - y).max())", refutes_keeps_its_boundary),
    ("np.abs(x - y).max())", "np.abs(x - y).min())",
     refutes_looks_at_the_worst_entry),
    ("0.01 * scale or 0.01", "0.02 * scale or 0.01",
     refutes_asks_for_one_percent),
    ("0.01 * scale or 0.01", "0.01 * scale or 0.02",
     refutes_asks_for_one_percent),
    ("float(np.abs(y).max())", "float(y.max())",
     refutes_asks_for_one_percent),
    ("not np.isfinite(y).all()", "np.isnan(y).any()", refutes_takes_no_nan),
    ("np.isnan(x).any()", "not np.isfinite(x).all()", refutes_takes_no_nan),
    ("type(printed) is not type(true) or ", "", words_must_differ),
    ("printed == true)", "printed != true)", words_must_differ),
    ('["verdict"] == "ok"', '["verdict"] == "none"', only_errata_are_refuted),
    ("if not truth(id, condition)", "if truth(id, condition)",
     holds_fails_on_false),
]  # fmt: skip


def thirty_draws_are_enough(m):
    assert passes(m.within, OK, EDGE, expected=1.0)
    for few in (EDGE[:29], 1.0):
        try:
            m.within(OK, few, expected=1.0)
        except ValueError:
            continue
        raise AssertionError("fewer than 30 draws passed")


def within_knows_its_own_error(m):
    error = np.sqrt(28 / 29) / np.sqrt(30)  # ddof 1
    for sigmas in (5, 3):
        for off, right in ((0.995, True), (1.005, False)):
            for sign in (-1, 1):
                claim = 1 + sign * off * sigmas * error
                how = {"expected": claim, "sigmas": sigmas}
                assert passes(m.within, OK, EDGE, **how) == right


def within_knows_which_side(m):
    assert passes(m.within, OK, EDGE, at_most=9.0)
    assert passes(m.within, OK, EDGE, at_least=-9.0)
    assert not passes(m.within, OK, EDGE, at_most=-9.0)
    assert not passes(m.within, OK, EDGE, at_least=9.0)


def within_takes_draws_without_spread(m):
    assert passes(m.within, OK, np.full(30, 2.0), expected=2.0)
    assert not passes(m.within, OK, np.full(30, 2.0), expected=2.1)


def within_names_the_column(m):
    x = np.stack([EDGE, EDGE + 8, EDGE], 1)
    why = said(m.within, OK, x, expected=[1.0, 1.0, 1.0])
    assert "got mean 9, expected 1" in why


def within_asks_for_one_shape(m):
    assert not passes(m.within, OK, EDGE, expected=[1.0])


def bound_keeps_its_boundary(m):
    assert passes(m.bound, OK, [1.0], [1.0])
    assert passes(m.bound, OK, 0.75, 1.0, reached=0.75)
    assert passes(m.bound, OK, -1.25, -1.0, reached=0.75)
    assert not passes(m.bound, OK, 0.74, 1.0, reached=0.75)
    assert passes(m.bound, OK, 1 + 0.9e-9, 1.0)
    assert not passes(m.bound, OK, 1 + 1.1e-9, 1.0)
    assert not passes(m.bound, OK, [1.0, 2.0], [1.0, 1.9])
    assert not passes(m.bound, OK, [0.0, 0.1], [0.0, 1.0])


def order_keeps_its_boundary(m):
    for off, right in ((0.29, True), (0.31, False)):
        for sign in (-1, 1):
            values = 5 * N ** (2 + sign * off)
            assert passes(m.order, OK, N, values, expected=2) == right
    for off, right in ((1.2, True), (1 / 1.2, True), (1.9, False),
                       (1 / 1.9, False)):  # fmt: skip
        how = {"expected": 2, "atol": 0.49}
        values = 5 * N**2 * np.array([1, off, 1, 1])
        assert passes(m.order, OK, N, values, **how) == right
        sizes = 2.0 ** np.arange(9)
        values = np.where(sizes == 16, off, 1) * sizes**2
        assert passes(m.order, OK, sizes, values, **how) == right


def order_wants_a_factor_of_two(m):
    sizes = np.array([1.0, 1.5, 2.0])
    assert passes(m.order, OK, sizes, sizes, expected=1)


MEASURE = [
    ("len(x) < 30", "len(x) <= 30", thirty_draws_are_enough),
    ("len(x) < 30", "len(x) < 29", thirty_draws_are_enough),
    ("ddof=1", "ddof=0", within_knows_its_own_error),
    ("ddof=1", "ddof=2", within_knows_its_own_error),
    ("off <= sigmas * error)", "off < sigmas * error)",
     within_takes_draws_without_spread),
    ("off <= sigmas * error)", "off <= sigmas)", within_knows_its_own_error),
    ("off <= sigmas * error)", "off <= error)", within_knows_its_own_error),
    ("sd / np.sqrt(len(x))", "sd", within_knows_its_own_error),
    ("sd / np.sqrt(len(x))", "sd / np.sqrt(len(x) - 1)",
     within_knows_its_own_error),
    ("np.abs(mean - y)", "mean - y", within_knows_its_own_error),
    ('"at most": mean - y', '"at most": y - mean', within_knows_which_side),
    ('"at least": y - mean', '"at least": mean - y',
     within_knows_which_side),
    ("worst(off - sigmas * error)", "worst(sigmas * error - off)",
     within_names_the_column),
    ("if not np.all(off <= sig", "if not np.any(off <= sig",
     within_names_the_column),
    ("if x.shape[1:] != y.shape", "if False", within_asks_for_one_shape),
    (">= -ROUNDING", "> ROUNDING", bound_keeps_its_boundary),
    (">= -ROUNDING", ">= 0 * -ROUNDING", bound_keeps_its_boundary),
    ("ROUNDING = 1e-9", "ROUNDING = 1e-8", bound_keeps_its_boundary),
    ("np.all(room >=", "np.any(room >=", bound_keeps_its_boundary),
    ("> 1 - reached + ROUNDING", "> 1 - reached - ROUNDING",
     bound_keeps_its_boundary),
    ("> 1 - reached + ROUNDING", "> reached", bound_keeps_its_boundary),
    ("size = np.abs(y) if", "size = np.abs(x) if", bound_keeps_its_boundary),
    ("size = np.abs(y) if", "size = 1 + 0 * y if", bound_keeps_its_boundary),
    ("room = y - x", "room = x - y", bound_keeps_its_boundary),
    ("abs(slope - expected) <= atol", "slope - expected <= atol",
     order_keeps_its_boundary),
    ("abs(slope - expected) <= atol", "expected - slope <= atol",
     order_keeps_its_boundary),
    ("np.all(off <= straight)", "np.any(off <= straight)",
     order_keeps_its_boundary),
    ("off = np.exp(np.abs(", "off = np.exp((", order_keeps_its_boundary),
    (">= 2 * x.min()", "> 2 * x.min()", order_wants_a_factor_of_two),
]  # fmt: skip


def large_whole_numbers_are_refused(m):
    for x in ([2**53 + 1], [-(2**53) - 1]):
        try:
            m.numbers(OK, "x", np.array(x))
        except ValueError:
            assert passes(m.whole, OK, "x", np.array(x))
            assert m.whole(OK, "x", np.array(x))[0] == x[0]
            continue
        raise AssertionError("rounded without a word")
    assert passes(m.numbers, OK, "x", np.array([2**53]))


def lazy_tensors_are_read(m):
    z = torch.tensor([1 + 2j])
    assert passes(m.plain, z.conj())
    assert passes(m.plain, z.conj().imag)
    assert m.plain(z.conj())[0] == 1 - 2j
    assert m.plain(z.conj().imag)[0] == -2


def truth_is_one_value(m):
    assert m.truth(OK, torch.tensor(True)) is True
    assert m.truth(OK, np.False_) is False


def nan_is_the_worst(m):
    assert m.worst([1.0, NAN, 3.0]) == (1,)
    assert m.worst([1.0, 2.0]) == (1,)


def booleans_count(m):
    assert m.numbers(OK, "x", [True, False]).tolist() == [1.0, 0.0]


VALUES = [
    ("-EXACT <= int(a.min())", "int(a.min())",
     large_whole_numbers_are_refused),
    ("int(a.max()) <= EXACT", "int(a.max()) <= 2 * EXACT",
     large_whole_numbers_are_refused),
    ("int(a.max()) <= EXACT", "int(a.max()) < EXACT",
     large_whole_numbers_are_refused),
    (".resolve_conj()", "", lazy_tensors_are_read),
    (".resolve_neg()", "", lazy_tensors_are_read),
    ("nan=np.inf", "nan=-np.inf", nan_is_the_worst),
    ("np.argmax(", "np.argmin(", nan_is_the_worst),
    ("a.astype(int) if", "~a.astype(int) if", booleans_count),
]  # fmt: skip


@pytest.mark.parametrize(
    ("file", "fault"),
    [
        (file, fault)
        for file, table in (
            ("compare.py", COMPARE),
            ("measure.py", MEASURE),
            ("values.py", VALUES),
        )
        for fault in table
    ],
    ids=lambda x: x if isinstance(x, str) else " -> ".join(x[:2]),
)
def test_a_slip_in_the_oracle_is_noticed(file, fault):
    written, wrong, compare = fault[:3]
    source = (ROOM / file).read_text("utf-8")
    compare(as_module(source))
    refuse(source, written, wrong, [compare])
