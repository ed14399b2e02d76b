"""The commands as a person types them: what they print, what they return, and what a mistake costs."""

import csv
import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from support.places import ROOT
from support.tiny_course import answer, make_course

from nbjudge import cli
from nbjudge.model import Course


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    course = make_course(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("nbjudge.cli.tables.console.width", 100)
    return course


def run(*arguments: object) -> int:
    return cli.main([str(argument) for argument in arguments])


def test_docs_say_what_the_parser_says() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import make_cli; print(make_cli.render(), end='')"],
        cwd=ROOT / "docs", capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert (ROOT / "docs/cli.md").read_text() == done.stdout, "run `make docs`"


def test_release_and_its_check(course: Course, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("release", "tiny", "--check") == 0
    (course.release("tiny") / "tiny.ru.ipynb").unlink()
    assert run("release", "tiny", "--check") == 1
    assert "tiny.ru.ipynb: missing" in capsys.readouterr().out
    assert run("release", "tiny") == 2
    assert "nbjudge check tiny" in capsys.readouterr().err
    assert run("release", "tiny", "--unproved") == 0
    assert run("release", "tiny", "--check") == 0


def test_submit_prints_a_receipt(course: Course, capsys: pytest.CaptureFixture[str]) -> None:
    file = course.root / "homework (1).ipynb"
    file.write_bytes(answer(course, total=""))
    assert run("submit", file, "--student", "anna") == 0
    printed = capsys.readouterr().out
    assert "attempt 1" in printed and "sha256" in printed and "UTC" in printed
    assert "double_function" in printed
    assert run("submit", file, "--student", "anna", "--assignment", "tiny") == 0
    assert "same file" in capsys.readouterr().out


def test_from_archive_to_csv(course: Course, capsys: pytest.CaptureFixture[str]) -> None:
    with zipfile.ZipFile("all.zip", "w") as archive:
        archive.writestr("anna.ipynb", answer(course))
        archive.writestr("boris/tiny.ipynb", answer(course, double="def double(x): return 0"))
        archive.writestr("../evil.ipynb", b"{}")
    assert run("collect", "tiny", "all.zip") == 1
    assert "2 submissions stored, 1 refused" in capsys.readouterr().out
    assert run("grade", "tiny", "--jobs", 1) == 0
    assert run("grade", "tiny", "--jobs", 1) == 0
    assert "2 unchanged" in capsys.readouterr().out
    assert run("feedback", "tiny", "--student", "boris") == 0
    page = course.gradebook / "feedback/boris/tiny/tiny.html"
    assert "Twice three is six" in page.read_text()
    assert not (course.gradebook / "feedback/anna").exists()
    assert run("grades", "tiny", "--csv", "grades.csv") == 0
    rows = list(csv.DictReader(io.StringIO(Path("grades.csv").read_text())))
    assert [(row["student"], float(row["double"]), float(row["final"])) for row in rows] == [
        ("anna", 2, 5),
        ("boris", 0, 3),
    ]
    capsys.readouterr()
    assert run("grades") == 0
    assert "boris" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["grade", "nosuch"], "no assignment 'nosuch'; there is: tiny"),
        (["grade", "tiny", "--jobs", "0"], "'--jobs': 0 is not in the range x>=1"),
        (["grade", "tiny", "--gpu-slots", "-1"], "'--gpu-slots': -1 is not in the range x>=0"),
        (["check", "tiny", "--seeds", "0"], "'--seeds': 0 is not in the range x>=1"),
        (["grade", "tiny", "--isolation", "vm"], "'vm' is not one of"),
        (["grade"], "Missing argument 'ASSIGNMENT' (see `nbjudge grade --help`)"),
        (["grdae", "tiny"], "No such command 'grdae'"),
        (["grade", "tiny", "--fast"], "No such option"),
        ([], "Missing command (see `nbjudge --help`)"),
        (["grade", "tiny", "--student", "nobody"], "nobody"),
        (["submit", "missing.ipynb", "--student", "anna"], "missing.ipynb"),
        (["submit", "course_config.py", "--student", "../../root"], "student id"),
        (["collect", "tiny", "nowhere.zip"], "nowhere.zip"),
        (["feedback", "tiny", "--student", "nobody"], "nbjudge grade"),
        (["--course", "/", "grades"], "course_config.py"),
        (["status", "nosuch"], "no assignment 'nosuch'; there is: tiny"),
    ],
)
def test_a_mistake_is_one_clear_line(
    course: Course, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert run(*arguments) == 2
    captured = capsys.readouterr()
    assert message in captured.err and captured.err.startswith("nbjudge: ")
    assert len(captured.err.strip().splitlines()) == 1


def test_the_demo_compares_with_what_each_sample_must_get(
    course: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = course.autograder("tiny") / "submissions"
    for verdict, name, text in (
        ("full_marks", "right", "# base: solution\n# expected: all\n"),
        (
            "partial",
            "half",
            "# base: solution\n# expected: all double=0\n# %% double_function\ndouble = None\n",
        ),
    ):
        (folder / verdict).mkdir(parents=True)
        (folder / verdict / f"{name}.py").write_text(text)
    assert run("demo") == 0
    assert "2 samples, 2 with exactly their expected score" in capsys.readouterr().out
    assert {path.name for path in course.gradebook.iterdir()} == {"demo"}
    assert run("demo", "--sample", "half") == 0
    assert "1 samples, 1 with exactly their expected score" in capsys.readouterr().out
    assert run("demo", "--sample", "third") == 2
    assert "no sample 'third'; there is: half, right" in capsys.readouterr().err
    (folder / "partial/half.py").write_text(
        "# base: solution\n# expected: all double=1\n# %% double_function\ndouble = None\n"
    )
    assert run("demo") == 1
    assert "NO" in capsys.readouterr().out


def test_doctor_names_each_wall(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("doctor") == 0
    printed = capsys.readouterr().out
    for wall in (
        "user namespaces",
        "seccomp",
        "Landlock",
        "control groups",
        "container",
        "CUDA",
        "the jail",
    ):
        assert wall in printed
