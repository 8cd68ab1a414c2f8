"""Cells for a GPU: what they print without one, and that their code runs.

The code path is run on the CPU. Only the statements of the notebook that
the cell depends on are executed, and its big numbers become small ones.
"""

import ast
import hashlib
import itertools
import symtable

import pytest
import yaml
from press import ROOT, book, build, code, markdown

from _ext.lists import gpu
from _ext.notebook import coverage, records

LARGE = 1000  # greater integers are sizes
SMALL = (7, 11, 13, 17)  # what becomes of them, in turn
BRANCHES = (ast.For, ast.If, ast.While)

CELLS = [
    pytest.param(path, index, id=f"{path.stem}-{index}")
    for path in coverage.written(ROOT)
    for index in gpu.cells(records.read(path))
]


class OnCpu(ast.NodeTransformer):
    """Turn the code of a GPU cell into its code path at a small size."""

    def __init__(self):
        self.sizes = itertools.cycle(SMALL)
        self.small = {}  # equal sizes stay equal

    def visit_Call(self, node):
        name = ast.unparse(node.func)
        if name == "torch.cuda.is_available":
            return ast.Constant(True)
        if name.startswith("torch.cuda."):
            return ast.Constant(0)
        return self.generic_visit(node)

    def visit_BinOp(self, node):
        if all(isinstance(n, ast.Constant) for n in (node.left, node.right)):
            return self.shrunk(node, eval(ast.unparse(node)))
        return self.generic_visit(node)

    def visit_Constant(self, node):
        if node.value == "cuda":
            return ast.Constant("cpu")
        return self.shrunk(node, node.value)

    def shrunk(self, node, value):
        if isinstance(value, int) and value > LARGE:
            if value not in self.small:
                self.small[value] = next(self.sizes)
            return ast.Constant(self.small[value])
        return node


def scope(node):
    """Return the global names that a statement or expression binds, uses."""
    table = symtable.symtable(ast.unparse(node), "<cell>", "exec")
    bound, used = set(), set()
    for name in table.get_symbols():
        if name.is_assigned() or name.is_imported() or name.is_namespace():
            bound.add(name.get_name())
        if name.is_referenced():
            used.add(name.get_name())
    inner = table.get_children()
    while inner:
        child = inner.pop()
        inner += child.get_children()
        used |= {n.get_name() for n in child.get_symbols() if n.is_global()}
    if isinstance(node, ast.AugAssign):
        used |= bound
    return bound, used


def free(statements):
    """Return the names that statements need from those before them."""
    found, known = set(), set()
    for node in statements:
        bound, used = scope(node)
        if isinstance(node, BRANCHES):
            loop = isinstance(node, ast.For)
            own = scope(node.target)[1] if loop else set()
            used = scope(node.iter if loop else node.test)[1]
            used |= (free(node.body) - own) | free(node.orelse)
            bound = set()  # perhaps
        found |= used - known
        known |= bound
    return found


def needed(sources, cell):
    """Return the statements on which a cell depends, in their order."""
    wanted = free(cell.body)
    kept = []
    statements = [s for source in sources for s in ast.parse(source).body]
    for statement in reversed(statements):
        bound, _ = scope(statement)
        if bound & wanted:
            kept.append(statement)
            if not isinstance(statement, BRANCHES):
                wanted -= bound
            wanted |= free([statement])
    return kept[::-1]


def run_small(nb, index):
    """Run the GPU cell of a notebook on the CPU."""
    before = [
        cell["source"]
        for cell in nb["cells"][:index]
        if cell["cell_type"] == "code" and "gpu" not in _tags(cell)
    ]
    cell = OnCpu().visit(ast.parse(nb["cells"][index]["source"]))
    module = ast.Module([*needed(before, cell), *cell.body], [])
    program = compile(ast.fix_missing_locations(module), "<gpu>", "exec")
    exec(program, {"__name__": "gpu"})


def lines(cell):
    """Return what a cell printed, or says otherwise."""
    texts = [
        output.get("text") or str(output.get("data", output))
        for output in cell["outputs"]
    ]
    return "".join(texts).splitlines()


def _tags(cell):
    return cell.get("metadata", {}).get("tags", [])


# ---- the notebooks --------------------------------------------------------


def test_a_chapter_has_a_cell_for_a_gpu():
    assert CELLS


@pytest.mark.parametrize(("path", "index"), CELLS)
def test_without_cuda_it_prints_one_line(path, index):
    assert len(lines(records.read(path)["cells"][index])) == 1


@pytest.mark.parametrize(("path", "index"), CELLS)
def test_its_code_runs_on_the_cpu(path, index, capsys):
    run_small(records.read(path), index)
    said = capsys.readouterr().out.splitlines()
    assert said
    assert said != lines(records.read(path)["cells"][index])


