"""Shared room: figures with sliders that need no kernel.

Chapters use ``plot.interactive``. Matplotlib draws every frame here; the
page holds the first one and what changes (``dlbook.plot.frames``), and a
script of two thousand characters moves it.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from html import escape
from typing import Any

from dlbook.plot.controls import STYLE, control, split, word
from dlbook.plot.drag import SCRIPT as DRAG
from dlbook.plot.drag import Pad, pad
from dlbook.plot.film import Film, shoot
from dlbook.plot.frames import SCRIPT, Table, digits, pack
from dlbook.plot.picture import checked, emit, headed, named

__all__ = ["interactive"]

MOST_FRAMES = 600

ID = re.compile(r'( id="|url\(#|href="#)([\w-]+)')
TEX = re.compile(r"\$[^$]+\$|\\[(\[a-zA-Z]")


def interactive(
    draw: Callable[..., Any],
    *,
    name: str,
    alt: str,
    question: str,
    finding: str,
    labels: Mapping[str, str] | None = None,
    start: Mapping[str, Any] | None = None,
    drag: str | Mapping[str, Any] | None = None,
    **grids: Iterable[Any],
) -> None:
    """Show a figure with sliders; it works in a page without a kernel.

    Parameters
    ----------
    draw
        Called as ``draw(ax, **values)`` with new axes for each point of the
        grids; ``draw(fig, **values)`` if its first parameter is called
        ``fig``. It draws with Matplotlib, the same artists each time (an
        empty line, not none) within the same limits.
    name
        A word that no other figure of the notebook has, as in `plot.show`.
    alt
        What is to be seen, in words.
    question
        What a reader should guess before the sliders are moved; stands above
        the figure. Plain text: no TeX.
    finding
        The answer, what a reader finds on moving the sliders; stands folded
        below the figure. Plain text: no TeX.
    labels
        Words for a parameter, with the unit in brackets at the end:
        ``{"eta": "step size η"}``, ``{"t": "time (s)"}``.
    start
        Values of the first frame; else the middle of a slider and the first
        of several words.
    drag
        Parameters that are places, which a reader then also chooses by a
        press or a drag on the axes: ``"x0"`` or ``{"x": "x0"}`` along the
        abscissa, ``{"x": "x0", "y": "y0"}`` for a point. Values stand where
        their numbers are; if they stand elsewhere, or are words, say where:
        ``{"x": ("box", [0.5, 1.5, 2.5])}``, ``{"xy": ("node", points)}``.
        ``"axes": 1`` is the second of several axes.
    **grids
        One to three parameters, each with its values: numbers become a
        slider, strings become buttons, more than five of them a list.

    Raises
    ------
    ValueError
        If the frames differ in more than what can be moved, or if a text is
        missing.
    """
    name, words = named(name), (alt, question, finding)
    html = _page(draw, words, labels or {}, start or {}, grids, drag)
    given = {
        "dlbook": {"name": name, "caption": checked("question", question)}
    }
    emit({"text/html": html, "text/plain": checked("alt", alt)}, given)


def _page(
    draw: Callable[..., Any],
    texts: tuple[str, str, str],
    labels: Mapping[str, str],
    start: Mapping[str, Any],
    grids: Mapping[str, Iterable[Any]],
    drag: str | Mapping[str, Any] | None = None,
) -> str:
    alt, question, finding = texts
    alt, finding = checked("alt", alt), checked("finding", finding)
    question = checked("question", question)
    for what, text in (("question", question), ("finding", finding)):
        if TEX.search(text):
            raise ValueError(
                f"{what}: expected plain text, got {text!r}; TeX is not set "
                "inside a figure, write θ or x² instead"
            )
    lists = _lists(grids)
    for name, given in (("labels", labels), ("start", start)):
        if unknown := set(given) - set(lists):
            raise ValueError(
                f"{name}: expected parameters among {list(lists)}, got "
                f"{sorted(unknown)}"
            )
    first = {name: _first(name, lists[name], start) for name in lists}
    film = shoot(draw, lists, first)
    pressed = None if drag is None else pad(film.first, lists, drag)
    shown = (film.base, film.frames, sorted(labels.items()), alt, finding)
    named = repr(shown).encode()
    mine = f"dl-{hashlib.sha256(named).hexdigest()[:8]}-"
    words = (alt, question, finding)
    return _html(film, lists, first, labels, words, mine, pressed)


def _lists(grids: Mapping[str, Iterable[Any]]) -> dict[str, list[Any]]:
    if not 1 <= len(grids) <= 3:
        raise ValueError(
            f"grids: expected one to three parameters, got {len(grids)}"
        )
    lists, size = {}, 1
    for name, grid in grids.items():
        values = [v.item() if hasattr(v, "item") else v for v in grid]
        strings = sum(isinstance(v, str) for v in values)
        if len(values) < 2 or 0 < strings < len(values):
            raise ValueError(
                f"{name}: expected two values or more, all of them numbers "
                f"or all strings, got {values}"
            )
        lists[name] = values
        size *= len(values)
    if size > MOST_FRAMES:
        raise ValueError(
            f"grids: expected at most {MOST_FRAMES} frames, got {size}; take "
            "fewer values"
        )
    return lists


def _first(name: str, values: list[Any], start: Mapping[str, Any]) -> int:
    if name not in start:
        return 0 if isinstance(values[0], str) else len(values) // 2
    if start[name] not in values:
        raise ValueError(
            f"start: expected {name} among {values}, got {start[name]!r}"
        )
    return values.index(start[name])


def _html(
    film: Film,
    lists: Mapping[str, list[Any]],
    first: Mapping[str, int],
    labels: Mapping[str, str],
    texts: tuple[str, str, str],
    mine: str,
    pressed: Pad | None,
) -> str:
    alt, question, finding = texts
    words, controls, now, own = [], [], [], _owner(mine)
    for k, (key, values) in enumerate(lists.items()):
        label, unit = split(labels.get(key, key))
        words.append([word(value, unit) for value in values])
        make = control(values)
        controls.append(make(f"{mine}p{k}", label, words[k], first[key]))
        now.append(f"{label} {words[k][first[key]]}")
    data = json.dumps(
        {**_packed(film, own), "l": words},
        ensure_ascii=False,
        separators=(",", ":"),
    )
    data = data.replace("</", "<\\/").replace("<!--", "\\u003c!--")
    css = "background:none;font-family:'DejaVu Sans',Verdana,sans-serif"
    drawing = own(film.base).replace("<svg", '<svg fill="currentColor"')
    if pressed:
        drawing = drawing.replace("</svg>", f"{_pad(pressed)}</svg>")
        controls.append("<p>Press or drag in the picture, too.</p>")
    off = 'hidden autocomplete="off" onsubmit="return false"'
    stays = f"Without JavaScript the figure stays at {', '.join(now)}."
    return "\n".join(
        (
            '<figure class="dl-play">',
            # No theme's grey: it is text like any other.
            (
                '<figcaption style="color:inherit">'
                f"{escape(question)}</figcaption>"
            ),
            f"<style>{STYLE}</style>",
            f'<form class="dl-set" {off}>',
            *controls,
            "</form>",
            f"<noscript><p>{escape(stays)}</p></noscript>",
            headed(drawing, alt, css),
            '<p class="dl-say" role="status"></p>',
            (
                '<details class="dl-finding"><summary>What you find</summary>'
                f"<p>{escape(finding)}</p></details>"
            ),
            f'<script type="application/json">{data}</script>',
            f"<script>{SCRIPT}</script>",
            *([f"<script>{DRAG}</script>"] if pressed else []),
            "</figure>",
        )
    )


def _pad(pressed: Pad) -> str:
    """Return what lies on the axes and takes presses."""
    x, y, width, height = (f"{side:.2f}" for side in pressed.box)
    at = json.dumps(pressed.places, separators=(",", ":"))
    touch = "pan-y" if pressed.scrolls else "none"
    return (
        f'<rect class="dl-pad" x="{x}" y="{y}" width="{width}" '
        f'height="{height}" fill="transparent" data-at="{at}" '
        f'style="touch-action:{touch}"/>'
    )


def _packed(film: Film, own: Callable[[str], str]) -> dict[str, Any]:
    templates, strings, streams = Table(), Table(), Table()
    frames = ""
    for frame in film.frames:
        for fragment in frame:
            stream = pack(own(fragment), templates, strings)
            frames += digits(streams.number(stream))
    return {
        "t": list(templates),
        "s": list(strings),
        "b": list(streams),
        "f": frames,
    }


def _owner(mine: str) -> Callable[[str], str]:
    """Return what gives the ids in a text short names of this figure."""
    names = Table()

    def name(match: re.Match[str]) -> str:
        return f"{match[1]}{mine}{names.number(match[2])}"

    return lambda text: ID.sub(name, text)
