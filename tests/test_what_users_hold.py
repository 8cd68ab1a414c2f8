"""Every public function meets what users hold.

Each argument of each function comes as a list, a NumPy array, integers, half
precision, in a dtype of its own, empty, with a nan, of a wrong rank,
transposed. What comes out is what a tensor of float64 with the same numbers
gives, to the dtype's rounding; or it is refused in a sentence of ours that
begins with the name of the argument. Nothing is left to an error of torch.

The modules are read without the run-time check of types: users have none.
"""

import inspect
import math
import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from faults import as_module, sources
from torch import Tensor
from torch.testing import assert_close

import dlbook
from dlbook import (
    analysis,
    calculus,
    convolution,
    optim,
    probability,
    recurrent,
)

TOPICS = (analysis, calculus, convolution, optim, probability, recurrent)
ROOMS = {"check", "data", "device", "plot", "shapes"}
PLAIN = {
    module.__name__.split(".")[-1]: as_module(sources(module))
    for module in TOPICS
}


class Row(NamedTuple):
    """A call that is right: arrays, numbers and what else it takes.

    `build` makes the arguments of the arrays, where they are not those
    themselves, e.g. puts them into a state.
    """

    arrays: Mapping[str, Tensor] = MappingProxyType({})
    numbers: Mapping[str, Any] = MappingProxyType({})
    others: Mapping[str, Any] = MappingProxyType({})
    build: Callable[..., dict[str, Any]] = dict


def whole(seed: int, *shape: int) -> Tensor:
    """Return numbers from -4 to 4, without a point and not symmetric."""
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randint(-4, 5, shape, generator=generator)
    return drawn.to(torch.float64)


def real(*entries: Any) -> Tensor:
    return torch.tensor(entries, dtype=torch.float64)


def square(x):
    return (x * x).sum()


def twice(theta):
    return 2 * theta


def log_p(theta, x):
    return -((x - theta) ** 2).sum() / 2


def path(theta, eps):
    return theta + eps


def map_(x):
    return (x * x).cumsum(0)


def stateful(kind: str, *fields: str) -> Callable[..., dict[str, Any]]:
    """Return what puts arrays of these names into a state of optim."""

    def build(**arrays: Any) -> dict[str, Any]:
        held = {name: arrays.pop(name) for name in fields}
        return {**arrays, "state": getattr(PLAIN["optim"], kind)(**held, t=3)}

    return build


def seeded(**arrays: Any) -> dict[str, Any]:
    """Return the arrays and a source of random numbers, always the same."""
    return {**arrays, "rng": torch.Generator().manual_seed(0)}


SPD = real([4, 1, 0], [1, 5, 2], [0, 2, 6])
GD = {"eta": 0.25}
THETA = {"theta": whole(7, 2, 3)}
DRAWS = {"theta": real(1, 2, -1), "x": whole(4, 5, 3)}
POINTS = {"x": whole(1, 4, 3), "y": whole(2, 4, 3)}
MAPS = {"x": whole(9, 2, 6, 7)}
POOL = Row(MAPS, {"size": 2, "stride": 3})
DRIVEN = {"u": whole(2, 2, 5, 3), "z0": whole(3, 2, 3)}
LAYER = {"stride": 2, "padding": 1, "dilation": 1}

