"""Grades randomly damaged notebooks for real and counts how they end: python bench/mutate_notebooks.py --count 10000

Bases are the sample submissions of the introductory lab and answers to the tests' tiny course. Each mutant is read and
repaired in this process (the lab's also against the lab's own form), then graded on the tiny course: loaded in the
jail and tested. Fails if anything raises, or if a mutant does not end in exactly one result.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from support.mutations import Notebook, mutate  # noqa: E402
from support.tiny_course import answer, make_course  # noqa: E402

from nbjudge.authoring.samples import read_samples  # noqa: E402
from nbjudge.course import load_course  # noqa: E402
from nbjudge.feedback import annotate_notebook, render_feedback  # noqa: E402
from nbjudge.grading.context import GradingContext, Job, Trouble  # noqa: E402
from nbjudge.grading.executors.local import grade_all  # noqa: E402
from nbjudge.grading.repair import repair  # noqa: E402
from nbjudge.model import Course, Result, Submission  # noqa: E402
from nbjudge.notebooks.exercises import find_exercises  # noqa: E402
from nbjudge.notebooks.reader import NotANotebook, read_notebook, write_notebook  # noqa: E402
from nbjudge.notebooks.released_form import ReleasedForm, load_notebook, load_released_form  # noqa: E402
from nbjudge.notes import Note  # noqa: E402
from nbjudge.results import dump_result  # noqa: E402
from nbjudge.sandbox import Jail  # noqa: E402
from nbjudge.scoring import score  # noqa: E402


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of all mutants."""

    files: int
    rejected: int  # no notebook any more: a zero with the reason
    repaired: int  # at least one sentence for the TA
    results: int
    troubles: tuple[str, ...]
    tests: Counter[str]  # status -> tests
    cells: Counter[str]  # status -> loaded cells
    reading: float  # seconds of reading and repairing, one process
    grading: float  # seconds of grading, and of what follows it for each result


def run(count: int, jobs: int, seed: int, folder: Path) -> Outcome:
    """Makes `count` mutants in `folder` and grades them; AssertionError if one is lost."""
    course = make_course(folder)
    own, lab = load_released_form(course, "tiny"), load_released_form(load_course(ROOT), "intro")
    mutants = folder / "mutants"
    mutants.mkdir()
    rejected, repaired, reading, submissions = 0, 0, 0.0, []
    tiny, labs = bases(course)
    for number in range(count):
        dice = random.Random(f"{seed} {number}")
        from_lab = dice.random() < 0.3
        data = mutate(dice.choice(labs if from_lab else tiny), dice)
        started = time.perf_counter()
        repairs = read_and_repair(data, (own, lab) if from_lab else (own,))
        reading += time.perf_counter() - started
        rejected += repairs is None
        repaired += bool(repairs)
        submissions.append(store(mutants, f"m{number:05}", data))
    started = time.monotonic()
    results, troubles = grade(course, own, submissions, jobs)
    grading = time.monotonic() - started
    assert len(results) + len(troubles) == count == len({one.student for one in results}) + len(troubles)
    assert sum(one.rejected is not None for one in results) == rejected
    return Outcome(
        files=count,
        rejected=rejected,
        repaired=repaired,
        results=len(results),
        troubles=tuple(f"{one.submission.student}: {one.message}" for one in troubles),
        tests=Counter(test.status for one in results for test in one.tests),
        cells=Counter(cell.status for one in results for cell in one.cells),
        reading=reading,
        grading=grading,
    )


def bases(course: Course) -> tuple[list[Notebook], list[Notebook]]:
    """Notebooks to damage: of the tiny course, and the introductory lab's samples that are notebooks."""
    released = [json.loads(path.read_bytes()) for path in sorted(course.release("tiny").glob("*.ipynb"))]
    tiny = [
        json.loads(answer(course)),
        json.loads(answer(course, total="def total(v):\n    return 0")),
        *released,
    ]
    labs = []
    for sample in read_samples(load_course(ROOT), "intro"):
        try:
            labs.append(read_notebook(sample.data))
        except NotANotebook:
            continue
    return tiny, labs


def read_and_repair(data: bytes, forms: Sequence[ReleasedForm]) -> tuple[Note, ...] | None:
    """What repair says; None if the file cannot be read as a notebook."""
    try:
        notebook = read_notebook(data)
    except NotANotebook as error:
        assert str(error).isprintable()
        return None
    for form in forms:
        program = repair(notebook, form)
        assert repair(read_notebook(write_notebook(notebook)), form) == program
    return repair(notebook, forms[0]).repairs


def store(folder: Path, student: str, data: bytes) -> Submission:
    """The file of one submission."""
    path = folder / f"{student}.ipynb"
    path.write_bytes(data)
    return Submission(
        "tiny", student, path, datetime(2030, 1, 1, tzinfo=UTC), hashlib.sha256(data).hexdigest()
    )


def grade(
    course: Course, form: ReleasedForm, submissions: Sequence[Submission], jobs: int
) -> tuple[list[Result], list[Trouble]]:
    """Grades them with real workers, and makes of each result what the pipeline makes of it."""
    source = load_notebook(course.source("tiny") / "tiny.ipynb", "create it")
    exercises = find_exercises(source, "tiny")
    released = load_notebook(course.release("tiny") / "tiny.ipynb", "release it")
    automatic = frozenset(exercise.id for exercise in exercises if not exercise.manual)
    context = GradingContext(course, "tiny", form, Jail("namespaces"), automatic)
    by_student = {submission.student: submission for submission in submissions}
    results, troubles = [], []
    for outcome in grade_all(context, [Job(one, "key") for one in submissions], jobs):
        if isinstance(outcome, Trouble):
            troubles.append(outcome)
            continue
        results.append(outcome)
        declared = course.assignments["tiny"]
        points = score(declared, exercises, outcome)
        assert 0 <= points.score <= points.points
        try:
            submitted = read_notebook(by_student[outcome.student].path.read_bytes())
        except NotANotebook:
            submitted = None
        write_notebook(annotate_notebook(released, submitted, outcome, points))
        dump_result(outcome)
        if len(results) % 10 == 0:
            render_feedback(course, declared, outcome, points, marks={}, titles={})
    return results, troubles


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="nbjudge-mutants-") as folder:
        outcome = run(arguments.count, arguments.jobs, arguments.seed, Path(folder))
    print(
        f"{outcome.files} files: {outcome.rejected} cannot be read as notebooks any more, {outcome.repaired} were mended"
    )
    print(
        f"read and repaired in {outcome.reading:.0f} s, graded in {outcome.grading:.0f} s by {arguments.jobs} workers"
    )
    print(f"{outcome.results} results, {len(outcome.troubles)} troubles")
    print("tests:", ", ".join(f"{status} {n}" for status, n in outcome.tests.most_common()))
    print("cells:", ", ".join(f"{status} {n}" for status, n in outcome.cells.most_common()))
    for line in outcome.troubles[:20]:
        print(line)
    sys.exit(1 if outcome.troubles else 0)


if __name__ == "__main__":
    main()
