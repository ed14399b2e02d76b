"""The log: what it asks of its variable, one line per event, and a submission followed through every process."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.tiny_course import HIDDEN, answer, make_course, submit

from nbjudge import log
from nbjudge.app import grading
from nbjudge.errors import CourseError
from nbjudge.model import Submission

JUDGED = [  # what a judge process says of its submission
    *("submission read", "student process started", "notebook loaded", "student process ended"),
    "submission judged",
]
# What ends a judge or its worker, and fails for everybody else.
DEADLY = '''"""Negative numbers too."""
    import os, signal

    if student.double(0) == "judge":
        os._exit(1)
    if student.double(0) == "worker":
        os.kill(os.getppid(), signal.SIGKILL)
    assert 0, "secret message"
'''
SUBMISSION = Submission("tiny", "alice", Path("x"), datetime(2026, 1, 1, tzinfo=UTC), "0123456789abcdef" * 4)


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    before = log.setting()
    yield
    log.set_up(before or "WARNING")


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The log's file at level INFO."""
    monkeypatch.setenv("NBJUDGE_LOG", f"info:{tmp_path / 'log.txt'}")
    log.configure()
    return tmp_path / "log.txt"


def test_one_line_per_event(file: Path) -> None:
    with log.about(SUBMISSION):
        log.info("judge ended", seconds=1.23456, status=0)
    log.info("next", of="a")
    log.debug("nobody reads this")
    first, second = file.read_text().splitlines()
    pattern = r'\S+T\S+\.\d{3} INFO pid=\d+ event="judge ended" submission=alice/tiny/0123456789ab seconds=1\.235 status=0'
    assert re.fullmatch(pattern, first)
    assert second.endswith(" event=next of=a")


@pytest.mark.parametrize("name", ["a b", 'q"', "x\ny", "\x1b[31m", "\u202e", "a=b", ""])
def test_no_value_breaks_its_line(file: Path, name: str) -> None:
    with log.about(replace(SUBMISSION, student=name)):
        log.info("begun", name=name)
    (line,) = file.read_text().split("\n")[:-1]
    assert line.isprintable() and line.count(" name=") == 1


@pytest.mark.parametrize("setting", ["loud", "7", ":file", "INFO:/nosuch/folder/log.txt"])
def test_a_setting_that_cannot_be_followed(monkeypatch: pytest.MonkeyPatch, setting: str) -> None:
    monkeypatch.setenv("NBJUDGE_LOG", setting)
    with pytest.raises(CourseError, match="NBJUDGE_LOG="):
        log.configure()


def test_warnings_alone_by_default(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("NBJUDGE_LOG", raising=False)
    log.configure()
    log.info("all is well")
    log.warning("worker died", worker=7)
    told = capfd.readouterr()
    assert told.out == "" and told.err.count("\n") == 1 and 'event="worker died" worker=7' in told.err
    log.configure(verbose=True)
    log.info("shown")
    assert "event=shown" in capfd.readouterr().err
    monkeypatch.setenv("NBJUDGE_LOG", "error")
    log.configure(verbose=True)  # the variable says more
    log.warning("not shown")
    assert capfd.readouterr().err == ""


def events(text: str, submission: str) -> list[tuple[str, str]]:
    """Event and pid of each line about a submission."""
    pattern = re.compile(rf'pid=(\d+) event=("[^"]+"|\S+) (.* )?submission={submission}')
    return [(match[2].strip('"'), match[1]) for match in map(pattern.search, text.splitlines()) if match]


@pytest.mark.slow
@pytest.mark.parametrize("level", ["INFO", "DEBUG"])
def test_a_submission_is_followed_and_hidden_tests_are_not_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, level: str
) -> None:
    monkeypatch.setenv("NBJUDGE_LOG", f"{level}:{tmp_path / 'log.txt'}")
    log.configure()
    course = make_course(tmp_path, HIDDEN.replace('"""Negative numbers too."""\n', DEADLY))
    notebook = answer(course)
    submit(
        course,
        alice=notebook,
        bob=answer(course, double="def double(x):\n    return 'judge'"),
        carol=answer(course, double="def double(x):\n    return 'worker'"),
    )
    grading.grade(course, "tiny")
    text = (tmp_path / "log.txt").read_text()
    id_ = f"alice/tiny/{hashlib.sha256(notebook).hexdigest()[:12]}"
    told = dict(events(text, id_))
    main, worker, judge = told["submission given out"], told["judge forked"], told["submission read"]
    assert len({main, worker, judge}) == 3
    for process, followed in (
        (main, ["submission given out", "worker answered", "recorded"]),
        (worker, ["judge forked", "judge ended"]),
        (judge, JUDGED),
    ):
        assert [event for event, pid in told.items() if pid == process and event != "test ran"] == followed
    for event in ("supervisor started", "zygote warm", "tests collected", "worker ready"):
        assert f'event="{event}"' in text
    assert [event for event, _ in events(text, "bob/")][-1] == "worker answered"
    assert re.search(r'event="judge ended" submission=bob/\S+ answer=trouble', text)
    assert [event for event, _ in events(text, "carol/")].count("worker died") == 2
    assert re.search(r"submission=carol/\S+ tries=2", text)
    named = [line for line in text.splitlines() if "test_doubles" in line]
    assert bool(named) is (level == "DEBUG")
    assert "secret" not in text and "47110815" not in text and "Negative" not in text
