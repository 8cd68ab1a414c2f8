"""The commands: those that are named exist, and none trusts half a job."""

import os
import re
import shlex
import shutil
import stat
import subprocess
import sys
from pathlib import Path

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
*ci*) mkdir -p node_modules; test ! -e npm-breaks;;
*jupyter_book*)
    test ! -e _build || echo "found a build" >> calls
    mkdir -p _build/html && echo page > _build/html/index.html
    test ! -e build-breaks;;
esac
"""


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
    flow = yaml.safe_load(path.read_text("utf-8"))
    assert flow["permissions"] == {"contents": "read"}
    for job, content in flow["jobs"].items():
        wanted = {"notebooks": "write"}.get(job, "read")  # its own branch
        rights = content.get("permissions", {})
        assert rights.get("contents", "read") == wanted, job
        for step in content["steps"]:
            if "uses" in step:
                assert re.fullmatch(r"actions/[\w-]+@v\d+", step["uses"])
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


def make(root, *arguments):
    env = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")}
    return subprocess.run(
        ["make", "PYTHON=fake/python3", *arguments],
        capture_output=True,
        cwd=root,
        env=env,
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
    other = tmp_path_factory.mktemp("with a space") / "my book"
    shutil.copytree(tree, other)
    assert make(other, "book").returncode == 0
    assert calls(other) == ["venv", "--group book", "jupyter"]
    assert make(other, ".venv/all").returncode == 0
    assert calls(other) == ["--group test", "geometric"]
    assert make(other, "book").returncode == 0
    assert calls(other) == []


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
