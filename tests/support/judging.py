"""Grades small programs with hidden tests given as text."""

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nbjudge.judge import open_judge
from nbjudge.model import Cell, CellReport, Limits, Program, TestResult
from nbjudge.sandbox import Zygote

HEADER = "import pytest, torch\nfrom nbjudge.testing import *\n"
LIMITS = Limits(seconds=5)
Judged = tuple[dict[str, TestResult], tuple[CellReport, ...]]


def program(*cells: str | tuple[str, str], **changes: Any) -> Program:
    """A submission with these cells, all of the exercise "ex"; a cell is its source or (kind, source)."""
    made = []
    for number, cell in enumerate(cells, start=1):
        kind, source = cell if isinstance(cell, tuple) else ("solution", cell)
        made.append(Cell(f"ex_{number}", kind, textwrap.dedent(source), "ex", number))
    nothing: dict[str, Any] = {"language": "en", "missing": (), "unchanged": (), "repairs": ()}
    return Program(**nothing | {"cells": tuple(made)} | changes)


def judge_with(folder: Path, zygote: Zygote) -> Callable[..., Judged]:
    """judge(tests, program, limits, seed): the results by test name, and the cell reports."""

    def judge(tests: str, submitted: Program, limits: Limits = LIMITS, seed: int = 1) -> Judged:
        (folder / "test_it.py").write_text(HEADER + textwrap.dedent(tests))
        kept = []

        def run(judge: Any) -> int:
            kept.append(judge.grade(submitted, zygote, limits, seed))
            return 0

        assert open_judge(folder, run) == 0
        results, reports = kept[0]
        return {result.test: result for result in results}, reports

    return judge
