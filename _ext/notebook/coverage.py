"""Report which entries of the sheet are stated, checked and refuted.

`python -m _ext.notebook.coverage` prints the report and ends with status 1
when a notebook that is in the table of contents breaks a rule:

- an entry is stated once, in the notebook that `sections.yml` names;
- an entry that is not a comment has a passing check where it is stated;
- an entry that is not printed correctly has a `refutes` there, whether the
  sheet or the copy of it is at fault;
- of the comments stated so far, at least four in five have a check.
"""

import sys
from collections import Counter, defaultdict
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from _ext.notebook import records

KEYS = {"able", "needs", "question", "statements"}  # of a notebook


class Row(NamedTuple):
    """Counts over some entries, with the ids that are not stated yet.

    `errata` are misprints of the sheet, those that the copy damaged further
    among them, `refuted` those with a cell in which the printed formula
    fails; `scans` and `shown` are the same of what the copy alone damaged.
    """

    name: str
    entries: int
    stated: int
    checked: int
    errata: int
    refuted: int
    scans: int
    shown: int
    missing: tuple[str, ...]


class Coverage(NamedTuple):
    """The state of the book; `origins` counts what each is to blame for.

    `experiments` are those of each notebook; they state nothing.
    """

    sections: list[Row]
    parts: list[Row]
    origins: dict[str, int]
    total: Row
    written: dict[str, list[str]]
    experiments: dict[str, list[str]]
    faults: list[str]


def plan(root: Path) -> dict[str, list[str]]:
    """Return the notebooks of each part, in the order of the book."""
    return {p["part"]: list(p["notebooks"]) for p in _sections(root)}


def described(root: Path) -> dict[str, dict[str, Any]]:
    """Return what `sections.yml` says of each notebook.

    Raises
    ------
    ValueError
        When a notebook has a key that is not known.
    """
    found: dict[str, dict[str, Any]] = {}
    for part in _sections(root):
        for name, notebook in part["notebooks"].items():
            if wrong := set(notebook) - KEYS:
                raise ValueError(
                    f"sections.yml: {name}: expected {sorted(KEYS)}, got "
                    f"{sorted(wrong)}"
                )
            found[name] = notebook
    return found


def homes(root: Path) -> dict[str, str]:
    """Return the notebook that has to state each id.

    Raises
    ------
    ValueError
        When no pattern fits an id, or two equally long ones do, or a
        pattern fits none.
    """
    patterns = [
        (pattern, name)
        for part in _sections(root)
        for name, notebook in part["notebooks"].items()
        for pattern in notebook["statements"]
    ]
    found: dict[str, str] = {}
    used = set()
    for entry in records.inventory(root):
        fits = [pair for pair in patterns if fnmatchcase(entry, pair[0])]
        fits.sort(key=lambda pair: _weight(pair[0]))
        if not fits:
            raise ValueError(f"sections.yml: no notebook states {entry!r}")
        if len(fits) > 1 and _weight(fits[-1][0]) == _weight(fits[-2][0]):
            raise ValueError(f"sections.yml: two notebooks state {entry!r}")
        found[entry] = fits[-1][1]
        used.add(fits[-1])
    for pattern, name in patterns:
        if (pattern, name) not in used:
            raise ValueError(f"sections.yml: {name}: {pattern!r} is no entry")
    return found


def written(root: Path) -> list[Path]:
    """Return the notebooks that the table of contents lists."""
    toc = yaml.safe_load((root / "_toc.yml").read_text("utf-8"))
    listed = {Path(name).stem for name in _files(toc)}
    return [path for path in records.notebooks(root) if path.stem in listed]


def measure(root: Path, paths: list[Path] | None = None) -> Coverage:
    """Read the written notebooks and hold them against the inventory.

    Those of the table of contents are read, unless others are given.
    """
    inventory = records.inventory(root)
    home = homes(root)
    places: dict[str, list[str]] = defaultdict(list)
    kinds: dict[str, set[str]] = defaultdict(set)
    names = []
    experiments = {}
    for path in written(root) if paths is None else paths:
        nb = records.read(path)
        names.append(path.stem)
        if declared := records.experiments(nb):
            experiments[path.stem] = [name for name, _ in declared]
        here = [s.id for s in records.statements(nb) if s.id in inventory]
        for entry in here:
            places[entry].append(path.stem)
        for record in records.records(nb):
            if record.id in here:
                kinds[record.id].add(record.kind)

    def row(name: str, ids: list[str]) -> Row:
        scans = [i for i in ids if inventory[i].get("origin") == "copy"]
        wrong = [i for i in ids if inventory[i].get("origin")]
        wrong = [i for i in wrong if i not in scans]
        return Row(
            name,
            len(ids),
            sum(i in places for i in ids),
            sum(bool(kinds[i] & records.POSITIVE) for i in ids),
            len(wrong),
            sum("refutes" in kinds[i] for i in wrong),
            len(scans),
            sum("refutes" in kinds[i] for i in scans),
            tuple(i for i in ids if i not in places),
        )

    by_section: dict[str, list[str]] = defaultdict(list)
    for entry, content in inventory.items():
        by_section[content["section"]].append(entry)
    parts = plan(root)
    by_part = {
        part: [i for i in inventory if home[i] in group]
        for part, group in parts.items()
    }
    return Coverage(
        [row(name, ids) for name, ids in by_section.items()],
        [row(name, ids) for name, ids in by_part.items()],
        {
            origin: sum(e.get("origin") == origin for e in inventory.values())
            for origin in records.ORIGINS
        },
        row("all", list(inventory)),
        {p: [n for n in group if n in names] for p, group in parts.items()},
        experiments,
        _faults(inventory, home, names, places, kinds),
    )


