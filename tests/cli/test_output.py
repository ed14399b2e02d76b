"""What the commands print, and into which stream."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from support.pretend import pretend, trouble
from support.tiny_course import answer, make_course, submit

from nbjudge import cli, files, log
from nbjudge.app import grading, intake
from nbjudge.app.options import GradingOptions
from nbjudge.authoring.check.report import CheckReport, Section
from nbjudge.cli.grades import show_grades
from nbjudge.cli.tables import format_points
from nbjudge.model import Course, GradeRow


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("nbjudge.cli.tables.console.width", 100)
    return make_course(tmp_path)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (-0.0, "0"), (-0.001, "0"), (0.004, "0"), (10, "10"), (100.0, "100"), (2.5, "2.5"),
     (-0.55, "-0.55"), (-1.0, "-1"), (-10, "-10"), (1 / 3, "0.33"), (None, "-")],
)  # fmt: skip
def test_points(value: float | None, text: str) -> None:
    assert format_points(value) == text


def test_nobody_is_late_by_minus_zero(
    course: Course, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    submit(course, anna=answer(course))
    submit_late = datetime(2100, 3, 16, tzinfo=UTC)
    intake.submit(course, "tiny", "boris", "tiny.ipynb", answer(course), submit_late)
    pretend(monkeypatch)
    grading.grade(course, "tiny", GradingOptions(jobs=1))
    assert cli.main(["grades"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    rows = {line[0]: line[1:8] for line in lines if line}
    assert rows["anna"] == ["2", "3", "-", "5", "0", "5", "6"]
    assert rows["boris"] == ["2", "3", "-", "5", "-2.5", "2.5", "6"]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "note      Your cell 4 needs the package 'nosuchpackage'"),
        ("ru", "note      Вашей ячейке 4 нужен пакет «nosuchpackage»"),
    ],
)
def test_a_receipt_is_in_the_notebooks_language(
    course: Course, capsys: pytest.CaptureFixture[str], language: str, said: str
) -> None:
    document = json.loads(
        answer(course, double="import nosuchpackage\ndef double(x):\n    return nosuchpackage.f(x)")
    )
    document["metadata"]["nbjudge"]["language"] = language
    Path("anna.ipynb").write_text(json.dumps(document))
    assert cli.main(["submit", "anna.ipynb", "--student", "anna"]) == 0
    assert said in capsys.readouterr().out


def test_collect_counts_repairs_but_says_what_can_be_mended(
    course: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    document = json.loads(answer(course, double="def double(x)\n    return x"))
    for each in document["cells"]:
        if each["id"].endswith("-grade") or each["id"] == "imports":
            each["source"] += "\nimport os"
    Path("in").mkdir()
    Path("in/anna.ipynb").write_text(json.dumps(document))
    assert cli.main(["collect", "tiny", "in"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert (
        "Your cell 4 is not valid Python (line 1): nothing of it can run; 6 repairs, on the feedback page"
        in printed
    )


def test_a_table_keeps_its_columns_in_80(
    course: Course, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("nbjudge.cli.tables.console.width", 80)
    values = [1, 1.5, 1.5, 1.5, 1, 1, 1, 0.83, None]
    points = {f"exercise-{i}": value for i, value in enumerate(values)}
    show_grades(
        [GradeRow("other-functions", "lab", None, points, 9.33, 0.0, 9.33, 10, "needs manual grading")]
    )
    printed = capsys.readouterr().out
    assert "by hand" in printed and max(map(len, printed.splitlines())) <= 80


def test_no_number_is_cut_where_a_table_does_not_fit(
    course: Course, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("nbjudge.cli.tables.console.width", 40)
    points: dict[str, float | None] = {f"exercise-{i}": 1.25 + i / 100 for i in range(9)}
    show_grades([GradeRow("anna", "lab", None, points, 11.61, 0.5, 11.11, 15, "graded")])
    (row,) = [line.split() for line in capsys.readouterr().out.splitlines() if line.startswith(" anna")]
    assert row == [
        "anna",
        *(f"{value:g}" for value in points.values()),
        "11.61",
        "-0.5",
        "11.11",
        "15",
        "graded",
    ]


def test_json_on_standard_output_is_alone_there(
    course: Course, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    report = CheckReport("tiny", "0" * 64, (Section("structure", "The notebook is whole."),))
    monkeypatch.setattr("nbjudge.cli.check.check_assignment", lambda *_, **__: report)
    assert cli.main(["check", "tiny", "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["schema"] == "nbjudge.check/1"
    assert cli.main(["check", "tiny", "--json", "report.json"]) == 0
    assert json.loads(Path("report.json").read_text())["passed"]
    assert "the check passed" in capsys.readouterr().out


def test_csv_on_standard_output_is_alone_there(
    course: Course, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    submit(course, anna=answer(course))
    pretend(monkeypatch)
    grading.grade(course, "tiny", GradingOptions(jobs=1))
    assert cli.main(["grades", "--csv", "-"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == 2 and printed[0].startswith("student,") and printed[1].startswith("anna,tiny,")


def test_two_commands_that_write_the_same_file_do_not_meet(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has written its temporary file before either renames it."""
    both_written = threading.Barrier(2, timeout=20)
    real = Path.replace

    def replace(self: Path, target: Any) -> Path:
        both_written.wait()
        return real(self, target)

    monkeypatch.setattr(files.Path, "replace", replace)
    codes: list[int] = []
    commands = [
        threading.Thread(target=lambda: codes.append(cli.main(["grades", "--csv", "grades.csv"])))
        for _ in range(2)
    ]
    for command in commands:
        command.start()
    for command in commands:
        command.join()
    assert codes == [0, 0]
    assert Path("grades.csv").read_text().startswith("student,")
    assert [path.name for path in Path().iterdir() if "grades.csv" in path.name] == ["grades.csv"]


