"""The course that the corpus of attacks is graded in: hidden tests, honest answers, and a canary in every secret place."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbjudge.app import authoring
from nbjudge.course import load_course
from nbjudge.model import Course

NAME = "hostile"
POINTS = {"double": 2, "norms": 2, "train": 3, "inline": 1, "greet": 2, "countdown": 1}
CONFIG = f"""
course_id = "hostile-course"
title = {{"en": "Hostile"}}
languages = ("en",)
timezone = "Europe/Moscow"
database = "sqlite:///gradebook/gradebook.db"
assignments = {{
    "{NAME}": {{
        "title": {{"en": "Hostile lab"}},
        "points": {POINTS | {"essay": 1}!r},
        "soft_deadline": "2100-03-14 23:59",
        "hard_deadline": "2100-03-20 23:59",
        "limits": {{"seconds": 2, "memory": "384MB", "processes": 48, "disk": "32MB", "output": "64KB"}},
    }},
}}
"""
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
    source, autograder = root / "source" / NAME, root / "autograders" / NAME
    for folder in (source, autograder, root / "gradebook/results/honest", root / "gradebook/submitted"):
        folder.mkdir(parents=True)
    (root / "course_config.py").write_text(CONFIG)
    (source / f"{NAME}.ipynb").write_text(json.dumps(_source(), indent=1))
    (source / "lab_data.py").write_text("PLAIN = 1\n")
    hidden = hidden.replace("@KEY@", canaries.key).replace("@MESSAGE@", canaries.message)
    (autograder / "test_hidden.py").write_text(hidden)
    for folder in ("", "results/honest/", "submitted/"):
        (root / "gradebook" / folder / "notes.txt").write_text(canaries.book)
    course = load_course(root)
    authoring.release(course, NAME, unproved=True)
    return course


def answers(course: Course, solved: Iterable[str], **sources: str) -> dict[str, Any]:
    """A released notebook with the exercises in `solved` solved, and `sources` in the solution cells so named."""
    notebook: dict[str, Any] = json.loads((course.release(NAME) / f"{NAME}.ipynb").read_text())
    solved = set(solved)
    for cell in notebook["cells"]:
        meta = cell["metadata"].get("nbgrader", {})
        if meta.get("solution"):
            name = meta["grade_id"]
            if name.split("_")[0] in solved:
                cell["source"] = SOLUTIONS[name]
            cell["source"] = sources.get(name, cell["source"])
    return notebook


def _source() -> dict[str, Any]:
    cells = [_cell("title", "markdown", "# Hostile lab"), _cell("imports", "code", "import torch")]
    for name, solution in SOLUTIONS.items():
        exercise = name.split("_")[0]
        cells.append(_cell(f"{exercise}-text", "markdown", f"## {exercise}"))
        if exercise == "essay":
            cells.append(_cell("c-essay", "markdown", solution, "essay", points=1, solution=True))
            continue
        region = f"### BEGIN SOLUTION\n{solution}\n### END SOLUTION"
        cells.append(_cell(f"c-{exercise}", "code", region, name, solution=True))
        cells.append(_cell(f"c-{exercise}-grade", "code", "assert True", exercise, points=POINTS[exercise]))
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


def _cell(
    id_: str, kind: str, source: str, name: str = "", *, points: float | None = None, solution: bool = False
) -> dict[str, Any]:
    cell: dict[str, Any] = {"id": id_, "cell_type": kind, "metadata": {}, "source": source}
    if kind == "code":
        cell |= {"outputs": [], "execution_count": None}
    if name:
        grade = points is not None
        meta = {"grade_id": name, "schema_version": 3, "solution": solution, "grade": grade, "task": False}
        cell["metadata"]["nbgrader"] = meta | {"locked": not solution} | ({"points": points} if grade else {})
    return cell
