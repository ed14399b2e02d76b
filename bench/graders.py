"""The graders that are compared: each takes the same work in its own form, grades it, and says what scores came out."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import measure
from courses import Hidden, Work
from light_course import code_cell, notebook_of

from nbjudge.notebooks.cells import NotebookCell
from nbjudge.notebooks.reader import write_notebook

BIN = Path(sys.executable).parent
Scores = dict[str, dict[str, float]]  # student -> exercise -> points
CONFIG = """\
c = get_config()
c.CourseDirectory.course_id = "bench"
c.ExecutePreprocessor.timeout = 600
"""
TEST_FILE = """\
from otter.test_files import test_case

OK_FORMAT = False
name = {name!r}
points = None
all_or_nothing = False
"""
TEST_CASE = """

@test_case(points={points}, hidden=True)
def test_{number}(env):
    exec({code!r}, dict(env))
"""
# Student code of every grader computes in one thread; nbjudge sees to that itself.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


class Grader(Protocol):
    """One grader with one piece of work laid out for it in a separate folder."""

    def grade(self) -> measure.Usage:
        """Grades everything, or what is new; CommandFailed if the grader gives up."""

    def scores(self) -> Scores:
        """What was recorded."""


@dataclass(frozen=True, slots=True)
class Nbjudge:
    """`nbjudge grade`, one worker per core."""

    work: Work
    folder: Path

    @classmethod
    def prepare(cls, work: Work, folder: Path) -> Nbjudge:
        """Collects the submissions into a gradebook in `folder`."""
        grader = cls(work, folder)
        hand_in = _write_all(folder / "hand-in", work.submissions)
        measure.run([*grader._command("collect"), hand_in])
        return grader

    def grade(self) -> measure.Usage:
        """Grades what is new."""
        return measure.run(self._command("grade"))

    def scores(self) -> Scores:
        """From the gradebook."""
        return _recorded(self.folder / "gradebook/gradebook.db", self.work)

    def _command(self, command: str) -> list[str | Path]:
        where = ["--course", self.work.course.root, "--gradebook", self.folder / "gradebook"]
        return [BIN / "nbjudge", *where, command, self.work.name]


@dataclass(frozen=True, slots=True)
class Nbgrader:
    """`nbgrader autograde`: the notebook runs in a kernel, each hidden test in a separate grade cell."""

    work: Work
    folder: Path

    @classmethod
    def prepare(cls, work: Work, folder: Path) -> Nbgrader:
        """A course with the release made and the submissions in place."""
        name = work.name
        grader = cls(work, folder)
        source = folder / "source" / name
        shutil.copytree(work.course.release(name), source, ignore=shutil.ignore_patterns("*.ipynb"))
        (folder / "nbgrader_config.py").write_text(CONFIG)
        (source / f"{name}.ipynb").write_bytes(_notebook(work.solution, _grade_cells(work.hidden)))
        generate = [BIN / "nbgrader", "generate_assignment", name, f"--course-dir={folder}"]
        measure.run(generate, cwd=folder, environment=_environment(work))
        for student, cells in work.cells.items():
            place = folder / "submitted" / student / name
            place.mkdir(parents=True)
            (place / f"{name}.ipynb").write_bytes(_notebook(cells, _grade_cells(work.hidden, shown=False)))
        return grader

    def grade(self) -> measure.Usage:
        """Grades what is new."""
        command = [BIN / "nbgrader", "autograde", self.work.name, f"--course-dir={self.folder}"]
        return measure.run(command, cwd=self.folder, environment=_environment(self.work))

    def scores(self) -> Scores:
        """From the gradebook."""
        return _recorded(self.folder / "gradebook.db", self.work)


@dataclass(frozen=True, slots=True)
class Otter:
    """`otter run`, once for each submission: a process that runs the notebook in a kernel and the tests after it."""

    work: Work
    folder: Path
    bin: Path  # of its virtual environment

    @classmethod
    def prepare(cls, work: Work, folder: Path, bin: Path) -> Otter:
        """The autograder's archive, made by `otter generate`, and the submissions."""
        tests = folder / "tests"
        tests.mkdir(parents=True)
        for exercise in dict.fromkeys(test.exercise for test in work.hidden):
            cases = [test for test in work.hidden if test.exercise == exercise]
            (tests / f"{exercise}.py").write_text(otter_tests(exercise, cases))
        helpers = sorted(p for p in work.course.release(work.name).iterdir() if p.suffix != ".ipynb")
        options = ["-t", tests, "-o", folder / "autograder.zip", "--no-requirements"]
        generate = [bin / "otter", "generate", *options, *helpers]
        measure.run(generate, cwd=work.course.release(work.name))
        _write_all(folder / "submitted", {s: _notebook(cells, ()) for s, cells in work.cells.items()})
        return cls(work, folder, bin)

    def grade(self) -> measure.Usage:
        """Grades everything, one submission after the other."""
        return measure.add([self._grade_one(student) for student in self.work.cells])

    def scores(self) -> Scores:
        """From the result files."""
        found: Scores = {}
        for student in self.work.cells:
            tests = json.loads((self.folder / "results" / student / "results.json").read_text())["tests"]
            exercises = dict.fromkeys((test.exercise for test in self.work.hidden), 0.0)
            scored = {test["name"]: float(test["score"]) for test in tests if "score" in test}
            found[student] = exercises | scored
        return found

    def _grade_one(self, student: str) -> measure.Usage:
        out = self.folder / "results" / student
        out.mkdir(parents=True, exist_ok=True)
        command = [self.bin / "otter", "run", "--no-logo", "-a", self.folder / "autograder.zip", "-o", out]
        notebook = self.folder / "submitted" / f"{student}.ipynb"
        return measure.run(
            [*command, notebook], cwd=self.folder, environment=_environment(self.work, self.bin)
        )


