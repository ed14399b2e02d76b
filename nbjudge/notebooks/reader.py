"""Reads notebooks that nobody vouches for, and writes them as Jupyter does."""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Iterator
from typing import Any

from nbjudge.files import dump_json
from nbjudge.languages import english
from nbjudge.notebooks.cells import Notebook, NotebookCell, as_dict
from nbjudge.notebooks.conflicts import sides_of, union
from nbjudge.notebooks.large_files import without_outputs
from nbjudge.notes import Note, RejectionKind

MAX_BYTES = 200 << 20
MAX_PARSED = 50 << 20  # bytes; of a larger file saved outputs are left out
MAX_CELLS = 5_000
MAX_DEPTH = 100
MAX_VALUES = 5_000_000  # or 50 MB of "[],[],[]" would become gigabytes of objects
NOTES = "nbjudge_notes"  # key of what was unusual about the file, for repair; tidy drops a student's
CELL_TYPES = ("code", "markdown", "raw")
OUTPUT_TYPES = ("stream", "display_data", "execute_result", "error")
# First bytes of what students upload instead of a notebook.
MAGIC: tuple[tuple[bytes, RejectionKind], ...] = (
    (b"%PDF", "pdf"),
    (b"PK\x03\x04", "zip"),
    (b"\x1f\x8b", "gzip"),
    (b"\x89PNG", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"\xd0\xcf\x11\xe0", "office"),
    (b"{\\rtf", "rtf"),
    (b"<", "web_page"),
)
ODD_TEXT = re.compile(r"\x00|\\u0000|\\u[dD][89a-fA-F]")  # in JSON: maybe one of these
NOT_TEXT = re.compile("[\x00\ud800-\udfff]")  # neither can be written as UTF-8 text that tools accept


class NotANotebook(ValueError):
    """The file cannot be read as a notebook; `note` says why, so that a student understands it."""

    def __init__(self, note: Note) -> None:
        super().__init__(note)
        self.note = note

    def __str__(self) -> str:
        return english(self.note)


def read_notebook(data: bytes) -> Notebook:
    """A student's file as an nbformat 4 dict; every cell is well formed and keeps its position.

    Raises NotANotebook. As in every JSON reader of Jupyter, the last of two equal keys counts.
    """
    if len(data) > MAX_BYTES:
        raise NotANotebook(Note("file_too_large", {"size": len(data) >> 20, "limit": MAX_BYTES >> 20}))
    notes = []
    if len(data) > MAX_PARSED:
        data, dropped = without_outputs(data, MAX_PARSED)
        if len(data) > MAX_PARSED:
            raise NotANotebook(Note("file_too_large", {"size": len(data) >> 20, "limit": MAX_PARSED >> 20}))
        notes = [Note("outputs_dropped", {"n": dropped, "limit": MAX_PARSED >> 20})]
    conflicts, sides = sides_of(_decode(data))
    notebook = _read(sides[0])
    if conflicts:
        notebook["cells"] = union(notebook["cells"], _read(sides[1])["cells"])
        notes.append(Note("merge_conflicts", {"n": conflicts}))
    if notes:
        notebook[NOTES] = notes
    if len(notebook["cells"]) > MAX_CELLS:
        raise NotANotebook(Note("too_many_cells", {"cells": len(notebook["cells"]), "limit": MAX_CELLS}))
    return notebook


def _read(text: str) -> Notebook:
    value = _parse(text)
    if not isinstance(value, dict):
        raise NotANotebook(Note("not_an_object", {"found": type(value).__name__}))
    _check_depth(value)
    return tidy(_mended(value) if ODD_TEXT.search(text) else value)


def tidy(value: Notebook) -> Notebook:
    """A notebook dict in which cells, sources and metadata have the types that nbformat 4 promises.

    Odd cells are coerced, not dropped, so that "cell 12" means the same to everybody. Raises NotANotebook if
    it has no list of cells.
    """
    cells = value.get("cells")
    if not isinstance(cells, list) and isinstance(value.get("worksheets"), list):
        cells = list(_nbformat3_cells(value["worksheets"]))
    if not isinstance(cells, list):
        raise NotANotebook(Note("no_cells"))
    return {
        "cells": [_tidy_cell(cell) for cell in cells],
        "metadata": as_dict(value.get("metadata")),
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def write_notebook(notebook: Notebook) -> bytes:
    """The bytes that Jupyter would write: sorted keys, one space, sources as lists of lines, one newline at the end."""
    cells = [{**cell, "source": cell["source"].splitlines(keepends=True)} for cell in notebook["cells"]]
    written = {key: value for key, value in notebook.items() if key != NOTES}
    return dump_json({**written, "cells": cells}, sort_keys=True)


def _decode(data: bytes) -> str:
    if not data.strip():
        raise NotANotebook(Note("empty_file"))
    # Not the codec utf-8-sig: every judge, fresh from its fork, would import it anew.
    plain = data.removeprefix(b"\xef\xbb\xbf")
    head = plain[:4096].lstrip()
    for start, kind in MAGIC:
        if head.startswith(start):
            raise NotANotebook(Note(kind))
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    return plain.decode(errors="replace")


def _parse(text: str) -> Any:
    if sum(map(text.count, "[{,")) > MAX_VALUES:
        raise NotANotebook(Note("too_many_values", {"limit": MAX_VALUES}))
    try:
        return json.loads(
            text, strict=False, parse_int=_int, parse_float=_float, parse_constant=lambda _: None
        )
    except RecursionError:
        raise NotANotebook(Note("too_deep")) from None
    except json.JSONDecodeError as error:
        where: dict[str, str | int] = {"error": error.msg, "line": error.lineno, "column": error.colno}
        raise NotANotebook(Note("not_json", where)) from None


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
    raise NotANotebook(Note("too_deep"))


def _mended(value: Any) -> Any:
    """The value with every text in it made one that can be written as UTF-8; at most MAX_DEPTH deep."""
    if isinstance(value, str):
        return NOT_TEXT.sub("\ufffd", value)
    if isinstance(value, dict):
        return {_mended(key): _mended(item) for key, item in value.items()}
    return [_mended(item) for item in value] if isinstance(value, list) else value


def _nbformat3_cells(worksheets: list[Any]) -> Iterator[Any]:
    for worksheet in worksheets:
        cells = as_dict(worksheet).get("cells")
        for cell in cells if isinstance(cells, list) else []:
            cell = dict(as_dict(cell))
            if "input" in cell:
                cell["source"] = cell.pop("input")
            if cell.get("cell_type") == "heading":
                cell["cell_type"] = "markdown"
            yield cell


def _tidy_cell(value: Any) -> NotebookCell:
    value = as_dict(value)
    kind = value.get("cell_type")
    cell: NotebookCell = {
        "cell_type": kind if kind in CELL_TYPES else "raw",
        "metadata": as_dict(value.get("metadata")),
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
