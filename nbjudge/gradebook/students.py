"""nbgrader's table of students, kept as the roster says: formgrader and `nbgrader export` take names and e-mails from it."""

from __future__ import annotations

from collections.abc import Iterable

from nbjudge.gradebook.opening import Gradebook
from nbjudge.roster import Student


def save_students(book: Gradebook, students: Iterable[Student]) -> None:
    """Adds the students that the database lacks and updates names, e-mails and LMS ids; takes nobody away."""
    from nbjudge.gradebook import tables as t

    with book.engine.begin() as connection:
        known = {row.id: row for row in connection.execute(t.student.select())}
        for student in students:
            first, _, last = student.name.rpartition(" ")
            values = {
                "first_name": first or None,
                "last_name": last or None,
                "email": student.email or None,
                "lms_user_id": next(iter(student.lms_ids), None),
            }
            row = known.get(student.id)
            if row is None:
                connection.execute(t.student.insert().values(id=student.id, **values))
            elif any(value is not None and getattr(row, name) != value for name, value in values.items()):
                changed = {name: value for name, value in values.items() if value is not None}
                connection.execute(t.student.update().where(t.student.c.id == student.id).values(changed))


def read_students(book: Gradebook) -> list[Student]:
    """The database's students, by id: those of the roster, and others that nbgrader's own commands added."""
    from nbjudge.gradebook import tables as t

    with book.engine.connect() as connection:
        rows = connection.execute(t.student.select().order_by(t.student.c.id)).all()
    return [
        Student(
            id=row.id,
            name=" ".join(filter(None, (row.first_name, row.last_name))),
            email=row.email or "",
            lms_ids=(row.lms_user_id,) if row.lms_user_id else (),
        )
        for row in rows
    ]


def forget_student(book: Gradebook, student: str) -> bool:
    """Takes a student without any submission out of the database; whether that could be done."""
    from nbjudge.gradebook import tables as t

    with book.engine.begin() as connection:
        attempts = t.submitted_assignment.select().where(t.submitted_assignment.c.student_id == student)
        if connection.execute(attempts).first() is not None:
            return False
        connection.execute(t.student.delete().where(t.student.c.id == student))
    return True
