"""The shape of the project: one way of imports, quiet ones, open bounds."""

import ast
import importlib.metadata
import re
import shutil
import subprocess
import sys
import textwrap
import tomllib
import zipfile
from pathlib import Path

import press
import pytest
import yaml

import dlbook

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "dlbook"
MODULES = sorted(PACKAGE.rglob("*.py"))

# The shared rooms: a module or a package with one public face each.
SHARED = {"check", "data", "device", "plot", "shapes"}
TOPICS = {path.stem for path in PACKAGE.glob("[a-z]*.py")} - SHARED | {
    "analysis", "attention", "bayes", "calculus", "convolution", "curvature",
    "generalization", "gp", "graphs", "language", "ntk", "optim",
    "probability", "recurrent", "sequence", "sets", "transformer", "vision",
}  # fmt: skip
# Which topics a topic may build on; of ntk and gp only one on the other.
ALLOWED = {
    "gp": {"ntk"},
    "language": {"recurrent", "transformer"},
    "ntk": {"gp"},
    "transformer": {"attention"},
    "vision": {"convolution"},
}


def imported(source, package="dlbook"):
    """Return the dotted names that a source imports."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            stem = ".".join([package] * bool(node.level) + [node.module or ""])
            stem = stem.strip(".")
            found |= {f"{stem}.{alias.name}" for alias in node.names}
    return found


def directions(sources):
    """Return the imports that go against the one way.

    A module is named by its dotted path in the package; its room is the
    first part. Only a room itself sees past its public face.
    """
    found, edges = [], {}
    for name, source in sources.items():
        room = name.split(".")[0]
        names = imported(source)
        for other in sorted(names):
            if other.split(".")[0] in ("chapters", "tests", "_ext"):
                found.append(f"{name} imports {other}")
        parts = [n.split(".") for n in sorted(names)]
        within = [part[1:] for part in parts if part[0] == "dlbook"]
        for part in within:
            behind = ".".join(part[:2]) in sources and len(part) > 1
            if behind and part[0] != room:
                found.append(f"{name} imports {'.'.join(part[:2])}")
        others = {part[0] for part in within if part}
        edges.setdefault(room, set()).update(others & (TOPICS | SHARED))
    for room, others in edges.items():
        allowed = (
            SHARED if room in SHARED else SHARED | ALLOWED.get(room, set())
        )
        wrong = others - allowed - {room}
        found += [f"{room} imports {other}" for other in sorted(wrong)]
    if "gp" in edges.get("ntk", ()) and "ntk" in edges.get("gp", ()):
        found.append("ntk and gp import each other")
    return found


def dotted(path):
    """Return the name of a module within the package."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def sources():
    return {dotted(path): path.read_text("utf-8") for path in MODULES}


def test_imports_go_one_way():
    assert directions(sources()) == []


@pytest.mark.parametrize(
    ("name", "source", "complaint"),
    [
        ("plot", "from dlbook.optim import gd", "plot imports optim"),
        ("check.record", "from dlbook import gp", "check imports gp"),
        ("plot", "from dlbook.check.record import emit",
         "plot imports check.record"),
        ("optim", "from dlbook.check import record",
         "optim imports check.record"),
        ("shapes", "from . import sets", "shapes imports sets"),
        ("optim", "from .gp import rbf", "optim imports gp"),
        ("attention", "import dlbook.transformer",
         "attention imports transformer"),
        ("optim", "def f():\n    import _ext.notebook.rules",
         "optim imports _ext.notebook.rules"),
        ("gp", "import dlbook.ntk", "ntk and gp import each other"),
    ],
)  # fmt: skip
def test_an_import_against_the_way_is_found(name, source, complaint):
    given = {"ntk": "from dlbook.gp import nngp", "check.record": ""}
    given[name] = source
    assert complaint in directions(given)


def test_allowed_imports_pass():
    given = {
        "optim": "import torch\nfrom dlbook.shapes import expect",
        "vision": "from dlbook.convolution import conv2d",
        "plot": "from dlbook.plot.picture import svg",
        "plot.picture": "from dlbook.shapes import expect",
        "ntk": "from dlbook.gp import nngp",
    }
    assert directions(given) == []


def test_every_module_is_a_topic_or_belongs_to_a_shared_room():
    rooms = {name.split(".")[0] for name in sources()}
    assert rooms <= TOPICS | SHARED | {""}


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_a_module_is_short_and_refuses_with_errors_of_its_own(path):
    text = path.read_text("utf-8")
    assert text.count("\n") <= 400  # about 300: one sitting
    tree = ast.parse(text)
    asserts = [n.lineno for n in ast.walk(tree) if isinstance(n, ast.Assert)]
    assert not asserts, f"{path.name}: assert in lines {asserts}"


