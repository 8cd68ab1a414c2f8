"""Shared room: draw every frame of a figure and find what changes.

What ``plot.interactive`` stands on; chapters use that function.
"""

import inspect
import itertools
import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Annotation, Text

from dlbook.plot.picture import COLOURS, FONT, compact, figure, raw

__all__ = ["Film", "shoot"]

MARK = "dlmoves"
AWAY = 100.0  # points of print beside the figure, more than markers reach
OPEN = re.compile(rf'<g id="{MARK}(\d+)"(/?)>')
GROUP = re.compile(r"<g\b[^<>]*?(/?)>|</g>")
IMAGE = re.compile(rf'(<image [^<>]*?) id="({MARK}\d+)"([^<>]*>)')
DEFS = re.compile(r"<defs>(.*?)</defs>")
DEFINED = re.compile(
    r'<(path|image|rect) id="(?P<a>[^"]+)"[^<>]*/>'
    r'|<(?P<tag>\w+) id="(?P<b>[^"]+)".*?</(?P=tag)>'
)
USE = re.compile(r'<use [^<>]*x="(-?[\d.]+)" y="(-?[\d.]+)"[^<>]*/>')
ALIKE = re.compile(
    r'<g( clip-path="[^"]*")?>(?=<use [^<>]* style="([^"]*)"/>)'
    r'((?:<use [^<>]* style="\2"/>){2,})</g>'
)
ALONE = re.compile(r"<g>(<[^<>]*/>|<text[^<>]*>[^<>]*</text>)</g>")
LINES = re.compile(r"(?<=M)[-\d.]+ [-\d.]+(?:L[-\d.]+ [-\d.]+){2,}")
FRAME = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')
GREY = re.compile(r"(fill|stroke):#([0-9a-f]{2})\2\2(?![0-9a-f])")
COLOUR = {c.lower(): f"var(--dl-{k})" for k, c in enumerate(COLOURS[:4])}
OURS = re.compile("|".join(COLOUR))


class Film(NamedTuple):
    """The first frame, and of all frames the parts that change."""

    base: str
    frames: list[list[str]]
    first: Figure  # as it was drawn


class Shot(NamedTuple):
    """One SVG, taken apart."""

    base: str  # without definitions
    defs: dict[str, str]
    parts: dict[str, str]  # what stands in each marked group


def shoot(
    draw: Callable[..., Any],
    lists: Mapping[str, list[Any]],
    first: Mapping[str, int],
) -> Film:
    """Draw all frames and return what changes between them.

    Parameters
    ----------
    draw
        As for ``plot.interactive``.
    lists
        The values of each parameter.
    first
        Which value of each parameter the first frame has.
    """
    points = [
        dict(zip(lists, values, strict=True))
        for values in itertools.product(*lists.values())
    ]
    start = {name: lists[name][k] for name, k in first.items()}
    here = points.index(start)
    figures = [_drawn(draw, point) for point in points]
    whole = _drawn(draw, start)
    for fig, point in zip(figures, points, strict=True):
        _same_scene(whole, start, fig, point)
    _mark([*figures, whole])
    full = _shot(whole)
    # Ticks take most of the time to draw and do not change. Where they do
    # move something else, such as a title above them, all is drawn.
    _freeze(figures[here], whole)
    fixed = _shot(figures[here], fixed=True).parts == full.parts
    if fixed:
        for fig in figures:
            _freeze(fig, whole)
    else:
        figures[here] = whole
    shots = [_shot(fig, fixed=fixed) for fig in figures]
    return Film(*_cut(full, shots, points), whole)


def _drawn(draw: Callable[..., Any], point: Mapping[str, Any]) -> Figure:
    fig, ax = figure()
    parameters = inspect.signature(draw).parameters
    target: Figure | Axes = ax
    if next(iter(parameters), "") == "fig":
        ax.remove()
        target = fig
    try:
        inspect.signature(draw).bind(target, **point)
    except TypeError as error:
        raise ValueError(
            f"draw: expected parameters (ax, {', '.join(point)}), got "
            f"({', '.join(parameters)}): {error}"
        ) from None
    draw(target, **point)
    return fig


def _artists(fig: Figure) -> list[Artist]:
    found = [
        child
        for child in fig.get_children()
        if child is not fig.patch and not isinstance(child, Axes)
    ]
    for ax in fig.axes:
        found += [c for c in ax.get_children() if c not in _scales(ax)]
    return found


def _scales(ax: Axes) -> list[Any]:
    names = ("xaxis", "yaxis", "zaxis")
    return [getattr(ax, name) for name in names if hasattr(ax, name)]


def _same_scene(
    a: Figure, at_a: Mapping[str, Any], b: Figure, at_b: Mapping[str, Any]
) -> None:
    kinds = [
        Counter(type(c).__name__ for c in _artists(fig)) for fig in (a, b)
    ]
    if kinds[0] != kinds[1]:
        less, more = kinds[0] - kinds[1], kinds[1] - kinds[0]
        raise ValueError(
            f"draw: expected the same artists in every frame, got "
            f"{dict(less)} only at {dict(at_a)} and {dict(more)} only at "
            f"{dict(at_b)}; draw an empty line or an empty text instead of "
            "none"
        )
    for k, (one, other) in enumerate(zip(a.axes, b.axes, strict=True)):
        was, now = _ticks(one), _ticks(other)
        for name in was:
            if was[name] != now[name]:
                raise ValueError(
                    f"draw: expected the same {name} in every frame, got "
                    f"{was[name]} at {dict(at_a)} and {now[name]} at "
                    f"{dict(at_b)} (axes {k}); set it in draw, e.g. "
                    "ax.set(xlim=(0, 1), ylim=(0, 1))"
                )


