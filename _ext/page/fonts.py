"""KaTeX's fonts, cut down to the glyphs that the site's formulas show."""

import base64
import hashlib
import html
import io
import logging
import re
from collections.abc import Iterable
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

# It tells each step, and that KaTeX's fonts are older than 1970.
logging.getLogger("fontTools").setLevel(logging.ERROR)

SMALL = 0  # bytes: a font below goes into the style sheet itself
FOLDER = "katex/fonts"
EARLY = {"KaTeX_Main-Regular": "katex", "KaTeX_Math-Italic": "mathnormal"}

# The classes of what is drawn with a font, one sign at a time. Where a page
# has one of the other classes, whose text may be longer, all fonts keep all
# signs.
SIGNS = {
    "KaTeX_AMS-Regular": "amsrm|mathbb",
    "KaTeX_Caligraphic-Regular": "mathcal",
    "KaTeX_Main-Bold": "mathbf",
    "KaTeX_Math-BoldItalic": "boldsymbol",
    "KaTeX_Math-Italic": "mathnormal",
}
OTHERS = re.compile(r'class="[^"]*\b(?:textb[bf]|mathboldfrak|pmb)\b')
DRAWN_BY_CSS = {"KaTeX_AMS-Regular": "□"}  # the end of a proof

# The drawn half of a formula ends before the next one, or with its line.
DRAWN = re.compile(
    r'<span class="katex-html".*?(?=<span class="katex"|</[pdl]|\n|$)', re.S
)


def glyphs(pages: Iterable[str]) -> list[int]:
    """Return the characters of all formulas, and those of plain text."""
    found = {chr(code) for code in range(0x20, 0x7F)}
    for page in pages:
        drawn = " ".join(DRAWN.findall(page))
        found.update(html.unescape(re.sub(r"<[^>]*>", "", drawn)))
    return sorted(map(ord, found))


def signs(pages: Iterable[str]) -> dict[str, list[int]]:
    """Return the characters that one font alone draws, by its name."""
    found = {name: set(DRAWN_BY_CSS.get(name, "")) for name in SIGNS}
    for page in pages:
        if OTHERS.search(page):
            return {}
        for name, kinds in SIGNS.items():
            leaf = rf'<span class="[^"]*\b(?:{kinds})\b[^"]*"[^>]*>([^<]*)<'
            for text in re.findall(leaf, page):
                found[name].update(html.unescape(text))
    return {name: sorted(map(ord, text)) for name, text in found.items()}


def write(root: Path, static: Path, pages: Iterable[str]) -> dict[str, bytes]:
    """Write the fonts, named by their content; return them by name."""
    target = static / FOLDER
    for path in target.glob("*"):
        path.unlink()
    codes, few = glyphs(pages), signs(pages)
    drawn = {}
    source = root / "node_modules" / "katex" / "dist" / "fonts"
    for path in sorted(source.glob("*.ttf")):
        drawn[path.stem] = cut(path, few.get(path.stem, codes))
        if len(drawn[path.stem]) >= SMALL:
            place = static / place_of(path.stem, drawn[path.stem])
            place.write_bytes(drawn[path.stem])
    return drawn


def cut(path: Path, codes: list[int]) -> bytes:
    """Return a font with these characters only."""
    options = subset.Options()
    options.flavor = "woff2"
    options.hinting = False
    options.layout_features = []
    options.notdef_outline = False
    font = TTFont(path, recalcTimestamp=False)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=codes)
    cutter.subset(font)
    font.flavor = "woff2"
    file = io.BytesIO()
    font.save(file)
    return file.getvalue()


def place_of(name: str, content: bytes) -> str:
    """Return the path of a font below `_static`."""
    digest = hashlib.sha256(content).hexdigest()[:10]
    return f"{FOLDER}/{name}.{digest}.woff2"


def embed(text: str, drawn: dict[str, bytes]) -> str:
    """Let a style sheet name the fonts as they are now."""

    def address(match: re.Match[str]) -> str:
        content = drawn[match[1]]
        if len(content) < SMALL:
            data = base64.b64encode(content).decode()
            return f'url("data:font/woff2;base64,{data}") format("woff2")'
        return f'url("{place_of(match[1], content)}") format("woff2")'

    pattern = (
        r"""url\(["']?[^)"']*/(KaTeX_[\w-]+)\.woff2["']?\)"""
        r"""\s*format\(["']woff2["']\)"""
    )
    return re.sub(pattern, address, text)


def preloads(page: str, drawn: dict[str, bytes], base: str) -> list[str]:
    """Ask early for the fonts of the formulas that are seen at first."""
    start = page.find("<article")
    heading = page.find("<h2", start)
    top = page[start : heading if heading > 0 else None]
    return [
        f'<link rel="preload" as="font" type="font/woff2" crossorigin '
        f'href="{base}{place_of(name, drawn[name])}">'
        for name, used in EARLY.items()
        if f'class="{used}"' in top or f" {used}" in top
    ]
