"""What an answer reads is the same, whether all of a notebook's own statements run or only those that it needs."""

import ast
import contextlib
import io
import re
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbjudge.model import Cell, Program
from nbjudge.notebooks.needed import unneeded_lines

# Anything that a notebook does to a model, a list or a dictionary can be done to a Box, which remembers it.
GIVEN = """
import functools
import types

class Box:
    def __init__(self, *parts):
        self.parts = list(parts)

    def add(self, part=0):
        self.parts.append(part)
        return self

    def step(self):
        self.parts.append("step")

    backward = to = step

    def __call__(self, *parts):
        return Box(*self.parts[:1], *parts)

    def __iter__(self):
        return iter([part for part in self.parts if isinstance(part, Box)] or [Box(1)])

    def __getitem__(self, key):
        return next(iter(self))

    def __setitem__(self, key, value):
        self.parts.append((key, value))

    def __delitem__(self, key):
        del self.parts[-1:]

    def __iadd__(self, other):
        return self.add(other)

    def __add__(self, other):
        return Box(self, other)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.parts.append("left")

def fill(box, part=0):
    box.add(part)
"""
# A, B and C are names of the student's own.
STATEMENTS = [
    # bindings
    "A = Box(1)", "A = B", "A = Box(B)", "A = B + C", "A, C = B, Box(2)", "(A, *C) = B, Box(3), Box(4)", "A: object = Box(5)",
    "A = C = Box(6)", "[A, C] = [B, 1]", "A = B[0]", "A = B.parts", "A = [Box(i) for i in range(2)]", "A = {'x': B}['x']",
    "A = B if B else C", "A = B or C", "print(A := Box(7))", "A = lambda: B.add(1)", "A = functools.partial(fill, B)", "A = B.add",
    "A = types.SimpleNamespace(part=B)", "from functools import partial as A", "A = [B, C]", "A = max([B, C], key=lambda part: part is B)",
    "if B:\n    A = Box(8)\nelse:\n    A = Box(9)", "try:\n    import nosuchmodule\n    A = 1\nexcept ImportError:\n    A = Box(10)",
    "try:\n    A = Box(B)\nfinally:\n    C = Box(11)", "for A in B:\n    pass", "for A, C in [(B, 1)]:\n    pass", "with B as A:\n    pass",
    "with B:\n    A = Box(12)", "match B:\n    case A:\n        pass", "A = 3\nwhile A:\n    A -= 1", "del A", "A = [B for B in C]",
    "global A\nA = Box(13)", "import types as A\nA = Box(A is None)",
    # changes of what is there
    "A.add(1)", "A.add(B)", "A += 1", "A += B", "A.part = B", "A['x'] = B", "A.part.deep = 1", "A[0][1] = 2", "A[0].add(3)",
    "A.parts[0] = B", "del A[0]", "del A.parts", "A.parts += [4]", "fill(A)", "fill(B, A)", "setattr(A, 'part', B)", "A.__dict__['x'] = 5",
    "for part in A:\n    part.add(6)", "for part in [A, B]:\n    part.add(7)", "for i in range(2):\n    A.add(i)", "[part.add(8) for part in A]",
    "_ = [part.add(9) for part in (A, B)]", "with A as inner:\n    inner.add(10)", "if A:\n    B.add(11)", "A.add(1).add(2)", "A()", "A(B)",
    "assert A.add(12)", "print(A.add(13))", "x = A.add(14)", "list(map(fill, [A, B]))", "A.part, B.part = 1, 2", "(A.add(15), B.add(16))",
    "A[B := 0] = C", "for A.part in B:\n    pass", "with B as A.part:\n    pass", "Box.kind = A", "Box.twice = lambda self: fill(A)",
    "A[0], C = 1, 2", "A.add(1) if B else C.add(2)", "A and B.add(3)", "f'{A.add(17)}'", "not A.add(18)", "max(A.add(19), B, key=bool)",
    "while len(A.parts) < 3:\n    A.add(20)", "try:\n    A.add(21)\n    nothing.here\nexcept NameError:\n    B.add(22)", "A.step()", "A.backward()",
    # functions and classes that change something when they are called
    "def f():\n    A.add(1)", "def f():\n    A.part = B", "def f():\n    global A\n    A = Box(1)", "def f(x=A):\n    x.add(2)", "def f(x=None):\n    fill(A)",
    "def f(x=None):\n    for part in A:\n        part.add(3)", "def f(x=None):\n    g()", "def g(x=None):\n    A.add(4)", "def g():\n    return A",
    "def f():\n    def inner():\n        A.add(5)\n    inner()", "def f(x=None):\n    y = A\n    y.add(6)", "async def h():\n    A.add(7)",
    "class K:\n    def __init__(self):\n        A.add(8)", "class K:\n    def go(self):\n        A.add(9)", "class K:\n    part = A\n    part.add(10)",
    "class K(Box):\n    pass", "f()", "g()", "f(A)", "A = f()", "A = f", "g().add(11)", "K()", "A = K()", "A.go()", "K().go()", "K.part = A", "A = K(B)",
    "def d(x):\n    A.add(12)\n    return x", "@d\ndef e():\n    return A", "@functools.wraps(d)\ndef e():\n    return B", "@d\nclass E:\n    pass",
    "def swap():\n    global A, B\n    A, B = B, A", "swap()", "print(f())", "x = [f() for _ in range(2)]", "for _ in range(2):\n    f()", "A.hook = f", "A.hook()",
    # objects in other objects, generators, methods handed around
    "def gen():\n    A.add(1)\n    yield A", "next(gen())", "for part in gen():\n    part.add(2)", "x = list(gen())",
    "list(map(A.add, [1, 2]))", "sorted([3, 1], key=A.add)", "import copy\nA = copy.copy(B)", "vars(A)['x'] = B", "types.y = A",
    "types.y.add(1)", "Box.more = A", "Box.more.add(1)",
    "class P:\n    def __enter__(self):\n        A.add(3)\n    def __exit__(self, *_):\n        pass", "with P():\n    pass", "p = P()",
    "with p:\n    pass", "from contextlib import contextmanager\n@contextmanager\ndef cm():\n    A.add(4)\n    yield B",
    "with cm() as z:\n    z.add(5)", "A = [B]\nA[0].add(6)", "A = {'k': [B]}", "for k, v in {'k': A}.items():\n    v.add(7)",
    "for i, part in enumerate([A, B]):\n    part.add(i)", "for one, two in zip([A], [B]):\n    two.add(8)", "one, two = A, B\ntwo.add(9)",
    "def h(*parts, **more):\n    for part in parts:\n        part.add(1)", "h(A, B)", "h(*[A])", "pairs = [(A, B)]",
    "for one, two in pairs:\n    one.add(2)", "[h(part) for part in [A]]", "{h(part): 1 for part in [A]}", "lst = []\nlst.append(A)",
    "lst[0].add(3)", "lst[-1].step()", "d = dict(one=A)", "d['one'].add(4)", "d.get('one').add(5)",
    "class W:\n    def __init__(self, box):\n        self.box = box\n    def go(self):\n        self.box.add(6)", "w = W(A)", "w.go()",
    "w.box.add(7)", "W(B).go()", "ws = [W(A), W(B)]", "for w in ws:\n    w.go()", "f2 = lambda x=A: x.add(8)", "f2()",
    "def outer(box):\n    def inner():\n        box.add(9)\n    return inner", "o = outer(A)", "o()",
    "run = functools.partial(fill, part=2)", "run(A)", "A.cb = lambda: B.add(1)", "A.cb()",
    "def swapparts():\n    A.parts, B.parts = B.parts, A.parts", "swapparts()", "t = (A, B)", "t[0].add(1)", "(t or B)[1].add(2)",
    "(lambda: A.add(3))()", "(lambda x: x.add(4))(A)", "exec('a.add(5)')", "getattr(A, 'add')(6)", "Box.add(A, 7)",
    "Box.__setitem__(A, 1, 2)", "object.__setattr__(A, 'q', 3)", "A.__setattr__('r', 4)", "A.parts.append(5)", "A.parts[:] = [1]",
    "A.parts.sort(key=str)", "q = A.parts\nq.append(6)", "q += [7]", "r = A.parts.append\nr(8)", "del A.parts[:]", "A = A", "A = B = A or B",
]  # fmt: skip
NAMES = ("a", "b", "c", "s")  # s is what a solution makes
READ_ONLY = frozenset(("s",))


