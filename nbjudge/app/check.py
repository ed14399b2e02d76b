"""`nbjudge check`: the stages composed once more, on the course's own notebooks, to prove an autograder."""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from nbjudge.app.options import SEEDS, CheckOptions
from nbjudge.errors import CourseError
from nbjudge.files import write_atomically
from nbjudge.model import Course, Exercise, Result, Submission

if TYPE_CHECKING:
    from nbjudge.authoring.check.equivalent import Equivalent
    from nbjudge.authoring.check.kernel import KernelRun
    from nbjudge.authoring.check.mutants import Mutant
    from nbjudge.authoring.check.report import CheckReport, Section
    from nbjudge.grading.context import GradingContext, Job
    from nbjudge.notebooks.cells import Notebook
    from nbjudge.sandbox import Jail

FEWER = 4  # on two threads a fourth of the trials: sums come out in another order, that is all
SOLVED = "# base: solution\n# expected: all\n"
ORDER = ("structure", "leaks", "solution", "release", "notebook", "variants", "mutants", "thresholds")
THREADS_LINE = '\n__import__("torch").set_num_threads({threads})\n'


@dataclass(frozen=True, slots=True)
class Step:
    """How far the check is; passed to the watcher."""

    done: int
    total: int


Watch = Callable[[Step], None]


@dataclass(frozen=True, slots=True)
class StagedAssignment:
    """An assignment in a folder of its own, with a fresh release, ready to grade what the check makes."""

    course: Course  # its root is the folder
    name: str
    folder: Path
    source: Notebook
    released: Notebook
    solved: Notebook
    helpers: dict[str, bytes]
    exercises: tuple[Exercise, ...]
    context: GradingContext
    workers: int

    @property
    def automatic(self) -> tuple[str, ...]:
        """Ids of the automatic exercises, in order."""
        return tuple(exercise.id for exercise in self.exercises if not exercise.manual)


def check_assignment(
    course: Course,
    name: str,
    options: CheckOptions = CheckOptions(),
    *,
    watch: Watch = lambda step: None,
) -> CheckReport:
    """Asks every question of the check about one assignment; the gradebook is not touched.

    `options.exercises` restricts mutants to these, and such a report is no proof. CourseError only for an unknown name: what
    is wrong with the assignment itself is a finding.
    """
    from nbjudge.authoring.check.findings import section
    from nbjudge.authoring.check.proof import content_hash
    from nbjudge.authoring.check.report import CheckReport, Finding
    from nbjudge.grading.result_key import environment
    from nbjudge.sandbox import pick_jail

    exercises, seeds = options.exercises, options.seeds
    jail = pick_jail(options.isolation, options.image)
    started = time.monotonic()
    partial = bool(exercises) or seeds < SEEDS
    report = CheckReport(name, content_hash(course, name), (), environment=environment(jail), partial=partial)
    with tempfile.TemporaryDirectory(prefix="nbjudge-check-") as folder:
        try:
            bench = _set_up(
                course, name, Path(folder), jail, options.jobs or os.cpu_count() or 1, options.gpu_slots
            )
            _check_names(bench, exercises)
            report = _ask(bench, report, exercises or bench.automatic, seeds, watch)
        except _FoundError as error:
            id_ = error.section
            report = replace(report, sections=(section(id_, map(Finding, str(error).splitlines())),))
    asked = {section.id: section for section in report.sections}
    everything = tuple(asked.get(id_) or section(id_, ran=False) for id_ in ORDER)
    return replace(report, sections=everything, seconds=time.monotonic() - started)


def record_report(course: Course, report: CheckReport) -> list[Path]:
    """Writes the page and the JSON to gradebook/check/, and proof.json if the whole check passed; returns the paths.

    If it failed for the very content that had a proof, the proof goes.
    """
    from nbjudge.authoring.check.page import render_report
    from nbjudge.authoring.check.proof import content_hash, withdraw_proof, write_proof
    from nbjudge.authoring.check.report import dump_report

    folder = course.gradebook / "check"
    folder.mkdir(parents=True, exist_ok=True)
    page, data = folder / f"{report.assignment}.html", folder / f"{report.assignment}.json"
    outputs = {page: render_report(report), data: dump_report(report)}
    for path, content in outputs.items():
        write_atomically(path, content.encode())
    if report.partial or report.content != content_hash(course, report.assignment):
        return [*outputs]  # or somebody edited it meanwhile
    if report.passed:
        return [*outputs, write_proof(course, report)]
    withdraw_proof(course, report.assignment)
    return [*outputs]


class _FoundError(Exception):
    """The assignment can't even be graded: a finding of the structure."""

    def __init__(self, section: str, message: str) -> None:
        super().__init__(message)
        self.section = section


