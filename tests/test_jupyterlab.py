"""JupyterLab: a reader's copy without MyST, and the book itself with it.

Needs a browser (Chromium or Chrome); without one the test is skipped.
"""

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
from contextlib import contextmanager

import pytest
from press import ROOT

from _ext.notebook import numbers, records

NAME = "11-3-gradient-descent"
WAIT = 120_000  # milliseconds; conditions are waited for, never times


@contextmanager
def jupyterlab(home, notebook, *, off=(), config=None):
    """Open a notebook, signed, in JupyterLab; yield its address."""
    work = home / "work"
    work.mkdir()
    shutil.copyfile(notebook, work / "copy.ipynb")
    pages = home / "config" / "labconfig" / "page_config.json"
    pages.parent.mkdir(parents=True)
    off = [*off, "@jupyterlab/apputils-extension:announcements"]
    disabled = dict.fromkeys(off, True)
    pages.write_text(json.dumps({"disabledExtensions": disabled}))
    folder = home / "settings" / "@jupyterlab" / "notebook-extension"
    folder.mkdir(parents=True)
    (folder / "tracker.jupyterlab-settings").write_text(
        json.dumps({"windowingMode": "none"})
    )
    environment = {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
    }
    trust = [sys.executable, "-m", "nbformat.sign", "copy.ipynb"]
    subprocess.run(trust, cwd=work, env=environment, check=True)
    token = secrets.token_hex()
    command = [sys.executable, "-m", "jupyterlab", "--no-browser"]
    command += [f"--config={config}"] if config else []
    command += ["--ServerApp.ip=127.0.0.1", "--ServerApp.port=0"]
    command += ["--IdentityProvider.token=" + token, "--allow-root"]
    with subprocess.Popen(
        command,
        cwd=work,
        env=environment,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as server:
        port = None
        said = []
        for line in server.stderr:
            said.append(line)
            if found := re.search(r"http://127\.0\.0\.1:(\d+)/", line):
                port = found[1]
                break
        assert port, "".join(said)
        yield f"http://127.0.0.1:{port}/lab/tree/copy.ipynb?token={token}"
        server.terminate()
        server.stderr.read()


@pytest.fixture
def lab(published, tmp_path):
    """JupyterLab with a reader's copy, and nothing that knows MyST."""
    notebook = published.html / "notebooks" / f"{NAME}.ipynb"
    with jupyterlab(tmp_path, notebook, off=["jupyterlab-myst"]) as address:
        yield address


@pytest.fixture
def ours(tmp_path):
    """JupyterLab as `make lab` opens it, with a notebook of the book."""
    (tmp_path / "given").mkdir()
    notebook = tmp_path / "given" / f"{NAME}.ipynb"
    shutil.copyfile(ROOT / "chapters" / notebook.name, notebook)
    numbers.main([str(notebook)])
    config = ROOT / "_ext/notebook/lab.py"
    with jupyterlab(tmp_path, notebook, config=config) as address:
        yield address


@pytest.mark.slow
def test_jupyterlab_shows_numbers_and_figures_of_the_book(ours, browser):
    """The numbers are those of the site, in the boxes and in what refers."""
    nb = records.read(ROOT / "chapters" / f"{NAME}.ipynb")
    inventory = records.inventory(ROOT)
    boxes = [b for b in records.statements(nb) if b.kind and not b.nonumber]
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(ours)
    shown = page.locator(".jp-Notebook .myst-proof")
    shown.first.wait_for(timeout=WAIT)
    wanted = [f"{b.kind.title()} {inventory[b.id]['number']}" for b in boxes]
    page.wait_for_function(
        """wanted => {
            const boxes = document.querySelectorAll(".jp-Notebook .myst-proof")
            const texts = [...boxes].map(box => box.innerText)
            return wanted.every(
                words => texts.some(text => text.startsWith(words)))
        }""",
        arg=wanted,
        timeout=WAIT,
    )
    figures = sum(
        "image/svg+xml" in output.get("data", {})
        for cell in nb["cells"]
        for output in cell.get("outputs", [])
    )
    book = page.locator(".jp-Notebook")
    drawn = book.locator(".jp-OutputArea-output").locator("img, svg")
    assert drawn.count() >= figures > 0
    cells = book.locator(".jp-MarkdownCell").all_inner_texts()
    kinds = {box.kind.title() for box in boxes}
    text = " ".join(" ".join(cells).split())
    referred = [
        words
        for words in re.findall(r"\w+ 11\.3\.\d+", text)
        if words.split()[0] in kinds
    ]
    assert len(referred) > 10
    assert set(referred) <= set(wanted)
    page.close()


@pytest.mark.slow
def test_jupyterlab_shows_the_copy_without_myst(lab, browser):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(lab)
    book = page.locator(".jp-Notebook")
    head = book.locator(
        "blockquote > p > strong", has_text="Definition 11.3.2"
    )
    head.first.wait_for(timeout=WAIT)
    assert head.first.inner_text() == "Definition 11.3.2 (Gradient descent)."
    page.wait_for_function(
        """() => {
            const cells = document.querySelectorAll(".jp-RenderedMarkdown")
            const texts = [...cells].map(cell => cell.innerText)
            return document.querySelectorAll("mjx-container").length > 500
                && !texts.some(text => text.includes("$$"))
        }""",
        timeout=WAIT,
    )
    text = "\n".join(book.locator(".jp-RenderedMarkdown").all_inner_texts())
    assert not re.search(r":::|\{prf|\{cite|\{eq\}|\$", text)
    assert book.locator("mjx-merror").count() == 0

    # solutions are folded, the graders' code is hidden
    solution = book.locator(".jp-Cell", has_text="theta_next - eta * decay")
    assert solution.count() >= 1
    assert not solution.last.is_visible()
    title = book.locator("h2", has_text="Solutions")
    title.scroll_into_view_if_needed()
    assert title.is_visible()

    # the interactive figure works from the stored output
    slider = book.locator("input[type=range]").first
    slider.scroll_into_view_if_needed()
    figure = slider.locator("xpath=ancestor::figure")
    before = figure.inner_html(), slider.input_value()
    last = before[1] == slider.get_attribute("max")  # no way further on
    slider.focus()
    page.keyboard.press("ArrowLeft" if last else "ArrowRight")
    assert slider.input_value() != before[1]
    assert figure.inner_html() != before[0]
    page.close()
