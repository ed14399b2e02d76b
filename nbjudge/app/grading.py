"""Grading a batch: plan, results, record."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbjudge.errors import SandboxError
from nbjudge.model import Course, Result, Score, Submission

if TYPE_CHECKING:
    from nbjudge.gradebook import Gradebook
    from nbjudge.grading.context import Trouble
    from nbjudge.notebooks.cells import Notebook
    from nbjudge.sandbox import Isolation
from nbjudge.app.opened import _automatic, _open, _Opened


@dataclass(frozen=True, slots=True)
class Graded:
    """One submission that was graded and recorded."""

    submission: Submission
    result: Result
    score: Score


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a batch is; passed to the watcher of `grade` at the start and after each submission."""

    done: int
    total: int
    last: Graded | Trouble | None


@dataclass(frozen=True, slots=True)
class Report:
    """What one call of `grade` did."""

    graded: tuple[Graded, ...]
    unchanged: tuple[Submission, ...]  # their result still holds
    troubles: tuple[Trouble, ...]  # ours: still in the queue


def grade(
    course: Course,
    name: str,
    *,
    students: Sequence[str] = (),
    jobs: int | None = None,
    force: bool = False,
    isolation: Isolation | None = None,
    image: str | None = None,
    without: tuple[str, ...] = (),
    gpu_slots: int = 1,
    all_on_slots: bool = False,
    watch: Callable[[Progress], None] = lambda progress: None,
) -> Report:
    """Grades what is new or changed (with `force` all), and records each in one transaction as it ends.

    `isolation` and `image`: see sandbox.pick_jail. `without` leaves walls of the jail out, to show what each is for;
    results say so. `gpu_slots` on each GPU grade the tests that ask for one; with `all_on_slots` they grade every test.
    """
    from nbjudge.gradebook import graded_keys, open_gradebook, save_assignment
    from nbjudge.grading.context import GradingContext, Job, Trouble
    from nbjudge.grading.executors.local import grade_all
    from nbjudge.grading.gpu_passes import slots_for
    from nbjudge.grading.result_key import fingerprint, result_key
    from nbjudge.intake.store import read_submissions
    from nbjudge.sandbox import pick_jail

    opened = _open(course, name)
    submissions = {s.student: s for s in read_submissions(course, name, students or None)}
    jail = pick_jail(isolation, image, without)
    slots = slots_for(course.autograder(name), gpu_slots, every_test=all_on_slots)
    context = GradingContext(
        course, name, opened.template, jail, _automatic(opened.exercises), slots, all_on_slots
    )
    current = fingerprint(context)
    keys = {student: result_key(submission, current) for student, submission in submissions.items()}
    with open_gradebook(course) as book:
        save_assignment(book, opened.declared, next(iter(opened.released.values())))
        known = {} if force else graded_keys(book, name)
        todo = [
            Job(s, keys[s.student]) for s in submissions.values() if known.get(s.student) != keys[s.student]
        ]
        unchanged = [s for s in submissions.values() if known.get(s.student) == keys[s.student]]
        watch(Progress(0, len(todo), None))
        graded: list[Graded] = []
        troubles: list[Trouble] = []
        with closing(grade_all(context, todo, jobs or os.cpu_count() or 1)) as outcomes:
            for outcome in outcomes:
                done = (
                    outcome if isinstance(outcome, Trouble) else _record(book, opened, submissions, outcome)
                )
                if isinstance(done, Trouble):
                    troubles.append(done)
                else:
                    graded.append(done)
                watch(Progress(len(graded) + len(troubles), len(todo), done))
    graded.sort(key=lambda done: done.submission.student)
    return Report(tuple(graded), tuple(unchanged), tuple(troubles))


def _record(
    book: Gradebook, opened: _Opened, submissions: dict[str, Submission], result: Result
) -> Graded | Trouble:
    """Scores, annotates and records one result; a failure of ours becomes Trouble, and the batch goes on."""
    from nbjudge.feedback import annotate_notebook
    from nbjudge.gradebook import record
    from nbjudge.grading.context import Trouble
    from nbjudge.scoring import score

    submission = submissions[result.student]
    try:
        points = score(opened.declared, opened.exercises, result)
        submitted = None if result.rejected else _read_again(submission)
        notebook = annotate_notebook(opened.released[result.language], submitted, result, points)
        record(book, opened.declared, submission, result, points, notebook)
    except Exception as error:
        reason = str(error).strip().splitlines() or [""]
        return Trouble(submission, f"graded, but not recorded: {type(error).__name__}: {reason[0]}")
    return Graded(submission, result, points)


def _read_again(submission: Submission) -> Notebook:
    """The notebook that was graded; SandboxError if it has been replaced since."""
    from nbjudge.notebooks.reader import read_notebook

    data = submission.path.read_bytes()
    if hashlib.sha256(data).hexdigest() != submission.sha256:
        raise SandboxError("the file changed meanwhile; run `nbjudge grade` again")
    return read_notebook(data)
