"""Grades an assignment's sample submissions in a gradebook of their own."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from nbjudge.errors import CourseError
from nbjudge.model import Course

if TYPE_CHECKING:
    from nbjudge.authoring.samples import Sample
    from nbjudge.sandbox import Isolation
from nbjudge.app.grading import Progress, Report, grade
from nbjudge.app.intake import collect
from nbjudge.app.reporting import feedback

LOCK = ".lock"


@dataclass(frozen=True, slots=True)
class Demo:
    """The sample submissions with what they got."""

    samples: tuple[Sample, ...]
    report: Report
    pages: tuple[Path, ...]  # of feedback


def grade_samples(
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
    from nbjudge.authoring.samples import read_samples

    samples = _pick(read_samples(course, name), only)
    folder = folder or course.gradebook / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    with _only_one(folder):
        return _grade(course, name, samples, folder, isolation, image, watch)


def _pick(samples: list[Sample], only: Sequence[str]) -> list[Sample]:
    names = {sample.name for sample in samples}
    for name in only:
        if name not in names:
            raise CourseError(f"no sample {name!r}; there is: {', '.join(sorted(names))}")
    return [sample for sample in samples if not only or sample.name in only]


def _grade(
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
