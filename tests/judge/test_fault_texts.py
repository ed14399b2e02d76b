"""Faults of students as exceptions, and text of theirs made safe to print."""

import builtins
import time

from nbjudge.judge.faults import StudentError, StudentFault, clean, student_error
from nbjudge.model import Frame
from nbjudge.notes import Note

TRACE = (Frame(1, 2, "f", "x"),)


def test_every_builtin_exception_can_be_told():
    for name in dir(builtins):
        assert str(student_error(name, "m", TRACE)) == "m"


def test_student_errors_are_what_the_student_raised():
    for name in ("ValueError", "KeyError", "OSError", "SyntaxError", "NotImplementedError", "AssertionError"):
        error = student_error(name, f"{name}: m", TRACE)
        assert isinstance(error, getattr(__builtins__, name, None) or __builtins__[name])
        assert isinstance(error, StudentError) and str(error) == f"{name}: m" and error.trace == TRACE
    for name in (
        "SystemExit",
        "StopIteration",
        "UnicodeDecodeError",
        "ExceptionGroup",
        "BaseExceptionGroup",
        "Exception",
        "print",
        "nosuch",
        "__import__",
    ):
        assert type(student_error(name, "m", ())) is StudentError


def test_clean():
    assert clean("a\x1b[31mb\x1b]0;title\x07c\x00d\u202ee\tf\r\ng\u200bh") == "abcde\tf\ngh"
    assert clean("x" * 5000) == "x" * 4000 + " ..."
    assert str(StudentFault("\x1b[1mbold")) == "bold"
    assert str(StudentFault(Note("too_slow", {"seconds": 1.5}))) == "your code did not finish within 1.5 s"


def test_close_call_is_quick():
    """A forged message of many escapes must not make `clean` slow (no quadratic pattern)."""
    started = time.process_time()
    clean("\x1b]" * 100_000)
    clean("\x1b[" + "0" * 100_000)
    assert time.process_time() - started < 5
