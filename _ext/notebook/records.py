"""Read what a notebook states, checks, asks and cites.

Standard library and PyYAML only: tests, the coverage report and the site
share these functions, and none of them needs Sphinx or torch to do so.
A cell's number is its place in the notebook, counted from 0.
"""

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

Notebook = dict[str, Any]

MIME = "application/vnd.dlbook.check+json"

# The kinds of checks; those that speak for what they check.
POSITIVE = frozenset({"close", "exact", "within", "bound", "order", "holds"})
KINDS = POSITIVE | {"refutes", "exercise"}

# Where a fault of what is printed arose: on the sheet, in the book's copy of
# it, which is an optical scan, or in both.
ORIGINS = ("sheet", "both", "copy")

ROUNDING = 1e-6  # a power below it is that of an identity

# Directives whose content is not Markdown.
LITERAL = frozenset(
    {"code", "code-block", "code-cell", "eval-rst", "literalinclude", "math"}
    | {"raw", "sourcecode", "toctree"}
)

_SECTION = re.compile(r"\d+(?:-\d+)*")
_EXPERIMENT = re.compile(rf"exp-(?P<section>{_SECTION.pattern})-[a-z][\w-]*")
_FENCE = re.compile(r"^\s*(?P<mark>:{3,}|`{3,}|~{3,})\s*(?P<info>.*?)\s*$")
_NAME = re.compile(r"^\{(?P<name>[^}\s]+)\}\s*(?P<argument>.*)$")
_OPTION = re.compile(r"^\s*:(?P<key>[\w-]+):(?:\s+(?P<value>.*?))?\s*$")
_TARGET = re.compile(r"^\s*\((?P<id>[^()\s]+)\)=\s*$")
_EQUATION = re.compile(r"\$\$\s*\((?P<id>[^()\s]+)\)\s*$")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_CODE_SPAN = re.compile(r"(?<!`)(`{2,})(?!`).*?(?<!`)\1(?!`)", re.DOTALL)
_CITE = re.compile(r"\{(?:foot)?cite(?::\w+)?\}`(?P<keys>[^`]+)`")
_AROUND = re.compile(r"\{[^}]*\}")


class Statement(NamedTuple):
    """A statement box, or a target `(id)=` standing for one.

    `kind` is the directive's name without `prf:`, "" for a bare target;
    `id` is "" for a box without a label.
    """

    id: str
    kind: str
    cell: int
    nonumber: bool


class Record(NamedTuple):
    """What one passing check left in the outputs of its cell.

    `power` is the smallest relative change of its claim that the check
    would notice, 0.0 where any change would be; None where the claim has no
    numbers, and in outputs that are older than the powers.
    """

    id: str
    kind: str
    says: str
    cell: int
    power: float | None = None


class Exercise(NamedTuple):
    """An exercise, the label of its solution, and whether that runs."""

    label: str
    cell: int
    solution: str | None
    code: bool


class Directive(NamedTuple):
    """The opening of one directive."""

    name: str
    argument: str
    options: dict[str, str]
    line: int


class Target(NamedTuple):
    """A label that stands on a line of its own or behind an equation."""

    id: str
    line: int
    equation: bool


class Text(NamedTuple):
    """A line that is Markdown: neither code nor mathematics."""

    text: str
    line: int


def inventory(root: Path) -> dict[str, dict[str, Any]]:
    """Return the entries of the sheet by id, in the sheet's order.

    Raises
    ------
    ValueError
        When two entries share an id or a number, when one that is not
        printed correctly has no origin, or when another one has one; when
        an alias says what the title or another one says.
    """
    path = root / "chapters" / "cheatsheet.yml"
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found: dict[str, dict[str, Any]] = {}
    numbers: dict[str, str] = {}
    for entry in yaml.load(path.read_text("utf-8"), loader):
        name, number = entry["id"], entry["number"]
        if name in found:
            raise ValueError(f"{path.name}: id {name!r} stands there twice")
        if number in numbers:
            raise ValueError(
                f"{path.name}: {numbers[number]!r} and {name!r} have one "
                f"number, {number}"
            )
        wrong, origin = entry["verdict"] != "ok", entry.get("origin")
        if wrong and origin not in ORIGINS:
            raise ValueError(
                f"{path.name}: {name}: origin: expected one of "
                f"{', '.join(ORIGINS)}, got {origin!r}"
            )
        if origin and not wrong:
            raise ValueError(
                f"{path.name}: {name}: its verdict is ok; drop the origin"
            )
        if fault := _misnamed(entry):
            raise ValueError(f"{path.name}: {name}: {fault}")
        found[name] = entry
        numbers[number] = name
    return found


def _misnamed(entry: dict[str, Any]) -> str:
    """Say what is wrong with the other names of an entry, or nothing."""
    aliases = entry.get("aliases", [])
    if not isinstance(aliases, list):
        return f"aliases: expected a list of names, got {aliases!r}"
    seen = {entry.get("title", "").casefold()}
    for alias in aliases:
        if not isinstance(alias, str) or not alias.strip():
            return f"aliases: {alias!r} is no name; put it in quotes"
        if alias.casefold() in seen:
            return f"aliases: {alias!r} stands there or in the title already"
        seen.add(alias.casefold())
    return ""


