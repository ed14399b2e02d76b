"""What a result depends on, and what it doesn't."""

from pathlib import Path

import pytest
from support.tiny_course import make_course

from nbjudge.grading.context import GradingContext
from nbjudge.grading.result_key import fingerprint
from nbjudge.model import Course
from nbjudge.notebooks.released_form import load_released_form
from nbjudge.sandbox import Jail


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return make_course(tmp_path)


def current(course: Course) -> str:
    form = load_released_form(course, "tiny")
    return fingerprint(
        GradingContext(course, "tiny", form, Jail("namespaces"), frozenset(["double", "total"]))
    )


@pytest.mark.parametrize("room", ["source", "release", "autograders"])
@pytest.mark.parametrize(
    "litter",
    [
        ".ipynb_checkpoints/tiny-checkpoint.ipynb",
        "__pycache__/test_tiny.cpython-311.pyc",
        "tiny.ipynb~",
        ".tiny.ipynb.swp",
    ],
)
def test_what_editors_leave_behind_regrades_nobody(course: Course, room: str, litter: str) -> None:
    before = current(course)
    path = course.root / room / "tiny" / litter
    path.parent.mkdir(exist_ok=True)
    path.write_text("a checkpoint")
    assert current(course) == before


@pytest.mark.parametrize(
    "path", ["source/tiny/helper.py", "release/tiny/helper.py", "autograders/tiny/data.csv"]
)
def test_a_file_of_the_assignment_regrades_everybody(course: Course, path: str) -> None:
    before = current(course)
    (course.root / path).write_text("x = 1")
    assert current(course) != before


def test_samples_and_proofs_regrade_nobody(course: Course) -> None:
    before = current(course)
    for name in ("submissions/full_marks/one.py", "proof.json", "equivalent_mutants.toml"):
        path = course.autograder("tiny") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    assert current(course) == before
