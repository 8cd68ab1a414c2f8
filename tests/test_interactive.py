import html.parser
import itertools
import json
import re

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlbook import plot
from dlbook.plot import film, frames, sliders

ALT = "a line whose far end rises and falls"
QUESTION = "Which way does the line go?"
FINDING = "The end of the line is where the slider says."
X = np.array([0.1, 0.3, 0.4, 0.7, 0.9])


@pytest.fixture(autouse=True)
def look():
    with mpl.rc_context():
        plot.style()
        yield


def zigzag(ax, k, kind="up"):
    """Draw two lines, points and a title; no three points on a line."""
    ax.figure.set_layout_engine("none")
    ax.set_position([0.1, 0.15, 0.85, 0.75])
    sign = 1 if kind == "up" else -1
    ax.plot(X, 0.5 + sign * k * np.array([0.1, -0.2, 0.3, -0.1, 0.4]))
    ax.plot(X, 0.3 + 0 * X, marker="s")  # stays
    ax.scatter(X, 0.5 - sign * k * X / 3)
    ax.set(xlim=(0, 1), ylim=(0, 1), title=f"{kind} by {k}", xlabel="x (m)")


def page(
    draw=zigzag, alt=ALT, finding=FINDING, labels=(), start=(), drag=None,
    **grids,
):  # fmt: skip
    grids = grids or {"k": [0.25, 0.5, 1], "kind": ["up", "down"]}
    words = (alt, QUESTION, finding)
    return sliders._page(draw, words, dict(labels), dict(start), grids, drag)


# A reader of the format that shares nothing with the writer or the script.


