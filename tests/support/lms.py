"""What an LMS makes of an uploaded file: the rules of its importer, for tests that a grade reaches the right student."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from typing import Any

TRANSLATED = {"en": ("Identifier", "Grade", "Last modified (grade)", "Participant "),
              "ru": ("Идентификатор", "Оценка", "Последнее изменение (оценка)", "Участник ")}  # fmt: skip


def moodle_worksheet(data: bytes, language: str = "en") -> dict[int, float]:
    """Participant -> grade, as mod/assign/feedback/offline/importgradeslib.php reads a worksheet (comma, UTF-8)."""
    identifier, grade, modified, participant = TRANSLATED[language]
    header, *rows = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    assert {identifier, grade, modified} <= set(header), "invalidgradeimport"
    found = {}
    for row in rows:
        # substr($idstr, strlen(get_string('hiddenuser', 'assign'))), and unformat_float() of the grade
        number, value = row[header.index(identifier)][len(participant) :], row[header.index(grade)]
        if value.strip() not in ("", "-"):
            found[int(number)] = float(value.replace(",", "."))
    return found


def moodle_gradebook(data: bytes, user: str, item: str) -> dict[str, float | None]:
    """Value of the user's column -> grade, as grade/import/csv/classes/load_data.php maps columns.

    A row with an empty user cell would give its grade to the student of the row before, so there must be none.
    """
    rows = list(csv.DictReader(io.StringIO(data.decode())))
    assert all(row[user] for row in rows)
    return {row[user]: float(row[item]) if row[item] not in ("", "-") else None for row in rows}


def moodle_feedback(data: bytes, *, before_4_1: bool) -> dict[int, tuple[str, bytes]]:
    """Participant -> name and bytes of the file, as mod/assign/feedback/file/importziplib.php reads a zip's names."""
    found = {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            if before_4_1:
                parts = name.split("_", 4)
                assert len(parts) == 5
                number, plugin, rest = parts[1], parts[2:4], parts[4]
            else:
                folders = name.split("/")
                parts = folders[0].split("_", 4)
                assert len(parts) >= 4
                number, plugin, rest = parts[1], parts[2:4], "/".join([*parts[4:], *folders[1:]])
            assert plugin == ["assignsubmission", "file"]
            assert number.isdigit()
            found[int(number)] = (rest.strip("/"), archive.read(name))
    return found


def canvas_gradebook(data: bytes, course: dict[str, Any]) -> dict[str, str]:
    """Student -> what their cell says, as lib/gradebook_importer.rb reads a gradebook.

    `course`: "assignments" (number -> title) and "students" (name -> {"ID", "SIS User ID", "SIS Login ID"}).
    """
    text = data.decode("utf-8-sig")
    delimiter = ";" if text.split("\n", 1)[0].count(";") > text.split("\n", 1)[0].count(",") else ","
    header, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    assert len(header) > 3 and "Student" in header[0] and "ID" in header[1], "Invalid header row"
    columns, sis, login = 3, None, None
    if re.search(r"SIS\s+Login\s+ID", header[2]):
        login, columns = 2, 4
    elif re.search(r"SIS\s+User\s+ID", header[2]) and re.search(r"SIS\s+Login\s+ID", header[3]):
        sis, login, columns = 2, 3, 5
    assert "Section" in header[columns - 1], "Invalid header row"
    [assignment] = [
        n
        for n, head in enumerate(header)
        if n >= columns
        and (
            (
                (numbered := re.search(r"\((\d+)\)\s*$", head)) is not None
                and numbered[1] in course["assignments"]
            )
            or head in course["assignments"].values()
        )
    ]
    found = {}
    for row in rows:
        if "Points Possible" in row[0] or all(
            re.fullmatch(r"\s*(Muted|Manual Posting.*)?\s*", cell) for cell in row
        ):
            continue
        known = {
            "ID": row[1],
            "SIS User ID": row[sis] if sis else "",
            "SIS Login ID": row[login] if login else "",
        }
        for key, value in known.items():
            owner = next(
                (name for name, ids in course["students"].items() if value and ids.get(key) == value), None
            )
            if owner:
                break
        else:
            owner = row[0] if row[0] in course["students"] else None
        assert owner is not None, f"a new student {row[0]!r} would be made"
        found[owner] = row[assignment].strip()
    return found
