"""What of a test result a student may see. The page and the notebook both ask here, and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from nbjudge.feedback.terminal import as_on_screen
from nbjudge.languages import Words
from nbjudge.model import ExerciseScore, TestResult
from nbjudge.scoring import earned, worth

DETAILS = 6_000  # characters of one message or trace


@dataclass(frozen=True, slots=True)
class ShownTest:
    """One test in words, as its student sees it; what students and authors wrote is in the texts, so escape them."""

    outcome: str  # a key of the catalogue's outcomes, and of the page's signs
    title: str
    points: str | None  # "0.5 / 1"; None: not told
    message: str = ""
    trace: str = ""
    call: str = ""  # the student's code was called so
    credits: tuple[str, ...] = ()  # one line for each call
    hidden: bool = False


def show(test: TestResult, exercise: ExerciseScore, tests: Sequence[TestResult], words: Words) -> ShownTest:
    """`test` without what its author hides from students."""
    outcome = outcome_of(test)
    if isinstance(test.hidden, str):
        kept = outcome if outcome in ("passed", "partial", "broken_test") else "secret_failed"
        return ShownTest(kept, words("named_hidden", name=test.hidden), None, hidden=True)
    points = None
    if test.status != "broken_test":
        value = worth(exercise, tests, test)
        points = f"{words.number(value * earned(test))} / {words.number(value)}"
    if test.hidden or test.status == "broken_test":
        return ShownTest(outcome, test.title, points, hidden=bool(test.hidden))
    message, trace = as_on_screen(words.message(test.message))[:DETAILS], words.trace(test.trace)[:DETAILS]
    credits = tuple(map(words.credit, test.credits))
    return ShownTest(outcome, test.title, points, message, trace, test.call[:DETAILS], credits)


def said_once(tests: Sequence[ShownTest], words: Words) -> tuple[ShownTest, ...]:
    """The tests of one exercise; what one of them says as an earlier one did, with the same trace, is not repeated."""
    first: dict[tuple[str, str], str] = {}
    said = []
    for test in tests:
        what = test.message, test.trace
        if (
            test.message
            and test.outcome != "broken_test"
            and first.setdefault(what, test.title) != test.title
        ):
            test = replace(test, message=words("said_above", title=first[what]), trace="", call="")
        said.append(test)
    return tuple(said)


def outcome_of(test: TestResult) -> str:
    """The test's status, or "partial" where it passed with less than its full weight."""
    if test.status != "passed":
        return test.status
    fraction = earned(test)
    return "passed" if fraction == 1 else "partial" if fraction > 0 else "failed"