class Reader:
    def __init__(self, data):
        self.data = data
        size = len(data["l"])
        self.frames = self.all_numbers(data["f"])
        count = int(np.prod([len(words) for words in data["l"]]))
        assert size in (1, 2, 3)
        self.groups = len(self.frames) // count

    @staticmethod
    def one(text, i):
        code = [c for c in range(35, 127) if c not in (38, 39, 60, 92)]
        value = 0
        while True:
            digit = code.index(ord(text[i]))
            i += 1
            if digit < 64:
                return 64 * value + digit, i
            value = 24 * value + digit - 63

    def all_numbers(self, text):
        i, found = 0, []
        while i < len(text):
            number, i = self.one(text, i)
            found.append(number)
        return found

    def frame(self, index):
        """Return for each group its text, paths and points."""
        at = self.frames[index * self.groups : (index + 1) * self.groups]
        return [self.fragment(self.data["b"][k]) for k in at]

    def fragment(self, stream):
        left = self.all_numbers(stream)
        x = y = 0.0
        texts, paths, points, ends = [], [], [], []

        def point():
            nonlocal x, y
            steps = [left.pop(0), left.pop(0)]
            dx, dy = (-(v + 1) // 2 if v % 2 else v // 2 for v in steps)
            x, y = x + dx / 4, y + dy / 4
            return x, y

        def play(template):
            while template:
                sign, template = template[0], template[1:]
                if sign == "^":
                    path = []
                    ends.clear()
                    while code := left.pop(0):
                        letter = "MLQCz"[code % 5]
                        for _ in range(code // 5):
                            n = {"Q": 2, "C": 3, "z": 0}.get(letter, 1)
                            path.append((letter, [point() for _ in range(n)]))
                            ends.extend([(x, y)] if letter in "ML" else [])
                    paths.append(path)
                elif sign in "~|":
                    points.append(point())
                elif sign == "$":
                    texts.append(self.data["s"][left.pop(0)])
                elif sign == "{":
                    unit, template = template.split("}", 1)
                    times = left.pop(0)
                    if not times:
                        at, on = 0, True
                        while at < len(ends):
                            run = left.pop(0)
                            points.extend(ends[at : at + run] if on else [])
                            at, on = at + run, not on
                        times = left.pop(0)
                    for _ in range(times):
                        play(unit)

        play(self.data["t"][left.pop(0)])
        assert not left
        return texts, paths, points


def read(text):
    data = re.search(
        r'<script type="application/json">(.*?)</script>', text, re.DOTALL
    )
    return Reader(json.loads(data[1]))


def drawn(k, kind):
    """Where Matplotlib puts the artists, in points from the upper left."""
    fig, ax = plot.figure()
    zigzag(ax, k, kind)
    fig.draw_without_rendering()
    line, dots = ax.lines[0].get_xydata(), ax.collections[0].get_offsets()
    page_height = fig.get_size_inches()[1] * 72
    found = []
    for xy in (line, dots):
        at = ax.transData.transform(xy) * 72 / fig.dpi
        found.append(np.stack([at[:, 0], page_height - at[:, 1]], 1))
    return found


def test_every_frame_is_what_matplotlib_drew():
    reader = read(page())
    index = 0
    for k in [0.25, 0.5, 1]:
        for kind in ["up", "down"]:
            line, dots = drawn(k, kind)
            groups = reader.frame(index)
            ((path,),) = [paths for _, paths, _ in groups if paths]
            assert [letter for letter, _ in path] == list("MLLLL")
            # quarters of a point, and two decimals before: 1/8 + 1/200
            np.testing.assert_allclose(
                [at for _, (at,) in path], line, rtol=0, atol=0.13
            )
            (points,) = [pts for texts, _, pts in groups if pts and not texts]
            np.testing.assert_allclose(points, dots, rtol=0, atol=0.13)
            ((title,),) = [texts for texts, _, _ in groups if texts]
            assert title == f"{kind} by {k}"
            index += 1


def test_only_what_changes_is_stored():
    reader = read(page())
    assert reader.groups == 3  # line, points, title; not the second line
    assert len(reader.data["t"]) == 3
    by_kind = read(page(k=[0.25, 0.5]))
    assert by_kind.groups == 3
    same = read(
        page(lambda ax, k, unused: zigzag(ax, k), k=[1, 2], unused=[1, 2, 3])
    )
    assert len(same.data["b"]) == 3 * 2  # each drawing once


def test_the_first_frame_stands_without_a_script():
    text = page(start={"k": 1, "kind": "down"})
    svg = text[text.index("<svg") : text.index("</svg>")]
    assert "down by 1<" in svg
    assert "stays at k 1, kind down." in text
    assert 'value="2" aria-label="k" aria-valuetext="1"' in text
    assert 'value="1" checked' in text
    middle = page()
    assert "up by 0.5<" in middle[: middle.index("</svg>")]


def test_a_text_that_is_empty_at_first_appears_later():
    def draw(ax, k):
        ax.plot([0, k], [0, 1])
        ax.text(0.2, 0.2, "far" if k > 1 else "")
        ax.set(xlim=(0, 1), ylim=(0, 1))

    reader = read(page(draw, k=[0.5, 2], start={"k": 0.5}))
    texts = [[t for t, _, _ in reader.frame(k) if t] for k in (0, 1)]
    assert texts == [[[" "]], [["far"]]]


@pytest.mark.parametrize("far", [1e4, 1e30, 1e150, 1e300])
def test_what_diverges_leaves_in_its_direction(far):
    def draw(ax, k):
        ax.plot([0.5, 0.5 + far * k, 0.5], [0.5, 0.5 + far * k / 2, 0.4])
        ax.fill([0.5, 0.4, far], [0.5, 0.4, k * far])
        ax.set(xlim=(0, 1), ylim=(0, 1))

    reader = read(page(draw, k=[1, -1]))
    for index, k in enumerate([1, -1]):
        fig, ax = plot.figure()
        draw(ax, k)
        fig.draw_without_rendering()
        box = ax.get_position()
        low, high = box.x0 * 432, box.x1 * 432
        (line, area) = sorted(
            (path for _, (path,), _ in reader.frame(index)),
            key=lambda path: "z" in [letter for letter, _ in path],
        )
        (x0, y0), (x1, y1) = line[0][1][0], line[1][1][0]
        assert x1 > high if k > 0 else x1 < low
        # up on the page is less; the slope is that of the data
        scale = (box.height * 252) / (box.width * 432)
        assert (y1 - y0) / (x1 - x0) == pytest.approx(-scale / 2, rel=0.02)
        ends = np.array([at for letter, pts in area for at in pts])
        assert ends[:, 0].max() > high
        assert np.abs(ends).max() < 3000


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(*2 * [st.floats(-1e9, 1e9, allow_subnormal=False)]),
        min_size=1,
        max_size=7,
    )
)
def test_any_path_comes_back(points):
    d = "M" + "L".join(f"{x:.2f} {y:.2f}" for x, y in points)
    templates, strings = frames.Table(), frames.Table()
    stream = frames.pack(f'<path d="{d}z"/>', templates, strings)
    reader = Reader(
        {"t": list(templates), "s": [], "b": [stream], "f": "#", "l": [["1"]]}
    )
    ((_, (path,), _),) = reader.frame(0)
    want = [
        np.array(frames.place(*map(float, f"{x:.2f} {y:.2f}".split()))) / 4
        for x, y in points
    ]
    keep = [0] + [
        k for k in range(1, len(want)) if (want[k] != want[k - 1]).any()
    ]
    assert [letter for letter, _ in path] == ["M"] + ["L"] * (
        len(keep) - 1
    ) + ["z"]
    np.testing.assert_array_equal(
        [at for _, pts in path for at in pts], [want[k] for k in keep]
    )


