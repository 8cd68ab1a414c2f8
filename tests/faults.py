"""Would the tests notice? Slips of the pen in the source of a module.

A fault is what is written, what is put in its place, and the comparisons
that must refuse it: functions of the module, called first with the module as
it stands, which they must pass, and then with the faulty one. They refuse by
a failed assertion on what it does: a module that merely crashes proves
nothing. A slip that cannot be made is no fault that was noticed but a
mistake in the table, and is reported as `StaleTable`.
"""

import importlib
import importlib.abc
import importlib.util
import inspect
import re
import sys
import types
from functools import cache
from pathlib import Path

import pytest


class StaleTable(Exception):
    """The table names a line that is not in the module, or is there twice."""


@cache
def as_module(source):
    """Execute the source of a module, or all files of a package.

    Without the run-time check of types, so that our own refusals are seen.

    source: the text of a module, or as `sources` returns it for a package.
    """
    if isinstance(source, str):
        module = types.ModuleType("module_in_memory")
        exec(compile(source, module.__name__, "exec"), vars(module))
        return module
    return _package(dict(source))


def sources(module):
    """Return the source of a module: text, or name and text of each file."""
    if not hasattr(module, "__path__"):
        return inspect.getsource(module)
    (folder,) = map(Path, module.__path__)
    found = {}
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder).with_suffix("").parts
        names = [part for part in parts if part != "__init__"]
        name = ".".join([module.__name__, *names])
        found[name] = path.read_text("utf-8")
    return tuple(found.items())


def slip(source, written, wrong):
    """Return the source with `wrong` in place of what is `written` once.

    White space does not matter: a formatter may break a line elsewhere.
    """
    symbols = re.findall(r"\w+|[^\w\s]", written)
    pattern = re.compile(r"\s*".join(map(re.escape, symbols)))
    files = [("", source)] if isinstance(source, str) else source
    places = [len(pattern.findall(text)) for _, text in files]
    if sum(places) != 1:
        raise StaleTable(f"{sum(places)} times in the source: {written}")
    changed = tuple(
        (name, pattern.sub(lambda _: wrong, text)) for name, text in files
    )
    return changed[0][1] if isinstance(source, str) else changed


def refuse(source, written, wrong, comparisons):
    """Make a slip; pass if every comparison refuses what comes of it."""
    for compare in comparisons:
        _passes(source, compare)
    faulty = as_module(slip(source, written, wrong))
    for compare in comparisons:
        with pytest.raises(AssertionError):
            compare(faulty)


def refused(error, says, call, /, *args, **how):
    """Assert that a call raises this error, with these words."""
    caught = None
    try:
        call(*args, **how)
    except Exception as raised:
        caught = raised
    assert type(caught) is error, f"{error.__name__} expected, got {caught!r}"
    assert re.search(says, str(caught)), f"{says!r} is not in {caught}"


def accepted(call, /, *args, **how):
    """Return what a call returns; assert that it raises nothing."""
    try:
        return call(*args, **how)
    except Exception as refusal:
        raise AssertionError(f"refused: {refusal}") from refusal


@cache
def _passes(source, compare):
    """Compare the module as it stands; once for all of its slips."""
    compare(as_module(source))


class _InMemory(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds the files of a package in a dictionary of their sources."""

    def __init__(self, files):
        self.files = files

    def find_spec(self, name, path=None, target=None):
        if name not in self.files:
            return None
        inner = any(other.startswith(f"{name}.") for other in self.files)
        return importlib.util.spec_from_loader(name, self, is_package=inner)

    def exec_module(self, module):
        source = self.files[module.__name__]
        exec(compile(source, module.__name__, "exec"), vars(module))


def _package(files):
    """Import a package from memory, and put the true one back in place."""
    name = min(files, key=len)
    parent, _, last = name.rpartition(".")
    holder = importlib.import_module(parent)
    true = getattr(holder, last, None)
    kept = {other: sys.modules.pop(other, None) for other in files}
    finder = _InMemory(files)
    sys.meta_path.insert(0, finder)
    try:
        return importlib.import_module(name)
    finally:
        sys.meta_path.remove(finder)
        for other, module in kept.items():
            sys.modules.pop(other, None)
            if module is not None:
                sys.modules[other] = module
        if true is not None:
            setattr(holder, last, true)
