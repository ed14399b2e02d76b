"""The key of a result: a hash of all that it depends on."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING

from nbjudge import __version__
from nbjudge.files import counting_files
from nbjudge.grading.context import GradingContext
from nbjudge.model import Submission

if TYPE_CHECKING:
    from nbjudge.sandbox import Jail

UNREAD = {"submissions", "proof.json", "equivalent_mutants.toml"}  # of an autograder's folder
LIBRARIES = ("torch", "numpy", "scikit-learn", "nbgrader", "pytest")


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


def fingerprint(context: GradingContext) -> str:
    """Hash of all that a result depends on besides the submission: tests, notebooks, settings, versions."""
    course, name = context.course, context.assignment
    digest = hashlib.sha256(repr(sorted(environment(context.jail).items())).encode())
    declared = course.assignments[name]
    # Not the deadlines: they decide what a result is worth, never what it is.
    digest.update(repr((declared.name, sorted(declared.points.items()), declared.limits)).encode())
    gpus = sorted({(slot.card.name, slot.card.driver) for slot in context.slots})
    digest.update(repr((gpus, context.all_on_slots)).encode() if gpus else b"")
    for folder in (course.autograder(name), course.source(name), course.release(name)):
        for inside, path in counting_files(folder):
            if path.is_file() and not UNREAD & set(inside.split("/")):
                digest.update(f"{inside}\0{path.stat().st_size}\0".encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()


def result_key(submission: Submission, fingerprint_: str) -> str:
    """Equal keys: grading again would give the same result."""
    beside = "".join(f"{name}\0{sha256}\0" for name, sha256 in submission.extra)
    text = f"{submission.student}\0{submission.sha256}\0{submission.timestamp.isoformat()}\0{fingerprint_}{beside}"
    return hashlib.sha256(text.encode()).hexdigest()
