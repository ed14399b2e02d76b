"""Grading a batch in three steps: `plan` says what there is to do, `results` does it, `record` writes it down.

A caller that only wants to see what grading would say takes the first two.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from nbjudge import log
from nbjudge.app.opened import OpenedAssignment, open_assignment
from nbjudge.app.options import GradingOptions
from nbjudge.model import Course, Result, Score, Submission

if TYPE_CHECKING:
    from nbjudge.gradebook import Gradebook
    from nbjudge.grading.context import GradingContext, Trouble
    from nbjudge.notebooks.cells import Notebook

Why = Literal["new", "changed", "forced"]


@dataclass(frozen=True, slots=True)
class Planned:
    """One submission to grade."""

    submission: Submission
    key: str  # that its result will have
    why: Why  # changed: another attempt, or other tests, notebooks, settings or versions than when it was graded


@dataclass(frozen=True, slots=True)
class GradingPlan:
    """What one call of `grade` is to do."""

    opened: OpenedAssignment
    options: GradingOptions
    context: GradingContext
    planned: dict[str, Planned]  # by student's id, sorted
    unchanged: tuple[Submission, ...]  # by student; their recorded result still holds


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

    graded: tuple[Graded, ...]  # by student
    unchanged: tuple[Submission, ...]  # their result still holds
    troubles: tuple[Trouble, ...]  # not graded: still in the queue


Watch = Callable[[Progress], None]


def grade(
    course: Course,
    name: str,
    options: GradingOptions = GradingOptions(),
    watch: Watch = lambda progress: None,
) -> Report:
    """Grades every submission of `name` that is new or changed, one transaction each, and records what stopped the rest."""
    return carry_out(plan(course, name, options), watch)


def plan(course: Course, name: str, options: GradingOptions = GradingOptions()) -> GradingPlan:
    """What `grade` would do; reads only.

    CourseError if the assignment can't be graded or a student named has no submission; SandboxError without a jail.
    """
    return plan_opened(open_assignment(course, name), options)


def plan_opened(opened: OpenedAssignment, options: GradingOptions = GradingOptions()) -> GradingPlan:
    """`plan` for an assignment that is open already."""
    from nbjudge.gradebook import graded_keys, read_gradebook
    from nbjudge.grading.context import GradingContext
    from nbjudge.grading.gpu_passes import slots_for
    from nbjudge.grading.result_key import fingerprint, result_key
    from nbjudge.intake.store import read_submissions
    from nbjudge.sandbox import pick_jail

    course, name = opened.course, opened.name
    submissions = read_submissions(course, name, options.students or None)
    context = GradingContext(
        course,
        name,
        opened.form,
        pick_jail(options.isolation, options.image, options.without),
        opened.automatic,
        slots_for(course.autograder(name), options.gpu_slots, every_test=options.all_on_slots),
        options.all_on_slots,
    )
    current = fingerprint(context)
    with read_gradebook(course) as book:
        known = graded_keys(book, name) if book else {}
    planned: dict[str, Planned] = {}
    unchanged = []
    for submission in submissions:
        key = result_key(submission, current)
        before = known.get(submission.student)
        if before != key:
            planned[submission.student] = Planned(submission, key, "changed" if before else "new")
        elif options.force:
            planned[submission.student] = Planned(submission, key, "forced")
        else:
            unchanged.append(submission)
    return GradingPlan(opened, options, context, planned, tuple(unchanged))


def results(todo: GradingPlan) -> Generator[Result | Trouble, None, None]:
    """Grades what is planned and yields one outcome for each submission, in any order; the gradebook is not touched.

    Close it to stop early. CourseError and SandboxError where grading as a whole is impossible.
    """
    from nbjudge.grading.context import Job, Trouble
    from nbjudge.grading.executors.local import grade_all

    for one in todo.planned.values():
        if one.submission.problem:
            yield Trouble(one.submission, "bad_timestamp", one.submission.problem)
    jobs = [Job(one.submission, one.key) for one in todo.planned.values() if not one.submission.problem]
    with closing(grade_all(todo.context, jobs, todo.options.jobs or os.cpu_count() or 1)) as outcomes:
        yield from outcomes


def carry_out(todo: GradingPlan, watch: Watch = lambda progress: None) -> Report:
    """Grades what is planned and records each outcome as it comes."""
    from nbjudge.gradebook import forget_troubles, open_gradebook, save_assignment, save_students
    from nbjudge.grading.context import Trouble
    from nbjudge.roster import read_roster

    opened, total = todo.opened, len(todo.planned)
    graded: list[Graded] = []
    troubles: list[Trouble] = []
    with open_gradebook(opened.course) as book:
        save_assignment(book, opened.declared, opened.first_release)
        save_students(book, read_roster(opened.course))
        forget_troubles(book, [one.submission for one in todo.planned.values()])
        watch(Progress(0, total, None))
        with closing(results(todo)) as outcomes:
            for outcome in outcomes:
                done = record(book, todo, outcome)
                if isinstance(done, Trouble):
                    troubles.append(done)
                else:
                    graded.append(done)
                watch(Progress(len(graded) + len(troubles), total, done))
    graded.sort(key=lambda done: done.submission.student)
    return Report(tuple(graded), todo.unchanged, tuple(troubles))


def record(book: Gradebook, todo: GradingPlan, outcome: Result | Trouble) -> Graded | Trouble:
    """Records one outcome of `results`, a trouble too; what can't be recorded becomes a Trouble, and the batch goes on."""
    from nbjudge.grading.context import SubmissionChanged, Trouble

    if isinstance(outcome, Trouble):
        _store_trouble(book, outcome)
        return outcome
    submission = todo.planned[outcome.student].submission
    try:
        done = _record_result(book, todo.opened, submission, outcome)
        log.info("recorded", submission=log.submission_id(submission))
        return done
    except SubmissionChanged as error:
        trouble = Trouble(submission, "submission_changed", str(error))
    except Exception as error:
        reason = str(error).strip().splitlines() or [""]
        trouble = Trouble(
            submission, "not_recorded", f"graded, but not recorded: {type(error).__name__}: {reason[0]}"
        )
    _store_trouble(book, trouble)
    return trouble


def _record_result(
    book: Gradebook, opened: OpenedAssignment, submission: Submission, result: Result
) -> Graded:
    from nbjudge import gradebook
    from nbjudge.feedback import annotate_notebook
    from nbjudge.scoring import score

    points = score(opened.declared, opened.exercises, result)
    submitted = None if result.rejected else _read_again(submission)
    notebook = annotate_notebook(opened.released[result.language], submitted, result, points)
    gradebook.record(book, opened.declared, submission, result, points, notebook)
    return Graded(submission, result, points)


def _store_trouble(book: Gradebook, trouble: Trouble) -> None:
    """Remembers a trouble for `nbjudge status`; where even that fails, the report of this run still tells of it."""
    from nbjudge.gradebook import record_trouble

    try:
        record_trouble(book, trouble.submission, trouble.kind, trouble.message)
    except Exception as error:  # the database is full, locked or gone: likely the trouble itself
        log.warning("trouble not stored", submission=log.submission_id(trouble.submission), reason=str(error))


def _read_again(submission: Submission) -> Notebook:
    """The notebook that was graded; SubmissionChanged if another has taken its place."""
    from nbjudge.grading.context import SubmissionChanged
    from nbjudge.notebooks.reader import read_notebook

    data = submission.path.read_bytes()
    if hashlib.sha256(data).hexdigest() != submission.sha256:
        raise SubmissionChanged(f"{submission.path} changed after it was graded; run `nbjudge grade` again")
    return read_notebook(data)
