"""The rules for notebooks: the book keeps them, and each can fail."""

import json
from pathlib import Path

import pytest

from _ext.notebook import execute, power, records, rules

ROOT = Path(__file__).parents[1]
ALT = "Two paths over the contour lines of a quadratic."

SHEET = """\
- {id: opt-gd, number: '11.3.1', kind: definition, verdict: ok, title: G}
- {id: opt-adam, number: '11.3.2', kind: theorem, verdict: garbled, title: A,
   origin: sheet}
- {id: new-scan, number: '11.3.3', kind: theorem, verdict: garbled, title: S,
   origin: copy}
- {id: opt-both, number: '11.3.4', kind: theorem, verdict: garbled, title: B,
   origin: both}
"""
TOC = """\
root: index
parts:
- caption: Optimisation
  chapters:
  - file: chapters/11-good
"""


def test_the_notebooks_of_the_book_keep_the_rules():
    found = rules.book(ROOT)
    assert not found, "\n".join(["", *found])  # pytest would cut a list


# ---- a small good notebook ------------------------------------------------
def markdown(source):
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def code(source, *outputs, tags=()):
    metadata = {"tags": list(tags)} if tags else {}
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": metadata,
        "outputs": list(outputs),
        "source": source,
    }


def shown(data, **metadata):
    return {"output_type": "display_data", "data": data, "metadata": metadata}


def record(name, kind="close", says="both sides agree", power=1e-12):
    stored = {} if power == "absent" else {"power": power}
    data = {"id": name, "kind": kind, "says": says}
    shown_data = {records.MIME: data, "text/plain": f"✓ {name}"}
    return shown(shown_data, **{records.MIME: stored})


def figure(name="a"):
    data = {"image/svg+xml": "<svg/>", "text/plain": ALT}
    return shown(data, dlbook={"alt": ALT, "dark": "invert", "name": name})


def moved(name="m"):
    return shown({"text/html": "<p>a</p>"}, dlbook={"name": name})


def stream(text, name="stdout"):
    return {"output_type": "stream", "name": name, "text": text}


def error(name="ValueError"):
    return {
        "output_type": "error",
        "ename": name,
        "evalue": "no",
        "traceback": ["no"],
    }


def exercise(name):
    return markdown(
        f":::{{exercise}} {name}\n:label: ex-{name}\n\nProve it.\n:::\n\n"
        f":::{{solution}} ex-{name}\n:label: sol-{name}\n"
        ":class: dropdown\n\nIt is so.\n:::"
    )


BOX = """\
:::{admonition} What the sheet prints
:class: caution erratum

$z$
:::"""


def good():
    cells = [
        markdown("# 11 Descent\n\nAs in {cite}`cauchy1847,robbins1951`."),
        code("from dlbook import check, plot\n\nplot.style()"),
        markdown(
            "## Steps\n\n:::{prf:definition} Descent\n:label: opt-gd\n"
            ":enumerator: 11.3.1\n\n$x$\n:::\n\n"
            ":::{prf:theorem} Adam\n:label: opt-adam\n"
            ":enumerator: 11.3.2\n\n$y$\n:::\n\n"
            f":::{{prf:proof}}\nClear.\n:::\n\n{BOX}"
        ),
        code('check.close("opt-gd", 1.0, 1.0)', record("opt-gd")),
        code('check.refutes("opt-adam", 1, 2)', record("opt-adam", "refutes")),
        code("plot.show(fig, alt=ALT)", figure("a")),
        code("plot.show(fig, alt=ALT)", figure("b")),
        code("plot.show(fig, alt=ALT)", figure("c")),
        code("plot.interactive(draw)", moved()),
        code("1 / 0", error("ZeroDivisionError"), tags=["raises-exception"]),
        markdown("## Exercises"),
        *map(exercise, "abcd"),
        markdown(":::{exercise-start}\n:label: ex-e\n:::"),
        markdown("Code it.\n\n:::{exercise-end}\n:::"),
        markdown(":::{solution-start} ex-e\n:label: sol-e\n:::"),
        code('check.exercise("ex-e", f)', record("ex-e", "exercise"),
             tags=["solution"]),
        markdown(":::{solution-end}\n:::\n\nSee {cite:p}`polyak1964`."),
    ]  # fmt: skip
    count = 0
    for index, cell in enumerate(cells):
        cell["id"] = f"cell-{index}"
        if cell["cell_type"] == "code":
            cell["execution_count"] = count = count + 1
    metadata = {
        "kernelspec": execute.KERNELSPEC,
        "language_info": {"name": "python"},
    }
    nb = {"cells": cells, "metadata": metadata}
    return nb | {"nbformat": 4, "nbformat_minor": 5}


