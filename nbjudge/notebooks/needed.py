"""Which statements of the student's own cells something may need: a backward slice over names, read and never run.

Only what a person would not miss is left out: prints, plots, a training for show whose result nobody reads. Where
names cannot tell, the statement is needed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from nbjudge.model import Cell, Program
from nbjudge.notebooks.effects import BUILTINS, Effects, base_of, last_word, roots
from nbjudge.notebooks.python_source import (
    ASSIGNED_MAGIC,
    MAX_PARSED,
    captured_name,
    code_start,
    parse,
    top_level,
)
from nbjudge.notebooks.statements import DEFINITIONS, Names, executed_now, first_line, names_of

MAX_STATEMENTS = 20_000  # lines and semicolons of one notebook: some seconds of reading
TIMED = re.compile(r"^([ \t]*)%(?:time|prun|memit|mprun)\b(?:[ \t]+-\w+)*[ \t]+(?=\S)", re.MULTILINE)
WORD = re.compile(r"[^\W\d]\w*")
FILES = "<files>"  # stands among the names for whatever lies on the disk; no name can be written so
LAST_OUTPUT = frozenset(("_", "__", "___", "Out"))
ANYTHING = frozenset(("globals", "locals", "vars", "eval", "exec"))  # whoever calls these may need any name
REACHING = frozenset(
    ("globals", "locals", "vars", "exec", "get_ipython")
)  # statements that may bind any name
SHOWING = frozenset(
    (
        "print",
        "display",
        "pprint",
        "help",
        "len",
        "repr",
        "str",
        "type",
        "dir",
        "id",
        "isinstance",
        "input",
        "sum",
    )
)
# Libraries that draw or describe; of theirs only what sets something stays.
DRAWING = frozenset(
    (
        *("matplotlib", "seaborn", "plotly", "IPython", "pprint", "torchinfo", "torchsummary", "torchviz"),
        *("graphviz", "bokeh", "altair", "unittest", "doctest", "time", "timeit", "gc"),
    )
)
# Libraries whose functions return something, unless their name says that they set or write something.
COMPUTING = frozenset(
    ("torch", "numpy", "pandas", "scipy", "sklearn", "torchvision", "math", "statistics", "itertools")
)
SETTING = re.compile(
    r"(manual_)?seed|set|set_\w+|use\w*|style|theme|rc\w*|switch_\w+|ion|ioff|filterwarnings|simplefilter|enable\w*|"
    r"disable\w*|manual_\w+|register\w*|add_\w+|init\w*|\w+_init|patch|apply|configure|basicConfig|default\w*|"
    r"(xavier|kaiming|trunc|sparse)_\w+|normal_|uniform_|zeros_|ones_|constant_|eye_|orthogonal_"
)
WRITING = re.compile(r"save\w*|write\w*|dump|to_csv|to_json|to_pickle|to_parquet|tofile|touch|savefig")
READING = re.compile(
    r"load\w*|open|read\w*|genfromtxt|fromfile|imread|listdir|exists|is_file|is_dir|isfile|isdir|r?glob|iterdir|\w*Folder"
)


@dataclass(slots=True)
class _Statement:
    """A top-level statement of one of the student's cells."""

    cell: int
    line: int
    names: Names
    changed: set[str] = field(default_factory=set)  # names whose object it may change
    lent: set[str] = field(
        default_factory=set
    )  # names of objects that it hands to a call, which may change them
    always: bool = False
    decorated: bool = False
    kept: bool = False
    whole: bool = False  # also what the functions in it read is needed


def unneeded_lines(program: Program, asked: Collection[str]) -> dict[int, tuple[int, ...]]:
    """Position of an added cell in the program -> lines where statements begin that nothing needs.

    `asked` are the names that tests may ask for. A cell that can't be read is not in the answer, nor is any cell of a
    notebook with too many statements: they run as they are.
    """
    if not any(cell.kind == "added" for cell in program.cells):
        return {}
    if sum(cell.source.count("\n") + cell.source.count(";") for cell in program.cells) > MAX_STATEMENTS:
        return {}
    try:
        return _Slice(program, asked).unneeded()
    except RecursionError:
        return {}