@pytest.mark.parametrize(
    "path",
    [path for path in MODULES if path.parent != PACKAGE or dotted(path)],
    ids=dotted,
)
def test_public_names_are_listed_and_documented(path):
    tree = ast.parse(path.read_text("utf-8"))
    assert ast.get_docstring(tree)
    listed = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign)
        and ast.unparse(node.targets[0]) == "__all__"
    ]
    assert len(listed) == 1, f"{path.name}: no __all__"  # ruff sorts it
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            public = node.name in listed[0]
            assert ast.get_docstring(node) or not public, node.name


def test_importing_the_package_changes_nothing():
    script = textwrap.dedent("""
        import importlib, pkgutil, random, socket, sys, warnings
        import matplotlib, numpy, torch

        def forbidden(*_):
            raise SystemExit("opened a socket")

        socket.socket.connect = forbidden
        def state():
            return (
                random.getstate(),
                str(numpy.random.get_state()),
                torch.get_rng_state().tolist(),
                torch.get_default_dtype(),
                torch.is_grad_enabled(),
                torch.are_deterministic_algorithms_enabled(),
                torch.get_num_threads(),
                str(numpy.get_printoptions()),
                dict(matplotlib.rcParams),
                matplotlib.get_backend(auto_select=False),
            )

        import jaxtyping, yaml
        before, filters = state(), list(warnings.filters)
        import dlbook
        for module in pkgutil.walk_packages(dlbook.__path__, "dlbook."):
            importlib.import_module(module.name)
        for name, old, new in zip(range(20), before, state()):
            if old != new:
                raise SystemExit(f"state {name}: {old} became {new}")
        mine = [f for f in warnings.filters if f not in filters]
        if any("dlbook" in str(f) for f in mine):
            raise SystemExit(f"filters {mine}")
        """)
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        cwd=ROOT,
        text=True,
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


# ---- what is tracked ------------------------------------------------------
BINARY = {".png", ".jpg", ".woff2", ".ico", ".pdf"}
ELSEWHERE = re.compile(
    r"\.\./shared\b|(?<![\w.+/-])/(?:home|root|Users|work)/\w"
)


def tracked():
    done = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        capture_output=True,
        cwd=ROOT,
        text=True,
    )
    if done.returncode:
        pytest.skip("not a git checkout")
    paths = [ROOT / name for name in done.stdout.splitlines()]
    return [p for p in paths if p.is_file() and p.suffix not in BINARY]


def test_no_file_points_to_a_place_outside_the_project():
    spared = {"test_layout.py", "test_notebooks.py", "rules.py"}
    assert [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in tracked()
        if path.name not in spared
        and (match := ELSEWHERE.search(path.read_text("utf-8")))
    ] == []


def test_the_project_is_citable():
    cff = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert cff["cff-version"] == "1.2.0"
    assert {"message", "title", "authors", "license", "abstract"} <= set(cff)
    assert all({"name", "family-names"} & set(a) for a in cff["authors"])
    assert cff["version"] == version()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", str(cff["date-released"]))


def version():
    source = (PACKAGE / "__init__.py").read_text("utf-8")
    return re.search(r'__release__ = "(.*)"', source)[1]


def test_the_changelog_knows_the_version():
    assert f"## [{version()}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")


# ---- packaging ------------------------------------------------------------
def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def test_requirements_at_run_time_are_lower_bounds_only():
    table = project()["project"]
    extras = table["optional-dependencies"]
    assert set(extras) == {"geometric"}
    wanted = table["dependencies"] + extras["geometric"]
    names = {re.split(r"[^\w-]", entry)[0].lower() for entry in wanted}
    assert names == {
        "jaxtyping", "matplotlib", "numpy", "pyyaml", "scikit-learn",
        "threadpoolctl", "torch", "torch-geometric",
    }  # fmt: skip
    for entry in wanted:
        assert re.fullmatch(r"[\w-]+>=\d[\d.]*", entry), entry


def test_building_the_site_does_not_need_torch():
    book = " ".join(project()["dependency-groups"]["book"])
    assert "torch" not in book
    assert "jupyter-book" in book


def pins():
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    return dict(x.split("==") for x in lines if not x.startswith("#"))


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def test_constraints_are_plain_versions():
    assert len(pins()) > 100
    assert all(re.fullmatch(r"[\w.]+", v) for v in pins().values())


