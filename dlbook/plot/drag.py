"""Shared room: choose values in the picture, where they are places.

What ``plot.interactive(drag=...)`` stands on; chapters use that function.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

__all__ = ["SCRIPT", "Pad", "pad"]

FAR = 10  # sides of the axes
PER_SIDE = 1000  # places are stored in thousandths of a side of the axes

# A press or a drag on the axes gives each control the value whose place is
# nearest, and tells the script of the figure.
SCRIPT = """
document.querySelectorAll(".dl-pad:not([data-on])").forEach(pad => {
  const root = pad.closest(".dl-play");
  const controls = root.querySelectorAll("[data-p]");
  const choose = event => {
    const box = pad.getBoundingClientRect();
    const x = event.clientX - box.x, y = event.clientY - box.y;
    const away = (places, k, at, side) =>
      places ? (places[k] / UNITS * side - at) ** 2 : 0;
    let changed;
    for (const [p, xs, ys] of JSON.parse(pad.dataset.at)) {
      let best = 0, least = Infinity;
      (xs || ys).forEach((_, k) => {
        const far = away(xs, k, x, box.width) + away(ys, k, y, box.height);
        if (far < least) [best, least] = [k, far];
      });
      const all = [...controls[p].querySelectorAll("input,select")];
      const one = all[1] ? all[best] : all[0];
      if (all[1] ? one.checked : one.value == best) continue;
      if (all[1]) one.checked = true;
      else one.value = best;
      changed = one;
    }
    changed?.dispatchEvent(new Event("input", {bubbles: true}));
  };
  pad.dataset.on = "";
  pad.onpointerdown = event => {
    if (event.button) return;
    pad.setPointerCapture(event.pointerId);
    choose(event);
  };
  pad.onpointermove = event => {
    if (pad.hasPointerCapture(event.pointerId)) choose(event);
  };
});
"""
SCRIPT = re.sub("\n *", "\n", SCRIPT).strip()
SCRIPT = SCRIPT.replace("UNITS", str(PER_SIDE))


class Pad(NamedTuple):
    """Axes that can be pressed, in points, and where the values are."""

    box: tuple[float, float, float, float]  # left, top, width, height
    places: list[tuple[int, list[int] | int, list[int] | int]]
    scrolls: bool  # whether a stroke up or down still scrolls a phone


def pad(
    fig: Figure,
    lists: Mapping[str, list[Any]],
    drag: str | Mapping[str, Any],
) -> Pad:
    """Find where the values of the grids stand in the picture.

    Parameters
    ----------
    fig
        The first frame, drawn.
    lists
        The values of each parameter.
    drag
        As for ``plot.interactive``.
    """
    ways: dict[str, Any]
    ways = {"x": drag} if isinstance(drag, str) else dict(drag)
    number = ways.pop("axes", 0)
    if not ways or not ways.keys() <= {"x", "y", "xy"}:
        raise ValueError(
            'drag: expected a parameter, or "x", "y" or "xy" with one, got '
            f"{drag!r}"
        )
    if number not in range(len(fig.axes)):
        raise ValueError(
            f"drag: expected axes among 0 to {len(fig.axes) - 1}, got "
            f"{number!r}"
        )
    ax = fig.axes[number]
    to_box = ax.transData + ax.transAxes.inverted()
    middle = ax.transAxes.transform((0.5, 0.5))
    middle = ax.transData.inverted().transform(middle)
    found: list[tuple[int, list[int] | int, list[int] | int]] = []
    for way, given in ways.items():
        name, at = _places(way, given, lists)
        points = np.tile(middle, (len(at), 1))
        for k, axis in enumerate("xy"):
            if axis in way:
                points[:, k] = at[:, way.index(axis)]
        across, up = to_box.transform(points).T
        sides = [_parts(across), _parts(1 - up)]
        x, y = (
            side if axis in way else 0
            for axis, side in zip("xy", sides, strict=True)
        )
        found.append((list(lists).index(name), x, y))
    width, height = 72 * fig.get_size_inches()
    place = ax.get_position()
    box = (
        place.x0 * width,
        (1 - place.y1) * height,
        place.width * width,
        place.height * height,
    )
    return Pad(box, found, scrolls=ways.keys() == {"x"})


def _places(
    way: str, given: Any, lists: Mapping[str, list[Any]]
) -> tuple[str, NDArray[np.float64]]:
    name, at = (given, None) if isinstance(given, str) else given
    if name not in lists:
        raise ValueError(
            f"drag: expected parameters among {list(lists)}, got {name!r}"
        )
    values = lists[name]
    if at is None:
        if isinstance(values[0], str) or way == "xy":
            raise ValueError(
                f"drag: expected places with {name!r}, which has no number "
                f"along {way}; give ({name!r}, [...]), one for each value"
            )
        at = values
    places = np.asarray(at, float).reshape(len(at), -1)
    if places.shape != (len(values), len(way)):
        raise ValueError(
            f"drag: expected {len(values)} places for {name!r}, each of "
            f"{len(way)} numbers, got shape {np.shape(at)}"
        )
    return name, places


def _parts(along: NDArray[np.float64]) -> list[int]:
    if not (np.abs(along) < FAR).all():
        raise ValueError(
            "drag: expected places that the axes can show, got one that is "
            "far from them; a logarithmic axis has no 0"
        )
    return [int(part) for part in (PER_SIDE * along).round()]
