"""The report counts what stands in the notebooks; faults are named."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from _ext.notebook import coverage, records

ROOT = Path(__file__).parents[1]

# A sheet of five entries: the fourth is printed wrongly.
ENTRIES = {
    "a-one": ("definition", "ok"),
    "a-two": ("comment", "ok"),
    "a-three": ("comment", "ok"),
    "a-four": ("theorem", "corrected"),
    "b-one": ("theorem", "ok"),
}
PASSING = {
    "a-one": ["exact"],
    "a-two": ["holds"],
    "a-three": ["within"],
    "a-four": ["close", "refutes"],
}


def notebook(stated, checked):
    boxes = [f":::{{prf:remark}}\n:label: {i}\nText.\n:::" for i in stated]
    outputs = [
        {
            "output_type": "display_data",
            "data": {records.MIME: {"id": i, "kind": kind, "says": ""}},
        }
        for i, kinds in checked.items()
        for kind in kinds
    ]
    source = {"cell_type": "markdown", "source": "\n\n".join(boxes)}
    run = {"cell_type": "code", "source": "", "outputs": outputs}
    return json.dumps({"cells": [source, run]})


@pytest.fixture
def tree(tmp_path):
    """A book whose first notebook is written and whose second is not."""
    (tmp_path / "chapters").mkdir()
    entries = [
        {
            "id": name,
            "section": "12"[name.startswith("b")],
            "number": f"1.{place}",
            "kind": kind,
            "title": "T",
            "verdict": verdict,
        }
        | ({} if verdict == "ok" else {"origin": "sheet"})
        for place, (name, (kind, verdict)) in enumerate(ENTRIES.items(), 1)
    ]
    plan = {"1-a": {"statements": ["a-*"]}, "2-b": {"statements": ["b-*"]}}
    sections = [{"part": "P", "notebooks": plan}]
    files = {
        "chapters/cheatsheet.yml": yaml.safe_dump(entries),
        "chapters/sections.yml": yaml.safe_dump(sections),
        "_toc.yml": "root: index\nparts:\n- chapters:\n"
        "  - file: chapters/1-a\n",
        "chapters/1-a.ipynb": notebook(list(ENTRIES)[:4], PASSING),
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def write(tree, stated, checked):
    path = tree / "chapters" / "1-a.ipynb"
    path.write_text(notebook(stated, checked), "utf-8")
    return coverage.measure(tree).faults


def test_what_stands_is_counted(tree):
    state = coverage.measure(tree)
    assert state.faults == []
    rows = [
        coverage.Row("1", 4, 4, 4, 1, 1, 0, 0, ()),
        coverage.Row("2", 1, 0, 0, 0, 0, 0, 0, ("b-one",)),
    ]
    assert state.sections == rows
    total = coverage.Row("all", 5, 4, 4, 1, 1, 0, 0, ("b-one",))
    assert state.total == total
    assert state.origins == {"sheet": 1, "both": 0, "copy": 0}
    assert state.written == {"P": ["1-a"]}
    assert "  2: b-one" in coverage.report(state)
    assert "| P | [](/chapters/1-a.ipynb) | 5 | 4 | 4 | 1 | 1 | 0 | 0 |" in (
        coverage.table(state)
    )


def test_misprints_and_faults_of_the_scan_are_counted_apart(tree):
    path = tree / "chapters" / "cheatsheet.yml"
    text = path.read_text("utf-8")
    path.write_text(text.replace("origin: sheet", "origin: copy"), "utf-8")
    state = coverage.measure(tree)
    assert state.total[4:8] == (0, 0, 1, 1)
    assert state.origins == {"sheet": 0, "both": 0, "copy": 1}
    assert "1 stand correctly on the sheet" in coverage.report(state)
    path.write_text(text.replace("origin: sheet", "origin: both"), "utf-8")
    state = coverage.measure(tree)
    assert state.total[4:8] == (1, 1, 0, 0)
    assert state.origins == {"sheet": 0, "both": 1, "copy": 0}


def test_what_the_copy_has_wrong_is_refuted_too(tree):
    path = tree / "chapters" / "cheatsheet.yml"
    text = path.read_text("utf-8").replace("origin: sheet", "origin: copy")
    path.write_text(text, "utf-8")
    faults = write(tree, list(ENTRIES)[:4], PASSING | {"a-four": ["close"]})
    assert faults == ["1-a: erratum a-four is not refuted"]


def test_a_notebook_outside_the_table_of_contents_does_not_count(tree):
    path = tree / "chapters" / "2-b.ipynb"
    path.write_text(notebook(["b-one"], {"b-one": ["close"]}), "utf-8")
    assert coverage.measure(tree).total.stated == 4
    toc = tree / "_toc.yml"
    listed = toc.read_text("utf-8") + "    sections:\n"
    toc.write_text(listed + "    - file: chapters/2-b.ipynb\n", "utf-8")
    assert coverage.measure(tree).total.stated == 5


def test_an_entry_stated_twice(tree):
    stated = [*list(ENTRIES)[:4], "a-one"]
    faults = ["1-a: a-one is stated 2 times"]
    assert write(tree, stated, PASSING) == faults


def test_an_entry_of_a_written_notebook_left_out(tree):
    stated = ["a-two", "a-three", "a-four"]
    assert write(tree, stated, PASSING) == ["1-a: a-one is not stated"]


def test_an_entry_in_the_wrong_notebook(tree):
    passing = PASSING | {"b-one": ["close"]}
    faults = ["1-a: b-one belongs into 2-b"]
    assert write(tree, list(ENTRIES), passing) == faults


@pytest.mark.parametrize("kinds", [[], ["exercise"], ["refutes"]])
def test_an_entry_without_a_positive_check(tree, kinds):
    faults = write(tree, list(ENTRIES)[:4], PASSING | {"a-one": kinds})
    assert faults == ["1-a: a-one has no passing check"]


def test_an_erratum_that_is_not_refuted(tree):
    faults = write(tree, list(ENTRIES)[:4], PASSING | {"a-four": ["close"]})
    assert faults == ["1-a: erratum a-four is not refuted"]


def test_experiments_are_listed_and_count_for_nothing(tree):
    path = tree / "chapters" / "1-a.ipynb"
    nb = json.loads(
        notebook(list(ENTRIES)[:4], PASSING | {"exp-1-x": ["order"]})
    )
    nb["cells"][0]["source"] += "\n\n(exp-1-x)=\nHow fast?"
    path.write_text(json.dumps(nb), "utf-8")
    state = coverage.measure(tree)
    assert state.experiments == {"1-a": ["exp-1-x"]}
    assert state.faults == []
    assert state.total[:4] == ("all", 5, 4, 4)
    assert "Experiments:\n  1-a: exp-1-x" in coverage.report(state)


@pytest.mark.parametrize(
    "kind", ["close", "exact", "within", "bound", "order", "holds"]
)
def test_each_kind_that_speaks_for_a_statement_checks_it(tree, kind):
    assert write(tree, list(ENTRIES)[:4], PASSING | {"a-one": [kind]}) == []


def test_too_many_comments_without_a_check(tree):
    faults = write(tree, list(ENTRIES)[:4], PASSING | {"a-two": []})
    assert faults == [
        "1 of 2 comments have no check, more than one in five: a-two"
    ]


def test_four_comments_in_five_are_enough(tree):
    path = tree / "chapters" / "cheatsheet.yml"
    entries = yaml.safe_load(path.read_text("utf-8"))
    more = [f"a-more-{k}" for k in range(3)]
    for place, name in enumerate(more, 6):
        new = {"id": name, "number": f"1.{place}", "section": "1"}
        entries.append({**entries[1], **new})
    path.write_text(yaml.safe_dump(entries), "utf-8")
    stated = [*list(ENTRIES)[:4], *more]
    passing = PASSING | {name: ["holds"] for name in more}
    assert write(tree, stated, passing | {"a-two": []}) == []
    fewer = passing | {"a-two": []}
    assert len(write(tree, stated[:-1], fewer)) == 2  # 1 of 4, 1 left out
    worse = passing | {"a-two": [], "a-three": []}
    assert len(write(tree, stated, worse)) == 1


def test_a_check_counts_only_where_the_entry_is_stated(tree):
    toc = tree / "_toc.yml"
    listed = toc.read_text("utf-8") + "  - file: chapters/2-b\n"
    toc.write_text(listed, "utf-8")
    path = tree / "chapters" / "2-b.ipynb"
    checks = {"a-one": ["close"], "b-one": ["close"]}
    path.write_text(notebook(["b-one"], checks), "utf-8")
    faults = write(tree, list(ENTRIES)[:4], PASSING | {"a-one": []})
    assert faults == ["1-a: a-one has no passing check"]


@pytest.mark.parametrize(
    ("patterns", "message"),
    [
        ({"1-a": ["a-*"]}, "no notebook states 'b-one'"),
        ({"1-a": ["a-*"], "2-b": ["b-*", "c-*"]}, "'c-\\*' is no entry"),
        ({"1-a": ["a-*", "b-*"], "2-b": ["b-*"]}, "two notebooks state"),
    ],
)
def test_a_plan_that_does_not_fit_the_sheet_is_refused(
    tree, patterns, message
):
    named = {name: {"statements": group} for name, group in patterns.items()}
    plan = yaml.safe_dump([{"part": "P", "notebooks": named}])
    (tree / "chapters" / "sections.yml").write_text(plan, "utf-8")
    with pytest.raises(ValueError, match=message):
        coverage.measure(tree)


def test_what_is_said_of_a_notebook_is_known():
    for name, said in coverage.described(ROOT).items():
        assert said["question"].endswith("?"), name
        written = (ROOT / "chapters" / f"{name}.ipynb").exists()
        assert written == bool(said.get("able")), name


def test_an_unknown_word_on_a_notebook_is_refused(tree):
    plan = [{"part": "P", "notebooks": {"1-a": {"need": ["x"]}}}]
    path = tree / "chapters" / "sections.yml"
    path.write_text(yaml.safe_dump(plan), "utf-8")
    with pytest.raises(ValueError, match=r"1-a: expected .* got .'need'"):
        coverage.described(tree)


def test_the_plan_sends_every_entry_to_one_notebook():
    home = coverage.homes(ROOT)
    assert list(home) == list(records.inventory(ROOT))
    assert home["opt-adam"] == "11-3-gradient-descent"
    assert home["opt-curvature-heading"] == "14-1-curvature"
    assert home["cnn-conv-forward"].startswith("12-5-")
    assert home["conv-multidim"].startswith("12-2-")
    assert home["rnn-gru-gate"].startswith("13-1-2-")
    assert home["attn-masked"].startswith("15-1-")
    for entry, content in records.inventory(ROOT).items():
        part = content["section"].split(".")[0]
        assert home[entry].split("-")[0].lstrip("0") == part


def run(tree):
    command = [sys.executable, "-m", "_ext.notebook.coverage"]
    environment = {"PYTHONPATH": str(ROOT)}
    return subprocess.run(
        command,
        cwd=tree,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_the_command_fails_on_a_fault_and_names_it(tree):
    assert run(tree).returncode == 0
    write(tree, list(ENTRIES)[:4], PASSING | {"a-four": ["close"]})
    done = run(tree)
    assert done.returncode == 1
    assert "erratum a-four is not refuted" in done.stdout


def test_the_book_breaks_no_rule():
    state = coverage.measure(ROOT)
    assert state.faults == [], coverage.report(state)