@st.composite
def statements(draw: st.DrawFn) -> str:
    """A statement, each of its letters one of the names."""
    source = draw(st.sampled_from(STATEMENTS))
    names = dict(zip("ABC", draw(st.permutations(NAMES)), strict=False))
    return re.sub(r"\b[ABC]\b", lambda match: names[match[0]], source)


def rebinds(source: str) -> bool:
    """Whether a statement takes an answer's name, which is another question: test_needed has it."""
    return any(
        (isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store | ast.Del) and part.id in READ_ONLY)
        or (isinstance(part, ast.Global) and READ_ONLY & {*part.names})
        or (isinstance(part, ast.alias) and part.asname in READ_ONLY)
        or (isinstance(part, ast.MatchAs) and part.name in READ_ONLY)
        for part in ast.walk(ast.parse(source))
    )


def read_after(cells: Sequence[tuple[str, str]], left_out: dict[int, tuple[int, ...]]) -> str:
    """What the answer reads after the cells ran, statement by statement, without those left out."""
    space: dict[str, Any] = {}
    with contextlib.redirect_stdout(io.StringIO()):
        for position, (_, source) in enumerate(cells):
            for node in ast.parse(source).body:
                first = min([node.lineno, *(part.lineno for part in getattr(node, "decorator_list", ()))])
                if first not in left_out.get(position, ()):
                    with contextlib.suppress(Exception):
                        exec(compile(ast.Module([node], []), "cell", "exec"), space)
    return shown(sorted(space["answer"]().items()))


