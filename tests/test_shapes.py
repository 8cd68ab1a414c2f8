"""dlbook.shapes: what is wrong is refused, and what is right is not.

The comparisons take the module, so that the faults below can hand them a
wrong one.
"""

import itertools
import re
from math import inf, nan

import numpy as np
import pytest
import torch
from faults import accepted, as_module, refuse, refused, sources
from hypothesis import given, settings
from hypothesis import strategies as st

from dlbook import shapes

SOURCE = sources(shapes)
few = settings(deadline=None, max_examples=50)
sizes = st.lists(st.integers(0, 5), max_size=4)


# ---- comparisons ----------------------------------------------------------
def every_shape():
    for axes in range(4):
        yield from itertools.product((0, 1, 3), repeat=axes)


def expect_returns_the_sizes_by_name(o):
    for shape in every_shape():
        names = "abc"[: len(shape)]
        want = dict(zip(names, shape, strict=True))
        got = accepted(o.expect, "x", np.zeros(shape), " ".join(names))
        assert got == want
        numbers = " ".join(map(str, shape))
        assert accepted(o.expect, "x", torch.zeros(shape), numbers) == {}
    known = accepted(o.expect, "x", torch.zeros(5, 3), "n f", f=3, k=7)
    assert known == {"n": 5, "f": 3, "k": 7}


def expect_lets_any_axes_come_first(o):
    for shape in ((3, 3), (2, 3, 3), (0, 1, 3, 3)):
        A = torch.zeros(shape)
        assert accepted(o.expect, "A", A, "... n n") == {"n": 3}
    assert accepted(o.expect, "A", torch.zeros(()), "...") == {}
    assert accepted(o.expect, "A", torch.zeros(2, 4), "... 4") == {}


EXPECTED = [
    ((3, 4), "n n", "A: expected shape (n, n), got (3, 4): axis 1 should be"),
    ((5, 4), "n m", "(n, m), got (5, 4): axis 0 should be n = 3"),
    ((3, 4), "m m", "(m, m), got (3, 4): axis 1 should be m = 3"),
    ((5, 4), "5 n", "(5, n), got (5, 4): axis 1 should be n = 3"),
    ((3, 4), "3 5", "(3, 5), got (3, 4): axis 1 should be 5"),
    ((3, 0), "n 1", "(n, 1), got (3, 0): axis 1 should be 1"),
    ((7,), "n m", "got (7,): 1 axes instead of 2"),
    ((7, 1), "n", "expected shape (n,), got (7, 1): 2 axes instead of 1"),
    ((), "1", "expected shape (1,), got (): 0 axes instead of 1"),
    ((2, 5, 4), "... n n", "(..., n, n), got (2, 5, 4): axis 1 should be n"),
    ((4,), "... n n", "1 axes instead of at least 2"),
    ((4,), "n,m", "spec: expected names and numbers, got 'n,m' in 'n,m'"),
    ((4,), "n ...", "spec: expected names and numbers, got '...' in 'n ...'"),
    ((3, 3), "n -1", "spec: expected names and numbers, got '-1' in 'n -1'"),
]


def expect_says_what_is_wrong(o):
    for shape, spec, says in EXPECTED:
        A, says = torch.zeros(shape), f"{re.escape(says)}"
        refused(ValueError, says, o.expect, "A", A, spec, n=3)


def filled_refuses_what_is_empty(o):
    for shape in every_shape():
        spec = " ".join("abc"[: len(shape)])
        if 0 in shape:
            says = re.escape(
                f"x: expected at least one entry, got shape {shape}; "
                f"fill axis {shape.index(0)}"
            )
            refused(ValueError, says, o.filled, "x", np.zeros(shape), spec)
        else:
            got = accepted(o.filled, "x", torch.zeros(shape), spec)
            assert got == shape
            assert type(got) is tuple
    says = r"x: expected shape \(n, n\), got \(3, 4\): axis 1"
    refused(ValueError, says, o.filled, "x", torch.zeros(3, 4), "n n")
    refused(ValueError, "C = 4", o.filled, "x", torch.ones(2, 3), "B C", C=4)
    assert accepted(o.filled, "x", torch.ones(2, 3, 4), "... C") == (2, 3, 4)


