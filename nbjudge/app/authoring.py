"""What authors do: release an assignment, see what would change, begin a new one."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from nbjudge.errors import CourseError
from nbjudge.model import Course


def release(course: Course, name: str, *, check: bool = False, unproved: bool = False) -> list[str]:
    """Brings release/<name>/ up to date, or only says what is stale; one line for each file that changed.

    CourseError if the check has not passed for this content; with `unproved` that is recorded instead.
    """
    from nbjudge.authoring.check.proof import why_unproved, write_override
    from nbjudge.authoring.release import build_release, check_release, write_release

    files = build_release(course, name)
    stale = check_release(course, name, files)
    if check or not stale:
        return stale
    if (reason := why_unproved(course, name)) and not unproved:
        raise CourseError(
            f"{name} is not released: {reason}. Run `nbjudge check {name}`;"
            " to release it all the same, which is recorded, add --unproved"
        )
    if reason:
        write_override(course, name)
    return write_release(course, name, files)


def release_changes(course: Course, name: str) -> list[str]:
    """What students would see change if `name` were released now: diffs, [] if nothing."""
    from nbjudge.authoring.release import build_release, read_release
    from nbjudge.authoring.release_diff import describe_changes

    return describe_changes(read_release(course, name), build_release(course, name))


def proof_lacks(course: Course, name: str) -> str | None:
    """Why the check's proof of `name` does not hold for what is there now; None if it does."""
    from nbjudge.authoring.check.proof import why_unproved

    return why_unproved(course, name)


def new_assignment(course: Course, name: str) -> list[Path]:
    """Adds an assignment with one exercise that passes the check as it is; returns the files it wrote."""
    from nbjudge.authoring.new_assignment import write_skeleton

    return write_skeleton(course, name, date.today())
