"""dlbook.data: what it loads is what it says, and what it draws is uniform.

The comparisons take the package, so that the faults below can hand them a
wrong one.
"""

import math
import socket
import zlib
from collections import Counter
from functools import lru_cache
from pydoc_data.topics import topics

import networkx as nx
import numpy as np
import pytest
import torch
from faults import accepted, refuse, refused, sources
from scipy import stats
from sklearn.datasets import load_digits
from torch.testing import assert_close

from dlbook import data
from dlbook.shapes import edge_index

SOURCE = sources(data)
LOADERS = [
    data.digits,
    data.karate,
    data.series,
    lambda: data.shapes3d(9, 5, rng=torch.Generator().manual_seed(0)),
]


@pytest.mark.parametrize("load", [*LOADERS, data.text])
def test_nothing_is_downloaded_and_everything_repeats(load, monkeypatch):
    def offline(*_):
        raise OSError("the network was asked")

    monkeypatch.setattr(socket, "socket", offline)
    monkeypatch.setattr(socket, "create_connection", offline)
    state = torch.get_rng_state()
    first = load()
    np.random.seed(7)  # noqa: NPY002 - a loader that reads it would differ
    again = load()
    if isinstance(first, str):
        assert first == again
    else:
        assert_close(first, again, rtol=0, atol=0)
    assert_close(torch.get_rng_state(), state, rtol=0, atol=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("load", LOADERS)
def test_tensors_have_the_default_dtype(load, dtype):
    torch.set_default_dtype(dtype)  # the fixture of conftest sets it back
    tensors = [x for x in load() if isinstance(x, torch.Tensor)]
    assert {x.dtype for x in tensors if x.is_floating_point()} == {dtype}
    rest = {x.dtype for x in tensors if not x.is_floating_point()}
    assert rest == {torch.int64}


def digits_are_those_of_sklearn(o):
    d = o.digits()
    assert (len(d.X), len(d.X_test)) == (1257, 540)
    grey = torch.cat([d.X, d.X_test]).flatten(1) * d.sd + d.mean
    want = torch.tensor(load_digits().data)
    labels = torch.tensor(load_digits().target)
    assert_close(grey, grey.round(), rtol=0, atol=1e-9)
    ours = torch.column_stack([grey.round(), torch.cat([d.y, d.y_test])])
    theirs = torch.column_stack([want, labels])
    order = [np.lexsort(x.T.numpy()) for x in (ours, theirs)]
    assert_close(ours[order[0]], theirs[order[1]])


def digits_are_standardised_by_the_training_images_alone(o):
    d = o.digits(test=0.2, seed=3)
    assert_close(d.X.mean(), torch.tensor(0.0))
    assert_close(d.X.square().mean(), torch.tensor(1.0))
    assert abs(float(d.X_test.mean())) > 1e-4  # not refitted
    corner = d.X[:, 0, 0, 0]  # always white: no division by its sd of 0
    assert_close(corner, torch.full_like(corner, -d.mean / d.sd))


def digits_are_upright(o):
    """A transposed 7 would have its bar on the left."""
    d = o.digits()
    seven = d.X[d.y == 7].mean(0)[0]
    assert seven[:2].mean() > seven[-2:].mean() > d.X.min()
    assert seven[:, :2].mean() < seven[:2].mean()


def digits_are_split_by_class_and_by_seed(o):
    d, other = o.digits(test=0.4), o.digits(test=0.4, seed=1)
    share = d.y_test.bincount() / (d.y.bincount() + d.y_test.bincount())
    assert_close(share, torch.full((10,), 0.4), rtol=0, atol=0.005)
    assert not torch.equal(d.y, other.y)


def digits_refuse_what_is_no_share(o):
    for test in (0.0, 1.0, 540.0, -0.1, math.nan):
        says = r"test: .* \(0, 1\), got .* a share"
        refused(ValueError, says, o.digits, test=test)


def text_is_english(o):
    t = o.text()
    assert 300_000 < len(t) < 1_000_000
    assert 60 < len(set(t)) < 200
    assert sum(c.isascii() for c in t) > 0.99 * len(t)
    assert Counter(t.lower().split()).most_common(1)[0][0] == "the"
    names = sorted(topics)
    assert t.startswith(topics[names[0]] + "\n")
    assert t.endswith("\n" + topics[names[-1]])
    assert len(t) == sum(len(topics[name]) + 1 for name in names) - 1


def karate_club_is_that_of_networkx(o):
    e, weight, y = o.karate()
    edge_index(e, n=len(y))
    A = torch.zeros(34, 34).index_put_((e[1], e[0]), weight)
    want = nx.to_numpy_array(nx.karate_club_graph())
    assert_close(A, torch.tensor(want))
    assert e.shape == (2, 156)
    assert e.is_contiguous()


def karate_club_falls_apart_as_zachary_counts(o):
    """He counts 34 members, 78 edges, two halves; 0 and 33 led them."""
    e, _, y = o.karate()
    assert y.bincount().tolist() == [17, 17]
    assert (int(y[0]), int(y[33])) == (0, 1)
    across = (y[e[0]] != y[e[1]]).sum() / 2
    assert across < 78 / 5


def sunspots_follow_the_autoregression_of_yule(o):
    """Yule (1927) fits 1.34254 and -0.65504 to the years 1749 to 1924.

    His table is Wolfer's; ours was revised since, by less than a standard
    error of his coefficients, sqrt((1 - 0.65504²) / 176) = 0.057.
    """
    x, year = o.series()
    assert year.tolist() == list(range(1700, 2009))
    x = x[(year >= 1749) & (year <= 1924)]
    x = x - x.mean()
    past = torch.stack([x[1:-1], x[:-2]], 1)
    fit = torch.linalg.lstsq(past, x[2:, None]).solution[:, 0]
    assert_close(fit, torch.tensor([1.34254, -0.65504]), rtol=0, atol=0.057)


def sunspots_have_their_known_extremes(o):
    x, year = o.series()
    assert year[x.argmax()] == 1957
    assert year[x == 0].tolist() == [1711, 1712, 1810]
    assert x.isfinite().all()


def sunspots_have_been_copied_without_a_slip(o):
    """The checksum is that of the values which statsmodels 0.15 ships."""
    numbers = " ".join(f"{number:g}" for number in o.series().x.tolist())
    assert zlib.crc32(numbers.encode()) == 364322446


POINTS = 20_000
FIVE_SIGMAS = 2 * stats.norm.sf(5)


@lru_cache(maxsize=2)
def clouds(o):
    rng = torch.Generator().manual_seed(0)
    X, y = o.shapes3d(8, POINTS, rng=rng)
    return {o.SURFACES[k]: X[i].double() for i, k in enumerate(y)}


def on_the_surface(X):
    """Distance to each surface, zero on it, from its equation."""
    x, y, z = X.unbind(-1)
    r, rho, low = (x**2 + y**2).sqrt(), X.norm(dim=-1), -(0.5**0.5)
    normals = torch.tensor(
        [[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]
    ).to(X)
    return {
        "sphere": rho - 1,
        "hemisphere": torch.where(z > 0, rho - 1, z + (r > 1)),
        "cube": X.abs().amax(-1) - 3**-0.5,
        "tetrahedron": (-X @ normals.mT).amax(-1) - 3**-0.5,
        "octahedron": X.abs().sum(-1) - 1,
        "cylinder": torch.maximum(r + low, z.abs() + low),
        "cone": torch.maximum(r * 3**0.5 - (1 - z), -0.5 - z),
        "torus": (r - 0.7) ** 2 + z**2 - 0.09,
    }


def every_cloud_lies_on_its_own_surface_only(o):
    for name, X in clouds(o).items():
        for other, d in on_the_surface(X).items():
            far = d.abs().max()
            assert far < 1e-6 if name == other else far > 0.01, (name, other)
        assert X.norm(dim=-1).max() < 1 + 1e-6


def shares(name, X):
    """Count the points in parts whose shares of the area are known."""
    x, y, z = X.unbind(-1)
    third = torch.tensor([1.0, 2.0]) / 3
    if name == "hemisphere":  # base π, dome 2π
        return torch.stack([z == 0, z > 0]), third
    if name == "cylinder":  # bases π/2 each, side 2π
        flat = z.abs() > 0.5**0.5 - 1e-6
        parts = [flat & (z > 0), flat & (z < 0), ~flat]
        return torch.stack(parts), torch.tensor([1.0, 1, 4]) / 6
    if name == "cone":  # base 3π/4, side π · (√3/2) · √3
        base = z < -0.5 + 1e-6
        return torch.stack([base, ~base]), third
    if name == "torus":  # outer half 1/2 + 3/(7π)
        outer = x**2 + y**2 > 0.49
        out = 1 / 2 + 3 / (7 * math.pi)
        return torch.stack([outer, ~outer]), torch.tensor([out, 1 - out])
    signs = (X > 0).long() @ torch.tensor([1, 2, 4])  # octants
    if name == "tetrahedron":  # octants with a corner: a quarter of 3 faces
        at = signs[:, None] == torch.tensor([7, 1, 2, 4])
        parts = torch.cat([at, ~at.any(1, keepdim=True)], 1).mT
        return parts, torch.tensor([3.0, 3, 3, 3, 4]) / 16
    parts = torch.stack([signs == k for k in range(8)])
    return parts, torch.full((8,), 1 / 8)


def points_are_uniform_by_area(o):
    for name, X in clouds(o).items():
        parts, want = shares(name, X)
        assert_close(parts.sum(0), torch.ones_like(parts.sum(0)))
        sd = (want * (1 - want) / POINTS).sqrt()
        assert ((parts.double().mean(1) - want).abs() < 5 * sd).all(), name


UNIFORM = [
    ("sphere", lambda r, z: (z + 1) / 2),  # Archimedes
    ("hemisphere", lambda r, z: z[z > 0]),
    ("hemisphere", lambda r, z: (r**2)[z == 0]),
    ("cylinder", lambda r, z: (2 * r**2)[z.abs() > 0.7071]),
    ("cylinder", lambda r, z: (z[z.abs() < 0.7071] / 0.7071 + 1) / 2),
    ("cone", lambda r, z: (r**2 / 0.75)[z > -0.4999999]),
    ("cone", lambda r, z: (r**2 / 0.75)[z < -0.4999999]),
    ("cube", lambda r, z: (z[z.abs() < 0.57735] * 3**0.5 + 1) / 2),
    ("octahedron", lambda r, z: 1 - (1 - z.abs()) ** 2),
]


def one_coordinate_is_uniform(o):
    """Kolmogorov and Smirnov agree."""
    for name, uniform in UNIFORM:
        x, y, z = clouds(o)[name].unbind(-1)
        sample = uniform((x**2 + y**2).sqrt(), z).numpy()
        assert len(sample) > POINTS / 7, name
        assert stats.kstest(sample, "uniform").pvalue > FIVE_SIGMAS, name


def surfaces_of_revolution_prefer_no_direction(o):
    for name in ("sphere", "hemisphere", "cylinder", "cone", "torus"):
        x, y, _ = clouds(o)[name].unbind(-1)
        turn = torch.atan2(y, x) / (2 * math.pi) + 0.5
        p = stats.kstest(turn.numpy(), "uniform").pvalue
        assert p > FIVE_SIGMAS, name


def torus_has_the_angles_of_its_area(o):
    x, y, z = clouds(o)["torus"].unbind(-1)
    theta = torch.atan2(z, (x**2 + y**2).sqrt() - 0.7).numpy()

    def cdf(t):
        return (t + math.pi + 3 / 7 * np.sin(t)) / (2 * math.pi)

    assert stats.kstest(theta, cdf).pvalue > FIVE_SIGMAS


def every_number_below_one_gives_a_point(o):
    """The largest there is draws the last face, and no face behind it."""
    for dtype in (torch.float16, torch.float32, torch.float64):
        most = torch.nextafter(
            torch.ones(5).to(dtype), torch.zeros(5).to(dtype)
        )
        u = torch.linspace(0.1, 0.9, 5).to(dtype)
        for name in ("cube", "tetrahedron", "octahedron"):
            surface = o.made._surface
            X = accepted(surface, name, u, u.flip(0), most)
            on = on_the_surface(X.double())[name].abs().max()
            assert on < 4 * torch.finfo(dtype).eps, (name, dtype)


def clouds_take_turns_and_follow_the_generator(o):
    X, y = o.shapes3d(19, 5, rng=torch.Generator().manual_seed(1))
    assert X.shape == (19, 5, 3)
    assert_close(y, torch.arange(19) % 8)
    assert not torch.equal(X[0], X[8])
    other, _ = o.shapes3d(19, 5, rng=torch.Generator().manual_seed(2))
    assert not torch.equal(X, other)


def the_smallest_clouds(o):
    rng = torch.Generator().manual_seed(0)
    for n, points in ((0, 5), (1, 1), (3, 0)):
        X, y = accepted(o.shapes3d, n, points, rng=rng)
        assert (X.shape, y.shape) == ((n, points, 3), (n,))
    says = r"n: .* got -1; .* number of clouds"
    refused(ValueError, says, o.shapes3d, -1, 5, rng=rng)
    refused(ValueError, r"points: .* got -5", o.shapes3d, 1, -5, rng=rng)


COMPARISONS = [
    digits_are_those_of_sklearn,
    digits_are_standardised_by_the_training_images_alone,
    digits_are_upright,
    digits_are_split_by_class_and_by_seed,
    digits_refuse_what_is_no_share,
    text_is_english,
    karate_club_is_that_of_networkx,
    karate_club_falls_apart_as_zachary_counts,
    sunspots_follow_the_autoregression_of_yule,
    sunspots_have_their_known_extremes,
    sunspots_have_been_copied_without_a_slip,
    every_cloud_lies_on_its_own_surface_only,
    points_are_uniform_by_area,
    one_coordinate_is_uniform,
    surfaces_of_revolution_prefer_no_direction,
    torus_has_the_angles_of_its_area,
    every_number_below_one_gives_a_point,
    clouds_take_turns_and_follow_the_generator,
    the_smallest_clouds,
]


@pytest.mark.parametrize("compare", COMPARISONS)
def test_data_agree(compare):
    compare(data)


# ---- faults ---------------------------------------------------------------
FAULTS = {
    "digits standardised by all images": (
        "mean, sd = X.mean(), X.std(correction=0)",
        "mean, sd = (a := torch.cat([X, X_test])).mean(), a.std()",
        [digits_are_standardised_by_the_training_images_alone],
    ),
    "a standard deviation of a sample": (
        "X.std(correction=0)",
        "X.std(correction=1)",
        [digits_are_standardised_by_the_training_images_alone],
    ),
    "test images standardised by themselves": (
        "((part - mean) / sd)",
        "((part - part.mean()) / sd)",
        [
            digits_are_those_of_sklearn,
            digits_are_standardised_by_the_training_images_alone,
        ],
    ),
    "every pixel standardised for itself": (
        "mean, sd = X.mean(), X.std(correction=0)",
        "mean, sd = X.mean(), X.std(0) + 1e-9; sd = sd.mean()",
        [digits_are_standardised_by_the_training_images_alone],
    ),
    "digits transposed": (
        "data.images[:, None]",
        "data.images.transpose(0, 2, 1)[:, None]",
        [digits_are_those_of_sklearn, digits_are_upright],
    ),
    "digits upside down": (
        "data.images[:, None]",
        "data.images[:, None, ::-1]",
        [digits_are_those_of_sklearn, digits_are_upright],
    ),
    "labels of other images": (
        "return Digits(X, y.long(), X_test, y_test.long()",
        "return Digits(X, y.flip(0).long(), X_test, y_test.long()",
        [digits_are_those_of_sklearn],
    ),
    "the seed is forgotten": (
        "random_state=seed",
        "random_state=0",
        [digits_are_split_by_class_and_by_seed],
    ),
    "classes as they come": (
        "stratify=data.target",
        "stratify=None",
        [digits_are_split_by_class_and_by_seed],
    ),
    "the share of the training images": (
        "test_size=test",
        "test_size=1 - test",
        [digits_are_those_of_sklearn, digits_are_split_by_class_and_by_seed],
    ),
    "another share by default": (
        "test: float = 0.3",
        "test: float = 0.25",
        [digits_are_those_of_sklearn],
    ),
    "all images are for the test": (
        '"(0, 1)", "it is a share',
        '"(0, 1]", "it is a share',
        [digits_refuse_what_is_no_share],
    ),
    "topics in any order": (
        "for name in sorted(topics)",
        "for name in sorted(topics, key=len)",
        [text_is_english],
    ),
    "names for texts": (
        "topics[name] for name in",
        "name for name in",
        [text_is_english],
    ),
    "friendships in one direction": (
        "club.to_directed().edges",
        "club.edges",
        [karate_club_is_that_of_networkx],
    ),
    "edges as rows": (
        "for edge in both]).mT.contiguous()",
        "for edge in both]).mT",
        [karate_club_is_that_of_networkx],
    ),
    "everybody meets once": (
        "float(weight) for",
        "float(bool(weight)) for",
        [karate_club_is_that_of_networkx],
    ),
    "clubs exchanged": (
        '["club"] != "Mr. Hi"',
        '["club"] == "Mr. Hi"',
        [karate_club_falls_apart_as_zachary_counts],
    ),
    "years from 1701": (
        "1700 + torch.arange",
        "1701 + torch.arange",
        [
            sunspots_have_their_known_extremes,
            sunspots_follow_the_autoregression_of_yule,
        ],
    ),
    "a year with two numbers exchanged": (
        "154.4 125.9 84.8",
        "125.9 154.4 84.8",
        [sunspots_have_been_copied_without_a_slip],
    ),
    "the time runs back": (
        "SUNSPOTS.split()]",
        "SUNSPOTS.split()[::-1]]",
        [
            sunspots_have_their_known_extremes,
            sunspots_have_been_copied_without_a_slip,
        ],
    ),
    "clouds of one surface": (
        "% len(SURFACES)",
        "// len(SURFACES)",
        [clouds_take_turns_and_follow_the_generator],
    ),
    "clouds without the generator": (
        "torch.rand(n, points, 3, generator=rng, device=rng.device)",
        "torch.full((n, points, 3), 0.3)",
        [clouds_take_turns_and_follow_the_generator],
    ),
    "half a turn": (
        "phi = 2 * math.pi * v",
        "phi = math.pi * v",
        [surfaces_of_revolution_prefer_no_direction],
    ),
    "flat faces of another size": (
        "base = w < 1 / 3",
        "base = w < 1 / 4",
        [points_are_uniform_by_area],
    ),
    "the sphere crowds at its equator": (
        "r = (1 - z**2).sqrt()",
        "z = z**3; r = (1 - z**2).sqrt()",
        [one_coordinate_is_uniform],
    ),
    "the sphere bulges": (
        "r = (1 - z**2).sqrt()",
        "r = 1 - z**2",
        [every_cloud_lies_on_its_own_surface_only],
    ),
    "the hemisphere's base crowds at its middle": (
        "r = torch.where(base, u, 1 - u**2).sqrt()",
        "r = torch.where(base, u**2, 1 - u**2).sqrt()",
        [one_coordinate_is_uniform],
    ),
    "the cylinder has one base": (
        "(w - 1 / 6).sign()",
        "(w + 1 / 6).sign()",
        [points_are_uniform_by_area],
    ),
    "the cylinder is too thin": (
        "r = torch.where(base, u / 2, 1 / 2).sqrt()",
        "r = torch.where(base, u / 4, 1 / 4).sqrt()",
        [every_cloud_lies_on_its_own_surface_only],
    ),
    "the cone crowds at its tip": (
        "z = torch.where(base, -1 / 2, 1 - 3 / 2 * u.sqrt())",
        "u = u**2; z = torch.where(base, -1 / 2, 1 - 3 / 2 * u.sqrt())",
        [one_coordinate_is_uniform],
    ),
    "the torus forgets its area": (
        "theta = torch.where(too_much, theta + math.pi, theta)",
        "theta = theta + 0 * too_much",
        [points_are_uniform_by_area, torus_has_the_angles_of_its_area],
    ),
    "the torus is denser inside": (
        "too_much = 2 * w > 1 + 3 / 7 * theta.cos()",
        "too_much = 2 * w > 1 - 3 / 7 * theta.cos()",
        [points_are_uniform_by_area, torus_has_the_angles_of_its_area],
    ),
    "another tetrahedron": (
        "cube[cube.prod(1) > 0]",
        "cube[cube.prod(1) < 0]",
        [every_cloud_lies_on_its_own_surface_only],
    ),
    "triangles through the middle": (
        "T = T[(height > -1e-6).all(1) | (height < 1e-6).all(1)]",
        "T = T[(height > -9).all(1) | (height < 1e-6).all(1)]",
        [every_cloud_lies_on_its_own_surface_only],
    ),
    "a face behind the last": (
        "(w * len(T)).long()",
        "(w * len(T)).round().long()",
        [every_number_below_one_gives_a_point],
    ),
    "topics run together": (
        'return "\\n".join',
        'return "".join',
        [text_is_english],
    ),
    "half of the faces": (
        "(height > -1e-6).all(1) | (height < 1e-6).all(1)",
        "(height > -1e-6).all(1)",
        [points_are_uniform_by_area],
    ),
    "triangles that crowd at a corner": (
        "a, b = u.sqrt()[..., None], v[..., None]",
        "a, b = u[..., None], v[..., None]",
        [one_coordinate_is_uniform],
    ),
    "fewer than no clouds": (
        'whole("n", n, "[0, inf)"',
        'whole("n", n, "[-2, inf)"',
        [the_smallest_clouds],
    ),
    "no cloud is too few": (
        'whole("n", n, "[0, inf)"',
        'whole("n", n, "(0, inf)"',
        [the_smallest_clouds],
    ),
    "clouds without points": (
        'whole("points", points, "[0, inf)"',
        'whole("points", points, "(0, inf)"',
        [the_smallest_clouds],
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_noticed(fault):
    refuse(SOURCE, *FAULTS[fault])


def test_every_comparison_has_noticed_something():
    noticed = {compare for *_, found in FAULTS.values() for compare in found}
    assert noticed == set(COMPARISONS)


@pytest.mark.gpu
def test_clouds_live_where_the_generator_does():
    X, y = data.shapes3d(9, 5, rng=torch.Generator("cuda").manual_seed(0))
    assert (X.is_cuda, y.is_cuda) == (True, True)
    assert X.norm(dim=-1).max() < 1 + 1e-6
