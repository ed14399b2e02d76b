"""The student's faults, as exceptions that carry the status of the test in which they happened."""

from __future__ import annotations

import builtins
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from nbjudge.languages import english
from nbjudge.model import Frame, Status
from nbjudge.notes import Note
from nbjudge.wire import MAX_MESSAGE

NAME = 200  # characters of a name in a result
# Also escape sequences' tails, so that "\x1b[31mred" becomes "red".
ESCAPES = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[@-_])")
HIDDEN_CATEGORIES = {"Cc", "Cf", "Cs", "Zl", "Zp"}  # control, bidi and other format characters, separators
# Their constructors or their meaning to the interpreter forbid mixing them in.
UNMIXABLE = {"StopIteration", "StopAsyncIteration", "MemoryError"}


class MisuseError(Exception):
    """The test uses this package wrongly: the author's fault, whatever the student's code did before."""


class TookTooLongError(BaseException):
    """The test itself did not end in time: what the student's code returned may be made to be slow to compare."""


class CheckFailed(AssertionError):
    """A check of nbjudge.testing failed; `note` says how, in any language, and str() in English."""

    def __init__(self, note: Note) -> None:
        super().__init__(note)
        self.note = _clean_note(note)

    def __str__(self) -> str:
        return english(self.note)


class Required(AssertionError):
    """What a test required does not hold; `texts` says so in the author's words: language -> text, "" for any other."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        super().__init__(texts[""])
        self.texts = texts


class StudentFault(Exception):
    """The student's code is at fault; `status` says how, `trace` where in the student's cells, str() it in English."""

    status: Status = "error"

    def __init__(self, message: str | Note, trace: tuple[Frame, ...] = ()) -> None:
        Exception.__init__(self, message)
        self.message = clean(message) if isinstance(message, str) else message
        self.trace = trace

    def __str__(self) -> str:
        return english(self.message)


class StudentError(StudentFault):
    """The student's code raised; also an instance of the builtin exception that it raised."""


class StudentTimeout(StudentFault):
    """The student's code ran out of time; its process was killed."""

    status: Status = "timeout"


class StudentMemory(StudentFault):
    """The student's code ran out of memory."""

    status: Status = "memory"


class StudentGpuMemory(StudentMemory):
    """The student's code ran out of GPU memory."""

    status: Status = "gpu_memory"


class StudentCrashed(StudentFault):
    """The student's process died, or broke the protocol and was killed."""

    status: Status = "crashed"


class NotFound(StudentFault):
    """The submission has no such name or cell."""

    status: Status = "not_found"


def student_error(builtin: str, message: str, trace: tuple[Frame, ...]) -> StudentError:
    """A StudentError that `pytest.raises(ValueError)` catches where the student's code raised a ValueError."""
    base: Any = getattr(builtins, builtin, None)
    mixes = isinstance(base, type) and issubclass(base, Exception) and base is not Exception
    if not mixes or issubclass(base, UnicodeError | ExceptionGroup) or builtin in UNMIXABLE:
        return StudentError(message, trace)
    made: StudentError = type("StudentError", (StudentError, base), {})(message, trace)
    return made


def _clean_note(note: Note) -> Note:
    """`note` with its texts clean, for some of them quote what the student's code returned."""
    values = dict(note.values)
    for name, value in values.items():
        if isinstance(value, str):
            values[name] = clean(value)
        elif isinstance(value, Note):
            values[name] = _clean_note(value)
    return Note(note.kind, values)


def one_line(text: str, limit: int) -> str:
    """`text`, which may be anybody's choice, clean and on one line."""
    return clean(text, limit).replace("\n", " ")


def clean(text: str, limit: int = MAX_MESSAGE) -> str:
    """`text` without escape sequences, control and bidirectional characters, cut at `limit` characters."""
    text = ESCAPES.sub("", text[: 4 * limit]).replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in HIDDEN_CATEGORIES)
    return kept if len(kept) <= limit else kept[:limit] + " ..."