@pytest.fixture
def root(tmp_path):
    (tmp_path / "chapters").mkdir()
    (tmp_path / "dlbook").mkdir()
    (tmp_path / "dlbook/__init__.py").write_text('"""Package."""\n')
    (tmp_path / "dlbook/check").mkdir()
    (tmp_path / "dlbook/check/__init__.py").write_text("v = 0\n")
    (tmp_path / "dlbook/check/inner.py").write_text("import dlbook.words\n")
    (tmp_path / "dlbook/plot.py").write_text("x = 1\n")
    (tmp_path / "dlbook/words.py").write_text("y = 2\n")
    (tmp_path / "dlbook/other.py").write_text("z = 3\n")
    (tmp_path / "index.md").write_text("# Book\n")
    (tmp_path / "_toc.yml").write_text(TOC)
    (tmp_path / "chapters/cheatsheet.yml").write_text(SHEET)
    keys = ("cauchy1847", "robbins1951", "polyak1964")
    bib = "".join(f"@article{{{key},\n  year = 1\n}}\n" for key in keys)
    (tmp_path / "references.bib").write_text(bib)
    return tmp_path


def whats(lines):
    """Return what is wrong, without the remedies: there is always one."""
    pairs = [line.partition("; ") for line in lines]
    assert all(remedy for _, _, remedy in pairs), lines
    return sorted(what for what, _, _ in pairs)


def seal(nb, root):
    nb["metadata"]["dlbook"] = {
        "code": execute.code_hash(nb, root),
        "outputs": execute.outputs_hashes(nb),
    }
    return nb


def save(nb, root, name="11-good"):
    (root / f"chapters/{name}.ipynb").write_text(json.dumps(nb))


def test_a_good_notebook_is_not_complained_of(root):
    save(seal(good(), root), root)
    assert rules.book(root) == []


# ---- whose fault a misprint is --------------------------------------------
WANTS = "11-good.ipynb: cell 2 (## Steps): "
FOLDED = BOX.replace("the sheet", "our copy").replace("tum", "tum dropdown")


def blame(root, box, *names, **change):
    """Complain of a notebook whose box is followed by these refutations."""
    nb = good()
    nb["cells"][2]["source"] = nb["cells"][2]["source"].replace(BOX, box)
    made = [f'check.refutes("{name}", 1, 2)' for name in names]
    nb["cells"][4]["source"] = "\n".join(made) or "1"
    nb["cells"][4]["outputs"] = [record(name, "refutes") for name in names]
    save(seal(nb, root), root)
    return rules.book(root)


@pytest.mark.parametrize(
    ("box", "names"),
    [
        (BOX, ["opt-adam"]),
        (BOX, ["opt-both"]),
        (BOX, ["new-scan", "opt-both"]),  # part of it is the sheet's
        (FOLDED, ["new-scan"]),
    ],
)
def test_a_box_is_titled_by_the_origin_of_what_it_shows(root, box, names):
    assert blame(root, box, *names) == []


@pytest.mark.parametrize(
    ("box", "names", "reason"),
    [
        (
            BOX,
            ["new-scan"],
            (
                "'What the sheet prints' shows new-scan (copy); title it "
                "'What our copy prints', folded: class dropdown"
            ),
        ),
        (
            FOLDED,
            ["opt-both"],
            (
                "'What our copy prints' shows opt-both (both); title it "
                "'What the sheet prints', not folded"
            ),
        ),
        (
            BOX.replace("tum", "tum dropdown"),
            ["opt-adam"],
            (
                "'What the sheet prints' shows opt-adam (sheet); title it "
                "'What the sheet prints', not folded"
            ),
        ),
        (
            FOLDED.replace("our copy", "they"),
            ["new-scan"],
            (
                "'What they prints' shows new-scan (copy); title it "
                "'What our copy prints', folded: class dropdown"
            ),
        ),
        (
            FOLDED.replace(" dropdown", ""),
            ["new-scan"],
            (
                "'What our copy prints' shows new-scan (copy); title it "
                "'What our copy prints', folded: class dropdown"
            ),
        ),
        (BOX, [], "'What the sheet prints' is not refuted; add check.refutes"),
    ],
)
def test_a_box_that_blames_the_wrong_one_is_refused(root, box, names, reason):
    assert blame(root, box, *names) == [WANTS + reason]