@given(st.integers(0, 10**9))
def test_digits_come_back(number):
    text = frames.digits(number)
    assert Reader.one(text, 0) == (number, len(text))


@given(*2 * [st.floats(-1e300, 1e300)])
def test_far_points_keep_their_direction(x, y):
    got = np.array(frames.place(x, y)) / 4 - frames.CENTRE
    want = np.array([x, y]) - frames.CENTRE
    assert np.abs(got).max() <= frames.FAR + 1 / 8
    if np.abs(want).max() > frames.FAR:
        assert np.abs(got).max() >= frames.FAR - 1 / 8
        want *= frames.FAR / np.abs(want).max()
    np.testing.assert_allclose(got, want, rtol=0, atol=1 / 8 + 1e-9)


# Pages


class Tags(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.texts = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.texts.append(data)

    def named(self, name):
        return [attrs for tag, attrs in self.tags if tag == name]


EVIL = "</script><script>alert(1)</script> & <!-- \"'{^~|$}"


def test_what_authors_write_stays_text():
    def draw(ax, k, kind):
        ax.plot([0, k], [0, 1])
        ax.set(xlim=(0, 1), ylim=(0, 1))
        ax.set_title(f"{kind} {k}", parse_math=False)

    text = page(
        draw,
        alt=f"{ALT} {EVIL}",
        finding=f"{FINDING} {EVIL.replace('$', '')}",
        labels={"k": EVIL, "kind": EVIL},
        k=[1, 2],
        kind=[EVIL, "b"],
    )
    tags = Tags(text)
    assert [s.get("type") for s in tags.named("script")] == [
        "application/json",
        None,
    ]
    assert tags.named("svg")[0]["aria-label"] == f"{ALT} {EVIL}"
    assert f"{FINDING} {EVIL.replace('$', '')}" in tags.texts
    assert any(t.startswith(f" {EVIL}") for t in tags.texts)  # a button
    strings = {html.unescape(s) for s in read(text).data["s"]}
    assert f"{EVIL} 2" in strings


def test_controls_are_native_and_named():
    tags = Tags(page(labels={"k": "time (s)", "kind": "way"}))
    slider, *buttons = tags.named("input")
    assert slider["type"] == "range"
    assert (slider["min"], slider["max"], slider["value"]) == ("0", "2", "1")
    assert slider["aria-label"] == "time"
    assert slider["aria-valuetext"] == "0.5 s"
    assert slider["data-lm-suppress-shortcuts"] == "true"
    assert "id" not in slider  # the same figure may stand on a page twice
    assert [b["type"] for b in buttons] == ["radio", "radio"]
    assert {"time: ", "0.5 s", "way:", " up", " down"} <= set(tags.texts)


def test_nothing_is_fetched_and_colours_follow_the_page():
    text = page()
    links = re.findall(r'(?:href|src)="([^"]*)"|url\(([^)]*)\)', text)
    assert all((a or b).startswith("#dl-") for a, b in links)
    svg = text[text.index("<svg") : text.index("</svg>")]
    assert 'fill="currentColor"' in svg
    assert not re.findall("(?:fill|stroke):#(?:000000|555555|dddddd)", svg)


def test_ids_differ_between_figures_and_every_reference_has_its_target():
    one, two = page(), page(finding=FINDING + " Twice.")
    ids = [set(re.findall(r' id="([^"]*)"', text)) for text in (one, two)]
    assert not ids[0] & ids[1]
    for text, known in zip((one, two), ids, strict=True):
        text = text.replace('\\"', '"')
        used = set(re.findall(r'(?:url\(|href=")#([\w-]+)', text))
        assert used
        assert used <= known


@pytest.mark.slow
@pytest.mark.parametrize(
    ("longest", "rich", "most"),
    [(0.21, False, 46_000), (0.35, False, 60_000), (0.35, True, 75_000)],
    ids=["all converge", "half diverge", "with contours and markers"],
)
def test_size(longest, rich, most):
    x, y = np.linspace(-3, 3, 60), np.linspace(-2, 2, 50)

    def draw(ax, eta, beta):
        if rich:
            bowl = x**2 / 2 + 9 * y[:, None] ** 2 / 2
            ax.contour(x, y, bowl, levels=12, colors="#999999")
        for b in (0.0, beta):
            theta = old = np.array([-2.5, 1.5])
            path = [theta]
            for _ in range(60):
                step = -eta * np.array([1, 9]) * theta + b * (theta - old)
                theta, old = theta + step, theta
                path.append(theta)
            ax.plot(*np.array(path).T, marker="o" if rich and b else "")
        ax.set(xlim=(-3, 3), ylim=(-2, 2), title=f"{eta:.2f}, {beta:.2f}")

    text = page(
        draw, eta=np.linspace(0.01, longest, 20), beta=np.linspace(0, 0.9, 10)
    )
    assert len(text.encode()) < most
    assert len(frames.SCRIPT) < 2_048


def test_lines_that_stay_are_where_matplotlib_drew_them():
    x = np.linspace(0, 1, 99)
    y = np.abs(np.sin(np.arange(99) ** 2))  # steps of every size and sign

    def draw(ax, k):
        ax.figure.set_layout_engine("none")
        ax.plot(x, y)
        ax.plot([0, 1], [0, k])
        ax.set(xlim=(0, 1), ylim=(0, 1))

    text = page(draw, k=[0.5, 1])
    ((start, steps),) = re.findall(r'd="M([-\d. ]+)l([-\d. l]+)"', text)
    numbers = [re.findall(r"-?(?:\d+\.?\d*|\.\d+)", s) for s in (start, steps)]
    steps = np.array(numbers[0] + numbers[1], float).reshape(-1, 2)
    fig, ax = plot.figure()
    draw(ax, 1)
    fig.draw_without_rendering()
    at = ax.transData.transform(np.stack([x, y], 1)) * 72 / fig.dpi
    at[:, 1] = fig.get_size_inches()[1] * 72 - at[:, 1]
    np.testing.assert_allclose(steps.cumsum(0), at, rtol=0, atol=0.06)


def test_markers_are_where_matplotlib_drew_them():
    def draw(ax, k):
        ax.figure.set_layout_engine("none")
        ax.set_position([0.1, 0.15, 0.85, 0.75])
        y = 0.5 + k * np.array([0.1, -0.2, 0.3, -0.1, 0.4])
        ax.plot(X, y, marker="o", markevery=[0, 1, 3])
        ax.set(xlim=(0, 1), ylim=(0, 1))

    reader = read(page(draw, k=[0.5, 1]))
    for index, k in enumerate([0.5, 1]):
        fig, ax = plot.figure()
        draw(ax, k)
        fig.draw_without_rendering()
        at = ax.transData.transform(ax.lines[0].get_xydata()) * 72 / fig.dpi
        at[:, 1] = fig.get_size_inches()[1] * 72 - at[:, 1]
        ((_, _, points),) = reader.frame(index)
        np.testing.assert_allclose(points, at[[0, 1, 3]], rtol=0, atol=0.13)


@given(
    st.lists(st.tuples(*2 * [st.integers(0, 9)]), min_size=1, max_size=9),
    st.lists(st.tuples(*2 * [st.integers(0, 9)]), min_size=1, max_size=9),
)
def test_any_markers_come_back(line, marks):
    d = "M" + "L".join(f"{x} {y}" for x, y in line)
    uses = "".join(f'<use href="#m" x="{x}" y="{y}"/>' for x, y in marks)
    templates = frames.Table()
    stream = frames.pack(
        f'<path d="{d}"/><g>{uses}</g><text x="1" y="2">a</text>',
        templates,
        frames.Table(),
    )
    reader = Reader(
        {"t": [*templates], "s": ["a"], "b": [stream], "f": "#", "l": [["1"]]}
    )
    ((_, _, points),) = reader.frame(0)
    assert set(points[:-1]) == set(marks)
    assert points[-1] == (1, 2)


def test_ticks_that_move_a_title_are_drawn_in_every_frame():
    def draw(ax, k):
        ax.xaxis.tick_top()
        ax.plot([0, 1], [0, k])
        ax.set(xlim=(0, 1), ylim=(0, 1), title=f"{k}")

    fig, ax = plot.figure()
    draw(ax, 1)
    fig.draw_without_rendering()
    _, y = ax.title.get_transform().transform(ax.title.get_position())
    found = read(page(draw, k=[1, 2])).frame(0)
    ((_, y_page),) = next(pts for texts, _, pts in found if texts)
    assert y_page == pytest.approx(252 - y * 72 / fig.dpi, abs=0.5)


def test_a_whole_figure_may_be_drawn():
    def draw(fig, k):
        left, right = fig.subplots(1, 2)
        left.plot([0, k], [0, 1])
        right.imshow(k * np.eye(3), vmin=0, vmax=2)
        left.set(xlim=(0, 1), ylim=(0, 1))
        fig.suptitle(f"{k} times")

    text = page(draw, k=[1, 2])
    assert read(text).groups == 3
    assert "data:image/png" in text


# Refusals


def changed(what):
    def draw(ax, k):
        ax.plot([0, 1], [0, k])
        ax.set(xlim=(0, 1), ylim=(0, 1))
        if k == 2:
            what(ax)

    return draw


@pytest.mark.parametrize(
    ("what", "says"),
    [
        (lambda ax: ax.plot([1, 2]), r"same artists.*\{'Line2D': 1\} only at"),
        (lambda ax: ax.set_xlim(0, 3), r"same xlim.*\(0.0, 3.0\) at \{'k': 2"),
        (lambda ax: ax.set_xlabel("x"), "same xlabel"),
        (lambda ax: ax.set_yticks([0.5]), "same yticks"),
        (lambda ax: ax.set_xticks([0, 1], ["a", "b"]), "same xticks"),
        (lambda ax: ax.lines[0].set_visible(False), "same visible artists"),
    ],
)
def test_frames_that_cannot_be_moved_are_refused(what, says):
    with pytest.raises(ValueError, match=f"^draw: .*{says}"):
        page(changed(what), k=[1, 2, 3], start={"k": 1})


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"alt": "a line"}, "^alt: .*at least 20"),
        ({"finding": ""}, "^finding: .*at least 20"),
        ({"finding": r"it falls like $e^{-t}$ in time"}, "^finding: .*plain"),
        ({"finding": r"it falls like \(e\) in time"}, "^finding: .*plain"),
        (
            {"labels": {"m": "mass"}},
            r"^labels: .*\['k', 'kind'\], got \['m'\]",
        ),
        ({"start": {"k": 3}}, "^start: expected k among .*got 3"),
        ({"k": [1]}, r"^k: expected two values or more.*\[1\]"),
        ({"k": [1, "a"]}, "^k: .*all of them numbers"),
        ({"k": range(30), "kind": [str(n) for n in range(30)]}, "600.*900"),
        ({"m": [1, 2]}, r"^draw: expected parameters \(ax, m\)"),
        ({"draw": lambda ax, k: ax.plot([1]), "k": [1, 2]}, "^draw: .*same$"),
    ],
)
def test_interactive_refuses(options, says):
    with pytest.raises(ValueError, match=says):
        page(**options)


