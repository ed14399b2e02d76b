"""What is to be graded and with what: jobs, the desk that all workers share, and the key of a result."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING

from nbjudge import __version__
from nbjudge.model import Course, Result, Submission
from nbjudge.slots import Slot
from nbjudge.template import Template

if TYPE_CHECKING:
    from nbjudge.sandbox import Jail

UNREAD = {"submissions", "__pycache__", "proof.json", "equivalent_mutants.toml"}  # of an autograder's folder
LIBRARIES = ("torch", "numpy", "scikit-learn", "nbgrader", "pytest")


@dataclass(frozen=True, slots=True)
class Job:
    """One submission to grade."""

    submission: Submission
    key: str  # of `result_key`
    exercises: frozenset[str] | None = None  # run only their tests
    stop: bool = False  # at the first lost point
    dry: Result | None = None  # of its dry run on the CPU: what is left needs a GPU slot


@dataclass(frozen=True, slots=True)
class Trouble:
    """Our own failure to grade one submission: no score, it stays in the queue."""

    submission: Submission
    message: str


@dataclass(frozen=True, slots=True)
class Desk:
    """What a worker needs to grade one assignment."""

    course: Course
    assignment: str
    template: Template
    jail: Jail
    exercises: frozenset[str]  # ids of the automatic ones
    slots: tuple[Slot, ...] = ()  # GPU slots; a test that asks for one runs there
    all_on_slots: bool = False  # every test, and no dry run


def environment(jail: Jail, gpu: Mapping[str, str] | None = None) -> dict[str, str]:
    """Versions and device that a result depends on; recorded with it. `gpu`: facts of its slot."""
    image = {"image": f"{jail.image.name} {jail.image.id[:12]}"} if jail.image else {}
    return {
        "nbjudge": __version__,
        "python": platform.python_version(),
        **_versions(),
        "device": "cpu",
        "isolation": str(jail),
        **image,
        **(gpu or {}),
    }


@cache
def _versions() -> dict[str, str]:
    return {name: version(name) for name in LIBRARIES}


def fingerprint(desk: Desk) -> str:
    """Hash of all that a result depends on besides the submission: tests, notebooks, settings, versions."""
    course, name = desk.course, desk.assignment
    digest = hashlib.sha256(repr(sorted(environment(desk.jail).items())).encode())
    digest.update(repr(course.assignments[name]).encode())
    gpus = sorted({(slot.card.name, slot.card.driver) for slot in desk.slots})
    digest.update(repr((gpus, desk.all_on_slots)).encode() if gpus else b"")
    for folder in (course.autograder(name), course.source(name), course.release(name)):
        for path in sorted(folder.rglob("*")):
            inside = path.relative_to(folder)
            if path.is_file() and not UNREAD & set(inside.parts):
                digest.update(f"{inside}\0{path.stat().st_size}\0".encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()


def result_key(submission: Submission, desk_fingerprint: str) -> str:
    """Equal keys: grading again would give the same result."""
    text = (
        f"{submission.student}\0{submission.sha256}\0{submission.timestamp.isoformat()}\0{desk_fingerprint}"
    )
    return hashlib.sha256(text.encode()).hexdigest()
