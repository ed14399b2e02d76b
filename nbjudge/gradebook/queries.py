"""What recording asks the database. Built once: SQLAlchemy takes longer to build a statement than to run it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, Table, bindparam, select

from nbjudge.gradebook import tables as t

# :assignment, a name -> the row of its notebook
RELEASED_NOTEBOOK = (
    t.notebook.select()
    .join(t.assignment, t.assignment.c.id == t.notebook.c.assignment_id)
    .where(t.assignment.c.name == bindparam("assignment"), t.notebook.c.name == bindparam("assignment"))
)
# :assignment and :student, names -> our own row
OUR_ROW = t.result.select().where(
    t.result.c.assignment == bindparam("assignment"), t.result.c.student == bindparam("student")
)
DELETE_OUR_ROW = t.result.delete().where(
    t.result.c.assignment == bindparam("assignment"), t.result.c.student == bindparam("student")
)
DELETE_TROUBLE = t.trouble.delete().where(
    t.trouble.c.assignment == bindparam("assignment"), t.trouble.c.student == bindparam("student")
)
ATTEMPT = t.submitted_assignment.select().where(t.submitted_assignment.c.id == bindparam("attempt"))
# :submitted, a submitted notebook -> the factor of the late policy; nothing where nbgrader itself graded
LATE_FACTOR = (
    select(t.result.c.factor)
    .join(t.assignment, t.assignment.c.name == t.result.c.assignment)
    .join(
        t.submitted_assignment,
        (t.submitted_assignment.c.assignment_id == t.assignment.c.id)
        & (t.submitted_assignment.c.student_id == t.result.c.student),
    )
    .join(t.submitted_notebook, t.submitted_notebook.c.assignment_id == t.submitted_assignment.c.id)
    .where(t.submitted_notebook.c.id == bindparam("submitted"))
)
# Every submission with its time, nbgrader's extension and penalty, and our factor (none where nbgrader itself graded)
SUBMITTED = (
    select(
        t.assignment.c.name.label("assignment"),
        t.submitted_assignment.c.student_id.label("student"),
        t.submitted_assignment.c.timestamp,
        t.submitted_assignment.c.extension,
        t.submitted_notebook.c.id.label("notebook"),
        t.submitted_notebook.c.late_submission_penalty.label("penalty"),
        t.result.c.factor,
    )
    .join(t.assignment, t.assignment.c.id == t.submitted_assignment.c.assignment_id)
    .outerjoin(t.submitted_notebook, t.submitted_notebook.c.assignment_id == t.submitted_assignment.c.id)
    .outerjoin(
        t.result,
        (t.result.c.assignment == t.assignment.c.name)
        & (t.result.c.student == t.submitted_assignment.c.student_id),
    )
    .order_by(t.assignment.c.name, t.submitted_assignment.c.student_id)
)
# :of and :whose, names
SET_FACTOR = (
    t.result.update()
    .where(t.result.c.assignment == bindparam("of"), t.result.c.student == bindparam("whose"))
    .values(factor=bindparam("factor"))
)
GRADES_OF_LATE = (
    t.grade.select()
    .join(t.submitted_notebook, t.submitted_notebook.c.id == t.grade.c.notebook_id)
    .join(t.submitted_assignment, t.submitted_assignment.c.id == t.submitted_notebook.c.assignment_id)
    .join(t.assignment, t.assignment.c.id == t.submitted_assignment.c.assignment_id)
    .join(
        t.result,
        (t.result.c.assignment == t.assignment.c.name)
        & (t.result.c.student == t.submitted_assignment.c.student_id),
    )
    .where(t.result.c.factor != 1)
)
GRADES = t.grade.select().where(t.grade.c.notebook_id == bindparam("submitted"))


def _with_cell(table: Table) -> Select[Any]:
    """:submitted -> its rows of `table` with the `cell` that each is for, locked until the transaction ends."""
    return (
        select(table, t.base_cell.c.name.label("cell"))
        .join(t.base_cell, t.base_cell.c.id == table.c.cell_id)
        .where(table.c.notebook_id == bindparam("submitted"))
        .with_for_update(of=table)
    )


def _absent(kind: str, table: Table) -> Select[Any]:
    """:notebook -> each pair of a `submitted` notebook and a `cell` of this kind that has no row in `table`."""
    between = (table.c.notebook_id == t.submitted_notebook.c.id) & (table.c.cell_id == t.base_cell.c.id)
    return (
        select(t.submitted_notebook.c.id.label("submitted"), t.base_cell.c.id.label("cell"))
        .join(t.base_cell, t.base_cell.c.notebook_id == t.submitted_notebook.c.notebook_id)
        .outerjoin(table, between)
        .where(t.submitted_notebook.c.notebook_id == bindparam("notebook"))
        .where(t.base_cell.c.type == kind, table.c.id.is_(None))
    )


def _of_one(pairs: Select[Any]) -> Select[Any]:
    """The pairs of :submitted alone."""
    return pairs.where(t.submitted_notebook.c.id == bindparam("submitted"))


GRADED_CELLS = _with_cell(t.grade)
COMMENTED_CELLS = _with_cell(t.comment)
ALL_UNGRADED = _absent("GradeCell", t.grade)
ALL_UNCOMMENTED = _absent("SolutionCell", t.comment)
UNGRADED = _of_one(ALL_UNGRADED)
UNCOMMENTED = _of_one(ALL_UNCOMMENTED)
