"""The grades that the gradebook holds, and the marks that people gave."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

from nbjudge.gradebook.late import points_of, read_lateness
from nbjudge.gradebook.opening import Gradebook
from nbjudge.lateness import Lateness
from nbjudge.model import Course, GradeRow, Mark
from nbjudge.notebooks.cells import exercise_of
from nbjudge.scoring import penalty, rounded

if TYPE_CHECKING:
    from sqlalchemy import Row


def read_grades(book: Gradebook, assignment: str | None = None) -> list[GradeRow]:
    """Every grade in the gradebook, with what people gave in formgrader and the late penalty applied."""
    grades: dict[tuple[str, str], list[Row[Any]]] = {}
    for row in _grade_rows(book, assignment):
        grades.setdefault((row.assignment, row.student), []).append(row)
    late = read_lateness(book)
    return [_grade_row(book.course, rows, late.get(key)) for key, rows in sorted(grades.items())]


def read_marks(book: Gradebook, assignment: str) -> dict[str, dict[str, Mark]]:
    """Student -> exercise -> what a person gave it: points, comment or both."""
    comments: dict[tuple[str, str], list[str]] = {}
    for row in _comment_rows(book, assignment):
        comments.setdefault((row.student, exercise_of(row.cell)), []).append(row.manual_comment.strip())
    marks: dict[str, dict[str, Mark]] = {}
    for row in _grade_rows(book, assignment):
        by_hand = row.manual_score is not None or row.extra_credit is not None
        comment = "\n\n".join(comments.get((row.student, row.cell), []))
        if by_hand or comment:
            mark = Mark(rounded(points_of(row)) if by_hand else None, comment)
            marks.setdefault(row.student, {})[row.cell] = mark
    return marks


def _grade_rows(book: Gradebook, assignment: str | None) -> list[Row[Any]]:
    from sqlalchemy import select

    from nbjudge.gradebook import tables as t

    query = (
        select(
            t.assignment.c.name.label("assignment"),
            t.submitted_assignment.c.student_id.label("student"),
            t.submitted_assignment.c.timestamp,
            t.submitted_notebook.c.late_submission_penalty.label("penalty"),
            t.result.c.factor,
            t.base_cell.c.name.label("cell"),
            t.grade_cell.c.max_score,
            t.grade.c.auto_score,
            t.grade.c.manual_score,
            t.grade.c.extra_credit,
            t.grade.c.needs_manual_grade,
        )
        .select_from(t.grade)
        .join(t.base_cell, t.base_cell.c.id == t.grade.c.cell_id)
        .join(t.grade_cell, t.grade_cell.c.id == t.base_cell.c.id)
        .join(t.submitted_notebook, t.submitted_notebook.c.id == t.grade.c.notebook_id)
        .join(t.submitted_assignment, t.submitted_assignment.c.id == t.submitted_notebook.c.assignment_id)
        .join(t.assignment, t.assignment.c.id == t.submitted_assignment.c.assignment_id)
        .outerjoin(
            t.result,
            (t.result.c.assignment == t.assignment.c.name)
            & (t.result.c.student == t.submitted_assignment.c.student_id),
        )
    )
    if assignment is not None:
        query = query.where(t.assignment.c.name == assignment)
    with book.engine.connect() as connection:
        return list(connection.execute(query))


def _comment_rows(book: Gradebook, assignment: str) -> list[Row[Any]]:
    from sqlalchemy import select

    from nbjudge.gradebook import tables as t

    query = (
        select(
            t.submitted_assignment.c.student_id.label("student"),
            t.base_cell.c.name.label("cell"),
            t.comment.c.manual_comment,
        )
        .select_from(t.comment)
        .join(t.base_cell, t.base_cell.c.id == t.comment.c.cell_id)
        .join(t.submitted_notebook, t.submitted_notebook.c.id == t.comment.c.notebook_id)
        .join(t.submitted_assignment, t.submitted_assignment.c.id == t.submitted_notebook.c.assignment_id)
        .join(t.assignment, t.assignment.c.id == t.submitted_assignment.c.assignment_id)
        .where(t.assignment.c.name == assignment, t.comment.c.manual_comment != "")
        .order_by(t.base_cell.c.name)
    )
    with book.engine.connect() as connection:
        return list(connection.execute(query))


def _grade_row(course: Course, rows: list[Row[Any]], late: Lateness | None) -> GradeRow:
    first = rows[0]
    factor = late.factor if late and first.factor is not None else first.factor
    declared = course.assignments.get(first.assignment)
    order = list(declared.points) if declared else []
    rows.sort(key=lambda row: (order.index(row.cell) if row.cell in order else len(order), row.cell))
    score = rounded(sum(points_of(row) for row in rows))
    taken = penalty(score, factor) if factor is not None else min(first.penalty or 0.0, score)
    return GradeRow(
        student=first.student,
        assignment=first.assignment,
        submitted=first.timestamp.replace(tzinfo=UTC) if first.timestamp else None,
        exercises={row.cell: _graded_points(row) for row in rows},
        score=score,
        penalty=taken,
        final=rounded(score - taken),
        points=rounded(sum(row.max_score for row in rows)),
        status="needs manual grading" if any(row.needs_manual_grade for row in rows) else "graded",
    )


def _graded_points(row: Row[Any]) -> float | None:
    ungraded = row.auto_score is None and row.manual_score is None and row.extra_credit is None
    return None if ungraded else rounded(points_of(row))
