"""The yardstick: what the same cells and tests cost in plain warm processes, and what scores they give there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import courses
from courses import BENCH, Work
from graders import ONE_THREAD, Scores

CLOSE = 1e-3  # points: gradebooks round


class Void(Exception):
    """The comparison means nothing; the message says why."""


class Baseline:
    """Pure compute and scores of a piece of work; answers that come again count as the first time."""

    def __init__(self, work: Work, folder: Path) -> None:
        """Runs bench/pure.py on every distinct submission; Void if it fails."""
        distinct = work.first(work.distinct)
        measured = _measure(distinct, folder)
        self._of = dict(zip(work.cells, _repeat(list(measured.values()), len(work.cells)), strict=True))

    def seconds(self, work: Work) -> float:
        """CPU seconds of pure compute of these submissions."""
        return sum(self._of[student]["cpu"] for student in work.cells)

    def compare(self, who: str, scores: Scores) -> None:
        """Void if a grader's score is not that of the plain process."""
        for student, found in scores.items():
            for exercise, right in self._of[student]["scores"].items():
                if abs(found[exercise] - right) > CLOSE:
                    raise Void(
                        f"{who}: {student} got {found[exercise]:g} for {exercise}, not {right:g}:"
                        " graders that do not agree cannot be compared"
                    )


def _measure(work: Work, folder: Path) -> dict[str, dict]:
    """As many processes as cores side by side, for the graders fill the cores too: student -> what pure.py says."""
    students, cores = list(work.cells), os.cpu_count() or 1
    environment = {**os.environ, **ONE_THREAD, "PYTHONPATH": os.pathsep.join(map(str, work.modules))}
    running = []
    for n in range(min(cores, len(students))):
        given, out, log = (folder / f"{work.name}-{n}.{end}" for end in ("work.json", "pure.json", "log"))
        courses.save_work(replace(work, cells={s: work.cells[s] for s in students[n::cores]}), given)
        command = [sys.executable, BENCH / "pure.py", given, out]
        process = subprocess.Popen(command, env=environment, stderr=log.open("wb"))
        running.append((process, out, log))
    measured = {}
    for process, out, log in running:
        if process.wait():
            raise Void(f"bench/pure.py failed on {work.name}:\n{log.read_text()[-2000:]}")
        measured |= json.loads(out.read_text())
    return {student: measured[student] for student in students}


def _repeat(values: list[dict], count: int) -> list[dict]:
    return [values[n % len(values)] for n in range(count)]
