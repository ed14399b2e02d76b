"""The check on a tiny course: it passes as it is, and each planted fault is found by the question that should find it."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.tiny_course import HIDDEN, make_course

from nbjudge import cli
from nbjudge.app.check import check_assignment, record_report
from nbjudge.app.options import CheckOptions
from nbjudge.authoring.check.proof import FILE, content_hash, why_unproved
from nbjudge.authoring.check.report import CheckReport, Finding, Section
from nbjudge.course import load_course
from nbjudge.model import Course

ALWAYS = '''

@pytest.mark.exercise("double", weight=1)
def test_always_passes(student):
    """Calls the function and believes whatever comes back."""
    student.double(2)
'''
TIGHT = '''

@pytest.mark.exercise("total")
def test_tight(student, credit):
    """A threshold two deviations away from what the solution reaches."""
    import random

    credit(student.total([random.gauss(0.93, 0.02)]), full=0.89, none=0.5)
'''
WEAK = '''
"""Hidden tests of "tiny"."""

import pytest


@pytest.mark.exercise("double")
def test_doubles(student):
    """Twice nothing is nothing, and so is half of it."""
    assert student.double(0) == 0


@pytest.mark.exercise("total")
def test_total(student):
    """The sum of a list."""
    assert student.total([1, 2, 3.5]) == 6.5
'''


def check(course: Course, **options: Any) -> CheckReport:
    return check_assignment(course, "tiny", CheckOptions(**{"seeds": 2, "jobs": 1, **options}))


def part(report: CheckReport, id_: str) -> Section:
    return next(section for section in report.sections if section.id == id_)


def messages(report: CheckReport) -> dict[str, list[str]]:
    """Section -> what was found there."""
    return {
        section.id: [finding.message for finding in section.findings]
        for section in report.sections
        if section.findings
    }


def edit(course: Course, change: Callable[[list[dict[str, Any]]], None]) -> Course:
    """The course with its source notebook's cells changed."""
    path = course.source("tiny") / "tiny.ipynb"
    notebook = json.loads(path.read_text())
    change(notebook["cells"])
    path.write_text(json.dumps(notebook, indent=1))
    return course


def cell(cells: list[dict[str, Any]], id_: str) -> dict[str, Any]:
    return next(cell for cell in cells if cell["id"] == id_)


# What is found before anything is graded


def leave_the_solution(cells: list[dict[str, Any]]) -> None:
    cells.append(
        {
            **cell(cells, "imports"),
            "id": "left",
            "source": "def double(x):\n    y = x + x * math.e - x * math.e + 0 * math.pi\n    return y",
        }
    )
    cell(cells, "c-double")["source"] = (
        "def double(x):\n    ### BEGIN SOLUTION\n    y = x + x * math.e - x * math.e + 0 * math.pi\n    return y\n    ### END SOLUTION"
    )


def leave_it_as_a_comment(cells: list[dict[str, Any]]) -> None:
    leave_the_solution(cells)
    cell(cells, "left")["source"] = "# y = x + x * math.e - x * math.e + 0 * math.pi"


def leave_it_in_a_text(cells: list[dict[str, Any]]) -> None:
    leave_the_solution(cells)
    cells[-1] = {
        **cell(cells, "title"),
        "id": "left",
        "source": "Hint: `y = x + x * math.e - x * math.e + 0 * math.pi`",
    }


def repeat_a_cell_id(cells: list[dict[str, Any]]) -> None:
    cell(cells, "c-total")["id"] = "c-double"


def repeat_a_grade_id(cells: list[dict[str, Any]]) -> None:
    cell(cells, "c-total-grade")["metadata"]["nbgrader"]["grade_id"] = "double"


def change_the_points(cells: list[dict[str, Any]]) -> None:
    cell(cells, "c-total-grade")["metadata"]["nbgrader"]["points"] = 4


def forget_a_grade_cell(cells: list[dict[str, Any]]) -> None:
    cells.remove(cell(cells, "c-total-grade"))


def leave_a_region_open(cells: list[dict[str, Any]]) -> None:
    cell(cells, "c-double")["source"] = "def double(x):\n    ### BEGIN SOLUTION\n    return 2 * x"