def test_interactive_needs_a_parameter():
    with pytest.raises(ValueError, match=r"^grids: .*got 0"):
        plot.interactive(
            zigzag, name="zig", alt=ALT, question=QUESTION, finding=FINDING
        )


def test_the_output_has_words_for_those_who_cannot_see_it(monkeypatch):
    seen = []
    monkeypatch.setattr(sliders, "emit", lambda *args: seen.append(args))
    plot.interactive(
        zigzag, name="zig", alt=ALT, question=QUESTION, finding=FINDING,
        k=[1, 2],
    )  # fmt: skip
    ((data, metadata),) = seen
    assert data["text/plain"] == ALT
    assert data["text/html"] == page(k=[1, 2])
    assert metadata == {"dlbook": {"name": "zig", "caption": QUESTION}}


def test_the_film_leaves_out_what_stays():
    got = film.shoot(zigzag, {"k": [1, 2]}, {"k": 0})
    assert len(got.frames) == 2
    assert got.base.count("data-g") == len(got.frames[0]) == 3


def test_more_words_than_five_are_a_list_that_opens():
    names = ["up", "down", *"abcd"]
    text = page(k=[1, 2], kind=names, start={"kind": "down"})
    tags = Tags(text)
    assert [i["type"] for i in tags.named("input")] == ["range"]
    assert len(tags.named("select")) == 1
    chosen = [o["value"] for o in tags.named("option") if "selected" in o]
    assert chosen == ["1"]
    assert "down by 2<" in text[: text.index("</svg>")]
    five = Tags(page(k=[1, 2], kind=["up", "down", *"abc"]))
    assert not five.named("select")


