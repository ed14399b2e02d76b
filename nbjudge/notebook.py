"""Notebooks as plain dicts: a tolerant reader for students' files, cell roles, the exercises of a source notebook.

No nbformat here: importing it takes two seconds, and it refuses files that can still be graded.
"""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

from nbjudge.course import CONFIG, EXERCISE_ID
from nbjudge.errors import CourseError
from nbjudge.jsontext import dump_json
from nbjudge.model import Assignment, Exercise, Language

Notebook = dict[str, Any]
NotebookCell = dict[str, Any]
Role = Literal["given", "solution", "grade", "manual", "text"]

MAX_BYTES = 50 << 20
MAX_CELLS = 5_000
MAX_DEPTH = 100
MAX_VALUES = 5_000_000  # or 50 MB of "[],[],[]" would become gigabytes of objects
LANGUAGES: tuple[Language, ...] = ("en", "ru")
SKIP_TAG = "skip-grading"
LANGUAGE_TAG = "lang:"
CELL_TYPES = ("code", "markdown", "raw")
OUTPUT_TYPES = ("stream", "display_data", "execute_result", "error")
MAGIC = (  # first bytes of what students upload instead of a notebook
    (b"%PDF", "this is a PDF, not a notebook"),
    (b"PK\x03\x04", "this is a ZIP archive or an office document, not a notebook"),
    (b"\x1f\x8b", "this is a gzip archive, not a notebook"),
    (b"\x89PNG", "this is a PNG picture, not a notebook"),
    (b"\xff\xd8\xff", "this is a JPEG picture, not a notebook"),
    (b"\xd0\xcf\x11\xe0", "this is an office document, not a notebook"),
    (b"{\\rtf", "this is an RTF document, not a notebook"),
    (b"<", "this is a web page or XML, not a notebook; download the .ipynb file itself"),
)
ODD_TEXT = re.compile(r"\x00|\\u0000|\\u[dD][89a-fA-F]")  # in JSON: maybe one of these
NOT_TEXT = re.compile("[\x00\ud800-\udfff]")  # neither can be written as UTF-8 text that tools accept


class NotANotebook(ValueError):
    """The file cannot be read as a notebook; the message is one line that a student understands."""


def read_notebook(data: bytes) -> Notebook:
    """A student's file as an nbformat 4 dict; every cell is well formed and keeps its position.

    Raises NotANotebook. As in every JSON reader of Jupyter, the last of two equal keys counts.
    """
    if len(data) > MAX_BYTES:
        raise NotANotebook(f"the file has {len(data) >> 20} MB; the limit is {MAX_BYTES >> 20} MB")
    text = _decode(data)
    value = _parse(text)
    if not isinstance(value, dict):
        raise NotANotebook(f"JSON, but no notebook: a {type(value).__name__} instead of an object")
    _check_depth(value)
    notebook = tidy(_mended(value) if ODD_TEXT.search(text) else value)
    if len(notebook["cells"]) > MAX_CELLS:
        raise NotANotebook(f"the notebook has {len(notebook['cells'])} cells; the limit is {MAX_CELLS}")
    return notebook


