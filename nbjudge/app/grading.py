"""Grading a batch in three steps: `plan` says what there is to do, `results` does it, `record` writes it down.

A caller that only wants to see what grading would say takes the first two.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Literal

from nbjudge import log
from nbjudge.app.attempts import Attempt, best, keep_result, kept_result, last_in_time
from nbjudge.app.late import lateness_by
from nbjudge.app.opened import OpenedAssignment, open_assignment
from nbjudge.app.options import GradingOptions
from nbjudge.app.recording import NotebookMaker
from nbjudge.lateness import Lateness
from nbjudge.model import Course, Result, Score, StoredTrouble, Submission, TroubleKind
from nbjudge.notes import Note

if TYPE_CHECKING:
    from nbjudge.gradebook import Gradebook
    from nbjudge.grading.context import GradingContext, Trouble

OWN_DOING: tuple[TroubleKind, ...] = (
    "no_result",
    "failed",
)  # troubles that a submission can make for itself: not twice
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
    lateness: Callable[[str, datetime], Lateness]  # of a student who handed in at that time
    attempts: dict[str, tuple[Attempt, ...]]  # of each student, oldest first; where the best of them counts


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
    todo = plan(course, name, options)
    report = carry_out(todo, watch)
    if todo.opened.declared.counts != "best":
        return report
    # One attempt of each student in a round, oldest first.
    tried = frozenset[str]()
    while todo.planned:
        tried |= {one.key for one in todo.planned.values()}
        todo = plan_opened(todo.opened, options, tried)
        report = _joined(report, carry_out(todo, watch)) if todo.planned else report
    return report


def plan(course: Course, name: str, options: GradingOptions = GradingOptions()) -> GradingPlan:
    """What `grade` would do; reads only.

    CourseError if the assignment can't be graded or a student named has no submission; SandboxError without a jail.
    """
    return plan_opened(open_assignment(course, name), options)


def plan_opened(
    opened: OpenedAssignment, options: GradingOptions = GradingOptions(), tried: frozenset[str] = frozenset()
) -> GradingPlan:
    """`plan` for an assignment that is open already, without the attempts whose keys were `tried` a moment ago."""
    from nbjudge.gradebook import graded_keys, read_gradebook
    from nbjudge.grading.context import GradingContext
    from nbjudge.grading.gpu_passes import slots_for
    from nbjudge.grading.result_key import fingerprint, result_key
    from nbjudge.intake.attempts import read_attempts
    from nbjudge.intake.store import read_submissions
    from nbjudge.sandbox import check_hidden, pick_jail

    course, name = opened.course, opened.name
    submissions = read_submissions(course, name, options.students or None)
    jail = pick_jail(options.isolation, options.image, options.without)
    if jail.isolation == "namespaces":
        check_hidden(course)
    context = GradingContext(
        course,
        name,
        opened.form,
        jail,
        opened.automatic,
        slots_for(course.autograder(name), options.gpu_slots, every_test=options.all_on_slots),
        options.all_on_slots,
    )
    current, lateness = fingerprint(context), lateness_by(course, name)
    attempts: dict[str, tuple[Attempt, ...]] = {}
    if opened.declared.counts == "last_in_time":
        submissions = last_in_time(course, name, submissions, lateness)
    elif opened.declared.counts == "best":
        of_all = read_attempts(course, name, {one.student for one in submissions})
        attempts = {
            student: tuple(Attempt(one, result_key(one, current)) for one in mine)
            for student, mine in of_all.items()
        }
    with read_gradebook(course) as book:
        known = graded_keys(book, name) if book else {}
    planned: dict[str, Planned] = {}
    unchanged = []
    for submission in submissions:
        key = result_key(submission, current)
        before = known.get(submission.student)
        if mine := attempts.get(submission.student):
            left = [one for one in mine if one.key not in tried]
            new = [one for one in left if options.force or kept_result(course, one) is None]
            if new:
                planned[submission.student] = Planned(
                    new[0].submission,
                    new[0].key,
                    "forced" if options.force else "changed" if before else "new",
                )
            else:
                unchanged.append(submission)
        elif before != key:
            planned[submission.student] = Planned(submission, key, "changed" if before else "new")
        elif options.force:
            planned[submission.student] = Planned(submission, key, "forced")
        else:
            unchanged.append(submission)
    return GradingPlan(opened, options, context, planned, tuple(unchanged), lateness, attempts)


def results(todo: GradingPlan) -> Generator[Result | Trouble, None, None]:
    """Grades what is planned and yields one outcome for each submission, in any order; the gradebook is not touched.

    Close it to stop early. CourseError and SandboxError where grading as a whole is impossible.
    """
    from nbjudge.grading.context import Job, Trouble
    from nbjudge.grading.executors.local import grade_all
    from nbjudge.sandbox import default_workers

    for one in todo.planned.values():
        if one.submission.problem:
            yield Trouble(one.submission, "bad_timestamp", one.submission.problem)
    jobs = [Job(one.submission, one.key) for one in todo.planned.values() if not one.submission.problem]
    workers = todo.options.jobs or default_workers(todo.context.jail)
    with closing(grade_all(todo.context, jobs, workers)) as outcomes:
        yield from outcomes


def carry_out(todo: GradingPlan, watch: Watch = lambda progress: None) -> Report:
    """Grades what is planned and records each outcome as it comes."""
    from nbjudge.gradebook import (
        forget_troubles,
        open_gradebook,
        read_troubles,
        refresh,
        save_assignment,
        save_students,
    )
    from nbjudge.grading.context import Trouble
    from nbjudge.roster import read_roster
    from nbjudge.scoring import apply_lateness

    opened, total = todo.opened, len(todo.planned)
    graded: list[Graded] = []
    troubles: list[Trouble] = []
    with open_gradebook(opened.course) as book:
        save_assignment(book, opened.declared, opened.first_release)
        save_students(book, read_roster(opened.course))
        forget_troubles(book, [one.submission for one in todo.planned.values()])
        before = {(one.student, one.sha256): one for one in read_troubles(book, opened.name)}
        watch(Progress(0, total, None))
        with closing(results(todo)) as outcomes, closing(NotebookMaker(opened)) as maker:
            for outcome in outcomes:
                done = record(book, todo, outcome, maker)
                if isinstance(done, Trouble):
                    troubles.append(done)
                else:
                    graded.append(done)
                watch(Progress(len(graded) + len(troubles), total, done))
            if graded or todo.unchanged:  # else the tests or the machine may be at fault
                given_up = _give_up(book, todo, troubles, before, maker)
                graded += given_up
                troubles = [one for one in troubles if one.submission not in [g.submission for g in given_up]]
            troubles += _record_other_attempts(book, todo, maker)
        # Deadlines may have moved, extensions been granted, late days shared out anew: that runs nobody's code.
        late = refresh(book)
    graded = [
        replace(done, score=apply_lateness(done.score, late[opened.name, done.submission.student]))
        for done in graded
    ]
    graded.sort(key=lambda done: done.submission.student)
    return Report(tuple(graded), todo.unchanged, tuple(troubles))


def record(
    book: Gradebook, todo: GradingPlan, outcome: Result | Trouble, maker: NotebookMaker
) -> Graded | Trouble:
    """Records one outcome of `results`, a trouble too; what can't be recorded becomes a Trouble, and the batch goes on."""
    from nbjudge.grading.context import Trouble

    if isinstance(outcome, Trouble):
        _store_trouble(book, outcome)
        return outcome
    submission = todo.planned[outcome.student].submission
    return _guarded(book, submission, partial(_record_result, book, todo, submission, outcome, maker))