def contrast(one, other):
    def light(colour):
        parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        linear = [
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
            for c in parts
        ]
        return float(np.dot([0.2126, 0.7152, 0.0722], linear))

    dim, bright = sorted((light(one), light(other)))
    return (bright + 0.05) / (dim + 0.05)


def test_colours_of_lines_follow_the_mode():
    def draw(ax, k):
        for shift in range(4):
            ax.plot([0, 1], [shift, shift + k])
        ax.fill_between([0, 1], [0, k], alpha=0.2)
        ax.set(xlim=(0, 1), ylim=(0, 6))

    text = page(draw, k=[1, 2])
    sheet, rest = text.split("</style>", 1)
    assert not re.findall("#(?:0072b2|d55e00|009e73|cc79a7)", rest)
    assert {f"var(--dl-{k})" for k in range(4)} <= set(
        re.findall(r"var\(--dl-\d\)", rest)
    )
    day, night = (
        dict(re.findall(r"(--dl-\d):(#\w{6})", part))
        for part in sheet.split("@media screen")
    )
    assert day.keys() == night.keys()
    assert len(day) == 4
    assert min(contrast(c, "#ffffff") for c in day.values()) >= 3
    # the grounds of the site and of JupyterLab
    for ground in ("#14181e", "#121212", "#111111"):
        assert min(contrast(c, ground) for c in night.values()) >= 3