@pytest.mark.parametrize(
    ("change", "section", "message"),
    [
        (leave_the_solution, "leaks", "the whole solution of 'double_function'"),
        (leave_it_as_a_comment, "leaks", "cell 'left'"),
        (leave_it_in_a_text, "leaks", "cell 'left'"),
        (repeat_a_cell_id, "structure", "another cell has the id 'c-double' too"),
        (repeat_a_grade_id, "structure", "another cell has the grade_id 'double' too"),
        (change_the_points, "structure", "'total' has 3 here and 4 in the notebook"),
        (forget_a_grade_cell, "structure", "'total_function' has no grade cell"),
        (leave_a_region_open, "structure", "without ### END SOLUTION"),
    ],
)
def test_a_fault_of_the_notebook(
    tmp_path: Path, change: Callable[[list[dict[str, Any]]], None], section: str, message: str
) -> None:
    report = check(edit(make_course(tmp_path), change))
    assert not report.passed
    assert message in "\n".join(messages(report)[section])
    assert not part(report, "mutants").ran


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "helpers.py",
            "def total(items):\n    return sum(items)\n\n# y = x + x * math.e - x * math.e + 0 * math.pi\n",
        ),
        ("notes.md", "Try:\n\n    y = x + x * math.e - x * math.e + 0 * math.pi\n"),
    ],
)
def test_a_helper_file_with_the_answer(tmp_path: Path, name: str, text: str) -> None:
    course = edit(make_course(tmp_path), lambda cells: (leave_the_solution(cells), cells.pop())[0])
    (course.source("tiny") / name).write_text(text)
    report = check(course)
    assert f"helper file '{name}'" in "\n".join(messages(report)["leaks"])


def test_no_sample_may_be_wrong(tmp_path: Path) -> None:
    course = make_course(tmp_path)
    folder = course.autograder("tiny") / "submissions/full_marks"
    folder.mkdir(parents=True)
    (folder / "odd.py").write_text("# base: nowhere\n# expected: all\n")
    assert "base is 'solution' or 'release'" in messages(check(course))["structure"][0]


# What grading finds

pytestmark = pytest.mark.slow


