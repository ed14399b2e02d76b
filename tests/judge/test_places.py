"""An exercise is judged at its place: what later cells do does not reach back, and fills gaps."""

import pytest

from nbjudge.judge.places import END, Place, places_of
from nbjudge.model import Cell, Limits, Program


def notebook(*cells: tuple[str, str], **changes) -> Program:
    """A submission; a cell is its exercise's id ("" for the student's own, "given") and its source."""
    made = []
    for number, (exercise, source) in enumerate(cells, start=1):
        kind = {"": "added", "given": "given"}.get(exercise, "solution")
        made.append(
            Cell(f"{exercise}_{number}", kind, source, exercise if kind == "solution" else None, number)
        )
    nothing = {"language": "en", "missing": (), "unchanged": (), "repairs": ()}
    return Program(**nothing | {"cells": tuple(made)} | changes)


ONE = "def one(): return list(helper() for _ in range(1))[0]\ndef helper(): return 1"
TESTS = """
    @pytest.mark.exercise("one")
    def test_one(student):
        assert student.one() == 1

    @pytest.mark.exercise("two")
    def test_two(student):
        assert student.two() == 2
"""


@pytest.mark.parametrize(
    "later",
    [
        "def helper(): return 7",
        "helper = None",
        "one = 7",
        "del helper",
        "list = [1]",
        "%reset -f",
        "globals().clear()",
        "import os\nos.chdir('/tmp')",
    ],
)
def test_later_cells_do_not_reach_back(judge, later):
    program = notebook(("one", ONE), ("two", f"{later}\ndef two(): return 2"))
    results, _ = judge(TESTS, program)
    assert [result.status for result in results.values()] == ["passed", "passed"]


MODES = """
    @pytest.mark.exercise("one")
    def test_grad(student):
        '''What a function of an early exercise needs of the modes.'''
        assert student.one() == "fine"
"""
NEEDS = """
import warnings, torch, numpy as np, matplotlib, os

def one():
    warnings.warn("only a warning")
    assert torch.zeros(1).dtype == torch.float32 and torch.zeros(1).device.type == "cpu"
    w = torch.ones(2, requires_grad=True)
    (w * w).sum().backward()
    assert w.grad is not None and not torch.is_anomaly_enabled()
    assert not torch.are_deterministic_algorithms_enabled()
    np.log(np.zeros(1))
    assert matplotlib.rcParams["lines.linewidth"] == 1.5
    assert sum([1, 2]) == 3
    return "fine"
"""


@pytest.mark.parametrize(
    "later",
    [
        "torch.set_grad_enabled(False)",
        "torch.set_default_dtype(torch.float64)",
        "torch.set_default_device('meta')",
        "guard = torch.inference_mode()\nguard.__enter__()",
        "torch.autograd.set_detect_anomaly(True)",
        "torch.use_deterministic_algorithms(True)",
        "warnings.simplefilter('error')",
        "np.seterr(all='raise')",
        "matplotlib.rcParams['lines.linewidth'] = 9",
        "import builtins\nbuiltins.sum = 0",
    ],
)
def test_modes_of_later_cells_do_not_reach_back(judge, later):
    program = notebook(("one", NEEDS), ("two", f"{later}\ndef two(): return 2"))
    results, _ = judge(MODES, program)
    assert results["test_grad"].message == ""


@pytest.mark.parametrize(
    "early", ["guard = torch.inference_mode()\nguard.__enter__()", "torch.set_default_device('meta')"]
)
def test_modes_hold_below_where_they_were_set(judge, early):
    tests = """
        @pytest.mark.exercise("one")
        def test_one(student):
            assert student.mode() == (False, "cpu")

        @pytest.mark.exercise("two")
        def test_two(student):
            assert student.mode() != (False, "cpu")

        @pytest.mark.exercise("one")
        def test_one_again(student):
            assert student.mode() == (False, "cpu")
    """
    mode = "import torch\ndef mode(): return torch.is_inference_mode_enabled(), torch.zeros(1).device.type"
    results, _ = judge(tests, notebook(("one", mode), ("two", early)))
    assert [result.message for result in results.values()] == [""] * 3


def test_names_that_exist_only_later_fill_gaps(judge):
    program = notebook(
        ("one", "def one(): return helper()"),
        ("", "class Number: pass"),
        ("two", "def helper(): return Number.value\ndef two(): return 2\nNumber.value = 1"),
    )
    results, _ = judge(TESTS, program)
    assert [result.status for result in results.values()] == ["passed", "passed"]


def test_two_exercises_with_helpers_of_one_name(judge):
    program = notebook(
        ("one", ONE), ("two", "def two(): return helper(1)\ndef helper(x): return x + 1"), ("given", "x = 3")
    )
    results, _ = judge(TESTS, program)
    assert [result.status for result in results.values()] == ["passed", "passed"]


