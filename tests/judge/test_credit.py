"""Partial credit: what a measured value is worth."""

from support.judging import program

from nbjudge.model import Credit
from nbjudge.notes import Note


def test_credit(judge):
    results, _ = judge(
        """
        mark = pytest.mark.exercise("ex", weight=2)

        @mark
        @pytest.mark.parametrize("value", [0.4, 0.5, 0.7, 0.9, 1.0, "nan", "inf", "text", "none", "handle"])
        def test_part(student, credit, value):
            '''Part'''
            credit(student.f(value), full=0.9, none=0.5)

        @mark
        def test_loss(student, credit):
            credit(student.f(0.3), full=0.2, none=0.4)

        @mark
        def test_least(student, credit):
            credit(student.f(1.0), full=1, none=0)
            credit(student.f(0.25), full=1, none=0)

        @mark
        def test_failing_after_credit(student, credit):
            credit(student.f(1.0), full=1, none=0)
            assert student.f(1) == 2
        """,
        program(
            "special = dict(nan=float('nan'), inf=float('inf'), text='1', none=None, handle=object())\n"
            "def f(x): return special.get(x, x)"
        ),
    )
    parts = {
        name[10:-1]: (result.status, result.fraction) for name, result in results.items() if "part" in name
    }
    assert parts == {
        "0.4": ("failed", 0),
        "0.5": ("failed", 0),
        "0.7": ("passed", 0.5),
        "0.9": ("passed", 1),
        "1.0": ("passed", 1),
        "nan": ("failed", 0),
        "inf": ("failed", 0),
        "text": ("failed", 0),
        "none": ("failed", 0),
        "handle": ("failed", 0),
    }
    assert results["test_part[0.7]"].credits == (Credit(0.7, 0.9, 0.5, 0.5),)
    assert results["test_part[nan]"].credits == (Credit(None, 0.9, 0.5, 0.0),)
    assert results["test_part[0.5]"].message == Note("no_credit")
    assert results["test_part[0.7]"].title == "Part [0.7]" and results["test_part[0.7]"].weight == 2
    assert results["test_loss"].fraction == 0.5
    assert results["test_least"].fraction == 0.25 and len(results["test_least"].credits) == 2
    assert results["test_failing_after_credit"].fraction == 0