def _ticks(ax: Axes) -> dict[str, Any]:
    seen: dict[str, Any] = {
        "xlim": tuple(map(float, ax.get_xlim())),
        "ylim": tuple(map(float, ax.get_ylim())),
    }
    for axis in _scales(ax):
        name, at = axis.axis_name, [float(v) for v in axis.get_majorticklocs()]
        seen[f"{name}label"] = axis.get_label_text()
        seen[f"{name}ticks"] = at
        seen[f"{name}tick labels"] = axis.get_major_formatter().format_ticks(
            at
        )
    return seen


def _mark(figures: list[Figure]) -> None:
    columns = zip(*(_artists(fig) for fig in figures), strict=True)
    for k, column in enumerate(columns):
        texts = [a for a in column if isinstance(a, Text)]
        if any(text.get_text() for text in texts):
            for text in texts:  # Matplotlib leaves empty text out
                text.set_text(text.get_text() or " ")
        for artist in column:
            artist.set_gid(f"{MARK}{2 * k}")
            if isinstance(artist, Annotation) and artist.arrow_patch:
                artist.arrow_patch.set_gid(f"{MARK}{2 * k + 1}")


def _freeze(fig: Figure, model: Figure) -> None:
    fig.set_layout_engine("none")
    for ax, as_in in zip(fig.axes, model.axes, strict=True):
        ax.set_position(as_in.get_position(original=True))
        for axis in _scales(ax):
            axis.set_visible(False)


def _shot(fig: Figure, *, fixed: bool = False) -> Shot:
    text = IMAGE.sub(r'<g id="\2">\1\3</g>', compact(raw(fig, fixed=fixed)))
    text = re.sub(r"(<[^<>]*) xlink:href=", r"\1 href=", text)
    text = OURS.sub(lambda match: COLOUR[match[0]], GREY.sub(_themed, text))
    text = re.sub(rf'<g id="(?!{MARK})[^"]*"', "<g", text)
    text = ALIKE.sub(_hoisted, _near(text)).replace(f"font-family:{FONT};", "")
    for _ in range(2):
        text = ALONE.sub(r"\1", text)
    defs = {
        match["a"] or match["b"]: match[0]
        for inner in DEFS.findall(text)
        for match in DEFINED.finditer(inner)
    }
    text = DEFS.sub("", text)
    parts = {
        match[1]: text[match.end() : _end(text, match)]
        for match in OPEN.finditer(text)
    }
    return Shot(text, defs, parts)


def _end(text: str, opened: re.Match[str]) -> int:
    depth = 0 if opened[2] else 1
    position = opened.end()
    while depth:
        match = GROUP.search(text, position)
        if match is None:
            raise ValueError("svg: expected </g>, got the end")
        depth += -1 if match[0] == "</g>" else not match[1]
        position = match.end()
        if not depth:
            return match.start()
    return position


def _near(text: str) -> str:
    """Drop markers that are out of sight, which Matplotlib keeps."""
    frame = FRAME.search(text)
    width, height = map(float, frame.groups()) if frame else (0.0, 0.0)

    def kept(match: re.Match[str]) -> str:
        x, y = map(float, match.groups())
        near = -AWAY < x < width + AWAY and -AWAY < y < height + AWAY
        return match[0] if near else ""

    return USE.sub(kept, text)


def _hoisted(match: re.Match[str]) -> str:
    """Give the style that all marks of a line share to their group."""
    clip, style, uses = match.groups()
    bare = uses.replace(f' style="{style}"', "")
    return f'<g{clip or ""} style="{style}">{bare}</g>'


def _steps(match: re.Match[str]) -> str:
    """Write lines that stay as steps, in tenths of a point of print."""
    points = [
        [round(10 * float(number)) for number in point.split()]
        for point in match[0].split("L")
    ]
    words = ["{:g} {:g}l".format(*(n / 10 for n in points[0]))]
    for was, now in itertools.pairwise(points):
        for a, b in zip(was, now, strict=True):
            step = re.sub(r"\b0\.", ".", f"{(b - a) / 10:g}")
            words.append(f" {step}" if step[0] != "-" else step)
    return "".join(words).replace("l ", "l")


def _themed(match: re.Match[str]) -> str:
    """Let black and greys follow the colour of the page's own text."""
    name, light = match[1], int(match[2], 16) / 255
    if light == 1:
        return f"{name}:var(--dl-paper)"
    if light == 0:
        return f"{name}:currentColor"
    return f"{name}:currentColor;{name}-opacity:{1 - light:.2f}"


def _cut(
    full: Shot, shots: list[Shot], points: list[dict[str, Any]]
) -> tuple[str, list[list[str]]]:
    for shot, point in zip(shots, points, strict=True):
        if shot.parts.keys() != full.parts.keys():
            raise ValueError(
                "draw: expected the same visible artists in every frame, got "
                f"others at {point}; give a line no data instead of hiding it"
            )
    moving = [
        key
        for key, part in full.parts.items()
        if any(shot.parts[key] != part for shot in shots)
    ]
    if not moving:
        raise ValueError("draw: expected frames that differ, got all the same")
    base = full.base
    for key in moving:
        base = base.replace(f'<g id="{MARK}{key}"', '<g data-g=""')
    base = re.sub(r' id="[^"]*"', "", base)
    defs: dict[str, str] = {}
    for shot in [full, *shots]:
        defs |= shot.defs
    text = "".join(dict(sorted(defs.items())).values())
    base = base.replace("</svg>", f"<defs>{text}</defs></svg>")
    base = re.sub(r'<g data-g=""/>', '<g data-g=""></g>', base)
    base = LINES.sub(_steps, base)
    return base, [[s.parts[key] for key in moving] for s in shots]
