"""Which tests run in one process names tests that there are."""

from support.places import ROOT
from support.side_by_side import SINGLE, TOGETHER, unit


def test_the_named_tests_are_there() -> None:
    for path in (*SINGLE, *TOGETHER):
        assert (ROOT / path).exists(), path


def test_units() -> None:
    assert unit("tests/intake/test_collect.py::test_a") == unit("tests/intake/test_collect.py::test_b[x/y]")
    assert unit("tests/grading/test_faults.py::test_a") != unit("tests/grading/test_faults.py::test_b")
    assert unit("tests/judge/test_limits.py::test_a") == unit("tests/student/test_student.py::test_b")
