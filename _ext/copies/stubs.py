"""Turn the solution of a coding exercise into what its reader starts from.

The answer keeps its name, its signature and its docstring; its body is the
reader's turn. What the solution added to the signature for itself goes too: a
parameter with a default that neither the exercise nor its self-check names.
The self-check says "not yet" until the answer is right, and never stops the
notebook.
"""

import ast
import copy
import re
from collections.abc import Iterator
from textwrap import indent

TURN = 'raise NotImplementedError("your turn")'


class Unclear(Exception):
    """A solution of which no stub can be made; the message says why."""


def stub(code: str, label: str, asked: str) -> str | None:
    """Return the stub of a solution; None if it has no self-check.

    Parameters
    ----------
    code
        The code cells of the solution, joined.
    label
        Label of the exercise.
    asked
        What the exercise says in code, and the code of its self-check.
    """
    words = set(re.findall(r"\w+", asked))
    tree = ast.parse(code)
    calls = [node for node in ast.walk(tree) if _is_check(node)]
    if not calls:
        return None
    answers = set()
    for call in calls:
        if len(call.args) != 2 or not isinstance(call.args[0], ast.Constant):
            raise Unclear("expected check.exercise(label, answer)")
        if call.args[0].value != label:
            given = call.args[0].value
            raise Unclear(f"its self-check is that of {given!r}")
        names = ast.walk(call.args[1])
        answers |= {n.id for n in names if isinstance(n, ast.Name)}
    pieces = [
        piece
        for node in tree.body
        if (piece := _piece(node, code, answers, words)) is not None
    ]
    if not any(_names(node) & answers for node in tree.body):
        raise Unclear("its answer is not defined in the solution")
    checks = "\n".join(indent(_text(code, call), "    ") for call in calls)
    pieces.append(
        f"try:\n{checks}\nexcept AssertionError as error:\n    print(error)"
    )
    return "\n\n\n".join(pieces)


def _piece(
    node: ast.stmt, code: str, answers: set[str], words: set[str]
) -> str | None:
    """Return what a stub shows of one statement of the solution."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return _text(code, node)
    if not _names(node) & answers:
        return None
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return _function(node, code, words)
    if isinstance(node, ast.ClassDef):
        return "\n\n".join([_head(node, code), *_members(node, code, words)])
    return "\n".join(f"{n} = ...  # your turn" for n in sorted(_names(node)))


def _function(
    node: ast.FunctionDef | ast.AsyncFunctionDef, code: str, words: set[str]
) -> str:
    margin = " " * (node.col_offset + 4)
    args = _without_extras(node.args, words)
    if ast.dump(args) == ast.dump(node.args):
        return f"{_head(node, code)}\n{margin}{TURN}"
    bare = copy.copy(node)
    said = ast.get_docstring(node) is not None
    bare.args, bare.body = args, node.body[:1] if said else []
    return indent(f"{ast.unparse(bare)}\n    {TURN}", margin[4:])


def _without_extras(args: ast.arguments, words: set[str]) -> ast.arguments:
    """Drop what has a default and is not asked for by name."""
    kept = copy.copy(args)
    first = len(args.args) - len(args.defaults)
    pairs = list(zip(args.args[first:], args.defaults, strict=True))
    while pairs and pairs[-1][0].arg not in words:
        pairs.pop()  # from the end: the places of the others stay
    kept.args = args.args[:first] + [arg for arg, _ in pairs]
    kept.defaults = [default for _, default in pairs]
    named = [
        (arg, default)
        for arg, default in zip(args.kwonlyargs, args.kw_defaults, strict=True)
        if default is None or arg.arg in words
    ]
    kept.kwonlyargs = [arg for arg, _ in named]
    kept.kw_defaults = [default for _, default in named]
    return kept


def _members(node: ast.ClassDef, code: str, words: set[str]) -> Iterator[str]:
    """Yield the fields and the empty methods of a class."""
    margin = " " * (node.col_offset + 4)
    for member in node.body:
        if isinstance(member, ast.FunctionDef | ast.AsyncFunctionDef):
            yield _function(member, code, words)
        elif isinstance(member, ast.AnnAssign):
            yield margin + _text(code, member)


def _head(
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, code: str
) -> str:
    """Return everything up to the body: decorators, signature, docstring."""
    lines = code.encode().split(b"\n")  # columns count bytes
    first = node.body[0]
    start = min(n.lineno for n in [node, *node.decorator_list]) - 1
    end, column = first.lineno - 1, first.col_offset
    if ast.get_docstring(node) is not None:
        end, column = first.end_lineno - 1, first.end_col_offset
    elif isinstance(first, ast.FunctionDef) and first.decorator_list:
        end, column = first.decorator_list[0].lineno - 1, 0
    head = b"\n".join([*lines[start:end], lines[end][:column]]).decode()
    kept = head.rstrip().split("\n")
    while kept[-1].lstrip().startswith("#"):
        kept.pop()
    return "\n".join(kept)


def _names(node: ast.stmt) -> set[str]:
    """Return the names that a statement defines."""
    named = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    if isinstance(node, named):
        return {node.name}
    targets = getattr(node, "targets", [getattr(node, "target", None)])
    found = [n for t in targets if t is not None for n in ast.walk(t)]
    return {n.id for n in found if isinstance(n, ast.Name)}


def _is_check(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "exercise"
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "check"
    )


def _text(code: str, node: ast.AST) -> str:
    return ast.get_source_segment(code, node) or ast.unparse(node)
