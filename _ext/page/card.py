"""The picture that a link to the book shows elsewhere, `_static/card.png`.

    python -m _ext.page.card

It is drawn once and kept: 1200 x 630 pixels, two descents into a valley.
"""

from io import BytesIO
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from PIL import Image

TITLE = "A Deep-Learning\nCheat Sheet,\nDerived, Coded\nand Checked"
SAYS = "Checked by code\nthat can fail."
CURVATURE = np.array([1.0, 12.0])
START = np.array([-2.6, 0.9])


def descent(beta: float, eta: float, steps: int) -> np.ndarray:
    """Return the places of gradient descent with momentum beta."""
    x, m = START, np.zeros(2)
    places = [x]
    for _ in range(steps):
        m = beta * m + CURVATURE * x
        x = x - eta * m
        places.append(x)
    return np.array(places)


def draw(path: Path) -> None:
    """Draw the picture."""
    ink, blue, orange, green = "#1a2230", "#0b57c2", "#d55e00", "#0a6136"
    with mpl.rc_context({"font.family": "DejaVu Sans", "text.color": ink}):
        figure = Figure(figsize=(12, 6.3), dpi=100, facecolor="white")
        axes = figure.add_axes((0.5, 0.0, 0.5, 1.0))
        u = np.linspace(-3, 2, 300)
        v = np.linspace(-1.6, 1.6, 300)[:, None]
        height = CURVATURE[0] * u**2 / 2 + CURVATURE[1] * v**2 / 2
        levels = np.linspace(0.15, 5.5, 14) ** 2 / 2
        axes.contour(
            u, v[:, 0], height, levels, colors="#c4ccd6", linewidths=1.2
        )
        axes.plot(*descent(0, 0.155, 30).T, "o-", color=orange, lw=2.5)
        axes.plot(*descent(0.5, 0.06, 60).T, "o-", color=blue, lw=2.5)
        axes.set_axis_off()
        figure.text(0.05, 0.9, TITLE, size=40, weight="bold", va="top")
        figure.text(0.05, 0.29, SAYS, size=22, va="top", linespacing=1.4)
        marks = [("✓", "checked", green), ("✗", "refuted", "#9c1c12")]
        for k, (sign, word, colour) in enumerate(marks):
            text = f"{sign} {word}"
            figure.text(0.05 + 0.17 * k, 0.06, text, size=22, color=colour)
        drawn = BytesIO()
        figure.savefig(drawn)
    # Few colours: a third of the size.
    with Image.open(drawn) as image:
        image.convert("RGB").quantize(48).save(path, optimize=True)


if __name__ == "__main__":
    draw(Path(__file__).parents[2] / "_static" / "card.png")