def test_what_is_refuted_is_shown_before(root):
    assert blame(root, "", "opt-adam") == [
        (
            '11-good.ipynb: cell 4 (check.refutes("opt-adam", 1, 2)): '
            "opt-adam is refuted before a box shows it; put a box with the "
            "class erratum before"
        )
    ]


# ---- experiments ----------------------------------------------------------
EXP = "exp-11-speed"
ASKED = "cell 2 (## Steps)"
SPEED = 'cell 3 (check.close("opt-gd", 1.0, 1.0))'


def experiment(root, declared, *, kind="close", made=EXP):
    """Complain of a notebook that has an experiment in cells 2 and 3."""
    nb = good()
    nb["cells"][2]["source"] += declared
    if made:
        nb["cells"][3]["source"] += f'\ncheck.{kind}("{made}", 1, 1)'
        nb["cells"][3]["outputs"].append(record(made, kind))
    save(seal(nb, root), root)
    prefix = "11-good.ipynb: "
    return [reason.removeprefix(prefix) for reason in rules.book(root)]


def test_an_experiment_is_declared_and_checked(root):
    assert experiment(root, f"\n\n({EXP})=\nHow fast?") == []


@pytest.mark.parametrize(
    ("declared", "given", "reasons"),
    [
        (
            "",
            {},
            [
                (
                    f"{SPEED}: {EXP} is not declared; write ({EXP})= where "
                    "it is asked"
                )
            ],
        ),
        (
            f"\n\n({EXP})=\nHow fast?",
            {"made": None},
            [f"{ASKED}: {EXP} is declared, and no check names it; check it"],
        ),
        (
            f"\n\n({EXP})=\nHow fast?\n\n({EXP})=\nReally?",
            {},
            [f"{ASKED}: {EXP} is declared twice; declare it once"],
        ),
        (
            "\n\n(exp-11-3-speed)=\nHow fast?",
            {"made": "exp-11-3-speed"},
            [
                (
                    f"{ASKED}: exp-11-3-speed: not of this section; name it "
                    "exp-11-<name>"
                )
            ],
        ),
        (
            f"\n\n({EXP})=\nHow fast?",
            {"kind": "refutes"},
            [
                (
                    f"{SPEED}: {EXP} is no statement that could be "
                    "misprinted; take another check than refutes"
                )
            ],
        ),
        (
            (
                f"\n\n({EXP})=\nFast?\n\n"
                ":::{prf:remark}\n:label: exp-11-x\n:nonumber:\nNo.\n:::"
            ),
            {},
            [f"{ASKED}: exp-11-x labels a box; declare it by (exp-11-x)="],
        ),
    ],
)
def test_an_experiment_that_is_none_is_refused(root, declared, given, reasons):
    assert experiment(root, declared, **given) == reasons


def test_an_experiment_is_declared_before_it_is_checked(root):
    nb = good()
    nb["cells"][3]["source"] += f'\ncheck.close("{EXP}", 1, 1)'
    nb["cells"][3]["outputs"].append(record(EXP))
    also(10, f"\n\n({EXP})=\nHow fast?")(nb)
    save(seal(nb, root), root)
    assert rules.book(root) == [
        (
            f"11-good.ipynb: {SPEED}: {EXP} is checked before it is declared; "
            f"move ({EXP})= up"
        )
    ]


def test_a_check_of_an_experiment_leaves_its_record(root):
    nb = good()
    also(2, f"\n\n({EXP})=\nHow fast?")(nb)
    nb["cells"][3]["source"] += f'\ncheck.close("{EXP}", 1, 1)'
    save(seal(nb, root), root)
    assert rules.book(root) == [
        f"11-good.ipynb: {SPEED}: check.close of {EXP} left no record{AGAIN}"
    ]


# ---- power ----------------------------------------------------------------
def powered(root, amount, says="both sides agree"):
    nb = good()
    nb["cells"][3]["outputs"] = [record("opt-gd", says=says, power=amount)]
    save(seal(nb, root), root)
    return rules.book(root)


