import base64
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import NamedTuple

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.figure import Figure

from dlbook import plot
from dlbook.plot import drawings, page, picture

WORDS = {
    "name": "fall",
    "caption": "The line falls, and falls more and more slowly.",
}
ALT = "a line that falls from one & stays < .1"
PAGE = {"light": "#FFFFFF", "dark": "#14181E"}


@pytest.fixture(autouse=True)
def look():
    with mpl.rc_context():
        plot.style()
        yield


@pytest.fixture
def shown(monkeypatch):
    """Stand in for a notebook, and collect what it is given."""
    import IPython

    outputs = []

    def display(data, *, metadata=None, raw=False):
        assert raw
        outputs.append((data, metadata))

    monkeypatch.setattr(IPython, "get_ipython", object)
    monkeypatch.setattr(IPython.display, "display", display)
    return outputs


def line():
    return plot.curves({"a": [1.0, 0.5, 0.25]}, xlabel="step", ylabel="loss")


# show


@pytest.mark.parametrize("kind", ["svg", "png"])
@pytest.mark.parametrize("dark", ["invert", "keep"])
def test_show_gives_one_output_with_its_words(shown, kind, dark):
    plot.show(line(), **WORDS, alt=f"  {ALT}\n", kind=kind, dark=dark)
    (data, metadata), _ = shown
    mime = {"svg": "image/svg+xml", "png": "image/png"}[kind]
    assert set(data) == {mime, "text/plain"}
    assert data["text/plain"] == ALT
    assert metadata["dlbook"] == {"alt": ALT, "dark": dark, "name": "fall"}
    if kind == "png":
        assert base64.b64decode(data[mime]).startswith(b"\x89PNG")
        assert metadata[mime] == {"width": 576, "height": 336}


def test_the_svg_itself_carries_the_words(shown):
    plot.show(line(), **WORDS, alt=ALT)
    root = ET.fromstring(shown[0][0]["image/svg+xml"])
    assert root.get("role") == "img"
    assert root.get("aria-label") == ALT


@pytest.mark.parametrize(
    ("alt", "reason"),
    [
        ("", "at least 20"),
        ("   a line   \n          ", "at least 20"),
        ("Loss against steps — of one run!", "own title"),
    ],
)
def test_show_refuses_words_that_say_nothing(alt, reason):
    ax = line()
    ax.set_title("loss against steps, of one run")
    with pytest.raises(ValueError, match=rf"^alt: .*{reason}"):
        plot.show(ax, **WORDS, alt=alt)


def test_show_refuses_what_it_does_not_know():
    with pytest.raises(ValueError, match=r"^dark: .*'flip'"):
        plot.show(line(), **WORDS, alt=ALT, dark="flip")
    with pytest.raises(ValueError, match=r"^kind: .*'pdf'"):
        plot.show(line(), **WORDS, alt=ALT, kind="pdf")


def test_outside_a_notebook_show_is_quiet(capsys):
    assert plot.show(line(), **WORDS, alt=ALT) is None
    plot.source(plot.style)
    assert capsys.readouterr() == ("", "")


def test_pyplot_does_not_know_of_the_figures():
    plot.figure(cols=2)
    line()
    assert plt.get_fignums() == []


def test_compact_svg_draws_the_same_lines():
    fig = line().figure
    whole, short = picture.raw(fig), picture.svg(fig, ALT, background="none")
    assert len(short) < 0.7 * len(whole)
    found = []
    for text in (whole, short):
        root = ET.fromstring(text)
        paths = [e.get("d") for e in root.iter() if e.tag.endswith("path")]
        numbers = [re.findall(r"-?\d+(?:\.\d+)?", d) for d in paths if d]
        found.append(
            (
                [re.findall("[A-Za-z]", d) for d in paths if d],
                [float(n) for path in numbers for n in path],
                [
                    "".join(e.itertext())
                    for e in root.iter()
                    if e.tag.endswith("text")
                ],
            )
        )
    assert found[0][0] == found[1][0]
    np.testing.assert_allclose(found[0][1], found[1][1], atol=0.0051)
    assert found[0][2] == found[1][2]


