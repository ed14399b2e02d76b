"""What a submission may make of the notebook that is filed for formgrader: bounded, and never at a grade's cost."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.pretend import passes, pretend
from support.tiny_course import answer, make_course, submit

from nbjudge.app import grading, intake, recording
from nbjudge.app.options import GradingOptions
from nbjudge.gradebook import graded_keys, read_gradebook
from nbjudge.model import Course

ONE = GradingOptions(jobs=1)


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return make_course(tmp_path)


def bound(patch: pytest.MonkeyPatch, **changes: Any) -> None:
    """Narrows the bounds of the child that makes notebooks."""
    real = recording.bounds_for
    patch.setattr(recording, "bounds_for", lambda *args: replace(real(*args), **changes))


def shown(course: Course, student: str) -> str:
    """The text of the notebook that formgrader would show."""
    notebook = json.loads((course.gradebook / f"autograded/{student}/tiny/tiny.ipynb").read_text())
    return "\n".join("".join(cell["source"]) for cell in notebook["cells"])


def with_outputs(course: Course, html: str, count: int) -> bytes:
    """A notebook whose answer in words is followed by a plot that HTML shows."""
    notebook = json.loads(answer(course, essay="My own essay."))
    output = {"output_type": "display_data", "data": {"text/html": html}, "metadata": {}}
    own = {"cell_type": "code", "id": "own", "metadata": {}, "source": "plot()", "execution_count": None}
    notebook["cells"].append({**own, "outputs": [output] * count})
    return json.dumps(notebook).encode()


def test_what_takes_too_long_to_clean_costs_its_pictures_and_nobody_else_anything(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = with_outputs(course, "<div>" * 18_000, 40)
    last = len(json.loads(bomb)["cells"])
    pretend(monkeypatch, boris=lambda job: replace(passes(job), found={"essay": (last - 1, last)}))
    bound(monkeypatch, cpu=2)
    submit(course, anna=answer(course), boris=bomb, vera=answer(course))
    report = grading.grade(course, "tiny", ONE)
    assert [done.score.score for done in report.graded] == [5, 5, 5] and report.troubles == ()
    assert "it takes more than 2 s" in shown(course, "boris") and "My own essay." in shown(course, "boris")
    assert "not shown here" not in shown(course, "anna") + shown(course, "vera")


def test_a_notebook_that_grows_is_recorded_without_the_answers_and_says_so(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(monkeypatch)
    bound(monkeypatch, output=100)
    submit(course, anna=answer(course, essay="My own essay."))
    report = grading.grade(course, "tiny", ONE)
    assert [done.score.score for done in report.graded] == [5]
    assert "Read the file that was handed in" in shown(course, "anna")
    assert "My own essay." not in shown(course, "anna")
    with read_gradebook(course) as book:
        assert book and graded_keys(book, "tiny").keys() == {"anna"}


def test_a_mark_for_an_answer_that_was_not_shown_is_not_kept_for_the_next_attempt(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(monkeypatch)
    bound(monkeypatch, output=100)
    hashes = []
    for text in ("One essay.", "Another essay."):
        submit(course, anna=answer(course, essay=text))
        plan = grading.plan(course, "tiny", ONE)
        (result,) = grading.results(plan)
        maker = recording.NotebookMaker(plan.opened)
        points = grading.carry_out(plan).graded[0].score
        hashes.append(maker.make(plan.planned["anna"].submission, result, points).manual["essay"])
        maker.close()
    assert hashes[0] != hashes[1]


def test_formatting_that_is_never_closed_does_not_multiply(course: Course) -> None:
    from nbjudge.feedback.outputs import clean_outputs

    bomb = "<p>" + "".join(f"<b a{i}>" for i in range(3500)) + "x" + "<p>x" * 3500
    (shown,) = clean_outputs([{"output_type": "display_data", "data": {"text/html": bomb}}])
    assert len(shown["data"]["text/html"]) < 3 * len(bomb)
    table = "<table>" + "<tr><td><b>1</b></td><td><i>2</i></td></tr>" * 2000 + "</table>"
    (shown,) = clean_outputs([{"output_type": "display_data", "data": {"text/html": table}}])
    assert shown["data"]["text/html"].count("<b>") == 2000  # an honest table stays one


def test_a_file_that_is_too_much_to_look_into_is_stored_with_a_receipt_that_says_so(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nbjudge.app.reading.Bounds", lambda: recording.Bounds(memory=64 << 20))
    cells = [{"cell_type": "code", "source": "x", "metadata": {"a": [[]] * 700}} for _ in range(3000)]
    receipt = intake.submit(course, "tiny", "anna", "tiny.ipynb", json.dumps({"cells": cells}).encode())
    assert [note.kind for note in receipt.warnings] == ["not_looked_into"] and receipt.solutions == {}
    assert (course.gradebook / "submitted/anna/tiny/tiny.ipynb").is_file()
    assert intake.submit(course, "tiny", "anna", "tiny.ipynb", answer(course)).solutions["essay"] == "changed"
