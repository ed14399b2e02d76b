"""What every export is made of: one row for each student, handed in or not."""

from __future__ import annotations

from dataclasses import dataclass

from nbjudge.model import GradeRow
from nbjudge.reporting.exports.template import Person, Template


@dataclass(frozen=True, slots=True)
class ExportRow:
    """One student; `grade` is None without a submission."""

    person: Person
    grade: GradeRow | None = None

    @property
    def student(self) -> str:
        """The student's id."""
        return self.person.id


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be exported, and how."""

    assignment: str
    titles: tuple[str, ...]  # in the course's languages, the first one first
    points: float  # the maximum
    template: Template | None = None  # what the LMS gave
    column: str | None = (
        None  # the template's column that takes the grades; None: the one that is called like it
    )
    match: str | None = (
        None  # the template's column that holds our students' ids; None: any that identifies somebody
    )
    unfinished: bool = False  # also what still waits for a person

    def points_of(self, row: ExportRow) -> float | None:
        """The points to export; None: nobody knows them yet, so nothing is said."""
        if row.grade is None:
            return None
        known = row.grade.status == "graded" or (
            self.unfinished and row.grade.status == "needs manual grading"
        )
        return row.grade.final if known else None


@dataclass(frozen=True, slots=True)
class Export:
    """A file to upload, and what somebody should know about it."""

    data: bytes
    grades: int  # how many points are in it
    notices: tuple[str, ...] = ()


def waiting(rows: list[ExportRow], wanted: Wanted) -> tuple[str, ...]:
    """A notice that names those who are left out because a person has not graded them yet."""
    names = [row.student for row in rows if row.grade is not None and wanted.points_of(row) is None]
    if not names:
        return ()
    return (
        f"left out, because they wait for a person: {listed(names)} (--unfinished exports what they have)",
    )


def listed(names: list[str], most: int = 10) -> str:
    """Names in one line; of many the first ones, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def number(value: float | None) -> str:
    """Points as every LMS reads them, with a dot."""
    return "" if value is None else f"{value:.10g}"