ROWS = {
    "analysis.condition_number": Row({"A": SPD + real([0, 1, 2])}),
    "analysis.convexity_gap": Row(
        {**POINTS, "lam": real(0, 1, 0.5, 0.25)}, others={"f": square}
    ),
    "analysis.curvature_range": Row({"H": SPD}),
    "analysis.gradient_descent_rate": Row({"H": SPD}, {"eta": 0.25}),
    "analysis.pathwise_gradient": Row(
        {"theta": real(1, 2, -1), "eps": whole(4, 5, 3)},
        others={"f": square, "path": path},
    ),
    "analysis.score_gradient": Row(
        DRAWS, {"baseline": 0.5}, {"f": square, "log_p": log_p}
    ),
    "analysis.steepest_chord": Row({"x": real(0, 3, 1, 7), "y": whole(1, 4)}),
    "analysis.tangent_gap": Row(POINTS, {"mu": 0.5}, {"f": square}),
    "calculus.contract": Row(
        {"A": whole(0, 2, 3), "B": whole(1, 3, 4)}, {"axes": 1}
    ),
    "calculus.finite_difference": Row(
        {"x": whole(0, 3, 2)}, {"h": 0.125}, {"f": map_}
    ),
    "calculus.gradient": Row({"x": whole(0, 3, 2)}, others={"f": map_}),
    "calculus.jacobian": Row({"x": whole(0, 3, 2)}, others={"f": map_}),
    "calculus.tensor_jacobian": Row({"x": whole(0, 3, 2)}, others={"f": map_}),
    "calculus.vec": Row({"X": whole(0, 3, 2)}),
    "convolution.avg_pool": POOL,
    "convolution.circulant": Row({"h": whole(0, 3)}, {"n": 5}),
    "convolution.conv2d": Row(
        {
            "x": whole(0, 2, 3, 6, 7),
            "w": whole(1, 4, 3, 3, 2),
            "b": whole(2, 4),
        },
        LAYER,
    ),
    "convolution.conv2d_backward": Row(
        {
            "delta": whole(2, 2, 4, 3, 4),
            "x": whole(0, 2, 3, 6, 7),
            "w": whole(1, 4, 3, 3, 2),
        },
        LAYER,
    ),
    "convolution.conv_transpose2d": Row(
        {"delta": whole(2, 2, 4, 3, 4), "w": whole(1, 4, 3, 3, 2)}, LAYER
    ),
    "convolution.convolve": Row({"f": whole(0, 7), "h": whole(1, 3)}),
    "convolution.convolve#2d": Row({"f": whole(0, 7, 5), "h": whole(1, 3, 2)}),
    "convolution.convolve_fft": Row({"f": whole(0, 7), "h": whole(1, 3)}),
    "convolution.correlate": Row({"h": whole(1, 3), "f": whole(0, 7)}),
    "convolution.count_conv": Row(
        numbers={"channels": 3, "filters": 4, "size": (3, 2)}
    ),
    "convolution.count_dense": Row(numbers={"inputs": 3, "outputs": 4}),
    "convolution.count_local": Row(
        numbers={"channels": 3, "filters": 4, "size": 3, "outputs": (5, 6)}
    ),
    "convolution.lse_pool": POOL._replace(
        numbers={**POOL.numbers, "beta": 0.5}
    ),
    "convolution.max_pool": POOL,
    "convolution.output_size": Row(
        numbers={"n": 28, "k": 5, "stride": 2, "padding": 1, "dilation": 1}
    ),
    "convolution.receptive_field": Row(others={"layers": [(3, 2), (5, 1, 2)]}),
    "convolution.rot180": Row({"x": whole(0, 3, 4)}),
    "convolution.softmax_pool": POOL._replace(
        numbers={**POOL.numbers, "beta": 0.5}
    ),
    "convolution.toeplitz": Row({"h": whole(0, 3)}, {"n": 5}),
    "optim.adagrad": Row(THETA, GD, {"grad": twice}),
    "optim.adagrad#state": Row(
        {**THETA, "s": whole(3, 2, 3) ** 2},
        GD,
        {"grad": twice},
        stateful("AdaGradState", "s"),
    ),
    "optim.adam": Row(
        THETA, {**GD, "beta1": 0.5, "beta2": 0.75}, {"grad": twice}
    ),
    "optim.adam#state": Row(
        {**THETA, "m": whole(4, 2, 3), "v": whole(3, 2, 3) ** 2},
        GD,
        {"grad": twice},
        stateful("AdamState", "m", "v"),
    ),
    "optim.ema": Row({"mean": whole(1, 2, 3), **THETA}, {"beta": 0.25}),
    "optim.gd": Row(THETA, GD, {"grad": twice}),
    "optim.minimize": Row(
        THETA,
        {"steps": 3},
        {
            "grad": twice,
            "step": partial(PLAIN["optim"].gd, eta=0.25),
            "until": lambda theta: theta.sum() > 99,
        },
    ),
    "optim.momentum": Row(THETA, {**GD, "beta": 0.5}, {"grad": twice}),
    "optim.momentum#state": Row(
        {**THETA, "old": whole(4, 2, 3)},
        {**GD, "beta": 0.5},
        {"grad": twice},
        stateful("MomentumState", "old"),
    ),
    "optim.nesterov": Row(THETA, {**GD, "beta": 0.5}, {"grad": twice}),
    "optim.nesterov#state": Row(
        {**THETA, "old": whole(4, 2, 3)},
        {**GD, "beta": 0.5},
        {"grad": twice},
        stateful("NesterovState", "old"),
    ),
    "optim.polyak": Row({"mean": whole(1, 2, 3), **THETA}, {"t": 2}),
    "optim.rmsprop": Row(THETA, {**GD, "beta": 0.5}, {"grad": twice}),
    "optim.rmsprop#state": Row(
        {**THETA, "s": whole(3, 2, 3) ** 2},
        {**GD, "beta": 0.5},
        {"grad": twice},
        stateful("RMSPropState", "s"),
    ),
    "probability.density_of_sum": Row(
        {"f": real(0, 1, 1, 0), "g": real(1, 0, 1)}, {"h": 0.5}
    ),
    "probability.gaussian_conditional": Row(
        {"mu": real(1, 2, 3), "Sigma": SPD, "z": whole(0, 4, 2)},
        others={"observed": [2, 0]},
    ),
    "probability.gaussian_conditional#places": Row(
        {
            "mu": real(1, 2, 3),
            "Sigma": SPD,
            "observed": torch.tensor([2, 0]),
            "z": whole(0, 4, 2),
        },
    ),
    "probability.gaussian_logpdf": Row(
        {"x": whole(0, 4, 3), "mu": real(1, 2, 3), "Sigma": SPD}
    ),
    "probability.gaussian_mle": Row({"X": whole(0, 5, 3)}),
    "probability.mgf": Row(
        {
            "t": whole(0, 2, 4) / 2,
            "x": real(0, 1, 3),
            "p": real(0.25, 0.5, 0.25),
        }
    ),
    "probability.mgf_bernoulli": Row({"t": whole(0, 2, 4) / 2}, {"p": 0.25}),
    "probability.mgf_binomial": Row(
        {"t": whole(0, 2, 4) / 2}, {"n": 3, "p": 0.25}
    ),
    "probability.mgf_gamma": Row(
        {"t": whole(0, 2, 4) / 2}, {"alpha": 2.0, "beta": 0.125}
    ),
    "probability.mgf_normal": Row(
        {"t": whole(0, 2, 4) / 2}, {"mu": 0.5, "sd": 0.25}
    ),
    "probability.mgf_poisson": Row({"t": whole(0, 2, 4) / 2}, {"lam": 0.5}),
    "recurrent.bptt": Row(
        {
            "U": whole(0, 3, 3) / 4,
            "x": whole(1, 2, 5, 4),
            "Z": whole(2, 2, 5, 3) / 4,
            "delta": whole(3, 2, 5, 3),
            "z0": whole(4, 2, 3),
        },
        others={"phi": "tanh"},
    ),
    "recurrent.diagonalize": Row(
        {"A": real([4, 1, 2], [0, 1, 3], [0, 0, -2])}
    ),
    "recurrent.linear_fft": Row({**DRIVEN, "lam": real(0, 0.5, -1)}),
    "recurrent.linear_recurrence": Row({"A": whole(0, 3, 3) / 4, **DRIVEN}),
    "recurrent.linear_recurrence#diagonal": Row(
        {"A": real(0, 0.5, -1), **DRIVEN}
    ),
    "recurrent.linear_scan": Row({"lam": real(0, 0.5, -1), **DRIVEN}),
    "recurrent.linear_scan#steps": Row(
        {"lam": whole(1, 2, 5, 3) / 4, **DRIVEN}
    ),
    "recurrent.ring": Row(
        numbers={"d": 3, "inner": 0.25, "outer": 0.75, "angle": 1.5},
        build=seeded,
    ),
}


