"""What the jail shows of the host: an interpreter and its libraries, and nothing of a course that stands beside them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from support.tiny_course import answer, make_course, submit

from nbjudge.app import grading
from nbjudge.app.options import GradingOptions
from nbjudge.errors import SandboxError
from nbjudge.sandbox.probe import _hidden
from nbjudge.sandbox.root import list_binds, shown_by_binds


def environment_in(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Lets `folder` be a virtual environment, and this interpreter run from it."""
    for part in ("bin", "lib/python3/site-packages", "include"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    (folder / "pyvenv.cfg").touch()
    patch.setattr(sys, "prefix", str(folder))


def test_of_an_environment_only_what_an_interpreter_needs_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment_in(tmp_path, monkeypatch)
    (tmp_path / "autograders").mkdir()
    own = [path for path in list_binds() if path.startswith(str(tmp_path))]
    assert own == [f"{tmp_path}/{part}" for part in ("bin", "lib", "pyvenv.cfg")]
    assert shown_by_binds(tmp_path, [tmp_path / "autograders"]) is None


def test_a_course_or_secret_in_below_or_around_a_bind_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment_in(tmp_path / "env", monkeypatch)
    lib = tmp_path / "env/lib"
    (tmp_path / "link").symlink_to(lib)
    for course in (lib, lib / "course", tmp_path / "link/course", Path("/usr/lib/course")):
        assert shown_by_binds(course, []) is not None, course
    assert shown_by_binds(tmp_path, []) is None
    assert (
        shown_by_binds(tmp_path, [tmp_path / "env"]) is not None
    )  # say, a gradebook with an environment in it
    assert shown_by_binds(tmp_path, [tmp_path / "link/gradebook"]) == (tmp_path / "link/gradebook", str(lib))


def test_grade_and_doctor_refuse_a_course_that_students_could_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = make_course(tmp_path / "env/lib/course")
    submit(course, anna=answer(course))
    assert _hidden(course).state == "ok"
    environment_in(tmp_path / "env", monkeypatch)
    with pytest.raises(SandboxError, match=r"students' code could read .*course.*env/lib.*Move the course"):
        grading.plan(course, "tiny", GradingOptions(isolation="namespaces"))
    finding = _hidden(course)
    assert finding.state == "missing" and "Move the course" in finding.advice
    assert grading.plan(course, "tiny", GradingOptions(isolation="none")).planned  # marked on every result
