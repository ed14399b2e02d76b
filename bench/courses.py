"""What is graded: an assignment, its submissions, and the same work as plain cells for graders without a jail."""

from __future__ import annotations

import ast
import itertools
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import light
import light_course

from nbjudge.authoring.samples import build_sample, read_samples
from nbjudge.course import load_course
from nbjudge.grading.repair import repair
from nbjudge.model import Cell, Course
from nbjudge.notebooks.cells import Notebook
from nbjudge.notebooks.exercises import find_exercises
from nbjudge.notebooks.reader import read_notebook, write_notebook
from nbjudge.notebooks.released_form import ReleasedForm, load_notebook, load_released_form, release_name

BENCH = Path(__file__).parent
REPOSITORY = BENCH.parent
VERDICTS = ("full_marks", "partial")  # of the samples of `intro` that are graded here
ENDLESS = {"column-minus-row"}  # subtracts [n] from [n, 1]: gigabytes a step, until nbjudge's limit ends it
CHECK = "import student_in_kernel\nstudent_in_kernel.check(globals(), _texts, {module!r}, {test!r})"


@dataclass(frozen=True, slots=True)
class Hidden:
    """One hidden test as code for the notebook's own namespace; it raises if the test fails."""

    exercise: str
    name: str
    points: float
    code: str


@dataclass(frozen=True, slots=True)
class Work:
    """One assignment to grade."""

    name: str
    course: Course
    hidden: tuple[Hidden, ...]
    solution: tuple[str, ...]  # the code cells of the solution
    submissions: dict[str, bytes]  # student -> what they hand in
    cells: dict[str, tuple[str, ...]]  # student -> the code cells that nbjudge runs of it
    distinct: int  # after so many submissions the answers repeat
    modules: tuple[Path, ...] = ()  # folders that the hidden tests import from

    def first(self, count: int) -> Work:
        """The work of the first `count` submissions."""
        students = list(itertools.islice(self.submissions, count))
        return replace(
            self,
            submissions={student: self.submissions[student] for student in students},
            cells={student: self.cells[student] for student in students},
        )


def light_work(root: Path, count: int) -> Work:
    """The light assignment, made in `root`, with `count` submissions."""
    course = light_course.make(root)
    hidden = [
        Hidden(exercise.id, check.name, 1.0, check.code)
        for exercise in light.EXERCISES
        for check in exercise.checks
    ]
    notebooks = {f"s{n:04d}": light_course.submission(course, n) for n in range(count)}
    return _work(light_course.NAME, course, hidden, notebooks, distinct=count)


def intro_work(count: int) -> Work:
    """The introductory lab of this repository with `count` of its full and partial samples, in turn."""
    name, course = "intro", load_course(REPOSITORY)
    samples = [
        sample
        for sample in read_samples(course, name)
        if sample.verdict in VERDICTS
        and sample.name not in ENDLESS
        and all(low == high for low, high in sample.expected.values())
    ]
    notebooks = {}
    for n, sample in zip(range(count), itertools.cycle(samples), strict=False):
        notebook = read_notebook(sample.data)
        notebook["metadata"]["bench"] = n  # no two files alike
        notebooks[f"s{n:04d}"] = write_notebook(notebook)
    hidden = list(_hidden_tests(course, name))
    work = _work(name, course, hidden, notebooks, distinct=len(samples), texts=True)
    return replace(work, modules=(course.autograder(name), BENCH, REPOSITORY))


def save_work(work: Work, path: Path) -> None:
    """Writes what bench/pure.py reads."""
    document = {
        "folder": str(work.course.release(work.name)),
        "hidden": [asdict(test) for test in work.hidden],
        "notebooks": work.cells,
    }
    path.write_text(json.dumps(document))


def _work(
    name: str,
    course: Course,
    hidden: list[Hidden],
    notebooks: dict[str, bytes],
    *,
    distinct: int,
    texts: bool = False,
) -> Work:
    form = load_released_form(course, name)
    solution = write_notebook(_solution(course, name))
    cells = {student: _cells(data, form, texts) for student, data in notebooks.items()}
    own = _cells(solution, form, texts)
    return Work(name, course, tuple(hidden), own, notebooks, cells, distinct)


def _cells(data: bytes, form: ReleasedForm, texts: bool) -> tuple[str, ...]:
    """The code cells that nbjudge would run; with `texts` one more, which tells the stand-in what the solution cells hold."""
    program = repair(read_notebook(data), form)
    sources = [cell.source for cell in program.cells]
    if texts:
        sources.append(f"_texts = {_texts(program.cells)!r}")
    return tuple(sources)


def _texts(cells: tuple[Cell, ...]) -> dict[str, str]:
    return {cell.id: cell.source for cell in cells if cell.kind == "solution"}


def _solution(course: Course, name: str) -> Notebook:
    source = load_notebook(course.source(name) / f"{name}.ipynb", "create it")
    release = load_notebook(
        course.release(name) / release_name(course, name, course.languages[0]), "release it"
    )
    return build_sample("# base: solution\n# expected: all\n", source, release)


def _hidden_tests(course: Course, name: str) -> Iterator[Hidden]:
    """Every test of the autograder as code that calls it through `student_in_kernel`, with the points that it is worth."""
    path = course.source(name) / f"{name}.ipynb"
    exercises = find_exercises(load_notebook(path, "create it"), str(path))
    points = {exercise.id: exercise.points for exercise in exercises}
    tests = [test for file in sorted(course.autograder(name).glob("test_*.py")) for test in _marked(file)]
    for file, test, exercise, weight in tests:
        total = sum(other[3] for other in tests if other[2] == exercise)
        code = CHECK.format(module=file.stem, test=test)
        yield Hidden(exercise, test.removeprefix("test_"), points[exercise] * weight / total, code)


def _marked(file: Path) -> Iterator[tuple[Path, str, str, float]]:
    """File, name, exercise and weight of each test in the file, from its marker."""
    for function in ast.parse(file.read_text(encoding="utf-8")).body:
        for mark in function.decorator_list if isinstance(function, ast.FunctionDef) else ():
            match mark:
                case ast.Call(func=ast.Attribute(attr="exercise"), args=[ast.Constant(value=str(exercise))]):
                    weights = [ast.literal_eval(word.value) for word in mark.keywords if word.arg == "weight"]
                    yield file, function.name, exercise, float(weights[0] if weights else 1)
