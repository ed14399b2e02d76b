"""Tests that score nobody: a worker runs them once before its first judge, which then finds everything slow done.

The interpreter specialises code, caches look-ups and compiles patterns the first time; each forked judge would begin
anew.
"""

import pytest

from nbjudge.judge.checks import close, is_tensor
from nbjudge.judge.outcome import CreditFixture
from nbjudge.judge.student_fixture import StudentCode
from nbjudge.model import Cell, Program

SOURCE = "import torch\n\ndef double(x):\n    return 2 * x\n\ndef fail(x):\n    raise ValueError(x)\n"
PROGRAM = Program(
    language="en",
    cells=(
        Cell("given", "given", "import math\nprint(math.pi)", None, 1),
        Cell("warm-up", "solution", SOURCE, "warm-up", 2),
    ),
    missing=(),
    unchanged=(),
    repairs=(),
)


@pytest.mark.exercise("warm-up")
def test_tensors(student: StudentCode) -> None:
    """Tensors there and back."""
    import torch

    inputs = torch.randn(2, 3)
    result = student.double(inputs)
    is_tensor(result, shape=(2, 3), dtype=torch.float32)
    close(result, 2 * inputs)
    close(student.double(torch.ones(3, requires_grad=True)), torch.full((3,), 2.0))


@pytest.mark.exercise("warm-up", weight=2, hidden=True)
@pytest.mark.parametrize("value", [1, 2.5])
def test_numbers(student: StudentCode, value: float) -> None:
    """Plain values; a number written out.

    ru: Простые значения.
    """
    assert student.double(value) == 2 * value
    assert student.double([value, "x"]) == [value, "x"] * 2


@pytest.mark.exercise("warm-up")
def test_wrong(student: StudentCode, credit: CreditFixture) -> None:
    """A wrong answer."""
    credit(0.5, full=1, none=0)
    assert student.double(3) == 7, "not seven"


@pytest.mark.exercise("warm-up")
def test_errors(student: StudentCode) -> None:
    """An exception in the student's code."""
    student.fail("message")


@pytest.mark.exercise("warm-up")
def test_missing(student: StudentCode) -> None:
    """A name that is not there."""
    student.missing(1)
