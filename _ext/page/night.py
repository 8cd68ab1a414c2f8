"""A picture for the dark page: its ground, axes and words change, not it.

A photograph or a heat map keeps its colours, so the drawing around it cannot
be inverted with it. `drawn` turns an SVG into one for the dark page: what
stands on the page's ground takes the colours of the mode; what stands on an
image, or on a white patch such as the ground of a legend, stays.
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from typing import NamedTuple

SPACE = "http://www.w3.org/2000/svg"
LINK = "http://www.w3.org/1999/xlink"
INK, GROUND = (206, 214, 221), (18, 18, 18)  # as on the dark page
# The colours of dlbook.plot, and what stands for them in the dark.
COLOURS = {
    "#0072b2": "#56b4e9",
    "#d55e00": "#f0883e",
    "#009e73": "#2bc596",
    "#cc79a7": "#e7a4c8",
}
COLOUR = re.compile(r"#[0-9a-f]{6}\b")
NUMBER = re.compile(r"-?\d+\.?\d*(?:e-?\d+)?")
SHAPES = ("path", "text", "use")
EDGE = 0.5  # points: what ends here stands on the edge


class Box(NamedTuple):
    """Where something stands, in points from the upper left."""

    left: float
    top: float
    right: float
    bottom: float

    def holds(self, other: "Box") -> bool:
        """Say whether another box lies within, clear of the edges."""
        return (
            self.left + EDGE < other.left
            and other.right < self.right - EDGE
            and self.top + EDGE < other.top
            and other.bottom < self.bottom - EDGE
        )


def drawn(svg: str) -> str:
    """Return the SVG of a picture as the dark page shows it."""
    ET.register_namespace("", SPACE)
    ET.register_namespace("xlink", LINK)
    root = ET.fromstring(svg)  # of a notebook of this book
    images = list(root.iter(f"{{{SPACE}}}image"))
    frames = [box for image in images if (box := _image(image))]
    clips = {
        group.get("clip-path")
        for group in root.iter()
        if any(child in images for child in group)
    } - {None}
    parts = list(_parts(root))
    frames += [
        box
        for part, box in parts
        if "fill:#ffffff" in part.get("style", "") and box
    ]
    for part, box in parts:
        if part.get("clip-path") in clips or _within(box, frames):
            if "fill" not in part.get("style", "") and _tag(part) != "use":
                part.set("fill", "#000")
        elif style := part.get("style"):
            part.set("style", COLOUR.sub(_dark, style))
    for defined in root.iter(f"{{{SPACE}}}defs"):
        for part in defined.iter():  # marks take the style of their use
            part.attrib.pop("style", None)
    root.set("fill", "#{:02x}{:02x}{:02x}".format(*INK))
    style = root.get("style", "")
    root.set("style", re.sub(r"background:[^;]*", "background:none", style))
    return ET.tostring(root, "unicode")


def _parts(
    node: ET.Element, shift: tuple[float, float] = (0.0, 0.0)
) -> Iterator[tuple[ET.Element, Box | None]]:
    """Yield what is drawn, and where; a mark by itself is no part."""
    for child in node:
        if _tag(child) in ("defs", "clipPath"):
            continue
        moved = shift
        if match := re.search(
            r"translate\(([^)]*)\)", child.get("transform", "")
        ):
            x, y = map(float, NUMBER.findall(match[1])[:2])
            moved = (shift[0] + x, shift[1] + y)
        if _tag(child) in SHAPES:
            yield child, _place(child, moved)
        yield from _parts(child, moved)


def _place(part: ET.Element, shift: tuple[float, float]) -> Box | None:
    if _tag(part) == "path":
        numbers = list(map(float, NUMBER.findall(part.get("d", ""))))
        xs, ys = numbers[::2], numbers[1::2]
    else:
        xs, ys = ([float(part.get(name, "0"))] for name in "xy")
    if not xs or not ys:
        return None
    x, y = shift
    return Box(min(xs) + x, min(ys) + y, max(xs) + x, max(ys) + y)


def _image(image: ET.Element) -> Box | None:
    width, height = (float(image.get(k, "0")) for k in ("width", "height"))
    match = re.fullmatch(r"matrix\((.*)\)", image.get("transform", ""))
    if not match:
        return None
    a, _, _, d, x, y = map(float, NUMBER.findall(match[1]))
    ends = sorted((x, x + a * width)), sorted((y, y + d * height))
    return Box(ends[0][0], ends[1][0], ends[0][1], ends[1][1])


def _within(box: Box | None, frames: list[Box]) -> bool:
    return box is not None and any(frame.holds(box) for frame in frames)


def _tag(node: ET.Element) -> str:
    return node.tag.rpartition("}")[2]


def _dark(match: re.Match[str]) -> str:
    colour = match[0]
    if colour in COLOURS:
        return COLOURS[colour]
    red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    if not red == green == blue:
        return colour
    light = red / 255
    mixed = (
        round(ink + light * (ground - ink))
        for ink, ground in zip(INK, GROUND, strict=True)
    )
    return "#{:02x}{:02x}{:02x}".format(*mixed)
