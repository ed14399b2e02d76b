"""The only caller of the stages: one function for each command, records in and records out."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from nbjudge.course import pick_assignment
from nbjudge.errors import CourseError
from nbjudge.model import Assignment, Course, Exercise, Language, Result, Score, Submission

if TYPE_CHECKING:
    from nbjudge.collect import Receipt, Refusal
    from nbjudge.grade import Trouble
    from nbjudge.gradebook import Gradebook, GradeRow
    from nbjudge.notebook import Notebook
    from nbjudge.samples import Sample
    from nbjudge.sandbox import Isolation
    from nbjudge.template import Template

LOCK = ".lock"


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


@dataclass(frozen=True, slots=True)
class Demo:
    """The sample submissions with what they got."""

    samples: tuple[Sample, ...]
    report: Report
    pages: tuple[Path, ...]  # of feedback


@dataclass(frozen=True, slots=True)
class _Opened:
    """An assignment with what its stages need."""

    declared: Assignment
    exercises: tuple[Exercise, ...]
    template: Template
    released: dict[Language, Notebook]


def release(course: Course, name: str, *, check: bool = False, unproved: bool = False) -> list[str]:
    """Brings release/<name>/ up to date, or only says what is stale; one line for each file that changed.

    CourseError if the gate has not passed for this content; with `unproved` that is recorded instead.
    """
    from nbjudge.check.proof import why_unproved, write_override
    from nbjudge.release import check_release, write_release

    stale = check_release(course, name)
    if check or not stale:
        return stale
    if (reason := why_unproved(course, name)) and not unproved:
        raise CourseError(
            f"{name} is not released: {reason}. Run `nbjudge check {name}`;"
            " to release it all the same, which is recorded, add --unproved"
        )
    if reason:
        write_override(course, name)
    return write_release(course, name)


def release_changes(course: Course, name: str) -> list[str]:
    """What students would see change if `name` were released now: diffs, [] if nothing."""
    from nbjudge.changes import describe_changes
    from nbjudge.release import build_release, read_release

    return describe_changes(read_release(course, name), build_release(course, name))


def proof_lacks(course: Course, name: str) -> str | None:
    """Why the gate's proof of `name` does not hold for what is there now; None if it does."""
    from nbjudge.check.proof import why_unproved

    return why_unproved(course, name)


def new(course: Course, name: str) -> list[Path]:
    """Adds an assignment with one exercise that passes the gate as it is; returns the files it wrote."""
    from nbjudge.skeleton import write_skeleton

    return write_skeleton(course, name, date.today())


def submit(course: Course, name: str, student: str, path: Path) -> Receipt:
    """Stores one student's file."""
    from nbjudge.collect import submit_file

    return submit_file(course, name, student, path)


def collect(course: Course, name: str, path: Path) -> list[Receipt | Refusal]:
    """Stores every submission of a folder or archive."""
    from nbjudge.collect import collect_folder

    return collect_folder(course, name, path)


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
    from nbjudge.collect import read_submissions
    from nbjudge.grade import Desk, Job, Trouble, fingerprint, grade_all, result_key
    from nbjudge.gradebook import graded_keys, open_gradebook, save_assignment
    from nbjudge.sandbox import pick_jail
    from nbjudge.slots import slots_for

    opened = _open(course, name)
    submissions = {s.student: s for s in read_submissions(course, name, students or None)}
    jail = pick_jail(isolation, image, without)
    slots = slots_for(course.autograder(name), gpu_slots, every_test=all_on_slots)
    desk = Desk(course, name, opened.template, jail, _automatic(opened.exercises), slots, all_on_slots)
    current = fingerprint(desk)
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
        with closing(grade_all(desk, todo, jobs or os.cpu_count() or 1)) as outcomes:
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


def feedback(course: Course, name: str, students: Sequence[str] = ()) -> list[Path]:
    """Writes the feedback page of every graded student, or of the ones named; CourseError before it may open."""
    from nbjudge.feedback import exercise_titles, feedback_is_open, render_feedback
    from nbjudge.gradebook import open_gradebook, read_marks, store_feedback
    from nbjudge.results import load_result
    from nbjudge.score import apply_marks, score

    opened = _open(course, name)
    declared = opened.declared
    if not feedback_is_open(declared, datetime.now(UTC)):
        raise CourseError(
            f"{name}: feedback opens after the hard deadline, {declared.hard_deadline:%Y-%m-%d %H:%M %Z}; "
            f"to open it now, set assignments[{name!r}]['feedback'] = 'always' in course_config.py"
        )
    with open_gradebook(course) as book:
        marks = read_marks(book, name)
    titles = {language: exercise_titles(notebook) for language, notebook in opened.released.items()}
    pages = []
    for path in _results(course, name, students):
        result = load_result(path.read_bytes())
        mine = marks.get(result.student, {})
        points = apply_marks(score(declared, opened.exercises, result), mine)
        page = render_feedback(course, declared, result, points, marks=mine, titles=titles[result.language])
        pages.append(store_feedback(course, name, result.student, page))
    return pages


