"""`make lab`: figures are shown, and saving changes what was edited."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from nbformat.sign import NotebookNotary

from _ext.notebook import execute, records

ROOT = Path(__file__).parents[1]
CONFIG = ROOT / "_ext/notebook/lab.py"
# What JupyterLab adds when a notebook is opened, run and saved.
LANGUAGE = {
    "codemirror_mode": {"name": "ipython", "version": 3},
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
    "version": "3.12.1",
}


@pytest.fixture
def contents(tmp_path, recwarn):
    """The part of the server that reads and writes files."""
    from jupyter_server.services.contents.largefilemanager import (
        LargeFileManager,
    )
    from traitlets.config.loader import PyFileConfigLoader

    loader = PyFileConfigLoader(CONFIG.name, path=str(CONFIG.parent))
    notary = NotebookNotary(data_dir=str(tmp_path))
    return LargeFileManager(
        root_dir=str(tmp_path), config=loader.load_config(), notary=notary
    )


def test_saving_changes_nothing_but_what_was_edited(contents, tmp_path):
    path = next(iter(records.notebooks(ROOT)))
    before = path.read_bytes()
    (tmp_path / "a.ipynb").write_bytes(before)
    model = contents.get("a.ipynb")
    nb = model["content"]
    nb["metadata"]["language_info"] = LANGUAGE
    nb["metadata"]["toc"] = {"base_numbering": 1}
    nb["cells"][2]["metadata"]["editable"] = True
    nb["cells"][3]["metadata"]["collapsed"] = False
    contents.save(model, "a.ipynb")
    assert (tmp_path / "a.ipynb").read_bytes() == before

    model = contents.get("a.ipynb")
    model["content"]["cells"][0]["source"] += "\nOne more line."
    contents.save(model, "a.ipynb")
    after = records.read(tmp_path / "a.ipynb")
    changed = records.parse(before.decode())
    changed["cells"][0]["source"] += "\nOne more line."
    assert after == changed
    assert execute.stale(after, ROOT) == execute.stale(changed, ROOT)


def test_other_files_are_saved_as_they_are(contents, tmp_path):
    model = {"type": "file", "format": "text", "content": "x = 1\n"}
    contents.save(model, "a.py")
    assert (tmp_path / "a.py").read_text() == "x = 1\n"


def test_figures_are_trusted_and_the_home_folder_is_left_alone(tmp_path):
    """Run what `make lab` runs before it opens JupyterLab."""
    book, home = tmp_path / "book", tmp_path / "home"
    (book / "chapters").mkdir(parents=True)
    home.mkdir()
    path = book / "chapters/a.ipynb"
    path.write_bytes(next(iter(records.notebooks(ROOT))).read_bytes())
    (book / "Makefile").write_text((ROOT / "Makefile").read_text("utf-8"))
    lines = subprocess.run(
        ["make", "-n", "-o", ".venv/all", "lab", f"PY={sys.executable}"],
        capture_output=True,
        check=True,
        cwd=book,
        text=True,
    ).stdout.splitlines()
    sign = next(line for line in lines if "nbformat.sign" in line)
    environment = {k: v for k, v in os.environ.items() if "JUPYTER" not in k}
    environment["HOME"] = str(home)
    subprocess.run(sign, shell=True, check=True, cwd=book, env=environment)
    notary = NotebookNotary(data_dir=str(book / ".venv/jupyter"))
    import nbformat

    nb = nbformat.read(path, 4)
    assert notary.check_signature(nb)
    assert not list(home.iterdir())
    output = next(c for c in nb.cells if c.get("outputs"))["outputs"][0]
    output["data"] = {"text/html": "<script>alert(1)</script>"}
    assert not notary.check_signature(nb)
    server = next(line for line in lines if "jupyterlab" in line)
    assert "--config=_ext/notebook/lab.py" in server
    assert "JUPYTER_DATA_DIR" in server
