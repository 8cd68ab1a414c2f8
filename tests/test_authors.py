"""What an author meets: a chapter laid out, and all complaints at once."""

import json
import re
import shutil
from pathlib import Path

import press
import pytest

from _ext.notebook import check, execute, new, records

ROOT = Path(__file__).parents[1]
NEEDED = ("dlbook", "_toc.yml", "references.bib", "pyproject.toml")
NEEDED += ("chapters/cheatsheet.yml", "chapters/sections.yml")
# What only an author can write.
OPEN = {
    "'TODO', an open end",
    "0 figures",
    "no interactive figure",
    "0 works cited",
    "not listed",
}
LATER = re.compile(r"\S+ has no passing check|erratum \S+ is not refuted")
LATER_TOO = "'What the sheet prints' is not refuted"


@pytest.fixture
def root(tmp_path):
    press.copy(ROOT, tmp_path, NEEDED)
    (tmp_path / "tests").mkdir()
    return tmp_path


def said(text):
    """Return (where, what) of each complaint; each has a remedy."""
    *lines, last = text.rstrip().split("\n")
    wheres, whats, remedies = lines[0::3], lines[1::3], lines[2::3]
    assert all(re.match(r"    \S", what) for what in whats)
    assert all(re.match(r"    -> \S", remedy) for remedy in remedies)
    assert last == f"{len(remedies) or 'nothing'} to mend"
    found = zip(wheres, whats, remedies, strict=True)
    return [(where, what.strip()) for where, what, _ in found]


@pytest.mark.parametrize(
    ("section", "title", "name"),
    [
        ("19.1", "Running means", "19-1-running-means"),
        ("14.1", "Curvature", "14-1-curvature"),
        ("16.1", "Sets", "16-1-sets-and-point-clouds"),
    ],
)
def test_a_chapter_that_is_laid_out_lacks_what_its_author_writes(
    root, capsys, section, title, name
):
    assert new.main([section, title], root) == 0
    path = root / f"chapters/{name}.ipynb"
    module = title.lower().replace(" ", "_")
    out = capsys.readouterr().out
    for file in (f"dlbook/{module}.py", f"tests/test_{module}.py"):
        assert f", {file}" in out
        assert "TODO" in (root / file).read_text("utf-8")
    execute.execute(path, root)
    assert check.main([str(path)], root) == 1
    found = said(capsys.readouterr().out)
    whats = {what for _, what in found}
    if section == "19.1":
        assert whats == OPEN
    rest = {what for what in whats - OPEN if not LATER.fullmatch(what)}
    assert rest <= {LATER_TOO, LATER_TOO.replace("the sheet", "our copy")}
    homes = {r.id for r in records.statements(records.read(path)) if r.kind}
    asked = {id for id in homes if not id.startswith("ex-")}
    assert bool(asked) == (section != "19.1")


def test_a_chapter_is_laid_out_once(root, capsys):
    assert new.main(["19.1", "Running means"], root) == 0
    before = (root / "dlbook/running_means.py").read_text("utf-8")
    (root / "dlbook/running_means.py").write_text(f"{before}# mine\n")
    assert new.main(["19.1", "Running means"], root) == 1
    assert "is there already; edit it" in capsys.readouterr().err
    (root / "chapters/19-1-running-means.ipynb").unlink()
    assert new.main(["19.1", "Running means"], root) == 0
    assert "# mine" in (root / "dlbook/running_means.py").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["", ""], 'say: make new SECTION=14.1 TITLE="Curvature"'),
        (["14-1", "Curvature"], "SECTION=14-1: expected a number as 14.1"),
        (["14.1", "!"], 'TITLE="!": expected words as "Curvature"'),
    ],
)
def test_a_chapter_that_cannot_be_laid_out_is_told(
    root, capsys, arguments, told
):
    assert new.main(arguments, root) == 1
    assert capsys.readouterr().err == f"{told}\n"


def test_all_complaints_come_at_once(root, capsys):
    name = "12-1-convolution"
    path = root / f"chapters/{name}.ipynb"
    nb = json.loads((ROOT / "chapters" / path.name).read_text("utf-8"))
    nb["cells"][0]["source"] += ["\n\nTODO {cite}`nobody2000`\n\n:::{note}\n"]
    code = [c for c in nb["cells"] if c["cell_type"] == "code"]
    code[1]["source"] = ["import os\n", *code[1]["source"]]
    code[-1]["outputs"] = []
    path.write_text(json.dumps(nb))
    assert check.main([str(path)], root) == 1
    found = said(capsys.readouterr().out)
    whats = " ".join(what for _, what in found)
    for what in ("'TODO'", "nobody2000", "':::{note}', has no end", "`os`",
                 "the code is not the code", "left no record"):  # fmt: skip
        assert what in whats, what
    assert len([w for w, _ in found if w.startswith(path.name)]) == len(found)
    assert found[0][0] == path.name  # first what concerns the whole
    assert any(": cell 0 (# 12.1 " in where for where, _ in found)


def test_all_notebooks_are_read_where_none_is_named(root, capsys):
    shutil.copy(ROOT / "chapters/02-analysis.ipynb", root / "chapters")
    assert check.main([], root) == 1
    found = said(capsys.readouterr().out)
    missing = [w for w, what in found if "there is no such page" in what]
    assert missing
    assert set(missing) == {"_toc.yml"}
