"""Shared room: figures with sliders that need no kernel.

Chapters use ``plot.interactive``. Matplotlib draws every frame here; the
page holds the first one and what changes (``dlbook.plot.frames``), and a
script of a thousand characters moves it.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from html import escape
from typing import Any

from dlbook.plot.film import Film, shoot
from dlbook.plot.frames import SCRIPT, Table, digits, pack
from dlbook.plot.picture import checked, emit, headed, named

__all__ = ["interactive"]

MOST_FRAMES = 600

STYLE = """
.dl-play{margin:1em 0;--dl-paper:var(--pst-color-background,\
var(--jp-layout-color0,#fff))}
.dl-play svg{display:block;width:100%;max-width:48em;height:auto}
.dl-play fieldset{border:0;margin:0;padding:0}
.dl-play legend{float:none;font-size:inherit;margin:0;padding:0}
.dl-play fieldset label{display:inline-block;margin-right:1.5em;\
min-height:24px}
.dl-play label span{font-variant-numeric:tabular-nums}
.dl-play input[type=range]{display:block;width:100%;max-width:24em;\
height:24px;margin:0 0 .5em}
.dl-say{position:absolute;width:1px;height:1px;overflow:hidden;\
clip-path:inset(50%)}
@media print{.dl-set{display:none}}
"""

ID = re.compile(r'( id="|url\(#|href="#)([\w-]+)')
TEX = re.compile(r"\$[^$]+\$|\\[(\[a-zA-Z]")


def interactive(
    draw: Callable[..., Any],
    *,
    name: str = "",
    alt: str,
    question: str = "",
    finding: str,
    labels: Mapping[str, str] | None = None,
    start: Mapping[str, Any] | None = None,
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
    **grids
        One to three parameters, each with its values: numbers become a
        slider, strings become buttons.

    Raises
    ------
    ValueError
        If the frames differ in more than what can be moved, or if a text is
        missing.
    """
    if name or question:
        name, question = named(name), checked("question", question)
    html = _page(
        draw, alt, question, finding, labels or {}, start or {}, grids
    )
    given = {"dlbook": {"name": name, "caption": question}} if name else {}
    emit({"text/html": html, "text/plain": checked("alt", alt)}, given)


def _page(
    draw: Callable[..., Any],
    alt: str,
    question: str,
    finding: str,
    labels: Mapping[str, str],
    start: Mapping[str, Any],
    grids: Mapping[str, Iterable[Any]],
) -> str:
    alt, finding = checked("alt", alt), checked("finding", finding)
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
    named = repr((film, sorted(labels.items()), alt, finding)).encode()
    mine = f"dl-{hashlib.sha256(named).hexdigest()[:8]}-"
    words = (alt, question, finding)
    return _html(film, lists, first, labels, words, mine)


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
) -> str:
    alt, question, finding = texts
    words, controls, now, own = [], [], [], _owner(mine)
    for k, (key, values) in enumerate(lists.items()):
        label, unit = _unit(labels.get(key, key))
        words.append([_word(value, unit) for value in values])
        make = _buttons if isinstance(values[0], str) else _slider
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
    off = 'hidden autocomplete="off" onsubmit="return false"'
    stays = f"Without JavaScript the figure stays at {', '.join(now)}."
    return "\n".join(
        (
            '<figure class="dl-play">',
            # No theme's grey: it is text like any other.
            (
                '<figcaption style="color:inherit">'
                f"{escape(question)}</figcaption>"
                if question
                else ""
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
                if question
                else '<figcaption style="color:inherit">'
                f"{escape(finding)}</figcaption>"
            ),
            f'<script type="application/json">{data}</script>',
            f"<script>{SCRIPT}</script>",
            "</figure>",
        )
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


def _unit(label: str) -> tuple[str, str]:
    match = re.fullmatch(r"(.*?)\s*\(([^()]+)\)", label)
    return (match[1], " " + match[2]) if match else (label, "")


def _word(value: Any, unit: str) -> str:
    if isinstance(value, str):
        return value
    return f"{value:.4g}".replace("-", "−") + unit


def _slider(_: str, label: str, words: list[str], first: int) -> str:
    label, word = escape(label), escape(words[first])
    return (
        f"<div data-p><label>{label}: <span>{word}</span>"
        f'<input type="range" min="0" max="{len(words) - 1}" '
        f'value="{first}" aria-label="{label}" aria-valuetext="{word}" '
        'data-lm-suppress-shortcuts="true"></label></div>'
    )


def _buttons(name: str, label: str, words: list[str], first: int) -> str:
    inputs = (
        f'<label><input type="radio" name="{name}" value="{k}"'
        f"{' checked' if k == first else ''} "
        f'data-lm-suppress-shortcuts="true"> {escape(word)}</label>'
        for k, word in enumerate(words)
    )
    return (
        f"<fieldset data-p><legend>{escape(label)}:</legend>"
        f"{''.join(inputs)}</fieldset>"
    )