@pytest.mark.parametrize(
    "draft", ["def one(): pass", "def one(x): return x", "def one():\n    raise NotImplementedError"]
)
@pytest.mark.parametrize("place", ["below", "at the end", "in the next exercise"])
def test_an_abandoned_draft_replaces_nothing(judge, draft, place):
    cells = [("one", ONE), ("two", "def two(): return 2")]
    if place == "in the next exercise":
        cells[1] = ("two", f"{draft}\n{cells[1][1]}")
    else:
        cells.insert({"below": 1, "at the end": 2}[place], ("", draft))
    results, _ = judge(TESTS, notebook(*cells))
    assert results["test_one"].status == "passed"


@pytest.mark.parametrize(
    "first",
    ["def one(): return 5", "def one(): raise ValueError", "def one(:", "import os\ndef one(): os._exit(0)"],
)
def test_a_second_attempt_right_below_counts(judge, first):
    cells = ("one", first), ("", "def one(): return 1"), ("two", "def two(): return 2")
    results, _ = judge(TESTS, notebook(*cells))
    assert [result.status for result in results.values()] == ["passed", "passed"]


def test_of_two_attempts_the_better_counts_as_a_whole(judge):
    tests = """
        @pytest.mark.exercise("one", weight=2)
        def test_value(student):
            assert student.one(1) == 1

        @pytest.mark.exercise("one")
        def test_other(student):
            assert student.one(2) == 4
    """
    cells = ("one", "def one(x): return x"), ("", "def one(x): return 4"), ("two", "two = 2")
    results, _ = judge(tests, notebook(*cells))
    assert [result.status for result in results.values()] == ["passed", "failed"]


def test_an_answer_below_an_untouched_stub_counts_wherever_it_stands(judge):
    stub = "def one():\n    raise NotImplementedError"
    cells = ("one", stub), ("two", "def two(): return 2"), ("given", "y = 3"), ("", "def one(): return 1")
    results, _ = judge(TESTS, notebook(*cells, unchanged=("one_1",)))
    assert results["test_one"].status == "passed"


def test_where_exercises_are_judged():
    cells = [
        ("given", "import torch"),
        ("one", "def one(): return torch"),
        ("", "x = 1"),
        ("", "def one(): pass"),
    ]
    assert places_of(notebook(*cells)) == {"one": Place(1, END)}
    assert places_of(notebook(*cells[:3])) == {"one": Place(1, None)}
    assert places_of(notebook(*cells[:2])) == {"one": Place(END, None)}
    more = notebook(*cells, ("two", "def two(): pass"), ("", "def one(): return 3"))
    assert places_of(more) == {"one": Place(1, 3), "two": Place(4, None)}
    parted = notebook(
        cells[0], cells[1], ("given", "y = 1"), cells[3], ("given", "y = 2"), ("two", "two = 2")
    )
    assert places_of(parted)["one"] == Place(1, 3)  # the course's cells between are no exercise's
    given = notebook(cells[0], ("one", "def one(): return y"), ("given", "y = 1"), ("two", "two = 2"))
    assert places_of(given)["one"] == Place(1, None)
    imported = notebook(cells[0], cells[1], ("", "import torch"), ("two", "two = 2"))
    assert places_of(imported)["one"] == Place(1, None)


@pytest.mark.parametrize(
    "harm",
    [
        "torch.get_default_dtype = torch.is_grad_enabled = lambda: os._exit(3)",
        "torch.is_grad_enabled = lambda: time.sleep(60)",
    ],
)
def test_a_state_that_cannot_be_kept_costs_only_itself(judge, harm):
    program = notebook(("one", f"import os, time, torch\n{harm}\n{ONE}"), ("two", "def two(): return 2"))
    results, _ = judge(TESTS, program, limits=Limits(seconds=1))
    assert results["test_one"].status in {"passed", "crashed", "timeout"}


SOURCES = """
    @pytest.mark.exercise("one")
    def test_text(student):
        assert uses(student.source("one"), "torch.optim") is EXPECTED
"""
READY = "def one(): return torch.optim.SGD"


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ((("one", READY),), True),
        ((("one", READY), ("", "def one(): return 1")), False),
        ((("one", f"{READY}\ndef one(): return 1"),), False),
        ((("one", ONE), ("two", "def helper(): return torch.optim.SGD")), False),
        ((("one", "def one(): return helper()"), ("two", "def helper(): return torch.optim.SGD")), True),
        ((("one", ONE), ("", f"# a draft\n{READY}"), ("two", "def two(): return 2")), False),
    ],
)  # fmt: skip
def test_a_source_is_what_counts(judge, cells, expected):
    results, _ = judge(SOURCES.replace("EXPECTED", str(expected)), notebook(*cells))
    assert results["test_text"].message == ""


def test_a_reference_does_not_replace_what_the_exercise_defines_anew(judge):
    tests = """
        REFERENCES = "def helper(): return 1\\ndef step(): return 5"

        @pytest.mark.exercise("two")
        def test_two(student):
            student.replace(REFERENCES)
            assert student.two() == 2 and student.step() == 5

        @pytest.mark.exercise("one")
        def test_one(student):
            student.replace(REFERENCES)
            assert student.one() == 1
    """
    program = notebook(
        ("one", ONE), ("two", "def two(): return helper(2)\ndef helper(x): return x\ndef step(): return 3")
    )
    results, _ = judge(tests, program)
    assert [result.message for result in results.values()] == ["", ""]
