"""Author -> release: the student versions of an assignment, through nbgrader's own preprocessors, and their leak check."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

from nbjudge.authoring.leaks import LeakError, find_leaks
from nbjudge.course import pick_assignment
from nbjudge.errors import CourseError
from nbjudge.files import counting_files
from nbjudge.model import Course, Language
from nbjudge.notebooks.cells import Notebook, in_language
from nbjudge.notebooks.exercises import check_points, find_exercises
from nbjudge.notebooks.reader import tidy, write_notebook
from nbjudge.notebooks.regions import solution_regions
from nbjudge.notebooks.released_form import load_notebook, release_name

KEPT_METADATA = ("deletable", "editable", "jupyter", "nbgrader", "nbjudge", "slideshow", "tags")
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def build_release(course: Course, assignment: str) -> dict[str, bytes]:
    """Every file of release/<assignment>/ by its relative path; the same bytes each time.

    CourseError names the cell where the source is wrong or a release would give a secret away.
    """
    declared = pick_assignment(course, assignment)
    path = course.source(assignment) / f"{assignment}.ipynb"
    where = str(path.relative_to(course.root))
    source = load_notebook(path, "create the assignment's source notebook")
    check_points(find_exercises(source, where), declared)
    for cell in source["cells"]:
        solution_regions(cell, where)
    files = dict(_helpers(course.source(assignment), path))
    tests = dict(_tests(course.autograder(assignment)))
    leaks = []
    notebooks: dict[str, bytes] = {}
    for language in course.languages:
        name = release_name(course, assignment, language)
        released = _student_version(source, assignment, language, where)
        leaks += find_leaks(source, released, tests, files, where=f"release/{assignment}/{name}")
        notebooks[name] = write_notebook(released)
    if leaks:
        raise LeakError("\n".join(dict.fromkeys(leaks)))
    return dict(sorted({**files, **notebooks}.items()))


def write_release(course: Course, assignment: str, files: dict[str, bytes] | None = None) -> list[str]:
    """Brings release/<assignment>/ up to date; returns what was stale, missing or extra before.

    `files` are those of `build_release`, if it was called before. The new folder is built beside the old one and
    renamed, so that nobody sees half of it.
    """
    files = build_release(course, assignment) if files is None else files
    folder = course.release(assignment)
    changes = _compare(files, folder)
    if not changes:
        return []
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{assignment}-", dir=folder.parent) as temporary:
        new, old = Path(temporary, "new"), Path(temporary, "old")
        for name, data in files.items():
            new.joinpath(name).parent.mkdir(parents=True, exist_ok=True)
            new.joinpath(name).write_bytes(data)
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
    return changes


def check_release(course: Course, assignment: str, files: dict[str, bytes] | None = None) -> list[str]:
    """One line for each file of release/<assignment>/ that is stale, missing or extra; [] if it is up to date.

    `files` are those of `build_release`, if it was called before.
    """
    files = build_release(course, assignment) if files is None else files
    return _compare(files, course.release(assignment))


def read_release(course: Course, assignment: str) -> dict[str, bytes]:
    """Every file of release/<assignment>/ as it is now, by its relative path; {} before the first release."""
    folder = course.release(assignment)
    return {name: path.read_bytes() for name, path in counting_files(folder) if not path.is_symlink()}


def _compare(files: dict[str, bytes], folder: Path) -> list[str]:
    present = dict(counting_files(folder)) if folder.is_dir() else {}
    shown = f"release/{folder.name}"
    lines = [f"{shown}/{name}: missing" for name in files.keys() - present.keys()]
    lines += [f"{shown}/{name}: extra" for name in present.keys() - files.keys()]
    lines += [
        f"{shown}/{name}: stale"
        for name in files.keys() & present.keys()
        if present[name].is_symlink() or present[name].read_bytes() != files[name]
    ]
    return sorted(lines)


def _helpers(folder: Path, notebook: Path) -> Iterator[tuple[str, bytes]]:
    for name, path in counting_files(folder):
        if path == notebook:
            continue
        if path.is_symlink():
            raise CourseError(f"{path}: helper files must be plain files: replace the link by its target")
        if path.suffix == ".ipynb":
            raise CourseError(f"{path}: one notebook per assignment: move it out of source/{folder.name}/")
        yield name, path.read_bytes()


def _tests(folder: Path) -> Iterator[tuple[str, bytes]]:
    """The hidden tests and their data, without the sample submissions."""
    if folder.is_dir():
        for name, path in counting_files(folder):
            if not name.startswith("submissions/") and not path.is_symlink():
                yield name, path.read_bytes()


def _student_version(source: Notebook, assignment: str, language: Language, where: str) -> Notebook:
    cells = [deepcopy(cell) for cell in source["cells"] if in_language(cell, language)]
    for cell in cells:
        cell["metadata"] = {key: value for key, value in cell["metadata"].items() if key in KEPT_METADATA}
    notebook: Notebook = {
        "cells": cells,
        "metadata": {
            "kernelspec": KERNEL,
            "language_info": {"name": "python"},
            "nbjudge": {"assignment": assignment, "language": language},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return _preprocess(notebook, where)


def _preprocess(notebook: Notebook, where: str) -> Notebook:
    """nbgrader's `generate_assignment` without its database: SaveCells belongs to the gradebook's stage.

    The stubs stay nbgrader's defaults in every language: its "No response" detection compares checksums, and
    a stub that raises can't be mistaken for an answer.
    """
    import nbformat
    from nbgrader import preprocessors as steps

    node = nbformat.from_dict(notebook)
    resources: dict[str, Any] = {}
    for step in (
        steps.LockCells,
        steps.ClearSolutions,
        steps.ClearOutput,
        steps.CheckCellMetadata,
        steps.ClearHiddenTests,
        steps.ClearMarkScheme,
        steps.ComputeChecksums,
        steps.CheckCellMetadata,
    ):
        try:
            node, resources = step().preprocess(node, resources)
        except Exception as error:
            raise CourseError(f"{where}: nbgrader's {step.__name__} refuses the notebook: {error}") from error
    try:
        nbformat.validate(node)
    except nbformat.ValidationError as error:
        raise CourseError(f"{where}: not a valid notebook: {error.message}") from None
    return tidy(_plain(node))


def _plain(value: Any) -> Any:
    """NotebookNodes as plain dicts."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value
