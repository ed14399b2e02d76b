"""What people read: feedback pages, grades, and where each assignment stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from nbjudge.app.grading import plan
from nbjudge.app.opened import OpenedAssignment, open_assignment
from nbjudge.app.options import GradingOptions
from nbjudge.app.receipts import signed_receipts
from nbjudge.course import pick_assignment
from nbjudge.errors import CourseError, SandboxError
from nbjudge.model import Course, GradeRow, Result

if TYPE_CHECKING:
    from nbjudge.reporting.status import AssignmentStatus


def feedback(course: Course, name: str, students: Sequence[str] = ()) -> list[Path]:
    """Writes the feedback page of every graded student, or of the ones named; CourseError before it may open."""
    return write_pages(open_assignment(course, name), students)


def write_pages(opened: OpenedAssignment, students: Sequence[str] = ()) -> list[Path]:
    """`feedback` for an assignment that is open already."""
    from nbjudge.feedback import exercise_titles, feedback_is_open, render_feedback
    from nbjudge.gradebook import read_gradebook, read_lateness, read_marks, store_feedback
    from nbjudge.results import load_result
    from nbjudge.scoring import apply_marks, score

    course, name, declared = opened.course, opened.name, opened.declared
    if not feedback_is_open(declared, datetime.now(UTC)):
        raise CourseError(
            f"{name}: feedback opens after the hard deadline, {declared.hard_deadline:%Y-%m-%d %H:%M %Z}; "
            f"to open it now, set assignments[{name!r}]['feedback'] = 'always' in course_config.py"
        )
    with read_gradebook(course) as book:
        marks = read_marks(book, name) if book else {}
        late = read_lateness(book) if book else {}
    titles = {language: exercise_titles(notebook) for language, notebook in opened.released.items()}
    receipts = signed_receipts(course, name, students)
    pages = []
    for path in _result_files(course, name, students):
        result = load_result(path.read_bytes())
        own = late.get((name, result.student))
        if own and not feedback_is_open(declared, datetime.now(UTC), own.last):
            if students:
                raise CourseError(
                    f"{result.student} may hand in until {own.last:%Y-%m-%d %H:%M %Z}, and {name}'s feedback opens then"
                )
            continue
        mine = marks.get(result.student, {})
        points = score(declared, opened.exercises, result, own)
        points = apply_marks(points, mine)
        page = render_feedback(
            course,
            declared,
            result,
            points,
            marks=mine,
            titles=titles[result.language],
            receipt=receipts.get(result.student, {}).get(result.sha256, ""),
        )
        pages.append(store_feedback(course, name, result.student, page))
    return pages


def grades(course: Course, name: str | None = None) -> list[GradeRow]:
    """The gradebook's rows, manual scores and late penalties applied; of one assignment or of all that were collected.

    Every student of the roster has a row, one without a submission too.
    """
    from nbjudge.app.roster import students_of
    from nbjudge.gradebook import read_gradebook, read_grades
    from nbjudge.intake.store import present_students

    if name is not None:
        pick_assignment(course, name)
    with read_gradebook(course) as book:
        rows = read_grades(book, name) if book else []
    students = {student.id for student in students_of(course)}
    there = {(row.assignment, row.student) for row in rows}
    begun = [one for one in course.assignments if any(row.assignment == one for row in rows)]
    for one in begun if name is None else [name]:
        handed_in = present_students(course, one)
        for student in sorted(students | handed_in):
            if (one, student) not in there:
                rows.append(_ungraded(course, one, student, student in handed_in))
    return sorted(rows, key=lambda row: (row.assignment, row.student))


def _ungraded(course: Course, name: str, student: str, handed_in: bool) -> GradeRow:
    declared = course.assignments[name]
    return GradeRow(
        student=student,
        assignment=name,
        submitted=None,
        exercises=dict.fromkeys(declared.points),
        score=0.0,
        penalty=0.0,
        final=0.0,
        points=sum(declared.points.values()),
        status="not graded" if handed_in else "not submitted",
    )


def grades_csv(rows: Sequence[GradeRow]) -> str:
    """The rows as CSV, safe to open in a spreadsheet."""
    from nbjudge.reporting.grades_csv import format_csv

    return format_csv(rows)


def status(
    course: Course, name: str | None = None, options: GradingOptions = GradingOptions()
) -> list[AssignmentStatus]:
    """Where one assignment stands, or each; reads only. CourseError for an unknown name or an unusable database.

    `options`: as the next `grade` would get them. What keeps an assignment from being graded is told in its status.
    """
    names = [pick_assignment(course, name).name] if name is not None else list(course.assignments)
    return [_status(course, one, options) for one in names]


def _status(course: Course, name: str, options: GradingOptions) -> AssignmentStatus:
    from nbjudge.gradebook import graded_keys, read_gradebook, read_grades, read_troubles
    from nbjudge.intake.store import misnamed_folders, read_submissions
    from nbjudge.reporting.status import AssignmentStatus, slowest_tests

    submissions = {one.student: one for one in read_submissions(course, name)}
    with read_gradebook(course) as book:
        keys = graded_keys(book, name) if book else {}
        rows = read_grades(book, name) if book else []
        troubles = read_troubles(book, name) if book else []
    refused: str | None = None
    changed: tuple[str, ...] = ()
    try:
        todo = plan(course, name, options) if submissions else None
        changed = (
            tuple(student for student, one in todo.planned.items() if one.why == "changed") if todo else ()
        )
    except (CourseError, SandboxError) as error:
        refused = str(error)
    return AssignmentStatus(
        assignment=name,
        submitted=len(submissions),
        graded=len(submissions.keys() & keys.keys()) - len(changed),
        new=tuple(sorted(submissions.keys() - keys.keys())),
        changed=changed,
        troubles=tuple(
            one
            for one in troubles
            if one.student in submissions and submissions[one.student].sha256 == one.sha256
        ),
        by_hand=tuple(row.student for row in rows if row.status == "needs manual grading"),
        slowest=slowest_tests(_results(course, name)),
        refused=refused,
        undated=tuple(student for student, one in submissions.items() if not one.time_known),
        misnamed=misnamed_folders(course, name),
    )


def _results(course: Course, name: str) -> Iterator[Result]:
    """The results that can be read: an older version's say nothing of today's tests."""
    from nbjudge.results import load_result

    for path in _result_files(course, name, ()):
        try:
            yield load_result(path.read_bytes())
        except CourseError:
            continue


def _result_files(course: Course, name: str, students: Sequence[str]) -> list[Path]:
    folder = course.gradebook / "results"
    if not students:
        return sorted(folder.glob(f"*/{name}.json"))
    paths = [folder / student / f"{name}.json" for student in students]
    for path in paths:
        if not path.is_file():
            raise CourseError(f"{path}: not graded yet; run `nbjudge grade {name}` first")
    return paths