def pairs_are_rows_and_columns(o):
    got = accepted(o.pairs, 1, s=3, size=(2, 4), r=[5, 1])
    assert got == [(3, 3), (2, 4), (5, 1)]
    assert accepted(o.pairs, 0, padding=0, p=(0, 1)) == [(0, 0), (0, 1)]
    assert accepted(o.pairs, 1) == []
    says = r"s: expected a number in \[{}, inf\), got {}; raise it"
    for least, given_, least_of in (
        (1, 0, 0),
        (1, (3, 0), 0),
        (1, (0, 3), 0),
        (2, (-1, 1), -1),
        (0, -1, -1),
    ):
        what = says.format(least, least_of)
        refused(ValueError, what, o.pairs, least, q=4, s=given_)
    for wrong in ((1,), (1, 2, 3), ()):
        what = rf"s: .* a pair \(rows, columns\), got {re.escape(str(wrong))}"
        refused(ValueError, what, o.pairs, 1, s=wrong)


def same_shape_refuses_exactly_what_differs(o):
    for a, b in itertools.product(every_shape(), repeat=2):
        x, y = np.zeros(a), torch.zeros(b)
        if a == b:
            accepted(o.same_shape, "x", x, "y", y)
        else:
            says = re.escape(
                f"x: expected shape {b} like y, got {a}; reshape it"
            )
            refused(ValueError, says, o.same_shape, "x", x, "y", y)


def interval_reads_as_in_mathematics(o):
    numbers = (-inf, -1.5, 0.0, -0.0, 1e-300, 1, 2.0, 2, 2.1, inf, nan)
    for lo, hi, x in itertools.product("[(", "])", numbers):
        where = f"{lo}0, 2{hi}"
        inside = 0 < x < 2 or (x == 0 and lo == "[") or (x == 2 and hi == "]")
        if inside:
            accepted(o.interval, "x", x, where, "")
        else:
            says = re.escape(
                f"x: expected a number in {where}, got {x}; do so"
            )
            refused(ValueError, says, o.interval, "x", x, where, "do so")
    accepted(o.interval, "x", 1e308, "[0, inf)", "")
    accepted(o.interval, "x", -1e308, "(-inf, 0]", "")
    refused(ValueError, "got inf", o.interval, "x", inf, "[0, inf)", "")
    refused(ValueError, "got -inf", o.interval, "x", -inf, "(-inf, 0]", "")
    accepted(o.interval, "x", inf, "[0, inf]", "")


EDGES = [
    ([[0, 1], [1, 2], [2, 0]], ValueError, r"\(3, 2\); transpose it"),
    (torch.zeros(2, 3).float(), TypeError, r"int64, got .*float32; .*\.long"),
    (torch.zeros(2, 3, dtype=torch.int32), TypeError, "got torch.int32"),
    ([[0, 9], [1, 2]], ValueError, "0 to 3, got 0 to 9"),
    ([[0, 4], [1, 2]], ValueError, "0 to 3, got 0 to 4"),
    ([[0, 1], [1, 4]], ValueError, "0 to 3, got 0 to 4"),
    ([[0, -1], [1, 2]], ValueError, "got -1 to 2; count"),
    ([[0, 3], [-1, 2]], ValueError, "got -1 to 3; count"),
    (torch.zeros(6), ValueError, "1 axes instead of 2"),
    (torch.zeros(3, 5), ValueError, "axis 0 should be 2"),
    (torch.zeros(2, 2, 2), ValueError, "3 axes instead of 2"),
    (torch.zeros(3, 2, 2), ValueError, "3 axes instead of 2"),
]


def edge_index_says_what_is_wrong(o):
    for edges, error, says in EDGES:
        refused(error, says, o.edge_index, torch.as_tensor(edges), n=4)
    none = torch.zeros(2, 0, dtype=torch.int64)
    refused(ValueError, "n: .* got -1", o.edge_index, none, n=-1)


def edge_index_accepts_no_edges_every_node_and_loops(o):
    none = torch.zeros(2, 0, dtype=torch.int64)
    accepted(o.edge_index, none, n=0)
    accepted(o.edge_index, torch.tensor([[0, 3, 3], [3, 0, 3]]), n=4)
    accepted(o.edge_index, torch.tensor([[0, 1], [1, 0]]), n=2)  # either way