# Places in the picture


def bowl(ax, x0, y0):
    ax.plot([0, x0], [1, y0], marker="o")
    ax.set(xlim=(0, 4), ylim=(1, 1000), yscale="log", title=f"{x0} {y0}")


def test_places_are_where_matplotlib_puts_the_values():
    xs, ys = [0.5, 1, 3.5], [1, 10, 500]
    text = page(
        bowl, x0=xs, y0=ys, drag={"x": "x0", "y": "y0"}, start={"x0": 1}
    )
    ((tag),) = [t for t in Tags(text).named("rect") if "data-at" in t]
    assert "touch-action:none" in tag["style"]
    left, top, width, height = (
        float(tag[name]) for name in ("x", "y", "width", "height")
    )
    (one, at_x, none), (two, also_none, at_y) = json.loads(tag["data-at"])
    assert (one, two, none, also_none) == (0, 1, 0, 0)
    reader = read(text)
    for k, place in enumerate(itertools.product(at_x, at_y)):
        ((path,),) = [paths for _, paths, _ in reader.frame(k) if paths]
        (x, y) = path[-1][1][-1]  # where the line to (x0, y0) ends
        assert x == pytest.approx(left + width * place[0] / 1000, abs=0.35)
        assert y == pytest.approx(top + height * place[1] / 1000, abs=0.35)


def test_words_stand_where_they_are_said_to_stand():
    at = [(0.2, 0.5), (0.8, 0.5)]
    text = page(drag={"xy": ("kind", at)})
    assert len(re.findall("<script>", text)) == 2
    assert "<script>" not in text.replace("<script>", "", 2)
    along = page(drag={"x": ("kind", [0.2, 0.8])})
    assert "touch-action:pan-y" in along
    assert "data-at" not in page()