@pytest.mark.parametrize("amount", [None, 0.0, 1e-13, 0.02, 0.1])
def test_a_check_that_would_notice_a_tenth_is_good(root, amount):
    assert powered(root, amount) == []


@pytest.mark.parametrize("amount", [0.11, 3.0, float("inf"), float("nan")])
def test_a_weak_check_says_why(root, amount):
    assert powered(root, amount) == [
        (
            f"11-good.ipynb: {SPEED}: the check of opt-gd (close) would not "
            "notice a tenth; sharpen it, or say in `says` since or because "
            "of what"
        )
    ]
    assert powered(root, amount, "agree, because time is noisy") == []
    assert powered(root, amount, "agree to a fifth, since n is 7") == []
    assert powered(root, amount, "agree sincerely") != []


def test_every_check_of_the_book_stores_its_power():
    assert [x for x in rules.book(ROOT) if "without its power" in str(x)] == []


def test_a_check_without_its_power_is_refused(root):
    said = powered(root, "absent")
    assert f"11-good.ipynb: {SPEED}: a check without its power{AGAIN}" in said


@pytest.mark.parametrize(
    ("call", "refused"),
    [
        ('refutes("opt-adam", True, bool(x < 10))', True),
        ('refutes("opt-adam", printed=True, true=(x > 10).all())', True),
        ('refutes("opt-adam", "all", "not " * (x <= 10))', True),
        ('refutes("opt-adam", True, not finite)', True),
        ('refutes("opt-adam", x, 10, by=1 if x < y else 2)', False),
        ('refutes("opt-adam", x, 10)', False),
        ('refutes("opt-adam", True, False)', False),
        ('holds("opt-adam", x != 10, "so")', True),
        ('holds("opt-adam", not x < 10, "so")', True),
        ('holds("opt-adam", condition=all(~(x < 10)), says="so")', True),
        ('holds("opt-adam", x < 10, "so")', False),
        ('holds("opt-adam", x.isfinite().all(), "not so" != "so")', False),
    ],
)
def test_a_comparison_that_nan_passes_is_refused(call, refused, root):
    nb = good()
    kind = call.split("(")[0]
    cell = code(f"check.{call}", record("opt-adam", kind))
    nb["cells"].append(cell)
    nb["cells"][-1]["execution_count"] = 1 + max(
        c.get("execution_count") or 0 for c in nb["cells"]
    )
    save(seal(nb, root), root)
    found = [line for line in rules.book(root) if "NaN passes" in line]
    assert bool(found) == refused


def test_the_weakest_checks_are_listed_first(root):
    nb = good()
    nb["cells"][3]["outputs"] = [
        record("opt-gd", says="a little", power=0.02),
        record("opt-gd", says="nothing", power=0.5),
        record("opt-gd", says="all", power=1e-15),
        record("opt-gd", says="no numbers", power=None),
        record("opt-gd", says="older", power="absent"),
        record("opt-gd", says="older", power="absent"),
    ]
    save(nb, root)
    assert power.report(*power.weakest(root)).splitlines() == [
        "  50.0%  11-good, cell 3: opt-gd, close: nothing",
        "   2.0%  11-good, cell 3: opt-gd, close: a little",
        (
            "2 checks were executed before their power was stored; run make "
            "notebooks"
        ),
    ]


def test_a_kind_that_no_check_has_is_refused(root):
    nb = good()
    nb["cells"][3]["source"] = 'check.closer("opt-gd", 1.0, 1.0)'
    nb["cells"][3]["outputs"] = [record("opt-gd", "closer")]
    save(seal(nb, root), root)
    (said,) = rules.book(root)
    assert said.endswith(f"no kind of check: closer{AGAIN}")


# ---- one defect each ------------------------------------------------------
def at(index, **change):
    """Change the fields of a cell."""
    return lambda nb: nb["cells"][index].update(change)


def tagged(index, *tags):
    return at(index, metadata={"tags": list(tags)})


def also(index, text):
    """Add to the source of a cell."""

    def change(nb):
        nb["cells"][index]["source"] += text

    return change


def instead(index, old, new):
    def change(nb):
        before = nb["cells"][index]["source"]
        assert old in before
        nb["cells"][index]["source"] = before.replace(old, new)

    return change


def without(index):
    def change(nb):
        del nb["cells"][index]

    return change


def output(index, key, value):
    return lambda nb: nb["cells"][index]["outputs"][0].update({key: value})


