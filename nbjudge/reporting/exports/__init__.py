"""Grades on their way to an LMS or a spreadsheet. Each format is a function from rows to an Export, and a line in EXPORTS."""

from __future__ import annotations

from collections.abc import Callable

from nbjudge.reporting.exports.canvas import export_canvas
from nbjudge.reporting.exports.moodle import export_feedback, export_moodle
from nbjudge.reporting.exports.rows import Export, ExportRow, Wanted
from nbjudge.reporting.exports.sheet import export_csv, export_xlsx

EXPORTS: dict[str, Callable[[list[ExportRow], Wanted], Export]] = {
    "csv": export_csv,
    "moodle": export_moodle,
    "canvas": export_canvas,
    "xlsx": export_xlsx,
}

__all__ = ["EXPORTS", "Export", "ExportRow", "Wanted", "export_feedback"]
