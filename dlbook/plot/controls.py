"""Shared room: sliders, buttons and lists, and the style of what is moved.

What ``plot.interactive`` stands on; chapters use that function.
"""

import re
from collections.abc import Callable
from html import escape
from typing import Any

from dlbook.plot.picture import BY_NIGHT, COLOURS

__all__ = ["STYLE", "control", "split", "word"]

MANY = 5  # words; more than these are a list that opens, not buttons

STYLE = """
.dl-play{margin:1em 0;--dl-paper:var(--pst-color-background,\
var(--jp-layout-color0,#fff));DAY}
@media screen{:is([data-theme=dark],[data-jp-theme-light=false],[theme=dark],\
.vscode-dark) .dl-play{NIGHT}}
.dl-play :is(svg,form){display:block;width:100%;max-width:48em;height:auto}
.dl-play form[hidden]{display:none}
.dl-play fieldset{border:0;margin:0;padding:0}
.dl-play legend{float:none;font-size:inherit;margin:0;padding:0}
.dl-play label{display:block}
.dl-play fieldset label{display:inline-block;margin-right:1.5em;\
min-height:24px}
.dl-play label span{display:inline-block;white-space:nowrap;\
font-variant-numeric:tabular-nums}
.dl-play input[type=range]{display:block;box-sizing:border-box;width:100%;\
height:24px;margin:0 0 .5em}
.dl-play select{font:inherit;min-height:28px;margin:0 0 .5em}
.dl-play form>p{margin:0 0 .5em;font-size:.9em}
.dl-pad{cursor:crosshair}
.dl-say{position:absolute;width:1px;height:1px;overflow:hidden;\
clip-path:inset(50%)}
@media print{.dl-play :is(input,form>p),\
.dl-play label:has(:not(:checked)[type=radio]){display:none!important}}
"""
for sign, palette in (("DAY", COLOURS), ("NIGHT", BY_NIGHT)):
    names = (f"--dl-{k}:{c.lower()}" for k, c in enumerate(palette[:4]))
    STYLE = STYLE.replace(sign, ";".join(names))


def split(label: str) -> tuple[str, str]:
    """Return the words of a label, and its unit from the brackets."""
    match = re.fullmatch(r"(.*?)\s*\(([^()]+)\)", label)
    return (match[1], " " + match[2]) if match else (label, "")


def word(value: Any, unit: str) -> str:
    """Return a value as a reader sees it."""
    if isinstance(value, str):
        return value
    return f"{value:.4g}".replace("-", "−") + unit


def control(values: list[Any]) -> Callable[[str, str, list[str], int], str]:
    """Return what writes the control for such values."""
    if not isinstance(values[0], str):
        return _slider
    return _buttons if len(values) <= MANY else _choice


def _slider(_: str, label: str, words: list[str], first: int) -> str:
    label, word = escape(label), escape(words[first])
    room = max(map(len, words)) + 1
    return (
        f'<div data-p><label>{label}: <span style="min-width:{room}ch">'
        f"{word}</span>"
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


def _choice(_: str, label: str, words: list[str], first: int) -> str:
    options = (
        f'<option value="{k}"{" selected" if k == first else ""}>'
        f"{escape(word)}</option>"
        for k, word in enumerate(words)
    )
    return (
        f"<div data-p><label>{escape(label)}: "
        f'<select data-lm-suppress-shortcuts="true">{"".join(options)}'
        "</select></label></div>"
    )
