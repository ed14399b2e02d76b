"""What nbgrader's own programs (formgrader, `nbgrader export`) need to work on a course of nbjudge.

Called by nbgrader_config.py, in the process of a Jupyter server or of an `nbgrader` command.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from nbjudge.errors import CourseError
from nbjudge.gradebook.book import refresh_penalty
from nbjudge.gradebook.late import refresh, refresh_all
from nbjudge.gradebook.opening import read_gradebook
from nbjudge.model import Course

if TYPE_CHECKING:
    from traitlets.config import Config

PATCHED = "_nbjudge"  # set on what is already patched: the configuration is read more than once


def configure(config: Config, course: Course) -> None:
    """Sets nbgrader's options from the course, and mends three habits of nbgrader 0.9.6."""
    state = course.gradebook.relative_to(course.root)
    directory = config.CourseDirectory
    directory.course_id = course.id
    directory.root = str(course.root)
    directory.db_url = course.database
    directory.source_directory, directory.release_directory = "source", "release"
    directory.submitted_directory = str(state / "submitted")
    directory.autograded_directory = str(state / "autograded")
    directory.feedback_directory = str(state / "feedback")
    exports = course.gradebook / "exports"
    exports.mkdir(parents=True, exist_ok=True)
    config.ExportPlugin.to = str(exports / "grades.csv")
    # Outputs were cleaned when they were written; this is a second lock.
    config.HTMLExporter.sanitize_html = True
    _keep_penalties_true(course)
    _end_sessions_with_requests()
    _refuse_autograde()


def _keep_penalties_true(course: Course) -> None:
    """The late penalty follows the score and the deadlines: nbgrader stores it as points.

    A TA's marks change the score, nbgrader's `grant_extension` the lateness; deadlines may have moved since the last grading.
    """
    from nbgrader.api import Grade, SubmittedAssignment
    from sqlalchemy import event, inspect
    from sqlalchemy.orm import Session

    if getattr(Session, PATCHED, False):
        return
    setattr(Session, PATCHED, True)

    @event.listens_for(Session, "after_flush")
    def follow(session: Session, _: Any) -> None:
        notebooks = {row.notebook_id for row in session.dirty if isinstance(row, Grade)} - {None}
        extended = any(isinstance(row, SubmittedAssignment) for row in session.dirty)
        if not (notebooks or extended) or not inspect(session.connection()).has_table("nbjudge_result"):
            return
        if extended:
            refresh_all(session.connection(), course)
        for notebook in notebooks:
            refresh_penalty(session.connection(), notebook)

    # An unusable database is nbgrader's to report.
    with suppress(CourseError), read_gradebook(course) as book:
        if book is not None:
            refresh(book)


def _end_sessions_with_requests() -> None:
    """formgrader keeps one database session forever, and with it the grades as it first saw them."""
    base = sys.modules.get("nbgrader.server_extensions.formgrader.base")
    if base is None or hasattr(base.BaseHandler, PATCHED):
        return
    setattr(base.BaseHandler, PATCHED, True)
    on_finish = base.BaseHandler.on_finish

    def finish(handler: Any) -> None:
        on_finish(handler)
        gradebook = handler.settings.get("nbgrader_gradebook")
        if gradebook is not None:
            gradebook.db.remove()

    base.BaseHandler.on_finish = finish


def _refuse_autograde() -> None:
    """nbgrader's autograder would run students' code here, unjailed, and overwrite the judge's grades."""
    from nbgrader.converters import Autograde

    def start(_: Any) -> None:
        raise CourseError("this course is graded by nbjudge: run `nbjudge grade` in its folder")

    Autograde.start = start
