"""The commands: those that are named exist, and none trusts half a job."""

import os
import re
import shlex
import shutil
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import quote

import pytest
import yaml

ROOT = Path(__file__).parents[1]
RULES = (ROOT / "Makefile").read_text("utf-8")
TARGETS = set(re.findall(r"^([a-z]+):", RULES, re.M))

REQUIREMENTS = (
    "pyproject.toml", "constraints.txt", "package-lock.json", ".npmrc",
)  # fmt: skip

# A stand-in for Python and npm in .venv: it notes its arguments, "builds" a
# page, and fails when told to.
PYTHON = """\
#!/bin/sh
echo "$@" >> calls
case "$*" in
*pip*) test ! -e pip-breaks;;
*as_uri*) exec %s "$@";;
*ci*) mkdir -p node_modules; test ! -e npm-breaks;;
*jupyter_book*)
    test ! -e _build || echo "found a build" >> calls
    mkdir -p _build/html && echo page > _build/html/index.html
    while test -e build-waits; do sleep 0.1; done
    test ! -e build-breaks;;
esac
"""
PYTHON %= shlex.quote(sys.executable)


def documents():
    names = ("README.md", "CONTRIBUTING.md", ".ci/run")
    flows = sorted((ROOT / ".github/workflows").glob("*.yml"))
    return [ROOT / name for name in names] + flows


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.name)
def test_commands_that_are_named_exist(path):
    text = path.read_text("utf-8")
    named = set(re.findall(r"(?:`|^\s*|run: )make ([a-z]+)", text, re.M))
    assert named <= TARGETS
    if path.name != "CONTRIBUTING.md" and path.name != "test.yml":
        assert "book" in named


def test_every_command_is_listed_by_make_alone():
    done = make(ROOT)
    listed = set(re.findall(r"^  make ([a-z]+) ", done.stdout, re.M))
    assert listed == TARGETS


def test_paths_that_the_readme_links_exist():
    text = (ROOT / "README.md").read_text("utf-8")
    links = set(re.findall(r"\]\(([^):]+)\)", text))
    assert [x for x in sorted(links) if not (ROOT / x).exists()] == []


def test_continuous_integration_calls_what_a_user_calls():
    script = ROOT / ".ci/run"
    assert script.stat().st_mode & stat.S_IXUSR
    lines = script.read_text("utf-8").splitlines()
    assert "set -euo pipefail" in lines
    assert lines[-2:] == ["make book", "make test"]
    subprocess.run(["bash", "-n", str(script)], check=True)


@pytest.mark.parametrize("name", ["test", "pages"])
def test_workflows_have_few_rights_and_pinned_actions(name):
    path = ROOT / f".github/workflows/{name}.yml"
    text = path.read_text("utf-8")
    used = re.findall(r"uses: (.*)", text)  # the tag stands behind the commit
    assert all(re.search(r" # v\d+\.\d+\.\d+$", use) for use in used)
    flow = yaml.safe_load(text)
    assert flow["permissions"] == {"contents": "read"}
    for job, content in flow["jobs"].items():
        wanted = {"notebooks": "write"}.get(job, "read")  # its own branch
        rights = content.get("permissions", {})
        assert rights.get("contents", "read") == wanted, job
        for step in content["steps"]:
            if "uses" in step:
                assert re.fullmatch(
                    r"actions/[\w-]+@[0-9a-f]{40}", step["uses"]
                )
            elif "run" in step and job != "notebooks":
                assert re.fullmatch(r"\.ci/run|make \w+", step["run"])


