"""What a part of a page says, as plain text for the search.

A formula becomes the letters that a reader sees, once: its MathML is read
aloud, so to speak, with subscripts, fractions and roots on one line.
"""

import html
import re
from collections.abc import Iterable, Mapping
from typing import Any
from xml.etree import ElementTree as ET

from docutils import nodes
from sphinx import addnodes

# What a search index need not hold; the script leaves them out of questions.
STOP = frozenset(
    re.findall(
        r"\w+",
        """a all also an and any are as at be because but by can did do does
        each every for from has have here how i if in into is it its made make
        may more must no not of on one only or other our same so such than
        that the their them then there these they this those to two was we
        were what when where which who whose why will with without would""",
    )
)
_WORD = re.compile(r"[^\W\d_][^\W_]*(?:[-’'][^\W\d_]+)*")
_MATH = re.compile(r"<math\b.*?</math>", re.S)
_CAPTION = re.compile(r"<figcaption\b[^>]*>(.*?)</figcaption>", re.S)
_TAG = re.compile(r"<[^>]*>")
_MARKED = re.compile(r"\$([^$]+)\$")
_RELATION = re.compile(r"\s*([=<>≤≥≈≠∈⊂⊆→←↦⟹⇒⟺⇔∼≪≫∝:])\s*")
_BELOW = str.maketrans(
    "0123456789+-−=()aeijklmnoprstuvx",
    "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ",
)
_ABOVE = str.maketrans(
    "0123456789+-−=()dijkmnprtxT⊤",
    "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵈⁱʲᵏᵐⁿᵖʳᵗˣᵀᵀ",
)
_ACCENTS = {
    "^": "\u0302",
    "~": "\u0303",
    "ˉ": "\u0304",
    "‾": "\u0304",
    "˙": "\u0307",
    "¨": "\u0308",
    "⃗": "\u20d7",
}
_INVISIBLE = {"\u2061", "\u2062", "\u2063", "\u200b"}

# What stands on a page and says nothing in words, or has an entry of its own.
_SKIPPED = (
    nodes.Invisible,
    nodes.footnote_reference,
    nodes.image,
    nodes.system_message,
    nodes.target,
)


class Plainly:
    """Read nodes; `places` are the words of links, `works` are cited."""

    def __init__(
        self,
        drawer: Any,
        places: dict[str, tuple[str, str]],
        works: Mapping[str, Any],
    ):
        self.drawer = drawer
        self.places = places
        self.works = works
        self.known: dict[str, str] = {}

    def __call__(
        self, content: Iterable[nodes.Node], *, formulas: bool = True
    ) -> str:
        """Return the text of some nodes on one line."""
        pieces: list[str] = []
        for node in content:
            self._read(node, pieces, formulas)
        return tidy("".join(pieces))

    def words(self, content: Iterable[nodes.Node], known: str = "") -> str:
        """Return the words of some nodes, each once, less those known."""
        return bag(self(content, formulas=False), known)

    def marked(self, text: str) -> str:
        """Return a text of the inventory with its formulas as letters."""
        return _MARKED.sub(lambda m: self.formula(m[1]), text)

    def formula(self, tex: str) -> str:
        """Return the letters of a formula; none where it cannot be drawn."""
        if tex not in self.known:
            found = None
            if self.drawer is not None:
                drawn = self.drawer(tex, display=False).get("html", "")
                found = _MATH.search(drawn)
            self.known[tex] = letters(found[0]) if found else ""
        return self.known[tex]

    def _read(
        self, node: nodes.Node, pieces: list[str], formulas: bool
    ) -> None:
        if isinstance(node, nodes.Text):
            pieces.append(str(node))
        elif isinstance(node, nodes.math | nodes.math_block):
            text = self.formula(_portable(node)) if formulas else " "
            pieces.append(f" {text} " if text else " ")
            if isinstance(node, nodes.math):
                pieces[-1] = text
        elif isinstance(node, addnodes.pending_xref):
            self._link(node, pieces, formulas)
        elif isinstance(node, nodes.raw):
            pieces += [f" {_bare(c)} " for c in _CAPTION.findall(str(node[0]))]
        elif not isinstance(node, _SKIPPED):
            for child in node.children:
                self._read(child, pieces, formulas)
            if not isinstance(node, nodes.Inline):
                pieces.append(" ")

    def _link(
        self, node: nodes.Element, pieces: list[str], formulas: bool
    ) -> None:
        if node.get("refdomain") == "cite":
            if node.get("reftype") in ("t", "ct"):
                keys = node["reftarget"].split(",")
                pieces.append(", ".join(map(self._authors, keys)))
            return
        target = node.get("reftarget")
        if target in self.places and not node.get("refexplicit"):
            pieces.append(self.places[target][1])
        elif node.get("reftype") not in ("eq", "numref"):
            for child in node.children:
                self._read(child, pieces, formulas)

    def _authors(self, key: str) -> str:
        work = self.works.get(key.strip())
        names = work.persons.get("author", []) if work else []
        last = [" ".join(name.last_names) for name in names]
        return f"{last[0]} et al." if len(last) > 2 else " and ".join(last)