def asked_names(tests: Iterable[str]) -> frozenset[str]:
    """The names that test files may ask a notebook for: attributes, keywords, and the words of texts that are code."""
    found: set[str] = set()
    for source in tests:
        tree = parse(source)
        if tree is None:
            found |= set(WORD.findall(source))
            continue
        prose = {  # docstrings, and keys of what the tests hold already
            id(node.value if isinstance(node, ast.Expr) else node.slice)
            for node in ast.walk(tree)
            if isinstance(node, ast.Expr | ast.Subscript)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute):
                found.add(node.attr)
            elif isinstance(node, ast.keyword) and node.arg:
                found.add(node.arg)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
                found |= _words(node.value)
            elif isinstance(node, ast.JoinedStr):
                parts = [part.value if isinstance(part, ast.Constant) else "_" for part in node.values]
                found |= _words("".join(map(str, parts)))
    return frozenset(found)


def _words(text: str) -> set[str]:
    """The names that a text asks for if it is code; none of a sentence."""
    words = set(WORD.findall(text))
    if len(words) <= 1:
        return words
    tree = parse(text)
    asked: set[str] = set()
    made: set[str] = set()
    for node in tree.body if tree else ():
        names = names_of(node)
        asked |= (names.used - names.used_now) | (names.used_now - made)
        made |= names.bound
    return asked