# ---- what comes out -------------------------------------------------------
def function(key: str) -> Callable[..., Any]:
    module, name = key.split("#")[0].split(".")
    return getattr(PLAIN[module], name)


def leaves(result: Any) -> list[Tensor]:
    """Return all numbers of a result, as float64 or complex128."""
    if isinstance(result, tuple):
        return [leaf for part in result for leaf in leaves(part)]
    if result is None:
        return []
    x = torch.as_tensor(result).detach()
    return [x.to(torch.complex128 if x.is_complex() else torch.float64)]


def outcome(key: str, row: Row, /, **changed: Any) -> Any:
    """Return the numbers that come out, or the error."""
    given = {name: changed.get(name, x) for name, x in row.arrays.items()}
    rest = {
        name: changed.get(name, x)
        for name, x in {**row.numbers, **row.others}.items()
    }
    try:
        return leaves(function(key)(**row.build(**given), **rest))
    except Exception as error:
        return error


def ours(key: str, error: Exception) -> bool:
    """Say whether an error is a sentence that begins with an argument."""
    names = set(inspect.signature(function(key)).parameters)
    words = re.match(r"[\w, ]+", str(error))
    first = words[0].replace(",", " ").split()[0] if words else ""
    return type(error) in (ValueError, TypeError) and (
        first in names and "expected" in str(error)
    )


