"""What one statement of a notebook binds and uses, read from its syntax tree without running it.

The student's process imports this module too: the standard library and nothing else.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
DEFINITIONS = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(slots=True)
class Names:
    """Globals that a statement touches. Names that a function keeps to itself are not among them."""

    bound: set[str] = field(default_factory=set)  # by the statement itself
    used: set[str] = field(default_factory=set)  # read by it, or by a function in it when that is called
    used_now: set[str] = field(default_factory=set)  # of these the ones that the statement itself reads
    bound_later: set[str] = field(default_factory=set)  # by a call, through `global`
    called: set[str] = field(default_factory=set)  # last words of what it calls: `load` of `torch.load(...)`


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
    """Walks one statement. `hidden` are the names of the functions and comprehensions around.

    It sees every node of a notebook, so it looks up what to do with a node instead of trying one kind after the other.
    """

    def __init__(
        self, names: Names, hidden: frozenset[str] = frozenset(), later: bool = False, inner: bool = False
    ) -> None:
        self.names, self.hidden, self.later, self.inner = names, hidden, later, inner

    def visit(self, node: ast.AST) -> None:
        special = SPECIAL.get(type(node))
        if special is not None:
            special(self, node)
            return
        for name in node._fields:
            value = getattr(node, name, None)
            if type(value) is list:
                self._all(value)
            elif isinstance(value, ast.AST):
                self.visit(value)

    def _all(self, nodes: Iterable[object]) -> None:
        for node in nodes:
            if isinstance(node, ast.AST):
                self.visit(node)

    def _nothing(self, node: ast.AST) -> None:
        """A constant, or whether a name is read or written: no name in it."""

    def _name(self, node: ast.Name) -> None:
        if type(node.ctx) is ast.Load:
            self._use(node.id)
        else:
            self._bind(node.id)

    def _call(self, node: ast.Call) -> None:
        called = node.func
        if type(called) is ast.Attribute:
            self.names.called.add(called.attr)
        elif type(called) is ast.Name:
            self.names.called.add(called.id)
        self.visit(called)
        self._all(node.args)
        self._all(node.keywords)

    def _use(self, name: str) -> None:
        if name not in self.hidden:
            self.names.used.add(name)
            if not self.later:
                self.names.used_now.add(name)

    def _bind(self, name: str | None) -> None:
        if name and name not in self.hidden and not self.inner:
            self.names.bound.add(name)

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            self._bind(alias.asname or alias.name.partition(".")[0])

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) -> None:
        self.visit(node.generators[0].iter)  # the one part that is read outside
        own = {name for part in node.generators for name in _stored([part.target])}
        inside = _Reader(self.names, self.hidden | own, self.later, self.inner)
        inside._all(ast.iter_child_nodes(node))

    def _walrus(self, node: ast.NamedExpr) -> None:
        self._bind(node.target.id)
        self.visit(node.value)

    def _augmented(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self._use(node.target.id)
        self._all((node.target, node.value))

    def _annotated(self, node: ast.AnnAssign) -> None:
        self.visit(node.annotation)
        if node.value is not None:
            self._all((node.target, node.value))

    def _binds_text(self, node: ast.ExceptHandler | ast.MatchAs | ast.MatchStar | ast.MatchMapping) -> None:
        self._bind(node.rest if isinstance(node, ast.MatchMapping) else node.name)
        self._all(ast.iter_child_nodes(node))

    def _definition(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._bind(node.name)
        self._all(node.decorator_list)
        self._function(node, node.body)

    def _lambda(self, node: ast.Lambda) -> None:
        self._function(node, [node.body])

    def _function(self, node: Function, body: list[ast.stmt] | list[ast.expr]) -> None:
        self._all(_defaults(node.args))
        every = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        every += [part for part in (node.args.vararg, node.args.kwarg) if part]
        self._all(part.annotation for part in every)
        self._all((getattr(node, "returns", None),))
        declared: set[str] = set()
        own = _stored(body, declared)
        self.names.bound_later |= declared & own
        own = (own | {part.arg for part in every}) - declared
        _Reader(self.names, (self.hidden - declared) | own, later=True, inner=True)._all(body)

    def _class(self, node: ast.ClassDef) -> None:
        self._bind(node.name)
        self._all((*node.decorator_list, *node.bases, *node.keywords))
        own = frozenset(_stored(node.body))
        for part in node.body:
            methods = isinstance(
                part, ast.FunctionDef | ast.AsyncFunctionDef
            )  # they don't see the class's names
            hidden = self.hidden if methods else self.hidden | own
            _Reader(self.names, hidden, self.later, inner=True).visit(part)


SPECIAL: dict[type[ast.AST], Callable[[_Reader, Any], None]] = {
    **dict.fromkeys((ast.Constant, ast.Load, ast.Store, ast.Del), _Reader._nothing),
    **dict.fromkeys((ast.Global, ast.Nonlocal, ast.Pass), _Reader._nothing),
    **dict.fromkeys((ast.Import, ast.ImportFrom), _Reader._import),
    **dict.fromkeys((ast.FunctionDef, ast.AsyncFunctionDef), _Reader._definition),
    **dict.fromkeys((ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp), _Reader._comprehension),
    **dict.fromkeys((ast.ExceptHandler, ast.MatchAs, ast.MatchStar, ast.MatchMapping), _Reader._binds_text),
    ast.Name: _Reader._name,
    ast.Call: _Reader._call,
    ast.Lambda: _Reader._lambda,
    ast.ClassDef: _Reader._class,
    ast.NamedExpr: _Reader._walrus,
    ast.AugAssign: _Reader._augmented,
    ast.AnnAssign: _Reader._annotated,
}


def _defaults(arguments: ast.arguments) -> list[ast.expr]:
    return [*arguments.defaults, *(part for part in arguments.kw_defaults if part is not None)]


def _stored(body: Iterable[ast.AST], declared: set[str] | None = None) -> set[str]:
    """The names that are bound in one scope; those that it declares global are added to `declared`."""
    found: set[str] = set()
    todo = list(body)
    while todo:
        node = todo.pop()
        kind = type(node)
        if kind is ast.Name:
            if type(node.ctx) is not ast.Load:  # type: ignore[attr-defined]
                found.add(node.id)  # type: ignore[attr-defined]
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.Global):
            if declared is not None:
                declared.update(node.names)
        elif kind is not ast.Lambda:
            if isinstance(node, ast.ExceptHandler) and node.name:
                found.add(node.name)
            for name in node._fields:
                value = getattr(node, name, None)
                if type(value) is list:
                    todo += [part for part in value if isinstance(part, ast.AST)]
                elif isinstance(value, ast.AST) and type(value) is not ast.Constant:
                    todo.append(value)
    return found