class _Slice:
    """One program's statements, and what is known to be needed of them."""

    def __init__(self, program: Program, asked: Collection[str]) -> None:
        self.needed = set(asked)
        self.statements: list[_Statement] = []
        self.imported: dict[str, str] = {}  # local name -> the library that it comes from
        self.given: set[str] = set()  # names that the course's own cells bind
        self.functions: dict[str, ast.stmt] = {}
        self.setters: dict[
            str, bool
        ] = {}  # function -> whether it sets something for everybody, and does not train
        self.last_bound: dict[str, int] = {}  # name -> the last cell of a changed solution that binds it
        self.last_read: dict[str, int] = {}  # name -> the last solution or given cell that reads it
        self.resets: dict[str, set[str]] = {}  # function -> the globals that it binds
        trees = [_tree(cell.source) for cell in program.cells]
        if not any(
            not isinstance(node, DEFINITIONS)
            for cell, tree in zip(program.cells, trees, strict=True)
            if cell.kind == "added" and tree
            for node in tree.body
        ):
            return  # the usual case: there is nothing to leave out
        for tree in trees:
            self._note_imports(tree)
        own: list[tuple[int, ast.stmt, Names]] = []
        every: list[tuple[ast.stmt, Names]] = []
        for position, (cell, tree) in enumerate(zip(program.cells, trees, strict=True)):
            made: set[str] = set()  # by the cell's statements so far
            for node in tree.body if tree else ():
                names = names_of(node)
                every.append((node, names))
                self._note_function(node, names)
                if cell.kind == "added":
                    own.append((position, node, names))
                else:
                    outside = (names.used - names.used_now) | (names.used_now - made)
                    self._need(outside | _disk(names, READING))
                    self.last_read |= dict.fromkeys(outside, position)
                    self._note_made(position, cell, names, stub=cell.id in program.unchanged)
                made |= names.bound
            if cell.kind == "added":
                self._note_magics(cell.source)
                if tree and tree.body and isinstance(tree.body[-1], ast.Expr):
                    own[-1][2].bound.update(LAST_OUTPUT)
                if captured := captured_name(cell.source[: code_start(cell.source)]):
                    for at, _, names in own:  # any line of the cell may print
                        if at == position:
                            names.bound.add(captured)
        imported = frozenset(self.imported)
        self.effects = Effects(imported, imported | {*self.given, *self.functions} | BUILTINS)
        for node, names in every:
            self.effects.note(node, names)
        self.statements = [self._statement(*one) for one in own]

    def _note_made(self, position: int, cell: Cell, names: Names, *, stub: bool) -> None:
        if cell.kind == "given":
            self.given |= names.bound
        elif not stub:
            self.last_bound |= dict.fromkeys(names.bound, position)

    def _note_magics(self, source: str) -> None:
        if "%" in source:  # `t = %timeit -o f(x)`: what it reads is text to Python
            self._need(word for line in ASSIGNED_MAGIC.finditer(source) for word in WORD.findall(line[0]))

    def unneeded(self) -> dict[int, tuple[int, ...]]:
        """The lines of statements that nothing needs, unless a needed one begins there too."""
        again = not self.needed & ANYTHING
        while again:
            again = False
            for statement in self.statements:
                again = self._look(statement) or again
            again = again and not self.needed & ANYTHING
        if self.needed & ANYTHING:
            return {}
        kept = {(one.cell, one.line) for one in self.statements if one.kept}
        lines: dict[int, list[int]] = {}
        for one in self.statements:
            if (one.cell, one.line) not in kept:
                lines.setdefault(one.cell, []).append(one.line)
        return {cell: tuple(found) for cell, found in lines.items()}

    def _look(self, one: _Statement) -> bool:
        """Notes whether the statement is needed, and what it needs; whether that is news."""
        if one.whole:
            return False
        wanted = {name for name in one.names.bound & self.needed if self._counts(name, one)}
        needed = bool(
            wanted
            or one.changed & self.needed
            or one.lent & self.needed
            or any(self.resets.get(name, set()) & self.needed for name in one.names.used_now)
        )
        if needed:
            one.kept = one.whole = True
            self._need(one.names.used)
            if not wanted:  # what it makes of a needed object may be a part of that (an optimizer of a model)
                self._need(one.names.bound - {*self.last_bound, *LAST_OUTPUT})
            return True
        if one.always and not one.kept:
            one.kept = True
            self._need(one.names.used_now)
            return True
        return False

    def _need(self, names: Iterable[str]) -> None:
        self.needed |= set(names)

    def _counts(self, name: str, one: _Statement) -> bool:
        """Whether binding the name there matters: not, if a finished solution made it and no later cell reads it."""
        made = self.last_bound.get(name, -1)
        if one.always or made < 0 or made > one.cell:
            return True
        return name not in self.functions and self.last_read.get(name, -1) > one.cell

    def _note_imports(self, tree: ast.Module | None) -> None:
        for node in top_level(tree.body) if tree else ():
            if isinstance(node, ast.Import | ast.ImportFrom):
                for alias in node.names:
                    library = (node.module or "") if isinstance(node, ast.ImportFrom) else alias.name
                    local = alias.asname or alias.name.partition(".")[0]
                    self.imported[local] = library.partition(".")[0]

    def _note_function(self, node: ast.stmt, names: Names) -> None:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            return
        self.functions[node.name] = node
        if names.bound_later:
            self.resets.setdefault(node.name, set()).update(names.bound_later)

    def _is_setter(self, function: str) -> bool:
        if function not in self.setters:
            node = self.functions.get(function)
            self.setters[function] = False  # also while it is looked at: it may call itself
            if isinstance(node, ast.FunctionDef) and not _trains(node):
                self.setters[function] = any(self._sets(part) for part in ast.walk(node))
        return self.setters[function]

    def _statement(self, position: int, node: ast.stmt, names: Names) -> _Statement:
        one = _Statement(position, first_line(node), names)
        one.names.used |= _disk(names, READING)
        one.changed |= _disk(names, WRITING)
        if isinstance(node, DEFINITIONS):
            one.always = True
            for decorator in getattr(node, "decorator_list", ()):
                one.changed |= {part.id for part in ast.walk(decorator) if isinstance(part, ast.Name)}
        elif isinstance(node, ast.Pass):  # or a magic, which may do something
            one.always = True
        else:
            self._changes(node, one)
        effects = self.effects
        one.changed = effects.reach(one.changed | effects.emptied(node)) | effects.changed_by_calls(
            node, names
        )
        one.lent = effects.reach(one.lent) - effects.own - (effects.fixed - effects.variable)
        return one

    def _changes(self, node: ast.stmt, one: _Statement) -> None:
        """Notes what the statement changes besides binding names."""
        settings = not isinstance(node, ast.With | ast.AsyncWith) and not _trains(node)
        for part in executed_now(node):
            if isinstance(part, ast.Attribute | ast.Subscript) and not isinstance(part.ctx, ast.Load):
                base = base_of(part)
                if base in self.imported:
                    one.always = one.always or settings
                one.always = one.always or base in REACHING
                one.changed |= roots(part)
            elif isinstance(part, ast.Delete):
                one.changed |= one.names.bound
            elif isinstance(part, ast.Call):
                one.always = one.always or (settings and self._sets(part))
                self._note_call(part, one)
            elif isinstance(part, DEFINITIONS) and not isinstance(node, DEFINITIONS):
                one.always = one.always or isinstance(node, ast.Try | ast.If)
            elif isinstance(part, ast.Expr) and isinstance(part.value, ast.Call):
                called = part.value.func
                one.always = one.always or base_of(called) in REACHING
                if isinstance(called, ast.Attribute) and base_of(called) not in self.imported:
                    one.changed |= roots(called)
                elif settings and self._unknown(part.value):
                    one.always = True
            elif isinstance(part, ast.withitem):
                one.lent |= roots(part.context_expr)
            elif isinstance(part, ast.Pass) and isinstance(node, ast.If | ast.Try | ast.With):
                one.always = True

    def _note_call(self, call: ast.Call, one: _Statement) -> None:
        base = base_of(call.func)
        if base in SHOWING or self.imported.get(base) in DRAWING:
            return
        own = {*self.given, *self.functions, *self.imported, *BUILTINS}
        parts: list[ast.AST] = [*call.args, *(keyword.value for keyword in call.keywords)]
        parts += [call.func] if isinstance(call.func, ast.Lambda) else []
        lent = {part.id for each in parts for part in ast.walk(each) if isinstance(part, ast.Name)}
        one.lent |= (lent | {base}) - own

    def _sets(self, node: ast.AST) -> bool:
        """Whether this is a call that changes something for everything after: a seed, a default, a style."""
        if not isinstance(node, ast.Call):
            return False
        base, last = base_of(node.func), last_word(node.func)
        if self._is_setter(base):
            return True
        if base not in self.imported:
            return False
        return any(SETTING.fullmatch(name) for name in (*_dotted(node.func)[1:], last))

    def _unknown(self, call: ast.Call) -> bool:
        """Whether the call goes to a library of which nothing is known."""
        base = base_of(call.func)
        library = self.imported.get(base)
        return (
            library is not None
            and library not in DRAWING | COMPUTING
            and not WRITING.fullmatch(last_word(call.func))
        )


def _tree(source: str) -> ast.Module | None:
    if len(source) > MAX_PARSED:
        return None
    return parse(TIMED.sub(r"\1", source) if "%" in source else source)


def _dotted(node: ast.AST) -> list[str]:
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return [*([node.id] if isinstance(node, ast.Name) else [""]), *reversed(parts)]


def _disk(names: Names, pattern: re.Pattern[str]) -> set[str]:
    """The disk's stand-in among the names, if the statement calls something whose name fits."""
    return {FILES} if any(map(pattern.fullmatch, names.called)) else set()


def _trains(node: ast.AST) -> bool:
    """Whether there is a step of training inside: then a call that sets something is not what it is for."""
    attributes = {part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute)}
    return bool(attributes & {"backward", "step"})
