"""A cell's source: which parts are IPython's syntax, and what its Python code defines, read without running it.

The student's process imports this module too: the standard library and nothing else.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Collection, Iterable, Iterator

MAX_PARSED = 200_000  # characters; beyond, and where Python can't parse, a pattern at line starts must do
# Cell magics that measure or capture: the cell runs as if they were not there. Not so %%timeit, which binds nothing.
TRANSPARENT_MAGICS = ("time", "capture", "prun", "memit")
PYTHON_MAGICS = (*TRANSPARENT_MAGICS, "debug")  # cell magics whose body is still Python
# Cell magics that would start another program or draw: the cell is not run.
FOREIGN_MAGICS = (
    *("bash", "sh", "script", "system", "sx", "!", "perl", "ruby", "python", "python2", "python3", "pypy"),
    *("html", "javascript", "js", "svg", "latex", "markdown"),
)
CELL_MAGIC = re.compile(r"\s*%%(\w+)[^\n]*")
TRANSPARENT = re.compile(rf"(?:[ \t]*(?:%%(?:{'|'.join(TRANSPARENT_MAGICS)})\b[^\n]*)?\n)*")
FOREIGN = re.compile(rf"\s*%%({'|'.join(FOREIGN_MAGICS)})\b")
CAPTURE = re.compile(r"^[ \t]*%%capture[ \t]+(?:--[\w-]+[ \t]+)*([A-Za-z_]\w*)[ \t]*$", re.MULTILINE)
MEASURED = re.compile(
    r"^([ \t]*)%(?:time|prun|debug|memit)[ \t]+(?:--?\w[\w-]*[ \t]+(?:\d+[ \t]+)?)*(?=[^\s-])", re.MULTILINE
)
ASSIGNED_MEASURED = re.compile(r"^([ \t]*\w[\w.\[\], \t]*=[ \t]*)%(?:time|prun|memit)[ \t]+", re.MULTILINE)
LINE_MAGIC = re.compile(r"^([ \t]*)[%!?].*$", re.MULTILINE)
PROMPT = re.compile(r"^(?:>>>|\.\.\.|[ \t]*In \[\d+\]:|[ \t]*\.\.\.+:)(?:[ ]|$)", re.MULTILINE)
PROMPTED = re.compile(r"\s*(?:>>> |In \[\d+\]: )")
INDENT = re.compile(r"\n*([ \t]+)\S")
HELP = re.compile(r"^([ \t]*)[\w.]+\?{1,2}[ \t]*$", re.MULTILINE)
ASSIGNED_MAGIC = re.compile(r"^([ \t]*\w[\w.\[\], \t]*=[ \t]*)[%!].*$", re.MULTILINE)
AT_LINE_START = re.compile(
    r"^(?:async[ \t]+def|def|class)[ \t]+(\w+)|^(\w+)[ \t]*(?::[^=\n]*)?=(?!=)", re.MULTILINE
)


def defined_names(source: str) -> frozenset[str]:
    """The names that the code binds at top level: functions, classes, assignments, not imports."""
    tree = parse(source)
    if tree is None:
        return names_at_line_starts(source)
    return frozenset(
        name
        for node in top_level(tree.body)
        if not isinstance(node, ast.Import | ast.ImportFrom)
        for name in bound_names(node)
    )


def names_at_line_starts(source: str) -> frozenset[str]:
    """The same by a pattern, for code that is broken or too long to parse."""
    return frozenset(
        function or variable for function, variable in AT_LINE_START.findall(plain_python(source))
    )


def parse(source: str) -> ast.Module | None:
    """The syntax tree, None if this is not Python or too much of it."""
    if len(source) > MAX_PARSED:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the terminal need not hear of "\d" in a student's text
            try:
                return ast.parse(source)
            except SyntaxError:
                return ast.parse(plain_python(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def plain_python(source: str) -> str:
    """The source with IPython's magics and shell lines made Python that does nothing; every line keeps its number.

    Nothing is left of a cell whose magic makes it another language's.
    """
    source = _unpasted(source)
    magic = CELL_MAGIC.match(source)
    if magic and magic[1] not in PYTHON_MAGICS:
        return ""
    if magic:
        captured = f"{name} = None" if (name := captured_name(magic[0])) else ""
        source = "\n" * magic[0].count("\n") + captured + source[magic.end() :]
    return without_line_magics(source)


def _unpasted(source: str) -> str:
    """The source without prompts, or without the indentation of all of it, as IPython takes what was pasted."""
    if PROMPTED.match(source):
        return PROMPT.sub("", source)
    indent = INDENT.match(source)
    return re.sub(f"^{indent[1]}", "", source, flags=re.MULTILINE) if indent else source


def without_line_magics(source: str) -> str:
    """The source with each magic, shell and help line made `pass`, and `None` where its value is assigned.

    Of magics that measure a statement (`%time x = f()`) the statement stays.
    """
    source = ASSIGNED_MEASURED.sub(r"\1", MEASURED.sub(r"\1", source))
    source = ASSIGNED_MAGIC.sub(r"\1None", source)
    source = LINE_MAGIC.sub(r"\1pass", source)
    return HELP.sub(r"\1pass", source)


def is_foreign(source: str) -> bool:
    """Whether the cell begins with a magic that hands it to another program, which grading doesn't start."""
    return FOREIGN.match(source) is not None


