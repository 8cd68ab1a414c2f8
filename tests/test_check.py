"""Checks pass on what is true, and raise on everything else."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from dlbook import check
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


def test_exercise_grades_an_answer(capsys):
    @check.grader("ex-double")
    def _(double):
        assert double(3) == 6, "double(3) should be 6"

    check.exercise("ex-double", lambda x: 2 * x)
    assert capsys.readouterr().out == "✓ Exercise ex-double: passes\n"
    with pytest.raises(AssertionError, match=r"not yet\. double\(3\)"):
        check.exercise("ex-double", lambda x: x)
    with pytest.raises(AssertionError, match="raises TypeError"):
        check.exercise("ex-double", lambda: 6)
    with pytest.raises(ValueError, match="nearest: ex-double"):
        check.exercise("ex-dubble", lambda x: 2 * x)


def test_in_a_notebook_the_record_is_attached_to_the_output():
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(kernel_name="python3")
    got = []

    def hook(message):
        if message["msg_type"] == "display_data":
            got.append(message["content"]["data"])

    try:
        client.execute_interactive(
            "from dlbook import check\ncheck.exact('opt-adam', 1, 1)",
            output_hook=hook,
            timeout=60,
        )
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    says = "both sides are equal"
    record = {"id": "opt-adam", "kind": "exact", "says": says}
    line = f"✓ 11.3.25 Adam: {says}"
    assert got == [{check.MIME: record, "text/plain": line}]


def test_the_inventory_has_every_statement_once_in_order():
    text = inventory()
    assert len(text) == 284
    numbers = [entry["number"] for entry in text.values()]
    assert len(set(numbers)) == 284
    assert text["opt-gradient-descent"]["number"] == "11.3.2"
    for entry in text.values():
        assert entry["number"].startswith(entry["section"] + ".")
        assert (entry["verdict"] == "ok") == ("why" not in entry), entry["id"]


def test_importing_check_does_not_import_torch():
    code = "import sys, dlbook.check; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
