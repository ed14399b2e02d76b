"""What happens, one line per event: warnings only, unless --verbose or NBJUDGE_LOG asks for more.

    2026-11-27T21:04:05.678 INFO pid=4711 event="judge ended" submission=alice/intro/3f2a90c41b7e seconds=1.203

INFO is enough to follow one submission through main process, supervisor, worker and judge. It holds nothing of a hidden
test: no name, no message, no value. Only DEBUG names tests.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from nbjudge.errors import CourseError

if TYPE_CHECKING:
    from nbjudge.model import Submission

VARIABLE = "NBJUDGE_LOG"  # LEVEL or LEVEL:FILE
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
PLAIN = re.compile(r"[\w./:+@%-]+")  # a value that needs no quotes
_logger = logging.getLogger("nbjudge")
_about: dict[str, object] = {}  # what every event of this process is about
_setting = ""  # what `set_up` was last given


def configure(verbose: bool = False) -> None:
    """Sets the log up as NBJUDGE_LOG says, else to INFO on stderr if `verbose`, else to warnings there.

    CourseError if NBJUDGE_LOG can't be followed. Forked processes go on with what this one does; one that is started
    otherwise calls `set_up` with this one's `setting()`.
    """
    set_up(os.environ.get(VARIABLE) or ("INFO" if verbose else "WARNING"))


def setting() -> str:
    """What this process's log was set up with; "": nobody has set it up."""
    return _setting


def set_up(asked: str) -> None:
    """Writes events of a level and above to stderr or a file: LEVEL or LEVEL:FILE; "" changes nothing."""
    global _setting
    if not asked:
        return
    level, _, name = asked.partition(":")
    if level.upper() not in LEVELS:
        raise CourseError(f"{VARIABLE}={asked}: write one of {', '.join(LEVELS)}, or LEVEL:FILE")
    try:
        # Not sys.stderr, which the judge redirects while a test runs.
        handler = (
            logging.FileHandler(name, encoding="utf-8") if name else logging.StreamHandler(sys.__stderr__)
        )
    except OSError as error:
        raise CourseError(f"{VARIABLE}={asked}: {error.strerror or error}") from None
    format_ = "%(asctime)s.%(msecs)03d %(levelname)s pid=%(process)d %(message)s"
    handler.setFormatter(logging.Formatter(format_, "%Y-%m-%dT%H:%M:%S"))
    for old in _logger.handlers[:]:
        _logger.removeHandler(old)
        old.close()
    _logger.addHandler(handler)
    _logger.setLevel(level.upper())
    _logger.propagate = False
    _setting = f"{level.upper()}:{os.path.abspath(name)}" if name else level.upper()


def debug(event: str, **values: object) -> None:
    """What only the author of the tests may read."""
    _write(logging.DEBUG, event, values)


def info(event: str, **values: object) -> None:
    """A step that went as it should."""
    _write(logging.INFO, event, values)


def warning(event: str, **values: object) -> None:
    """Something is wrong, and the work goes on."""
    _write(logging.WARNING, event, values)


@contextmanager
def about(submission: Submission) -> Iterator[None]:
    """Adds the submission's id to all that this process writes meanwhile."""
    before = dict(_about)
    _about["submission"] = submission_id(submission)
    try:
        yield
    finally:
        _about.clear()
        _about.update(before)


def submission_id(submission: Submission) -> str:
    """Student, assignment and the beginning of the hash: names one attempt in every process's lines."""
    return f"{submission.student}/{submission.assignment}/{submission.sha256[:12]}"


def _write(level: int, event: str, values: dict[str, object]) -> None:
    if _logger.isEnabledFor(level):
        shown = {"event": event, **_about, **values}
        _logger.log(level, " ".join(f"{name}={_text(value)}" for name, value in shown.items()))


def _text(value: object) -> str:
    text = f"{value:.3f}" if isinstance(value, float) else str(value)
    # One line, whatever a student's file is called: what can't be printed is escaped.
    return text if PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=not text.isprintable())
