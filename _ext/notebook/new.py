"""Lay out a chapter: its notebook, its module, and the test of that.

    python -m _ext.notebook.new SECTION TITLE

The statements are those that `sections.yml` gives to the section; one that
is not on the sheet has none. What only an author can write says TODO, which
the rules refuse, and all that they refuse is that: `make check NB=...`
lists it.
"""

import re
import sys
from pathlib import Path
from typing import Any

from _ext.notebook import coverage, execute, numbers, records
from _ext.notebook.bars import (
    CITATIONS,
    CLAIMS,
    EXERCISES,
    FIGURES,
    INTERACTIVES,
)
from _ext.notebook.page import COPY, SHEET

KINDS = {  # of the inventory, and the box that states it
    "architecture": "definition",
    "comment": "remark",
    "identity": "property",
}

MODULE = '''\
"""Section {section}: TODO, what it computes, in one line."""

from jaxtyping import Float
from torch import Tensor

from dlbook.shapes import door

__all__ = ["{name}"]


@door
def {name}(x: Float[Tensor, " n"]) -> Float[Tensor, " n"]:
    """Return x: TODO, the formula, with its letters.

    x: TODO, its unit or meaning.

    Source: TODO, with the number of its equation.
    """
    return x
'''
TEST = '''\
"""dlbook.{name} against code that it shares nothing with."""

import torch
from torch.testing import assert_close

from dlbook.{name} import {name}


def test_it_is_what_the_definition_says():
    x = torch.tensor([1.0, 2.0, 4.0])
    expected = torch.tensor([1.0, 2.0, 4.0])  # TODO: a library, or a loop
    assert_close({name}(x), expected)
'''
IMPORTS = """\
from dlbook import check, plot
from dlbook.{name} import {name}

plot.style()"""
SHOWN = """\
# TODO: {count} figures, one a cell
# fig, ax = plot.figure()
# plot.show(fig, name="a-word", caption="The finding, in 40 letters or more",
#           alt="what is to be seen, in 20 letters or more")"""
PLAY = """\
# TODO: one to play with; draw(ax, n) draws on axes that it is given
# plot.interactive(draw, name="another-word", question="What will ...?",
#                  finding="...", alt="...", n=range(1, 9))"""
ASKED = """\
:::{{exercise-start}} TODO
:label: {label}
:::

Write `solve(x)`. TODO: say what it returns, and on which inputs.

:::{{exercise-end}}
:::"""
GRADER = """\
@check.grader("{label}")
def grade_solve(solve):
    for x in ([1.0], [3.0, 5.0, 7.0]):  # TODO: odd sizes, and a case apart
        check.agree(solve(x), {name}(x), x=x)"""
SOLVED = """\
:::{{solution-start}} {label}
:label: sol-{end}
:class: dropdown
:::

TODO: the idea."""
SOLUTION = """\
def solve(x):
    return {name}(x)


check.exercise("{label}", solve)"""
QUESTION = """\
:::{{exercise}} TODO
:label: {label}

TODO
:::

:::{{solution}} {label}
:label: sol-{end}
:class: dropdown

TODO
:::"""


class Refused(Exception):
    """A chapter that is not laid out; the message says why."""


def lay_out(section: str, title: str, root: Path) -> list[Path]:
    """Write the files of a new chapter; return those that are new."""
    if not re.fullmatch(r"\d+(\.\d+)*", section):
        raise Refused(f"SECTION={section}: expected a number as 14.1")
    words = re.findall(r"[a-z0-9]+", title.lower())
    if not words or not words[0][0].isalpha():
        raise Refused(f'TITLE="{title}": expected words as "Curvature"')
    stem, ids = planned(section, "-".join(words), root)
    path = root / "chapters" / f"{stem}.ipynb"
    if path.exists():
        raise Refused(f"{path.relative_to(root)} is there already; edit it")
    inventory = records.inventory(root)
    name = "_".join(words)
    entries = [inventory[id] for id in ids]
    nb = notebook(section, title, name, entries)
    numbers.write(nb, inventory)
    execute.prepare(nb)
    execute.write(nb, path)
    written = [path]
    package, test = root / "dlbook" / name, root / f"tests/test_{name}.py"
    if not package.exists():  # a package of that name is no file
        for file, text in (
            (package.with_suffix(".py"), MODULE),
            (test, TEST),
        ):
            if not file.exists():
                file.write_text(text.format(section=section, name=name))
                written.append(file)
    return written


