"""Companion code of the book: topic modules over a few shared rooms.

Each function is one formula of the book, with the letters of the formula.
Import the module you need: ``from dlbook import optim``.
"""

from pathlib import Path

__release__ = "0.1.0"
_built = Path(__file__).with_name("VERSION")  # see hatch_build.py
__version__ = (
    _built.read_text("utf-8") if _built.exists() else f"{__release__}+checkout"
)
