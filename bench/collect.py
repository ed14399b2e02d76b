"""How long `collect` takes for a course's whole download from Moodle: 1,000 students, several attempts, with a roster.

    .venv/bin/python bench/collect.py [STUDENTS]

Two downloads with Moodle's sheet each: everybody's first attempt, then every fourth student's second, a tenth of all late.
Prints seconds, and checks that nothing was lost.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from nbjudge.app.collect import CollectOptions, collect
from nbjudge.course import find_root, load_course
from nbjudge.intake.store import read_submissions
from nbjudge.roster import Student, write_roster

ASSIGNMENT = "tensors"
FIRST = ("Анна", "Иван", "Пётр", "Мария", "Ольга", "Дмитрий", "Елена", "Сергей", "Наталья", "Алексей")
LAST = (
    "Петров",
    "Иванов",
    "Сидоров",
    "Ёлкин",
    "Кузнецов",
    "Попов",
    "Соколов",
    "Лебедев",
    "Новиков",
    "Морозов",
)


def main() -> None:
    """Makes the downloads, collects them, and prints how long each took."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory() as folder:
        for what, seconds, stored in run(Path(folder), count):
            print(f"{what}: {stored} submissions in {seconds:.1f} s")


def run(folder: Path, count: int) -> list[tuple[str, float, int]]:
    """(what, seconds, submissions) of each download; AssertionError if a student, an attempt or a time was lost."""
    course = load_course(find_root(Path(__file__).parent), folder / "gradebook")
    people = [
        f"{FIRST[n % 10]} {LAST[n // 10 % 10]}{'ский' * (n // 100 % 2)}{chr(0x430 + n // 200)}"
        for n in range(count)
    ]
    write_roster(
        course, [Student(f"login{n}", name, f"login{n}@example.org") for n, name in enumerate(people)]
    )
    release = json.loads((course.release(ASSIGNMENT) / f"{ASSIGNMENT}.ipynb").read_text("utf-8"))
    deadline = course.assignments[ASSIGNMENT].soft_deadline
    done, last = [], {}
    for attempt, chosen in enumerate([range(count), range(0, count, 4)], 1):
        times = {
            n: deadline + timedelta(hours=(3 if n % 10 == 0 else -60) + attempt + n / 10_000) for n in chosen
        }
        archive, sheet = download(folder, attempt, people, release, times)
        started, used = time.monotonic(), time.process_time()
        options = CollectOptions(record=sheet)
        collected = collect(course, ASSIGNMENT, archive, options, now=datetime.now(UTC) + timedelta(days=400))
        took, cpu = time.monotonic() - started, time.process_time() - used
        done.append((f"download {attempt} ({cpu:.1f} s of one core)", took, len(collected.receipts)))
        assert not collected.refusals, collected.refusals[:3]
        last |= times
    found = {one.student: one.timestamp for one in read_submissions(course, ASSIGNMENT)}
    assert found == {
        f"login{n}": moment.replace(second=0, microsecond=0).astimezone(UTC) for n, moment in last.items()
    }
    attempts = len(list((course.gradebook / "attempts").glob(f"*/{ASSIGNMENT}/*")))
    assert attempts == len(range(0, count, 4)), attempts
    return done


def download(
    folder: Path, attempt: int, people: list[str], release: dict[str, object], times: dict[int, datetime]
) -> tuple[Path, Path]:
    """A zip and a sheet as Moodle names them; every notebook is another."""
    numbers = random.Random(attempt).sample(range(10_000, 99_999), len(people))
    archive, sheet = folder / f"{attempt}.zip", folder / f"{attempt}.csv"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for n in times:
            notebook = {**release, "metadata": {"student": n, "attempt": attempt}}
            cells = json.loads(json.dumps(release["cells"]))
            for cell in cells:
                if cell["metadata"].get("nbgrader", {}).get("solution"):
                    cell["source"] = [f"answer = {n}\n"]
            name = f"{people[n]}_{numbers[n]}_assignsubmission_file/{ASSIGNMENT}.ipynb"
            file.writestr(name, json.dumps({**notebook, "cells": cells}))
    rows = [
        f'Participant {numbers[n]},{people[n]},login{n}@example.org,"{moment:%A, %d %B %Y, %I:%M %p}"'
        for n, moment in times.items()
    ]
    header = "Identifier,Full name,Email address,Last modified (submission)"
    sheet.write_text("\n".join([header, *rows]) + "\n", "utf-8")
    return archive, sheet


if __name__ == "__main__":
    main()