GD = 'cell 3 (check.close("opt-gd", 1.0, 1.0))'
GDS = 'cell 3 (check.close("opt-gds", 1.0, 1.0))'
SHOW = "cell 5 (plot.show(fig, alt=ALT))"
TITLE = "cell 0 (# 11 Descent)"
STEPS = "cell 2 (## Steps)"
RAISE = "cell 9 (1 / 0)"
STYLE = "cell 1 (from dlbook import check, plot)"
SOLVE = 'cell 18 (check.exercise("ex-e", f))'
AGAIN = "; run make notebooks"

DEFECTS = {
    "error": (
        at(3, outputs=[record("opt-gd"), error()]),
        f"{GD}: an error output, ValueError",
    ),
    "not executed": (
        at(18, execution_count=None), f"{SOLVE}: not executed",
        "no exercise whose solution is executed code"),
    "out of order": (
        at(18, execution_count=12),
        f"{SOLVE}: executed as number 12, expected 9",
    ),
    "skipped": (
        tagged(3, "nbval-skip"),
        f"{GD}: tagged nbval-skip: nothing would compare it",
    ),
    "stderr": (
        at(1, outputs=[stream("careful", "stderr")]),
        f"{STYLE}: output on stderr",
    ),
    "announced error missing": (
        at(9, outputs=[]),
        f"{RAISE}: tagged raises-exception, but stores no error",
    ),
    "error not compared": (
        tagged(9, "raises-exception", "nbval-ignore-output"),
        f"{RAISE}: raises-exception with its output not compared",
    ),
    "unknown statement": (
        instead(2, ":label: opt-gd", ":label: opt-gds"),
        (f"{STEPS}: no statement of the sheet: opt-gds; nearest: opt-gd, "
        "opt-adam"),
    ),
    "statement without label": (
        instead(2, ":label: opt-gd\n", ""),
        f"{STEPS}: a box (definition) with neither label nor :nonumber:",
    ),
    "unknown check": (
        instead(3, "opt-gd", "opt-gds"),
        f"{GDS}: the record of opt-gd is not made here",
        f"{GDS}: check.close of opt-gds: no such id",
    ),
    "unknown record": (
        at(3, outputs=[record("opt-gd"), record("opt-x")]),
        f"{GD}: a check of opt-x: no such statement",
    ),
    "record of an unknown exercise": (
        at(
            18,
            outputs=[record("ex-e", "exercise"), record("ex-z", "exercise")],
        ),
        f"{SOLVE}: a check of ex-z: no such exercise",
    ),
    "record made elsewhere": (
        at(3, outputs=[record("opt-gd"), record("opt-adam")]),
        f"{GD}: the record of opt-adam is not made here",
    ),
    "check without record": (
        at(3, outputs=[]), f"{GD}: check.close of opt-gd left no record"),
    "check of another kind": (
        at(3, outputs=[record("opt-gd", "holds")]),
        f"{GD}: check.close of opt-gd left no record",
    ),
    "unknown citation": (
        instead(0, "robbins1951", "robins1951"),
        f"{TITLE}: robins1951 is not in references.bib",
    ),
    "unknown citation, other role": (
        also(0, " {cite:t}`nobody2000`"),
        f"{TITLE}: nobody2000 is not in references.bib",
    ),
    "figure without alt": (
        output(5, "metadata", {"dlbook": {"name": "a"}}),
        f"{SHOW}: a figure without alt text; take plot.show",
    ),
    "figure in the dark": (
        output(5, "metadata", {"dlbook": {"alt": ALT, "name": "a"}}),
        f"{SHOW}: a figure that says nothing of dark mode",
    ),
    "two figures": (
        at(5, outputs=[figure("a"), figure("d")]),
        f"{SHOW}: 2 figures in one cell"),
    "figure without a name": (
        at(5, outputs=[figure("")]), f"{SHOW}: a figure without a name"),
    "one name twice": (
        at(5, outputs=[figure("c")]),
        f"{SHOW.replace('5', '7')}: a second figure named 'c'; rename one"),
    "figure lost": (
        at(5, outputs=[]), "3 figures; draw 4",
        f"{SHOW}: plot.show left no figure"),
    "image without alt": (
        also(0, "\n\n![](a.png)"), f"{TITLE}: an image without alt text"),
    "tag without alt": (
        also(0, "\n\n<img alt='' src='a.png'>"),
        f"{TITLE}: an image without alt text",
    ),
    "directive without alt": (
        also(0, "\n\n:::{figure} a.png\n:::"),
        f"{TITLE}: an image without alt text",
    ),
    "backticks": (
        also(0, "\n\n```{note}\nHm.\n```"),
        f"{TITLE}: note between backticks; take colons",
    ),
    "no title": (
        instead(0, "# 11", "## 11"),
        ("cell 0 (## 11 Descent): the first heading is no title in the first "
        "cell"),
    ),
    "second title": (
        instead(10, "## ", "# "), "cell 10 (# Exercises): a second title"),
    "level skipped": (
        instead(10, "## ", "#### "),
        "cell 10 (#### Exercises): a heading of level 4 below level 2",
    ),
    "path": (
        also(0, " See `/home/ada/book`."),
        f"{TITLE}: '/home/ada', a path of one machine",
    ),
    "path in an output": (
        at(1, outputs=[stream("loaded '/tmp/x.npy'")]),
        f"{STYLE}: '/tmp/x', a path of one machine",
    ),
    "open end": (also(0, " TODO"), f"{TITLE}: 'TODO', an open end"),
    "installation": (
        also(1, "\n%pip install x"),
        f"{STYLE}: '%pip', an installation; the reader's copy gets one",
    ),
    "global seed": (
        also(1, "\nnp.random.seed(0)"),
        (f"{STYLE}: 'np.random.seed(', a global seed; take device.generator "
        "or np.random.default_rng"),
    ),
    "TeX of one tool": (
        also(0, r" $\bm x$"),
        rf"{TITLE}: '\\bm', TeX that not every reader's tool knows",
    ),
    "TeX label": (
        also(0, r" $\label{a}$"),
        rf"{TITLE}: '\\label', a TeX label; take a MyST label",
    ),
    "statements listed by hand": (
        also(0, "\n\n**On the sheet.** {prf:ref}`opt-gd`."),
        f"{TITLE}: '**On the sheet.**', a list of statements; drop it",
    ),
    "long cell": (
        also(1, "\nx = 1" * 40), f"{STYLE}: 43 lines of code, more than 40"),
    "metadata": (
        at(3, metadata={"execution": {}}), f"{GD}: cell metadata execution"),
    "cell ids": (
        at(3, id="cell-1"),
        f"a cell without an id of its own{AGAIN}",
    ),
    "format": (
        lambda nb: nb.update(nbformat_minor=4),
        f"not of notebook format 4.5{AGAIN}",
    ),
    "kernel": (
        lambda nb: nb["metadata"].update(kernelspec={"name": "julia"}),
        f"metadata not normalised{AGAIN}",
    ),
    "size": (
        at(1, outputs=[stream("x" * 1_500_000)]), "1.5 MB, more than 1"),
    "few exercises": (without(11), "4 exercises; at least 5"),
    "no solution": (
        instead(11, "{solution} ex-a", "{solution} ex-z"),
        "cell 11 (:::{exercise} a): ex-a has no solution",
    ),
    "exercise without label": (
        instead(11, ":label: ex-a\n", ""),
        "cell 11 (:::{exercise} a): an exercise without label",
    ),
    "solution in code not run": (
        instead(11, "It is so.", "```python\nx\n```"),
        "cell 11 (:::{exercise} a): a solution in code that is not executed",
    ),
    "solution not tagged": (
        at(18, metadata={}),
        f"{SOLVE}: within a solution; tag the cell solution"),
    "nothing to play": (
        at(8, source="draw"), "no interactive figure", "3 figures; draw 4"),
    "too long": (
        also(10, "\n\n" + "word " * 4600), "4,634 words stand open"),
    "long, but folded": (
        also(10, "\n\n:::{prf:proof}\n:class: dropdown\n\n"
             + "word " * 4600 + "\n:::"),
    ),
    "few citations": (
        instead(19, "{cite:p}`polyak1964`", "him"),
        "2 works cited; at least 3",
    ),
    "box without number": (
        instead(2, ":enumerator: 11.3.2\n", ""),
        f"{STEPS}: a box without its number; write :enumerator: 11.3.2",
    ),
    "number without statement": (
        also(2, "\n\n:::{prf:remark} R\n:nonumber:\n:enumerator: 7\n$z$\n:::"),
        f"{STEPS}: numbered 7",
    ),
    "wrong number": (
        instead(2, "11.3.2", "11.3.12"), f"{STEPS}: numbered 11.3.12"),
    "directive without end": (
        instead(2, "$y$\n:::", "$y$"),
        f"{STEPS}: line 10, ':::{{prf:theorem}} Adam', has no end here",
    ),
    "end too many": (
        also(2, "\n:::"), f"{STEPS}: line 26, ':::', has no end here"),
    "end too short": (
        instead(2, ":::{prf:definition}", "::::{prf:definition}"),
        f"{STEPS}: line 3, '::::{{prf:definition}} Descent', has no end here",
    ),
    "fence without end": (
        also(0, "\n\n```python\nx = 1"),
        f"{TITLE}: line 5, '```python', has no end here",
    ),
    "no proof": (
        instead(2, ":::{prf:proof}\nClear.\n:::\n\n", ""),
        f"{STEPS}: opt-adam has no proof behind it",
    ),
    "no proof before the next heading": (
        instead(2, ":::{prf:proof}", "### On\n\n:::{prf:proof}"),
        f"{STEPS}: opt-adam has no proof behind it",
    ),
    "lemma of our own without proof": (
        also(2, "\n\n:::{prf:lemma} L\n:label: lem-l\n:nonumber:\n$z$\n:::"),
        f"{STEPS}: lem-l has no proof behind it",
    ),
    "a theorem called a remark": (
        lambda nb: (
            instead(2, "{prf:theorem} Adam", "{prf:remark} Adam")(nb),
            instead(2, ":::{prf:proof}\nClear.\n:::\n\n", "")(nb),
        ),
        f"{STEPS}: opt-adam has no proof behind it",
    ),
    "grader not tagged": (
        also(1, "\n\n\n@check.grader('ex-e')\ndef grade(f):\n    pass"),
        f"{STYLE}: a self-check without tag; tag the cell grader",
    ),
    "no style": (
        instead(1, "plot.style()", ""),
        "no style",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DEFECTS)
def test_a_defect_is_complained_of_where_it_is(name, root):
    defect, *expected = DEFECTS[name]
    nb = good()
    defect(nb)
    save(seal(nb, root), root)
    named = [f"11-good.ipynb: {reason}".split("; ")[0] for reason in expected]
    assert whats(rules.book(root)) == sorted(named)


@pytest.mark.parametrize(
    "told",
    [
        "Proved in {prf:ref}`opt-gd`.",
        "The proof is that of [](#opt-gd).",
        "{cite:t}`cauchy1847` proves\nit.",
        (
            ":::{prf:lemma} L\n:label: lem-l\n:nonumber:\n$z$\n:::\n\n"
            ":::{prf:proof}\nOf both.\n:::"
        ),
    ],
)
def test_a_proof_may_be_shared_or_stand_elsewhere(told, root):
    nb = good()
    instead(2, ":::{prf:proof}\nClear.\n:::", told)(nb)
    save(seal(nb, root), root)
    assert rules.book(root) == []


@pytest.mark.parametrize("told", ["Clear.", "See {prf:ref}`opt-gd`."])
def test_a_proof_elsewhere_is_called_one_and_named(told, root):
    nb = good()
    instead(2, ":::{prf:proof}\nClear.\n:::", told)(nb)
    save(seal(nb, root), root)
    assert len(rules.book(root)) == 1


def test_directives_within_directives_may_end_where_they_end(root):
    nb = good()
    inner = "::::{note}\n:::{tip}\nA.\n:::\n\n```\n:::{b}\n```\n::::"
    also(0, f"\n\n{inner}\n\n<!-- :::{{c}} -->")(nb)
    save(seal(nb, root), root)
    assert rules.book(root) == []


CODE = f"11-good.ipynb: the code is not the code that made the outputs{AGAIN}"
OUTPUTS = f"11-good.ipynb: the outputs are not those that the code made{AGAIN}"


PLAY = "cell 8 (plot.interactive(draw))"


def of(cell):
    return OUTPUTS.replace("ipynb: ", f"ipynb: {cell}: ")


def older(nb):
    """As notebooks were sealed before each cell had a hash."""
    nb["metadata"]["dlbook"] = {"outputs": execute.outputs_hash(nb)}


def older_and_edited(nb):
    older(nb)
    at(8, outputs=[])(nb)


@pytest.mark.parametrize(
    ("defect", "expected"),
    [
        (also(5, "  # changed"), [CODE]),
        (tagged(5, "gpu"), [CODE]),
        (output(8, "data", {"text/html": "<p>b</p>"}), [of(PLAY)]),
        (output(5, "metadata",
                {"dlbook": {"alt": "x", "dark": "keep", "name": "a"}}),
         [of(SHOW)]),
        (at(8, outputs=[]), [of(PLAY)]),
        (at(18, outputs=[record("ex-e", "exercise"), stream("a")]),
         [of(SOLVE)]),
        (older, [CODE]),
        (older_and_edited, [CODE, OUTPUTS]),
        (lambda nb: nb["metadata"].pop("dlbook"), [CODE, OUTPUTS]),
    ],
)  # fmt: skip
def test_outputs_of_other_code_are_refused(defect, expected, root):
    nb = seal(good(), root)
    defect(nb)
    save(nb, root)
    assert rules.book(root) == expected


def test_words_between_the_code_do_not_make_outputs_stale(root):
    nb = seal(good(), root)
    also(0, " More words.")(nb)
    save(nb, root)
    assert rules.book(root) == []


@pytest.mark.parametrize(
    "module", ["__init__", "plot", "check/inner", "words"]
)
def test_a_change_of_an_imported_module_makes_outputs_stale(module, root):
    save(seal(good(), root), root)
    with (root / f"dlbook/{module}.py").open("a") as file:
        file.write("w = 4\n")
    assert rules.book(root) == [CODE]


def test_a_script_beside_a_module_counts_as_part_of_it(root):
    save(seal(good(), root), root)
    (root / "dlbook/plot.js").write_text("let x = 1")
    assert rules.book(root) == [CODE]


def test_a_change_of_another_module_leaves_outputs_fresh(root):
    save(seal(good(), root), root)
    (root / "dlbook/other.py").write_text("z = 5\n")
    assert rules.book(root) == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import dlbook.check", {"check"}),
        ("import dlbook.check as c, os", {"check"}),
        ("from dlbook import check as c, plot", {"check", "plot"}),
        ("from dlbook.words import y", {"words"}),
        ("from . import words", {"words"}),
        ("from .words import (\n  y)", {"words"}),
        ("def f():\n    from dlbook.plot import x", {"plot"}),
        ("%matplotlib inline\nimport dlbook.plot\n!ls", {"plot"}),
        ("from dlbook import __version__", set()),
        ("import numpy.check\nimport dlbooks.check", None),
    ],
)
def test_imports_are_found_in_every_form(source, expected, root):
    wanted = set() if expected is None else {"__init__"} | expected
    assert execute.imports(source, root / "dlbook") == wanted


