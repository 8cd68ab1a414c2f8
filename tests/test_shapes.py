import re
from math import inf, nan

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dlbook import shapes

few = settings(deadline=None, max_examples=50)
sizes = st.lists(st.integers(0, 5), max_size=4)


@few
@given(shape=sizes)
def test_expect_returns_the_sizes_by_name(shape):
    names = "abcd"[: len(shape)]
    want = dict(zip(names, shape, strict=True))
    assert shapes.expect("x", np.zeros(shape), " ".join(names)) == want
    numbers = " ".join(map(str, shape))
    assert shapes.expect("x", torch.zeros(shape), numbers) == {}


@few
@given(shape=sizes, wrong=st.data())
def test_expect_refuses_any_one_wrong_size(shape, wrong):
    if not shape:
        return
    i = wrong.draw(st.integers(0, len(shape) - 1))
    spec = list(map(str, shape))
    spec[i] = str(shape[i] + 1)
    says = re.escape(f"axis {i} should be {spec[i]}")
    with pytest.raises(ValueError, match=says):
        shapes.expect("x", torch.zeros(shape), " ".join(spec))


@pytest.mark.parametrize(
    ("shape", "spec", "says"),
    [
        ((3, 4), "n n", "A: expected shape (n, n), got (3, 4): axis 1 should"),
        ((5, 4), "n m", "(n, m), got (5, 4): axis 0 should be n = 3"),
        ((7,), "n m", "got (7,): 1 axes instead of 2"),
        ((7, 1), "n", "expected shape (n,), got (7, 1): 2 axes instead of 1"),
        ((), "1", "got (): 0 axes instead of 1"),
        ((2, 5, 4), "... n n", "(..., n, n), got (2, 5, 4): axis 1 should be"),
        ((4,), "... n n", "1 axes instead of at least 2"),
        ((4,), "n,m", "spec: expected names and numbers, got 'n,m' in 'n,m'"),
        ((4,), "n ...", "spec: expected names and numbers, got '...'"),
    ],
)
def test_expect_says_what_is_wrong(shape, spec, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        shapes.expect("A", torch.zeros(shape), spec, n=3)


def test_expect_lets_any_axes_come_first():
    for shape in ((3, 3), (2, 3, 3), (0, 1, 3, 3)):
        assert shapes.expect("A", torch.zeros(shape), "... n n") == {"n": 3}


@few
@given(a=sizes, b=sizes)
def test_same_shape_refuses_exactly_what_differs(a, b):
    x, y = np.zeros(a), torch.zeros(b)
    shapes.same_shape("x", x, "x", x)
    if a != b:
        says = re.escape(f"x: expected shape {tuple(b)} like y, got")
        with pytest.raises(ValueError, match=says):
            shapes.same_shape("x", x, "y", y)


@pytest.mark.parametrize("lo", "[(")
@pytest.mark.parametrize("hi", "])")
@pytest.mark.parametrize("x", [-inf, -1.5, 0.0, 1e-300, 1, 2.0, 2.1, inf, nan])
def test_interval_reads_as_in_mathematics(lo, hi, x):
    where = f"{lo}0, 2{hi}"
    inside = 0 < x < 2 or (x == 0 and lo == "[") or (x == 2 and hi == "]")
    if inside:
        shapes.interval("x", x, where, "")
    else:
        says = re.escape(f"x: expected a number in {where}, got {x}; do so")
        with pytest.raises(ValueError, match=says):
            shapes.interval("x", x, where, "do so")


def test_interval_may_be_unbounded():
    shapes.interval("x", 1e308, "[0, inf)", "")
    with pytest.raises(ValueError, match="got inf"):
        shapes.interval("x", inf, "[0, inf)", "")


@pytest.mark.parametrize(
    ("e", "error", "says"),
    [
        (
            torch.tensor([[0, 1], [1, 2], [2, 0]]),
            ValueError,
            r"expected shape \(2, E\), got \(3, 2\); transpose it",
        ),
        (
            torch.zeros(2, 3).float(),
            TypeError,
            r"int64, got .*float32; call .long",
        ),
        (torch.zeros(2, 3, dtype=torch.int32), TypeError, "got torch.int32"),
        (torch.tensor([[0, 9], [1, 2]]), ValueError, "0 to 3, got 0 to 9"),
        (torch.tensor([[0, 4], [1, 2]]), ValueError, "0 to 3, got 0 to 4"),
        (torch.tensor([[0, -1], [1, 2]]), ValueError, "got -1 to 2; count"),
        (torch.zeros(6), ValueError, "1 axes instead of 2"),
        (torch.zeros(3, 5), ValueError, "axis 0 should be 2"),
    ],
)
def test_edge_index_says_what_is_wrong(e, error, says):
    with pytest.raises(error, match=says):
        shapes.edge_index(e, n=4)


def test_edge_index_accepts_no_edges_every_node_and_loops():
    shapes.edge_index(torch.zeros(2, 0, dtype=torch.int64), n=0)
    shapes.edge_index(torch.tensor([[0, 3, 3], [3, 0, 3]]), n=4)
    shapes.edge_index(torch.tensor([[0, 1], [1, 0]]), n=2)  # either way round


def test_edge_index_refuses_a_negative_number_of_nodes():
    with pytest.raises(ValueError, match=r"n: .* got -1"):
        shapes.edge_index(torch.zeros(2, 0, dtype=torch.int64), n=-1)
