"""What a notebook's statements may change besides the names that they bind: objects that go by several names, and
what its functions change when they are called. Read from names alone, and never too little.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from nbjudge.notebooks.statements import Names, executed_now

# Methods that change their object even where their value is used.
CHANGING = re.compile(
    r"append\w*|extend\w*|insert|pop\w*|remove|discard|clear|update|add|setdefault|sort|reverse|step|backward|zero_grad|"
    r"load_\w+|train|eval|fit\w*|register_\w+|[a-z]\w*_"
)
BUILTINS = frozenset(dir(builtins))
CHANGERS = ("setattr", "delattr", "next")
USED_UP = frozenset(
    ("iter", "zip", "map", "filter", "enumerate", "reversed", "open", "cycle", "chain", "islice")
)
BINDING = frozenset(
    (
        *(ast.Assign, ast.AnnAssign, ast.AugAssign, ast.NamedExpr, ast.For, ast.AsyncFor, ast.comprehension),
        *(ast.withitem, ast.Match, ast.arguments),
    )
)
CALLING = (ast.Call, ast.With, ast.AsyncWith)
FIXED_CALLS = frozenset(("int", "float", "str", "bool", "len", "device", "is_available"))


@dataclass(slots=True)
class Effects:
    """What is known of the names of a whole notebook, whatever the order of its statements."""

    imported: frozenset[str]
    own: frozenset[
        str
    ]  # also functions and the course's own names: a call with them hands out nothing of theirs
    holds: dict[str, set[str]] = field(default_factory=dict)  # name -> names whose objects it may be or hold
    makers: dict[str, set[str]] = field(default_factory=dict)  # name -> all names that it was made with
    changes: dict[str, set[str]] = field(
        default_factory=dict
    )  # function -> the globals whose objects a call changes
    mentions: dict[str, set[str]] = field(default_factory=dict)  # function -> the globals that its body reads
    fixed: set[str] = field(default_factory=set)  # names that are bound to a number, a text, a device
    variable: set[str] = field(default_factory=set)  # names that are bound to something else
    used_up: set[str] = field(default_factory=set)  # names of what a loop empties

    def note(self, node: ast.stmt, names: Names) -> None:
        """Takes in a top-level statement of the notebook."""
        parts = list(executed_now(node))
        self.variable |= names.bound_later
        for target, value in _bindings(parts):
            self._note_binding(target, value)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            self._note_function(node.name, node, names.used)
            return
        fixed: set[str] = set()
        for part in parts:
            if isinstance(part, ast.Assign) and _is_fixed(part.value):
                fixed |= {name for target in part.targets for name in _bases(target)}
            elif isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                self._note_function(part.name, part, names.used)
        self.fixed |= fixed
        self.variable |= names.bound - fixed

    def reach(self, names: Iterable[str]) -> set[str]:
        """The names of everything that may be the same object as one of these, or part of it."""
        return _closure(names, self.holds)

    def changed_by_calls(self, node: ast.stmt, names: Names) -> set[str]:
        """The globals whose objects functions of the notebook may change when the statement runs."""
        if not any(isinstance(part, CALLING) for part in executed_now(node)):
            return set()
        called = _closure(_closure(names.used_now, self.makers) & self.changes.keys(), self.mentions)
        return set().union(*(self.changes.get(name, set()) for name in called))

    def emptied(self, node: ast.stmt) -> set[str]:
        """Names of iterators that the statement loops over."""
        loops = (
            part.iter
            for part in executed_now(node)
            if isinstance(part, ast.For | ast.AsyncFor | ast.comprehension)
        )
        return {name for loop in loops for name in _loaded(loop)} & self.used_up

    def _note_binding(self, target: ast.AST, value: ast.AST) -> None:
        loaded = _loaded(value)
        inside = loaded - self.own if _calls(value) else loaded
        empties = isinstance(value, ast.GeneratorExp) or (
            isinstance(value, ast.Call) and last_word(value.func) in USED_UP
        )
        for name in _bases(target):
            self.holds.setdefault(name, set()).update(inside - {name})
            self.makers.setdefault(name, set()).update(loaded - {name})
            if empties:
                self.used_up.add(name)
            for part in ast.walk(value):
                if isinstance(part, ast.Lambda):
                    self._note_function(name, part, _loaded(part, within=True))

    def _note_function(self, name: str, node: ast.AST, outer: set[str]) -> None:
        parts = list(ast.walk(node))
        local: dict[str, set[str]] = {}
        for target, value in _bindings(parts):
            for base in _bases(target):
                local.setdefault(base, set()).update(_loaded(value) - {base})
        returned = [
            part.value
            for part in parts
            if isinstance(part, ast.Return | ast.Yield | ast.YieldFrom) and part.value
        ]
        if isinstance(node, ast.Lambda):
            returned.append(node.body)
        self.holds.setdefault(name, set()).update(
            _closure({one for value in returned for one in _loaded(value)}, local) & outer - {name}
        )
        changed = {base for part in parts for base in self._changed_inside(part)}
        self.changes.setdefault(name, set()).update(_closure(changed, local) & outer)
        self.mentions.setdefault(name, set()).update(outer)

    def _changed_inside(self, part: ast.AST) -> Iterator[str]:
        if isinstance(part, ast.Attribute | ast.Subscript) and not isinstance(part.ctx, ast.Load):
            yield from roots(part)
        elif isinstance(part, ast.Expr) and isinstance(part.value, ast.Call):
            if isinstance(part.value.func, ast.Attribute):
                yield from roots(part.value.func)
        elif isinstance(part, ast.With | ast.AsyncWith):
            yield from (name for item in part.items for name in roots(item.context_expr))
        if isinstance(part, ast.Call):
            function = part.func
            if isinstance(function, ast.Attribute) and CHANGING.fullmatch(function.attr):
                yield from roots(function)
            elif isinstance(function, ast.Name) and (
                function.id in CHANGERS or function.id not in BUILTINS | self.imported
            ):
                for each in (*part.args, *(keyword.value for keyword in part.keywords)):
                    yield from _loaded(each)


def base_of(node: ast.AST) -> str:
    """`model` of `model.net[0].weight` and of `model(x).sum`; "" if there is no name at its root."""
    root = _root(node)
    return root.id if isinstance(root, ast.Name) else ""


def roots(node: ast.AST) -> set[str]:
    """The names of what the object may be a part of: both of `(model or net).fc`."""
    return _loaded(_root(node)) | ({base_of(node)} - {""})


def _root(node: ast.AST) -> ast.AST:
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Starred | ast.Await | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node


def _bindings(parts: Iterable[ast.AST]) -> Iterator[tuple[ast.AST, ast.AST]]:
    """Each place where something gets a name or a place in an object: where, and what."""
    for part in parts:
        if type(part) not in BINDING:  # most are not, and to match them one by one is slow
            continue
        match part:
            case ast.Assign(targets=targets, value=value):
                yield from ((target, value) for target in targets)
            case ast.AnnAssign(target=target, value=value) | ast.AugAssign(target=target, value=value):
                if value is not None:
                    yield target, value
            case ast.NamedExpr(target=target, value=value):
                yield target, value
            case (
                ast.For(target=target, iter=value)
                | ast.AsyncFor(target=target, iter=value)
                | ast.comprehension(target=target, iter=value)
            ):
                yield target, value
            case ast.withitem(context_expr=value, optional_vars=target) if target is not None:
                yield target, value
            case ast.Match(subject=value, cases=cases):
                yield from ((case.pattern, value) for case in cases)
            case ast.arguments():
                every = [*part.posonlyargs, *part.args]
                yield from zip(every[len(every) - len(part.defaults) :], part.defaults, strict=True)
                yield from (
                    (one, value)
                    for one, value in zip(part.kwonlyargs, part.kw_defaults, strict=True)
                    if value
                )


def _bases(target: ast.AST) -> set[str]:
    """The names that a target binds, and those of the objects that it stores something in."""
    if isinstance(target, ast.arg):
        return {target.arg}
    if isinstance(target, ast.pattern):
        named = [getattr(part, "name", None) or getattr(part, "rest", None) for part in ast.walk(target)]
        return {name for name in named if isinstance(name, str)}
    if isinstance(target, ast.Tuple | ast.List):
        return set().union(*map(_bases, target.elts))
    return roots(target)


def _loaded(value: ast.AST, *, within: bool = False) -> set[str]:
    """The names that an expression reads; with `within` also in the bodies of its functions."""
    parts = ast.walk(value) if within else executed_now(value)
    return {part.id for part in parts if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load)}


def _calls(value: ast.AST) -> bool:
    return any(isinstance(part, ast.Call) for part in executed_now(value))


def _closure(names: Iterable[str], further: Mapping[str, Iterable[str]]) -> set[str]:
    found: set[str] = set()
    todo = list(names)
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += further.get(name, ())
    return found


def _is_fixed(value: ast.AST) -> bool:
    """Whether the value can't be changed by whoever gets it: a number, a text, a device."""
    match value:
        case ast.Constant() | ast.Compare() | ast.JoinedStr():
            return True
        case ast.UnaryOp(operand=inner):
            return _is_fixed(inner)
        case ast.IfExp(body=one, orelse=other) | ast.BinOp(left=one, right=other):
            return _is_fixed(one) and _is_fixed(other)
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name in FIXED_CALLS
    return False


def last_word(node: ast.AST) -> str:
    """`load` of `torch.load`; "" where there is no such word."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
