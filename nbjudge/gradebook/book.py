"""Writes nbgrader's database: assignments, submissions, grades, comments. No grading logic."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbjudge.errors import CourseError
from nbjudge.files import write_atomically
from nbjudge.gradebook.late import points_of
from nbjudge.gradebook.opening import Gradebook
from nbjudge.model import Assignment, Course, Result, Score, Submission
from nbjudge.notebooks.cells import Notebook, NotebookCell, exercise_of, grade_id, nbgrader_metadata, role
from nbjudge.notebooks.reader import write_notebook
from nbjudge.results import dump_result
from nbjudge.scoring import penalty

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row


UNSAFE = re.compile(r"[<>&\"'\\/\x00-\x1f\x7f]")  # formgrader prints student ids unescaped


@dataclass(frozen=True, slots=True)
class FiledNotebook:
    """What formgrader is to show of one submission, ready to be written."""

    data: bytes  # of the .ipynb file
    manual: dict[str, str]  # of manual_cells


def filed(notebook: Notebook) -> FiledNotebook:
    """An annotated notebook as `record` takes it."""
    return FiledNotebook(write_notebook(notebook), manual_cells(notebook))


def save_assignment(book: Gradebook, assignment: Assignment, released: Notebook) -> None:
    """Tells the gradebook which cells the assignment has, as `nbgrader generate_assignment` would.

    `released` is the release in any language. Cells may come and go after submissions were graded,
    unlike in nbgrader; CourseError if a cell is gone for which somebody gave a mark or a comment.
    """
    from nbjudge.gradebook import tables as t

    with book.engine.begin() as connection:
        where = t.find_or_add(connection, t.assignment, name=assignment.name, course_id=book.course.id)
        t.update(
            connection,
            t.assignment,
            where,
            duedate=_naive(assignment.soft_deadline.replace(second=0, microsecond=0)),
        )
        notebook = t.find_or_add(connection, t.notebook, name=assignment.name, assignment_id=where)
        kernel = json.dumps(released["metadata"].get("kernelspec", {}))
        t.update(connection, t.notebook, notebook, kernelspec=kernel)
        cells = [cell for cell in released["cells"] if grade_id(cell)]
        _save_cells(connection, notebook, cells, assignment.name)
        _save_sources(connection, notebook, cells)
        _add_rows(connection, notebook)


def record(
    book: Gradebook,
    assignment: Assignment,
    submission: Submission,
    result: Result,
    score: Score,
    notebook: FiledNotebook,
) -> None:
    """Files the result and the notebook for formgrader, then the grades, in one transaction, last.

    A kill before the commit leaves the old grades and an old key, so the next run grades again and ends
    in the same state. What a person gave stays when the same file is graded again, and for a cell graded
    by hand that the student's new attempt left as it was; everything else of an earlier attempt goes.
    """
    from nbjudge.gradebook import tables as t

    if UNSAFE.search(submission.student):
        raise CourseError(f"student {submission.student!r}: use letters, digits and . _ @ + - in student ids")
    _write_files(book.course, submission, result, notebook)
    with book.engine.begin() as connection:
        master = _notebook_of(connection, book.course, assignment.name)
        t.find_or_add(connection, t.student, id=submission.student)
        attempt = t.find_or_add(
            connection,
            t.submitted_assignment,
            assignment_id=master.assignment_id,
            student_id=submission.student,
        )
        submitted = t.find_or_add(
            connection, t.submitted_notebook, assignment_id=attempt, notebook_id=master.id
        )
        _add_rows(connection, master.id, submitted)
        kept = _kept(connection, attempt, submission, score, notebook.manual)
        t.update(connection, t.submitted_assignment, attempt, timestamp=_naive(submission.timestamp))
        given_up = result.rejected is not None and result.rejected.kind == "given_up"
        _save_grades(connection, submitted, score, kept, look=given_up)
        _save_comments(connection, submitted, result, kept)
        _save_key(connection, submission, result, score.factor, notebook.manual)
        refresh_penalty(connection, submitted)


def graded_keys(book: Gradebook, assignment: str) -> dict[str, str]:
    """Student -> Result.key of what the gradebook holds: an equal key needs no grading."""
    from nbjudge.gradebook.tables import result as r

    with book.engine.connect() as connection:
        rows = connection.execute(r.select().where(r.c.assignment == assignment))
        return {row.student: row.key for row in rows}


def store_feedback(course: Course, assignment: str, student: str, page: str) -> Path:
    """Puts a feedback page where `nbgrader release_feedback` looks for it, with what that needs beside it."""
    folder = course.gradebook / "feedback" / student / assignment
    _copy_receipt(course.gradebook / "submitted" / student / assignment, folder)
    path = folder / f"{assignment}.html"
    write_atomically(path, page.encode(), mode=0o600)
    return path


def refresh_penalty(connection: Connection, submitted: str) -> None:
    """Sets the late penalty of a submitted notebook (nbgrader's id) to what its present score makes it."""
    from nbjudge.gradebook import queries
    from nbjudge.gradebook import tables as t

    factor = connection.execute(queries.LATE_FACTOR, {"submitted": submitted}).scalar()
    if factor is None:
        return  # graded by nbgrader itself
    rows = connection.execute(queries.GRADES, {"submitted": submitted})
    taken = penalty(sum(points_of(row) for row in rows), factor)
    t.update(connection, t.submitted_notebook, submitted, late_submission_penalty=taken)


def manual_cells(notebook: Notebook) -> dict[str, str]:
    """Exercise -> hash of the cell that a person looks at: its text and its saved outputs."""
    return {
        str(grade_id(cell)): hashlib.sha256(
            json.dumps([cell["cell_type"], cell["source"], cell.get("outputs", [])], sort_keys=True).encode()
        ).hexdigest()
        for cell in notebook["cells"]
        if role(cell) == "manual"
    }


def _notebook_of(connection: Connection, course: Course, assignment: str) -> Row[Any]:
    from nbjudge.gradebook.queries import RELEASED_NOTEBOOK

    row = connection.execute(RELEASED_NOTEBOOK, {"assignment": assignment})
    if (found := row.first()) is None:
        raise CourseError(f"{course.root}: the gradebook has no assignment {assignment!r} yet: save it first")
    return found


def _save_cells(connection: Connection, notebook: str, cells: list[NotebookCell], assignment: str) -> None:
    from nbjudge.gradebook import tables as t

    kinds = {"GradeCell": ("grade", "manual"), "SolutionCell": ("solution", "manual")}
    wanted = {(grade_id(cell), kind) for cell in cells for kind in kinds if role(cell) in kinds[kind]}
    rows = connection.execute(t.base_cell.select().where(t.base_cell.c.notebook_id == notebook)).all()
    for row in rows:
        if (row.name, row.type) not in wanted:
            _remove_cell(connection, row, assignment)
    known = {(row.name, row.type): row.id for row in rows}
    for cell in cells:
        for kind in (kind for kind in kinds if role(cell) in kinds[kind]):
            name = grade_id(cell)
            id_ = known.get((name, kind)) or t.find_or_add(
                connection, t.base_cell, name=name, notebook_id=notebook, type=kind
            )
            table = t.grade_cell if kind == "GradeCell" else t.solution_cell
            if (name, kind) not in known:
                values = _graded(cell) if kind == "GradeCell" else {}
                connection.execute(table.insert().values(id=id_, **values))
            elif kind == "GradeCell":
                t.update(connection, table, id_, **_graded(cell))


def _graded(cell: NotebookCell) -> dict[str, Any]:
    return {"max_score": float(nbgrader_metadata(cell)["points"]), "cell_type": cell["cell_type"]}


def _remove_cell(connection: Connection, cell: Row[Any], assignment: str) -> None:
    from nbjudge.gradebook import tables as t

    grades = connection.execute(t.grade.select().where(t.grade.c.cell_id == cell.id)).all()
    comments = connection.execute(t.comment.select().where(t.comment.c.cell_id == cell.id)).all()
    if any(row.manual_score is not None or row.extra_credit is not None for row in grades) or any(
        row.manual_comment for row in comments
    ):
        raise CourseError(
            f"source/{assignment}/{assignment}.ipynb: the cell {cell.name!r} is gone, but people gave it marks "
            "or comments in formgrader: put it back, or remove those first"
        )
    for table in (t.grade, t.comment):
        connection.execute(table.delete().where(table.c.cell_id == cell.id))
    for table in (t.grade_cell, t.solution_cell, t.base_cell):
        connection.execute(table.delete().where(table.c.id == cell.id))


def _save_sources(connection: Connection, notebook: str, cells: list[NotebookCell]) -> None:
    # Nothing refers to these rows, so they are simply written anew.
    from nbjudge.gradebook import tables as t

    connection.execute(t.source_cell.delete().where(t.source_cell.c.notebook_id == notebook))
    for cell in cells:
        meta = nbgrader_metadata(cell)
        locked = not meta.get("solution") and bool(meta.get("grade") or meta.get("locked"))
        if locked or meta.get("solution"):
            values = {"name": grade_id(cell), "cell_type": cell["cell_type"], "locked": locked}
            values |= {"source": cell["source"], "checksum": meta.get("checksum"), "notebook_id": notebook}
            connection.execute(t.source_cell.insert().values(id=t.new_id(), **values))


def _add_rows(connection: Connection, notebook: str, submitted: str | None = None) -> None:
    """Makes the Grade and Comment rows that a submitted notebook lacks, or that any does."""
    from nbjudge.gradebook import queries as q
    from nbjudge.gradebook import tables as t

    for every, of_one, table in (
        (q.ALL_UNGRADED, q.UNGRADED, t.grade),
        (q.ALL_UNCOMMENTED, q.UNCOMMENTED, t.comment),
    ):
        asked = {"notebook": notebook} | ({"submitted": submitted} if submitted else {})
        pairs = connection.execute(of_one if submitted else every, asked).all()
        more = {"needs_manual_grade": True} if table is t.grade else {}
        rows = [{"id": t.new_id(), "notebook_id": own, "cell_id": cell, **more} for own, cell in pairs]
        if rows:
            connection.execute(table.insert(), rows)


def _same_attempt(connection: Connection, attempt: str, submission: Submission) -> bool:
    from nbjudge.gradebook.queries import ATTEMPT

    ours = _our_row(connection, submission)
    if ours is not None:
        return bool(ours.sha256 == submission.sha256)
    stored = connection.execute(ATTEMPT, {"attempt": attempt}).one()
    return bool(stored.timestamp == _naive(submission.timestamp))


def _our_row(connection: Connection, submission: Submission) -> Row[Any] | None:
    from nbjudge.gradebook.queries import OUR_ROW

    return connection.execute(OUR_ROW, _whose(submission)).first()


def _whose(submission: Submission) -> dict[str, str]:
    return {"assignment": submission.assignment, "student": submission.student}


def _kept(
    connection: Connection, attempt: str, submission: Submission, score: Score, manual: Mapping[str, str]
) -> set[str]:
    """The exercises whose marks and comments by hand still belong to what the student handed in."""
    if _same_attempt(connection, attempt, submission):
        return {part.exercise for part in score.exercises}
    ours = _our_row(connection, submission)
    before = json.loads(ours.manual) if ours is not None else {}
    return {id_ for id_, hash_ in manual.items() if before.get(id_) == hash_}


def _save_grades(connection: Connection, submitted: str, score: Score, kept: set[str], *, look: bool) -> None:
    """Writes the points of each exercise; `look`: a person should look at every one that nobody has marked."""
    from nbjudge.gradebook import tables as t
    from nbjudge.gradebook.queries import GRADED_CELLS

    automatic = {part.exercise: part.score for part in score.exercises}
    rows = []
    for row in connection.execute(GRADED_CELLS, {"submitted": submitted}):
        auto = automatic.get(row.cell)
        keep = row.cell in kept
        by_hand = row.manual_score if keep else None
        # Who overruled the judge should look again when the judge says something new.
        again = row.needs_manual_grade or auto != row.auto_score
        rows.append(
            {
                "id": row.id,
                "auto_score": auto,
                "manual_score": by_hand,
                "extra_credit": row.extra_credit if keep else None,
                "needs_manual_grade": look or auto is None if by_hand is None else again,
            }
        )
    t.update_all(connection, t.grade, rows)


def _save_comments(connection: Connection, submitted: str, result: Result, kept: set[str]) -> None:
    from nbjudge.gradebook import tables as t
    from nbjudge.gradebook.queries import COMMENTED_CELLS

    rows = []
    for row in connection.execute(COMMENTED_CELLS, {"submitted": submitted}):
        unanswered = row.cell in result.unchanged or row.cell in result.missing
        by_hand = row.manual_comment if exercise_of(row.cell) in kept else None
        auto = "No response." if unanswered else None
        rows.append({"id": row.id, "auto_comment": auto, "manual_comment": by_hand})
    t.update_all(connection, t.comment, rows)


def _save_key(
    connection: Connection,
    submission: Submission,
    result: Result,
    factor: float,
    manual: Mapping[str, str],
) -> None:
    from nbjudge.gradebook import tables as t
    from nbjudge.gradebook.queries import DELETE_OUR_ROW, DELETE_TROUBLE

    connection.execute(DELETE_OUR_ROW, _whose(submission))
    connection.execute(DELETE_TROUBLE, _whose(submission))
    values: dict[str, Any] = {
        **_whose(submission),
        "key": result.key,
        "sha256": submission.sha256,
        "factor": factor,
        "manual": json.dumps(manual, sort_keys=True),
        "recorded_at": datetime.now(UTC).replace(tzinfo=None),
    }
    connection.execute(t.result.insert(), values)


def _naive(moment: datetime) -> datetime:
    """UTC without a zone, as nbgrader keeps it."""
    return moment.astimezone(UTC).replace(tzinfo=None)


# The files


def _write_files(course: Course, submission: Submission, result: Result, notebook: FiledNotebook) -> None:
    student, assignment = submission.student, submission.assignment
    folder = course.gradebook / "autograded" / student / assignment
    _copy_receipt(submission.path.parent, folder)
    write_atomically(folder / f"{assignment}.ipynb", notebook.data, mode=0o600)
    write_atomically(
        course.gradebook / "results" / student / f"{assignment}.json", dump_result(result), mode=0o600
    )


def _copy_receipt(attempt: Path, folder: Path) -> None:
    """Copies what identifies the attempt: `nbgrader release_feedback` wants it beside the feedback."""
    for name in ("timestamp.txt", "submission_secret.txt"):
        source = attempt / name
        if source.is_file():
            write_atomically(folder / name, source.read_bytes(), mode=0o600)
