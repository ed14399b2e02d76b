"""One mutant is one edit: a node of a solution's syntax tree is replaced in the text, and the rest keeps its form."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Edit:
    """`node` becomes `new`; `operator` names the kind of mistake."""

    operator: str
    node: ast.AST
    new: ast.AST


class Context:
    """A parsed solution cell, with what an operator may ask about a node's surroundings."""

    def __init__(self, source: str, tree: ast.Module) -> None:
        self.source = source
        self.tree = tree
        self.parents = {child: parent for parent in ast.walk(tree) for child in ast.iter_child_nodes(parent)}
        self.names = frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name)) | frozenset(
            node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)
        )

    def ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        """The node's parent, its parent, and so on up to the module."""
        while (parent := self.parents.get(node)) is not None:
            yield parent
            node = parent

    def function(self, node: ast.AST) -> ast.AST:
        """The innermost function around the node, else the module."""
        functions = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
        return next((above for above in self.ancestors(node) if isinstance(above, functions)), self.tree)


def apply_edit(context: Context, edit: Edit) -> str | None:
    """The cell's source with the edit made; None if it does not compile or changes nothing.

    The text of the new node must parse to the very tree that was meant: where it needs parentheses it gets them.
    """
    wanted = _replaced(context.tree, edit)
    meant = ast.dump(wanted)
    if meant == ast.dump(context.tree):
        return None
    text = ast.unparse(edit.new)
    for candidate in (text, f"({text})"):
        source = _spliced(context.source, edit.node, candidate)
        try:
            tree = ast.parse(source)
            compile(source, "<mutant>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        except (SyntaxError, ValueError):
            continue
        if ast.dump(tree) == meant:
            return source
    return None


def changed(node: ast.AST, **fields: object) -> ast.AST:
    """A shallow copy of `node` with other fields."""
    new = copy.copy(node)
    for name, value in fields.items():
        setattr(new, name, value)
    return new


def _replaced(tree: ast.Module, edit: Edit) -> ast.Module:
    class Replace(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            return edit.new if node is edit.node else self.generic_visit(_shallow(node))

    result = Replace().visit(tree)
    assert isinstance(result, ast.Module)
    return ast.parse(ast.unparse(ast.fix_missing_locations(result)))


def _shallow(node: ast.AST) -> ast.AST:
    """A copy that the transformer may change: node lists are copied too."""
    new = copy.copy(node)
    for name, value in ast.iter_fields(node):
        if isinstance(value, list):
            setattr(new, name, list(value))
    return new


def _spliced(source: str, node: ast.AST, text: str) -> str:
    """`source` with the text of `node` replaced; of a compound statement only its header."""
    lines = source.encode().split(b"\n")
    first, start = node.lineno, node.col_offset  # type: ignore[attr-defined]
    last, end = node.end_lineno, node.end_col_offset  # type: ignore[attr-defined]
    padding = b" " * start if isinstance(node, ast.stmt) else b""
    new = text.encode().replace(b"\n", b"\n" + padding)
    head, tail = lines[first - 1][:start], lines[last - 1][end:]
    return b"\n".join([*lines[: first - 1], head + new + tail, *lines[last:]]).decode()
