"""nbgrader's tables as SQLAlchemy Core sees them, and the two of nbjudge beside them.

`import nbgrader` takes three seconds, more than grading a dozen submissions, so it happens once in a
course's life: when the database is made. Everything else is plain SQL on the schema of nbgrader 0.9.6
(the version is pinned; a test compares these tables with nbgrader's own).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    DateTime,
    Engine,
    Enum,
    Float,
    Integer,
    Interval,
    MetaData,
    Select,
    String,
    Table,
    Text,
    Update,
    bindparam,
    create_engine,
    event,
    inspect,
    make_url,
    select,
    text,
)
from sqlalchemy.exc import ArgumentError

KEY = String(32)
NAME = String(128)
BUSY = 30  # seconds to wait for another process's write

nbgrader = MetaData()


def _table(name: str, *columns: Column[Any]) -> Table:
    return Table(name, nbgrader, Column("id", KEY, primary_key=True), *columns)


course = Table("course", nbgrader, Column("id", NAME, primary_key=True))
student = Table(
    "student",
    nbgrader,
    Column("id", NAME, primary_key=True),
    Column("first_name", NAME),
    Column("last_name", NAME),
    Column("email", NAME),
    Column("lms_user_id", NAME),
)
assignment = _table(
    "assignment", Column("name", NAME), Column("duedate", DateTime), Column("course_id", NAME)
)
notebook = _table(
    "notebook", Column("name", NAME), Column("assignment_id", KEY), Column("kernelspec", String(1024))
)
base_cell = _table("base_cell", Column("name", NAME), Column("notebook_id", KEY), Column("type", String(50)))
grade_cell = _table(
    "grade_cells",
    Column("max_score", Float),
    Column("cell_type", Enum("code", "markdown", name="grade_cell_type")),  # a named type on PostgreSQL
)
solution_cell = _table("solution_cells")
source_cell = _table(
    "source_cell",
    Column("name", NAME),
    Column("cell_type", Enum("code", "markdown", name="source_cell_type")),
    Column("locked", Boolean),
    Column("source", Text),
    Column("checksum", NAME),
    Column("notebook_id", KEY),
)
submitted_assignment = _table(
    "submitted_assignment",
    Column("assignment_id", KEY),
    Column("student_id", NAME),
    Column("timestamp", DateTime),
    Column("extension", Interval),
)
submitted_notebook = _table(
    "submitted_notebook",
    Column("assignment_id", KEY),  # of submitted_assignment
    Column("notebook_id", KEY),
    Column("flagged", Boolean),
    Column("late_submission_penalty", Float),
)
grade = _table(
    "grade",
    Column("notebook_id", KEY),  # of submitted_notebook
    Column("cell_id", KEY),
    Column("auto_score", Float),
    Column("manual_score", Float),
    Column("extra_credit", Float),
    Column("needs_manual_grade", Boolean),
)
comment = _table(
    "comment",
    Column("notebook_id", KEY),  # of submitted_notebook
    Column("cell_id", KEY),
    Column("auto_comment", Text),
    Column("manual_comment", Text),
)

nbjudge = MetaData()
result = Table(
    "nbjudge_result",
    nbjudge,
    Column("assignment", NAME, primary_key=True),  # name
    Column("student", NAME, primary_key=True),
    Column("key", NAME, nullable=False),  # Result.key: equal key, no need to grade again
    Column("sha256", String(64), nullable=False),  # of the submitted file
    Column("factor", Float, nullable=False),  # of the late policy
    Column("manual", Text, nullable=False),  # JSON: exercise -> hash of the cell that a person grades
    Column("recorded_at", DateTime, nullable=False),  # UTC
)
trouble = Table(
    "nbjudge_trouble",
    nbjudge,
    Column("assignment", NAME, primary_key=True),  # name
    Column("student", NAME, primary_key=True),
    Column("sha256", String(64), nullable=False),  # of the submitted file
    Column("kind", String(32), nullable=False),  # model.TroubleKind
    Column("message", Text, nullable=False),
    Column("since", DateTime, nullable=False),  # UTC
    Column("last", DateTime, nullable=False),  # UTC
    Column("tries", Integer, nullable=False),
)


def new_id() -> str:
    """A key as nbgrader makes them."""
    return uuid4().hex


def make_engine(url: str) -> Engine:
    """An engine whose transactions wait for each other instead of failing, up to BUSY seconds."""
    if url.startswith("sqlite"):
        return _sqlite_engine(url)
    engine = create_engine(url)
    if engine.dialect.name == "postgresql":
        # Or two that add the same student (or the tables) at once would both find none, and one would fail.
        @event.listens_for(engine, "begin")
        def begin(connection: Connection) -> None:
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{BUSY}s'")
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('nbjudge'))")

    return engine


def printable(url: str) -> str:
    """The database's URL without its password."""
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return "(not a URL)"