# ---- nothing half done is trusted -----------------------------------------
@pytest.fixture
def tree(tmp_path):
    """A project whose Python is the stand-in."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in (*REQUIREMENTS, "_toc.yml"):
        (tmp_path / name).touch()
    for name in ("chapters", "_ext", "_static", "fake"):
        (tmp_path / name).mkdir()
    (tmp_path / "chapters/a.ipynb").touch()
    (tmp_path / "stand-in").write_text(PYTHON)
    (tmp_path / "fake/python3").write_text(
        "#!/bin/sh\n"
        'test "$2" = venv || exit 0\n'
        'mkdir -p "$3/bin" && cp stand-in "$3/bin/python"\n'
        'cp stand-in "$3/bin/npm" && chmod +x "$3/bin/"*\n'
        "echo venv >> calls\n"
    )
    (tmp_path / "fake/python3").chmod(0o755)
    return tmp_path


def clean_environment():
    return {k: v for k, v in os.environ.items() if not k.startswith("MAKE")}


def make(root, *arguments, python=("PYTHON=fake/python3",)):
    return subprocess.run(
        ["make", *python, *arguments],
        capture_output=True,
        cwd=root,
        env=clean_environment(),
        text=True,
    )


def calls(root):
    """Return what was called since the last look, in few words."""
    path = root / "calls"
    text = path.read_text() if path.exists() else ""
    path.unlink(missing_ok=True)
    known = ("venv", "jupyter", "found a build", "--group book",
             "--group test", "geometric")  # fmt: skip
    lines = text.splitlines()
    return [word for line in lines for word in known if word in line]


def later(path):
    """Touch a file so that it is newer than any stamp."""
    path.touch()
    os.utime(path, (path.stat().st_atime + 60, path.stat().st_mtime + 60))


def test_a_second_build_does_nothing(tree):
    done = make(tree, "book")
    assert done.returncode == 0, done.stderr
    assert f"file://{tree}/_build/html/index.html" in done.stdout
    assert calls(tree) == ["venv", "--group book", "jupyter"]
    assert make(tree, "book").returncode == 0
    assert calls(tree) == []


def test_a_build_does_not_install_what_only_tests_need(tree):
    make(tree, "book")
    assert "geometric" not in calls(tree)
    make(tree, ".venv/all")
    assert calls(tree) == ["--group test", "geometric"]


@pytest.mark.parametrize(
    "changed", ["chapters/a.ipynb", "chapters", "_toc.yml", "_ext", "_static"]
)
def test_a_change_is_built_from_nothing(tree, changed):
    make(tree, "book")
    calls(tree)
    later(tree / changed)
    assert make(tree, "book").returncode == 0
    assert calls(tree) == ["jupyter"]


def test_a_build_that_broke_off_is_not_trusted(tree):
    (tree / "build-breaks").touch()
    assert make(tree, "book").returncode != 0
    assert (tree / "_build/html/index.html").exists()
    assert make(tree, "book").returncode != 0
    (tree / "build-breaks").unlink()
    calls(tree)
    assert make(tree, "book").returncode == 0
    assert calls(tree) == ["jupyter"]


def test_a_build_that_broke_off_after_a_good_one_is_not_trusted(tree):
    make(tree, "book")
    later(tree / "_toc.yml")
    (tree / "build-breaks").touch()
    assert make(tree, "book").returncode != 0
    os.utime(tree / "_toc.yml", (0, 0))
    calls(tree)
    assert make(tree, "book").returncode != 0
    assert calls(tree) == ["jupyter"]


@pytest.mark.parametrize("breaks", ["pip-breaks", "npm-breaks"])
def test_an_installation_that_broke_off_is_not_trusted(tree, breaks):
    make(tree, ".venv/created")
    (tree / breaks).touch()
    assert make(tree, "book").returncode != 0
    assert not (tree / ".venv/book").exists()
    (tree / breaks).unlink()
    (tree / ".venv/half").touch()
    calls(tree)
    assert make(tree, "book").returncode == 0
    assert not (tree / ".venv/half").exists()
    assert calls(tree) == ["venv", "--group book", "jupyter"]


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_other_requirements_are_installed_before_the_next_build(tree, name):
    make(tree, "book")
    calls(tree)
    later(tree / name)
    make(tree, "book")
    assert calls(tree)[0] == "--group book"


def test_scripts_that_are_gone_are_installed_again(tree):
    make(tree, "book")
    shutil.rmtree(tree / "node_modules")
    calls(tree)
    make(tree, "book")
    assert calls(tree)[0] == "--group book"


def test_an_environment_that_was_moved_is_made_anew(tree, tmp_path_factory):
    make(tree, "book")
    other = tmp_path_factory.mktemp("elsewhere") / "book"
    shutil.copytree(tree, other)
    calls(other)
    assert make(other, "book").returncode == 0
    assert calls(other)[:2] == ["venv", "--group book"]


def test_an_environment_whose_python_is_gone_is_made_anew(tree):
    make(tree, "book")
    (tree / ".venv/bin/python").unlink()
    calls(tree)
    assert make(tree, "book").returncode == 0
    assert calls(tree)[:2] == ["venv", "--group book"]


@pytest.mark.parametrize("folder", ["plain", "with a space"])
def test_an_old_python_is_refused_in_words(tree, folder):
    python = tree / folder / "python"
    python.parent.mkdir()
    python.symlink_to(sys.executable)
    (tree / "old").write_text(
        "import sys\nsys.version_info = (3, 10)\nexec(sys.argv[2])\n"
    )
    (tree / "fake/python3").write_text(
        f'#!/bin/sh\nexec {shlex.quote(str(python))} old "$@"\n'
    )
    done = make(tree, "book")
    assert done.returncode != 0
    assert "Python 3.11 or newer is needed" in done.stderr
    assert not (tree / ".venv").exists()


def test_a_book_may_lie_in_a_path_with_a_space(tree, tmp_path_factory):
    other = tmp_path_factory.mktemp("with a space") / "mein Büchlein"
    shutil.copytree(tree, other)
    done = make(other, "book")
    assert done.returncode == 0
    assert f"file://{quote(str(other))}/_build/html/index.html" in done.stdout
    assert calls(other) == ["venv", "--group book", "jupyter"]
    assert make(other, ".venv/all").returncode == 0
    assert calls(other) == ["--group test", "geometric"]
    assert make(other, "book").returncode == 0
    assert calls(other) == []


# ---- what cannot be is told in a sentence ---------------------------------
@pytest.mark.parametrize("name", ["chapters/b.ipynb", "chapters", "a"])
@pytest.mark.parametrize("goal", ["notebooks", "check", "claims"])
def test_a_notebook_that_is_not_there_is_told(tree, goal, name):
    done = make(tree, goal, f"NB={name}")
    assert done.returncode != 0
    said = f"NB={name}: no such notebook. There are: chapters/a.ipynb"
    assert said in done.stderr
    assert calls(tree) == []


def test_a_second_build_at_once_is_told(tree):
    make(tree, ".venv/book")
    (tree / "build-waits").touch()
    command = ["make", "PYTHON=fake/python3", "book"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    quiet |= {"cwd": tree, "env": clean_environment()}
    with subprocess.Popen(command, **quiet) as first:
        page = tree / "_build/html/index.html"
        while not page.exists():
            time.sleep(0.05)
        done = make(tree, "book")
        assert done.returncode != 0
        assert "Another build of this book is running (process" in done.stderr
        assert page.exists()
        (tree / "build-waits").unlink()
        assert first.wait() == 0
    assert make(tree, "book").returncode == 0


def test_a_build_that_was_killed_does_not_stop_the_next(tree):
    make(tree, ".venv/book")
    gone = subprocess.Popen(["true"])
    gone.wait()
    (tree / ".venv/builder").write_text(f"{gone.pid}\n")
    assert make(tree, "book").returncode == 0
    assert not (tree / ".venv/builder").exists()


def test_a_port_in_use_is_told():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        goal = ["-o", ".venv/book", "free-port", f"PORT={port}"]
        done = make(ROOT, *goal, f"PY={sys.executable}")
        assert done.returncode != 0
        said = f"Port {port} is in use; take another one: make serve PORT="
        assert f"{said}{port + 1}" in done.stderr
    assert make(ROOT, *goal, f"PY={sys.executable}").returncode == 0


def test_another_python_is_ignored_and_that_is_told(tree):
    ignored = "PYTHON=fake/python3 is ignored, .venv is there already"
    assert ignored not in make(tree, "book").stdout
    assert ignored in make(tree, "book").stdout
    assert "is ignored" not in make(tree, "book", python=()).stdout
    (tree / ".venv/bin/python").unlink()
    assert ignored not in make(tree, "book").stdout


def test_a_selection_of_tests_is_run(tree):
    for given, wanted in (
        ("tests/test_x.py", "-m pytest tests/test_x.py"),
        ("chapters/a.ipynb", "-m pytest --nbval chapters/a.ipynb"),
    ):
        make(tree, "test", f"T={given}")
        lines = (tree / "calls").read_text().splitlines()
        assert " ".join(lines[-1].split()) == wanted
    make(tree, "test")
    assert "-m pytest -n" in (tree / "calls").read_text()


def test_the_readme_names_the_torch_that_is_tested():
    pins = (ROOT / "constraints.txt").read_text("utf-8")
    version = re.search(r"^torch==(.+)$", pins, re.M)[1]
    assert f"PyTorch {version}" in (ROOT / "README.md").read_text("utf-8")


def test_jupyterlab_loads_the_extension_that_renders_myst():
    """JupyterLab only warns when an extension does not fit its version."""
    done = subprocess.run(
        [sys.executable, "-m", "jupyter", "labextension", "list"],
        capture_output=True,
        text=True,
        check=True,
    )
    (line,) = (
        line
        for line in done.stderr.splitlines()
        if "jupyterlab-myst v" in line
    )
    assert "enabled" in line
    assert "OK" in line, done.stderr