def whole_numbers_are_told_from_others(o):
    for n in (3, np.int16(3), np.array(3), torch.tensor(3), True + 2):
        got = accepted(o.whole, "n", n, "[3, 4)", "")
        assert (got, type(got)) == (3, int)
    for n in (2, 4):
        says = rf"n: expected a number in \[3, 4\), got {n}; do so"
        refused(ValueError, says, o.whole, "n", n, "[3, 4)", "do so")
    for n in (3.0, "3", [3], None, torch.tensor(3.0), np.array([3, 3])):
        says = "n: expected a whole number, got "
        refused(TypeError, says, o.whole, "n", n, "[3, 4)", "do so")


def interval_refuses_what_is_no_number(o):
    for x in ("1", None, [1, 1], np.ones(2), torch.ones(2), 1j):
        says = r"x: expected a number in \[0, 2\), got .*; do so"
        refused(TypeError, says, o.interval, "x", x, "[0, 2)", "do so")
    long = "ab" * 30
    refused(TypeError, f"got '{'ab' * 18}...; do", o.interval, "x", long,
            "[0, 2)", "do so")  # fmt: skip


def fine_refuses_half_precision(o):
    for dtype in (torch.float16, torch.bfloat16):
        x = torch.ones(2, dtype=dtype)
        says = "B: expected float32 or float64, got b?float16; call B.float"
        refused(TypeError, says, o.fine, A=torch.ones(2), B=x)
    for dtype in (torch.float32, torch.float64, torch.int64):
        accepted(o.fine, A=torch.ones(2, dtype=dtype))


def function_refuses_what_cannot_be_called(o):
    accepted(o.function, "f", len)
    for f in (None, 3, torch.ones(2)):
        refused(TypeError, "f: expected a function, got", o.function, "f", f)


COMPARISONS = [
    whole_numbers_are_told_from_others,
    interval_refuses_what_is_no_number,
    fine_refuses_half_precision,
    function_refuses_what_cannot_be_called,
    expect_returns_the_sizes_by_name,
    expect_lets_any_axes_come_first,
    expect_says_what_is_wrong,
    filled_refuses_what_is_empty,
    pairs_are_rows_and_columns,
    same_shape_refuses_exactly_what_differs,
    interval_reads_as_in_mathematics,
    edge_index_says_what_is_wrong,
    edge_index_accepts_no_edges_every_node_and_loops,
]


@pytest.mark.parametrize("compare", COMPARISONS)
def test_shapes_agree(compare):
    compare(as_module(SOURCE))


def test_every_public_function_is_compared():
    names = {compare.__name__ for compare in COMPARISONS}
    for name in set(shapes.__all__) - {"Two", "array", "door", "number"}:
        assert any(other.startswith(name) for other in names), name


