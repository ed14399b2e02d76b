"""autograders/<assignment>/proof.json: which content passed the check. `nbjudge check` writes it, the author commits it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from nbjudge.authoring.check.forgeable import forgeable_share
from nbjudge.authoring.check.report import CheckReport
from nbjudge.course import pick_assignment
from nbjudge.files import counting_files, dump_json, write_atomically
from nbjudge.model import Course, Limits

FILE = "proof.json"
SCHEMA = "nbjudge.proof/1"


def content_hash(course: Course, assignment: str) -> str:
    """Hash of what a proof is about: source folder, autograder's folder, points and limits.

    Titles, deadlines and library versions are left out: they change without a new proof.
    """
    declared = pick_assignment(course, assignment)
    digest = hashlib.sha256(
        f"{declared.points!r}\0{_limits_text(declared.limits)}\0{course.languages!r}".encode()
    )
    for folder in (course.source(assignment), course.autograder(assignment)):
        for inside, path in counting_files(folder):
            if path.name == FILE:
                continue
            data = path.read_bytes()
            digest.update(f"\0{folder.parent.name}/{inside}\0{len(data)}\0".encode())
            digest.update(data)
    return digest.hexdigest()


def write_proof(course: Course, report: CheckReport) -> Path:
    """Records that the check passed."""
    return _write(
        course,
        report.assignment,
        {
            "content": report.content,
            "mutants": sum(mutant.outcome != "equivalent" for mutant in report.mutants),
            "mutation_score": round(report.score, 4),
            "equivalent_mutants": sum(mutant.outcome == "equivalent" for mutant in report.mutants),
            "trials": report.trials,
            "forgeable": round(forgeable_share(report.forged), 4),
            "environment": dict(report.environment),
        },
    )


def withdraw_proof(course: Course, assignment: str) -> None:
    """Removes a proof that a failed check contradicts; a recorded override stays."""
    if why_unproved(course, assignment) is None:
        (course.autograder(assignment) / FILE).unlink()


def write_override(course: Course, assignment: str) -> Path:
    """Records that this content was released without a proof."""
    return _write(course, assignment, {"content": content_hash(course, assignment), "unproved": True})


def why_unproved(course: Course, assignment: str) -> str | None:
    """None if the check has passed for exactly what is there now; else what is wrong with the proof."""
    path = course.autograder(assignment) / FILE
    try:
        proof = json.loads(path.read_bytes())
        content = proof["content"]
    except FileNotFoundError:
        return "it has never passed the check"
    except (ValueError, TypeError, KeyError):
        return f"{path} is damaged"
    if proof.get("unproved"):
        return "it was released unproved before"
    if content != content_hash(course, assignment):
        return "source, tests, points or limits have changed since it passed the check"
    return None


def _limits_text(limits: Limits) -> str:
    """The limits as every proof hashed them: the one that came later shows only where it is set."""
    return repr(limits) if limits.gpu_memory else repr(limits).replace(", gpu_memory=0", "")


def _write(course: Course, assignment: str, values: dict[str, Any]) -> Path:
    path = course.autograder(assignment) / FILE
    document = {"schema": SCHEMA, "assignment": assignment, **values}
    write_atomically(path, dump_json(document))
    return path
