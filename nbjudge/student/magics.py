"""IPython's magics where nobody sits at a screen: those that measure are transparent, those that ask or draw say so.

The magics that bind names become the statements that they hold, in the syntax tree, so that an assignment after `%time`
is one for everybody who reads the tree.
"""

from __future__ import annotations

import ast
import builtins
import io
import os
import re
import shlex
import sys
import time
from collections.abc import Callable
from typing import Any

from nbjudge.notebooks.python_source import captured_name, code_start
from nbjudge.student.commands import run_command
from nbjudge.student.notices import say, say_not_run

# Line magics that become the statement after them -> their options that take a value. The last three come with
# extensions, which are not loaded.
UNWRAPPED = {"time": "", "prun": "DlsT", "debug": "b", "memit": "rti", "mprun": "fT", "lprun": "fmDTsru"}
DRAWING = ("matplotlib", "gui", "pinfo", "pinfo2", "psource", "pdb", "reset", "reset_selective")
INSTALLING = ("pip", "conda", "mamba", "micromamba", "uv")
NOT_ASKED = "input() cannot be answered while grading: use a variable instead"


def replace_magics(shell: Any) -> None:
    """Gives the shell our magics and shell commands, and the debugger and `input` their answers."""
    lines, cells = shell.magics_manager.magics["line"], shell.magics_manager.magics["cell"]
    lines |= {name: _notice(f"%{name}") for name in (*DRAWING, *INSTALLING, "debug")}
    lines |= {"cd": _cd(), "pylab": _pylab(shell), "timeit": _timeit(shell)}
    lines |= {"config": _config(shell.find_line_magic("config")), "run": _run(shell.find_line_magic("run"))}
    cells |= {"timeit": _time_cell(shell), "debug": _debug_cell(shell)}
    shell.system = shell.system_raw = shell.system_piped = _system(shell)
    shell.getoutput = _getoutput(shell)
    shell.captured = _captured
    shell.magic = lambda line: shell.run_line_magic(*_split_magic(line), _stack_depth=2)
    shell.ask_exit = _notice("exit")
    _skip_unknown(shell)
    _answer_debuggers()
    builtins.input = _no_input


def _notice(what: str) -> Callable[..., None]:
    return lambda *args, **kwargs: say_not_run(what)


def _no_input(prompt: object = "") -> str:
    raise RuntimeError(NOT_ASKED)


def _split_magic(line: str) -> tuple[str, str]:
    name, _, rest = line.lstrip().lstrip("%").partition(" ")
    return name, rest.strip()


def _skip_unknown(shell: Any) -> None:
    """Magics of extensions, which are not loaded (%tensorboard, %autoreload, %%cython), say so."""
    run_line_magic, run_cell_magic = shell.run_line_magic, shell.run_cell_magic

    def run_line(magic_name: str, line: str, _stack_depth: int = 1) -> Any:
        if shell.find_line_magic(magic_name) is None:
            return say_not_run(f"%{magic_name}")
        if magic_name in ("load_ext", "reload_ext"):
            return say_not_run(f"%{magic_name} {line}")
        return run_line_magic(magic_name, line, _stack_depth + 1)

    def run_cell(magic_name: str, line: str, cell: str) -> Any:
        if shell.find_cell_magic(magic_name) is None:
            return say_not_run(f"%%{magic_name}")
        return run_cell_magic(magic_name, line, cell)

    shell.run_line_magic = run_line
    shell.run_cell_magic = run_cell


def _answer_debuggers() -> None:
    """Nobody is there to answer a debugger's prompt: the code goes on as after `continue`."""
    import pdb

    import IPython
    from IPython.core import debugger

    sys.breakpointhook = _notice("breakpoint()")
    pdb.set_trace = debugger.set_trace = _notice("set_trace()")
    pdb.post_mortem = pdb.pm = _notice("pdb")
    pdb.Pdb.set_trace = debugger.Pdb.set_trace = _notice("set_trace()")  # type: ignore[method-assign]
    IPython.embed = _notice("IPython.embed()")


# Magics that bind names


def unwrap(tree: ast.Module, source: str, code: str, transform: Callable[[str], str]) -> ast.Module:
    """The cell's tree with the statements that magics hold in their place, and what `%%capture` binds.

    `code` is what `transform` (IPython's) made of the source.
    """
    if "run_line_magic" in code:
        tree = _Unwrapper(transform).visit(tree)
    if (name := captured_name(source[: code_start(source)])) and tree.body:
        bind = ast.parse(f"{name} = get_ipython().captured()").body
        tree.body += [_placed(node, tree.body[-1]) for node in bind]
    return tree


class _Unwrapper(ast.NodeTransformer):
    """Puts what `%time`, `%prun` and `%debug` run in the place of the call that IPython made of them."""

    def __init__(self, transform: Callable[[str], str]) -> None:
        self.transform = transform

    def visit_Expr(self, node: ast.Expr) -> Any:
        body = self._statements(node.value)
        if not body:
            return self.generic_visit(node)
        return [_placed(part, node) for part in body]

    def visit_Call(self, node: ast.Call) -> Any:
        match self._statements(node):
            case [ast.Expr(value=value)]:
                return _placed(value, node)
        return self.generic_visit(node)

    def _statements(self, node: ast.expr) -> list[ast.stmt]:
        match node:
            case ast.Call(
                func=ast.Attribute(attr="run_line_magic"),
                args=[ast.Constant(value=str(name)), ast.Constant(value=str(line))],
            ) if name in UNWRAPPED:
                try:
                    return ast.parse(self.transform(_without_options(line, UNWRAPPED[name]))).body
                except (SyntaxError, ValueError):
                    return []
        return []


