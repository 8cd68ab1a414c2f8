"""Companion code of the book: topic modules over a few shared rooms.

Each function is one formula of the book, with the letters of the formula.
Import the module you need: ``from dlbook import optim``.
"""

__version__ = "0.1.0"