def notebooks(root: Path) -> list[Path]:
    """Return the notebooks of the book, sorted by name."""
    return sorted((root / "chapters").glob("*.ipynb"))


def read(path: Path) -> Notebook:
    """Return the notebook with every source and output text as one str."""
    return parse(path.read_text("utf-8"))


def parse(text: str) -> Notebook:
    """Return the notebook whose JSON is `text`, as `read` does."""
    nb: Notebook = json.loads(text)
    for cell in nb.get("cells", []):
        cell["source"] = _joined(cell.get("source", ""))
        for output in cell.get("outputs", []):
            if "text" in output:
                output["text"] = _joined(output["text"])
            data = output.get("data", {})
            for mime, value in data.items():
                if not mime.endswith("json"):
                    data[mime] = _joined(value)
    return nb


def statements(nb: Notebook) -> list[Statement]:
    """Return statement boxes and bare targets, in reading order.

    Every target on a line of its own is listed: whether it stands for an
    entry of the sheet is for the caller to ask the inventory.
    """
    found = []
    for cell, item in _items(nb):
        if isinstance(item, Target) and not item.equation:
            found.append(Statement(item.id, "", cell, False))
        elif isinstance(item, Directive) and is_box(item.name):
            kind = item.name.removeprefix("prf:")
            label = item.options.get("label", "")
            nonumber = "nonumber" in item.options
            found.append(Statement(label, kind, cell, nonumber))
    return found


def records(nb: Notebook) -> list[Record]:
    """Return the checks that passed, in the order in which they ran."""
    found = []
    for cell, content in enumerate(nb.get("cells", [])):
        for output in content.get("outputs", []):
            data = output.get("data", {}).get(MIME)
            if data is None:
                continue
            if isinstance(data, list):
                data = "".join(data)
            if isinstance(data, str):
                data = json.loads(data)
            says = data.get("says") or ""
            power = stored(output).get("power")
            found.append(Record(data["id"], data["kind"], says, cell, power))
    return found


def stored(output: dict[str, Any]) -> dict[str, Any]:
    """Return what a check put into the metadata of its output."""
    found: dict[str, Any] = output.get("metadata", {}).get(MIME, {})
    return found


def section(stem: str) -> str:
    """Return the section that a notebook's name begins with, e.g. 12-1."""
    match = _SECTION.match(stem)
    return match[0] if match else ""


def is_experiment(name: str) -> bool:
    """Say whether an id claims to be that of an experiment."""
    return name.startswith("exp-")


def experiment(name: str) -> str | None:
    """Return the section of an experiment's id; None if it has none."""
    match = _EXPERIMENT.fullmatch(name)
    return match["section"] if match else None


def experiments(nb: Notebook) -> list[tuple[str, int]]:
    """Return (id, cell) of the experiments that a notebook declares.

    A target on a line of its own declares one.
    """
    targets = [(s.id, s.cell) for s in statements(nb) if not s.kind]
    return [(name, cell) for name, cell in targets if is_experiment(name)]


def words(name: str) -> str:
    """Return an experiment's id as a reader's words: "Long signals"."""
    rest = name.removeprefix(f"exp-{experiment(name)}-")
    return rest.replace("-", " ").capitalize()


def notices(power: float | None) -> str:
    """Say in words what a check would notice; "" where nothing is known."""
    if power is None or not math.isfinite(power):
        return ""
    if power == 0:
        return "would notice any change"
    if power < ROUNDING:
        return "to rounding"
    return f"would notice {float(f'{100 * power:.1g}'):g} %"


def exercises(nb: Notebook) -> list[Exercise]:
    """Return the exercises with their first solution."""
    asked: list[tuple[str, int]] = []
    solved: dict[str, tuple[str, bool]] = {}
    opened = ""
    cells = nb.get("cells", [])
    for index, content in enumerate(cells):
        if content.get("cell_type") == "code" and opened:
            label, code = solved[opened]
            ran = content.get("execution_count") is not None
            solved[opened] = (label, code or ran)
        if content.get("cell_type") != "markdown":
            continue
        for item in scan(content["source"]):
            if not isinstance(item, Directive):
                continue
            label = item.options.get("label", "")
            if item.name in ("exercise", "exercise-start"):
                asked.append((label, index))
            elif item.name in ("solution", "solution-start"):
                solved.setdefault(item.argument, (label, False))
                opened = item.argument if item.name != "solution" else ""
            elif item.name == "solution-end":
                opened = ""
    return [
        Exercise(label, cell, *solved.get(label, (None, False)))
        for label, cell in asked
    ]


def citations(nb: Notebook) -> list[tuple[str, int]]:
    """Return (key of the bibliography, cell) for every citation."""
    found = []
    for index, content in enumerate(nb.get("cells", [])):
        if content.get("cell_type") != "markdown":
            continue
        lines = [i.text for i in scan(content["source"]) if _is_text(i)]
        text = _CODE_SPAN.sub("", "\n".join(lines))
        for match in _CITE.finditer(text):
            keys = _AROUND.sub("", match["keys"]).split(",")
            found += [(key.strip(), index) for key in keys]
    return found


