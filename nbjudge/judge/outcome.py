"""From what happened in a test to its TestResult."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import pytest

from nbjudge.course import parse_limits
from nbjudge.judge.faults import CheckFailed, MisuseError, Required, StudentFault, TookTooLongError, clean
from nbjudge.judge.session import StudentSession
from nbjudge.judge.values import value_text
from nbjudge.model import Credit, Frame, Language, Limits, Status, TestResult
from nbjudge.notes import Note

# What pytest adds to an author's message; without one it is all that there is.
EXPLAINED = re.compile(r"(?:^|\n)assert .*", re.DOTALL)
EQUALITY = ("==", "is")
Compared = tuple[str, Any, Any]  # of a comparison that did not hold: operator, left and right side
Texts = Mapping[str, str]  # language -> text; "" stands for every other language


@dataclass(frozen=True, slots=True)
class TestSpec:
    """One collected test, as its markers and docstring declare it."""

    __test__ = False

    exercise: str
    name: str
    titles: Texts
    weight: float
    hidden: bool | str | Texts
    limits: Mapping[str, Any] = field(default_factory=dict)  # of the limits marker: seconds, memory, ...
    device: Literal["cpu", "any", "cuda"] = "cpu"  # any: where there is one, a GPU (the `device` fixture)

    @property
    def key(self) -> tuple[str, str]:
        """What tells the test from every other one of its assignment."""
        return self.exercise, self.name

    def title(self, language: Language) -> str:
        """What a student reads as the test's name."""
        return in_language(self.titles, language)

    def hidden_as(self, language: Language) -> bool | str:
        """Whether, or under which name, the test is hidden."""
        return self.hidden if isinstance(self.hidden, bool | str) else in_language(self.hidden, language)


def in_language(texts: Texts, language: Language) -> str:
    """The text for `language`."""
    return texts.get(language) or texts[""]


def limits_of(spec: TestSpec, base: Limits) -> Limits:
    """The limits of one test: its marker's over the assignment's."""
    return parse_limits(dict(spec.limits), spec.name, base)


class CreditFixture:
    """The `credit` fixture: partial credit, linear between `none` and `full`. Of several calls the least counts."""

    def __init__(self) -> None:
        self.fraction = 1.0
        self.credits: list[tuple[Credit, Texts]] = []

    def __call__(self, value: Any, *, full: float, none: float, what: str = "", **languages: str) -> float:
        """Records the fraction (value - none) / (full - none), clipped to 0..1, and returns it.

        `full` may lie below `none` (for a loss). A value that is not a finite number gives 0. `what` says to students
        what the value is, and so does the keyword of a language: `ru="..."`.
        """
        if not (math.isfinite(full) and math.isfinite(none)) or full == none:
            raise MisuseError(f"credit: full={full} and none={none} must be two different finite numbers")
        number = _as_number(value)
        fraction = 0.0
        if number is not None:
            fraction = min(1.0, max(0.0, round((number - none) / (full - none), 9)))
        self.credits.append((Credit(number, float(full), float(none), fraction), {"": what, **languages}))
        self.fraction = min(self.fraction, fraction)
        return fraction

    def said(self, language: Language) -> tuple[Credit, ...]:
        """What was recorded, in words of `language`."""
        return tuple(replace(credit, what=in_language(texts, language)) for credit, texts in self.credits)


def result_of(
    spec: TestSpec,
    session: StudentSession,
    credit: CreditFixture,
    error: BaseException | None,
    compared: Compared | None = None,
) -> TestResult:
    """The TestResult of a test that ended with `error`, or by itself; `compared` is the last comparison that failed."""
    language = session.program.language
    status, message, trace = _judge(session, credit, session.fault or error, compared)
    return TestResult(
        exercise=spec.exercise,
        test=spec.name,
        title=spec.title(language),
        weight=spec.weight,
        status=status,
        fraction=credit.fraction if status == "passed" else 0.0,
        message=message,
        trace=trace,
        hidden=spec.hidden_as(language),
        credits=credit.said(language),
        call=clean(session.call) if status in ("failed", "error", "timeout") else "",
        seconds=session.seconds,
    )


def untried_result(
    spec: TestSpec,
    language: Language,
    status: Status,
    message: str | Note,
    trace: tuple[Frame, ...] = (),
) -> TestResult:
    """The TestResult of a test that was not run, because something else had decided it."""
    return TestResult(
        exercise=spec.exercise,
        test=spec.name,
        title=spec.title(language),
        weight=spec.weight,
        status=status,
        fraction=0.0,
        message=message,
        trace=trace,
        hidden=spec.hidden_as(language),
    )


def _judge(
    session: StudentSession, credit: CreditFixture, error: BaseException | None, compared: Compared | None
) -> tuple[Status, str | Note, tuple[Frame, ...]]:
    """Status, message and trace. A broken test's message is for its author, so in English."""
    if isinstance(error, StudentFault):
        return error.status, error.message, error.trace
    if isinstance(error, MisuseError):
        return "broken_test", clean(str(error)), ()
    if not session.touched:
        what = f"{type(error).__name__}: {error}" if error else "it asks nothing about the student's code"
        return "broken_test", clean(what), ()
    if isinstance(error, pytest.skip.Exception):
        return "broken_test", clean(f"skipped: {error.msg}"), ()
    return _verdict(credit, error, compared, session.program.language)


def _verdict(
    credit: CreditFixture, error: BaseException | None, compared: Compared | None, language: Language
) -> tuple[Status, str | Note, tuple[Frame, ...]]:
    """The same, where the test asked something and the student's code answered."""
    if isinstance(error, CheckFailed):
        return "failed", error.note, ()
    if isinstance(error, Required):
        return "failed", clean(in_language(error.texts, language)) or Note("check_failed"), ()
    if isinstance(error, AssertionError | pytest.fail.Exception):
        return "failed", _asserted(str(error), compared), ()
    if isinstance(error, TookTooLongError):
        return "failed", Note("comparing_too_slow"), ()
    if error is not None:
        return "failed", Note("unusable", {"error": clean(_describe(error))}), ()
    return ("passed", "", ()) if credit.fraction > 0 else ("failed", Note("no_credit"), ())


def _asserted(text: str, compared: Compared | None) -> str | Note:
    """The author's message; without one the two sides of a comparison. What pytest explains is for the author."""
    if message := clean(EXPLAINED.sub("", text)):
        return message.replace("\n  ", "\n")  # pytest indents all lines but the first
    if compared is None or f" {compared[0]} " not in text.partition("\n")[0]:
        return Note("check_failed")
    operator, left, right = compared
    sides = {"got": clean(value_text(left)), "expected": clean(value_text(right))}
    return (
        Note("not_equal", sides)
        if operator in EQUALITY
        else Note("compared", {**sides, "operator": operator})
    )


def _describe(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # a text of more digits than Python prints, for one
        return type(error).__name__


def _as_number(value: Any) -> float | None:
    if isinstance(value, str | bytes):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError, RuntimeError):
        return None
    return number if math.isfinite(number) else None
