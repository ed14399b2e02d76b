"""Runs notebook cells: IPython's syntax on a bare InteractiveShell, with everything harmless that needs a screen."""

from __future__ import annotations
import __future__

import ast
import asyncio
import builtins
import dis
import functools
import inspect
import io
import linecache
import operator
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Collection, Iterable
from types import CodeType
from typing import Any, cast

from nbjudge.notebooks.python_source import code_start, is_foreign
from nbjudge.student.cell import Orders, Outcome, run_statements
from nbjudge.student.last_values import LastValues
from nbjudge.student.magics import replace_magics, unwrap
from nbjudge.student.stand_ins import stand_in

# What `from __future__ import` switches on: it holds for the rest of the notebook.
FUTURES = functools.reduce(
    operator.or_, (getattr(__future__, name).compiler_flag for name in __future__.all_feature_names)
)


class Output(io.TextIOBase):
    """Stands in for stdout and stderr: keeps the first `limit` characters."""

    encoding = "utf-8"

    def __init__(self) -> None:
        self.clear(0)

    def clear(self, limit: int) -> None:
        self.parts: list[str] = []
        self.left = limit
        self.cut = False
        self.said: set[str] = set()  # notices.say

    def fileno(self) -> int:
        """Where C code and other processes may write: to nobody, as it does not go through here."""
        return 1

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if self.left > 0:
            self.parts.append(text[: self.left])
        self.cut = self.cut or len(text) > self.left
        self.left = max(0, self.left - len(text))
        return len(text)

    def text(self) -> str:
        return "".join(self.parts) + ("\n[output cut]" if self.cut else "")


def make_shell() -> Any:
    """IPython's one InteractiveShell; its namespace is `__main__`, where the cells run."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    if InteractiveShell.initialized():
        return InteractiveShell.instance()
    config = Config()
    config.HistoryManager.enabled = False  # its database has a thread
    folder = tempfile.mkdtemp(prefix="ipython-")
    shell = InteractiveShell.instance(config=config, ipython_dir=folder)
    shutil.rmtree(folder, ignore_errors=True)
    shell.enable_gui = lambda gui=None: None
    replace_magics(shell)
    return shell


class NotebookNamespace:
    """The namespace that the submitted notebook builds up, and the code that runs in it."""

    def __init__(self) -> None:
        self.shell = make_shell()
        self.shell.home = os.getcwd()  # shell commands change files below it
        self.names: dict[str, Any] = self.shell.user_ns
        self.labels: dict[str, str] = {}  # code object's file name -> what the student calls the cell
        self.last = LastValues(self.shell)
        self.futures = 0  # compiler flags of the future imports so far: they hold for the cells below

    def run(self, label: str, source: str, orders: Orders, mark: Callable[[int], object]) -> Outcome:
        """Runs one cell as `run_statements` does; raises what only its whole text can be to blame for."""
        tree = self._parse(label, source)
        return run_statements(tree.body, lambda body: self._execute(body, label, self.names), orders, mark)

    def run_copy(self, label: str, source: str, inputs: dict[str, Any], drop: bool) -> dict[str, Any]:
        """Runs `source` in a copy of the namespace and returns the inputs' names and the names it assigned.

        `drop`: the code is one of the student's cells. Assignments that would overwrite an input with a value of the
        cell's own are left out. In an author's code `list` means Python's, whatever the student calls so.
        """
        tree = self._parse(label, source)
        body = [node for node in tree.body if not (drop and _overwrites(node, inputs))]
        around = self.names if drop else _without_shadows(self.names)
        names = {**around, **self.last.before(label), **inputs}
        stored = set(_stored(self._execute(body, label, names)))
        return {name: names[name] for name in (*inputs, *sorted(stored - inputs.keys())) if name in names}

    def replace(self, label: str, source: str, kept: Collection[str]) -> None:
        """Runs an author's definitions and puts them in place of the notebook's, but for the `kept`."""
        names = _without_shadows(self.names)
        code = self._execute(self._parse(label, source).body, label, names)
        for name in set(_stored(code)) - set(kept):
            if name in names and not inspect.ismodule(names[name]):
                self.names[name] = stand_in(names[name], self.names.get(name))

    def _parse(self, label: str, source: str) -> ast.Module:
        filename = f"<{label}>"
        self.labels[filename] = label
        linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
        if is_foreign(source):
            print("[this cell is not run while grading]")
            return ast.Module(body=[], type_ignores=[])
        start = code_start(source)
        # IPython strips leading blank lines: put them back, or the line numbers of traces are wrong
        code = "\n" * source.count("\n", 0, start) + self.shell.transform_cell(source[start:])
        flags = ast.PyCF_ONLY_AST | self.futures
        tree = cast(ast.Module, compile(code, filename, "exec", flags, dont_inherit=True))
        return self.last.keep(label, source, unwrap(tree, source, code, self.shell.transform_cell))

    def _execute(self, body: list[ast.stmt], label: str, names: dict[str, Any]) -> CodeType:
        """Runs the statements and returns their code."""
        tree = ast.Module(body=body, type_ignores=[])
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT | self.futures
        code: CodeType = compile(tree, f"<{label}>", "exec", flags, dont_inherit=True)
        self.futures |= code.co_flags & FUTURES
        if code.co_flags & inspect.CO_COROUTINE:
            asyncio.run(eval(code, names))  # noqa: S307
        else:
            exec(code, names)  # noqa: S102
        return code


def _without_shadows(names: dict[str, Any]) -> dict[str, Any]:
    """The notebook's names but for those that would hide what is built in."""
    return {
        name: value for name, value in names.items() if name.startswith("__") or not hasattr(builtins, name)
    }


def _stored(code: CodeType) -> Iterable[str]:
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("STORE_NAME", "STORE_GLOBAL"):
            yield instruction.argval


def _overwrites(node: ast.stmt, inputs: dict[str, Any]) -> bool:
    """Whether the statement is `x = ...` for an input x and does not itself use x."""
    if not (
        isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name)
    ):
        return False
    name = node.targets[0].id
    used = (part.id for part in ast.walk(node.value) if isinstance(part, ast.Name))
    return name in inputs and name not in used


def flush_figures() -> None:
    """Closes what the student drew, or the figures of many calls would fill the memory."""
    if (plt := sys.modules.get("matplotlib.pyplot")) is not None:
        plt.close("all")
