"""Every attempt that a student handed in, not the current one alone."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace

from nbjudge.course import pick_assignment
from nbjudge.intake.store import _lock, _read_submission
from nbjudge.model import Course, Submission


def read_attempts(
    course: Course, assignment: str, students: Container[str] | None = None
) -> dict[str, list[Submission]]:
    """The attempts of every student, or of the ones named, oldest first: the last one is the current."""
    declared = pick_assignment(course, assignment)
    if not course.gradebook.is_dir():
        return {}
    with _lock(course):
        earlier = sorted((course.gradebook / "attempts").glob(f"*/{assignment}/*/"))
        current = sorted((course.gradebook / "submitted").glob(f"*/{assignment}/"))
        found: dict[str, list[Submission]] = {}
        for student, folder in (
            *((folder.parents[1].name, folder) for folder in earlier),
            *((folder.parent.name, folder) for folder in current),
        ):
            named = students is None or student in students
            if named and (folder / f"{assignment}.ipynb").is_file():
                one = replace(_read_submission(folder, declared, course.zone), student=student)
                found.setdefault(student, []).append(one)
    return found