def same(got: Any, want: Any, eps: float) -> bool:
    if isinstance(got, Exception) or isinstance(want, Exception):
        return isinstance(got, Exception) and isinstance(want, Exception)
    if len(got) != len(want):
        return False
    for a, b in zip(got, want, strict=True):
        scale = float(b.nan_to_num(0, 0, 0).abs().max()) if b.numel() else 0
        try:
            assert_close(
                a, b, rtol=eps, atol=eps * scale, check_dtype=False,
                equal_nan=True,
            )  # fmt: skip
        except AssertionError:
            return False
    return True


class Judge(NamedTuple):
    """What may come out: numbers, a refusal, or both."""

    want: Any = None  # the numbers; None if any will do
    eps: float = 1e-12
    refusal: bool = True  # whether it may be refused
    numbers: bool = True  # whether numbers may come
    nan: bool = False  # whether one of them has to be nan

    def __call__(self, key: str, got: Any) -> str | None:
        """Return what is wrong; None if nothing is."""
        if isinstance(got, Exception):
            if not ours(key, got):
                return f"crash: {type(got).__name__}: {str(got)[:100]}"
            return None if self.refusal else f"refused: {got}"
        if not self.numbers:
            return f"let in: {got}"
        if self.nan and not any(bool(x.isnan().any()) for x in got):
            return f"lost a nan: {got}"
        if self.want is None or isinstance(self.want, Exception):
            return None  # an error is told where float64 itself is tried
        if not same(got, self.want, self.eps):
            return f"other numbers: {got} instead of {self.want}"
        return None


# ---- what users hold: each yields what came out, and its judge ------------
def exact(name: str, x: Any) -> Tensor:
    """Return an array as a tensor of float64; places stay whole."""
    x = x.double().numpy() if isinstance(x, Tensor) else np.asarray(x)
    return torch.tensor(x.astype(np.int64 if name == "observed" else float))


def compared(key, row, changed, eps=1e-12):
    """Compare with a call of float64 with the same numbers."""
    like = {name: exact(name, x) for name, x in changed.items()}
    got = outcome(key, row, **changed)
    return got, Judge(outcome(key, row, **like), eps)


def every(row, change):
    return {name: change(x) for name, x in row.arrays.items()}


def each(row, *changes):
    for name, x in row.arrays.items():
        for change in changes:
            yield {name: change(x)}


def to(dtype):
    return lambda x: x.to(dtype) if x.is_floating_point() else x


def read_only(x):
    a = x.numpy().copy()
    a.flags.writeable = False
    return a


def as_it_is(key, row):
    yield outcome(key, row), Judge(refusal=False)


def lists(key, row):
    for change in (every(row, Tensor.tolist), *each(row, Tensor.tolist)):
        got, judge = compared(key, row, change)
        yield got, judge._replace(refusal=False)


def numpy_arrays(key, row):
    for change in (
        every(row, Tensor.numpy),
        *each(
            row,
            Tensor.numpy,
            read_only,
            lambda x: np.asfortranarray(x.numpy()),
            lambda x: x.flip(0).numpy()[::-1],
            lambda x: x.numpy().astype(x.numpy().dtype.newbyteorder()),
        ),
    ):
        got, judge = compared(key, row, change)
        yield got, judge._replace(refusal=False)