def test_a_good_assignment_passes_and_is_released(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    course = make_course(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("nbjudge.cli.tables.console.width", 200)
    folder = course.autograder("tiny") / "submissions/full_marks"
    folder.mkdir(parents=True)
    (folder / "added.py").write_text(
        "# base: solution\n# expected: all\n# %% double_function\ndef double(x):\n    return x + x\n"
    )
    (course.release("tiny") / "tiny.ipynb").unlink()
    assert cli.main(["release", "tiny"]) == 2
    assert cli.main(["check", "tiny", "--jobs", "1", "--json", "check.json"]) == 0
    printed = capsys.readouterr().out
    assert "the check passed" in printed and "full_marks/: 1" in printed and "NO" not in printed
    report = json.loads(Path("check.json").read_text())
    assert report["schema"] == "nbjudge.check/1" and report["passed"] and report["mutation_score"] == 1
    assert report["trials"] == 20 and {m["outcome"] for m in report["mutants"]} == {"killed"}
    page = (course.gradebook / "check/tiny.html").read_text()
    assert (
        "the check passed" in page and "<script" not in page and "http" not in page.replace("http-equiv", "")
    )
    assert not (course.gradebook / "gradebook.db").exists()
    # the proof holds for this content and no other
    assert why_unproved(course, "tiny") is None
    (course.autograder("tiny") / "conftest.py").write_text("")
    assert why_unproved(course, "tiny") is not None
    (course.autograder("tiny") / "conftest.py").unlink()
    assert why_unproved(course, "tiny") is None
    assert cli.main(["release", "tiny"]) == 0
    test = course.autograder("tiny") / "test_tiny.py"
    test.write_text(test.read_text() + "\n# one line more\n")
    assert "have changed" in (why_unproved(course, "tiny") or "")
    (course.release("tiny") / "tiny.ipynb").unlink()
    assert cli.main(["release", "tiny"]) == 2
    assert cli.main(["release", "tiny", "--unproved"]) == 0
    assert json.loads((course.autograder("tiny") / FILE).read_text())["unproved"] is True


def test_faults_of_the_tests_are_told_apart(tmp_path: Path) -> None:
    course = make_course(tmp_path, HIDDEN + ALWAYS + TIGHT)
    edit(course, lambda cells: cell(cells, "imports").update(source="import math\nassert math.pi == 3"))
    report = check(course, seeds=12)
    found = messages(report)
    assert any("test_always_passes passes although" in message for message in found["release"])
    assert "cell 'imports'" in found["notebook"][0] and "AssertionError" in found["notebook"][0]
    assert any("cell 'imports' of the untouched release fails" in message for message in found["release"])
    assert not report.passed


def test_a_threshold_too_tight(tmp_path: Path) -> None:
    report = check(make_course(tmp_path, HIDDEN + TIGHT), seeds=12)
    assert messages(report).keys() == {"thresholds"}
    assert any("test_tight" in message for message in messages(report)["thresholds"])
    (quantity,) = report.quantities
    assert quantity.test == "test_tight" and len(quantity.values) == 12 and quantity.probability > 0.01


def test_a_weak_test_lets_a_mutant_live_until_it_is_explained(tmp_path: Path) -> None:
    course = make_course(tmp_path, WEAK)
    report = check(course, seeds=1)
    assert messages(report).keys() == {"mutants"}
    alive = [mutant for mutant in report.mutants if mutant.outcome == "survived"]
    assert {mutant.exercise for mutant in alive} == {"double"}
    assert {mutant.diff for mutant in alive} == {
        "-    return x * 2\n+    return x / 2",
        "-    return x * 2\n+    return x * 3",
    }
    assert [mutant.diff for mutant in alive] == [f.diff for f in part(report, "mutants").findings]
    marked = course.autograder("tiny") / "equivalent_mutants.toml"
    marked.write_text(
        "\n".join(f'[[mutant]]\nid = "{mutant.id}"\nreason = "only nothing is doubled"' for mutant in alive)
    )
    report = check(course, exercises=("double",))
    assert part(report, "mutants").passed and report.score == 1 and report.partial
    assert [m.by for m in report.mutants if m.outcome == "equivalent"] == ["only nothing is doubled"] * 2
    assert record_report(course, report) and not (course.autograder("tiny") / FILE).read_text().count(
        "mutants"
    )


def test_a_solution_that_fails_its_own_test(tmp_path: Path) -> None:
    course = make_course(tmp_path, HIDDEN.replace("== 6.5", "== 6"))
    report = check(course)
    assert any("test_total fails the solution" in message for message in messages(report)["solution"])
    assert not part(report, "mutants").ran and not part(report, "thresholds").ran


@pytest.mark.parametrize(
    ("hidden", "message"),
    [
        (WEAK.split('@pytest.mark.exercise("total")')[0], "exercise 'total' has no test"),
        (HIDDEN + ALWAYS.replace('"double"', '"triple"'), "no exercise 'triple'"),
        (HIDDEN + "\ndef test_of_nothing(student):\n    student.double(1)\n", "mark it with"),
        (HIDDEN + "\nimport no_such_module\n", "no_such_module"),
    ],
)
def test_tests_and_exercises_must_fit(tmp_path: Path, hidden: str, message: str) -> None:
    report = check(make_course(tmp_path, hidden))
    assert message in "\n".join(messages(report)["structure"])


def test_a_failed_check_takes_the_proof_back(tmp_path: Path) -> None:
    course = make_course(tmp_path)
    good = CheckReport("tiny", content_hash(course, "tiny"), (Section("leaks", "Nothing leaks"),))
    bad = replace(good, sections=(Section("leaks", "Nothing leaks", (Finding("a leak"),)),))
    record_report(course, good)
    assert why_unproved(course, "tiny") is None
    record_report(course, replace(bad, content="other"))
    record_report(course, replace(bad, partial=True))
    assert why_unproved(course, "tiny") is None
    record_report(course, bad)
    assert "never" in (why_unproved(course, "tiny") or "")
    record_report(course, replace(good, partial=True))
    record_report(course, replace(good, sections=()))
    assert "never" in (why_unproved(course, "tiny") or "")


def test_the_content_is_all_that_was_proved(tmp_path: Path) -> None:
    course = make_course(tmp_path)
    before = content_hash(course, "tiny")
    (course.autograder("tiny") / FILE).write_text("{}")
    assert content_hash(course, "tiny") == before
    assert "damaged" in (why_unproved(course, "tiny") or "")
    config = tmp_path / "course_config.py"
    config.write_text(config.read_text().replace("2100-03-20", "2100-03-21"))
    assert content_hash(load_course(tmp_path), "tiny") == before
    for old, new in (('"seconds": 2', '"seconds": 3'), ('"memory"', '"gpu_memory": "2GB", "memory"')):
        config.write_text(config.read_text().replace(old, new))
        assert content_hash(load_course(tmp_path), "tiny") != before
        config.write_text(config.read_text().replace(new, old))
    assert content_hash(load_course(tmp_path), "tiny") == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["check", "nosuch"], "no assignment 'nosuch'"),
        (
            ["check", "tiny", "--exercise", "triple"],
            "no exercise 'triple' with tests; there is: double, total",
        ),
        (["check", "tiny", "--seeds", "0"], "'--seeds': 0 is not in the range"),
        (["new", "tiny"], "there is an assignment 'tiny' already"),
        (["new", "No Name"], "lower case"),
    ],
)
def test_a_mistake_at_the_command_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    make_course(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert cli.main(arguments) == 2
    assert message in capsys.readouterr().err
