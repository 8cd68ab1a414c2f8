"""Shared room: what ``dlbook.plot`` can draw. Chapters use that module."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from dlbook.plot.picture import Number, array, figure

__all__ = ["band", "curves", "field", "graph", "images"]

MARKERS = "osD^vPX*<>"
GREY = "#767676"  # 4.5:1 on white and 4:1 on the dark page


def curves(
    series: Mapping[str, Any],
    *,
    xlabel: str,
    ylabel: str,
    x: Any = None,
    log: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Draw one labelled line per entry.

    Parameters
    ----------
    series
        Label to values, or label to a pair ``(x, values)``.
    xlabel, ylabel
        Quantity and unit, e.g. ``"test loss (nats)"``.
    x
        Common abscissae; 0, 1, 2, ... if left out.
    log
        Axes with a logarithmic scale. Zeros leave a gap in the line.
    ax
        Where to draw; a new figure if left out.

    Returns
    -------
    matplotlib.axes.Axes
        For the chapter to add to. Nothing is shown here.
    """
    if not series:
        raise ValueError("series: expected at least one line, got none")
    if log not in ("", "x", "y", "xy"):
        raise ValueError(f'log: expected "", "x", "y" or "xy", got {log!r}')
    ax = figure()[1] if ax is None else ax
    for label, values in series.items():
        name = f"series[{label!r}]"
        own, values = values if isinstance(values, tuple) else (x, values)
        y = array(name, values, axes=1)
        at = np.arange(len(y)) if own is None else array("x", own, axes=1)
        if len(at) != len(y):
            raise ValueError(
                f"{name}: expected {len(at)} values, one for each x, "
                f"got {len(y)}"
            )
        for axis, numbers in (("x", at), ("y", y)):
            if axis in log and (numbers < 0).any():
                raise ValueError(
                    f"{name}: expected no negative {axis} on a logarithmic "
                    f"axis, got {np.nanmin(numbers):.3g}; leave {axis!r} "
                    "out of log"
                )
        ax.plot(at, y, label=label)
    if "x" in log:
        ax.set_xscale("log")
    if "y" in log:
        ax.set_yscale("log")
    ax.set(xlabel=xlabel, ylabel=ylabel)
    if len(series) > 1:
        ax.legend()
    return ax


def band(
    ax: Axes, samples: Any, *, label: str, x: Any = None, sds: Number = 1
) -> Axes:
    """Draw the mean of repeated runs, mean ± sds standard deviations shaded.

    Parameters
    ----------
    ax
        Where to draw.
    samples
        One row for each run.
    label
        Name of the line in the legend, which is the chapter's to draw.
    x
        Abscissae; 0, 1, 2, ... if left out.
    sds
        Half the height of the band in standard deviations (with n - 1).
    """
    runs = array("samples", samples, axes=2)
    if len(runs) < 2:
        raise ValueError("samples: expected two runs or more, got 1")
    at = np.arange(runs.shape[1]) if x is None else array("x", x, axes=1)
    mean, sd = runs.mean(axis=0), runs.std(axis=0, ddof=1)
    (line,) = ax.plot(at, mean, label=label)
    low, high = mean - sds * sd, mean + sds * sd
    ax.fill_between(at, low, high, color=line.get_color(), alpha=0.2, lw=0)
    return ax


def field(
    f: Callable[[Any, Any], Any],
    xlim: Sequence[Number],
    ylim: Sequence[Number],
    *,
    levels: int | Sequence[Number] | NDArray[Any] = 12,
    log: bool = False,
    xlabel: str = "",
    ylabel: str = "",
    ax: Axes | None = None,
    n: int = 101,
) -> Axes:
    """Draw contour lines of a function of two variables.

    Parameters
    ----------
    f
        Function of two float64 arrays of shape (n, n), elementwise.
    xlim, ylim
        Limits of the axes.
    levels
        How many lines, or at which values of f.
    log
        Whether a number of levels is spaced by equal factors; needs f ≥ 0.
    xlabel, ylabel
        Quantity and unit.
    ax
        Where to draw; a new figure if left out.
    n
        Points along each axis.
    """
    ax = figure()[1] if ax is None else ax
    x, y = np.meshgrid(
        np.linspace(xlim[0], xlim[1], n), np.linspace(ylim[0], ylim[1], n)
    )
    z = array("f(x, y)", f(x, y), axes=2)
    if z.shape != (n, n):
        raise ValueError(
            f"f: expected values of shape ({n}, {n}), got {z.shape}; "
            "it must act elementwise"
        )
    if isinstance(levels, int):
        finite = z[np.isfinite(z)]
        low, high = finite.min(), finite.max()
        if log and low < 0:
            raise ValueError(
                f"f: expected values ≥ 0 for log=True, got {low:.3g}"
            )
        if log:
            low = max(low, finite[finite > 0].min(), high * 1e-6)
        between = np.geomspace if log else np.linspace
        levels = list(between(low, high, levels + 2)[1:-1])
    ax.contour(x, y, z, levels, colors=GREY, linewidths=0.8)
    ax.set(xlim=xlim, ylim=ylim, xlabel=xlabel, ylabel=ylabel)
    ax.grid(visible=False)
    return ax


