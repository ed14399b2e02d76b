"""Where the milliseconds of one submission go: python bench/where.py [--assignment intro] [--submissions 100]

One worker, one submission after the other. CPU time is the kernel's own count for each process, so what runs beside it
disturbs little; wall times are medians on a quiet machine. docs/performance.md explains the rows.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import courses
import psutil
from baseline import Baseline
from courses import Work

from nbjudge.app import grading, intake
from nbjudge.app.options import GradingOptions
from nbjudge.grading.context import GradingContext, Job
from nbjudge.grading.executors.local import supervisor, worker
from nbjudge.intake.store import read_submissions
from nbjudge.judge import Judge, open_judge
from nbjudge.model import Course
from nbjudge.notebooks.exercises import find_exercises
from nbjudge.notebooks.released_form import load_notebook, load_released_form
from nbjudge.sandbox import Jail, ZygotePool

ROW = "{:46} {:7.1f}"


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--assignment", choices=("light", "intro"), default="light")
    parser.add_argument("--submissions", type=int, default=100, metavar="N")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = _work(arguments.assignment, Path(folder), arguments.submissions)
        submit(work)
        pure = 1000 * Baseline(work, Path(folder)).seconds(work) / arguments.submissions
        print("milliseconds per submission")
        found = judging(work.course, work.name) | recording(work.course, work.name)
        for label, value in {"CPU, pure compute in a warm process": pure, **found}.items():
            print(ROW.format(label, value))


def _work(name: str, folder: Path, count: int) -> Work:
    if name == "light":
        return courses.light_work(folder, count)
    work = courses.intro_work(count)
    database = f"sqlite:///{folder / 'gradebook.db'}"
    return replace(work, course=replace(work.course, gradebook=folder / "gradebook", database=database))


def submit(work: Work) -> None:
    """Hands everything in."""
    for student, data in work.submissions.items():
        path = work.course.gradebook / "handed-in.ipynb"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        intake.submit_file(work.course, work.name, student, path)


def judging(course: Course, name: str) -> dict[str, float]:
    """CPU and wall milliseconds of a worker, its judges, its zygote and the students."""
    form = load_released_form(course, name)
    source = load_notebook(course.source(name) / f"{name}.ipynb", "make the course")
    ids = frozenset(exercise.id for exercise in find_exercises(source, name) if not exercise.manual)
    context = GradingContext(course, name, form, Jail("namespaces"), ids)
    jobs = [Job(submission, "key") for submission in read_submissions(course, name)]
    found: dict[str, float] = {}

    def run(judge: Judge) -> int:
        supervisor.prepare_for_forking(context, many=True)
        with pool.zygote(None) as zygote:
            judge.warm_up(zygote)
            found.update(_measure(lambda job: worker.judge_in_child(context, judge, zygote, job), jobs))
        return 0

    with ZygotePool(context.jail, course.release(name), [None], many=True) as pool:
        open_judge(course.autograder(name), run, ids)
    return found


def _measure(judge: Callable[[Job], Any], jobs: list[Job]) -> dict[str, float]:
    walls = []
    with _watching_children() as family:
        before, judges = (
            resource.getrusage(resource.RUSAGE_SELF),
            resource.getrusage(resource.RUSAGE_CHILDREN),
        )
        for job in jobs:
            started = time.perf_counter()
            judge(job)
            walls.append(time.perf_counter() - started)
        own, done = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    share = 1000 / len(jobs)
    return {
        "wall, from the job to its result (median)": 1000 * statistics.median(walls),
        "CPU, worker: fork of the judge": share * _cpu(before, own),
        "CPU, judge: user": share * (done.ru_utime - judges.ru_utime),
        "CPU, judge: system (page faults, exit)": share * (done.ru_stime - judges.ru_stime),
        "CPU, zygote: fork of the student": share * family["own"],
        "CPU, student: user": share * family["user"],
        "CPU, student: system (walls, page faults, exit)": share * family["system"],
    }


@contextmanager
def _watching_children() -> Iterator[dict[str, float]]:
    """CPU seconds of the zygote and of the students that it reaps, filled in at the end."""
    zygotes = psutil.Process().children(recursive=True)
    before = [process.cpu_times() for process in zygotes]
    spent = {"own": 0.0, "user": 0.0, "system": 0.0}
    yield spent
    for process, old in zip(zygotes, before, strict=True):
        new = process.cpu_times()
        spent["own"] += new.user + new.system - old.user - old.system
        spent["user"] += new.children_user - old.children_user
        spent["system"] += new.children_system - old.children_system


def recording(course: Course, name: str) -> dict[str, float]:
    """CPU milliseconds of the main process: everything of `nbjudge grade` but its start."""
    marks: list[tuple[float, int]] = []

    def watch(now: grading.Progress) -> None:
        marks.append((time.process_time(), now.done))

    grading.grade(course, name, GradingOptions(jobs=1), watch=watch)
    (first, begun), (last, ended) = marks[1], marks[-1]
    return {"CPU, main process: score, annotate, record": 1000 * (last - first) / (ended - begun)}


def _cpu(before: resource.struct_rusage, after: resource.struct_rusage) -> float:
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
