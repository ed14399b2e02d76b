"""The text of a solution as it counts: where a function is written twice, the one that the test calls."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence

from nbjudge.judge.places import END
from nbjudge.judge.source import Source
from nbjudge.model import Cell
from nbjudge.notebooks.python_source import bound_names, parse
from nbjudge.notebooks.statements import first_line


def counting_source(cells: Sequence[Cell], own: Mapping[int, str], place: int) -> Source:
    """The solution's texts, by their cells' positions, seen from `place`: another attempt up to there takes its part.

    Of the cells below `place` the source's `notebook` holds only what makes a name that is not there yet.
    """
    last = len(cells) - 1 if place == END else place
    before, after = range(last + 1), range(last + 1, len(cells))
    text = "\n\n".join(own.values())
    statements = [
        (position, node, written)
        for position in before
        for node, written in _statements(own.get(position, cells[position].source))
    ]
    latest = {name: node for _, node, _ in statements for name in _defined(node)}
    mine = {name for position, node, _ in statements if position in own for name in _defined(node)}
    replaced = [
        node
        for position, node, _ in statements
        if position in own and any(latest[name] is not node for name in _defined(node))
    ]
    if replaced:
        counting = {id(latest[name]) for name in mine}
        text = "\n\n".join(
            written
            for position, node, written in statements
            if id(node) in counting or (position in own and node not in replaced)
        )
    around = [cells[position].source for position in before]
    around += [
        written
        for position in after
        for node, written in _statements(cells[position].source)
        if not latest.keys() & _defined(node)
    ]
    return Source(text, around)


def defined_again(cells: Sequence[Cell], exercise: str) -> tuple[str, ...]:
    """Functions and classes of other exercises that this one's own cells define anew: its code means these."""
    own: set[str] = set()
    others: set[str] = set()
    for cell in cells:
        if cell.kind == "solution":
            names = own if cell.exercise == exercise else others
            names.update(name for node, _ in _statements(cell.source) for name in _defined(node))
    return tuple(sorted(own & others))


def _statements(source: str) -> Iterator[tuple[ast.stmt, str]]:
    """Each statement and its text."""
    lines = source.split("\n")
    tree = parse(source)
    for node in tree.body if tree else ():
        yield node, "\n".join(lines[first_line(node) - 1 : node.end_lineno])


def _defined(node: ast.stmt) -> frozenset[str]:
    """The functions and classes that a statement makes."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return frozenset(bound_names(node))
    return frozenset()
