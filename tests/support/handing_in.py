"""A small course to hand in for, and archives as learning systems make them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from support import cells
from support.cells import grade_cell, solution_cell
from support.courses import assignment, write_course

from nbjudge.app.collect import Collected, CollectOptions, collect
from nbjudge.intake.store import read_submissions
from nbjudge.model import Course
from nbjudge.notebooks.reader import write_notebook
from nbjudge.roster import Student, write_roster

DOWNLOADED = datetime(2027, 2, 20, 9, 0, tzinfo=UTC)  # days after the hard deadline
SOFT, HARD = "2027-02-07 23:59", "2027-02-13 23:59"
IN_TIME, LATE = datetime(2027, 2, 7, 20, 58, tzinfo=UTC), datetime(2027, 2, 9, 10, 0, tzinfo=UTC)


def notebook(answer: str = "def f():\n    # YOUR CODE HERE\n    raise NotImplementedError()") -> bytes:
    """A notebook of `hw` with this answer; without one, the release."""
    made = [solution_cell("f_a", answer, "f_a"), grade_cell("f", "assert f() == 1", 1, "f")]
    return write_notebook(cells.notebook(made))


RELEASE, SOLVED, OTHER = notebook(), notebook("def f(): return 1"), notebook("def f(): return 2")
ROSTER = (
    Student("petrova", "Анна Петрова", "petrova@example.org", ("956227",), group="DL-1"),
    Student("ivanov", "Иван Иванов", "ivanov@example.org", ("956228", "30002"), group="DL-1"),
    Student("elkin.p", "Пётр Ёлкин", "p.elkin@example.org"),
    Student("anna.petrova2", "Anna Petrova", "anna2@example.org", ("956230",)),
)


def make_course(folder: Path, roster: tuple[Student, ...] = (), **settings: Any) -> Course:
    """A course in Moscow's zone with the assignment `hw`, and `lab` beside it."""
    hw = assignment("HW", {"f": 1}, late_factor=0.5, soft_deadline=SOFT, hard_deadline=HARD, **settings)
    files = {"source/hw/hw.ipynb": SOLVED, "release/hw/hw.ipynb": RELEASE}
    declared = {"hw": hw, "lab": assignment("Lab", {"f": 1})}
    course = write_course(
        folder / "course", declared, files, course_id="c", title="C", timezone="Europe/Moscow"
    )
    if roster:
        write_roster(course, roster)
    return course


def zipped(
    path: Path,
    files: Mapping[str, bytes],
    when: datetime = DOWNLOADED,
    dates: Mapping[str, datetime] | None = None,
) -> Path:
    """A zip whose entries say the local time of Moscow, as Windows and learning systems there write it."""
    from zoneinfo import ZoneInfo

    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            local = (dates or {}).get(name, when).astimezone(ZoneInfo("Europe/Moscow"))
            archive.writestr(zipfile.ZipInfo(name, local.timetuple()[:6]), data, zipfile.ZIP_DEFLATED)
    return path


def inner_zip(files: Mapping[str, bytes]) -> bytes:
    """The bytes of a zip that a student made."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return file.getvalue()


def take(course: Course, path: Path, now: datetime = DOWNLOADED, **options: Any) -> Collected:
    """`collect` of `hw`."""
    return collect(course, "hw", path, CollectOptions(**options), now=now)


def stored(course: Course) -> dict[str, bytes]:
    """Student -> the current attempt."""
    return {one.student: one.path.read_bytes() for one in read_submissions(course, "hw")}


def times(course: Course) -> dict[str, datetime | None]:
    """Student -> when it was handed in; None where that is not known."""
    return {one.student: one.timestamp if one.time_known else None for one in read_submissions(course, "hw")}


def asked(collected: Collected) -> dict[str, str]:
    """File -> why it waits for a person."""
    return {each.name: each.reason for each in collected.refusals}