def test_a_statement_is_labelled_once_in_the_book(root):
    save(seal(good(), root), root)
    other = good()
    other["cells"] = other["cells"][:1]
    also(0, "\n\n(opt-gd)=\n## Again")(other)
    save(seal(other, root), root, "12-other")
    assert rules.book(root) == [
        (
            "12-other.ipynb: cell 0 (# 11 Descent): opt-gd is labelled in "
            "11-good.ipynb, cell 2, already; label it once"
        )
    ]


def test_an_unfinished_notebook_may_lack_exercises_but_not_outputs(root):
    save(seal(good(), root), root)
    draft = good()
    draft["cells"] = draft["cells"][:2]
    draft["cells"][1]["execution_count"] = None
    save(seal(draft, root), root, "12-draft")
    found = rules.book(root)
    never = "12-draft.ipynb: never executed; run make notebooks"
    assert found == [never]


def test_a_page_that_is_listed_must_be_there(root):
    assert rules.book(root) == [
        (
            "_toc.yml: chapters/11-good is listed, but there is no such page; "
            "take it out"
        )
    ]


def test_a_check_within_a_function_needs_no_record(root):
    nb = good()
    also(1, '\n\ndef later():\n    check.holds("opt-gd", True, "x")')(nb)
    save(seal(nb, root), root)
    assert rules.book(root) == []


def test_noise_in_an_encoded_picture_is_not_read(root):
    nb = good()
    data = {"image/png": "a /tmp/x TODO", "text/plain": ALT}
    output(5, "data", data)(nb)
    save(seal(nb, root), root)
    assert rules.book(root) == []
