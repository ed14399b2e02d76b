"""The course that the corpus of attacks is graded in: hidden tests, honest answers, and a canary in every secret place."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from support.cells import (
    KERNEL,
    cell,
    fill,
    grade_cell,
    manual_cell,
    notebook,
    region,
    solution_cell,
    text_cell,
)
from support.courses import assignment, write_course

from nbjudge.app import authoring
from nbjudge.model import Course
from nbjudge.notebooks.cells import Notebook, exercise_of

NAME = "hostile"
POINTS = {"double": 2, "norms": 2, "train": 3, "inline": 1, "greet": 2, "countdown": 1}
LIMITS = {"seconds": 2, "memory": "384MB", "processes": 48, "disk": "32MB", "output": "64KB"}
HIDDEN = '''
"""Hidden tests. @KEY@"""

import pytest
import torch

from nbjudge.testing import close, is_tensor

KEY = "@KEY@"


def some_points(count):
    w = torch.randn(4)
    X = torch.randn(count, 4)
    return X, (X @ w > 0).long()


@pytest.mark.exercise("double")
def test_doubles(student):
    """Twice three is six."""
    assert student.double(3) == 6


@pytest.mark.exercise("double", hidden=True)
def test_doubles_more(student):
    """More numbers."""
    for x, answer in {7: 14, -4: -8, 0: 0, 2.5: 5.0}.items():
        assert student.double(x) == answer, "@MESSAGE@"


@pytest.mark.exercise("norms")
def test_norms(student):
    """The length of each row."""
    x = torch.randn(5, 3, dtype=torch.float64)
    close(student.row_norms(x), x.pow(2).sum(1).sqrt())


@pytest.mark.exercise("norms", hidden="whole numbers")
def test_norms_of_whole_numbers(student):
    """3, 4, 5. @MESSAGE@"""
    norms = student.row_norms(torch.tensor([[3.0, 4.0], [0.0, 2.0]]))
    is_tensor(norms, shape=(2,), dtype=torch.float32)
    assert norms.tolist() == [5, 2], "@MESSAGE@"


@pytest.mark.exercise("train")
def test_it_learns(student, credit):
    """Accuracy on points that it has not seen."""
    X, y = some_points(500)
    model = student.make_model()
    student.fit(model, X[:400], y[:400])
    predicted = student.predict(model, X[400:])
    is_tensor(predicted, shape=(100,), dtype=torch.int64)
    credit((predicted == y[400:]).double().mean().item(), full=0.85, none=0.75)


@pytest.mark.exercise("inline")
def test_running_sum(student):
    """The running sum."""
    x = torch.randn(6, dtype=torch.float64)
    close(student.cell("inline_cell", x=x)["out"], x.cumsum(0))


@pytest.mark.exercise("greet")
def test_greets(student):
    """Hello, Ada!"""
    assert student.greet("Ada") == "Hello, Ada!"


@pytest.mark.exercise("greet")
def test_greets_nobody(student):
    """No name is a ValueError."""
    with pytest.raises(ValueError, match="empty"):
        student.greet("")
    assert student.greet("Bo") == "Hello, Bo!"


@pytest.mark.exercise("countdown")
def test_counts_down(student):
    """4, 3, 2, 1."""
    assert list(student.countdown(4)) == [4, 3, 2, 1]
'''
SOLUTIONS = {
    "double_function": "def double(x):\n    return x * 2",
    "norms_function": "def row_norms(x):\n    return x.norm(dim=1)",
    "train_network": """def make_model():
    return torch.nn.Linear(4, 1)

def fit(model, X, y):
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    for _ in range(60):
        loss = torch.nn.functional.binary_cross_entropy_with_logits(model(X)[:, 0], y.float())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

def predict(model, X):
    with torch.no_grad():
        return (model(X)[:, 0] > 0).long()""",
    "inline_cell": "x = torch.ones(3)\nout = x.cumsum(0)",
    "greet_function": """def greet(name):
    if not name:
        raise ValueError("empty name")
    return f"Hello, {name}!\"""",
    "countdown_function": "def countdown(n):\n    while n:\n        yield n\n        n -= 1",
    "essay": "Because.",
}


@dataclass(frozen=True)
class Canaries:
    """What must not be found anywhere outside its place; each ends in digits that no attacker can know."""

    key: str  # in the hidden tests' source, and so in the judge's memory
    message: str  # in an assertion's message of a hidden test
    env: str  # in the environment of the main process and its workers
    book: str  # in the gradebook's folder
    work: str  # in an honest student's answer
    path: str  # in the course's own path

    @classmethod
    def new(cls) -> Canaries:
        return cls(*(f"CANARY-{kind.upper()}-{secrets.token_hex(8)}" for kind in cls.__annotations__))


def make_course(root: Path, canaries: Canaries, hidden: str = HIDDEN) -> Course:
    """The course in `root`, released and ready to collect."""
    hidden = hidden.replace("@KEY@", canaries.key).replace("@MESSAGE@", canaries.message)
    notes = ("gradebook/notes.txt", "gradebook/results/honest/notes.txt", "gradebook/submitted/notes.txt")
    course = write_course(
        root,
        {NAME: assignment("Hostile lab", POINTS | {"essay": 1}, limits=LIMITS)},
        {
            f"source/{NAME}/{NAME}.ipynb": _source(),
            f"source/{NAME}/lab_data.py": "PLAIN = 1\n",
            f"autograders/{NAME}/test_hidden.py": hidden,
            **dict.fromkeys(notes, canaries.book),
        },
        course_id="hostile-course",
        title="Hostile",
    )
    authoring.release(course, NAME, unproved=True)
    return course


def answers(course: Course, solved: Iterable[str], **sources: str) -> Notebook:
    """A released notebook with the exercises in `solved` solved, and `sources` in the solution cells so named."""
    released = json.loads((course.release(NAME) / f"{NAME}.ipynb").read_text())
    solved = set(solved)
    return fill(
        released, {name: text for name, text in SOLUTIONS.items() if exercise_of(name) in solved} | sources
    )


def _source() -> Notebook:
    cells = [text_cell("title", "# Hostile lab"), cell("imports", "import torch")]
    for name, solution in SOLUTIONS.items():
        exercise = exercise_of(name)
        cells.append(text_cell(f"{exercise}-text", f"## {exercise}"))
        if exercise == "essay":
            cells.append(manual_cell("essay", solution))
        else:
            cells.append(solution_cell(name, region(solution), f"c-{exercise}"))
            cells.append(grade_cell(exercise, "assert True", POINTS[exercise]))
    return notebook(cells, **KERNEL)
