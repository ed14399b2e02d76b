"""Grades an assignment's sample submissions in a gradebook apart from the real one, and compares with what they must get."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from nbjudge.app.grading import Graded, Report, Watch, carry_out, plan_opened
from nbjudge.app.opened import OpenedAssignment, open_assignment
from nbjudge.app.options import GradingOptions
from nbjudge.app.reporting import write_pages
from nbjudge.errors import CourseError
from nbjudge.model import Course, Score

if TYPE_CHECKING:
    from nbjudge.authoring.samples import Sample

LOCK = ".lock"
TOLERANCE = 1e-6  # points


@dataclass(frozen=True, slots=True)
class GradedSample:
    """One sample with what it got."""

    sample: Sample
    graded: Graded | None  # None: trouble
    as_expected: bool


@dataclass(frozen=True, slots=True)
class Demo:
    """The sample submissions with what they got."""

    samples: tuple[GradedSample, ...]  # by verdict and name
    report: Report
    pages: tuple[Path, ...]  # of feedback

    @property
    def passed(self) -> bool:
        """Whether there are samples and each got exactly what it must."""
        return bool(self.samples) and all(one.as_expected for one in self.samples)

    @property
    def example(self) -> Path | None:
        """The page that shows most: of a sample that is partly right, where there is one."""
        partial = {one.sample.name for one in self.samples if one.sample.verdict == "partial"}
        pages = [page for page in self.pages if page.parts[-3] in partial] or list(self.pages)
        return pages[0] if pages else None


def grade_samples(
    course: Course,
    name: str,
    options: GradingOptions = GradingOptions(),
    watch: Watch = lambda progress: None,
    *,
    folder: Path | None = None,
) -> Demo:
    """Submits the samples of autograders/<name>/submissions/, grades them and writes their feedback.

    All of them, or those named in `options.students`. The state goes into `folder` (demo/ in the gradebook's folder),
    emptied first: the real gradebook is not touched. CourseError for an unknown sample, or if another demo runs there.
    """
    from nbjudge.authoring.samples import make_samples

    folder = folder or course.gradebook / "demo"
    apart = replace(course, gradebook=folder, database=f"sqlite:///{folder / 'gradebook.db'}")
    opened = open_assignment(apart, name)
    samples = make_samples(apart, name, opened.source, opened.exercises, opened.released)
    samples = _pick(samples, options.students)
    folder.mkdir(parents=True, exist_ok=True)
    with _only_one(folder):
        return _grade(opened, samples, options, watch)


def meets(sample: Sample, score: Score) -> bool:
    """Whether every automatic exercise got the score that the sample names."""
    got = {part.exercise: part.score for part in score.exercises if not part.manual}
    return got.keys() == sample.expected.keys() and all(
        (points := got[name]) is not None and low - TOLERANCE <= points <= high + TOLERANCE
        for name, (low, high) in sample.expected.items()
    )


def _pick(samples: list[Sample], only: Sequence[str]) -> list[Sample]:
    names = {sample.name for sample in samples}
    for name in only:
        if name not in names:
            raise CourseError(f"no sample {name!r}; there is: {', '.join(sorted(names))}")
    return [sample for sample in samples if not only or sample.name in only]


def _grade(
    opened: OpenedAssignment, samples: Sequence[Sample], options: GradingOptions, watch: Watch
) -> Demo:
    from nbjudge.intake.store import store_submission

    course = opened.course
    _empty(course.gradebook)
    for sample in samples:
        store_submission(course, opened.name, sample.name, sample.path.name, sample.data)
    report = carry_out(plan_opened(opened, options), watch)
    graded = {done.submission.student: done for done in report.graded}
    return Demo(
        tuple(
            GradedSample(sample, done := graded.get(sample.name), bool(done and meets(sample, done.score)))
            for sample in samples
        ),
        report,
        tuple(write_pages(opened)),
    )


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != LOCK:
            path.unlink()


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    with (folder / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CourseError(f"{folder}: another demo is running here; wait until it ends") from None
        yield
