"""Grading for real: the pool, its verdicts, what is graded again, and what happens when parts of it die."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.tiny_course import HIDDEN, answer, make_course, submit

from nbjudge.app import grading, reporting
from nbjudge.app.grading import Report
from nbjudge.app.options import GradingOptions
from nbjudge.errors import CourseError
from nbjudge.grading.executors.local import pool
from nbjudge.model import Course

pytestmark = pytest.mark.slow  # every grading starts workers: some seconds


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return make_course(tmp_path)


def scores(course: Course) -> dict[str, dict[str, float | None]]:
    return {row.student: row.exercises for row in reporting.grades(course) if row.submitted}


def names(report: Report) -> list[str]:
    return [done.submission.student for done in report.graded]


def test_only_what_changed_is_graded_again(course: Course) -> None:
    submit(course, anna=answer(course), boris=answer(course, total="def total(items):\n    return 0"))
    assert names(grading.grade(course, "tiny", GradingOptions(jobs=1))) == ["anna", "boris"]
    again = grading.grade(course, "tiny", GradingOptions(jobs=1))
    assert again.graded == () and [s.student for s in again.unchanged] == ["anna", "boris"]

    submit(course, boris=answer(course))
    assert names(grading.grade(course, "tiny", GradingOptions(jobs=1))) == ["boris"]
    assert scores(course)["boris"]["total"] == 3

    tests = course.autograder("tiny") / "test_tiny.py"
    tests.write_text(HIDDEN.replace("== 6.5", "== 6.75"))
    assert names(grading.grade(course, "tiny", GradingOptions(jobs=1))) == ["anna", "boris"]
    assert scores(course)["anna"]["total"] == 0.75

    assert names(grading.grade(course, "tiny", GradingOptions(students=("anna",), force=True, jobs=1))) == [
        "anna"
    ]


def test_grading_twice_gives_the_same(course: Course) -> None:
    random = (
        "import random, torch\ndef double(x):\n    return x * 2 if random.random() + torch.rand(1) > 1 else 0"
    )
    submit(course, **{f"s{i}": answer(course, double=random) for i in range(6)})
    first = grading.grade(course, "tiny", GradingOptions(jobs=2))
    second = grading.grade(course, "tiny", GradingOptions(jobs=1, force=True))

    def plain(report: Report) -> list[object]:
        return [
            [(test.test, test.status, test.message) for test in done.result.tests] + [done.result.seed]
            for done in report.graded
        ]

    assert plain(first) == plain(second)


def test_a_worker_that_dies_is_replaced_and_the_submission_tried_again(tmp_path: Path) -> None:
    marker = tmp_path / "killed-once"
    kill = f"""
import os, pathlib, signal
from pathlib import Path

@pytest.mark.exercise("double")
def test_kills_the_worker_once(student):
    \"\"\"A fault of the machine.\"\"\"
    assert student.double(1) == 2
    if not os.path.exists({str(marker)!r}):
        Path({str(marker)!r}).touch()
        os.kill(os.getppid(), signal.SIGKILL)
"""
    course = make_course(tmp_path, HIDDEN + kill)
    submit(course, anna=answer(course), boris=answer(course))
    report = grading.grade(course, "tiny", GradingOptions(jobs=1))
    assert marker.exists()
    assert names(report) == ["anna", "boris"] and report.troubles == ()
    assert scores(course)["anna"]["double"] == 2


def test_a_judge_that_dies_costs_its_own_submission_trouble_and_no_grade(tmp_path: Path) -> None:
    die = """
@pytest.mark.exercise("double")
def test_dies(student):
    \"\"\"A fault of ours.\"\"\"
    if student.double(1) == 666:
        import os
        os._exit(3)
"""
    course = make_course(tmp_path, HIDDEN + die)
    submit(course, anna=answer(course), boris=answer(course, double="def double(x):\n    return 666"))
    report = grading.grade(course, "tiny", GradingOptions(jobs=1))
    assert names(report) == ["anna"]
    assert [(one.submission.student, one.kind) for one in report.troubles] == [("boris", "no_result")]
    assert "boris" not in scores(course)
    again = grading.grade(course, "tiny", GradingOptions(jobs=1))
    assert names(again) == ["boris"] and again.troubles == ()  # a second time, while anna was judged
    (row,) = [row for row in reporting.grades(course, "tiny") if row.student == "boris"]
    assert (row.score, row.status) == (0, "needs manual grading")


def test_killed_and_run_again_gives_the_same_grades(course: Course) -> None:
    slow = "import time\ndef double(x):\n    time.sleep(0.3)\n    return 2 * x"
    submit(course, **{f"s{i}": answer(course, double=slow) for i in range(8)})
    command = [
        sys.executable,
        "-m",
        "nbjudge",
        "--course",
        str(course.root),
        "grade",
        "tiny",
        "--jobs",
        "2",
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while (
        not 2 <= len(list((course.gradebook / "results").glob("*/tiny.json"))) < 8
        and time.monotonic() < deadline
    ):
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = len(scores(course))
    assert before < 8
    report = grading.grade(course, "tiny", GradingOptions(jobs=2))
    assert report.troubles == ()
    assert len(report.graded) + len(report.unchanged) == 8 and len(report.unchanged) == before
    assert scores(course) == {f"s{i}": {"double": 2, "total": 3, "essay": None} for i in range(8)}


def test_a_large_batch_is_prepared_for_and_graded_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marker = tmp_path / "warmed"
    notice = f"""