def _guarded(book: Gradebook, submission: Submission, record: Callable[[], Graded]) -> Graded | Trouble:
    """Calls `record`; what goes wrong becomes a stored Trouble."""
    from nbjudge.grading.context import SubmissionChanged, Trouble

    try:
        done = record()
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


def _record_other_attempts(book: Gradebook, todo: GradingPlan, maker: NotebookMaker) -> list[Trouble]:
    """Where the best attempt counts, and a moved deadline has made it another one than is recorded: records that."""
    from nbjudge.gradebook import graded_keys

    known = graded_keys(book, todo.opened.name) if todo.attempts else {}
    troubles = []
    for one in todo.unchanged if todo.attempts else ():
        chosen = best(todo.opened, todo.attempts[one.student], todo.lateness)
        if chosen is not None and chosen[1].key != known.get(one.student):
            done = _guarded(book, chosen[0], partial(_record, book, todo.opened, *chosen, maker))
            troubles += [] if isinstance(done, Graded) else [done]
    return troubles


def _joined(first: Report, second: Report) -> Report:
    """What two rounds of one run did together; of a student who was graded in both, what counts now."""
    graded = {done.submission.student: done for done in (*first.graded, *second.graded)}
    return Report(
        tuple(done for _, done in sorted(graded.items())),
        first.unchanged,
        (*first.troubles, *second.troubles),
    )


def _record_result(
    book: Gradebook, todo: GradingPlan, submission: Submission, result: Result, maker: NotebookMaker
) -> Graded:
    from nbjudge.scoring import score

    if mine := todo.attempts.get(submission.student):
        keep_result(todo.opened.course, submission, result)
        if (chosen := best(todo.opened, mine, todo.lateness)) is not None:
            return _record(book, todo.opened, *chosen, maker)
    late = todo.lateness(submission.student, result.timestamp)
    points = score(todo.opened.declared, todo.opened.exercises, result, late)
    return _record(book, todo.opened, submission, result, points, maker)


def _record(
    book: Gradebook,
    opened: OpenedAssignment,
    submission: Submission,
    result: Result,
    points: Score,
    maker: NotebookMaker,
) -> Graded:
    from nbjudge import gradebook

    notebook = maker.make(submission, result, points)
    gradebook.record(book, opened.declared, submission, result, points, notebook)
    return Graded(submission, result, points)


def _give_up(
    book: Gradebook,
    todo: GradingPlan,
    troubles: Sequence[Trouble],
    before: Mapping[tuple[str, str], StoredTrouble],
    maker: NotebookMaker,
) -> list[Graded]:
    """Records zero, for a person to look at, for what has brought its own judge down again, as `before`."""
    done = []
    for trouble in troubles:
        submission = trouble.submission
        last = before.get((submission.student, submission.sha256))
        if trouble.kind in OWN_DOING and last is not None and last.kind in OWN_DOING:
            result = Result(
                assignment=submission.assignment,
                student=submission.student,
                sha256=submission.sha256,
                timestamp=submission.timestamp,
                language=todo.opened.course.languages[0],
                key=todo.planned[submission.student].key,
                tests=(),
                rejected=Note("given_up"),
            )
            outcome = record(book, todo, result, maker)
            done += [outcome] if isinstance(outcome, Graded) else []
    return done


def _store_trouble(book: Gradebook, trouble: Trouble) -> None:
    """Remembers a trouble for `nbjudge status`; where even that fails, the report of this run still tells of it."""
    from nbjudge.gradebook import record_trouble

    try:
        record_trouble(book, trouble.submission, trouble.kind, trouble.message)
    except Exception as error:  # the database is full, locked or gone: likely the trouble itself
        log.warning("trouble not stored", submission=log.submission_id(trouble.submission), reason=str(error))
