"""The boxes of a chapter as pixels: their text can be read, no sign lacks.

A sign that no font has is drawn as a box, the same one for all of them: a
sign whose drawing is that of a code point which means nothing is missing.
"""

from io import BytesIO

import pytest

pytest.importorskip("playwright.sync_api")

from browser import Visit, served
from PIL import Image

CHAPTER = "chapters/12-2-discrete-convolution.html"
KINDS = {
    "definition": "div.proof.definition",
    "theorem": "div.proof.theorem",
    "proof": "[id^=proof-of-]",
    "exercise": ".exercise",
    "solution": ".solution",
    "erratum": "div.erratum",
    "erratum of the copy": "details.erratum",
    "check mark": ".dl-mark.dl-checked",
    "refuted": ".dl-mark.dl-refuted",
    "line of a check": ".dl-check",
    "lines of checks": ".dl-lines",
}
PARTS = ".admonition-title, summary, p"  # what of a box is looked at
MOST = 21  # the contrast of black on white
LEAST = 4.5
WEIGHTS = (0.2126, 0.7152, 0.0722)

# The signs in a part of a page, and before and behind its elements, that are
# drawn as the code point that means nothing, each in the font of its place.
LACKING = r"""box => {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 64;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const pictures = new Map();
  const drawn = (sign, font) => {
    const key = sign + font;
    if (!pictures.has(key)) pictures.set(key, draw(sign, font));
    return pictures.get(key);
  };
  const draw = (sign, font) => {
    pen.clearRect(0, 0, 64, 64);
    pen.font = font;
    pen.fillText(sign, 16, 48);
    return String(pen.getImageData(0, 0, 64, 64).data);
  };
  const found = new Set();
  for (const part of [box, ...box.querySelectorAll("*")]) {
    if (part.closest(".katex-mathml, svg")) continue;
    const texts = [...part.childNodes].filter(node => node.nodeType == 3)
      .map(node => [node.data, getComputedStyle(part)]);
    for (const place of ["::before", "::after"]) {
      const style = getComputedStyle(part, place);
      const [text] = style.content.match(/"[^"]*"/) ?? [""];
      texts.push([text.slice(1, -1), style]);
    }
    for (const [text, style] of texts) {
      const { fontStyle, fontWeight, fontFamily } = style;
      const font = `${fontStyle} ${fontWeight} 24px ${fontFamily}`;
      for (const sign of text.replace(/[\s\u200b\u2061-\u2064]/gu, "")) {
        if (drawn(sign, font) == drawn("\u0378", font)) found.add(sign);
      }
    }
  }
  return [...found];
}"""


@pytest.fixture(scope="module")
def site(published):
    with served(published.html) as address:
        yield address


def light(pixel):
    """Return the relative luminance of a colour."""
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (value / 255 for value in pixel[:3])
    ]
    return sum(w * c for w, c in zip(WEIGHTS, linear, strict=True))


def contrast(part):
    """Return the contrast of the ground and the ink farthest from it."""
    picture = Image.open(BytesIO(part.screenshot())).convert("RGB")
    colours = picture.getcolors(picture.width * picture.height)
    ground = light(max(colours)[1])
    return max(
        (max(ground, ink) + 0.05) / (min(ground, ink) + 0.05)
        for ink in (light(colour) for _, colour in colours)
    )


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_each_kind_of_box_can_be_read_and_lacks_no_sign(browser, site, theme):
    seen = Visit(browser, site, color_scheme=theme)
    page = seen.open(CHAPTER, whole=True)
    page.evaluate(
        """() => { for (const fold of document.querySelectorAll("details"))
          fold.open = true; }"""
    )
    for kind, where in KINDS.items():
        box = page.locator(f"article :is({where}):visible").first
        assert box.evaluate(LACKING) == [], kind
        inner = box.locator(f"css=:is({PARTS}):visible")
        part = inner.first if inner.count() else box
        assert LEAST <= contrast(part) <= MOST, kind
    title = page.locator("article .erratum > .admonition-title").first
    page.add_style_tag(
        content='.erratum > .admonition-title::before { content: "\\f071" '
        "!important; } .erratum > .admonition-title { color: #888; }"
    )
    assert title.evaluate(LACKING) == ["\uf071"]  # it sees what it looks for
    seen.close()


def test_the_dense_sheet_keeps_to_its_columns(browser, site):
    seen = Visit(browser, site, viewport={"width": 1600, "height": 900})
    page = seen.open("cheatsheet.html", whole=True)
    wide = page.evaluate(
        """() => [...document.querySelectorAll(".dl-item")].filter(item => {
          const [box] = item.getClientRects();
          return box && [...item.querySelectorAll(".katex-base")].some(
            part => {
              const { left, right } = part.getBoundingClientRect();
              return left < box.right && right > box.right + 1;
            });
        }).map(item => item.id)"""
    )
    assert wide == []
    seen.close()
