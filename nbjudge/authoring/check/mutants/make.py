"""Makes every mutant of a notebook's solutions, and the solution with nothing in it."""

from __future__ import annotations

import ast
import copy
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from nbjudge.authoring.check.mutants.edits import Context, apply_edit
from nbjudge.authoring.check.mutants.operators import OPERATORS, edits_of
from nbjudge.authoring.check.mutants.torch_operators import TORCH_OPERATORS
from nbjudge.notebooks.cells import Notebook, exercise_of, grade_id, role
from nbjudge.notebooks.python_source import plain_python
from nbjudge.notebooks.regions import solution_lines, without_markers


@dataclass(frozen=True, slots=True)
class Mutant:
    """One solution cell with one mistake."""

    id: str  # hash of the cell and of its changed lines: the same as long as those lines are
    exercise: str
    cell: str  # grade_id
    line: int  # of the cell in the source notebook, 1-based
    operator: str
    source: str  # the whole mutated cell
    before: str  # the changed lines
    after: str

    @property
    def diff(self) -> str:
        """The change as a unified diff without file names."""
        return "\n".join(
            [
                *(f"-{line}" for line in self.before.split("\n")),
                *(f"+{line}" for line in self.after.split("\n")),
            ]
        )


def make_mutants(source: Notebook) -> list[Mutant]:
    """Every mutant of every code solution of the instructor's notebook, in the notebook's order; the same each time.

    Two edits that give the same program give one mutant.
    """
    return [
        mutant
        for cell in source["cells"]
        if role(cell) == "solution" and cell["cell_type"] == "code"
        for mutant in _cell_mutants(cell["source"], str(grade_id(cell)))
    ]


def empty_solution(source: Notebook, exercise: str) -> dict[str, str]:
    """The exercise's solution cells with nothing in them: functions return None, names are None.

    A test that passes on this asks nothing. {} where a cell's Python can't be read.
    """
    return {
        str(grade_id(cell)): _emptied(cell["source"])
        for cell in source["cells"]
        if role(cell) == "solution" and exercise_of(str(grade_id(cell))) == exercise
    }


def with_cells(solved: Notebook, cells: dict[str, str]) -> Notebook:
    """`solved` with other sources in some solution cells (grade_id -> source)."""
    notebook = copy.copy(solved)
    notebook["cells"] = [
        {**cell, "source": cells[name]} if (name := grade_id(cell)) in cells else cell
        for cell in solved["cells"]
    ]
    return notebook


def _cell_mutants(source: str, cell: str) -> Iterator[Mutant]:
    plain = plain_python(source)
    try:
        tree = ast.parse(plain)
    except SyntaxError:
        return
    context = Context(plain, tree)
    lines = solution_lines(source)
    seen = {ast.dump(tree)}
    count: dict[tuple[str, str], int] = {}
    for node in sorted(_nodes(tree, lines), key=_position):
        for edit in edits_of(node, context, (*OPERATORS, *TORCH_OPERATORS)):
            made = apply_edit(context, edit)
            if made is None or (program := ast.dump(ast.parse(made))) in seen:
                continue
            seen.add(program)
            before, after = _changed_lines(plain, made)
            count[before, after] = count.get((before, after), 0) + 1
            yield Mutant(
                id=mutant_id(cell, before, after, count[before, after]),
                exercise=exercise_of(cell),
                cell=cell,
                line=_first_change(plain, made),
                operator=edit.operator,
                source=without_markers(made),
                before=before,
                after=after,
            )


def mutant_id(cell: str, before: str, after: str, occurrence: int = 1) -> str:
    """Twelve hexadecimal digits that name a mutant; indentation and line numbers don't matter."""
    parts = [cell, *(" ".join(text.split()) for text in (before, after)), str(occurrence)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def _nodes(tree: ast.Module, lines: frozenset[int]) -> Iterator[ast.AST]:
    """Every node that stands on the solution's lines, docstrings, imports and annotations left out."""
    todo: list[ast.AST] = [tree]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Import | ast.ImportFrom | ast.Global | ast.Nonlocal) or _is_docstring(node):
            continue
        if getattr(node, "lineno", 0) in lines and getattr(node, "end_lineno", 0) in lines:
            yield node
        for field, value in ast.iter_fields(node):
            if field not in ("annotation", "returns", "ctx", "op"):
                todo += [part for part in (value if isinstance(value, list) else [value]) if _is_node(part)]


def _is_node(value: object) -> bool:
    return isinstance(value, ast.AST)


def _is_docstring(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _position(node: ast.AST) -> tuple[int, int, int, int]:
    return (node.lineno, node.col_offset, -(node.end_lineno or 0), -(node.end_col_offset or 0))  # type: ignore[attr-defined]


def _changed_lines(before: str, after: str) -> tuple[str, str]:
    old, new = before.split("\n"), after.split("\n")
    start = _first_change(before, after) - 1
    tail = 0
    while tail < min(len(old), len(new)) - start and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    return (
        "\n".join(old[start : len(old) - tail]).strip("\n"),
        "\n".join(new[start : len(new) - tail]).strip("\n"),
    )


def _first_change(before: str, after: str) -> int:
    pairs = enumerate(zip(before.split("\n"), after.split("\n"), strict=False), 1)
    return next((number for number, (old, new) in pairs if old != new), 1)


def _emptied(source: str) -> str:
    try:
        tree = ast.parse(plain_python(source))
    except SyntaxError:
        return ""
    lines = solution_lines(source)
    body = [statement for node in tree.body for statement in _empty_statement(node, lines)]
    return ast.unparse(ast.Module(body=body, type_ignores=[]))


def _empty_statement(node: ast.stmt, lines: frozenset[int]) -> Iterable[ast.stmt]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        if _overlaps(node, lines):
            kept = [part for part in node.body if "super().__init__" in ast.unparse(part)]
            node.body = [*kept, ast.Return(ast.Constant(None))]
        return [node]
    if isinstance(node, ast.ClassDef):
        body = [part for inner in node.body for part in _empty_statement(inner, lines)]
        node.body = body or [ast.Pass()]
        return [node]
    if isinstance(node, ast.Assign) and _overlaps(node, lines):
        names = [part for target in node.targets for part in ast.walk(target) if isinstance(part, ast.Name)]
        return [
            ast.fix_missing_locations(
                ast.Assign(targets=[ast.Name(part.id, ast.Store())], value=ast.Constant(None), lineno=1)
            )
            for part in names
        ]
    return [] if _overlaps(node, lines) and not isinstance(node, ast.Import | ast.ImportFrom) else [node]


def _overlaps(node: ast.stmt, lines: frozenset[int]) -> bool:
    return any(number in lines for number in range(node.lineno, (node.end_lineno or node.lineno) + 1))
