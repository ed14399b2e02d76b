"""One batch with every kind of student: verdicts, scores, and what is recorded where."""

import json
from dataclasses import replace

import pytest
from support.tiny_course import answer, make_course, submit

from nbjudge.app import grading, reporting
from nbjudge.app.grading import Report
from nbjudge.app.options import GradingOptions
from nbjudge.feedback.page import render_feedback
from nbjudge.model import Course
from nbjudge.results import load_result

pytestmark = pytest.mark.slow


def scores(course: Course) -> dict[str, dict[str, float | None]]:
    return {row.student: row.exercises for row in reporting.grades(course) if row.submitted}


def with_cell(notebook: bytes, *sources: str) -> bytes:
    """The notebook with cells of the student's own at its top, the last one first."""
    document = json.loads(notebook)
    for n, source in enumerate(sources):
        cell = {"cell_type": "code", "id": f"own-{n}", "metadata": {}, "source": source, "outputs": []}
        document["cells"].insert(0, cell | {"execution_count": None})
    return json.dumps(document).encode()


@pytest.fixture(scope="module")
def batch(tmp_path_factory: pytest.TempPathFactory) -> tuple[Course, Report]:
    """Every kind of student, graded once into another database than the one that course_config.py names."""
    course = make_course(tmp_path_factory.mktemp("course"))
    course = replace(course, database=f"sqlite:///{course.root / 'other.db'}")
    submit(
        course,
        right=answer(course),
        wrong=answer(course, double="def double(x):\n    return x + 3"),
        hangs=answer(course, double="def double(x):\n    while True: pass"),
        exits=answer(course, double="import os\ndef double(x):\n    os._exit(0)"),
        raises=answer(course, total="def total(items):\n    return items[0] / 0"),
        greedy=answer(course, double="def double(x):\n    return bytearray(60 << 30)"),
        broken=answer(course, double="def double(x)\n    return"),
        hangs_at_once=answer(course, double="while True: pass"),
        renamed=answer(course, double="def doubled(x):\n    return 2 * x"),
        own_cells=with_cell(
            answer(course, double="def double(x):\n    return factor['by'] * scale(x)"),
            "print('hello')\nfactor = dict(by=2)\nif factor:\n    scale = partial(lambda n: n)\nhistory = [print('never')]",
            "from functools import partial\nimport nosuchpackage",
        ),
        fails_first=answer(
            course, double="import nosuchpackage\ndef double(x):\n    return 2 * x\nprint(double(1))"
        ),
        runs_long=answer(course, double="def double(x):\n    return 2 * x\nwhile True: double(1)"),
        garbage=b"%PDF-1.7 this is not a notebook",
        empty=b"",
    )
    return course, grading.grade(course, "tiny", GradingOptions(jobs=2))


def test_one_batch_with_every_kind_of_student(batch: tuple[Course, Report]) -> None:
    course, report = batch
    assert report.troubles == () and len(report.graded) == 14
    got = scores(course)
    assert got["right"] == {"double": 2, "total": 3, "essay": None}
    for student in ("own_cells", "fails_first", "runs_long"):
        assert (got[student]["double"], got[student]["total"]) == (2, 3), student
    assert (got["wrong"]["double"], got["wrong"]["total"]) == (1, 3)
    for student in ("hangs", "exits", "greedy", "broken", "hangs_at_once", "renamed"):
        assert (got[student]["double"], got[student]["total"]) == (0, 3), student
    assert got["raises"]["total"] == 0
    assert got["garbage"]["double"] == got["garbage"]["total"] == got["empty"]["total"] == 0
    statuses = {
        done.submission.student: done.result.tests[0].status for done in report.graded if done.result.tests
    }
    assert statuses == {
        "right": "passed",
        "wrong": "passed",
        "hangs": "timeout",
        "exits": "crashed",
        "raises": "passed",
        "greedy": "memory",
        "broken": "not_found",
        "hangs_at_once": "not_found",
        "renamed": "not_found",
        "own_cells": "passed",
        "fails_first": "passed",
        "runs_long": "passed",
    }


def test_what_is_recorded(batch: tuple[Course, Report]) -> None:
    data = (batch[0].gradebook / "results/right/tiny.json").read_bytes()
    result = load_result(data)
    assert json.loads(data)["schema"] == "nbjudge.result/2"
    assert result.environment["isolation"] == "namespaces"
    assert {"torch", "python", "numpy", "nbjudge", "device"} <= result.environment.keys()
    assert result.seed == int(result.sha256[:16], 16)
    assert "47110815" not in json.dumps([cell.output for cell in result.cells])


def test_what_did_not_run_is_on_the_page(batch: tuple[Course, Report]) -> None:
    course, report = batch
    done = {one.submission.student: one for one in report.graded}
    printed = [cell.output for cell in done["own_cells"].result.cells]
    assert not any("hello" in text or "never" in text for text in printed)
    failed = done["fails_first"]
    html = render_feedback(course, course.assignments["tiny"], failed.result, failed.score)
    assert "No module named &#39;nosuchpackage&#39;" in html
    assert "Not run, because line 1 had failed: 4" in html
    assert [cell.status for cell in done["runs_long"].result.cells].count("timeout") == 1


def test_a_database_of_its_own(batch: tuple[Course, Report]) -> None:
    course, _ = batch
    assert (course.root / "other.db").exists()
    assert not (course.gradebook / "gradebook.db").exists()
    assert scores(course)["right"]["total"] == 3