def _set_up(
    course: Course, name: str, folder: Path, jail: Jail, workers: int, gpu_slots: int
) -> StagedAssignment:
    from nbjudge.authoring.leaks import LeakError
    from nbjudge.authoring.release import build_release
    from nbjudge.authoring.samples import build_sample
    from nbjudge.grading.context import GradingContext
    from nbjudge.grading.gpu_passes import slots_for
    from nbjudge.notebooks.exercises import find_exercises
    from nbjudge.notebooks.released_form import load_notebook, load_released_form, release_name

    try:
        files = build_release(course, name)
    except CourseError as error:
        raise _FoundError("leaks" if isinstance(error, LeakError) else "structure", str(error)) from None
    apart = _stage_course(course, name, folder, files)
    source = load_notebook(course.source(name) / f"{name}.ipynb", "create the source notebook")
    exercises = find_exercises(source, name)
    first = release_name(course, name, course.languages[0])
    released = load_notebook(apart.release(name) / first, "build the release")
    notebooks = {release_name(course, name, language) for language in course.languages}
    automatic = frozenset(exercise.id for exercise in exercises if not exercise.manual)
    return StagedAssignment(
        course=apart,
        name=name,
        folder=folder,
        source=source,
        released=released,
        solved=build_sample(SOLVED, source, released),
        helpers={path: data for path, data in files.items() if path not in notebooks},
        exercises=exercises,
        context=GradingContext(
            apart,
            name,
            load_released_form(apart, name),
            jail,
            automatic,
            slots=slots_for(course.autograder(name), gpu_slots),
        ),
        workers=workers,
    )


def _stage_course(course: Course, name: str, folder: Path, files: Mapping[str, bytes]) -> Course:
    """The course as it would be once `name` is released: links to everything, and a release of its own."""
    for entry in course.root.iterdir():
        if entry.name != "release" and not entry.name.startswith(".") and entry != course.gradebook:
            (folder / entry.name).symlink_to(entry.resolve())
    for inside, data in files.items():
        path = folder / "release" / name / inside
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return replace(course, root=folder, gradebook=folder / "gradebook")


def _check_names(bench: StagedAssignment, exercises: Sequence[str]) -> None:
    for exercise in exercises:
        if exercise not in bench.automatic:
            raise CourseError(
                f"{bench.name}: no exercise {exercise!r} with tests; there is: {', '.join(bench.automatic)}"
            )


def _ask(
    bench: StagedAssignment, report: CheckReport, exercises: Sequence[str], seeds: int, watch: Watch
) -> CheckReport:
    from nbjudge.authoring.check import findings
    from nbjudge.authoring.check.equivalent import read_equivalents
    from nbjudge.authoring.check.kernel import FreshKernel
    from nbjudge.authoring.check.mutants import make_mutants

    every = make_mutants(bench.source)
    try:
        equivalents = read_equivalents(bench.course.autograder(bench.name))
        whole = _whole_jobs(bench, exercises)
    except CourseError as error:
        raise _FoundError("structure", str(error)) from None
    mutants = [mutant for mutant in every if mutant.exercise in exercises]
    marked = {mutant.id for mutant in mutants if any(entry.fits(mutant) for entry in equivalents)}
    jobs = _trial_jobs(bench, seeds, exercises)
    jobs += [_mutant_job(bench, mutant) for mutant in mutants if mutant.id not in marked]
    with FreshKernel(bench.course.source(bench.name).resolve(), f"{bench.name}.ipynb") as kernel:
        try:
            results, troubles = _grade(bench, whole, jobs, watch)
        except CourseError as error:  # the tests can't be loaded, or don't fit the exercises
            raise _FoundError("structure", str(error)) from None
        run = kernel.result()
    report = _judge_whole(bench, report, results, troubles, run)
    if not all(section.passed for section in report.sections if section.id == "solution"):
        return report  # what is left asks how far the solution is from anything else
    outcomes = tuple(
        findings.mutant_outcome(mutant, results.get(mutant.id), equivalents) for mutant in mutants
    )
    tried = list(_named(results, "trial:").values())
    quantities = findings.quantities_of(tried)
    sections = (
        *report.sections,
        findings.judge_mutants(outcomes, [entry for entry in equivalents if not _fits(entry, every)]),
        findings.judge_trials(tried, quantities),
    )
    return replace(report, mutants=outcomes, quantities=quantities, sections=sections, trials=len(tried))


def _judge_whole(
    bench: StagedAssignment,
    report: CheckReport,
    results: dict[str, Result],
    troubles: Sequence[str],
    run: KernelRun,
) -> CheckReport:
    from nbjudge.authoring.check import findings
    from nbjudge.authoring.check.report import Finding

    found = [Finding(trouble) for trouble in troubles]
    sections = [findings.section("structure", found, _summary(bench)), _leaks(bench)]
    if "solution" not in results or "release" not in results:
        return replace(report, sections=(*sections, findings.section("solution", found)))
    sections += [
        findings.judge_solution(results["solution"]),
        findings.judge_release(results["release"], _named(results, "empty:")),
        findings.judge_notebook(run),
        findings.judge_variants(_named(results, "variant:")),
    ]
    times = findings.judge_time(results["solution"], run)
    return replace(report, sections=tuple(sections), times=times)


def _summary(bench: StagedAssignment) -> str:
    points = sum(exercise.points for exercise in bench.exercises)
    return f"{points:g} points; exercises: {len(bench.exercises)}, {len(bench.automatic)} of them graded by tests"


