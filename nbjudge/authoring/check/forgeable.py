"""How many points forged replies get: what `nbjudge.judge.replay` earned, and how much of it an author has accepted.

autograders/<assignment>/forgeable.toml, where an assignment is not below the limit yet:

    share = 0.2
    reason = "exercises 3 and 4 compare with constants; new tests are being written"
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from nbjudge.authoring.check.report import Forged
from nbjudge.errors import CourseError
from nbjudge.languages import english
from nbjudge.model import Result
from nbjudge.scoring import earned

FILE = "forgeable.toml"
LIMIT = 0.05  # of an assignment's automatic points


@dataclass(frozen=True, slots=True)
class Accepted:
    """What an author has accepted for the time being."""

    share: float = LIMIT
    reason: str = ""


def read_accepted(folder: Path) -> Accepted:
    """What an autograder's folder accepts, LIMIT if it has no such file; CourseError says what is wrong with it."""
    path = folder / FILE
    if not path.is_file():
        return Accepted()
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CourseError(f"{path}: {error}") from None
    share, reason = document.get("share"), document.get("reason")
    if set(document) != {"share", "reason"} or not isinstance(reason, str) or not reason.strip():
        raise CourseError(f'{path}: write share = 0.2 and reason = "...", and nothing else')
    if isinstance(share, bool) or not isinstance(share, int | float) or not LIMIT < share <= 1:
        raise CourseError(f"{path}: share is a number above {LIMIT:g} and up to 1, not {share!r}")
    return Accepted(float(share), reason.strip())


def forged_points(result: Result, points: Mapping[str, float]) -> tuple[Forged, ...]:
    """What each test gives to forged replies; `points` of the exercises that tests grade."""
    weights = {
        exercise: sum(test.weight for test in result.tests if test.exercise == exercise)
        for exercise in points
    }
    return tuple(
        Forged(
            test.exercise,
            test.test,
            points[test.exercise] * test.weight * earned(test) / weights[test.exercise],
            points[test.exercise] * test.weight / weights[test.exercise],
            english(test.message),
        )
        for test in result.tests
        if test.exercise in points
    )


def forgeable_share(forged: Iterable[Forged]) -> float:
    """Points that can be forged, of all that tests give; 0 where they give none."""
    forged = tuple(forged)
    possible = sum(test.possible for test in forged)
    return sum(test.points for test in forged) / possible if possible else 0.0
