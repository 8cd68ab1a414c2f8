"""A claim that is changed by more than a check's power must fail."""

import json

import pytest

from _ext.notebook import claims, execute, records

KINDS = """
from fractions import Fraction
import numpy as np
from dlbook import check, plot

n = np.array([3.0, 5, 9, 17])
draws = np.tile([-1.0, 1.0], 50)
check.close("opt-adam", [1.01, 2.0], [1.0, 2.0], atol=0.03)
check.close("opt-adam", np.float32(1 / 3), 1 / 3)
check.close("opt-adam", [1 + 2j, 0], [1 + 2j, 0], rtol=0.1)
check.close("opt-adam", 1e-17, 0.0, atol=1e-12, scale=np.float32(3))
check.exact("opt-adam", 3, 3)
check.exact("opt-adam", Fraction(1, 3), Fraction(2, 6))
check.exact("opt-adam", np.arange(6).reshape(2, 3), [[0, 1, 2], [3, 4, 5]])
check.exact("opt-adam", "a", "a")
check.within("opt-adam", 20 + draws, expected=20.2)
check.within("opt-adam", draws, expected=0.0)
check.within("opt-adam", 20 + draws, at_most=21.0)
check.within("opt-adam", 20 + draws, at_least=19.0)
check.bound("opt-adam", [0.3, 0.97], [1.0, 1.0])
check.bound("opt-adam", -1.0, -1.0)
check.bound("opt-adam", -0.1, 0.0, scale=2.0)
check.order("opt-adam", n, 3 * n**1.9, expected=2)
check.order("opt-adam", n, 0 * n + 3, expected=0)
check.refutes("opt-gradient-flow", 2.0, 1.0)
check.refutes("opt-gradient-flow", [1.0, 7.0], [1.0, 2.0], by=3.0)
check.refutes("opt-gradient-flow", [1.0], [1.0, 2.0])
check.refutes("opt-gradient-flow", "a", "b")
check.holds("opt-adam", True, "so")
"""
BOAST = """
from dlbook.check import record

record.rounded = lambda power: power and power / 3
"""


def notebook(path, *sources):
    cells = [
        {"cell_type": "code", "source": s, "metadata": {}, "outputs": [],
         "execution_count": None}
        for s in sources
    ]  # fmt: skip
    nb = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(nb), "utf-8")
    return path


def test_every_kind_of_check_notices_what_it_says(tmp_path):
    path = notebook(tmp_path / "a.ipynb", KINDS)
    # two signs each for close, within's expected and order; none for words
    assert claims.judge(path, execute.ROOT) == (8 + 3 + 4 + 2 + 3 + 4 + 3, [])


def test_a_check_that_boasts_is_found(tmp_path):
    path = notebook(tmp_path / "a.ipynb", BOAST, KINDS)
    _, survivors = claims.judge(path, execute.ROOT)
    kinds = {line.split("check.")[1].split()[0] for line in survivors}
    assert kinds == {"close", "within", "bound", "order"}


def test_a_notebook_that_fails_is_named(tmp_path, capsys):
    path = notebook(tmp_path / "a.ipynb", "1 / 0")
    assert claims.main([str(path)]) == 1
    assert "a.ipynb: cell 1 (1 / 0): ZeroDivisionError" in (
        capsys.readouterr().err
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "path", records.notebooks(execute.ROOT), ids=lambda path: path.stem
)
def test_the_checks_of_the_book_notice_what_they_say(path):
    tried, survivors = claims.judge(path, execute.ROOT)
    assert survivors == []
    assert tried > 0
