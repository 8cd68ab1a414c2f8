"""Would the tests notice? Slips of the pen in the source of a module.

A fault is what is written, what is put in its place, and the comparisons
that must refuse it, each called with the faulty module. They refuse by a
failed assertion: a module that merely crashes proves nothing.
"""

import types

import pytest


def as_module(source):
    """Execute the source of a module without the run-time check of types."""
    module = types.ModuleType("module_in_memory")
    exec(compile(source, module.__name__, "exec"), vars(module))
    return module


def refuse(source, written, wrong, comparisons):
    """Make a slip; pass if every comparison refuses what comes of it."""
    assert source.count(written) == 1, "the table no longer fits the source"
    faulty = as_module(source.replace(written, wrong))
    for compare in comparisons:
        with pytest.raises(AssertionError):
            compare(faulty)
