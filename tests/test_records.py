"""What the reading functions find, and what they pass over."""

import json
from pathlib import Path

import pytest

from _ext.notebook import records

ROOT = Path(__file__).parents[1]


def markdown(*sources):
    cells = [{"cell_type": "markdown", "source": text} for text in sources]
    return {"cells": cells}


def code(source="", *, count=1, outputs=()):
    return {
        "cell_type": "code",
        "execution_count": count,
        "source": source,
        "outputs": list(outputs),
    }


def check(name, kind="close", says="both sides agree"):
    data = {records.MIME: {"id": name, "kind": kind, "says": says}}
    return {"output_type": "display_data", "data": data}


def test_a_box_has_its_label_its_kind_and_its_cell():
    nb = markdown(
        "# Title",
        ":::{prf:definition} A `name` of $x$\n"
        ":label: opt-sgd\n:class: wide\n\nText.\n:::",
    )
    expected = [records.Statement("opt-sgd", "definition", 1, False)]
    assert records.statements(nb) == expected


def test_a_box_may_be_nested_quoted_unnumbered_or_without_label():
    nb = markdown(
        "::::{note}\n:::{prf:lemma} Descent\n:nonumber:\n"
        ':label: "lem-descent"\nText.\n:::\n::::\n'
        "```{prf:remark}\n---\nlabel: opt-adam\n---\nText.\n```\n"
        ":::{prf:theorem}\nText.\n:::"
    )
    assert records.statements(nb) == [
        records.Statement("lem-descent", "lemma", 0, True),
        records.Statement("opt-adam", "remark", 0, False),
        records.Statement("", "theorem", 0, False),
    ]


def test_a_target_counts_before_and_inside_a_box():
    nb = markdown(
        "(opt-sgd)=\n::::{prf:definition} D\n:label: opt-optimization\n"
        "Text.\n\n(opt-sgd-unbiased)=\nMore.\n\n:::{tip}\nT\n:::\n"
        "  (opt-adam)=\nEnd.\n::::\n(out)=\n"
    )
    ids = [statement.id for statement in records.statements(nb)]
    assert ids == [
        "opt-sgd",
        "opt-optimization",
        "opt-sgd-unbiased",
        "opt-adam",
        "out",
    ]


@pytest.mark.parametrize(
    "source",
    [
        "```python\n:::{prf:lemma}\n:label: x\n:::\n(y)=\n```",
        "````\n```\n(y)=\n```\n(z)=\n````",
        "```{code-block} md\n:::{prf:lemma}\n:label: x\n:::\n```",
        "$$\n(y)=\n$$",
        "<!-- \n(y)=\n-->",
        "% (y)=",
        "Text (y)= text",
        "`(y)=`",
        ":::{prf:proof}\nBy $x$.\n:::",
    ],
)
def test_what_only_looks_like_a_statement_is_none(source):
    assert records.statements(markdown(source)) == []


def test_after_a_code_block_statements_count_again():
    nb = markdown("```python\nx = 1\n```\n(a)=\n``` inline ```\n(b)=")
    assert [s.id for s in records.statements(nb)] == ["a", "b"]


def test_labels_are_of_any_kind():
    nb = markdown(
        "(sec)=\n# T\n$$\nx\n$$ (eq-a)\n\n$$y$$ (eq-b)\n"
        ":::{math}\n:label: eq-c\n(no)=\n:::\n"
        ":::{figure} a.svg\n:name: fig-a\nText\n:::",
        ":::{exercise}\n:label: ex-a\nText\n:::",
    )
    assert records.labels(nb) == [
        ("sec", 0),
        ("eq-a", 0),
        ("eq-b", 0),
        ("eq-c", 0),
        ("fig-a", 0),
        ("ex-a", 1),
    ]
    assert [s.id for s in records.statements(nb)] == ["sec"]


def test_citations_are_read_one_by_one():
    nb = markdown(
        "See {cite:p}`a2000, b2001` and {cite}`c`.",
        "{cite:t}`{see}d{p. 3}` {footcite}`e` not ``{cite}`no` `` nor\n"
        "```\n{cite}`no`\n```\n% {cite}`no`\n",
    )
    assert records.citations(nb) == [
        ("a2000", 0),
        ("b2001", 0),
        ("c", 0),
        ("d", 1),
        ("e", 1),
    ]


def test_records_come_from_the_outputs():
    cells = [code(outputs=[check("a"), {"output_type": "stream"}])]
    cells += [code(outputs=[check("b", "refutes", None)])]
    assert records.records({"cells": cells}) == [
        records.Record("a", "close", "both sides agree", 0),
        records.Record("b", "refutes", "", 1),
    ]


@pytest.mark.parametrize(
    ("given", "power"),
    [({}, None), ({"power": None}, None), ({"power": 0.02}, 0.02)],
)
def test_a_record_has_the_power_that_the_metadata_holds(given, power):
    output = check("a") | {"metadata": {records.MIME: given}}
    (record,) = records.records({"cells": [code(outputs=[output])]})
    assert record.power == power


