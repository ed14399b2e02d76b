"""Checks on the text of a solution: what it imports and uses, under whatever name."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from nbjudge.judge.faults import CheckFailed
from nbjudge.notebooks.python_source import bound_names, without_line_magics
from nbjudge.notebooks.statements import names_of
from nbjudge.notes import Note

MAX_SOURCE = 500_000  # characters


class Source(str):
    """A solution's text; `notebook` holds the text of every cell, where its imports and helpers may be."""

    notebook: tuple[str, ...]

    def __new__(cls, text: str, notebook: Iterable[str] = ()) -> Source:
        made = super().__new__(cls, text)
        made.notebook = tuple(notebook)
        return made


def uses(source: str, name: str) -> bool:
    """Whether the code uses `name`, such as "torch.optim": imported, aliased, or through the notebook's own helpers.

    Follows `import ... as`, `from ... import` (also in other cells), assignments of a name to a name, and the
    functions and classes of the notebook that the code mentions. It reads the text and runs nothing: getattr with a
    text, exec and importlib are not seen, so check behaviour as well. AssertionError if the code is not Python.
    """
    trees, aliases = _reached(source)
    return any(_within(used, name) for tree in trees for used in _used(tree, aliases))


def calls(source: str, name: str) -> bool:
    """Whether the code calls `name`: of one word, such as "backward", a function or any method of that name.

    With dots, such as "torch.autograd.grad", the function that `uses` would find. Comments and texts are no code, and
    helpers of the notebook are followed as `uses` does. AssertionError if the code is not Python.
    """
    trees, aliases = _reached(source)
    called = (node.func for part in trees for node in ast.walk(part) if isinstance(node, ast.Call))
    return any(_is_called(function, name, aliases) for function in called)


def _reached(source: str) -> tuple[list[ast.AST], dict[str, set[str]]]:
    """The code and the helpers that it reaches, and what names in the notebook may stand for."""
    tree = _parse(source)
    around = [node for cell in getattr(source, "notebook", ()) for node in _parse_or_nothing(cell).body]
    trees = [tree, *_helpers(tree, around)]
    return trees, _aliases([*around, *trees])


def _is_called(function: ast.expr, name: str, aliases: dict[str, set[str]]) -> bool:
    if isinstance(function, ast.Attribute) and function.attr == name:
        return True
    dotted = _dotted(function)
    found = _resolve(dotted, aliases) if dotted else set()
    return any(full == name or ("." not in name and full.rpartition(".")[2] == name) for full in found)


def _parse(source: str) -> ast.Module:
    if len(source) > MAX_SOURCE:
        raise CheckFailed(Note("code_too_long"))
    try:
        return ast.parse(without_line_magics(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise CheckFailed(Note("code_unreadable", {"error": str(error)})) from None


def _parse_or_nothing(source: str) -> ast.Module:
    try:
        return _parse(source)
    except AssertionError:  # a broken cell defines nothing
        return ast.Module(body=[], type_ignores=[])


def _helpers(tree: ast.AST, around: list[ast.stmt]) -> list[ast.AST]:
    """The statements of the notebook that define what the code mentions, and what those mention."""
    definitions: dict[str, list[ast.AST]] = {}
    for node in around:
        for name in _made_or_changed(node):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                definitions[name] = [node]  # the last one counts
            else:
                definitions.setdefault(name, []).append(node)
    found: dict[int, ast.AST] = {}
    waiting: list[ast.AST] = [tree]
    while waiting:
        for name in _mentioned(waiting.pop()) & definitions.keys():
            for definition in definitions[name]:
                if id(definition) not in found:
                    found[id(definition)] = definition
                    waiting.append(definition)
    return list(found.values())


def _mentioned(code: ast.AST) -> set[str]:
    """The globals that the code reads and has not just made: a function's local `w` is not another cell's `w`."""
    mentioned: set[str] = set()
    made: set[str] = set()
    for node in code.body if isinstance(code, ast.Module) else [code]:
        assert isinstance(node, ast.stmt)
        try:
            names = names_of(node)
        except RecursionError:
            return {part.id for part in ast.walk(code) if isinstance(part, ast.Name)}
        mentioned |= (names.used - names.used_now) | (names.used_now - made)
        made |= names.bound
    return mentioned


def _made_or_changed(node: ast.stmt) -> Iterable[str]:
    """The names that a definition or assignment binds, and `model` of `model.fc = ...`; not those of imports."""
    if isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return [part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)]
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return bound_names(node)
    return ()


def _aliases(trees: Iterable[ast.AST]) -> dict[str, set[str]]:
    """Local name -> what it may stand for, in full."""
    aliases: dict[str, set[str]] = {}
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.Import):
            for item in node.names:
                # `import torch.optim` binds `torch`; the import itself is seen by `_used`
                local, full = (item.asname, item.name) if item.asname else (item.name.split(".")[0],) * 2
                aliases.setdefault(local, set()).add(full)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for item in node.names:
                aliases.setdefault(item.asname or item.name, set()).add(f"{node.module}.{item.name}")
        elif isinstance(node, ast.Assign) and (dotted := _dotted(node.value)) is not None:
            for target in node.targets:
                if isinstance(target, ast.Name) and target.id != dotted:
                    aliases.setdefault(target.id, set()).add(dotted)
    return aliases


def _used(tree: ast.AST, aliases: dict[str, set[str]]) -> Iterator[str]:
    known = _mentioned(tree) | _aliases([tree]).keys()  # a parameter `optim` is not the module
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (item.name for item in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{item.name}" for item in node.names)
        elif (dotted := _dotted(node)) is not None and dotted.partition(".")[0] in known:
            yield from _resolve(dotted, aliases)


def _resolve(dotted: str, aliases: dict[str, set[str]]) -> set[str]:
    """Every full name that a dotted name may stand for, through aliases of aliases."""
    found, waiting = {dotted}, [dotted]
    while waiting and len(found) < 1000:
        first, dot, rest = waiting.pop().partition(".")
        for full in aliases.get(first, ()):
            if (name := full + dot + rest) not in found:
                found.add(name)
                waiting.append(name)
    return found


def _dotted(node: ast.AST) -> str | None:
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *parts[::-1]]) if isinstance(node, ast.Name) else None


def _within(used: str, name: str) -> bool:
    """Whether `used` is `name` or inside it; `from torch import *` may bring in anything of torch."""
    return used == name or used.startswith(f"{name}.") or (used.endswith(".*") and name.startswith(used[:-1]))
