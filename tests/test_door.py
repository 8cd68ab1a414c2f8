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
        (lambda: anything([1], [True]), "i: expected whole numbers, got bool"),
        (lambda: scaled(x for x in [1]), "x: expected numbers, got <gener"),
        (lambda: scaled({1, 2}), "x: expected numbers, got {1, 2}"),
        (lambda: scaled([2**70]), "x: expected numbers, got [1180591620717"),
        (lambda: scaled(np.array(["a"], object)), "x: expected numbers"),
        (lambda: scaled(np.array("2020", "M8[Y]")), "x: expected numbers"),
        (
            lambda: scaled([torch.ones(2), torch.ones(3)]),
            "x: expected numbers, got [tensor([1., 1.]), ten",
        ),
        (
            lambda: scaled(np.ma.array([1.0, 2.0], mask=[0, 1])),
            "x: expected all numbers, got a masked array; call .filled()",
        ),
        (
            lambda: scaled(torch.eye(2).to_sparse()),
            "x: expected a dense tensor, got torch.sparse_coo; call .to_den",
        ),
    ],
)
def test_the_rest_is_refused_by_name(call, message):
    with pytest.raises(TypeError) as e:
        call()
    assert str(e.value).startswith(message)


def test_a_list_of_arrays_has_their_dtype_and_keeps_their_gradient():
    torch.set_default_dtype(torch.float32)
    a, b = np.float64(0.1), torch.tensor(0.1, dtype=torch.float64)
    for x in ([a, 1], [[0.1], [b]], [0.1, b], [np.array([0.1])]):
        got = scaled(x)[0]
        assert got.dtype == torch.float64, x
        assert got.flatten()[0] == a, x  # not by way of float32
    w = torch.ones(2, requires_grad=True)
    for x in ([w, w], [[w[0], 2.0], [w[1], w[0]]]):
        scaled(x)[0].sum().backward()
    assert w.grad.tolist() == [4, 3]


def test_arrays_come_as_libraries_leave_them():
    a = np.arange(6.0).reshape(2, 3)
    frozen = a.copy()
    frozen.flags.writeable = False
    swapped = a.astype(a.dtype.newbyteorder())
    for x in (frozen, swapped, np.asfortranarray(a), a[::-1][::-1]):
        assert_close(scaled(x)[0], torch.arange(6.0).reshape(2, 3))
    assert scaled(np.array(3.0))[0].shape == ()
    assert scaled(np.broadcast_to(np.float32(1), (2, 2)))[0].shape == (2, 2)


def test_nothing_is_changed_that_was_given():
    x = np.array([1.0, 2.0])
    scaled(x)
    scaled(x, np.float32([1, 2]))
    assert x.tolist() == [1, 2]


def test_whole_numbers_of_any_width_are_numbers():
    for dtype in (np.uint16, np.uint32, np.uint64, np.bool_):
        got = anything(np.ones(2, dtype), np.ones(2, np.uint32))
        assert [x.dtype for x in got] == [torch.int64] * 2, dtype
        assert scaled(np.ones(2, dtype))[0].tolist() == [1, 1]
    assert anything([], [])[1].dtype == torch.int64  # an empty list is of all
    assert scaled([])[0].dtype == torch.float64
    assert scaled(torch.ones(2).to(torch.float8_e5m2))[0].tolist() == [1, 1]


def test_numbers_of_numpy_become_those_of_python():
    for held in (np.float32(0.5), np.array(0.5), np.int64(3), np.True_):
        f = scaled([1], f=held)[3]
        assert type(f) in (float, int, bool), held
        assert f == held
    x = torch.ones(2)
    assert scaled(x, f=np.float64(2))[0] is x
    a = np.ones(2)
    assert scaled(x, f=a)[3] is a


def test_lists_go_where_the_tensors_are():
    there = torch.ones(2, device="meta")
    x, y, a, _ = scaled(there, [1, 2], np.float32(3))
    assert {x.device, y.device} == {torch.device("meta")}
    _, _, a, _ = scaled(there, a=torch.tensor(2.0))  # a number goes with all
    assert a.device == torch.device("cpu")
    says = (
        r"^y: expected on meta like x, got on cpu; move it, y.to\(x.device\)"
    )
    with pytest.raises(ValueError, match=says):
        scaled(there, torch.ones(2))


def test_what_a_dtype_cannot_hold_is_refused():
    half = torch.ones(2, dtype=torch.float16)
    for x in ([1e5], np.array([70000]), torch.tensor([70000])):
        says = (
            "^y: expected numbers that float16 holds, got [17]e?.*; give all"
        )
        with pytest.raises(ValueError, match=says):
            scaled(half, x)
    torch.set_default_dtype(torch.float32)
    with pytest.raises(ValueError, match=r"^x: .* float32 holds, got 1e\+300"):
        scaled([1e300])
    with pytest.raises(ValueError, match=r"^x: .* int64 holds, got 1.845e"):
        anything(np.uint64([2**64 - 1]))
    assert scaled([float("inf"), float("nan")])[0].isinf().tolist() == [1, 0]


# ---- what it leaves alone -------------------------------------------------
@door
def energy(x: Float[Tensor, " n"], k: Float[Tensor, ""] | float = 1.0):
    return k * (x * x).sum()


@pytest.mark.filterwarnings("ignore:.torch.jit.script:DeprecationWarning")
def test_transforms_pass_through():
    x = torch.tensor([1.0, 2.0, 4.0])
    assert_close(torch.func.grad(energy)(x), 2 * x)
    assert_close(torch.func.hessian(energy)(x), 2 * torch.eye(3))
    X = torch.stack([x, 3 * x])
    assert_close(torch.func.vmap(energy)(X), torch.tensor([21.0, 189.0]))
    assert_close(torch.func.vmap(torch.func.grad(energy))(X), 2 * X)
    value, slope = torch.func.jvp(energy, (x,), (torch.ones(3),))
    assert_close((value, slope), (torch.tensor(21.0), torch.tensor(14.0)))
    of_k = torch.func.grad(energy, argnums=1)(x, torch.tensor(2.0))
    assert_close(of_k, torch.tensor(21.0))
    ints = torch.arange(6).reshape(2, 3)  # converted within vmap
    assert torch.func.vmap(energy)(ints).tolist() == [5, 50]
    mixed = torch.func.vmap(lambda x: energy(x.half(), 2 * x[0]))(X)
    assert_close(mixed, torch.tensor([42.0, 1134.0]))


def test_autograd_passes_through_a_conversion():
    x = torch.ones(3, dtype=torch.float32, requires_grad=True)
    energy(x, torch.tensor(2.0, dtype=torch.float64)).backward()
    assert_close(x.grad, 4 * torch.ones(3, dtype=torch.float32))


def test_a_subclass_of_tensor_passes_as_it_is():
    class Tagged(Tensor):
        pass

    for x in (
        torch.nn.Parameter(torch.ones(2)),
        torch.ones(2).as_subclass(Tagged),
        torch.ones(2, 2).mT,
        torch.ones(2)[::2],
    ):
        assert scaled(x)[0] is x


def test_a_missing_argument_is_pythons_own_error():
    with pytest.raises(TypeError, match="1 required positional argument: 'x'"):
        scaled()


def test_the_function_keeps_its_name_words_and_source():
    assert scaled.__name__ == "scaled"
    assert scaled.__doc__ == "Return what came in."
    assert "return x, y, a, f" in inspect.getsource(inspect.unwrap(scaled))
