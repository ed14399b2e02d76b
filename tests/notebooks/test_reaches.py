"""Lines that a person should look at: which are listed, and which are not."""

from __future__ import annotations

import pytest

from nbjudge.model import Cell
from nbjudge.notebooks.reaches import MAX_NOTES, find_reaches


def found(source: str, kind: str = "solution", index: int | None = 7) -> list[tuple[int, str]]:
    cell = Cell("ex_1", kind, source, "ex", index)  # type: ignore[arg-type]
    notes = find_reaches([cell])
    assert {note.kind for note in notes} <= {"reaches_for"} and {note.values["cell"] for note in notes} <= {7}
    return [(int(str(note.values["line"])), str(note.values["what"])) for note in notes]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("server = next(o for o in gc.get_objects())", "get_objects"),
        ("sys._getframe(1)", "_getframe"),
        ("inspect.stack()", "inspect.stack"),
        ("from inspect import stack as s", "inspect.stack"),
        ("import linecache", "linecache"),
        ("from ctypes import CDLL", "ctypes"),
        ("__import__('ctypes')", "ctypes"),
        ("getattr(sys, '_getframe')", "_getframe"),
        ("f.__globals__['x'] = 1", "__globals__"),
        ("sys.settrace(f)", "settrace"),
        ("import nbjudge.wire", "nbjudge"),
        ("from nbjudge import wire", "nbjudge"),
        ("try: 1 / 0\nexcept Exception as e: e.__traceback__.tb_frame.f_back", "tb_frame"),
    ],
)
def test_what_reaches_for_the_insides_is_listed_with_its_line(line: str, what: str) -> None:
    lines = [number for number, word in found(f"x = 1\n\n{line}") if word == what]
    assert lines and min(lines) >= 3
    assert (
        what.split(".")[0] in {word.split(".")[0] for _, word in found(f"{line}\nthis is no Python")}
        or "inspect" in what
    )


@pytest.mark.parametrize(
    "source",
    [
        "torch.stack([x, y])",
        "import inspect\nprint(inspect.signature(f))",
        "# ctypes and gc.get_objects are dangerous\nx = 1",
        "print('do not use ctypes here, nor nbjudge')",
        "my_ctypes = 1\nnbjudge_like = 2",
        "import gc\ngc.collect()",
    ],
)
def test_honest_code_is_not(source: str) -> None:
    assert found(source) == []


def test_given_cells_and_floods_are_bounded() -> None:
    assert found("import ctypes", kind="given") == [] and found("import ctypes", index=None) == []
    assert len(found("import ctypes\n" * 5000)) == MAX_NOTES
    assert found("x = [" * 500 + "ctypes") == [(1, "ctypes")]
