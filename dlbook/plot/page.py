"""The look of the book; figures and code as outputs of a notebook."""

import base64
import inspect
import io
import re
import textwrap
from collections.abc import Callable
from typing import Any

import matplotlib as mpl
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dlbook.plot.picture import (
    COLOURS,
    captioned,
    checked,
    emit,
    named,
    svg,
)

__all__ = ["show", "source", "style"]

# The dashes tell the lines apart without colour.
DASHES = ("-", "--", "-.", (0, (5, 1, 1, 1, 1, 1)), ":")

LOOK: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": "#555555",
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.labelsize": 12,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 12,
    "figure.dpi": 96,
    "figure.facecolor": "none",
    "figure.figsize": (6.0, 3.5),
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 12,
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.6,
    "image.cmap": "cividis",
    "image.interpolation": "none",
    "legend.fontsize": 12,
    "legend.frameon": False,
    "legend.handlelength": 2.8,
    "lines.linewidth": 2,
    "lines.markersize": 5,
    "mathtext.fontset": "dejavusans",
    "savefig.dpi": 144,
    "xtick.labelsize": 12,
    "ytick.labelsize": 12,
}


# The sections of a docstring that `help` shows and `source` does not: from the
# first of them to the end.
SECTIONS = re.compile(
    r"\n+ *(?:Parameters|Returns|Raises)\n *-+\n(?:(?!\"{3}).*\n)*? *(?=\"{3})"
)


def style() -> None:
    """Give every figure that follows the look of the book."""
    turned = DASHES[2:] + DASHES[:2]
    cycle = cycler(color=COLOURS * 2) + cycler(linestyle=DASHES + turned)
    mpl.rcParams.update({**LOOK, "axes.prop_cycle": cycle})


def show(
    fig: Figure | Axes,
    *,
    name: str,
    caption: str,
    alt: str,
    dark: str = "invert",
    kind: str = "svg",
) -> None:
    """Show a figure in the notebook, with its caption below it.

    Parameters
    ----------
    fig
        The figure, or one of its axes.
    name
        A word, or words with hyphens, that no other figure of the notebook
        has: ``"zigzag"``. The page's anchor is made of it, so it stays.
    caption
        What the figure shows, in one to three sentences of Markdown: the
        finding, 40 characters or more. The page numbers it.
    alt
        What is to be seen, for a reader who cannot see it: the shapes and
        the numbers that carry the finding, 20 characters or more; neither
        the title nor the caption again.
    dark
        What a dark page does: ``"invert"`` for line drawings, ``"keep"`` for
        photographs and heat maps.
    kind
        ``"svg"``, or ``"png"`` for curves of a training run, whose last
        digits differ between machines.

    Raises
    ------
    ValueError
        If name is no such word, or caption or alt say too little.
    """
    whole = fig.figure if isinstance(fig, Axes) else fig
    if not isinstance(whole, Figure):
        raise TypeError(f"fig: expected a figure, got {type(fig).__name__}")
    _one_of("dark", dark, "invert", "keep")
    _one_of("kind", kind, "svg", "png")
    words = checked("alt", alt, whole)
    caption = captioned(caption, words)
    given = {"alt": words, "dark": dark, "name": named(name)}
    metadata: dict[str, Any] = {"dlbook": given}
    data = {"text/plain": words}
    if kind == "svg":
        data["image/svg+xml"] = svg(whole, words, background="#fff")
    else:
        data["image/png"] = _png(whole)
        width, height = (96 * whole.get_size_inches()).round().astype(int)
        metadata["image/png"] = {"width": int(width), "height": int(height)}
    emit(data, metadata)
    below = {"text/markdown": caption, "text/plain": caption}
    emit(below, {"dlbook": {"caption": name}})


def _one_of(name: str, got: str, *known: str) -> None:
    if got not in known:
        raise ValueError(f"{name}: expected one of {known}, got {got!r}")


def _png(fig: Figure) -> str:
    file = io.BytesIO()
    unsaid = {"Software": None}
    fig.savefig(file, format="png", facecolor="white", metadata=unsaid)
    return base64.b64encode(file.getvalue()).decode("ascii")


def source(*functions: Callable[..., Any]) -> None:
    """Show the code of functions or classes, as it stands in their file.

    What their docstrings say of arguments and errors is left to `help`.

    Parameters
    ----------
    *functions
        What to show, one below the other.

    Raises
    ------
    TypeError
        If something is given whose Python source cannot be had.
    """
    if not functions:
        raise ValueError("functions: expected at least one, got none")
    code = "\n\n\n".join(_code(function) for function in functions)
    longest = max(map(len, re.findall("`+", code)), default=0)
    fence = "`" * max(3, longest + 1)
    fenced = f"{fence}python\n{code}\n{fence}"
    emit({"text/markdown": fenced, "text/plain": code}, {})


def _code(function: Callable[..., Any]) -> str:
    try:
        lines = inspect.getsource(inspect.unwrap(function))
    except (OSError, TypeError):
        raise TypeError(
            "functions: expected functions or classes written in Python, "
            f"got {function!r}"
        ) from None
    return SECTIONS.sub("", textwrap.dedent(lines).strip())
