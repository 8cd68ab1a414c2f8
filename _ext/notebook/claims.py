"""Change every claim of a notebook by half as much again as it would notice.

    python -m _ext.notebook.claims [chapters/x.ipynb ...]

A check states its power: the smallest relative change of its claim that it
would notice. Here each numeric check is called a second time with its claim
changed by 1.5 times that, and must fail; one that passes is listed.
Nothing is written.
"""

import argparse
import copy
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from _ext.notebook import execute, records

FACTOR = 1.5
HEADER = "from _ext.notebook import claims; claims.watch()"
FOOTER = "claims.report()"
MARK = "claims that a check did not miss: "
survivors: list[str] = []
tried = 0


# ---- in the notebook's kernel ----------------------------------------------
def watch() -> None:
    """Let every check of ``dlbook.check`` try a changed claim as well."""
    from dlbook import check

    for name, change in CHANGES.items():
        setattr(check, name, _watched(getattr(check, name), name, change))


def _watched(call: Any, name: str, change: Any) -> Callable[..., None]:
    import inspect

    from dlbook.check import compare, measure, record

    signature = inspect.signature(call)

    def twice(*args: Any, **how: Any) -> None:
        global tried
        powers: list[float | None] = []

        def silent(id: str, kind: str, says: str, power: float | None) -> None:
            powers.append(record.rounded(power))

        given = signature.bind(*args, **how)
        call(*args, **how)
        told = record.succeed
        compare.succeed = measure.succeed = silent
        try:
            call(*args, **how)
            power = powers[0]
            if power is None:
                return
            for changed in change(dict(given.arguments), FACTOR * power):
                tried += 1
                try:
                    call(**changed)
                except AssertionError:
                    continue
                survivors.append(
                    f"{given.arguments['id']}: check.{name} passes although "
                    f"its claim is changed by {FACTOR * power:.2g}"
                )
        finally:
            compare.succeed = measure.succeed = told

    return twice


def _close(given: dict[str, Any], by: float) -> Iterator[dict[str, Any]]:
    y = _numbers(given["expected"])
    size = y if y.any() else float(given["scale"])
    for sign in (1, -1):
        yield given | {"expected": y + sign * by * size, **_tolerance(given)}


def _tolerance(given: dict[str, Any]) -> dict[str, Any]:
    """Return the tolerance that the dtypes stood for, before they changed."""
    from dlbook.check import values

    if given.get("atol") is not None or given.get("rtol") is not None:
        return {}
    rtol, atol = values.precision(given["got"], given["expected"])
    return {"rtol": rtol, "atol": atol}


def _exact(given: dict[str, Any], by: float) -> Iterator[dict[str, Any]]:
    from dlbook.check import values

    if not any(values.is_array(given[side]) for side in ("got", "expected")):
        yield given | {"expected": given["expected"] + 1}
        return
    y = values.whole(given["id"], "expected", given["expected"]).copy()
    y[(0,) * y.ndim] += 1
    yield given | {"expected": y}


def _within(given: dict[str, Any], by: float) -> Iterator[dict[str, Any]]:
    for side, signs in (
        ("expected", (1, -1)),
        ("at_most", (-1,)),
        ("at_least", (1,)),
    ):
        if given.get(side) is not None:
            y = _numbers(given[side])
            sd = _numbers(given["samples"]).std(0, ddof=1)
            size = abs(y) + (y == 0) * sd
            for sign in signs:
                yield given | {side: y + sign * by * size}


def _bound(given: dict[str, Any], by: float) -> Iterator[dict[str, Any]]:
    y = _numbers(given["bounds"])
    size = abs(y) if given.get("scale") is None else float(given["scale"])
    yield given | {"bounds": y - by * size, "reached": 0}


def _order(given: dict[str, Any], by: float) -> Iterator[dict[str, Any]]:
    for sign in (1, -1):
        size = abs(given["expected"]) or 1
        yield given | {"expected": given["expected"] + sign * by * size}


def _refutes(given: dict[str, Any], by: float) -> Iterator[dict[str, Any]]:
    """Let the printed formula err by less than what counts as an error."""
    x, y = _numbers(given["printed"]), _numbers(given["true"])
    if x.shape == y.shape:
        margin = given.get("by") or 0.01 * abs(y).max() or 0.01
        yield given | {"printed": y + margin / FACTOR}
    else:
        yield given | {"printed": y}


def _numbers(x: Any) -> Any:
    from dlbook.check import values

    return values.numbers("claim", "x", x)


CHANGES = {
    "close": _close,
    "exact": _exact,
    "within": _within,
    "bound": _bound,
    "order": _order,
    "refutes": _refutes,
}


def report() -> None:
    """Print how many changed claims were tried, and those that passed."""
    print(MARK + json.dumps({"tried": tried, "survivors": survivors}))


# ---- the command -----------------------------------------------------------
def changed(nb: records.Notebook) -> records.Notebook:
    """Return the notebook with the watch before and the report behind it."""
    nb = copy.deepcopy(nb)

    def code(source: str) -> dict[str, Any]:
        return {
            "cell_type": "code",
            "source": source,
            "metadata": {},
            "outputs": [],
            "execution_count": None,
        }

    nb["cells"] = [code(HEADER), *nb["cells"], code(FOOTER)]
    return execute.prepare(nb)


def judge(path: Path, root: Path) -> tuple[int, list[str]]:
    """Return how many changed claims were tried, and those that passed."""
    nb = changed(records.read(path))
    execute.run(nb, root, path)
    last = "".join(o.get("text", "") for o in nb["cells"][-1]["outputs"])
    found = json.loads(last.split(MARK)[1])
    return found["tried"], found["survivors"]


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m _ext.notebook.claims",
        description=__doc__.split("\n")[0],
    )
    parser.add_argument("notebooks", nargs="*", type=Path)
    given = parser.parse_args(arguments)
    status = 0
    for path in given.notebooks or records.notebooks(execute.ROOT):
        try:
            tried, passed = judge(path, execute.ROOT)
        except execute.Refused as error:
            print(error, file=sys.stderr)
            status = 1
            continue
        print(f"{path.name}: {tried} changed claims, {len(passed)} unnoticed")
        for line in passed:
            print(f"  {line}")
        status |= bool(passed)
    return status


if __name__ == "__main__":
    sys.exit(main())
