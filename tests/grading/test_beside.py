"""Files that students hand in beside the notebook lie beside it in the jail; a time that can't be read stops one alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from support.tiny_course import answer, make_course

from nbjudge.app import grading
from nbjudge.app.collect import collect
from nbjudge.app.options import GradingOptions
from nbjudge.model import Course

USES = "from helper import twice\n\ndef double(x):\n    return twice(x)"
WRITES = (
    "import os\nfrom helper import twice\n\ndef double(x):\n    try:\n        open('helper.py', 'a')\n"
    "    except PermissionError:\n        return twice(x) if os.stat('helper.py').st_uid == os.getuid() else -1\n    return -2"
)


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Course, grading.Report]:
    folder = tmp_path_factory.mktemp("beside")
    course = make_course(folder / "course")
    tiny = replace(course.assignments["tiny"], extra_files=("*.py",))
    course = replace(course, assignments={"tiny": tiny})
    helper = b"def twice(x):\n    return 2 * x\n"
    files = {
        "anna/tiny.ipynb": answer(course, double=USES),
        "anna/helper.py": helper,
        "boris/tiny.ipynb": answer(course, double=USES),
        "olga/tiny.ipynb": answer(course, double=WRITES),
        "olga/helper.py": helper,
        "vera/tiny.ipynb": answer(course),
    }
    for name, data in files.items():
        (folder / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "in" / name).write_bytes(data)
    assert not collect(course, "tiny", folder / "in").refusals
    (course.gradebook / "submitted/vera/tiny/timestamp.txt").write_text("yesterday")
    return course, grading.grade(course, "tiny", GradingOptions(jobs=1))


@pytest.mark.slow
@pytest.mark.parametrize(("student", "points"), [("anna", 2.0), ("olga", 2.0), ("boris", 0.0)])
def test_each_student_has_only_the_own_files(
    graded: tuple[Course, grading.Report], student: str, points: float
) -> None:
    scores = {done.submission.student: done.score.exercises[0].score for done in graded[1].graded}
    assert scores[student] == points


@pytest.mark.slow
def test_a_timestamp_that_says_no_time_stops_one_submission_alone(
    graded: tuple[Course, grading.Report],
) -> None:
    [trouble] = graded[1].troubles
    assert (trouble.submission.student, trouble.kind) == ("vera", "bad_timestamp")
    assert "submitted/vera/tiny/timestamp.txt: 'yesterday' is not a time" in trouble.message


@pytest.mark.slow
def test_a_time_that_becomes_readable_is_graded(
    graded: tuple[Course, grading.Report], tmp_path: Path
) -> None:
    course, _ = graded
    (course.gradebook / "submitted/vera/tiny/timestamp.txt").unlink()
    report = grading.grade(course, "tiny", GradingOptions(jobs=1))
    assert [done.submission.student for done in report.graded] == ["vera"] and not report.troubles
