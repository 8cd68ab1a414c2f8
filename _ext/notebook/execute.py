"""Execute notebooks, each in one fresh kernel, and store the outputs.

    python -m _ext.notebook.execute [--check | --stale] [chapters/x.ipynb ...]

A notebook is written only when every cell of it ran. Two hashes in its
metadata then say which code made which outputs; `--check` compares them and
executes nothing, `--stale` executes only where they differ.
"""

import argparse
import ast
import hashlib
import json
import math
import os
import re
import resource
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from _ext.notebook import numbers, records
from _ext.notebook.records import Notebook

ROOT = Path(__file__).parents[2]
TIMEOUT = 600  # seconds for one cell
STEP = 10  # seconds; a run is said to take so many more, up to this

KERNELSPEC = {
    "display_name": "Python 3 (ipykernel)",
    "language": "python",
    "name": "python3",
}
KEPT_METADATA = ("mystnb", "tags")  # of a cell
MEANING = {"gpu", "raises-exception", "skip-execution"}  # tags
ANSI = re.compile(r"\x1b\[[0-9;]*m")


class Refused(Exception):
    """A notebook that is not written; the message names cell and reason."""


# ---- hashes ---------------------------------------------------------------
def code_hash(nb: Notebook, root: Path) -> str:
    """Hash what outputs are made of: the cells' code and their modules."""
    digest = hashlib.sha256()
    sources = []
    for cell in nb["cells"]:
        if cell["cell_type"] == "code":
            sources.append(cell["source"])
            _add(digest, cell["source"], *sorted(MEANING & tags(cell)))
    for path in modules(sources, root):
        _add(
            digest, path.relative_to(root).as_posix(), path.read_text("utf-8")
        )
    return digest.hexdigest()


def outputs_hashes(nb: Notebook) -> dict[str, str]:
    """Hash the stored outputs of each code cell that has some, by its id."""
    return {
        cell.get("id", ""): _short_hash(cell["outputs"])
        for cell in nb["cells"]
        if cell["cell_type"] == "code" and cell["outputs"]
    }


def stale(nb: Notebook, root: Path) -> list[tuple[int | None, str]]:
    """Say why the stored outputs are not those of the stored code.

    Yields the place of the cell, where one is to blame, and the reason.
    """
    stored = nb["metadata"].get("dlbook", {})
    found: list[tuple[int | None, str]] = []
    if stored.get("code") != code_hash(nb, root):
        reason = "the code is not the code that made the outputs"
        found.append((None, f"{reason}; run make notebooks"))
    made, now = stored.get("outputs", {}), outputs_hashes(nb)
    reason = "the outputs are not those that the code made; run make notebooks"
    if isinstance(made, str) or not made:  # from before each cell had a hash
        right = made == (outputs_hash(nb) if made else now)
        return found if right else [*found, (None, reason)]
    places = {cell.get("id"): at for at, cell in enumerate(nb["cells"])}
    changed = [id for id in {**now, **made} if made.get(id) != now.get(id)]
    found += [(places.get(id), reason) for id in changed]
    return list(dict.fromkeys(found))