def _without_options(line: str, valued: str) -> str:
    while match := re.match(r"\s*-(-[\w-]+|\w)\s*", line):
        line = line[match.end() :]
        if match[1] in valued:
            line = line.partition(" ")[2]
    return line.strip()


def _placed(node: Any, place: ast.AST) -> Any:
    """`node` with every part at the place of another node, for traces."""
    for part in ast.walk(node):
        if hasattr(part, "lineno") or isinstance(part, ast.stmt | ast.expr):
            ast.copy_location(part, place)
    return node


def _captured() -> Any:
    """What `%%capture out` binds: the cell's output so far."""
    from IPython.utils.capture import CapturedIO

    text = getattr(sys.stdout, "text", str)()
    return CapturedIO(io.StringIO(text), io.StringIO(), [])


# Single magics


def _timeit(shell: Any) -> Callable[[str], Any]:
    def timeit(line: str) -> Any:
        """Runs the statement once, and only if somebody wants to know how long it took."""
        options, statement = _timeit_options(line)
        if "o" not in options:
            return None
        return _time_once(shell, "", statement)

    return _without_expansion(timeit)


def _time_cell(shell: Any) -> Callable[[str, str], Any]:
    def timeit(line: str, cell: str) -> Any:
        """Runs the cell once; what it binds is its own, as in the function that IPython makes of it."""
        options, setup = _timeit_options(line)
        result = _time_once(shell, setup, cell)
        return result if "o" in options else None

    return _without_expansion(timeit)


def _timeit_options(line: str) -> tuple[str, str]:
    """The letters of the options, and the statement."""
    letters = ""
    while match := re.match(r"\s*-(?:([nrp])\s*\d+|([tcqov])(?=\s|$))\s*", line):
        letters += match[1] or match[2]
        line = line[match.end() :]
    return letters, line


def _time_once(shell: Any, setup: str, body: str) -> Any:
    from IPython.core.magics.execution import TimeitResult

    tree = ast.parse("def timed():\n    pass")
    function = tree.body[0]
    assert isinstance(function, ast.FunctionDef)
    function.body = [*ast.parse(shell.transform_cell(f"{setup}\n{body}")).body, *function.body]
    names: dict[str, Any] = {}
    exec(compile(tree, "<timeit>", "exec", dont_inherit=True), shell.user_ns, names)  # noqa: S102
    started = time.perf_counter()
    names["timed"]()
    took = time.perf_counter() - started
    return TimeitResult(1, 1, took, took, [took], 0.0, 3)


def _debug_cell(shell: Any) -> Callable[[str, str], None]:
    def debug(line: str, cell: str) -> None:
        say_not_run("%%debug")
        shell.run_cell(cell)

    return _without_expansion(debug)


def _without_expansion(function: Callable[..., Any]) -> Callable[..., Any]:
    """Keeps IPython from replacing {x} and $x in the magic's code."""
    from IPython.core.magic import no_var_expand

    marked: Callable[..., Any] = no_var_expand(function)
    return marked


def _run(original: Callable[..., Any]) -> Callable[[str], Any]:
    def run(line: str) -> Any:
        """As IPython's; of a file that is not there it says so, and the cell goes on."""
        try:
            return original(line)
        except Exception as error:
            if "not found" not in str(error):
                raise
            return say(f"%run {line}: there is no such file while grading")

    return run


def _config(original: Callable[..., Any]) -> Callable[[str], Any]:
    def config(line: str) -> Any:
        """As IPython's; what it does not know sets nothing."""
        try:
            return original(line)
        except Exception:
            return say_not_run(f"%config {line}")

    return config


def _pylab(shell: Any) -> Callable[[str], None]:
    def pylab(line: str) -> None:
        """Gives the notebook the names of numpy and matplotlib.pyplot, as %pylab does."""
        from IPython.core.pylabtools import import_pylab

        import_pylab(shell.user_ns, "--no-import-all" not in line)

    return pylab


def _cd() -> Callable[[str], None]:
    before: list[str] = []

    def cd(line: str) -> None:
        """Changes the folder where it is there, and says so where it is not."""
        words = [word for word in _words(line) if word != "-q"]
        target = words[0] if words else "~"
        if target == "-":
            target = before[-1] if before else "."
        here = os.getcwd()
        try:
            os.chdir(os.path.expanduser(target))
        except OSError:
            say(f"%cd {target}: there is no such folder while grading")
        else:
            before.append(here)
            if "-q" not in line.split():
                print(os.getcwd())

    return cd


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:
        return line.split()


# Shell commands


def _system(shell: Any) -> Callable[..., None]:
    def system(command: str, *_: object, **__: object) -> None:
        lines, code = run_command(shell.var_expand(command, depth=1), shell.home)
        for line in lines:
            print(line)
        shell.user_ns["_exit_code"] = code

    return system


def _getoutput(shell: Any) -> Callable[..., Any]:
    def getoutput(command: str, split: bool = True, depth: int = 0) -> Any:
        from IPython.utils.text import LSString, SList

        lines, _ = run_command(shell.var_expand(command, depth=depth + 1), shell.home)
        return SList(lines) if split else LSString("\n".join(lines))

    return getoutput