def test_every_reference_in_the_svg_has_its_target():
    fig = plot.graph([[0, 1], [1, 2]], np.eye(3)[:, :2], classes=[3, 5, 3])
    text = picture.svg(fig.figure, ALT, background="none")
    used = set(re.findall(r'(?:url\(|href=")#([\w-]+)', text))
    assert used
    assert used == set(re.findall(r' id="([^"]*)"', text))


PROCESS = """
import matplotlib as mpl
before = dict(mpl.rcParams)
from dlbook import plot
from dlbook.plot import page, picture, sliders
assert dict(mpl.rcParams) == before, "importing changed the look"
import hashlib, io
plot.style()
ax = plot.curves({"a": [1, 2], "b": [3, 1]}, xlabel="$x$", ylabel="y", log="y")
ax.scatter([0, 1], [1, 2])
out = picture.svg(ax.figure, "words", background="none") + page._png(ax.figure)
def draw(ax, k, kind):
    ax.plot([0, 1], [0, k], marker="o"); ax.scatter([.5], [k / 2])
    ax.set(xlim=(0, 1), ylim=(0, 3), title=f"{k} {kind}")
out += sliders._page(draw, ("a" * 30, "q" * 30, "b" * 30), {}, {},
                         {"k": [1, 2], "kind": ["p", "q"]})
print(hashlib.sha256(out.encode()).hexdigest())
"""


def test_two_processes_draw_the_same_bytes():
    found = set()
    for seed in "12":
        env = {**os.environ, "PYTHONHASHSEED": seed}
        env.pop("SOURCE_DATE_EPOCH", None)
        found.add(
            subprocess.run(
                [sys.executable, "-c", PROCESS],
                env=env,
                cwd=Path(__file__).parents[1],
                check=True,
                capture_output=True,
            ).stdout
        )
    assert len(found) == 1


# Contrast, by the definition of WCAG 2 and the filters of CSS.


def rgb(colour):
    return np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])


def inverted(colour):
    """``filter: invert(1) hue-rotate(180deg)``."""
    luma = np.array([0.213, 0.715, 0.072])
    turn = 2 * np.tile(luma, (3, 1)) - np.eye(3)
    return np.clip(turn @ (1 - colour), 0, 1)


def contrast(a, b):
    lights = []
    for c in (a, b):
        linear = np.where(
            c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4
        )
        lights.append(linear @ [0.2126, 0.7152, 0.0722] + 0.05)
    return max(lights) / min(lights)


@pytest.mark.parametrize("colour", [*page.COLOURS, drawings.GREY])
def test_lines_stand_out_on_both_pages(colour):
    c, light, dark = rgb(colour), rgb(PAGE["light"]), rgb(PAGE["dark"])
    assert contrast(c, light) >= 3
    assert contrast(inverted(c), dark) >= 3  # images, which the site inverts
    if colour != "#000000":  # black follows the text of the page
        assert contrast(c, dark) >= 3  # interactive figures


def test_ten_lines_differ_in_more_than_colour():
    cycle = list(mpl.rcParams["axes.prop_cycle"])
    pairs = {(style["color"], str(style["linestyle"])) for style in cycle}
    assert len(pairs) == len(cycle) == 10
    for five in (cycle[:5], cycle[5:]):
        assert len({str(style["linestyle"]) for style in five}) == 5


def test_text_is_eleven_points_or_more():
    text = line().figure.findobj(mpl.text.Text)
    assert min(t.get_fontsize() for t in text) >= 11


# What is drawn