def shown(value: Any, depth: int = 5) -> str:
    """What a value holds, without addresses."""
    if depth == 0:
        return "..."
    if isinstance(value, list | tuple):
        return f"[{', '.join(shown(part, depth - 1) for part in value)}]"
    if isinstance(value, int | str | None):
        return repr(value)
    if callable(value) and not hasattr(value, "parts"):
        return "function"
    parts = [
        f"{name}: {shown(part, depth - 1)}" for name, part in sorted(getattr(value, "__dict__", {}).items())
    ]
    return f"{type(value).__name__}({', '.join(parts)})"


CELLS = st.lists(
    st.lists(statements().filter(lambda source: not rebinds(source)), min_size=1, max_size=3), max_size=3
)


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(st.sets(st.sampled_from(NAMES), min_size=1, max_size=2).map(sorted), CELLS, CELLS)
def test_what_an_answer_reads_is_what_all_statements_would_have_made(
    read: list[str], before: list[list[str]], after: list[list[str]]
) -> None:
    lines = "".join(
        f"    try: found[{name!r}] = {name}\n    except NameError: found[{name!r}] = 'missing'\n"
        for name in read
    )
    cells = [
        ("given", GIVEN),
        ("added", "a = Box(100)\nb = Box(200)\nc = Box(300)"),
        ("solution", "s = Box(400)"),
        *(("added", "\n".join(cell)) for cell in before),
        ("solution", f"def answer():\n    found = {{}}\n{lines}    return found"),
        *(("added", "\n".join(cell)) for cell in after),
    ]
    made = tuple(Cell(f"c{n}", kind, source, None, n) for n, (kind, source) in enumerate(cells))
    left_out = unneeded_lines(Program("en", made, (), (), ()), ("answer",))
    assert read_after(cells, left_out) == read_after(cells, {})