def grades(course: Course, name: str | None = None) -> list[GradeRow]:
    """The gradebook's rows, manual scores and late penalties applied."""
    from nbjudge.gradebook import open_gradebook, read_grades

    if name is not None:
        pick_assignment(course, name)
    with open_gradebook(course) as book:
        return read_grades(book, name)


def demo(
    course: Course,
    name: str,
    *,
    only: Sequence[str] = (),
    folder: Path | None = None,
    isolation: Isolation | None = None,
    image: str | None = None,
    watch: Callable[[Progress], None] = lambda progress: None,
) -> Demo:
    """Submits the samples of autograders/<name>/submissions/, grades them and writes their feedback.

    All of them, or the ones named in `only`. The state goes into `folder` (demo/ in the gradebook's folder), emptied
    first: the real gradebook is not touched.
    """
    from nbjudge.samples import read_samples

    samples = _pick(read_samples(course, name), only)
    folder = folder or course.gradebook / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    with _only_one(folder):
        return _grade_samples(course, name, samples, folder, isolation, image, watch)


def _pick(samples: list[Sample], only: Sequence[str]) -> list[Sample]:
    names = {sample.name for sample in samples}
    for name in only:
        if name not in names:
            raise CourseError(f"no sample {name!r}; there is: {', '.join(sorted(names))}")
    return [sample for sample in samples if not only or sample.name in only]


def _grade_samples(
    course: Course,
    name: str,
    samples: Sequence[Sample],
    folder: Path,
    isolation: Isolation | None,
    image: str | None,
    watch: Callable[[Progress], None],
) -> Demo:
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != LOCK:
            path.unlink()
    apart = replace(course, gradebook=folder, database=f"sqlite:///{folder / 'gradebook.db'}")
    with TemporaryDirectory(prefix="nbjudge-samples-") as temporary:
        for sample in samples:
            Path(temporary, f"{sample.name}.ipynb").write_bytes(sample.data)
        collect(apart, name, Path(temporary))
    report = grade(apart, name, isolation=isolation, image=image, watch=watch)
    return Demo(tuple(samples), report, tuple(feedback(apart, name)))


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    with (folder / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CourseError(f"{folder}: another demo is running here; wait until it ends") from None
        yield


def _open(course: Course, name: str) -> _Opened:
    from nbjudge.notebook import check_points, find_exercises
    from nbjudge.template import load_notebook, load_template, release_name

    declared = pick_assignment(course, name)
    path = course.source(name) / f"{name}.ipynb"
    exercises = find_exercises(load_notebook(path, "create the source notebook"), str(path))
    check_points(exercises, declared)
    released = {
        language: load_notebook(
            course.release(name) / release_name(course, name, language), f"run `nbjudge release {name}`"
        )
        for language in course.languages
    }
    return _Opened(declared, exercises, load_template(course, name), released)


def _automatic(exercises: Iterable[Exercise]) -> frozenset[str]:
    return frozenset(exercise.id for exercise in exercises if not exercise.manual)


def _record(
    book: Gradebook, opened: _Opened, submissions: dict[str, Submission], result: Result
) -> Graded | Trouble:
    """Scores, annotates and records one result; a failure of ours becomes Trouble, and the batch goes on."""
    from nbjudge.feedback import annotate_notebook
    from nbjudge.grade import Trouble
    from nbjudge.gradebook import record
    from nbjudge.repair import match_cells
    from nbjudge.score import score

    submission = submissions[result.student]
    try:
        points = score(opened.declared, opened.exercises, result)
        submitted = _read_or_none(submission.path)
        found = match_cells(submitted, opened.template) if submitted else {}
        notebook = annotate_notebook(opened.released[result.language], submitted, found, result, points)
        record(book, opened.declared, submission, result, points, notebook)
    except Exception as error:
        reason = str(error).strip().splitlines() or [""]
        return Trouble(submission, f"graded, but not recorded: {type(error).__name__}: {reason[0]}")
    return Graded(submission, result, points)


def _read_or_none(path: Path) -> Notebook | None:
    from nbjudge.notebook import NotANotebook, read_notebook

    try:
        return read_notebook(path.read_bytes())
    except NotANotebook:
        return None


def _results(course: Course, name: str, students: Sequence[str]) -> list[Path]:
    folder = course.gradebook / "results"
    if not students:
        return sorted(folder.glob(f"*/{name}.json"))
    paths = [folder / student / f"{name}.json" for student in students]
    for path in paths:
        if not path.is_file():
            raise CourseError(f"{path}: not graded yet; run `nbjudge grade {name}` first")
    return paths
