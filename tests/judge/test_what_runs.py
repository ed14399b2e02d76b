"""What of a notebook runs, seen from a test: names that tests ask for, and why a name is missing."""

import pytest
from support.judging import program

from nbjudge.judge.connection import StudentConnection
from nbjudge.judge.session import StudentSession
from nbjudge.languages import english, words
from nbjudge.model import Cell, Limits, Program
from nbjudge.notes import Note

TESTS = """
    @pytest.mark.exercise("ex")
    def test_value(student):
        assert student.get("value") == 3

    @pytest.mark.exercise("ex")
    def test_use(student):
        assert student.use() == 3

    @pytest.mark.exercise("ex")
    def test_run(student):
        assert student.run("y = scale * 2").y == 6
"""
USE = "def use(): return helper_value"


def test_names_that_tests_ask_for_are_made_in_cells_of_the_students_own(judge):
    added = "def make(n): return n\nvalue = make(3)\nscale = make(3)\nhelper_value = make(3)\nunused = make(3)\nprint(scale)"
    results, reports = judge(TESTS, program(("added", added), USE))
    assert [result.status for result in results.values()] == ["passed"] * 3
    assert reports[0].output == "" and reports[0].status == "ok"


@pytest.mark.parametrize(
    ("added", "reason"),
    [
        ("import math\nvalue = math.nosuch", "it failed (AttributeError: module 'math' has no attribute 'nosuch')"),
        ("\nvalue = other + 1", "it failed (NameError: name 'other' is not defined)"),
        ("other = 1 / 0\nvalue = other + 1", "it was not run, because line 1 of the cell had failed"),
        ("\nwhile True: value = 3 ; del value", "it failed (the cell did not finish within 1 s)"),
        ("import os\nvalue = os._exit(3)", "it failed (your code ended its own process, with exit status 3)"),
    ],
)  # fmt: skip
def test_a_missing_name_says_which_line_would_have_bound_it(judge, added, reason):
    results, _ = judge(TESTS, program(("added", added), USE), limits=Limits(seconds=1))
    expected = f"cell 1, line 2 of your notebook would have bound 'value', but {reason}"
    assert english(results["test_value"].message) == f"your notebook does not define 'value': {expected}"
    assert results["test_value"].status == "not_found"


def test_a_name_error_in_the_students_code_says_it_too(judge):
    broken = "from nosuch import thing\nhelper_value = thing(3)"
    results, reports = judge(TESTS, program(("added", broken), USE))
    message = results["test_use"].message
    assert english(message) == (
        "NameError: name 'helper_value' is not defined: cell 1, line 2 of your notebook would have bound 'helper_value', "
        "but it was not run, because line 1 of the cell had failed"
    )
    assert "«helper_value» появилось бы в ячейке 1, строка 2" in words("ru").message(message)
    assert reports[0].notes == (Note("lines_left_out", {"lines": (2,), "line": 1}),)
    assert results["test_use"].trace[0].source == USE


def test_a_name_that_nobody_seemed_to_need(judge):
    tests = """
        @pytest.mark.exercise("ex")
        def test_pieces(student):
            assert student.get("lay" + "er_1") == 3
    """
    results, reports = judge(tests, program(("added", "def make(n): return n\nlayer_1 = make(3)"), "x = 1"))
    assert "because nothing seemed to need it" in english(results["test_pieces"].message)
    assert reports[0].notes == ()


def test_a_name_that_no_line_binds_is_only_missing(judge):
    results, _ = judge(TESTS, program("a = 1 / 0", USE))
    assert results["test_value"].message == Note("name_missing", {"name": "value"})
    assert results["test_use"].message == "NameError: name 'helper_value' is not defined"


def test_a_long_run_below_a_function_costs_only_what_it_makes(judge):
    tests = """
        @pytest.mark.exercise("ex")
        def test_it(student):
            assert student.fit() == 1 and student.later() == 2

        @pytest.mark.exercise("ex")
        @pytest.mark.parametrize("i", range(3))
        def test_killing(student, i):
            student.die()

        @pytest.mark.exercise("other")
        def test_again(student):
            assert student.later() == 2
    """
    source = """
        import os
        def fit(): return 1
        def die(): os._exit(1)
        history = [None]
        while True: history.append(fit()) if len(history) < 9 else None
        print(history)
        def later(): return 2
    """
    results, reports = judge(tests, program(source), limits=Limits(seconds=1))
    assert results["test_it"].status == results["test_again"].status == "passed"
    assert (reports[0].status, reports[0].message) == ("timeout", Note("cell_too_slow", {"seconds": 1.0}))


@pytest.mark.parametrize("line", [10**5000, -(10**5000), 4], ids=["huge", "far below", "one too many"])
def test_a_forged_line_is_one_of_the_cell(zygote, line):
    cell = Cell("added-1", "added", "x = 1\ny = 2\nz = 3", None, 1)
    session = StudentSession(Program("en", (cell,), (), (), ()), zygote, Limits(), 1)
    described = ("ValueError", "ValueError", "m", False, [])
    reply = ("", [(line, False, described)], [(line, line)])
    _, [failure], [pair] = session._read_load(StudentConnection.__new__(StudentConnection), cell, reply)
    assert failure.line in (0, 3) and set(pair) <= {0, 3}