def planned(section: str, slug: str, root: Path) -> tuple[str, list[str]]:
    """Return the name of a section's notebook, and what it has to state."""
    number = section.replace(".", "-").zfill(2 if "." not in section else 0)
    names = [name for group in coverage.plan(root).values() for name in group]
    names = [name for name in names if records.section(name) == number]
    if not names:
        return f"{number}-{slug}", []
    homes = coverage.homes(root)
    return names[0], [id for id, home in homes.items() if home == names[0]]


def notebook(
    section: str, title: str, name: str, entries: list[dict[str, Any]]
) -> records.Notebook:
    """Return the notebook, not executed."""
    ex = f"ex-{name.replace('_', '-')}"
    cells = [
        markdown(
            f"# {section} {title}\n\nTODO: the question of this chapter, in "
            f"one paragraph; a figure soon. Cite {CITATIONS} works."
        ),
        code(IMPORTS.format(name=name)),
    ]
    for entry in entries:
        cells += statement(entry)
    cells += [
        code(SHOWN.format(count=FIGURES - INTERACTIVES)),
        code(PLAY),
        markdown(f"## Exercises\n\n{ASKED.format(label=f'{ex}-code')}"),
        code(GRADER.format(label=f"{ex}-code", name=name), "grader"),
        markdown(SOLVED.format(label=f"{ex}-code", end=f"{ex}-code"[3:])),
        code(SOLUTION.format(label=f"{ex}-code", name=name), "solution"),
        markdown(":::{solution-end}\n:::"),
    ]
    cells[-4]["metadata"]["tags"].append("hide-input")
    for letter in "abcdefgh"[: EXERCISES - 1]:
        label = f"{ex}-{letter}"
        cells.append(markdown(QUESTION.format(label=label, end=label[3:])))
    cells.append(markdown("## Remember\n\nTODO"))
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def statement(entry: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the cells that state an entry of the sheet and check it."""
    kind = f"prf:{KINDS.get(entry['kind'], entry['kind'])}"
    parts = [f"## {entry['title']}", "TODO: why one would want to know."]
    parts += [
        f":::{{{kind}}} {entry['title']}\n:label: {entry['id']}\n\nTODO\n:::"
    ]
    if kind in CLAIMS:
        parts.append(":::{prf:proof}\nTODO\n:::")
    sharp = f'# TODO: two computations\n# check.close("{entry["id"]}", a, b)'
    cells = [markdown("\n\n".join(parts)), code(sharp)]
    if origin := entry.get("origin"):
        words, fold = (COPY, " dropdown") if origin == "copy" else (SHEET, "")
        text = entry.get("prints", "TODO")
        box = f":class: caution erratum{fold}\n\n{text}\n\nTODO: what is wrong"
        cells += [
            markdown(f":::{{admonition}} {words}\n{box}\n:::"),
            code(f'# TODO: it fails\n# check.refutes("{entry["id"]}", a, b)'),
        ]
    return cells


def markdown(source: str) -> dict[str, Any]:
    """Return a cell of text."""
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def code(source: str, *tags: str) -> dict[str, Any]:
    """Return a cell of code."""
    return markdown(source) | {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {"tags": list(tags)},
        "outputs": [],
    }


def main(arguments: list[str], root: Path = execute.ROOT) -> int:
    """Lay out a chapter, and say what comes next."""
    try:
        if len(arguments) != 2 or not all(arguments):
            raise Refused('say: make new SECTION=14.1 TITLE="Curvature"')
        written = lay_out(*arguments, root)
    except Refused as error:
        print(error, file=sys.stderr)
        return 1
    names = [path.relative_to(root).as_posix() for path in written]
    print(f"written: {', '.join(names)}")
    print(f"what to write: make check NB={names[0]}")
    print(
        "and: question, needs and able in chapters/sections.yml; the chapter "
        "in _toc.yml, when it is finished"
    )
    for name in names:
        if name.startswith("dlbook/"):
            topic = Path(name).stem
            print(
                f"and: a line for each function of dlbook.{topic} in "
                "tests/test_what_users_hold.py and tests/test_bench.py"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