def tidy(text: str) -> str:
    """Put a text on one line, without a space before a full stop."""
    text = " ".join(text.split())
    return re.sub(r" ([.,;:!?)])(?=\s|$)", r"\1", text)


def bag(text: str, known: str = "") -> str:
    """Return the words of a text in lower case, each once."""
    have = {*_WORD.findall(known.lower())} | STOP
    found = dict.fromkeys(_WORD.findall(text.lower()))
    return " ".join(word for word in found if word not in have)


def letters(math: str) -> str:
    """Return MathML as the letters that it shows, on one line."""
    root = ET.fromstring(re.sub(r' xmlns="[^"]*"', "", math, count=1))
    text = _RELATION.sub(r" \1 ", _letters(root))
    return re.sub(r" (?=[+−)\],])", "", " ".join(text.split()))


def _letters(el: ET.Element) -> str:
    parts = list(el)
    tag = el.tag
    if tag in ("annotation", "mphantom"):
        return ""
    if tag == "mspace":
        return " "
    if not parts:
        text = (el.text or "").replace("\u00a0", " ")
        if text in _INVISIBLE:
            return ""
        word = tag in ("mi", "mo", "mtext") and len(text) > 1
        return f" {text} " if word and text.isalpha() else text
    read = [_letters(part) for part in parts]
    if tag == "mfrac":
        return f"{_group(read[0])}/{_group(read[1])} "
    if tag == "msqrt":
        return f"√{_group(''.join(read))}"
    if tag == "mroot":
        return f"{_small(read[1], _ABOVE, '')}√{_group(read[0])}"
    if tag in ("mover", "munder") and el.get("accent") == "true":
        return read[0].strip() + _ACCENTS.get(read[1].strip(), "")
    if tag in ("mover", "munder") and read[1].strip() in _ACCENTS:
        return read[0].strip() + _ACCENTS[read[1].strip()]
    if tag in ("msub", "munder"):
        return read[0] + _small(read[1], _BELOW, "_")
    if tag in ("msup", "mover"):
        return read[0] + _small(read[1], _ABOVE, "^")
    if tag in ("msubsup", "munderover"):
        below = _small(read[1], _BELOW, "_")
        return read[0] + below + _small(read[2], _ABOVE, "^")
    if tag == "mtr":
        return " ".join(read)
    return ("; " if tag == "mtable" else "").join(read)


def _group(text: str) -> str:
    """Put brackets around what is more than a word."""
    text = text.strip()
    simple = re.fullmatch(r"\w+[\u0300-\u036f]?|\(.*\)|\w\([^()]*\)", text)
    return text if simple else f"({text})"


def _small(text: str, table: dict[int, int], sign: str) -> str:
    """Return what stands below or above the line, small where it can be."""
    text = "".join(text.split())
    if text in ("′", "'", "*", "∗", "⋆"):
        return text
    if all(ord(c) in table for c in text):
        return text.translate(table)
    return sign + (text if len(text) == 1 else f"({text})")


def _bare(markup: str) -> str:
    return html.unescape(_TAG.sub(" ", markup))


def _portable(node: nodes.Element) -> str:
    """Return the TeX of a formula as KaTeX draws it on a line."""
    tex = node.astext()
    tex = re.sub(
        r"(\\(?:begin|end)\{)(?:align|equation|gather)\*?}", r"\1aligned}", tex
    )
    tex = re.sub(r"\\begin\{alignat\*?}\{\d+}", r"\\begin{aligned}", tex)
    tex = re.sub(r"\\end\{alignat\*?}", r"\\end{aligned}", tex)
    if r"\\" in tex and r"\begin" not in tex:
        return rf"\begin{{aligned}}{tex}\end{{aligned}}"
    return tex
