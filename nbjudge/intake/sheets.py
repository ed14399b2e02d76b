"""Tables that people save from a learning system or a spreadsheet: CSV of any dialect, or xlsx."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from nbjudge.errors import CourseError
from nbjudge.student_ids import canonical

MAX_BYTES = 50 << 20
DELIMITERS = ",;\t"


def read_sheet(path: Path) -> list[dict[str, str]]:
    """The rows by column name, empty ones left out; CourseError if the file is no table with a header.

    xlsx needs openpyxl (`pip install 'nbjudge[xlsx]'`); of several sheets the first counts.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CourseError(f"{path}: {error.strerror}: name a CSV or xlsx file") from None
    if len(data) > MAX_BYTES:
        raise CourseError(f"{path}: larger than {MAX_BYTES >> 20} MB: that is no list of students")
    rows = _xlsx(path, data) if data.startswith(b"PK") else _csv(path, data)
    rows = [row for row in rows if any(row)]
    if not rows:
        raise CourseError(f"{path}: an empty table: its first line must name the columns")
    header = rows[0]
    return [{name: value for name, value in zip(header, row, strict=False) if name} for row in rows[1:]]


def _csv(path: Path, data: bytes) -> list[list[str]]:
    text = _text(path, data)
    first = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=first.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise CourseError(f"{path} cannot be read as CSV ({error}): save it as CSV again") from None
    return [[canonical(value) for value in row] for row in rows]


def _text(path: Path, data: bytes) -> str:
    """Excel saves UTF-16 as "Unicode text" and code page 1251 as "CSV" on a Russian Windows."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    if b"\x00" in data:
        raise CourseError(f"{path}: neither CSV nor xlsx: save the table as one of them")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1251", errors="replace")


def _xlsx(path: Path, data: bytes) -> list[list[str]]:
    try:
        from openpyxl import load_workbook
    except ImportError:
        raise CourseError(
            f"{path}: an Excel workbook, and openpyxl is not installed: pip install 'nbjudge[xlsx]', or save the table as CSV"
        ) from None
    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        rows = [list(row) for row in book.worksheets[0].iter_rows(values_only=True)]
    except Exception as error:  # zipfile, XML and openpyxl raise what they like on damaged files
        raise CourseError(f"{path} cannot be read as an Excel workbook ({error}): save it again") from None
    return [[_cell(value) for value in row] for row in rows]


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():  # how Excel keeps the number of a student
        return str(int(value))
    return canonical(str(value))
