"""What a submission of an assignment should hold, read from the release and the source notebook."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from nbjudge.errors import CourseError
from nbjudge.model import Course, Language
from nbjudge.notebooks.cells import (
    SKIP_TAG,
    Notebook,
    NotebookCell,
    Role,
    cell_id,
    grade_id,
    normalise,
    role,
    tags,
)
from nbjudge.notebooks.python_source import defined_names
from nbjudge.notebooks.reader import tidy

WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class ReleasedCell:
    """One released cell that a submission should hold: given code, or a graded cell."""

    role: Role  # given, solution, grade or manual
    id: str  # grade_id of a graded cell, else the nbformat id
    cell: str  # nbformat id
    code: bool
    source: str  # as released: code to restore, or the stub
    skip: bool  # tagged `skip-grading`
    names: frozenset[str] = frozenset()  # of a solution: what it defines for others and no other cell does
    # Of a manual cell: ids and texts of the cell before it, in every language.
    after: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ReleasedForm:
    """What the release says that a submission looks like; read once, used for every submission."""

    assignment: str
    cells: tuple[ReleasedCell, ...]  # in the release's order
    texts: dict[Language, frozenset[str]]  # ids and contents of its text cells
    others: frozenset[str] = frozenset()  # the course's other assignments


def load_released_form(course: Course, assignment: str) -> ReleasedForm:
    """The form of `assignment` from the course's source and release; CourseError if a file is missing."""
    others = course.assignments.keys() - {assignment}
    releases, source = load_releases(course, assignment), load_source(course, assignment)
    return make_released_form(assignment, releases, source, others)


def load_source(course: Course, assignment: str) -> Notebook:
    """The instructor's notebook; CourseError if it is missing or damaged."""
    path = course.source(assignment) / f"{assignment}.ipynb"
    return load_notebook(path, "create the assignment's source notebook")


def load_releases(course: Course, assignment: str) -> dict[Language, Notebook]:
    """The released notebooks, the course's first language first; CourseError if one is missing or damaged."""
    folder = course.release(assignment)
    return {
        language: load_notebook(
            folder / release_name(course, assignment, language), f"run `nbjudge release {assignment}`"
        )
        for language in course.languages
    }


def release_name(course: Course, assignment: str, language: Language) -> str:
    """The file name of a released notebook: the course's first language goes without a suffix."""
    return f"{assignment}.ipynb" if language == course.languages[0] else f"{assignment}.{language}.ipynb"


def load_notebook(path: Path, cure: str) -> Notebook:
    """One of the course's own notebooks; CourseError names it and the `cure`."""
    try:
        return tidy(json.loads(path.read_bytes()))
    except FileNotFoundError:
        raise CourseError(f"{path} is missing: {cure}") from None
    except (ValueError, AttributeError) as error:
        raise CourseError(f"{path} cannot be read as a notebook ({error}): {cure}") from None


def make_released_form(
    assignment: str, releases: Mapping[Language, Notebook], source: Notebook, others: Iterable[str] = ()
) -> ReleasedForm:
    """The form from the released notebooks by language, the instructor's notebook and the course's `others`.

    The first release gives cells and order: code and graded cells are the same in every language.
    """
    solved = {name: cell["source"] for cell in source["cells"] if (name := cell_id(cell))}
    first = next(iter(releases.values()))
    cells = [
        ReleasedCell(
            role=role(cell),
            id=(grade_id(cell) if role(cell) != "given" else None) or str(cell_id(cell)),
            cell=str(cell_id(cell)),
            code=cell["cell_type"] == "code",
            source=cell["source"],
            skip=SKIP_TAG in tags(cell),
            after=_before(cell, releases) if role(cell) == "manual" else frozenset(),
        )
        for cell in first["cells"]
        if role(cell) != "text"
    ]
    texts = {language: _texts(notebook) for language, notebook in releases.items()}
    return ReleasedForm(assignment, tuple(_with_names(cells, solved)), texts, frozenset(others))


def _before(cell: NotebookCell, releases: Mapping[Language, Notebook]) -> frozenset[str]:
    marks: set[str] = set()
    for notebook in releases.values():
        for before, this in itertools.pairwise(notebook["cells"]):
            if cell_id(this) == cell_id(cell):
                marks |= {str(cell_id(before)), normalise(before["source"])}
    return frozenset(marks - {""})


def _texts(notebook: Notebook) -> frozenset[str]:
    own = [cell for cell in notebook["cells"] if role(cell) == "text"]
    return frozenset(str(cell_id(cell)) for cell in own) | {normalise(cell["source"]) for cell in own}


def _with_names(cells: Sequence[ReleasedCell], solved: Mapping[str, str]) -> list[ReleasedCell]:
    """Fills in `names`: what the reference solution defines, other cells use, and no other cell defines."""
    full = {released.id: solved.get(released.cell, released.source) for released in cells if released.code}
    defined = {name: defined_names(source) for name, source in full.items()}
    return [
        _with_own_names(released, full, defined) if released.role == "solution" else released
        for released in cells
    ]


def _with_own_names(
    released: ReleasedCell, full: Mapping[str, str], defined: Mapping[str, frozenset[str]]
) -> ReleasedCell:
    others = frozenset().union(*(names for name, names in defined.items() if name != released.id))
    used = {word for name, source in full.items() if name != released.id for word in WORD.findall(source)}
    own = defined[released.id] - others
    return replace(released, names=(own & (used | defined_names(released.source))) or own)