from pathlib import Path
from nbjudge.judge.judge import Judge

real = Judge.warm_up

def warm_up(self, zygote):
    Path({str(marker)!r}).touch()
    return real(self, zygote)

Judge.warm_up = warm_up
"""
    course = make_course(tmp_path, HIDDEN + notice)
    submit(course, right=answer(course), wrong=answer(course, double="def double(x):\n    return x + 3"))
    grading.grade(course, "tiny", GradingOptions(jobs=2))
    found = scores(course)
    assert not marker.exists() and found["wrong"] != found["right"]
    monkeypatch.setattr(pool, "MANY", 2)
    assert grading.grade(course, "tiny", GradingOptions(jobs=2, force=True)).troubles == ()
    assert marker.exists() and scores(course) == found


@pytest.mark.alone
def test_nothing_outlives_a_batch(course: Course) -> None:
    daemon = """
        import os, time
        def double(x):
            if os.fork() == 0:
                os.setsid()
                while True:
                    time.sleep(1)
            open("/tmp/left-behind-by-a-student", "w").close()
            return 2 * x
    """
    submit(course, anna=answer(course, double=daemon))
    before = processes()
    grading.grade(course, "tiny", GradingOptions(jobs=1))
    deadline = time.monotonic() + 5  # a killed process needs a moment
    while (left := left_over(before)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert left == []
    assert not os.path.exists("/tmp/left-behind-by-a-student")
    assert scores(course)["anna"]["double"] == 2


def test_a_wrong_autograder_is_the_authors_fault_and_changes_nothing(course: Course) -> None:
    submit(course, anna=answer(course))
    tests = course.autograder("tiny") / "test_tiny.py"
    tests.write_text(HIDDEN.replace('exercise("total")', 'exercise("totl")'))
    with pytest.raises(CourseError, match="totl"):
        grading.grade(course, "tiny", GradingOptions(jobs=1))
    tests.write_text("import nosuchmodule\n")
    with pytest.raises(CourseError, match="nosuchmodule"):
        grading.grade(course, "tiny", GradingOptions(jobs=1))
    assert scores(course) == {}


def test_a_broken_test_is_not_the_students_fault(tmp_path: Path) -> None:
    course = make_course(
        tmp_path, HIDDEN.replace("assert student.total([]) == 0", "assert student.total(nosuchname) == 0")
    )
    submit(course, anna=answer(course))
    report = grading.grade(course, "tiny", GradingOptions(jobs=1))
    assert scores(course)["anna"] == {"double": 2, "total": None, "essay": None}
    assert [t.test for t in report.graded[0].result.tests if t.status == "broken_test"] == [
        "test_total_of_nothing"
    ]


def test_without_walls_it_says_so(course: Course) -> None:
    submit(course, anna=answer(course))
    report = grading.grade(course, "tiny", GradingOptions(jobs=1, isolation="none"))
    assert report.graded[0].result.environment["isolation"] == "none"
    (page,) = reporting.feedback(course, "tiny")
    assert "isolation" in page.read_text().lower()
    # Another isolation is another result: it is graded again.
    assert names(grading.grade(course, "tiny", GradingOptions(jobs=1))) == ["anna"]


def test_where_the_jail_cannot_be_made_nothing_is_graded(course: Course) -> None:
    submit(course, anna=answer(course))
    grade = f"{sys.executable} -m nbjudge --course {course.root} grade tiny --jobs 1"
    without_namespaces = f"echo 0 > /proc/sys/user/max_user_namespaces && exec {grade}"
    command = ["unshare", "--user", "--map-root-user", "sh", "-c", without_namespaces]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2
    assert "nothing was graded" in done.stderr and "nbjudge doctor" in done.stderr
    assert scores(course) == {}
    assert names(grading.grade(course, "tiny", GradingOptions(jobs=1))) == ["anna"]


def processes() -> dict[int, int]:
    """Every process of the machine, with its parent."""
    parents = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(status.parent.name)] = int(status.read_text().rsplit(")", 1)[1].split()[1])
    return parents


def left_over(before: dict[int, int]) -> list[int]:
    """New processes that are below this one, or that nobody but init looks after."""
    now = processes()
    mine = []
    for pid in now.keys() - before.keys():
        ancestor = now[pid]
        while ancestor not in (0, 1, os.getpid()) and ancestor not in before:
            ancestor = now.get(ancestor, 1)
        if ancestor in (0, 1, os.getpid()):
            mine.append(pid)
    return mine
