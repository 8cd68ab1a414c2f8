"""Shared room: what every picture of ``dlbook.plot`` passes through.

Turns a Matplotlib figure into an SVG that is the same on every run, and
hands outputs to the notebook. Chapters use ``dlbook.plot``.
"""

import functools
import io
import re
import sys
from collections.abc import Mapping
from html import escape
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from numpy.typing import NDArray

__all__ = [
    "BY_NIGHT",
    "COLOURS",
    "Number",
    "array",
    "captioned",
    "checked",
    "compact",
    "emit",
    "figure",
    "named",
    "raw",
    "svg",
]

Number = float | int

# Those of Okabe and Ito's colours whose contrast is 3:1 or more on white
# and, inverted by the site, on its dark page; and what stands for them where
# a figure draws on the dark page itself.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000")
BY_NIGHT = ("#56b4e9", "#f0883e", "#2bc596", "#e7a4c8")

SHORTEST = 20  # characters; less cannot say what is to be seen
FINDING = 40  # characters of a caption; less cannot say what was found
NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")

DETERMINISTIC: dict[Any, Any] = {
    "image.composite_image": False,
    "path.simplify": True,
    "svg.fonttype": "none",  # text stays text: half the size of outlines
    "svg.hashsalt": "dlbook",
}
UNSAID = {"Creator": None, "Date": None, "Format": None, "Type": None}

# The metrics of DejaVu, which Matplotlib brings; where a reader's machine
# lacks it, Verdana has nearly the same.
FONT = "'DejaVu Sans',Verdana,sans-serif"

NOISE = re.compile(
    r"<\?xml.*?\?>|<!DOCTYPE.*?>|<!--.*?-->|<metadata>.*?</metadata>"
    r"|<defs>\s*<style.*?</style>\s*</defs>"
    r'| transform="rotate\(-?0 [^"]*\)"',
    re.DOTALL,
)
# Attributes that hold lengths: two decimals are a hundredth of a point.
LENGTHS = re.compile(r' (d|x|y|width|height|viewBox|style)="([^"]*)"')
SHIFTS = re.compile(r"(translate|rotate)\(([^)]*)\)")
NUMBER = re.compile(r"-?\d+\.\d+")


def figure(
    rows: int = 1,
    cols: int = 1,
    *,
    width: Number = 6.0,
    height: Number | None = None,
    sharex: bool = False,
    sharey: bool = False,
) -> tuple[Figure, Any]:
    """Return a new figure and its axes; pyplot does not know of it.

    Parameters
    ----------
    rows, cols
        Number of axes. With 1 × 1 the axes come alone, else in an array.
    width, height
        Inches. The height is 3.5 for one row and 2.8 for each of several
        if left out. Six inches keep the text legible on a phone.
    sharex, sharey
        Whether all axes have the same limits.
    """
    height = height or (3.5 if rows == 1 else 2.8 * rows)
    fig = Figure(figsize=(width, height), layout="constrained")
    return fig, fig.subplots(rows, cols, sharex=sharex, sharey=sharey)


def array(name: str, values: Any, *, axes: int) -> NDArray[Any]:
    """Return numbers of any library as a NumPy array with so many axes."""
    if hasattr(values, "detach"):
        values = values.detach().cpu()
    numbers = np.asarray(values)
    if numbers.dtype.kind not in "biuf":
        raise TypeError(
            f"{name}: expected real numbers, got {numbers.dtype.name}"
        )
    if numbers.ndim != axes or numbers.size == 0:
        raise ValueError(
            f"{name}: expected {axes} axes and at least one number, got "
            f"shape {numbers.shape}"
        )
    return numbers


def checked(name: str, text: str, fig: Figure | None = None) -> str:
    """Return a description with single spaces, or refuse it.

    Raises
    ------
    ValueError
        If the text is shorter than 20 characters or repeats a title.
    """
    words = " ".join(text.split())
    if len(words) < SHORTEST:
        raise ValueError(
            f"{name}: expected at least {SHORTEST} characters, got "
            f"{words!r}; say what is to be seen"
        )
    if fig is not None and _plain(words) in _titles(fig):
        raise ValueError(
            f"{name}: expected more than the figure's own title, got "
            f"{words!r}; say what is to be seen"
        )
    return words


def named(name: str) -> str:
    """Return the name of a figure, or refuse it.

    Raises
    ------
    ValueError
        If it is not made of small letters and digits, joined by hyphens.
    """
    if not NAME.fullmatch(name):
        raise ValueError(
            "name: expected small letters and digits, words joined by "
            f"hyphens, such as 'zig-zag', got {name!r}"
        )
    return name


