"""Companion code of the book: topic modules over a few shared rooms.

Each function is one formula of the book, with the letters of the formula.
A module is imported when it is first asked for: ``import dlbook`` and then
``dlbook.optim.adam``, or ``from dlbook import optim``.
"""

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

__release__ = "0.1.0"
_built = Path(__file__).with_name("VERSION")  # see hatch_build.py
__version__ = (
    _built.read_text("utf-8") if _built.exists() else f"{__release__}+checkout"
)


def __getattr__(name: str) -> Any:
    if name in _modules():
        return import_module(f"{__name__}.{name}")
    raise AttributeError(
        f"module {__name__!r} has no attribute {name!r}; it has "
        f"{', '.join(_modules())}"
    )


def __dir__() -> list[str]:
    return sorted({*globals(), *_modules()})


def _modules() -> list[str]:
    return sorted(module.name for module in iter_modules(__path__))