def code_start(source: str) -> int:
    """Where the cell's code begins, after blank lines and magics that only measure or capture."""
    match = TRANSPARENT.match(source)
    return match.end() if match else 0


def captured_name(magics: str) -> str:
    """What `%%capture name` in the lines before a cell's code binds; "" if nothing."""
    match = CAPTURE.search(magics)
    return match[1] if match else ""


def additions(edited: str, original: str, *, calls: bool = True) -> str:
    """What an edited given cell brings along: the statements that the original lacks, if they bind a name that it lacks.

    With `calls` also those that bind none and magics, but not what only shows something. The other lines are blank, so that line
    numbers in tracebacks stay those of the student's cell.
    """
    new, old = parse(edited), parse(original)
    if new is None or old is None:
        return ""
    known = {name for node in top_level(old.body) for name in bound_names(node)}
    texts = {_dumped(node) for node in old.body}
    lines = edited.split("\n")  # splitlines() also splits at form feeds, where Python doesn't
    result = [""] * len(lines)
    known_lines = {line.strip() for line in original.split("\n")}
    for node in new.body:
        if isinstance(node, ast.Pass):  # a magic is `pass` here
            line = lines[node.lineno - 1]
            if calls and line.lstrip().startswith(("%", "!")) and line.strip() not in known_lines:
                result[node.lineno - 1] = line
            continue
        if _dumped(node) in texts:
            continue
        bound = {name for part in top_level([node]) for name in bound_names(part)}
        if known.issuperset(bound) if bound else not calls or _only_shows(node):
            continue  # the course's version counts
        first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
        last = node.end_lineno or node.lineno
        result[first - 1 : last] = lines[first - 1 : last]
    return "\n".join(result).rstrip()


def lines_binding(source: str, names: Collection[str], *, without: bool = False) -> str:
    """The statements that bind one of the names, or all others if `without` them; all of it if that can't be read.

    The other lines are blank, so that line numbers stay those of the cell.
    """
    tree = parse(source)
    if tree is None:
        return source
    lines = source.split("\n")
    result = [""] * len(lines)
    for node in tree.body:
        bound = {name for part in top_level([node]) for name in bound_names(part)}
        if bound.isdisjoint(names) == without:
            first, last = node.lineno, node.end_lineno or node.lineno
            first = min([first, *(d.lineno for d in getattr(node, "decorator_list", []))])
            result[first - 1 : last] = lines[first - 1 : last]
    return "\n".join(result).rstrip()


def _dumped(node: ast.stmt) -> str:
    try:
        return ast.dump(node)
    except RecursionError:
        return ""


def _only_shows(node: ast.stmt) -> bool:
    if not isinstance(node, ast.Expr) or any(isinstance(part, ast.NamedExpr) for part in ast.walk(node)):
        return False
    called = node.value.func if isinstance(node.value, ast.Call) else None
    return called is None or (isinstance(called, ast.Name) and called.id in ("print", "display"))


def top_level(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a module, into `if`, `for`, `with` and `try` but not into functions and classes."""
    todo = list(body)[::-1]
    while todo:
        node = todo.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            inner = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)]
            handlers = [stmt for handler in getattr(node, "handlers", []) for stmt in handler.body]
            todo.extend((inner + handlers)[::-1])


def bound_names(node: ast.stmt) -> frozenset[str]:
    """The names that this one statement binds."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return frozenset([node.name])
    if isinstance(node, ast.Import | ast.ImportFrom):
        return frozenset(alias.asname or alias.name.partition(".")[0] for alias in node.names)
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AnnAssign | ast.For | ast.AsyncFor):
        targets = [node.target]
    elif isinstance(node, ast.With | ast.AsyncWith):
        targets = [item.optional_vars for item in node.items if item.optional_vars]
    return frozenset(
        part.id
        for target in targets
        for part in ast.walk(target)
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
    )
