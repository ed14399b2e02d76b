"""Which lines of a student's code reach for the interpreter's insides or for this package: for a person to look at.

There are honest reasons for each of them, so what is found is a note and never a verdict; and who wants to hide can.
The walls don't depend on it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from nbjudge.model import Cell
from nbjudge.notebooks.python_source import parse
from nbjudge.notes import Note

WORDS = frozenset(
    (
        *("get_objects", "get_referrers", "get_referents"),
        *("_getframe", "_current_frames", "currentframe", "f_back", "f_globals", "f_locals", "tb_frame"),
        *("settrace", "setprofile", "linecache", "ctypes", "__globals__", "__closure__", "nbjudge"),
    )
)
ANY = re.compile(rf"(?<!\w)(?:{'|'.join(sorted(WORDS))}|inspect)(?!\w)")
MAX_NOTES = 20


def find_reaches(cells: Iterable[Cell]) -> tuple[Note, ...]:
    """A note for each line of the student's own cells that reaches for such a thing, the first MAX_NOTES."""
    notes: dict[tuple[int, int, str], Note] = {}
    for cell in cells:
        if cell.kind == "given" or cell.index is None:
            continue
        for line, what in _found(cell.source):
            values: dict[str, str | int] = {"cell": cell.index, "line": line, "what": what}
            notes.setdefault((cell.index, line, what), Note("reaches_for", values))
            if len(notes) == MAX_NOTES:
                return tuple(notes.values())
    return tuple(notes.values())


def _found(source: str) -> Iterator[tuple[int, str]]:
    if not ANY.search(source):
        return  # nearly always, and nothing need be parsed
    tree = parse(source)
    if tree is None:
        for match in ANY.finditer(source):
            if match[0] != "inspect":
                yield source.count("\n", 0, match.start()) + 1, match[0]
        return
    for node in ast.walk(tree):
        for what in _names(node):
            yield getattr(node, "lineno", 1), what


def _names(node: ast.AST) -> Iterator[str]:
    """The words among what the node itself names; a text counts if it is nothing but such a word, as for getattr."""
    named: list[str] = []
    match node:
        case ast.Attribute(value=ast.Name(id="inspect"), attr="stack"):
            yield "inspect.stack"
        case ast.ImportFrom(module="inspect", names=names) if any(alias.name == "stack" for alias in names):
            yield "inspect.stack"
        case ast.Attribute(attr=name) | ast.Name(id=name) | ast.Constant(value=str(name)):
            named = name.split(".") if len(name) < 100 else []
        case ast.ImportFrom(module=module, names=names):
            named = [*(module or "").split("."), *(alias.name for alias in names)]
        case ast.Import(names=names):
            named = [part for alias in names for part in alias.name.split(".")]
    yield from (name for name in named if name in WORDS)