def labels(nb: Notebook) -> list[tuple[str, int]]:
    """Return (label, cell) of every label and target of any kind."""
    found = []
    for cell, item in _items(nb):
        if isinstance(item, Target):
            found.append((item.id, cell))
        elif isinstance(item, Directive):
            keys = ("label", "name")
            given = [item.options[k] for k in keys if item.options.get(k)]
            found += [(label, cell) for label in given]
    return found


def scan(source: str) -> Iterator[Directive | Target | Text]:
    """Yield the directives, targets and lines of a Markdown source.

    Code blocks, the content of literal directives, formulas between `$$`
    and comments yield nothing; labels of formulas do.
    """
    source = _COMMENT.sub(lambda m: "\n" * m[0].count("\n"), source)
    lines = source.split("\n")
    fences: list[tuple[str, bool]] = []
    display = False
    number = 0
    while number < len(lines):
        line, here = lines[number], number
        number += 1
        fence = _FENCE.match(line)
        if fence and fences and _closes(fence, fences[-1][0]):
            fences.pop()
        elif fences and fences[-1][1]:
            continue
        elif fence and not display and not _is_span(fence):
            name = _NAME.match(fence["info"])
            literal = fence["mark"][0] != ":"
            if name:
                options, number = read_options(lines, number)
                yield Directive(name["name"], name["argument"], options, here)
                literal = name["name"] in LITERAL
            fences.append((fence["mark"], literal))
        else:
            dollars = len(re.findall(r"(?<!\\)\$\$", line))
            if dollars and (end := _EQUATION.search(line)):
                yield Target(end["id"], here, True)
            if not display and not dollars:
                if target := _TARGET.match(line):
                    yield Target(target["id"], here, False)
                elif not line.startswith("%"):
                    yield Text(line, here)
            if dollars % 2:
                display = not display


def unclosed(source: str) -> tuple[int, str] | None:
    """Return (line, opening) of the first fence without an end of its own.

    An end belongs to the last fence that is no longer than it; a directive
    that begins within another one of the same length shows that the end of
    that one is missing.
    """
    source = _COMMENT.sub(lambda m: "\n" * m[0].count("\n"), source)
    lines = source.split("\n")
    fences = [_FENCE.match(line) for line in lines]
    blocks = [(0, len(lines))]
    while blocks:
        at, stop = blocks.pop()
        while at < stop:
            fence = fences[at]
            if fence is None or _is_span(fence):
                at += 1
                continue
            mark, end = fence["mark"], at + 1
            while end < stop and not _ends(fences[end], mark):
                end += 1
            last = fences[end] if end < stop else None
            if last is None or last["info"]:
                return at, lines[at].strip()
            name = _NAME.match(fence["info"])
            if name["name"] not in LITERAL if name else mark[0] == ":":
                blocks.append((at + 1, end))
            at = end + 1
    return None


def read_options(lines: list[str], start: int) -> tuple[dict[str, str], int]:
    """Read `:key: value` lines, or a `---` block; return the next line."""
    found: dict[str, str] = {}
    at = start
    if at < len(lines) and lines[at].strip() == "---":
        rest = [line.strip() for line in lines[at + 1 :]]
        if "---" in rest:
            end = rest.index("---")
            for line in rest[:end]:
                key, _, value = line.partition(":")
                found[key.strip()] = _unquoted(value)
            return found, at + end + 2
    while at < len(lines) and not lines[at].strip():
        at += 1
    first = at
    while at < len(lines) and (match := _OPTION.match(lines[at])):
        found[match["key"]] = _unquoted(match["value"] or "")
        at += 1
    return (found, at) if at > first else (found, start)


def _items(nb: Notebook) -> Iterator[tuple[int, Directive | Target | Text]]:
    for index, cell in enumerate(nb.get("cells", [])):
        if cell.get("cell_type") == "markdown":
            for item in scan(cell["source"]):
                yield index, item


def _closes(fence: re.Match[str], opened: str) -> bool:
    mark = fence["mark"]
    return (
        not fence["info"] and mark[0] == opened[0] and len(mark) >= len(opened)
    )


def _ends(fence: re.Match[str] | None, opened: str) -> bool:
    """Tell whether a line closes a fence, or shows that it is not closed."""
    if fence is None:
        return False
    begins = fence["mark"].startswith(opened) and fence["info"][:1] == "{"
    return _closes(fence, opened) or (begins and opened[0] == ":")


def _is_span(fence: re.Match[str]) -> bool:
    """Tell whether a line that begins with backticks is code in a line."""
    return fence["mark"][0] == "`" and "`" in fence["info"]


def is_box(name: str) -> bool:
    """Say whether a directive is the box of a statement."""
    return name.startswith("prf:") and name != "prf:proof"


def _is_text(item: object) -> bool:
    return isinstance(item, Text)


def _unquoted(value: str) -> str:
    value = value.strip()
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    return value


def _joined(text: str | list[str]) -> str:
    return text if isinstance(text, str) else "".join(text)
