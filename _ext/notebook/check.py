"""Say all that is to be mended in a notebook, at once.

    python -m _ext.notebook.check [chapters/x.ipynb ...]

A notebook that is named is held to all rules, as if `_toc.yml` listed it;
without a name, all notebooks are read, those that are not listed as what they
are, drafts. Each complaint has file, cell and first line, what is wrong, and
what to do about it. Nothing is executed or changed; the status is 1 if there
is something to mend.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from _ext.notebook import coverage, execute, records, rules
from _ext.notebook.page import Complaint

# What is to be done about a fault of the coverage, by its last word.
REMEDIES = {
    "stated": "state it in a box with this label, or behind (the label)=",
    "times": "state it once",
    "check": "add a check that names it",
    "refuted": "show what is printed in a box, and add check.refutes",
}


def complaints(path: Path, root: Path, *, finished: bool) -> list[Complaint]:
    """Return the complaints about one notebook, in the order of its cells."""
    found = rules.judge(path, root, finished=finished)
    if finished:
        listed = coverage.written(root)
        if path not in listed:
            found.append((None, "not listed; put it into _toc.yml"))
        state = coverage.measure(root, sorted({*listed, path}))
        for fault in state.faults:
            name, _, reason = fault.rpartition(": ")
            if name == path.stem:
                last = reason.split()[-1]
                remedy = REMEDIES.get(last, f"move it into {last}")
                found.append((None, f"{reason}; {remedy}"))
    found += style(path)
    return sorted(found, key=lambda c: -1 if c[0] is None else c[0])


def style(path: Path) -> Iterator[Complaint]:
    """Yield what ruff has to say about the code."""
    name = f"chapters/{path.name}"
    ruff = [sys.executable, "-m", "ruff"]
    said = subprocess.run(
        [*ruff, "check", "--output-format=json", path],
        capture_output=True,
        check=False,
        encoding="utf-8",
    ).stdout
    for fault in json.loads(said or "[]"):
        line = fault["location"]["row"]
        yield (
            fault["cell"] - 1 if fault["cell"] else None,
            (
                f"line {line}: {fault['message']}; run .venv/bin/ruff "
                f"check --fix {name}, or see its rule {fault['code']}"
            ),
        )
    done = subprocess.run(
        [*ruff, "format", "--check", path], capture_output=True, check=False
    )
    if done.returncode:
        yield None, f"not formatted; run .venv/bin/ruff format {name}"


def report(path: Path, found: list[Complaint]) -> Iterator[str]:
    """Yield the complaints about one notebook, each in three lines."""
    nb = records.read(path)
    for index, said in found:
        yield told(execute.place(path, index, nb), said)


def told(where: str, said: str) -> str:
    """Return one complaint: where, what is wrong, and what to do."""
    reason, _, remedy = said.partition("; ")
    return f"{where}\n    {reason}\n    -> {remedy}"


def main(arguments: list[str], root: Path = execute.ROOT) -> int:
    """Print the complaints; return 1 if there are some."""
    listed = coverage.written(root)
    paths = [Path(name).resolve() for name in arguments]
    lines = []
    for path in paths or records.notebooks(root):
        finished = path in (paths or listed)
        found = complaints(path, root, finished=finished)
        lines += report(path, found)
    names = [path.name for path in paths]
    for said in [*rules.missing(root), *rules.twice(root)]:
        where, _, reason = said.rpartition(": ")
        if not names or said.startswith(tuple(names)):
            lines.append(told(where, reason))
    print("\n".join([*lines, f"{len(lines) or 'nothing'} to mend"]))
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
