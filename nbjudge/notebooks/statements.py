"""What one statement of a notebook binds and uses, read from its syntax tree without running it.

The student's process imports this module too: the standard library and nothing else.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
DEFINITIONS = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(slots=True)
class Names:
    """Globals that a statement touches. Names that a function keeps to itself are not among them."""

    bound: set[str] = field(default_factory=set)  # by the statement itself
    used: set[str] = field(default_factory=set)  # read by it, or by a function in it when that is called
    used_now: set[str] = field(default_factory=set)  # of these the ones that the statement itself reads
    bound_later: set[str] = field(default_factory=set)  # by a call, through `global`


def names_of(node: ast.stmt) -> Names:
    """The globals that a top-level statement touches; RecursionError if it is nested too deep."""
    names = Names()
    _Reader(names).visit(node)
    return names


def first_line(node: ast.stmt) -> int:
    """The line where the statement begins, its decorators among it."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(part.lineno for part in decorators)])


def binds(node: ast.stmt) -> bool:
    """Whether the statement leaves something behind under a name, in a name's attribute or in its item."""
    return any(
        isinstance(part, DEFINITIONS)
        or (
            isinstance(part, ast.Name | ast.Attribute | ast.Subscript)
            and isinstance(part.ctx, ast.Store | ast.Del)
        )
        for part in executed_now(node)
    )


def executed_now(node: ast.AST) -> Iterator[ast.AST]:
    """The node and what is inside it, without the bodies of functions."""
    todo = [node]
    while todo:
        part = todo.pop()
        yield part
        if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef):
            todo += [*part.decorator_list, *_defaults(part.args)]
        elif isinstance(part, ast.Lambda):
            todo += _defaults(part.args)
        else:
            todo += ast.iter_child_nodes(part)


class _Reader:
    """Walks one statement. `hidden` are the names of the functions and comprehensions around."""

    def __init__(
        self, names: Names, hidden: frozenset[str] = frozenset(), later: bool = False, inner: bool = False
    ) -> None:
        self.names, self.hidden, self.later, self.inner = names, hidden, later, inner

    def visit(self, node: ast.AST) -> None:
        match node:
            case ast.Name():
                self._name(node.id, node.ctx)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._bind(node.name)
                self._all(node.decorator_list)
                self._function(node, node.body)
            case ast.Lambda():
                self._function(node, [node.body])
            case ast.ClassDef():
                self._bind(node.name)
                self._class(node)
            case ast.Import() | ast.ImportFrom():
                for alias in node.names:
                    self._bind(alias.asname or alias.name.partition(".")[0])
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                self.visit(node.generators[0].iter)  # the one part that is read outside
                own = {name for part in node.generators for name in _stored([part.target])}
                inside = _Reader(self.names, self.hidden | own, self.later, self.inner)
                inside._all(ast.iter_child_nodes(node))
            case ast.NamedExpr():
                self._bind(node.target.id)
                self.visit(node.value)
            case ast.AugAssign():
                if isinstance(node.target, ast.Name):
                    self._use(node.target.id)
                self._all(ast.iter_child_nodes(node))
            case ast.AnnAssign(value=None):
                self.visit(node.annotation)
            case _:
                for name in ("name", "rest"):  # of an `except ... as`, of a pattern
                    if isinstance(node, ast.ExceptHandler | ast.pattern) and isinstance(
                        bound := getattr(node, name, None), str
                    ):
                        self._bind(bound)
                self._all(ast.iter_child_nodes(node))

    def _all(self, nodes: Iterable[ast.AST]) -> None:
        for node in nodes:
            self.visit(node)

    def _name(self, name: str, context: ast.expr_context) -> None:
        if isinstance(context, ast.Load):
            self._use(name)
        else:
            self._bind(name)

    def _use(self, name: str) -> None:
        if name not in self.hidden:
            self.names.used.add(name)
            if not self.later:
                self.names.used_now.add(name)

    def _bind(self, name: str) -> None:
        if name not in self.hidden and not self.inner:
            self.names.bound.add(name)

    def _function(self, node: Function, body: list[ast.stmt] | list[ast.expr]) -> None:
        self._all(_defaults(node.args))
        every = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        every += [part for part in (node.args.vararg, node.args.kwarg) if part]
        self._all(part.annotation for part in every if part.annotation)
        if (returns := getattr(node, "returns", None)) is not None:
            self.visit(returns)
        declared = {
            name for part in _of_one_function(body) if isinstance(part, ast.Global) for name in part.names
        }
        own = ({part.arg for part in every} | _stored(body)) - declared
        self.names.bound_later |= declared & _stored(body)
        _Reader(self.names, (self.hidden - declared) | own, later=True, inner=True)._all(body)

    def _class(self, node: ast.ClassDef) -> None:
        self._all([*node.decorator_list, *node.bases, *node.keywords])
        own = frozenset(_stored(node.body))
        for part in node.body:
            methods = isinstance(
                part, ast.FunctionDef | ast.AsyncFunctionDef
            )  # they don't see the class's names
            hidden = self.hidden if methods else self.hidden | own
            _Reader(self.names, hidden, self.later, inner=True).visit(part)


def _defaults(arguments: ast.arguments) -> list[ast.expr]:
    return [*arguments.defaults, *(part for part in arguments.kw_defaults if part is not None)]


def _of_one_function(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """What is inside, without what has a scope to itself: that is yielded, not entered."""
    todo = list(body)
    while todo:
        node = todo.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            todo += ast.iter_child_nodes(node)


def _stored(body: Iterable[ast.AST]) -> set[str]:
    """The names that are bound in one scope."""
    found: set[str] = set()
    for node in _of_one_function(body):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ExceptHandler) and node.name:
            found.add(node.name)
    return found
