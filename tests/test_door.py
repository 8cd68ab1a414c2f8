"""One door for all that users hold."""

import inspect

import numpy as np
import pytest
import torch
from jaxtyping import Float, Int64, Num
from torch import Tensor
from torch.testing import assert_close

from dlbook.shapes import door


@door
def scaled(
    x: Float[Tensor, "*n"],
    y: Float[Tensor, "*n"] | None = None,
    a: Float[Tensor, ""] | float = 2.0,
    *,
    f=abs,
):
    """Return what came in."""
    return x, y, a, f


@door
def anything(x: Num[Tensor, "..."], i: Int64[Tensor, " k"] | None = None):
    return x, i


EXPECTED = torch.tensor([1.0, 2.0], dtype=torch.float64)


@pytest.mark.parametrize(
    "x",
    [
        [1, 2],
        (1.0, 2.0),
        range(1, 3),
        np.array([1, 2]),
        np.array([1.0, 2.0]),
        np.array([2.0, 1.0])[::-1],
        np.uint8([1, 2]),
        torch.tensor([1, 2]),
        torch.tensor([1, 2], dtype=torch.uint8),
        [torch.tensor(1.0, dtype=torch.float64), 2],
        [np.float64(1), np.float64(2)],
    ],
)
def test_real_numbers_come_in_every_form(x):
    assert_close(scaled(x)[0], EXPECTED)  # the shape and the dtype, too


def test_what_fits_passes_as_it_is():
    x = torch.ones(3, requires_grad=True)
    got, none, number, f = scaled(x, f=max)
    assert got is x
    assert (none, number, f) == (None, 2.0, max)
    a = torch.tensor(3.0)
    assert scaled(x, a=a)[2] is a
    assert scaled(x, a=3)[2].item() == 3


def test_all_real_arguments_get_the_finest_dtype_of_the_arrays():
    single = torch.ones(2, dtype=torch.float32)
    half = single.half()
    for x, y, dtype in (
        (single, half, torch.float32),
        (single, np.ones(2), torch.float64),
        (half, [1.0, 2.0], torch.float16),
        (half, torch.ones(2, dtype=torch.int64), torch.float16),
        (half, single.bfloat16(), torch.float32),
        ([1, 2], [3, 4], torch.float64),  # the default in these tests
    ):
        got = scaled(x, y)[:2]
        assert [z.dtype for z in got] == [dtype] * 2, dtype
    x, y, a, _ = scaled(single, [0.1, 0.2], torch.tensor(0.3))
    assert {x.dtype, y.dtype, a.dtype} == {torch.float64}
    assert y.tolist() == [0.1, 0.2]  # not by way of float32


def test_numbers_of_a_list_are_rounded_once():
    torch.set_default_dtype(torch.float32)
    (y,) = scaled(torch.ones(1, dtype=torch.float64), [0.1])[1].tolist()
    assert y == 0.1
    assert scaled([0.1])[0].dtype == torch.float32
    assert anything([0.1])[0].dtype == torch.float32
    assert anything([1])[0].dtype == torch.int64


def test_where_any_number_is_asked_for_dtypes_stay():
    for dtype in (torch.uint8, torch.int32, torch.float16, torch.complex64):
        x = torch.ones(3).to(dtype)
        assert anything(x)[0] is x
    assert anything(np.ones(2, np.int16))[0].dtype == torch.int16
    assert anything([1 + 2j])[0].dtype == torch.complex128
    assert anything([1], [0, 2])[1].dtype == torch.int64


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: scaled("12"), "x: expected numbers, got '12'; give a list"),
        (lambda: scaled([1], {"a": 1}), "y: expected numbers, got {'a': 1}"),
        (lambda: scaled([[1, 2], [3]]), "x: expected numbers"),
        (lambda: scaled(np.array(["a"])), "x: expected numbers"),
        (lambda: scaled([1j]), "x: expected real numbers, got complex128"),
        (lambda: scaled(max), "x: expected numbers"),
        (lambda: anything([1], [0.5]), "i: expected whole numbers, got flo"),
    ],
)
def test_the_rest_is_refused_by_name(call, message):
    with pytest.raises(TypeError) as e:
        call()
    assert str(e.value).startswith(message)


def test_a_missing_argument_is_pythons_own_error():
    with pytest.raises(TypeError, match="1 required positional argument: 'x'"):
        scaled()


def test_the_function_keeps_its_name_words_and_source():
    assert scaled.__name__ == "scaled"
    assert scaled.__doc__ == "Return what came in."
    assert "return x, y, a, f" in inspect.getsource(inspect.unwrap(scaled))