def report(state: Coverage) -> str:
    """Return the report as text, missing entries and faults included."""
    head = ("section", "entries", "stated", "checked")
    head += ("errata", "refuted", "scans", "shown")
    lines = ["".join(f"{word:>9}" for word in head)]
    for row in [*state.sections, state.total]:
        lines.append("".join(f"{value:>9}" for value in row[:8]))
    lines += ["", "Not yet stated:"]
    for row in state.sections:
        if row.missing:
            lines.append(f"  {row.name}: {' '.join(row.missing)}")
    if not state.total.missing:
        lines.append("  none")
    lines += ["", origins(state), "", "Experiments:"]
    for name, ids in state.experiments.items():
        lines.append(f"  {name}: {' '.join(ids)}")
    if not state.experiments:
        lines.append("  none")
    if state.faults:
        lines += ["", "Rules broken:", *(f"  {f}" for f in state.faults)]
    return "\n".join(lines)


def table(state: Coverage) -> str:
    """Return the state of the parts as a Markdown table."""
    lines = [
        (
            "| Part | Chapters | Entries | Stated | Checked "
            "| Errata | Refuted | Scan faults | Shown |"
        ),
        "|:--|:--|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for row in state.parts:
        links = ", ".join(
            f"[](/chapters/{name}.ipynb)" for name in state.written[row.name]
        )
        lines.append(_cells(row.name, links or "in preparation", row))
    lines.append(_cells("**All**", "", state.total))
    return "\n".join(lines)


def origins(state: Coverage) -> str:
    """Return a sentence that says what is the sheet's and what the scan's."""
    count = state.origins
    return (
        f"Of its {state.total.entries} statements the sheet prints "
        f"{count['sheet']} wrongly or incompletely, and {count['both']} more "
        "which the scan has damaged further; "
        f"{count['copy']} stand correctly on the sheet and wrongly in our "
        "copy only."
    )


def main() -> int:
    """Print the report; return 1 when a rule is broken."""
    state = measure(Path.cwd())
    print(report(state))
    return 1 if state.faults else 0


def _faults(
    inventory: dict[str, Any],
    home: dict[str, str],
    names: list[str],
    places: dict[str, list[str]],
    kinds: dict[str, set[str]],
) -> list[str]:
    faults = []
    for entry, content in inventory.items():
        stated, owner = places.get(entry, []), home[entry]
        if not stated:
            if owner in names:
                faults.append(f"{owner}: {entry} is not stated")
            continue
        for name, times in Counter(stated).items():
            if times > 1:
                faults.append(f"{name}: {entry} is stated {times} times")
            if name != owner:
                faults.append(f"{name}: {entry} belongs into {owner}")
        if (
            content["kind"] != "comment"
            and not kinds[entry] & records.POSITIVE
        ):
            faults.append(f"{stated[0]}: {entry} has no passing check")
        if content["verdict"] != "ok" and "refutes" not in kinds[entry]:
            faults.append(f"{stated[0]}: erratum {entry} is not refuted")
    comments = [i for i in places if inventory[i]["kind"] == "comment"]
    bare = sorted(i for i in comments if not kinds[i] & records.POSITIVE)
    if 5 * len(bare) > len(comments):
        faults.append(
            f"{len(bare)} of {len(comments)} comments have no check, more "
            f"than one in five: {' '.join(bare)}"
        )
    return faults


def _sections(root: Path) -> list[dict[str, Any]]:
    path = root / "chapters" / "sections.yml"
    parts: list[dict[str, Any]] = yaml.safe_load(path.read_text("utf-8"))
    return parts


def _weight(pattern: str) -> tuple[bool, int]:
    """Order patterns: an id before every pattern, then by length."""
    return "*" not in pattern, len(pattern)


def _files(toc: Any) -> list[str]:
    if isinstance(toc, list):
        return [name for part in toc for name in _files(part)]
    if isinstance(toc, dict):
        below = [name for part in toc.values() for name in _files(part)]
        return [*filter(None, [toc.get("file")]), *below]
    return []


def _cells(name: str, links: str, row: Row) -> str:
    numbers = " | ".join(str(value) for value in row[1:8])
    return f"| {name} | {links} | {numbers} |"


if __name__ == "__main__":
    sys.exit(main())
