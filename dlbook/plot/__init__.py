"""Shared room: one look for every figure, and words for each.

``drawings`` draws, ``page`` shows figures and code, ``sliders`` makes a
figure that a reader moves (``film`` records what changes, ``frames`` packs
it), and every picture passes through ``picture``.
"""

from dlbook.plot.drawings import band, curves, field, graph, images
from dlbook.plot.page import show, source, style
from dlbook.plot.picture import figure
from dlbook.plot.sliders import interactive

__all__ = [
    "band",
    "curves",
    "field",
    "figure",
    "graph",
    "images",
    "interactive",
    "show",
    "source",
    "style",
]