def test_curves_draw_what_they_are_given():
    ax = plot.curves(
        {
            "tensor": torch.tensor([3.0, 5.0], requires_grad=True),
            "pair": ([1, 4, 9], [2, 7, 1]),
        },
        xlabel="step",
        ylabel="loss (nats)",
    )
    one, two = ax.lines
    np.testing.assert_array_equal(one.get_xydata(), [[0, 3], [1, 5]])
    np.testing.assert_array_equal(two.get_xydata(), [[1, 2], [4, 7], [9, 1]])
    words = [t.get_text() for t in ax.get_legend().get_texts()]
    assert words == ["tensor", "pair"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("step", "loss (nats)")


@pytest.mark.parametrize("log", ["", "x", "y", "xy"])
def test_scales(log):
    ax = plot.curves({"a": [1, 2]}, x=[1, 2], xlabel="x", ylabel="y", log=log)
    scales = ["log" if axis in log else "linear" for axis in "xy"]
    assert [ax.get_xscale(), ax.get_yscale()] == scales


@pytest.mark.parametrize(
    ("series", "options", "error", "says"),
    [
        ({}, {}, ValueError, "^series: .*none"),
        ({"a": []}, {}, ValueError, r"^series\['a'\]: .*\(0,\)"),
        ({"a": [[1]]}, {}, ValueError, r"^series\['a'\]: .*\(1, 1\)"),
        ({"a": ["b"]}, {}, TypeError, r"^series\['a'\]: .*real numbers"),
        ({"a": [1, 2]}, {"x": [1]}, ValueError, "expected 1 values.*got 2"),
        ({"a": [1, -2]}, {"log": "y"}, ValueError, "no negative y.*-2"),
        ({"a": [1]}, {"x": [-1], "log": "x"}, ValueError, "no negative x"),
        ({"a": [1]}, {"log": "z"}, ValueError, "^log: .*'z'"),
    ],
)
def test_curves_refuse(series, options, error, says):
    with pytest.raises(error, match=says):
        plot.curves(series, xlabel="x", ylabel="y", **options)


def test_zeros_leave_a_gap_on_a_logarithmic_axis():
    ax = plot.curves({"a": [1.0, 0.0]}, xlabel="x", ylabel="y", log="y")
    picture.raw(ax.figure)
    assert ax.get_yscale() == "log"


def test_band_is_mean_and_standard_deviation():
    runs = np.array([[1.0, 4.0, 2.0], [3.0, 0.0, 2.0]])
    ax = plot.band(plot.figure()[1], runs, label="loss", sds=2)
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [2, 2, 2])
    edge = ax.collections[0].get_paths()[0].vertices
    half = 2 * runs.std(axis=0, ddof=1)
    for x in range(3):
        at = edge[edge[:, 0] == x][:, 1]
        np.testing.assert_allclose(
            [at.min(), at.max()], [2 - half[x], 2 + half[x]]
        )
    with pytest.raises(ValueError, match=r"two runs or more, got 1"):
        plot.band(plot.figure()[1], runs[:1], label="loss")


@pytest.mark.parametrize("log", [False, True])
def test_field_draws_lines_on_which_the_function_is_constant(log):
    ax = plot.field(
        lambda x, y: x**2 + 3 * y**2, (-2, 3), (-1, 2), levels=5, log=log
    )
    (contours,) = ax.collections
    assert len(contours.levels) == 5
    steps = np.diff(np.log(contours.levels) if log else contours.levels)
    np.testing.assert_allclose(steps, steps[0])
    for level, path in zip(contours.levels, contours.get_paths(), strict=True):
        x, y = path.vertices.T
        # linear interpolation errs by at most (f'' h²) / 8 in each direction
        np.testing.assert_allclose(x**2 + 3 * y**2, level, atol=2e-3)
    assert (ax.get_xlim(), ax.get_ylim()) == ((-2, 3), (-1, 2))


def test_field_refuses_what_is_not_elementwise():
    with pytest.raises(ValueError, match=r"^f\(x, y\): expected 2 axes"):
        plot.field(lambda x, y: x.sum(), (0, 1), (0, 1))
    with pytest.raises(ValueError, match=r"^f: .*\(101, 101\), got \(3, 3\)"):
        plot.field(lambda x, y: np.eye(3), (0, 1), (0, 1))
    with pytest.raises(ValueError, match=r"^f: .*≥ 0 for log"):
        plot.field(lambda x, y: x - y, (0, 1), (0, 1), log=True)


