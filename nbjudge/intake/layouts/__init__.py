"""Layouts: how a folder or archive tells which file is whose. A new one is a function, and a line in LAYOUTS."""

from __future__ import annotations

from collections.abc import Callable

from nbjudge.intake.archive import Entry
from nbjudge.intake.layouts.by_student import by_student
from nbjudge.intake.layouts.handed_in import HandedIn, Refusal

Layout = Callable[[list[Entry], str], list[HandedIn | Refusal]]  # entries, assignment

LAYOUTS: dict[str, Layout] = {"by-student": by_student}

__all__ = ["LAYOUTS", "HandedIn", "Layout", "Refusal"]
