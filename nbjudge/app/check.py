"""`nbjudge check`: grades an assignment's own notebooks, to prove its autograder before students meet it."""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from nbjudge.app.options import SEEDS, CheckOptions
from nbjudge.errors import CourseError
from nbjudge.files import write_atomically
from nbjudge.model import Course, Result, Submission

if TYPE_CHECKING:
    from nbjudge.authoring.check.jobs import CheckJob, CheckPlan
    from nbjudge.authoring.check.report import CheckReport
    from nbjudge.authoring.check.staging import StagedAssignment
    from nbjudge.grading.context import GradingContext, Job
    from nbjudge.sandbox import Jail


@dataclass(frozen=True, slots=True)
class Step:
    """How far the check is; passed to the watcher."""

    done: int
    total: int


Watch = Callable[[Step], None]


def check_assignment(
    course: Course,
    name: str,
    options: CheckOptions = CheckOptions(),
    *,
    watch: Watch = lambda step: None,
) -> CheckReport:
    """Asks every question of the check about one assignment; the gradebook is not touched.

    A report on some exercises only, or on fewer seeds than SEEDS, proves nothing: it is `partial`. CourseError for an
    unknown name: what is wrong with the assignment itself is a finding.
    """
    from nbjudge.authoring.check.answers import answer, answer_flaw
    from nbjudge.authoring.check.jobs import plan_check
    from nbjudge.authoring.check.kernel import FreshKernel
    from nbjudge.authoring.check.proof import content_hash
    from nbjudge.authoring.check.report import CheckReport
    from nbjudge.authoring.check.staging import FlawError, stage_assignment
    from nbjudge.grading.result_key import environment
    from nbjudge.sandbox import pick_jail

    jail = pick_jail(options.isolation, options.image)
    started = time.monotonic()
    partial = bool(options.exercises) or options.seeds < SEEDS
    report = CheckReport(name, content_hash(course, name), (), environment=environment(jail), partial=partial)
    with tempfile.TemporaryDirectory(prefix="nbjudge-check-") as folder:
        try:
            staged = stage_assignment(course, name, Path(folder))
            plan = plan_check(staged, options.exercises, options.seeds)
            context = _context(staged, jail, options.gpu_slots)
            with FreshKernel(course.source(name).resolve(), f"{name}.ipynb") as kernel:
                results, troubles = _grade(plan, context, options.jobs or os.cpu_count() or 1, watch)
                run = kernel.result()
            report = answer(report, plan, results, troubles, run)
        except FlawError as flaw:
            report = answer_flaw(report, flaw)
    return replace(report, seconds=time.monotonic() - started)


def record_report(course: Course, report: CheckReport) -> list[Path]:
    """Writes page and JSON to gradebook/check/, and proof.json if the whole check passed; returns their paths.

    If it failed for the very content that had a proof, the proof goes.
    """
    from nbjudge.authoring.check.page import render_report
    from nbjudge.authoring.check.proof import content_hash, withdraw_proof, write_proof
    from nbjudge.authoring.check.report import dump_report

    folder = course.gradebook / "check"
    page, data = folder / f"{report.assignment}.html", folder / f"{report.assignment}.json"
    write_atomically(page, render_report(report).encode())
    write_atomically(data, dump_report(report).encode())
    if report.partial or report.content != content_hash(course, report.assignment):
        return [page, data]  # or somebody edited it meanwhile
    if report.passed:
        return [page, data, write_proof(course, report)]
    withdraw_proof(course, report.assignment)
    return [page, data]


def _context(staged: StagedAssignment, jail: Jail, gpu_slots: int) -> GradingContext:
    from nbjudge.grading.context import GradingContext
    from nbjudge.grading.gpu_passes import slots_for
    from nbjudge.notebooks.released_form import load_released_form

    course, name = staged.course, staged.name
    return GradingContext(
        course,
        name,
        load_released_form(course, name),
        jail,
        frozenset(staged.automatic),
        slots=slots_for(course.autograder(name), gpu_slots),
    )


def _grade(
    plan: CheckPlan, context: GradingContext, workers: int, watch: Watch
) -> tuple[dict[CheckJob, Result], list[str]]:
    """The results in the jobs' order, and a sentence for each job that could not be graded.

    One batch, since workers start slowly. It ends with the whole notebooks if the solution lost a point there.
    FlawError if the tests can't be loaded, or don't fit the exercises.
    """
    from nbjudge.authoring.check.findings import full_marks
    from nbjudge.authoring.check.jobs import SOLUTION
    from nbjudge.authoring.check.staging import FlawError
    from nbjudge.grading.context import Trouble
    from nbjudge.grading.executors.local import grade_all

    folder = context.course.root / "submitted"
    folder.mkdir()
    named = {f"{job.kind}-{number}": job for number, job in enumerate(plan.jobs, 1)}
    jobs = [_grading_job(plan.staged.name, student, job, folder) for student, job in named.items()]
    missing = set(plan.whole)
    results: dict[CheckJob, Result] = {}
    troubles: list[str] = []
    watch(Step(0, len(jobs)))
    try:
        with closing(grade_all(context, jobs, workers)) as outcomes:
            for outcome in outcomes:
                if isinstance(outcome, Trouble):
                    job = named[outcome.submission.student]
                    troubles.append(f"{job} could not be graded: {outcome.message}")
                else:
                    job = named[outcome.student]
                    results[job] = outcome
                missing.discard(job)
                watch(Step(len(results) + len(troubles), len(jobs)))
                if not missing and not (SOLUTION in results and full_marks(results[SOLUTION])):
                    break
    except CourseError as error:
        raise FlawError("structure", str(error)) from None
    return {job: results[job] for job in plan.jobs if job in results}, troubles


def _grading_job(assignment: str, student: str, job: CheckJob, folder: Path) -> Job:
    from nbjudge.grading.context import Job

    sha256 = hashlib.sha256(job.notebook).hexdigest()
    path = folder / f"{student}.ipynb"
    path.write_bytes(job.notebook)
    submission = Submission(assignment, student, path, datetime.now(UTC), sha256)
    return Job(submission, key=sha256, exercises=job.exercises, stop=job.stop, replay=job.kind == "replay")