def test_a_course_without_assignments_says_how_to_begin(
    course: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    config = course.root / "course_config.py"
    config.write_text(config.read_text().partition("assignments =")[0] + "assignments = {}\n")
    for arguments in (["demo"], ["submit", "x.ipynb", "--student", "anna"]):
        assert cli.main(arguments) == 2
        assert "`nbjudge new`" in capsys.readouterr().err
    assert cli.main(["status"]) == 0


def test_every_command_can_be_asked_for_help(capsys: pytest.CaptureFixture[str]) -> None:
    from nbjudge.cli.program import COMMANDS

    assert cli.main(["--help"]) == 0
    listed = capsys.readouterr().out
    for name in COMMANDS:
        assert f"  {name} " in listed
        assert cli.main([name, "--help"]) == 0
        assert capsys.readouterr().out.startswith(f"Usage: nbjudge {name} ")


def test_verbose_and_the_environment_choose_the_log(
    course: Course, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    submit(course, anna=answer(course))
    pretend(monkeypatch)
    monkeypatch.setenv("NBJUDGE_LOG", "INFO:grading.log")
    assert cli.main(["grade", "tiny"]) == 0
    assert "event=recorded submission=anna/tiny/" in Path("grading.log").read_text()
    monkeypatch.setenv("NBJUDGE_LOG", "LOUD")
    assert cli.main(["grades"]) == 2
    assert capsys.readouterr().err.startswith("nbjudge: NBJUDGE_LOG=LOUD: ")
    monkeypatch.delenv("NBJUDGE_LOG")
    assert cli.main(["--verbose", "grades"]) == 0 and log.setting() == "INFO"
    assert cli.main(["grades"]) == 0 and log.setting() == "WARNING"


def test_a_trouble_is_told_at_once_and_at_the_end(
    course: Course, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    submit(course, anna=answer(course), boris=answer(course))
    pretend(monkeypatch, boris=trouble("sandbox", "no walls [today]"))
    assert cli.main(["grade", "tiny"]) == 1
    captured = capsys.readouterr()
    assert "! boris: no walls [today]" in captured.err
    assert "not graded boris: no walls [today]" in captured.out and " anna " in captured.out
    pretend(monkeypatch)
    assert cli.main(["grade", "tiny"]) == 0
    assert "1 unchanged" in capsys.readouterr().out
