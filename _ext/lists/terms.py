"""The index of terms: what is called how, from A to Z."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Any, NamedTuple

# An alias that is a question is for the search; an index has terms.
QUESTION = re.compile(r"^(?:can|does|how|is|what|when|which|why)\b", re.I)
_OTHERS = str.maketrans({"ł": "l", "ø": "o", "ß": "ss", "æ": "ae"})
OTHER = "Formulas"
_FORMULA = re.compile(r"[\^=<>/*²+]|^[\W\d]")


class Term(NamedTuple):
    """A term, and the hits that it leads to."""

    name: str
    hits: list[Any]


def letters(hits: Iterable[Any]) -> dict[str, list[Term]]:
    """Return the terms of statements and functions by first letter."""
    found: dict[str, Term] = {}
    for hit in hits:
        if hit.kind not in ("statement", "function"):
            continue
        title = hit.title
        if hit.kind == "function":
            title = title.rpartition(".")[2]
        for name in (title, *hit.aliases):
            if QUESTION.match(name):
                continue
            term = found.setdefault(key(name), Term(name, []))
            if hit not in term.hits:
                term.hits.append(hit)
    groups: dict[str, list[Term]] = {}
    for _, term in sorted(found.items()):
        groups.setdefault(initial(term.name), []).append(term)
    return groups


def key(name: str) -> str:
    """Return what a term is sorted by: no accents, case or signs."""
    bare = unicodedata.normalize("NFKD", name.casefold()).translate(_OTHERS)
    kept = (c for c in bare if not unicodedata.combining(c))
    plain = " ".join(re.sub(r"[^\w\s]", " ", "".join(kept)).split())
    plain = re.sub(r"^(?:an?|the) (?=\w\w)", "", plain)
    return f"~{plain}" if initial(name) == OTHER else plain


def initial(name: str) -> str:
    """Return the letter under which a term stands."""
    if _FORMULA.search(name):
        return OTHER
    bare = re.sub(r"^(?:an?|the) (?=\w\w)", "", name.casefold())
    bare = unicodedata.normalize("NFKD", bare).translate(_OTHERS)
    return bare[0].upper()