def integers(key, row):
    for dtype in (torch.int64, torch.int32, torch.int8, torch.uint8):
        some = every(row, lambda x, d=dtype: x.abs().round().to(d))
        yield compared(key, row, some)
        yield compared(key, row, {name: x.numpy() for name, x in some.items()})
        for name, x in some.items():
            yield compared(key, row, {name: x})
        if dtype.is_signed:
            signed = every(row, lambda x, d=dtype: x.round().to(d))
            yield compared(key, row, signed)


def half_precision(key, row):
    for dtype in (torch.float16, torch.bfloat16):
        eps = 64 * torch.finfo(dtype).eps
        yield compared(key, row, every(row, to(dtype)), eps)


def mixed_dtypes(key, row):
    for dtype in (torch.float32, torch.float16):
        alone = len(row.arrays) == 1
        eps = 64 * torch.finfo(dtype).eps if alone else 1e-12
        for change in each(row, to(dtype)):
            for hold in (Tensor.clone, Tensor.numpy):
                held = {name: hold(x) for name, x in change.items()}
                yield compared(key, row, held, eps)


def empty_ones(key, row):
    for name, x in row.arrays.items():
        for axis in range(x.ndim):
            none = x.narrow(axis, 0, 0)
            for held in (none, none.tolist(), none.numpy()):
                yield outcome(key, row, **{name: held}), Judge()


def a_nan(key, row):
    for name, x in row.arrays.items():
        if x.is_floating_point():
            spoilt = x.clone()
            spoilt.view(-1)[0] = math.nan
            yield outcome(key, row, **{name: spoilt}), Judge(nan=True)


def a_wrong_rank(key, row):
    for change in each(
        row,
        lambda x: x[None],
        lambda x: x[0],
        lambda x: x[..., None],
        lambda x: x[..., 0],
        lambda x: x.sum(),
    ):
        yield outcome(key, row, **change), Judge()


def transposed(key, row):
    """A view gives what its copy gives, in the right orientation or not."""
    for name, x in row.arrays.items():
        view = torch.stack([x, x], -1)[..., 0]
        got, judge = compared(key, row, {name: view})
        yield got, judge._replace(refusal=False)
        if x.ndim > 1:
            want = outcome(key, row, **{name: x.mT.contiguous()})
            yield outcome(key, row, **{name: x.mT}), Judge(want)


def no_numbers(key, row):
    for wrong in ("abc", {"a": 1}, object(), None, [[1, 2], [3]], ["a", "b"]):
        for change in each(row, lambda _, wrong=wrong: wrong):
            left_out = {"b", "z0"} & set(change)  # they may be
            fine = wrong is None and bool(left_out)
            yield outcome(key, row, **change), Judge(numbers=fine)
    for change in each(row, lambda x: x * 1j, lambda x: x.to_sparse()):
        yield outcome(key, row, **change), Judge()


def numbers(key, row):
    """NumPy's numbers, arrays and tensors of one are numbers, too."""
    want = outcome(key, row)
    for name, x in row.numbers.items():
        held = [np.array(x), torch.tensor(x)]
        if isinstance(x, tuple):
            held.append(list(x))
        else:
            single = np.float32 if isinstance(x, float) else np.int16
            held += [np.array(x)[()], single(x)]
        for same_ in held:
            got = outcome(key, row, **{name: same_})
            yield got, Judge(want, refusal=False)
        for wrong in ("abc", [1, 2, 3, 4, 5], object(), 1j):
            got = outcome(key, row, **{name: wrong})
            yield got, Judge(numbers=False)
        for odd in (None, math.nan, -1, 0.5):
            yield outcome(key, row, **{name: odd}), Judge()


def functions(key, row):
    """What a function returns may be NumPy or a list, where none is traced."""
    want = outcome(key, row)
    for name, f in row.others.items():
        if name in ("f", "grad", "log_p", "path"):
            for turned in (
                lambda *a, f=f: np.asarray(f(*a)),
                lambda *a, f=f: f(*a).tolist(),
                lambda *a, f=f: np.asarray(f(*map(torch.clone, a))),
            ):
                got = outcome(key, row, **{name: turned})
                yield got, Judge(want, 1e-6, refusal=name != "grad")
            for wrong in (lambda *a: "abc", lambda *a: None):
                got = outcome(key, row, **{name: wrong})
                yield got, Judge(numbers=False)
        if callable(f) and name != "until":
            for wrong in ("abc", None, 3):
                got = outcome(key, row, **{name: wrong})
                yield got, Judge(numbers=False)


