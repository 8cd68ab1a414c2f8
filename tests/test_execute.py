"""Execution: fresh, in order, repeatable; written only if all went well."""

import json

import pytest

from _ext.notebook import execute, records


@pytest.fixture
def root(tmp_path):
    (tmp_path / "chapters").mkdir()
    (tmp_path / "dlbook").mkdir()
    (tmp_path / "dlbook/__init__.py").write_text('"""Package."""\n')
    (tmp_path / "dlbook/words.py").write_text("WORD = 'this tree'\n")
    return tmp_path


def save(root, *sources, minor=5, **fields):
    """Write a notebook of code cells; a source may come with tags."""
    cells = []
    for source in sources:
        text, *tags = [source] if isinstance(source, str) else source
        cells.append(
            {
                "cell_type": "code",
                "execution_count": 7,
                "metadata": {"tags": tags, "execution": {"t": 1}},
                "outputs": [],
                "source": text.splitlines(keepends=True),
            }
            | fields
        )
    nb = {
        "cells": cells,
        "metadata": {"kernelspec": {"name": "mine"}, "widgets": {}},
        "nbformat": 4,
        "nbformat_minor": minor,
    }
    path = root / "chapters/x.ipynb"
    path.write_text(json.dumps(nb))
    return path


@pytest.fixture
def foreign(tmp_path, monkeypatch):
    """Many threads, and another kernel under the name of ours."""
    folder = tmp_path / "jupyter/kernels/python3"
    folder.mkdir(parents=True)
    spec = {"argv": ["false"], "display_name": "x", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    monkeypatch.setenv("OMP_NUM_THREADS", "3")


@pytest.mark.usefixtures("foreign")
def test_a_notebook_is_executed_normalised_and_hashed(root):
    path = save(
        root,
        "import os\nfrom dlbook.words import WORD\nWORD",
        "for i in range(3):\n    print(i, flush=True)",
        "os.environ['OMP_NUM_THREADS'], os.path.basename(os.getcwd())",
        ("1 / 0", "raises-exception"),
        minor=4,
    )
    execute.execute(path, root)
    nb = records.read(path)
    assert execute.stale(nb, root) == []
    cells = nb["cells"]
    assert [c["execution_count"] for c in cells] == [1, 2, 3, 4]
    assert cells[0]["outputs"][0]["data"]["text/plain"] == "'this tree'"
    assert cells[1]["outputs"] == [
        {"output_type": "stream", "name": "stdout", "text": "0\n1\n2\n"}
    ]
    assert cells[2]["outputs"][0]["data"]["text/plain"] == "('1', 'chapters')"
    assert cells[3]["outputs"][0]["ename"] == "ZeroDivisionError"
    assert [c["metadata"] for c in cells] == [{}] * 3 + [
        {"tags": ["raises-exception"]}
    ]
    assert set(nb["metadata"]) == {"dlbook", "kernelspec", "language_info"}
    assert nb["metadata"]["kernelspec"] == execute.KERNELSPEC
    assert len({c["id"] for c in cells}) == 4
    assert [p.name for p in path.parent.iterdir()] == ["x.ipynb"]

    before = path.read_bytes()
    execute.execute(path, root)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("sources", "reason"),
    [
        (
            ("x = 1", "x + missing", "2"),
            (
                "x.ipynb: cell 1 (x + missing): NameError: name 'missing' is "
                "not defined"
            ),
        ),
        (
            ("import warnings", "warnings.warn('careful')"),
            "x.ipynb: cell 1 (warnings.warn('careful')): writes to stderr",
        ),
        (
            (("1 + 1", "raises-exception"),),
            (
                "x.ipynb: cell 0 (1 + 1): tagged raises-exception, but raises "
                "none"
            ),
        ),
        (
            ("import os", "os._exit(1)"),
            "x.ipynb: cell 1 (os._exit(1)): the kernel died",
        ),
    ],
)
def test_a_notebook_that_fails_is_named_and_left_as_it_was(
    root, sources, reason, monkeypatch, capsys
):
    path = save(root, *sources)
    before = path.read_bytes()
    monkeypatch.setattr(execute, "ROOT", root)
    assert execute.main([str(path)]) == 1
    assert reason in capsys.readouterr().err
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == ["x.ipynb"]


def test_the_check_executes_nothing_and_fails_when_outputs_are_stale(
    root, monkeypatch, capsys
):
    path = save(root, "1 / 0", id="a")
    monkeypatch.setattr(execute, "ROOT", root)
    monkeypatch.setattr(execute, "execute", None)
    assert execute.main(["--check"]) == 1
    assert "x.ipynb: the code is not" in capsys.readouterr().err
    nb = records.read(path)
    nb["metadata"]["dlbook"] = {
        "code": execute.code_hash(nb, root),
        "outputs": execute.outputs_hash(nb),
    }
    path.write_text(json.dumps(nb))
    assert execute.main(["--check"]) == 0
    assert execute.main(["--stale"]) == 0


def test_ids_that_a_cell_has_are_kept_and_new_ones_repeat(root):
    path = save(root, "1", "1", "2", id="same")
    first = execute.prepare(records.read(path))
    second = execute.prepare(records.read(path))
    ids = [cell["id"] for cell in first["cells"]]
    assert ids[0] == "same"
    assert len(set(ids)) == 3
    assert ids == [cell["id"] for cell in second["cells"]]


def test_a_hash_needs_neither_torch_nor_a_kernel(root):
    import subprocess
    import sys

    script = (
        "import sys, _ext.notebook.rules; "
        "print({'torch', 'nbclient', 'nbformat', 'dlbook'} & {*sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        check=True,
        capture_output=True,
        cwd=execute.ROOT,
        text=True,
    )
    assert done.stdout == "set()\n"
