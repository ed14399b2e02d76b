"""A stock Jupyter server with formgrader on a course that nbjudge graded; `nbgrader export`."""

from __future__ import annotations

import csv
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from support import small_course as small
from support.places import ROOT

from nbjudge.gradebook import open_gradebook, read_grades, read_marks, save_assignment, store_feedback
from nbjudge.model import Course, Mark
from nbjudge.notebooks.reader import read_notebook

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]
TOKEN = "a-token-for-tests"


@dataclass
class Server:
    """A running Jupyter server."""

    url: str
    course: Course

    def open(self, path: str, method: str = "GET", body: object = None) -> str:
        """The answer's text; HTTPError unless it is a success."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}{path}", data=data, method=method)
        request.add_header("Authorization", f"token {TOKEN}")
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read().decode()

    def api(self, path: str, method: str = "GET", body: object = None) -> Any:
        """The JSON answer of formgrader's API."""
        return json.loads(self.open(f"/formgrader/api/{path}", method, body))

    def submission(self, student: str) -> str:
        """The id under which formgrader shows the student's notebook."""
        rows = self.api("submitted_notebooks/lab/lab")
        return next(row["id"] for row in rows if row["student"] == student)

    def grade(self, student: str, exercise: str) -> dict[str, Any]:
        """The Grade row as formgrader's page loads it."""
        rows = self.api(f"grades?submission_id={self.submission(student)}")
        return next(row for row in rows if row["name"] == exercise)


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory, module_database: None) -> Course:
    """A course with one submission on time and one that is late, and the repository's nbgrader_config.py."""
    root = tmp_path_factory.mktemp("course")
    course = small.make_course(root)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    with open_gradebook(course) as book:
        save_assignment(book, course.assignments["lab"], small.released())
        notebook = small.submitted(square_function="def square(x):\n    return x * x", plots="plt.plot(x)")
        png = {"image/png": small.PNG, "text/plain": "<Figure>"}
        notebook["cells"][10]["outputs"] = [{"output_type": "display_data", "data": png, "metadata": {}}]
        small.grade(book, small.make_result(tests=(small.failed("square"), small.passed("scale"))), notebook)
        small.grade(book, small.make_result("boris", timestamp=small.LATE))
    return course


@pytest.fixture(scope="module")
def server(graded: Course, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """`jupyter server` started in the course's folder, on a free port."""
    home = tmp_path_factory.mktemp("home")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # Without collection, what formgrader's session once loaded stays loaded: the worst case, every time.
    start = "import gc, sys; gc.disable(); from jupyter_server.serverapp import main; main()"
    command = [
        sys.executable,
        "-c",
        start,
        "--no-browser",
        f"--ServerApp.port={port}",
        "--allow-root",
    ]
    command += ["--ServerApp.ip=127.0.0.1", f"--IdentityProvider.token={TOKEN}", "--ServerApp.port_retries=0"]
    environment = {**os.environ, "HOME": str(home), "JUPYTER_RUNTIME_DIR": str(home / "runtime")}
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=graded.root, env=environment, stdout=log, stderr=log)
    try:
        running = Server(f"http://127.0.0.1:{port}", graded)
        _wait(running, process, home / "log")
        yield running
    finally:
        process.terminate()
        process.wait(30)


