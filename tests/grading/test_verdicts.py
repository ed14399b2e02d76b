"""Verdicts stay apart: one batch with every way to fail; only the student's own faults cost points."""

import pytest
from support.tiny_course import HIDDEN, answer, make_course, submit

from nbjudge.app import grading, reporting
from nbjudge.app.grading import Graded, Report
from nbjudge.app.options import GradingOptions
from nbjudge.cli.grade import show_report
from nbjudge.cli.tables import console
from nbjudge.model import Course, Result

pytestmark = pytest.mark.slow

# A broken test of "total": the author's fault, in everybody's result. Another one dies where a student answers 666.
FAULTS = """
@pytest.mark.exercise("total")
def test_broken(student):
    \"\"\"Breaks before it asks anything.\"\"\"
    assert student.total([nosuchname]) == 1


@pytest.mark.exercise("double")
def test_dies(student):
    \"\"\"A fault of ours.\"\"\"
    if student.double(4) == 666:
        import os
        os._exit(3)
"""
CODE = {
    "right": "return 2 * x",
    "wrong": "return x + 4",
    "raises": "return x / 0",
    "hangs": "while True: pass",
    "greedy": "return bytearray(60 << 30)",
    "swells": "return [bytearray(64 << 20) for _ in range(1 << 20)]",
    "exits": "import os; os._exit(0)",
    "segfault": "import ctypes; return ctypes.string_at(0)",
    "talks": "print('blah ' * 1_000_000); return 2 * x",
    "infrastructure": "return 666 if x == 4 else 2 * x",
}
STATUS = {
    "right": "passed",
    "wrong": "failed",
    "raises": "error",
    "hangs": "timeout",
    "greedy": "memory",
    "swells": "memory",
    "exits": "crashed",
    "segfault": "crashed",
    "talks": "passed",
    "renamed": "not_found",
}
SAID = {  # on the page, of the first test
    "right": ("passed",),
    "wrong": ("wrong answer", "7"),
    "raises": ("your code raised an error", "ZeroDivisionError: division by zero", "line 2, in double: return x / 0"),
    "hangs": ("ran out of time", "did not finish within 2 s", "while True: pass"),
    "greedy": ("ran out of memory", "MemoryError"),
    "swells": ("ran out of memory",),
    "exits": ("your program ended abruptly", "exit status 0"),
    "segfault": ("your program ended abruptly", "signal 11 (segmentation fault)"),
    "talks": ("passed",),
    "renamed": ("not found in your notebook", "does not define"),
    "loud": ("passed",),
    "garbage": ("Nothing in this file could be graded", "this is a PDF"),
}  # fmt: skip
OUTCOMES = {"passed", "wrong answer", "your code raised an error", "ran out of time", "ran out of memory",
            "your program ended abruptly", "not found in your notebook"}  # fmt: skip


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    # Little memory, so that filling it takes a small part of the time limit on a busy machine too.
    course = make_course(tmp_path_factory.mktemp("course"), HIDDEN + FAULTS, memory="128MB")
    notebooks = {name: answer(course, double=f"def double(x):\n    {code}") for name, code in CODE.items()}
    notebooks["renamed"] = answer(course, double="def doubled(x):\n    return 2 * x")
    notebooks["loud"] = answer(course, double="print('blah ' * 1_000_000)\ndef double(x):\n    return 2 * x")
    notebooks["garbage"] = b"%PDF-1.7 this is not a notebook"
    submit(course, **notebooks)
    return course


@pytest.fixture(scope="module")
def report(course: Course) -> Report:
    return grading.grade(course, "tiny", GradingOptions(jobs=2))


@pytest.fixture(scope="module")
def graded(report: Report) -> dict[str, Graded]:
    return {done.submission.student: done for done in report.graded}


@pytest.fixture(scope="module")
def pages(course: Course, report: Report) -> dict[str, str]:
    return {path.parent.parent.name: path.read_text() for path in reporting.feedback(course, "tiny")}


def status(result: Result, test: str) -> str:
    return next(each.status for each in result.tests if each.test == test)


@pytest.mark.parametrize("student", STATUS)
def test_status(graded: dict[str, Graded], student: str) -> None:
    assert status(graded[student].result, "test_doubles") == STATUS[student]


def test_only_the_students_own_faults_cost_points(graded: dict[str, Graded]) -> None:
    got = {
        name: {part.exercise: part.score for part in done.score.exercises} for name, done in graded.items()
    }
    full = {"right", "talks", "loud"}
    lost = {"raises", "hangs", "greedy", "swells", "exits", "segfault", "renamed", "garbage"}
    assert {name for name in got if got[name]["double"] == 2} == full
    assert {name for name in got if got[name]["double"] == 0} == lost
    assert 0 <= (got["wrong"]["double"] or 0) < 2


def test_a_broken_test_is_the_authors(graded: dict[str, Graded]) -> None:
    for name, done in graded.items():
        if name == "garbage":
            continue  # no test ran
        assert status(done.result, "test_broken") == "broken_test"
        assert next(part.score for part in done.score.exercises if part.exercise == "total") is None
        assert not done.score.complete


def test_our_own_failure_is_no_result(course: Course, report: Report, graded: dict[str, Graded]) -> None:
    [trouble] = report.troubles
    assert trouble.submission.student == "infrastructure"
    assert "infrastructure" not in graded
    status = {row.student: row.status for row in reporting.grades(course)}
    assert status["infrastructure"] == "not graded"
    assert not (course.gradebook / "results/infrastructure").exists()
    assert not (course.gradebook / "feedback/infrastructure").exists()


@pytest.mark.parametrize("student", SAID)
def test_the_page_says_which(pages: dict[str, str], student: str) -> None:
    page = pages[student]
    assert all(text in page for text in SAID[student])
    others = OUTCOMES - {SAID[student][0], "passed"}
    assert not [text for text in others if text in page]


def test_too_much_output_is_cut_and_costs_nothing(graded: dict[str, Graded]) -> None:
    [cell] = [cell for cell in graded["loud"].result.cells if cell.id == "double_function"]
    assert cell.status == "ok" and 1000 < len(cell.output) < 1_100_000 and cell.output.endswith("...")


def test_the_page_blames_the_course_for_its_broken_test(pages: dict[str, str]) -> None:
    assert "own test is broken. You lose nothing by it" in pages["right"]
    assert "nosuchname" not in pages["right"]


def test_the_terminal_tells_them_apart(
    report: Report, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(console, "width", 200)
    show_report(report)
    printed = capsys.readouterr().out
    lines = {line.split()[0]: line for line in printed.splitlines() if line.split()}
    notes = {
        "raises": "error",
        "hangs": "timeout",
        "greedy": "memory",
        "exits": "crashed",
        "renamed": "not found",
    }
    for student, note in notes.items():
        assert note in lines[student]
        assert not [other for other in set(notes.values()) - {note} if other in lines[student]]
    assert "broken test" in lines["right"] and "open" in lines["right"]
    assert "this is a PDF" in lines["garbage"]
    assert "not graded infrastructure:" in printed


def test_the_gradebook_shows_only_what_was_decided(course: Course, report: Report) -> None:
    rows = {row.student: row for row in reporting.grades(course)}
    assert rows["right"].exercises == {"double": 2, "total": None, "essay": None}
    assert rows["hangs"].exercises["double"] == 0
