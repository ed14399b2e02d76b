"""Forged replies: what passes without a solution is found, and what only the judge knows is not passed."""

import textwrap

import pytest
from support.judging import HEADER, LIMITS, program

from nbjudge.grading.context import REPLAY_GRADINGS
from nbjudge.judge import open_judge
from nbjudge.judge.replay import FORGERS, HEARD, replay

SOLUTION = """
import torch

def double(x):
    return 2 * x

def flag():
    return True

def fill(x):
    x.zero_()

def nothing():
    return None

class Counter:
    def __init__(self):
        self.count = 0
    def add(self, n):
        self.count += n
        return self.count

def refuse(x):
    raise ValueError("no")
"""
TESTS = """
    mark = pytest.mark.exercise("ex")

    @mark
    def test_constant(student):
        assert student.double(3) == 6

    @mark
    def test_drawn(student):
        x = torch.randn(5)
        close(student.double(x), 2 * x)

    @mark
    def test_drawn_number(student):
        import random
        n = random.randrange(10**6)
        assert student.double(n) == 2 * n

    @mark
    def test_one_of_few(student):
        import random
        n = random.choice([1, 2])
        assert student.double([n]) == [n, n]

    @mark
    def test_zeros(student):
        x = torch.randn(5)
        names = student.run("y = x.clone()\\nfill(y)", x=x)
        close(names["y"], torch.zeros(5))

    @mark
    def test_kept(student):
        x = torch.randn(5)
        assert torch.equal(student.run("double(x)", x=x)["x"], x)

    @mark
    def test_claim(student):
        assert student.flag() is True

    @mark
    def test_nothing(student):
        assert student.nothing() is None

    @mark
    def test_handle(student):
        import random
        counter = student.Counter()
        n = random.randrange(10**6)
        assert counter.add(n) == n and counter.count == n

    @mark
    def test_handle_and_constant(student):
        counter = student.Counter()
        assert counter.add(2) == 2 and counter.count == 2

    @mark
    def test_raises(student):
        with pytest.raises(ValueError):
            student.refuse(1)

    @mark
    def test_partial(student, credit):
        credit(student.double(0.6), full=2, none=0)
"""
SECRET = {"test_drawn", "test_drawn_number", "test_handle"}


@pytest.fixture(scope="module")
def forged(tmp_path_factory, zygote):
    folder = tmp_path_factory.mktemp("replay")
    (folder / "test_it.py").write_text(HEADER + textwrap.dedent(TESTS))
    found = []

    def run(judge):
        found.append(replay(judge, program(SOLUTION), zygote, LIMITS, 5))
        found.append(replay(judge, program(SOLUTION), zygote, LIMITS, 5, exercises=["another"]))
        return 0

    assert open_judge(folder, run) == 0
    assert found[1] == ()
    return {result.test: result for result in found[0]}


def test_what_only_the_judge_draws_is_not_forged(forged):
    assert {name for name, result in forged.items() if result.status != "passed"} == SECRET


def test_how_it_was_forged(forged):
    by = {name: result.message for name, result in forged.items() if result.status == "passed"}
    assert by == {
        "test_constant": "heard",
        "test_one_of_few": by["test_one_of_few"],
        "test_zeros": by["test_zeros"],
        "test_kept": "echo",
        "test_claim": "heard",
        "test_nothing": "heard",
        "test_handle_and_constant": "heard",
        "test_raises": "heard",
        "test_partial": "heard",
    }
    assert by["test_one_of_few"] in ("heard", "nearest") and by["test_zeros"] in ("heard", "zeros")


def test_part_of_the_credit_is_part_of_the_points(forged):
    assert forged["test_partial"].fraction == 0.6


def test_a_worker_waits_long_enough():
    assert HEARD + len(FORGERS) == REPLAY_GRADINGS