def _wait(server: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        if process.poll() is not None:
            break
        try:
            server.api("status")
            return
        except (OSError, urllib.error.URLError):
            time.sleep(0.1)
    pytest.fail(f"the Jupyter server did not start:\n{log.read_text()}")


def test_formgrader_lists_both_submissions_as_graded(server: Server) -> None:
    rows = {row["student"]: row for row in server.api("submissions/lab")}
    assert {name: row["autograded"] for name, row in rows.items()} == {"anna": True, "boris": True}
    assert rows["anna"]["score"] == 3
    assert rows["anna"]["max_score"] == 10
    assert rows["anna"]["needs_manual_grade"]


def test_the_assignment_page_knows_source_and_release(server: Server) -> None:
    (assignment,) = server.api("assignments")
    assert assignment["source_path"] == "source/lab"
    assert assignment["release_path"] == "release/lab"
    assert assignment["num_submissions"] == 2
    assert assignment["display_duedate"].startswith("2027-03-14 20:59")


class Inputs(HTMLParser):
    """Collects ids of inputs and sources of pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.pictures: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "input":
            self.ids.add(values.get("id") or "")
        elif tag == "img":
            self.pictures.append(values.get("src") or "")


def test_the_submission_page_has_a_box_for_every_exercise_and_the_plot(server: Server) -> None:
    page = Inputs()
    page.feed(text := server.open(f"/formgrader/submissions/{server.submission('anna')}/"))
    assert {"square", "scale", "plots", "report"} <= page.ids
    assert any(small.PNG in source for source in page.pictures)
    assert "square: 0 / 2" in text


def test_a_mark_given_in_formgrader_is_in_our_grades(server: Server) -> None:
    grade = server.grade("anna", "plots")
    server.api(f"grade/{grade['id']}", "PUT", {"manual_score": 0.5, "extra_credit": None})
    comments = server.api(f"comments?submission_id={server.submission('anna')}")
    comment = next(row for row in comments if row["name"] == "plots")
    server.api(f"comment/{comment['id']}", "PUT", {"manual_comment": "Label the axes."})
    with open_gradebook(server.course) as book:
        row = next(row for row in read_grades(book, "lab") if row.student == "anna")
        assert row.exercises["plots"] == 0.5
        assert row.score == 3.5
        assert read_marks(book, "lab")["anna"] == {"plots": Mark(0.5, "Label the axes.")}


def test_a_mark_for_late_work_raises_the_penalty_that_nbgrader_exports(server: Server) -> None:
    grade = server.grade("boris", "plots")
    server.api(f"grade/{grade['id']}", "PUT", {"manual_score": 1, "extra_credit": None})
    exported = _export(server.course)["boris"]
    assert (exported["raw_score"], exported["late_submission_penalty"], exported["score"]) == (
        "6.0",
        "3.0",
        "3.0",
    )
    with open_gradebook(server.course) as book:
        assert next(row for row in read_grades(book, "lab") if row.student == "boris").final == 3


def test_formgrader_shows_a_regrade_at_once(server: Server) -> None:
    student = "carla"
    with open_gradebook(server.course) as book:
        small.grade(book, small.make_result(student, tests=(small.failed("square"), small.failed("scale"))))
    assert server.grade(student, "square")["auto_score"] == 0
    server.open(f"/formgrader/submissions/{server.submission(student)}/")
    with open_gradebook(server.course) as book:
        small.grade(book, small.make_result(student, sha256="c" * 64))
    assert server.grade(student, "square")["auto_score"] == 2


def test_the_same_mark_after_a_new_attempt_is_saved_again(server: Server) -> None:
    """A session that lives forever would think that nothing changed, and write nothing."""
    student = "dora"
    with open_gradebook(server.course) as book:
        small.grade(book, small.make_result(student), small.submitted(report="One."))
    grade = server.grade(student, "report")
    server.api(f"grade/{grade['id']}", "PUT", {"manual_score": 3})
    assert server.grade(student, "report")["manual_score"] == 3
    with open_gradebook(server.course) as book:
        small.grade(book, small.make_result(student, sha256="d" * 64), small.submitted(report="Two."))
        assert "dora" not in read_marks(book, "lab")
    server.api(f"grade/{grade['id']}", "PUT", {"manual_score": 3})
    with open_gradebook(server.course) as book:
        assert read_marks(book, "lab")["dora"]["report"] == Mark(3)


def test_nbgraders_autograder_is_refused_and_harms_nothing(server: Server) -> None:
    notebook = server.course.gradebook / "autograded" / "anna" / "lab" / "lab.ipynb"
    before = notebook.read_bytes()
    answer = server.api("submission/lab/anna/autograde", "POST", {})
    assert not answer["success"]
    assert "nbjudge grade" in answer["error"]
    assert notebook.read_bytes() == before
    assert server.grade("anna", "square")["auto_score"] == 0


def test_nbgraders_own_feedback_page_can_be_made(server: Server) -> None:
    answer = server.api("assignment/lab/boris/generate_feedback", "POST", {})
    assert answer["success"], answer
    page = server.course.gradebook / "feedback" / "boris" / "lab" / "lab.html"
    assert "scale: 3 / 3" in page.read_text()


def test_the_annotated_notebook_is_a_valid_notebook(graded: Course) -> None:
    import nbformat
    from nbgrader.nbgraderformat import MetadataValidator

    for path in sorted((graded.gradebook / "autograded").glob("*/lab/lab.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
        MetadataValidator().validate_nb(notebook)
        assert read_notebook(path.read_bytes())["metadata"]["nbjudge"]["assignment"] == "lab"


def test_export_writes_every_grade(graded: Course) -> None:
    rows = _export(graded)
    assert {"anna", "boris"} <= set(rows)
    assert rows["anna"]["max_score"] == "10.0"


def test_nbgrader_releases_our_feedback(graded: Course, tmp_path: Path) -> None:
    store_feedback(graded, "lab", "anna", "<!doctype html><p>ours")
    exchange = tmp_path / "exchange"
    exchange.mkdir(mode=0o777)
    exchange.chmod(0o777)
    _nbgrader(graded, "release_feedback", "lab", "--student=anna", f"--Exchange.root={exchange}")
    (released,) = (exchange / "small" / "feedback").iterdir()
    assert released.read_text() == "<!doctype html><p>ours"


def _export(course: Course) -> dict[str, dict[str, str]]:
    file = course.gradebook / "exports/grades.csv"
    file.unlink(missing_ok=True)
    _nbgrader(course, "export")
    with file.open() as text:
        return {row["student_id"]: row for row in csv.DictReader(text)}


def _nbgrader(course: Course, *arguments: str) -> None:
    command = [sys.executable, "-m", "nbgrader", *arguments]
    done = subprocess.run(command, cwd=course.root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
