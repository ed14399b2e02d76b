"""Cells and notebooks as nbgrader writes them: what every test builds its notebooks from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from nbjudge.notebooks.cells import Notebook, NotebookCell, grade_id

KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}


def notebook(cells: Iterable[NotebookCell], **metadata: Any) -> Notebook:
    """A notebook of the present format."""
    return {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def cell(
    id_: str, source: str, kind: str = "code", tags: Iterable[str] = (), **nbgrader: Any
) -> NotebookCell:
    """Any cell, with nbgrader's metadata if there is some to give: `grade_id`, `solution`, `points` ..."""
    metadata: dict[str, Any] = {"tags": list(tags)} if tags else {}
    if nbgrader:
        base = {"schema_version": 3, "grade": False, "solution": False, "locked": False, "task": False}
        metadata["nbgrader"] = base | nbgrader
    made: NotebookCell = {"cell_type": kind, "id": id_, "metadata": metadata, "source": source}
    return made | {"outputs": [], "execution_count": None} if kind == "code" else made


def text_cell(id_: str, source: str, *tags: str) -> NotebookCell:
    """A Markdown cell that nobody grades; a tag such as "lang:en" says whom it is for."""
    return cell(id_, source, "markdown", tags)


def solution_cell(name: str, source: str, id_: str = "") -> NotebookCell:
    """A cell that students fill in, `name` being its grade_id."""
    return cell(id_ or f"c-{name}", source, grade_id=name, solution=True)


def grade_cell(name: str, source: str, points: float = 1, id_: str = "", **nbgrader: Any) -> NotebookCell:
    """The grade cell of the exercise `name`: the tests that students see."""
    id_ = id_ or f"c-{name}-grade"
    return cell(id_, source, grade_id=name, grade=True, locked=True, points=points, **nbgrader)


def manual_cell(
    name: str, source: str, points: float = 1, kind: str = "markdown", id_: str = ""
) -> NotebookCell:
    """An answer that a person grades."""
    id_ = id_ or f"c-{name}"
    return cell(id_, source, kind, grade_id=name, grade=True, solution=True, points=points)


def region(source: str) -> str:
    """A solution between the marks where a release cuts it out."""
    return f"### BEGIN SOLUTION\n{source}\n### END SOLUTION"


def fill(notebook: Notebook, sources: Mapping[str, str]) -> Notebook:
    """Puts sources into the cells with these grade_ids; the same notebook."""
    for each in notebook["cells"]:
        each["source"] = sources.get(grade_id(each) or "", each["source"])
    return notebook


def sign(notebook: Notebook) -> Notebook:
    """Adds the checksums that nbgrader writes into a release; the same notebook."""
    from nbformat import from_dict
    from nbgrader.utils import compute_checksum

    for each in notebook["cells"]:
        if "nbgrader" in each["metadata"]:
            each["metadata"]["nbgrader"]["checksum"] = compute_checksum(from_dict(each))
    return notebook