@pytest.mark.parametrize(
    ("power", "words"),
    [
        (None, ""),
        (float("inf"), ""),
        (0.0, "would notice any change"),
        (3e-13, "to rounding"),
        (9.9e-7, "to rounding"),
        (1e-6, "would notice 0.0001 %"),
        (0.004, "would notice 0.4 %"),
        (0.02, "would notice 2 %"),
        (0.0234, "would notice 2 %"),
        (0.2, "would notice 20 %"),
        (1.0, "would notice 100 %"),
    ],
)
def test_the_power_in_words(power, words):
    assert records.notices(power) == words


def test_experiments_are_declared_by_targets():
    nb = markdown(
        "# T",
        "(exp-1-a)=\n## Does it?\n\n(opt-sgd)=\n(exp-1-b-c)=\nText.",
        ":::{prf:remark}\n:label: exp-1-d\nText.\n:::\n`(exp-1-e)=`",
    )
    assert records.experiments(nb) == [("exp-1-a", 1), ("exp-1-b-c", 1)]


@pytest.mark.parametrize(
    ("name", "section"),
    [
        ("exp-12-1-deblurring", "12-1"),
        ("exp-01-coins-3", "01"),
        ("exp-12-9-2-a-b", "12-9-2"),
        ("exp-12-1", None),
        ("exp-deblurring", None),
        ("exp-12-1-", None),
        ("exp-12-1-De blur", None),
    ],
)
def test_an_experiment_names_its_section(name, section):
    assert records.experiment(name) == section


def test_a_notebook_is_of_the_section_that_its_name_begins_with():
    assert records.section("12-9-2-sequences-and-audio") == "12-9-2"
    assert records.section("01-probability") == "01"
    assert records.section("other") == ""
    assert records.words("exp-12-1-long-signals") == "Long signals"


def test_exercises_know_their_solutions():
    plain = ":::{exercise} A\n:label: ex-a\nProve.\n:::\n"
    plain += ":::{solution} ex-a\n:label: sol-a\n:class: dropdown\nSo.\n:::"
    start = ":::{solution-start} ex-b\n:label: sol-b\n:::"
    cells = [
        *markdown(plain, ":::{exercise-start}\n:label: ex-b\n:::")["cells"],
        code("stub"),
        *markdown(":::{exercise-end}\n:::", start)["cells"],
        code("answer"),
        *markdown(":::{solution-end}\n:::")["cells"],
        code("later"),
        *markdown(":::{exercise}\n:label: ex-c\nAlone.\n:::")["cells"],
    ]
    expected = [
        records.Exercise("ex-a", 0, "sol-a", False),
        records.Exercise("ex-b", 1, "sol-b", True),
        records.Exercise("ex-c", 8, None, False),
    ]
    assert records.exercises({"cells": cells}) == expected
    cells[5]["execution_count"] = None
    assert not records.exercises({"cells": cells})[1].code


def test_reading_joins_what_notebooks_store_as_lists(tmp_path):
    data = {"text/plain": ["a\n", "b"], records.MIME: {"id": "x"}}
    output = {"output_type": "display_data", "data": data}
    stream = {"output_type": "stream", "text": ["1\n", "2\n"]}
    cell = code(["x = 1\n", "y = 2"], outputs=[output, stream])
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps({"cells": [cell]}), "utf-8")
    (read,) = records.read(path)["cells"]
    assert read["source"] == "x = 1\ny = 2"
    assert read["outputs"][0]["data"]["text/plain"] == "a\nb"
    assert read["outputs"][0]["data"][records.MIME] == {"id": "x"}
    assert read["outputs"][1]["text"] == "1\n2\n"


def test_the_inventory_is_whole():
    found = records.inventory(ROOT)
    assert len(found) == 299
    assert sum("restored" in entry for entry in found.values()) == 15
    assert found["opt-gradient-descent"]["number"] == "11.3.2"
    for entry in found.values():
        assert entry["number"].startswith(entry["section"] + ".")
        assert ("origin" in entry) == (entry["verdict"] != "ok")
        assert "origin" in entry or "note" not in entry


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ("a, number: '1.2', verdict: ok", "'a' stands there twice"),
        ("b, number: '1.1', verdict: ok", "1.1"),
        ("b, number: '1.2', verdict: garbled", "b: origin: expected one of"),
        (
            "b, number: '1.2', verdict: garbled, origin: scan",
            "sheet, both, copy, got 'scan'",
        ),
        ("b, number: '1.2', verdict: ok, origin: copy", "drop the origin"),
    ],
)
def test_an_inventory_that_contradicts_itself_is_refused(
    tmp_path, second, message
):
    (tmp_path / "chapters").mkdir()
    text = f"- {{id: a, number: '1.1', verdict: ok}}\n- {{id: {second}}}\n"
    (tmp_path / "chapters" / "cheatsheet.yml").write_text(text, "utf-8")
    with pytest.raises(ValueError, match=message):
        records.inventory(tmp_path)
