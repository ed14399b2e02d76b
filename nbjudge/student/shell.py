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
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable
from types import CodeType
from typing import Any, cast

from nbjudge.notebooks.python_source import code_start, is_foreign
from nbjudge.student.cell import Orders, Outcome, run_statements

# What `from __future__ import` switches on: it holds for the rest of the notebook.
FUTURE = functools.reduce(
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
    _replace_commands(shell)
    builtins.input = _no_input
    return shell


def _replace_commands(shell: Any) -> None:
    def notice(command: str) -> Callable[..., None]:
        return lambda *args, **kwargs: print(f"[{command} is not run while grading]")

    shell.system = shell.system_raw = shell.system_piped = notice("a shell command")
    shell.getoutput = lambda *args, **kwargs: []
    for name in ("matplotlib", "pip", "conda", "mamba", "uv", "pylab", "gui", "pinfo", "pinfo2", "psource"):
        shell.register_magic_function(notice(f"%{name}"), "line", name)
    shell.register_magic_function(lambda line, cell=None: None, "line", "timeit")
    run_line_magic = shell.run_line_magic

    def run_known(name: str, line: str, _stack_depth: int = 1) -> Any:
        if shell.find_line_magic(name) is None:  # %tensorboard, %autoreload, ...
            return notice(f"%{name}")()
        if name in ("load_ext", "reload_ext"):
            return notice(f"%{name} {line}")()
        return run_line_magic(name, line, _stack_depth + 1)

    shell.run_line_magic = run_known


def _no_input(prompt: object = "") -> str:
    raise RuntimeError("input() cannot be answered while grading: use a variable instead")


class NotebookNamespace:
    """The namespace that the submitted notebook builds up, and the code that runs in it."""

    def __init__(self) -> None:
        self.shell = make_shell()
        self.names: dict[str, Any] = self.shell.user_ns
        self.future = 0  # flags of the compiler
        self.labels: dict[str, str] = {}  # code object's file name -> what the student calls the cell

    def run(self, label: str, source: str, orders: Orders, mark: Callable[[int], object]) -> Outcome:
        """Runs one cell as `run_statements` does; raises what only its whole text can be to blame for."""
        tree = self._parse(label, source)
        waits = "await" in source or "async" in source
        return run_statements(
            tree.body, lambda body: self._execute(body, label, self.names), orders, mark, waits=waits
        )

    def run_copy(self, label: str, source: str, inputs: dict[str, Any], drop: bool) -> dict[str, Any]:
        """Runs `source` in a copy of the namespace and returns the inputs' names and the names it assigned.

        `drop`: assignments that would overwrite an input with a value of the cell's own are left out.
        """
        tree = self._parse(label, source)
        body = [node for node in tree.body if not (drop and _overwrites(node, inputs))]
        names = {**self.names, **inputs}
        stored = set(_stored(self._execute(body, label, names)))
        return {name: names[name] for name in (*inputs, *sorted(stored - inputs.keys())) if name in names}

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
        return cast(ast.Module, compile(code, filename, "exec", ast.PyCF_ONLY_AST, dont_inherit=True))

    def _execute(self, body: list[ast.stmt], label: str, names: dict[str, Any]) -> CodeType:
        """Runs the statements and returns their code."""
        tree = ast.Module(body=body, type_ignores=[])
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT | self.future
        code: CodeType = compile(tree, f"<{label}>", "exec", flags, dont_inherit=True)
        self.future |= code.co_flags & FUTURE
        if code.co_flags & inspect.CO_COROUTINE:
            asyncio.run(eval(code, names))  # noqa: S307
        else:
            exec(code, names)  # noqa: S102
        return code


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
