"""The statements of the sheet, by id."""

import difflib
import functools
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

__all__ = ["inventory", "nearest", "title"]

EXPERIMENT = re.compile(r"exp(-\d+)+(-[a-z][a-z0-9]*)(-[a-z0-9]+)*")


@functools.cache
def inventory() -> Mapping[str, Mapping[str, str]]:
    """Return the statements of the sheet by id."""
    package = Path(__file__).parents[1]
    installed = package / "cheatsheet.yml"
    checkout = package.parent / "chapters" / "cheatsheet.yml"
    path = installed if installed.exists() else checkout
    entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {entry["id"]: entry for entry in entries}


def title(id: str) -> str:
    """Return "11.3.2 Gradient descent", or refuse an unknown id.

    An experiment, ``exp-<section>-<name>``, is no statement of the sheet and
    goes by its id.
    """
    if EXPERIMENT.fullmatch(id):
        return f"Experiment {id}"
    if id not in inventory():
        raise ValueError(f"{id}: no such statement{nearest(id, inventory())}")
    return "{number} {title}".format_map(inventory()[id])


def nearest(word: str, known: Mapping[str, Any]) -> str:
    """Return "; nearest: ..." for a word that is not known, or ""."""
    near = difflib.get_close_matches(word, known, n=3, cutoff=0.4)
    return f"; nearest: {', '.join(near)}" if near else ""