@pytest.mark.parametrize(
    ("drag", "says"),
    [
        ("m", r"among \['k', 'kind'\], got 'm'"),
        ({"z": "k"}, '"x", "y" or "xy" with one'),
        ({}, '"x", "y" or "xy" with one'),
        ({"x": "k", "axes": 1}, "axes among 0 to 0, got 1"),
        ("kind", r"give \('kind', \[...\]\)"),
        ({"xy": "k"}, "no number along xy"),
        ({"x": ("k", [1, 2])}, "3 places for 'k', each of 1 numbers"),
        ({"xy": ("k", [1, 2, 3])}, "each of 2 numbers"),
    ],
)
def test_drag_refuses(drag, says):
    with pytest.raises(ValueError, match=f"^drag: .*{says}"):
        page(drag=drag)


def test_a_place_that_the_axes_cannot_show_is_refused():
    with pytest.raises(ValueError, match="a logarithmic axis has no 0"):
        page(bowl, x0=[1, 2], y0=[0, 10], drag={"y": "y0"})


# In a browser


@pytest.fixture(scope="module")
def moved(browser):
    """Show a slider of 28 stops and a list of 7 words, both in the picture."""

    def draw(ax, u, way):
        ax.plot([0, u], [0, 1 + "abcdefg".index(way)], marker="o")
        ax.set(xlim=(-10, 10), ylim=(0, 8), title=f"at {u} {way}")

    with mpl.rc_context():
        plot.style()
        text = page(
            draw, u=[k - 13.5 for k in range(28)],
            way=list("abcdefg"), labels={"u": "place of the box"},
            drag={"x": "u", "y": ("way", range(1, 8))},
        )  # fmt: skip
    tab = browser.new_page(viewport={"width": 1280, "height": 900})
    tab.set_content(f"<!doctype html><body>{text}</body>")
    yield tab
    tab.close()


def test_a_slow_stroke_passes_every_stop_and_moves_nothing_else(moved):
    slider = moved.locator("input[type=range]")
    track = slider.bounding_box()
    picture = moved.locator(".dl-play svg").bounding_box()
    assert track["width"] == pytest.approx(picture["width"], abs=1)
    assert track["width"] > 600
    y = track["y"] + track["height"] / 2
    mouse, seen, places = moved.mouse, [], []
    mouse.move(track["x"] + 8, y)
    mouse.down()
    for x in np.linspace(track["x"] + 8, track["x"] + track["width"] - 8, 84):
        mouse.move(float(x), y)
        seen.append(int(slider.input_value()))
        places.append(slider.bounding_box())
    mouse.up()
    assert seen == sorted(seen)
    assert set(seen) == set(range(28))
    assert all(place == track for place in places)


def test_a_press_in_the_picture_chooses_the_nearest_values(moved):
    pad = moved.locator(".dl-pad")
    box = pad.bounding_box()
    way = moved.locator("select")

    def to(x, y):
        return (
            box["x"] + box["width"] * (x + 10) / 20,
            box["y"] + box["height"] * (8 - y) / 8,
        )

    title = moved.locator(".dl-play svg text", has_text="at ")
    moved.mouse.move(*to(3.4, 2.2))
    moved.mouse.down()
    assert title.text_content() == "at 3.5 b"
    assert way.input_value() == "1"
    said = moved.locator("label span").first.text_content()
    assert said == "3.5"
    moved.mouse.move(*to(-6.6, 6.9))
    assert title.text_content() == "at -6.5 g"
    moved.mouse.move(*to(-30, 20))  # outside: the pointer is held
    assert title.text_content() == "at -13.5 g"
    moved.mouse.up()
    moved.mouse.move(*to(1, 1))
    assert title.text_content() == "at -13.5 g"


def test_on_paper_the_values_stand_by_the_picture(moved):
    moved.emulate_media(media="print")
    assert moved.locator("label span").first.is_visible()
    assert not moved.locator("input").is_visible()
    assert moved.locator(".dl-play svg").is_visible()
    moved.emulate_media(media="screen")
