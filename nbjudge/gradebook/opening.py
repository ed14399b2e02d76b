"""Opens the course's database, to write or only to read, and says in one line what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbjudge.errors import CourseError
from nbjudge.model import Course

if TYPE_CHECKING:
    from sqlalchemy import Engine


@dataclass(frozen=True, slots=True)
class Gradebook:
    """An open gradebook: the course's database and its folder."""

    course: Course
    engine: Engine


@contextmanager
def open_gradebook(course: Course) -> Iterator[Gradebook]:
    """The course's gradebook, made if it does not exist; CourseError if the database can't be used."""
    from nbjudge.gradebook import tables

    with _opening(course):
        course.gradebook.mkdir(parents=True, exist_ok=True)
        engine = tables.make_engine(course.database)
        tables.create_tables(engine)
        with engine.begin() as connection:
            tables.find_or_add(connection, tables.course, id=course.id)
    with _using(course, engine):
        yield Gradebook(course, engine)


@contextmanager
def read_gradebook(course: Course) -> Iterator[Gradebook | None]:
    """The course's gradebook as it is, to read from: None where nothing was graded yet. Makes and changes nothing."""
    from nbjudge.gradebook import tables

    with _opening(course):
        engine = tables.make_engine(course.database)
        there = tables.has_grades(engine)
    with _using(course, engine):
        yield Gradebook(course, engine) if there else None


@contextmanager
def _opening(course: Course) -> Iterator[None]:
    from sqlalchemy.exc import SQLAlchemyError

    from nbjudge.gradebook.tables import printable

    try:
        yield
    except ImportError as error:
        raise CourseError(
            f"the driver of the database is not installed ({error}); for PostgreSQL: pip install 'nbjudge[postgresql]'"
        ) from error
    except (SQLAlchemyError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise CourseError(
            f"the database {printable(course.database)}, set in course_config.py or NBJUDGE_DATABASE,"
            f" can't be opened: {reason}"
        ) from error


@contextmanager
def _using(course: Course, engine: Engine) -> Iterator[None]:
    from sqlalchemy.exc import SQLAlchemyError

    from nbjudge.gradebook.tables import printable

    try:
        yield
    except SQLAlchemyError as error:  # locked for too long, read-only, full, damaged
        reason = str(error).splitlines()[0]
        raise CourseError(
            f"the database {printable(course.database)} can't be used: {reason}; what was recorded before stays"
        ) from error
    finally:
        engine.dispose()