def _leaks(bench: StagedAssignment) -> Section:
    from nbjudge.authoring.check.findings import section
    from nbjudge.authoring.check.near_copies import near_copies, telling_names
    from nbjudge.authoring.check.report import Finding

    lines = [*near_copies(bench.source, bench.released, bench.helpers), *telling_names(bench.helpers)]
    return section("leaks", map(Finding, lines), f"{len(bench.helpers)} helper files")


def _whole_jobs(bench: StagedAssignment, exercises: Sequence[str]) -> list[Job]:
    """The solution, the release, empty functions, correct variants."""
    from nbjudge.authoring.check.mutants import empty_solution, with_cells
    from nbjudge.authoring.samples import read_samples
    from nbjudge.notebooks.reader import write_notebook

    notebooks = {"solution": write_notebook(bench.solved), "release": write_notebook(bench.released)}
    for sample in read_samples(bench.course, bench.name):
        if sample.verdict == "full_marks":
            notebooks[f"variant:{sample.name}"] = sample.data
    jobs = [_job(bench, name, data) for name, data in notebooks.items()]
    for exercise in exercises:
        data = write_notebook(with_cells(bench.solved, empty_solution(bench.source, exercise)))
        jobs.append(replace(_job(bench, f"empty:{exercise}", data), exercises=frozenset([exercise])))
    return jobs


def _mutant_job(bench: StagedAssignment, mutant: Mutant) -> Job:
    from nbjudge.authoring.check.mutants import with_cells
    from nbjudge.notebooks.reader import write_notebook

    data = write_notebook(with_cells(bench.solved, {mutant.cell: mutant.source}))
    return replace(_job(bench, mutant.id, data), exercises=frozenset([mutant.exercise]), stop=True)


def _trial_jobs(bench: StagedAssignment, seeds: int, exercises: Sequence[str]) -> list[Job]:
    return [
        replace(_job(bench, f"trial:{threads}:{seed}", data), exercises=frozenset(exercises))
        for threads, count in _thread_counts(bench, seeds)
        for seed, data in enumerate(_trials(bench, count, threads))
    ]


def _thread_counts(bench: StagedAssignment, seeds: int) -> list[tuple[int, int]]:
    """How many trials on how many threads."""
    uses_torch = any("torch" in cell["source"] for cell in bench.source["cells"])
    return [(1, seeds), (2, -(-seeds // FEWER))] if uses_torch else [(1, seeds)]


def _trials(bench: StagedAssignment, seeds: int, threads: int) -> Iterator[bytes]:
    """The solution as `seeds` students would hand it in: a submission's seed is the hash of its bytes."""
    from nbjudge.authoring.check.mutants import with_cells
    from nbjudge.notebooks.cells import grade_id, role
    from nbjudge.notebooks.reader import write_notebook

    notebook = bench.solved
    cell = next((c for c in notebook["cells"] if role(c) == "solution"), None)
    if threads > 1 and cell is not None:
        source = cell["source"] + THREADS_LINE.format(threads=threads)
        notebook = with_cells(notebook, {str(grade_id(cell)): source})
    for seed in range(seeds):
        metadata = {**notebook["metadata"], "trial": f"{threads} {seed}"}
        yield write_notebook({**notebook, "metadata": metadata})


def _job(bench: StagedAssignment, name: str, data: bytes) -> Job:
    from nbjudge.grading.context import Job

    sha256 = hashlib.sha256(data).hexdigest()
    path = bench.folder / "submitted" / f"{name.replace(':', '-')}.ipynb"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    return Job(Submission(bench.name, name, path, datetime.now(UTC), sha256), key=sha256)


def _grade(
    bench: StagedAssignment, whole: Sequence[Job], others: Sequence[Job], watch: Watch
) -> tuple[dict[str, Result], list[str]]:
    """The results by the jobs' names in the jobs' order, and what could not be graded.

    One batch, since workers start slowly. It ends with the whole notebooks if the solution lost a point there.
    """
    from nbjudge.authoring.check.findings import full_marks
    from nbjudge.grading.context import Trouble
    from nbjudge.grading.executors.local import grade_all

    jobs = [*whole, *others]
    names = [job.submission.student for job in jobs]
    missing = set(names[: len(whole)])
    results: dict[str, Result] = {}
    troubles: list[str] = []
    watch(Step(0, len(jobs)))
    with closing(grade_all(bench.context, jobs, bench.workers)) as outcomes:
        for outcome in outcomes:
            if isinstance(outcome, Trouble):
                name = outcome.submission.student
                troubles.append(f"{name} could not be graded: {outcome.message}")
            else:
                name = outcome.student
                results[name] = outcome
            missing.discard(name)
            watch(Step(len(results) + len(troubles), len(jobs)))
            if not missing and not ("solution" in results and full_marks(results["solution"])):
                break
    return {name: results[name] for name in names if name in results}, troubles


def _fits(entry: Equivalent, mutants: Sequence[Mutant]) -> bool:
    return any(entry.fits(mutant) for mutant in mutants)


def _named(results: Mapping[str, Result], prefix: str) -> dict[str, Result]:
    return {name.removeprefix(prefix): result for name, result in results.items() if name.startswith(prefix)}
