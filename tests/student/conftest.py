"""A notebook of a few cells, loaded into a real student process without walls."""

import pytest

from nbjudge.judge.session import StudentSession
from nbjudge.model import Cell, Limits, Program

LIMITS = Limits(seconds=10)


@pytest.fixture
def load(zygote):
    """load(cell, ...): a session with these cells loaded; a cell is its source or (kind, source)."""
    sessions = []

    def load(*cells, limits=LIMITS):
        made = []
        for number, cell in enumerate(cells, start=1):
            kind, source = cell if isinstance(cell, tuple) else ("solution", cell)
            made.append(Cell(f"ex_{number}", kind, source, "ex", number))
        sessions.append(StudentSession(Program("en", tuple(made), ("ex_gone",), (), ()), zygote, limits, 1))
        sessions[-1].load()
        sessions[-1].begin(limits, 2)
        return sessions[-1]

    yield load
    for session in sessions:
        session.close()


@pytest.fixture
def run(load):
    """run(cell, ...): loads the cells, none of which may fail; what `get(name)` then gives, and all output."""

    def run(*cells):
        session = load(*cells)
        assert [(report.status, report.message) for report in session.all_reports()] == [("ok", "")] * len(
            cells
        )
        return lambda name: session.request("get", name), "".join(r.output for r in session.all_reports())

    return run
