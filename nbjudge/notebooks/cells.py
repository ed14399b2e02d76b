"""One cell of a notebook: its nbgrader role, ids, tags and language."""

from __future__ import annotations

from typing import Any, Literal

from nbjudge.model import Language

Notebook = dict[str, Any]
NotebookCell = dict[str, Any]
Role = Literal["given", "solution", "grade", "manual", "text"]
SKIP_TAG = "skip-grading"
LANGUAGE_TAG = "lang:"


def role(cell: NotebookCell) -> Role:
    """What the cell's nbgrader metadata makes of it; a code cell without any is given, another one is text."""
    meta = nbgrader_metadata(cell)
    if meta.get("grade") is True:
        return "manual" if meta.get("solution") is True else "grade"
    if meta.get("solution") is True:
        return "solution"
    return "given" if cell.get("cell_type") == "code" else "text"


def nbgrader_metadata(cell: NotebookCell) -> dict[str, Any]:
    """The cell's nbgrader metadata, {} where there is none or it is not an object."""
    return as_dict(as_dict(cell.get("metadata")).get("nbgrader"))


def grade_id(cell: NotebookCell) -> str | None:
    """The cell's nbgrader grade_id, None where there is none or it is not text."""
    value = nbgrader_metadata(cell).get("grade_id")
    return value if isinstance(value, str) and value else None


def cell_id(cell: NotebookCell) -> str | None:
    """The cell's nbformat 4.5 id; where it is gone, the id that Colab or Kaggle keep in the metadata."""
    meta = as_dict(cell.get("metadata"))
    for value in (cell.get("id"), meta.get("id"), meta.get("_cell_guid")):
        if isinstance(value, str) and value:
            return value
    return None


def tags(cell: NotebookCell) -> tuple[str, ...]:
    """The cell's tags, () where they are garbage."""
    value = as_dict(cell.get("metadata")).get("tags")
    return tuple(tag for tag in value if isinstance(tag, str)) if isinstance(value, list) else ()


def in_language(cell: NotebookCell, language: Language) -> bool:
    """True if the cell is tagged with this language, or with none."""
    languages = [tag for tag in tags(cell) if tag.startswith(LANGUAGE_TAG)]
    return not languages or LANGUAGE_TAG + language in languages


def normalise(source: str) -> str:
    """The source without trailing spaces and outer blank lines: what counts when asking whether it was edited."""
    return "\n".join(line.rstrip() for line in source.split("\n")).strip("\n")


def exercise_of(solution: str) -> str:
    """The exercise that a solution cell's grade_id belongs to: `sin2-cos2_inline` -> `sin2-cos2`."""
    return solution.partition("_")[0]


def as_dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