def outputs_hash(nb: Notebook) -> str:
    """Hash the stored outputs of all code cells as one."""
    outputs = [c["outputs"] for c in nb["cells"] if c["cell_type"] == "code"]
    text = json.dumps(outputs, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _short_hash(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def modules(sources: Iterable[str], root: Path) -> list[Path]:
    """Return the files of dlbook behind these sources, sorted.

    The imports are followed through dlbook itself. A package counts as a
    whole; a file that shares its name with a module goes with it.
    """
    package = root / "dlbook"
    found: dict[str, list[Path]] = {}
    names = {name for source in sources for name in imports(source, package)}
    while names:
        name = names.pop()
        found[name] = files(package, name)
        for path in found[name]:
            if path.suffix == ".py":
                names |= imports(path.read_text("utf-8"), package)
        names -= found.keys()
    return [path for name in sorted(found) for path in found[name]]


def files(package: Path, name: str) -> list[Path]:
    """Return the files of a module, or of a package within the package."""
    within = (package / name).rglob("*.*")
    kept = [path for path in within if "__pycache__" not in path.parts]
    return sorted([*package.glob(f"{name}.*"), *kept])


def imports(source: str, package: Path) -> set[str]:
    """Return the modules of the package that a source imports."""
    found = set()
    for node in ast.walk(parsed(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            stem = [package.name] if node.level else []
            stem += [node.module] if node.module else []
            found |= {".".join([*stem, alias.name]) for alias in node.names}
            found.add(".".join(stem))
    parts = [name.split(".") for name in found]
    within = [part for part in parts if part[0] == package.name]
    names = {part[1] for part in within if len(part) > 1}
    names = {name for name in names if files(package, name)}
    return names | ({"__init__"} if within else set())


def parsed(source: str) -> ast.Module:
    """Parse a code cell; its magics are left out, and all of it if broken."""
    lines = source.split("\n")
    plain = ["" if re.match(r"\s*[%!]", line) else line for line in lines]
    try:
        return ast.parse("\n".join(plain))
    except SyntaxError:
        return ast.Module([], [])


def _add(digest: Any, *texts: str) -> None:
    digest.update(json.dumps(texts, ensure_ascii=False).encode())


# ---- execution ------------------------------------------------------------
def execute(path: Path, root: Path) -> None:
    """Execute a notebook and write it, normalised and hashed, or refuse."""
    nb = prepare(records.read(path))
    if (root / "chapters" / "cheatsheet.yml").exists():
        numbers.write(nb, records.inventory(root))
    before = worked()
    run(nb, root, path)
    seconds = STEP * math.ceil((worked() - before) / STEP)
    normalise(nb)
    for index, cell in enumerate(nb["cells"]):
        if reason := refusal(cell):
            raise Refused(f"{place(path, index, nb)}: {reason}")
    nb["metadata"]["dlbook"] = {
        "code": code_hash(nb, root),
        "outputs": outputs_hashes(nb),
        "seconds": seconds,
    }
    write(nb, path)


def worked() -> float:
    """Return the seconds that kernels which have ended kept a core busy."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def prepare(nb: Notebook) -> Notebook:
    """Give every cell an id that stays, and drop what editors leave."""
    nb["metadata"].pop("dlbook", None)
    trim(nb)
    seen = set()
    for index, cell in enumerate(nb["cells"]):
        if not cell.get("id") or cell["id"] in seen:
            text = json.dumps([index, cell["cell_type"], cell["source"]])
            cell["id"] = hashlib.sha256(text.encode()).hexdigest()[:8]
        seen.add(cell["id"])
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    return nb


def trim(nb: Notebook) -> None:
    """Drop what editors add to a notebook; sources and outputs stay."""
    nb["nbformat"], nb["nbformat_minor"] = 4, 5
    hashes = nb["metadata"].get("dlbook")
    nb["metadata"] = {
        **({"dlbook": hashes} if hashes else {}),
        "kernelspec": dict(KERNELSPEC),
        "language_info": {"name": "python"},
    }
    for cell in nb["cells"]:
        kept = {
            k: cell["metadata"][k]
            for k in KEPT_METADATA
            if cell["metadata"].get(k)
        }
        cell["metadata"] = kept


def run(nb: Notebook, root: Path, path: Path) -> None:
    """Fill in the outputs with those of a fresh kernel."""
    import nbformat
    from jupyter_client.kernelspec import KernelSpecManager
    from nbclient import NotebookClient
    from nbclient.exceptions import (
        CellExecutionError,
        CellTimeoutError,
        DeadKernelError,
    )

    at = 0

    def note(cell: Any, cell_index: int) -> None:
        nonlocal at
        at = cell_index

    node = nbformat.from_dict(nb)
    client = NotebookClient(
        node,
        timeout=TIMEOUT,
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(root / "chapters")}},
        on_cell_execute=note,
    )
    # No kernel that a user registered under the same name: this Python's.
    specs = KernelSpecManager(kernel_dirs=[])
    client.create_kernel_manager().kernel_spec_manager = specs
    try:
        client.execute(env=environment(root))
    except CellExecutionError as error:
        reason = ANSI.sub("", f"{error.ename}: {error.evalue}")
    except CellTimeoutError:
        reason = f"ran for more than {TIMEOUT} s"
    except DeadKernelError:
        reason = "the kernel died"
    else:
        nb["cells"] = records.parse(nbformat.writes(node))["cells"]
        return
    raise Refused(f"{place(path, at, nb)}: {reason}") from None


def environment(root: Path) -> dict[str, str]:
    """Return the kernel's environment: this tree, one thread, inline."""
    env = {k: v for k, v in os.environ.items() if k != "MPLBACKEND"}
    for name in ("OMP", "OPENBLAS", "MKL"):
        env[f"{name}_NUM_THREADS"] = "1"
    path = [str(root), *filter(None, [env.get("PYTHONPATH")])]
    env["DLBOOK_TIMINGS"] = "strict"  # a timing that misses raises
    return env | {"PYTHONPATH": os.pathsep.join(path)}


def normalise(nb: Notebook) -> None:
    """Drop what differs between two runs of the same code."""
    for cell in nb["cells"]:
        kept = {k: v for k, v in cell["metadata"].items() if k != "execution"}
        cell["metadata"] = kept
        if cell["cell_type"] == "code":
            for output in cell["outputs"]:
                output.pop("transient", None)
            cell["outputs"] = list(merged(cell["outputs"]))


def merged(outputs: list[Any]) -> Iterator[Any]:
    """Join neighbouring pieces of one stream: their number is chance."""
    last = None
    for output in outputs:
        same = last and last.get("name") == output.get("name")
        if output["output_type"] == "stream" and same:
            last["text"] += output["text"]
            continue
        if last:
            yield last
        last = output
    if last:
        yield last


def refusal(cell: Any) -> str | None:
    """Say why the outputs of an executed cell may not be stored."""
    kinds = [o["output_type"] for o in cell.get("outputs", [])]
    if "raises-exception" in tags(cell):
        raised = "error" in kinds
        return None if raised else "tagged raises-exception, but raises none"
    for output in cell.get("outputs", []):
        if output.get("name") == "stderr":
            line = output["text"].strip().split("\n")[0]
            return f"writes to stderr, which differs between machines: {line}"
    return None


def write(nb: Notebook, path: Path) -> None:
    """Replace the file in one step, so that it is never half a notebook."""
    import nbformat

    node = nbformat.from_dict(nb)
    nbformat.validate(node)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".") as folder:
        part = Path(folder) / path.name
        part.write_text(nbformat.writes(node) + "\n", "utf-8", newline="\n")
        part.replace(path)


# ---- words ----------------------------------------------------------------
def tags(cell: Any) -> set[str]:
    """Return the tags of a cell."""
    return set(cell["metadata"].get("tags", []))


def place(path: Path, index: int | None, nb: Notebook) -> str:
    """Name a cell as a person finds it: file, number, first line."""
    if index is None:
        return path.name
    return f"{path.name}: {cell_of(nb, index)}"


def cell_of(nb: Notebook, index: int) -> str:
    """Return "cell 3 (## Steps)"."""
    source = nb["cells"][index]["source"]
    lines = [x.strip() for x in source.split("\n") if x.strip()]
    first = lines[0] if lines else "empty"
    short = first if len(first) <= 50 else first[:47] + "..."
    return f"cell {index} ({short})"


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m _ext.notebook.execute",
        description=__doc__.split("\n")[0],
    )
    parser.add_argument("notebooks", nargs="*", type=Path)
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--check", action="store_true", help="execute nothing")
    how.add_argument("--stale", action="store_true", help="only the stale")
    given = parser.parse_args(arguments)
    status = 0
    for path in given.notebooks or records.notebooks(ROOT):
        reasons, nb = [], records.read(path)
        if given.check or given.stale:
            reasons = stale(nb, ROOT)
        if given.check:
            status |= bool(reasons)
            for index, reason in reasons:
                print(f"{place(path, index, nb)}: {reason}", file=sys.stderr)
        elif reasons or not given.stale:
            try:
                execute(path, ROOT)
            except Refused as error:
                print(error, file=sys.stderr)
                return 1
            print(f"{path.name}: executed")
    return status


if __name__ == "__main__":
    sys.exit(main())