def test_images_share_one_scale(rng):
    pictures = torch.rand(7, 3, 5, generator=rng)
    fig = plot.images(pictures, list("abcdefg"), cols=3)
    drawn = [ax.images[0] for ax in fig.axes if ax.images]
    for k, image in enumerate(drawn):
        np.testing.assert_array_equal(image.get_array(), pictures[k])
    limits = {image.get_clim() for image in drawn}
    assert limits == {(pictures.min().item(), pictures.max().item())}
    assert [ax.get_title() for ax in fig.axes][:7] == list("abcdefg")
    with pytest.raises(ValueError, match=r"^titles: expected 7.*got 1"):
        plot.images(pictures, ["a"])
    with pytest.raises(ValueError, match=r"^pictures: .*\(3, 5\)"):
        plot.images(pictures[0])


def test_graph_draws_edges_from_source_to_target():
    pos = np.array([[0.0, 0], [3, 1], [5, 4]])
    ax = plot.graph([[0, 2], [1, 0]], pos, classes=[7, 7, 9], directed=True)
    arrows = [(a.xyann, a.xy) for a in ax.texts]
    np.testing.assert_array_equal(arrows, [(pos[0], pos[1]), (pos[2], pos[0])])
    seven, nine = ax.lines
    np.testing.assert_array_equal(seven.get_xydata(), pos[:2])
    np.testing.assert_array_equal(nine.get_xydata(), pos[2:])
    assert seven.get_marker() != nine.get_marker()
    with pytest.raises(ValueError, match=r"nodes 0 to 2.*0 to 3"):
        plot.graph([[0], [3]], pos)
    with pytest.raises(ValueError, match=r"got shape \(3, 2\)"):
        plot.graph([[0, 1], [1, 2], [2, 0]], pos)


# source


class Pair(NamedTuple):
    left: int  # of two
    right: int


def fenced(x):
    """Hold ```three``` of them."""
    return x


def test_source_shows_functions_and_classes(shown):
    plot.source(Pair, picture.emit)
    ((data, metadata),) = shown
    assert metadata == {}
    code = data["text/plain"]
    assert data["text/markdown"] == f"```python\n{code}\n```"
    assert code.startswith("class Pair(NamedTuple):\n    left: int  # of two")
    assert "\n\n\ndef emit(" in code


def test_source_fences_what_holds_a_fence(shown):
    plot.source(fenced)
    text = shown[0][0]["text/markdown"]
    assert text.startswith("````python\n")
    assert text.endswith("\n````")


def test_source_refuses_what_has_none():
    with pytest.raises(ValueError, match="at least one, got none"):
        plot.source()
    with pytest.raises(TypeError, match="written in Python, got <built-in"):
        plot.source(len)


def test_figure_is_a_figure():
    fig, axes = plot.figure(2, 3, sharex=True)
    assert isinstance(fig, Figure)
    assert axes.shape == (2, 3)
    assert tuple(fig.get_size_inches()) == (6.0, 5.6)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"name": "Zig Zag", "caption": "x" * 40}, "^name: .*'Zig Zag'"),
        ({"name": "zig", "caption": "Too short."}, "^caption: .*at least 40"),
        ({"name": "zig", "caption": f"{'A line ' * 7}falls!"}, "other words"),
    ],
)
def test_a_name_and_a_caption_that_say_too_little(given, message):
    alt = f"{'A line ' * 7}falls."
    with pytest.raises(ValueError, match=message):
        plot.show(plot.figure()[0], alt=alt, **given)


def test_the_caption_stands_below_the_picture(monkeypatch):
    seen = []
    monkeypatch.setattr(
        "dlbook.plot.page.emit", lambda *args: seen.append(args)
    )
    caption = "The line falls as $e^{-t}$, and is at half at the time 0.69."
    plot.show(
        plot.figure()[0], name="fall", caption=caption, alt="A falling line."
        " It bends upwards.",
    )  # fmt: skip
    (_, picture), (words, below) = seen
    assert picture["dlbook"]["name"] == below["dlbook"]["caption"] == "fall"
    assert words["text/markdown"] == caption