def _sqlite_engine(url: str) -> Engine:
    engine = create_engine(url, connect_args={"timeout": BUSY})

    # Python's sqlite3 opens a transaction before the first write only; a reader that turns writer then
    # fails at once, without waiting, when another process wrote meanwhile. So: ask for the lock first.
    @event.listens_for(engine, "connect")
    def manual_transactions(connection: Any, _: Any) -> None:
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def find_or_add(connection: Connection, table: Table, **values: Any) -> str:
    """The id of the row with these values, inserted if there is none."""
    found: str | None = connection.execute(_selecting_id(table, *values), values).scalar()
    if found is None:
        found = values.get("id") or new_id()
        connection.execute(table.insert().values(**{"id": found, **values}))
    return found


def update(connection: Connection, table: Table, id_: str, **values: Any) -> None:
    """Sets columns of the row with this id."""
    connection.execute(_updating(table, *values), {**values, "row_id": id_})


def update_all(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Sets the columns of several rows at once; each dict holds an `id` and the same columns."""
    if rows:
        parameters = [{"row_id" if name == "id" else name: row[name] for name in row} for row in rows]
        connection.execute(_updating(table, *(name for name in rows[0] if name != "id")), parameters)


# Building a statement takes SQLAlchemy longer than running it.


@cache
def _selecting_id(table: Table, *columns: str) -> Select[Any]:
    return select(table.c.id).where(*(table.c[name] == bindparam(name) for name in columns))


@cache
def _updating(table: Table, *columns: str) -> Update:
    return (
        table.update()
        .where(table.c.id == bindparam("row_id"))
        .values({name: bindparam(name) for name in columns})
    )


def create_tables(engine: Engine) -> None:
    """Makes nbgrader's tables and the two of nbjudge where they are missing; a new database in one transaction."""
    with engine.begin() as connection:
        existing = set(inspect(connection).get_table_names())
        if "grade" not in existing or "alembic_version" not in existing:
            from nbgrader.api import Base

            Base.metadata.create_all(connection)
            connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
            connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": _alembic_head()})
        if not nbjudge.tables.keys() <= existing:
            nbjudge.create_all(connection)


def has_grades(engine: Engine) -> bool:
    """Whether nbjudge has recorded, or begun to record, in this database; makes nothing."""
    url = engine.url
    if url.get_backend_name() == "sqlite" and url.database and not Path(url.database).exists():
        return False  # connecting would make an empty file
    with engine.connect() as connection:
        return inspect(connection).has_table(result.name)


def _alembic_head() -> str:
    # nbgrader shells out to `alembic`, which must then be on PATH; its library answers the same.
    from alembic.config import Config
    from alembic.script import ScriptDirectory
    from nbgrader.dbutil import ALEMBIC_DIR

    config = Config()
    config.set_main_option("script_location", ALEMBIC_DIR)
    head = ScriptDirectory.from_config(config).get_current_head()
    assert head is not None, "nbgrader ships its migrations"
    return head