KINDS = (
    as_it_is, lists, numpy_arrays, integers, half_precision, mixed_dtypes,
    empty_ones, a_nan, a_wrong_rank, transposed, no_numbers, numbers,
    functions,
)  # fmt: skip


# ---- the table ------------------------------------------------------------
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("key", ROWS)
def test_users_meet_numbers_or_a_sentence_of_ours(key, kind):
    said = [judge(key, got) for got, judge in kind(key, ROWS[key])]
    assert [complaint for complaint in said if complaint] == []


def test_every_public_function_has_a_row():
    folder = Path(dlbook.__file__).parent
    rooms = {
        path.stem
        for path in folder.iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert rooms - ROOMS - {"__init__"} == set(PLAIN)
    public = {
        f"{topic}.{name}"
        for topic, module in PLAIN.items()
        for name in module.__all__
        if inspect.isfunction(getattr(module, name))
    }
    assert public == {key.split("#")[0] for key in ROWS}


def test_a_row_names_every_argument_that_is_an_array_or_a_number():
    for key, row in ROWS.items():
        named = {*row.arrays, *row.numbers, *row.others}
        for name, parameter in inspect.signature(
            function(key)
        ).parameters.items():
            options = {"state", "mode", "bias", "eps_inside", "axes", "eps"}
            left = {"beta1", "beta2", "size", "rng"} | options
            if parameter.default is inspect.Parameter.empty:
                assert name in named, (key, name)
            else:
                assert name in named | left, (key, name)


@pytest.mark.parametrize(
    ("got", "judge", "says"),
    [
        (RuntimeError("A: expected"), Judge(), "crash: RuntimeError"),
        (ValueError("B: expected"), Judge(), "crash: ValueError"),
        (ValueError("A: no"), Judge(), "crash: ValueError: A: no"),
        (ValueError("A: expected"), Judge(), None),
        (ValueError("A: expected"), Judge(refusal=False), "refused: A"),
        ([real(1)], Judge([real(1)]), None),
        ([real(1)], Judge([real(1.1)]), "other numbers"),
        ([real(1)], Judge([real(1.1)], 0.2), None),
        ([real(1)], Judge([real([1])]), "other numbers"),
        ([real(1)], Judge([real(1), real(2)]), "other numbers"),
        ([real(1)], Judge(numbers=False), "let in"),
        ([real(1)], Judge(nan=True), "lost a nan"),
        ([real(1), real(math.nan)], Judge(nan=True), None),
    ],
)
def test_the_judge(got, judge, says):
    said = judge("analysis.condition_number", got)
    assert said is None if says is None else said.startswith(says)


# ---- by hand --------------------------------------------------------------
def test_pixels_do_not_wrap():
    """Nine pixels of 200 make 1800, and not 8 as modulo 256."""
    x = np.full((1, 1, 3, 3), 200, np.uint8)
    y = PLAIN["convolution"].conv2d(x, np.ones((1, 1, 3, 3), np.uint8))
    assert y.tolist() == [[[[1800.0]]]]
    mean = PLAIN["convolution"].avg_pool(x, 3)
    assert mean.tolist() == [[[[200.0]]]]


def test_the_draws_of_a_survey_are_whole_numbers():
    mu, Sigma = PLAIN["probability"].gaussian_mle([[1, 2], [3, 8]])
    assert mu.tolist() == [2, 5]
    assert Sigma.tolist() == [[1, 3], [3, 9]]


def test_a_walk_from_a_list_with_a_gradient_of_numpy():
    o = PLAIN["optim"]
    step = partial(o.adam, eta=0.1)
    walk = o.minimize(step, lambda x: 2 * np.asarray(x), [1, -2], steps=5)
    want = o.minimize(step, lambda x: 2 * x, real(1, -2), steps=5)
    assert_close(walk, want)


def test_a_simulator_needs_no_torch():
    """f of the score estimator may count, branch and return a number."""

    def f(x):
        return 3 if float(x[0]) > 0 else 1

    got = PLAIN["analysis"].score_gradient(
        f, log_p, [0.0], [[1.0], [-1.0]], baseline=1
    )
    assert got.tolist() == [[2.0], [0.0]]