def _environment(work: Work, bin: Path = BIN) -> dict[str, str]:
    # nbgrader calls alembic by its name, as if the virtual environment were activated.
    path = f"{bin}:{os.environ['PATH']}"
    return {**ONE_THREAD, "PYTHONPATH": ":".join(map(str, work.modules)), "PATH": path}


def _write_all(folder: Path, notebooks: dict[str, bytes]) -> Path:
    folder.mkdir(parents=True)
    for student, data in notebooks.items():
        (folder / f"{student}.ipynb").write_bytes(data)
    return folder


def _notebook(cells: Sequence[str], graded: Sequence[NotebookCell]) -> bytes:
    own = [code_cell(f"cell-{number}", source) for number, source in enumerate(cells)]
    return write_notebook(notebook_of([*own, *graded]))


def _grade_cells(hidden: Sequence[Hidden], shown: bool = True) -> list[NotebookCell]:
    """One grade cell for each hidden test; the students' versions are empty."""
    return [
        code_cell(
            f"hidden-{number}",
            f"### BEGIN HIDDEN TESTS\n{test.code}\n### END HIDDEN TESTS" if shown else "",
            f"{test.exercise}--{test.name}",
            test.points,
        )
        for number, test in enumerate(hidden)
    ]


def otter_tests(exercise: str, tests: Sequence[Hidden]) -> str:
    """The exercise's hidden tests as one of otter's test files."""
    return TEST_FILE.format(name=exercise) + "".join(
        TEST_CASE.format(points=test.points, number=number, code=test.code)
        for number, test in enumerate(tests)
    )


def _recorded(database: Path, work: Work) -> Scores:
    """Points by exercise in an nbgrader database; its grade cells are called <exercise> or <exercise>--<test>."""
    query = """
        SELECT submitted_assignment.student_id, base_cell.name, grade.auto_score
        FROM grade JOIN base_cell ON base_cell.id = grade.cell_id
        JOIN submitted_notebook ON submitted_notebook.id = grade.notebook_id
        JOIN submitted_assignment ON submitted_assignment.id = submitted_notebook.assignment_id
    """
    exercises = {test.exercise for test in work.hidden}
    found: Scores = {student: dict.fromkeys(exercises, 0.0) for student in work.cells}
    with sqlite3.connect(database) as connection:
        for student, cell, score in connection.execute(query):
            if (exercise := cell.partition("--")[0]) in exercises:
                found[student][exercise] += score or 0.0
    return found