# ---- faults ---------------------------------------------------------------
FAULTS = {
    "sizes forgotten": (
        "sizes.setdefault(axis, got[i])",
        "sizes.get(axis, got[i])",
        [expect_returns_the_sizes_by_name, expect_says_what_is_wrong],
    ),
    "numbers accepted whatever they are": (
        "right = int(axis) if fixed else",
        "right = got[i] if fixed else",
        [expect_says_what_is_wrong],
    ),
    "axes counted from 1": (
        "start=extra):",
        "start=extra + 1):",
        [expect_says_what_is_wrong],
    ),
    "fewer axes accepted": (
        "if extra < 0 or (extra and not any_before):",
        "if extra and not any_before:",
        [expect_says_what_is_wrong],
    ),
    "more axes accepted": (
        "if extra < 0 or (extra and not any_before):",
        "if extra < 0:",
        [expect_says_what_is_wrong],
    ),
    "no more axes before": (
        "(extra and not any_before)",
        "extra",
        [expect_lets_any_axes_come_first],
    ),
    "dots count as an axis": (
        "axes = axes[any_before:]",
        "axes = axes[0:]",
        [expect_lets_any_axes_come_first],
    ),
    "any spec is read": (
        "if not (axis.isdecimal() or axis.isidentifier()):",
        "if not axis:",
        [expect_says_what_is_wrong],
    ),
    "any size is right": (
        "if got[i] != right:",
        "if got[i] < right:",
        [expect_says_what_is_wrong],
    ),
    "a comma too few": (
        '("," if len(axes) == 1 else "")',
        '""',
        [expect_says_what_is_wrong],
    ),
    "an empty axis is let through": (
        "if 0 in shape:",
        "if 0 in shape[:1]:",
        [filled_refuses_what_is_empty],
    ),
    "what is filled may have any shape": (
        "expect(name, x, spec, **sizes)\n    shape",
        "shape",
        [filled_refuses_what_is_empty],
    ),
    "the largest is looked at": (
        "in pair)\n        found",
        "in [max(pair)] * 2)\n        found",
        [pairs_are_rows_and_columns],
    ),
    "one is the least": (
        'f"[{least}, inf)"',
        '"[1, inf)"',
        [pairs_are_rows_and_columns],
    ),
    "three numbers are a pair": (
        "if len(pair) != 2:",
        "if len(pair) < 2:",
        [pairs_are_rows_and_columns],
    ),
    "a number with a point is whole": (
        "n = operator.index(x)",
        "n = int(x)",
        [whole_numbers_are_told_from_others],
    ),
    "half precision is fine": (
        "if x.dtype in (torch.float16, torch.bfloat16):",
        "if x.dtype in (torch.float16,):",
        [fine_refuses_half_precision],
    ),
    "many numbers are none": (
        "except (TypeError, ValueError, RuntimeError):  # a string, many",
        "except TypeError:  # a string, many",
        [interval_refuses_what_is_no_number],
    ),
    "anything can be called": (
        "if not callable(f):",
        "if f is None:",
        [function_refuses_what_cannot_be_called],
    ),
    "columns first": (
        "found.append((rows, columns))",
        "found.append((columns, rows))",
        [pairs_are_rows_and_columns],
    ),
    "as many entries are enough": (
        "got, want = tuple(x.shape), tuple(y.shape)",
        "got, want = sorted(x.shape), sorted(y.shape)",
        [same_shape_refuses_exactly_what_differs],
    ),
    "a closed end is open": (
        'lo <= x if where[0] == "[" else lo < x',
        "lo < x",
        [interval_reads_as_in_mathematics],
    ),
    "an open end is closed": (
        'x <= hi if where[-1] == "]" else x < hi',
        "x <= hi",
        [interval_reads_as_in_mathematics],
    ),
    "brackets exchanged": (
        'where[-1] == "]"',
        'where[0] == "["',
        [interval_reads_as_in_mathematics],
    ),
    "nan is in every interval": (
        "if not (above and below):",
        "if lo > x or x > hi or (x in (lo, hi) and not (above and below)):",
        [interval_reads_as_in_mathematics],
    ),
    "one end is enough": (
        "if not (above and below):",
        "if not (above or below):",
        [interval_reads_as_in_mathematics],
    ),
    "node n is let through": (
        "if lo < 0 or hi >= n:",
        "if lo < 0 or hi > n:",
        [edge_index_says_what_is_wrong],
    ),
    "node -1 is let through": (
        "if lo < 0 or hi >= n:",
        "if hi >= n:",
        [edge_index_says_what_is_wrong],
    ),
    "node 0 is refused": (
        "if lo < 0 or hi >= n:",
        "if lo <= 0 or hi >= n:",
        [edge_index_accepts_no_edges_every_node_and_loops],
    ),
    "no word of the transpose": (
        "e.shape[0] != 2 and e.shape[1] == 2",
        "e.shape[0] == 2 and e.shape[1] != 2",
        [edge_index_says_what_is_wrong],
    ),
    "two edges are transposed": (
        "e.ndim == 2 and e.shape[0] != 2 and e.shape[1] == 2",
        "e.ndim == 2 and e.shape[1] == 2",
        [edge_index_accepts_no_edges_every_node_and_loops],
    ),
    "any integers are nodes": (
        "if e.dtype != torch.int64:",
        "if e.is_floating_point():",
        [edge_index_says_what_is_wrong],
    ),
    "fewer than no nodes": (
        'interval("n", n, "[0, inf)"',
        'interval("n", n, "[-1, inf)"',
        [edge_index_says_what_is_wrong],
    ),
    "no graph without nodes": (
        'interval("n", n, "[0, inf)"',
        'interval("n", n, "(0, inf)"',
        [edge_index_accepts_no_edges_every_node_and_loops],
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_noticed(fault):
    refuse(SOURCE, *FAULTS[fault])


def test_every_comparison_has_noticed_something():
    noticed = {compare for *_, found in FAULTS.values() for compare in found}
    assert noticed == set(COMPARISONS)


# ---- properties -----------------------------------------------------------
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