def captioned(caption: str, alt: str) -> str:
    """Return a caption with single spaces, or refuse it.

    Raises
    ------
    ValueError
        If it is shorter than 40 characters, or says what alt says.
    """
    words = " ".join(caption.split())
    if len(words) < FINDING:
        raise ValueError(
            f"caption: expected at least {FINDING} characters, got "
            f"{words!r}; say what the figure shows"
        )
    if _plain(words) == _plain(alt):
        raise ValueError(
            f"caption: expected other words than those of alt, got {words!r}; "
            "the caption says the finding, alt what is to be seen"
        )
    return words


def _plain(text: str) -> str:
    return re.sub(r"\W+", " ", text.casefold()).strip()


def _titles(fig: Figure) -> set[str]:
    titles = [fig.get_suptitle()]
    for ax in fig.axes:
        titles += [ax.get_title(loc) for loc in ("left", "center", "right")]
    return {_plain(title) for title in titles} - {""}


def raw(fig: Figure, *, fixed: bool = False) -> str:
    """Return Matplotlib's own SVG without anything that varies.

    Parameters
    ----------
    fig
        The figure.
    fixed
        Whether its layout is fixed already; then it is drawn once, not twice.
    """
    file = io.StringIO()
    with mpl.rc_context(DETERMINISTIC):
        if fixed:
            canvas: Any = FigureCanvasSVG(fig)
            canvas.print_svg(file, metadata=UNSAID)
        else:
            fig.savefig(file, format="svg", metadata=UNSAID)
    return file.getvalue()


def svg(fig: Figure, alt: str, *, background: str) -> str:
    """Return a compact SVG that carries its own description.

    Parameters
    ----------
    fig
        The figure.
    alt
        What is to be seen, in words.
    background
        CSS colour behind the figure.
    """
    text = compact(raw(fig))
    used = set(re.findall(r'(?:url\(|href=")#([\w-]+)', text))
    text = re.sub(
        r' id="([^"]*)"', lambda m: m[0] if m[1] in used else "", text
    )
    return headed(text, alt, f"background:{background}")


def headed(text: str, alt: str, css: str) -> str:
    """Put a role, a description and style on the outermost element."""
    head = (
        f'<svg role="img" aria-label="{escape(alt)}" '
        f'style="stroke-linejoin:round;stroke-linecap:butt;{css}"'
    )
    return text.replace("<svg", head, 1)


def compact(text: str) -> str:
    """Drop from Matplotlib's SVG what no reader sees."""
    text = LENGTHS.sub(_attribute, NOISE.sub("", text))
    text = SHIFTS.sub(lambda m: NUMBER.sub(_rounded, m[0]), text)
    return re.sub(r">\s*\n\s*<", "><", text).strip()


def _attribute(match: re.Match[str]) -> str:
    return _short(*match.groups())


@functools.lru_cache(10_000)  # what stays is the same in every frame
def _short(name: str, value: str) -> str:
    value = NUMBER.sub(_rounded, " ".join(value.split()))
    if name == "d":
        value = re.sub(r" ?([MLQCz]) ?", r"\1", value)
        value = _finite(value) if "n" in value else value
    if name == "style":
        value = re.sub(r"'DejaVu Sans'(, [^;]*sans-serif)?", FONT, value)
        value = re.sub(r"([:;]) ", r"\1", value)
    return f' {name}="{value}"'


def _finite(path: str) -> str:
    """Drop points beyond 1e150, whose place Matplotlib gives as inf."""
    kept, lost = "", False
    for letter, numbers in re.findall(r"([MLQCz])([^MLQCz]*)", path):
        if "n" in numbers:
            lost = True
        elif lost and letter != "z":
            kept, lost = f"{kept}M{' '.join(numbers.split()[-2:])}", False
        else:
            kept += letter + numbers
    return kept


def _rounded(number: re.Match[str]) -> str:
    short = f"{float(number[0]):.2f}".rstrip("0").rstrip(".")
    return "0" if short == "-0" else short


def emit(data: Mapping[str, str], metadata: Mapping[str, Any]) -> None:
    """Show one output in a notebook; elsewhere do nothing."""
    ipython = sys.modules.get("IPython")
    if ipython is None or ipython.get_ipython() is None:
        return
    from IPython.display import display

    display(dict(data), metadata=dict(metadata), raw=True)  # type: ignore[no-untyped-call]