def test_constraints_pin_all_that_is_installed():
    if Path(sys.prefix) != ROOT / ".venv":
        pytest.skip("not run from .venv")
    pinned = {normal(name): version for name, version in pins().items()}
    installed = {
        normal(d.metadata["Name"]): d.version.split("+")[0]
        for d in importlib.metadata.distributions()
    }
    installed.pop("dlbook")
    # A build of torch for CUDA brings its own libraries, pinned by itself.
    theirs = ("nvidia-", "cuda-", "triton")
    wrong = {
        name: version
        for name, version in installed.items()
        if pinned.get(name) != version and not name.startswith(theirs)
    }
    assert wrong == {}


def wheel(source, out):
    """Build a wheel from a tree or an archive of the sources."""
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps"]
    offline = ["--no-build-isolation", "--no-index", "-w", str(out)]
    subprocess.run([*command, *offline, str(source)], check=True)
    (path,) = out.glob("*.whl")
    return path


def sdist(tree, out):
    """Build an archive of the sources."""
    hatch = [sys.executable, "-m", "hatchling", "build", "-d", str(out)]
    subprocess.run([*hatch, "-t", "sdist"], check=True, cwd=tree)
    (path,) = out.glob("*.tar.gz")
    return path


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """The package at a commit of its own."""
    tree = tmp_path_factory.mktemp("tree")
    press.copy(ROOT, tree, (*press.PACKAGE, "chapters/cheatsheet.yml"))
    press.copy(ROOT, tree, ("CITATION.cff",))
    press.git(tree, "init", "--quiet")
    press.git(tree, "add", ".")
    press.git(tree, "commit", "--quiet", "--message", "One")
    return tree


@pytest.fixture(scope="module")
def built(tree, tmp_path_factory):
    """The wheel that is built from an archive of the sources."""
    out = tmp_path_factory.mktemp("dist")
    return wheel(sdist(tree, out), out)


def named(path):
    """Return the version in the name of a wheel."""
    return path.name.split("-")[1]


def at(tree):
    """Return the version of a build from this tree."""
    return f"{version()}+g{press.git(tree, 'rev-parse', 'HEAD')[:12]}"


def test_a_build_carries_the_commit(tree, built, tmp_path):
    assert named(built) == at(tree)  # through the archive
    assert named(wheel(tree, tmp_path)) == at(tree)


def test_a_build_after_another_commit_has_another_version(tree, tmp_path):
    again = tmp_path / "again"
    shutil.copytree(tree, again)
    with (again / "dlbook" / "calculus.py").open("a") as file:
        file.write("# changed\n")
    (tmp_path / "dirty").mkdir()
    dirty = wheel(again, tmp_path / "dirty")
    assert named(dirty) == f"{at(tree)}.dirty"
    press.git(again, "commit", "--quiet", "--all", "--message", "Two")
    (tmp_path / "two").mkdir()
    assert named(wheel(again, tmp_path / "two")) == at(again) != at(tree)
    assert press.git(again, "status", "--porcelain") == ""


def test_a_tree_without_git_builds(tree, tmp_path):
    bare = tmp_path / "outer" / "bare"
    shutil.copytree(tree, bare, ignore=shutil.ignore_patterns(".git"))
    press.git(bare.parent, "init", "--quiet")  # of another project
    (tmp_path / "out").mkdir()
    assert named(wheel(bare, tmp_path / "out")) == version()


def test_a_checkout_is_told_from_what_is_installed():
    assert dlbook.__version__ == f"{version()}+checkout"


def test_the_wheel_holds_the_package_and_the_inventory(built):
    with zipfile.ZipFile(built) as archive:
        names = set(archive.namelist())
        sheet = archive.read("dlbook/cheatsheet.yml")
        metadata = next(n for n in names if n.endswith("/METADATA"))
        text = archive.read(metadata).decode()
    assert sheet == (ROOT / "chapters/cheatsheet.yml").read_bytes()
    files = [p for p in PACKAGE.rglob("*") if "__pycache__" not in p.parts]
    wanted = {p.relative_to(ROOT).as_posix() for p in files if p.is_file()}
    assert wanted <= names
    tops = {name.split("/")[0] for name in names}
    assert tops == {"dlbook", f"dlbook-{named(built)}.dist-info"}
    assert f"Version: {named(built)}\n" in text


def test_the_wheel_works_in_an_empty_directory(built, tmp_path):
    with zipfile.ZipFile(built) as archive:
        archive.extractall(tmp_path / "site")
    (tmp_path / "empty").mkdir()
    script = (
        f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r}); "
        "import dlbook; from dlbook import check; "
        "check.exact('opt-adam', 1, 1); print(dlbook.__file__); "
        "print(dlbook.__version__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        check=True,
        cwd=tmp_path / "empty",
        text=True,
    )
    said, where, number = done.stdout.splitlines()
    assert said.startswith("✓ 11.3.")
    assert where.startswith(str(tmp_path / "site"))
    assert number == named(built)