def images(
    pictures: Any,
    titles: Sequence[str] | None = None,
    *,
    cols: int | None = None,
    cmap: str = "gray",
    limits: Sequence[Number] | None = None,
    label: str | None = None,
) -> Figure:
    """Draw pictures side by side on one common scale.

    Parameters
    ----------
    pictures
        Shape (number, height, width), or (number, height, width, 3) with
        colours in [0, 1].
    titles
        One for each picture.
    cols
        Pictures in a row; at most 6 if left out.
    cmap
        Matplotlib's name of a colour map, for pictures without colours.
    limits
        Values of the darkest and the brightest colour; the smallest and
        the largest value if left out.
    label
        Quantity and unit beside a colour bar; no bar if left out.
    """
    shape = np.shape(pictures)
    pictures = array("pictures", pictures, axes=4 if len(shape) == 4 else 3)
    number, high, wide = pictures.shape[:3]
    if titles is not None and len(titles) != number:
        raise ValueError(
            f"titles: expected {number}, one for each picture, got "
            f"{len(titles)}"
        )
    cols = cols or min(number, 6)
    rows = -(-number // cols)
    size = 6.0 / cols
    height = rows * (size * high / wide + 0.3 * (titles is not None))
    fig, axes = figure(rows, cols, height=max(height, 0.8))
    low, top = limits or (float(pictures.min()), float(pictures.max()))
    flat = np.atleast_1d(axes).ravel()
    for ax in flat:
        ax.axis("off")
    for k, ax in enumerate(flat[:number]):
        drawn = ax.imshow(
            pictures[k], cmap=cmap, vmin=low, vmax=top, interpolation="none"
        )
        ax.set_title(titles[k] if titles is not None else "")
    if label is not None:
        fig.colorbar(drawn, ax=list(flat), label=label)
    return fig


def graph(
    edge_index: Any,
    pos: Any,
    *,
    classes: Any = None,
    names: Sequence[str] | None = None,
    directed: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Draw the nodes and edges of a graph.

    Parameters
    ----------
    edge_index
        Shape (2, E): sources above, targets below.
    pos
        Shape (n, 2): where the nodes stand.
    classes
        A whole number for each node: its colour and its marker.
    names
        A word or two for each node, written inside or beside it.
    directed
        Whether edges end in arrows.
    ax
        Where to draw; a new figure if left out.
    """
    ax = figure()[1] if ax is None else ax
    ends, at = (
        array("edge_index", edge_index, axes=2),
        array("pos", pos, axes=2),
    )
    n = len(at)
    if ends.shape[0] != 2 or ends.min() < 0 or ends.max() >= n:
        raise ValueError(
            f"edge_index: expected shape (2, E) and nodes 0 to {n - 1}, got "
            f"shape {ends.shape} and {ends.min()} to {ends.max()}"
        )
    of = (
        np.zeros(n, int)
        if classes is None
        else array("classes", classes, axes=1)
    )
    for i, j in ends.T.astype(int):
        line = {"arrowstyle": "-|>" if directed else "-", "color": GREY}
        ax.annotate(
            "", at[j], at[i], arrowprops={**line, "shrinkA": 6, "shrinkB": 6}
        )
    for k, c in enumerate(np.unique(of)):
        x, y = at[of == c].T
        marker = MARKERS[k % len(MARKERS)]
        ax.plot(x, y, marker, markersize=11, linestyle="", label=f"class {c}")
    for word, (x, y) in zip(names or (), at, strict=bool(names)):
        ax.annotate(word, (x, y), (7, 5), textcoords="offset points")
    ax.axis("off")
    return ax
