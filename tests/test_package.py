"""The package as one meets it: ``import dlbook``, ``help(adam)``."""

import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import dlbook

ROOT = Path(__file__).parents[1]
TOPICS = ("analysis", "calculus", "convolution", "optim", "probability")
ROOMS = ("check", "data", "device", "plot", "shapes")


def run(script):
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        cwd=ROOT,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


# ---- import dlbook --------------------------------------------------------
def test_a_module_is_there_when_it_is_asked_for():
    script = """if True:
        import sys
        import dlbook
        assert "optim" in dir(dlbook)
        assert "dlbook.optim" not in sys.modules
        print(dlbook.optim.adam.__name__, dlbook.calculus.__name__)
        """
    assert run(script) == "adam dlbook.calculus\n"


def test_importing_the_package_alone_is_fast_and_free_of_torch():
    script = """if True:
        import sys
        from time import process_time
        before, start = set(sys.modules), process_time()
        import dlbook
        dir(dlbook)
        took = process_time() - start
        heavy = {"torch", "numpy", "matplotlib", "sklearn", "jaxtyping"}
        print(sorted(heavy & set(sys.modules)), took < 0.1)
        """
    assert run(script) == "[] True\n"


def test_what_is_not_there_is_said_with_what_is():
    with pytest.raises(AttributeError, match="no attribute 'optimize'; it ha"):
        _ = dlbook.optimize
    assert not hasattr(dlbook, "VERSION")
    with pytest.raises(ImportError):
        importlib.import_module("dlbook.optimize")
    assert {*TOPICS, *ROOMS} <= set(dir(dlbook))


# ---- help -----------------------------------------------------------------
def functions():
    for name in (*TOPICS, *ROOMS):
        module = getattr(dlbook, name)
        for public in module.__all__:
            f = getattr(module, public)
            if inspect.isfunction(f):
                yield f"{name}.{public}", f


def explained(text):
    """Return the arguments that a docstring explains, with the words."""
    section = re.search(
        r"^Parameters\n-+\n(.*?)(?=\n\w+\n-{3,}|\n\n(?!    )\S|\Z)",
        inspect.cleandoc(text or ""),
        re.S | re.M,
    )
    found, names = {}, []
    for line in section[1].splitlines() if section else ():
        if line.startswith("    "):
            for name in names:
                found[name] = f"{found.get(name, '')} {line.strip()}".strip()
        elif line:
            names = [name.strip(" *") for name in line.split(",")]
    return found


def unexplained(f):
    words = explained(f.__doc__)
    asked = set(inspect.signature(f).parameters)
    return sorted(
        {name for name in asked if not words.get(name)} | (set(words) - asked)
    )


@pytest.mark.parametrize(
    ("name", "f"), [pytest.param(*pair, id=pair[0]) for pair in functions()]
)
def test_help_explains_every_argument(name, f):
    assert unexplained(f) == []
    topic = name.split(".")[0] in TOPICS
    assert not topic or "\nRaises\n---" in inspect.cleandoc(f.__doc__), name


def test_an_argument_without_words_is_found():
    def f(x, *rest, y=1):
        """Do.

        Parameters
        ----------
        x, z
            An array.
        *rest

        Raises
        ------
        y
            Never.
        """

    assert unexplained(f) == ["rest", "y", "z"]
    f.__doc__ = None
    assert unexplained(f) == ["rest", "x", "y"]


def test_help_shows_what_the_function_is():
    text = run(
        "import pydoc, dlbook\n"
        "print(pydoc.plain(pydoc.render_doc(dlbook.optim.adam)))"
    )
    assert "adam(" in text
    assert "theta" in text.split(") ->")[0]
    assert "Step size" in text
    assert "Kingma and Ba (2015), algorithm 1" in text