def tidy(value: Notebook) -> Notebook:
    """A notebook dict in which cells, sources and metadata have the types that nbformat 4 promises.

    Odd cells are coerced, not dropped, so that "cell 12" means the same to everybody. Raises NotANotebook if
    there is no list of cells.
    """
    cells = value.get("cells")
    if not isinstance(cells, list) and isinstance(value.get("worksheets"), list):
        cells = list(_nbformat3_cells(value["worksheets"]))
    if not isinstance(cells, list):
        raise NotANotebook("JSON, but no notebook: no list of cells")
    return {
        "cells": [_tidy_cell(cell) for cell in cells],
        "metadata": _dict(value.get("metadata")),
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def write_notebook(notebook: Notebook) -> bytes:
    """The bytes that Jupyter would write: sorted keys, one space, sources as lists of lines, one newline at the end."""
    cells = [{**cell, "source": cell["source"].splitlines(keepends=True)} for cell in notebook["cells"]]
    return dump_json({**notebook, "cells": cells}, sort_keys=True)


def role(cell: NotebookCell) -> Role:
    """What the cell's nbgrader metadata makes of it; a code cell without any is given, another one is text."""
    meta = nbgrader_metadata(cell)
    if meta.get("grade") is True:
        return "manual" if meta.get("solution") is True else "grade"
    if meta.get("solution") is True:
        return "solution"
    return "given" if cell.get("cell_type") == "code" else "text"


def nbgrader_metadata(cell: NotebookCell) -> dict[str, Any]:
    """The cell's nbgrader metadata, {} where there is none or it is no object."""
    return _dict(_dict(cell.get("metadata")).get("nbgrader"))


def grade_id(cell: NotebookCell) -> str | None:
    """The cell's nbgrader grade_id, None where there is none or it is no text."""
    value = nbgrader_metadata(cell).get("grade_id")
    return value if isinstance(value, str) and value else None


def cell_id(cell: NotebookCell) -> str | None:
    """The cell's nbformat 4.5 id; where it is gone, the id that Colab or Kaggle keep in the metadata."""
    meta = _dict(cell.get("metadata"))
    for value in (cell.get("id"), meta.get("id"), meta.get("_cell_guid")):
        if isinstance(value, str) and value:
            return value
    return None


def tags(cell: NotebookCell) -> tuple[str, ...]:
    """The cell's tags, () where they are garbage."""
    value = _dict(cell.get("metadata")).get("tags")
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


def find_exercises(source: Notebook, path: str) -> tuple[Exercise, ...]:
    """The exercises of an instructor notebook in its order; CourseError names `path`, the cell and the next step."""
    cells = source["cells"]
    _check_ids(cells, path)
    for position, cell in enumerate(cells, 1):
        _check_metadata(cell, f"{path}: {_label(cell, position)}")
    by_role: dict[Role, list[NotebookCell]] = {"grade": [], "manual": [], "solution": []}
    for cell in cells:
        if role(cell) in by_role:
            by_role[role(cell)].append(cell)
    _check_solutions(by_role["solution"], {grade_id(cell) for cell in by_role["grade"]}, path)
    solutions = [str(grade_id(cell)) for cell in by_role["solution"]]
    graded = [cell for cell in cells if role(cell) in ("grade", "manual")]
    return tuple(_exercise(cell, solutions, path) for cell in graded)


def check_points(exercises: Iterable[Exercise], assignment: Assignment) -> None:
    """CourseError if the notebook and course_config.py disagree about exercises or points."""
    where = f"{CONFIG}: assignments[{assignment.name!r}]['points']"
    here = {exercise.id: exercise.points for exercise in exercises}
    for name in here.keys() - assignment.points.keys():
        raise CourseError(
            f"{where}: exercise {name!r} of the notebook is not listed: add {name!r}: {here[name]:g}"
        )
    for name in assignment.points.keys() - here.keys():
        raise CourseError(
            f"{where}: exercise {name!r} is not in source/{assignment.name}/{assignment.name}.ipynb:"
            f" add a grade cell with the grade_id {name!r}, or remove the entry"
        )
    for name, points in here.items():
        if points != assignment.points[name]:
            raise CourseError(
                f"{where}: {name!r} has {assignment.points[name]:g} here and {points:g} in the notebook's grade cell:"
                " make them equal"
            )


def _decode(data: bytes) -> str:
    if not data.strip():
        raise NotANotebook("the file is empty")
    # Not the codec utf-8-sig: every judge, fresh from its fork, would import it anew.
    plain = data.removeprefix(b"\xef\xbb\xbf")
    head = plain[:4096].lstrip()
    for start, reason in MAGIC:
        if head.startswith(start):
            raise NotANotebook(reason)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    return plain.decode(errors="replace")


def _parse(text: str) -> Any:
    if sum(map(text.count, "[{,")) > MAX_VALUES:
        raise NotANotebook(f"too much in it: more than {MAX_VALUES:,} values")
    try:
        return json.loads(
            text, strict=False, parse_int=_int, parse_float=_float, parse_constant=lambda _: None
        )
    except RecursionError:
        raise NotANotebook("JSON, but no notebook: nested too deeply") from None
    except json.JSONDecodeError as error:
        raise NotANotebook(f"not JSON: {error.msg} in line {error.lineno}, column {error.colno}") from None


def _int(digits: str) -> int | None:
    # int() raises on thousands of digits, and nothing in a notebook counts beyond 64 bits.
    return int(digits) if len(digits) < 20 else None


def _float(digits: str) -> float | None:
    value = float(digits)
    return value if math.isfinite(value) else None


def _check_depth(value: Notebook) -> None:
    """Refuses, without recursion, what json.dumps could not write again."""
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        children = itertools.chain.from_iterable(
            node.values() if isinstance(node, dict) else node for node in level
        )
        level = [child for child in children if isinstance(child, dict | list)]
        if not level:
            return
    raise NotANotebook("JSON, but no notebook: nested too deeply")


def _mended(value: Any) -> Any:
    """The value with every text in it made one that can be written as UTF-8; at most MAX_DEPTH deep."""
    if isinstance(value, str):
        return NOT_TEXT.sub("\ufffd", value)
    if isinstance(value, dict):
        return {_mended(key): _mended(item) for key, item in value.items()}
    return [_mended(item) for item in value] if isinstance(value, list) else value


def _nbformat3_cells(worksheets: list[Any]) -> Iterator[Any]:
    for worksheet in worksheets:
        cells = _dict(worksheet).get("cells")
        for cell in cells if isinstance(cells, list) else []:
            cell = dict(_dict(cell))
            if "input" in cell:
                cell["source"] = cell.pop("input")
            if cell.get("cell_type") == "heading":
                cell["cell_type"] = "markdown"
            yield cell


def _tidy_cell(value: Any) -> NotebookCell:
    value = _dict(value)
    kind = value.get("cell_type")
    cell: NotebookCell = {
        "cell_type": kind if kind in CELL_TYPES else "raw",
        "metadata": _dict(value.get("metadata")),
        "source": _text(value.get("source")).replace("\r\n", "\n").replace("\r", "\n"),
    }
    if isinstance(value.get("id"), str):
        cell["id"] = value["id"]
    if kind == "code":
        outputs = value.get("outputs")
        cell["outputs"] = [
            output
            for output in (outputs if isinstance(outputs, list) else [])
            if isinstance(output, dict) and output.get("output_type") in OUTPUT_TYPES
        ]
        count = value.get("execution_count")
        cell["execution_count"] = count if type(count) is int else None
    elif isinstance(value.get("attachments"), dict):
        cell["attachments"] = value["attachments"]
    return cell


def _text(value: Any) -> str:
    if isinstance(value, list):
        return "".join(line for line in value if isinstance(line, str))
    return value if isinstance(value, str) else ""


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _label(cell: NotebookCell, position: int) -> str:
    return f"cell {grade_id(cell) or cell_id(cell)!r} ({cell.get('cell_type')}, cell {position})"


def _check_ids(cells: Sequence[NotebookCell], path: str) -> None:
    seen: set[str] = set()
    seen_grade: set[str] = set()
    for position, cell in enumerate(cells, 1):
        where = f"{path}: {_label(cell, position)}"
        name = cell.get("id")
        if not isinstance(name, str):
            raise CourseError(f"{where} has no cell id: save the notebook as nbformat 4.5 (JupyterLab does)")
        if name in seen:
            raise CourseError(f"{where}: another cell has the id {name!r} too: give it one of its own")
        seen.add(name)
        grade = grade_id(cell)
        if grade and grade in seen_grade:
            raise CourseError(f"{where}: another cell has the grade_id {grade!r} too: rename one of them")
        seen_grade.add(grade or "")


def _check_metadata(cell: NotebookCell, where: str) -> None:
    for tag in tags(cell):
        if tag.startswith(LANGUAGE_TAG) and tag.removeprefix(LANGUAGE_TAG) not in LANGUAGES:
            raise CourseError(f"{where}: unknown language tag {tag!r}: use {' or '.join(LANGUAGES)}")
    meta = nbgrader_metadata(cell)
    if not meta:
        return
    if meta.get("schema_version") != 3:
        raise CourseError(
            f"{where}: nbgrader metadata is not schema version 3: run `nbgrader update` on the source"
        )
    if meta.get("task"):
        raise CourseError(
            f"{where}: nbgrader's task cells are not supported: make it a manually graded answer"
        )
    if role(cell) in ("given", "text"):
        return
    if any(tag.startswith(LANGUAGE_TAG) for tag in tags(cell)):
        raise CourseError(
            f"{where}: graded cells go into every language, or their checksums differ: remove the lang tag"
        )
    if cell["cell_type"] != "code" and role(cell) != "manual":
        raise CourseError(f"{where}: a {role(cell)} cell must be a code cell")


def _check_solutions(cells: Iterable[NotebookCell], exercises: set[str | None], path: str) -> None:
    for cell in cells:
        name = str(grade_id(cell))
        exercise, _, part = name.partition("_")
        if not (EXERCISE_ID.fullmatch(exercise) and EXERCISE_ID.fullmatch(part)):
            raise CourseError(
                f"{path}: solution cell {name!r}: name it <exercise>_<part> in lower case, digits and hyphens"
            )
        if exercise not in exercises:
            raise CourseError(
                f"{path}: solution cell {name!r} has no grade cell: add one with the grade_id {exercise!r}"
            )


def _exercise(cell: NotebookCell, solutions: Sequence[str], path: str) -> Exercise:
    name, meta, manual = str(grade_id(cell)), nbgrader_metadata(cell), role(cell) == "manual"
    where = f"{path}: grade cell {name!r}"
    if not EXERCISE_ID.fullmatch(name):
        raise CourseError(f"{where}: use lower case, digits and hyphens in grade_id")
    points = meta.get("points")
    if isinstance(points, bool) or not isinstance(points, int | float) or not 0 <= points < math.inf:
        raise CourseError(f"{where}: points must be a number from 0, not {points!r}")
    own = (name,) if manual else tuple(part for part in solutions if exercise_of(part) == name)
    if not own:
        raise CourseError(f"{where} has no solution cell: add one with the grade_id '{name}_<part>'")
    return Exercise(id=name, points=float(points), manual=manual, solutions=own)