def test_the_measurements_name_cells_that_exist():
    for notebook, name in gpu.measurements(ROOT):
        nb = records.read(ROOT / "chapters" / f"{notebook}.ipynb")
        assert name in {nb["cells"][i]["id"] for i in gpu.cells(nb)}


# ---- the rules ------------------------------------------------------------

GOOD = (
    "if torch.cuda.is_available():\n"
    "    for n in (10**6, 2_000_000):\n"
    "        print(total(torch.ones(n, device='cuda')))\n"
    "else:\n    print('no CUDA')"
)


def cell(source, *outputs):
    made = code(source, *outputs)
    made["metadata"]["tags"] = ["gpu"]
    return made


def small(definition, source=GOOD):
    cells = [code("import torch\nraise RuntimeError"), code(definition)]
    return {"cells": [*cells, cell(source)]}


def test_the_path_on_the_gpu_is_run_at_a_small_size(capsys):
    run_small(small("def total(x):\n    return float(x.sum())"), 2)
    assert capsys.readouterr().out.split() == ["7.0", "11.0"]


@pytest.mark.parametrize(
    ("definition", "source", "error"),
    [
        ("def total(x):\n    return x.smu()", GOOD, AttributeError),
        ("def sum_of(x):\n    return x.sum()", GOOD, NameError),
        ("def total(x, y):\n    return x", GOOD, TypeError),
    ],
)
def test_a_fault_in_the_path_on_the_gpu_is_noticed(definition, source, error):
    with pytest.raises(error):
        run_small(small(definition, source), 2)


def test_lines_are_counted():
    stream = {"output_type": "stream", "name": "stdout", "text": "a\nb\n"}
    result = {"output_type": "execute_result", "data": {"text/plain": "3"}}
    assert len(lines(cell("x", stream))) == 2
    assert len(lines(cell("x", result))) == 1
    assert len(lines(cell("x"))) == 0


# ---- the page -------------------------------------------------------------


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """A book with two cells, one measured; and two wrong measurements."""
    tree = tmp_path_factory.mktemp("gpu")
    commented = cell("# Times a product,\n# n by n.\nrun()")
    notebooks = {
        "a": [
            markdown("# 1 First"),
            markdown("Not this.\n\nTimes $x^2$ & `<b>`."),
            cell("run()"),
        ],
        "b": [markdown("# 2 Second\n\nText."), commented, cell("# c\nx")],
        "other": [markdown("# Other")],
    }
    page = (ROOT / "gpu.md").read_text("utf-8")
    book(tree, notebooks, [("gpu", page)])
    digest = hashlib.sha256(commented["source"].encode()).hexdigest()[:12]
    good = {
        "notebook": "b",
        "cell": "cell-1",
        "code": digest,
        "device": "A <fast> one",
        "date": "2026-01-02",
        "versions": {"torch": "2.13.0", "CUDA": "13.0"},
        "result": "n = 7: 1 ms\n  n = 9: <2> ms\n",
    }
    wrong = [
        {**good, "cell": "cell-2"},
        {**good, "cell": "cell-9"},
        {"notebook": "b"},
    ]
    text = yaml.safe_dump([good, *wrong], sort_keys=False)
    (tree / "chapters" / "gpu.yml").write_text(text, "utf-8")
    return build(tree)


def test_the_page_lists_what_was_measured(sample):
    page = sample.pages["gpu.html"].article
    links = [
        (a.get_text(), a["href"])
        for a in page.select("p > strong > a.reference")
    ]
    assert links == [
        ("2 Second, cell 1", "chapters/b.html#cell-1"),
        ("2 Second, cell 2", "chapters/b.html#cell-2"),
    ]
    assert sample.pages["chapters/b.html"].find(id="cell-2")
    said = [p.get_text() for p in page.find_all("p")]
    assert said[-1] == (
        "More wait for a GPU, and say what they would measure: "
        "1 First, cell 1."
    )
    assert "Times a product, n by n." in said
    assert "Not this." not in said
    measured = "Measured on A <fast> one, 2026-01-02, torch 2.13.0, CUDA 13.0:"
    assert measured in said
    assert page.pre.get_text() == "n = 7: 1 ms\n  n = 9: <2> ms"


@pytest.mark.parametrize(
    "message",
    [
        "gpu.yml: b: cell cell-2 was measured with other code, its hash is ",
        "gpu.yml: b has no cell 'cell-9' tagged gpu",
        "gpu.yml: a measurement lacks, or should not have: cell, code, date",
    ],
)
def test_a_wrong_measurement_stops_the_build(sample, message):
    warnings = [li for li in sample.log.splitlines() if "WARNING" in li]
    assert any(message in line for line in warnings), sample.log
    assert len(warnings) == 3
    assert sample.status != 0
