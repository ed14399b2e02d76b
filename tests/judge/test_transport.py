"""What a student's values and cells do to the transport: a fault of theirs, never of the test, the author or nbjudge."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.judging import Judged, program

from nbjudge.model import Limits

Judge = Callable[..., Judged]
ROOMY = Limits(seconds=20, memory=1 << 30)
BACK_AND_FORTH = """
    @pytest.mark.exercise("a")
    def test_there_and_back(student):
        value = student.make(3)
        other = student.make(4)
        with pytest.raises(ValueError):
            student.take([value, other], value)

    @pytest.mark.exercise("b")
    def test_other(student):
        assert student.f() == 3
"""
TAIL = "\ndef f(): return 3\n"


@pytest.mark.parametrize(
    "make",
    [
        "return [0] * 400_000",  # two of them are more parts than one message may have
        "return ['x' * 1000] * 3000",
        "return torch.zeros(40 << 20)",
        "return [object() for _ in range(9000)]",
        "return [object() for _ in range(110_000)]",
        "return torch.empty(2**28, 0)",
        "return torch.empty(0, 2**20, 2**20)",
        "return torch.zeros(2**25, 1, dtype=torch.uint8)",
        "v = []\n    for _ in range(31): v = [v]\n    return v",
        "return '\\ud800'",
        "return {1: {object(): 2}, (object(),): 1}",
    ],
)
def test_a_value_that_does_not_fit_is_the_students_fault_and_costs_no_other_exercise(
    judge: Judge, make: str
) -> None:
    source = f"import torch\ndef make(n):\n    {make}\ndef take(*a): return 1{TAIL}"
    results, _ = judge(BACK_AND_FORTH, program(source), ROOMY)
    assert results["test_there_and_back"].status in ("memory", "error", "crashed", "failed")
    assert results["test_other"].status == "passed", results["test_other"]


def test_handles_that_were_dropped_are_let_go_of_in_slices(judge: Judge) -> None:
    tests = """
        @pytest.mark.exercise("ex")
        def test_many(student):
            for _ in range(12):
                student.make()
            assert student.left() == 3
            assert student.f() == 3
    """
    source = """
    import gc
    class Thing: pass
    def make(): return [Thing() for _ in range(9_000)]
    def left():
        return 3 if sum(type(o) is Thing for o in gc.get_objects()) < 20_000 else 0
    def f(): return 3
    """
    results, _ = judge(tests, program(source), ROOMY)
    assert results["test_many"].status == "passed", results["test_many"]


def test_a_cell_of_five_megabytes_runs(judge: Judge) -> None:
    tests = """
        @pytest.mark.exercise("ex")
        def test_it(student):
            assert len(student.get("WEIGHTS")[:10]) == 10 and student.f() == 3

        @pytest.mark.exercise("ex")
        def test_cell(student):
            assert student.cell("ex_1")["size"] == 5_000_000
    """
    big = (
        "WEIGHTS = '"
        + "A" * 5_000_000
        + "'\nsize = len(WEIGHTS)\nWEIGHTS = WEIGHTS[:99]\ndef f(): return 3\n"
    )
    results, reports = judge(tests, program(big), ROOMY)
    assert {one.status for one in results.values()} == {"passed"}, results
    assert reports[0].status == "ok"


def test_clearing_up_after_a_test_takes_no_time_of_the_next(judge: Judge) -> None:
    tests = """
        @pytest.mark.exercise("a")
        def test_first(student):
            assert student.keep() == 1

        @pytest.mark.exercise("b")
        def test_second(student):
            assert student.slow() == 3
    """
    source = """
    import time
    class Slow:
        def __del__(self): time.sleep(1.2)
    def keep():
        global kept
        kept = Slow()
        return 1
    def slow():
        time.sleep(1.0)
        return 3
    """
    results, _ = judge(tests, program(source), Limits(seconds=2))
    assert {one.status for one in results.values()} == {"passed"}, results


VALUES = st.sampled_from(
    [
        "None", "3", "-1.5", "float('nan')", "2**3000", "2**9000", "'x'", "'\\ud800'", "b'x'", "True", "...",
        "object()", "lambda: 1", "type('T', (), {'__eq__': lambda *a: 1 / 0})()", "torch.ones(2)", "torch.ones(2, 0)",
        "torch.empty(2**30, 0)", "torch.nn.Linear(2, 2)", "float", "{1, 2}", "{}", "slice(1, object())", "range(9)",
        "np.ones(3)", "np.array(['x'])", "np.float32(1)", "torch.ones(2, dtype=torch.int8)", "Ellipsis", "iter([1])",
        "torch.float32", "torch.device('meta')", "torch.Size([1, 2])", "torch.ones(2).to_sparse()", "(x for x in [1])",
    ]
)  # fmt: skip
NESTED = st.recursive(
    VALUES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda parts: f"[{', '.join(parts)}]"),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]}, {pair[1]})"),
        st.tuples(inner, inner).map(lambda pair: f"dict([({pair[0]}, {pair[1]})])"),
    ),
    max_leaves=6,
)
ENDS = st.sampled_from(
    [
        "return value",
        "raise ValueError(value)",
        "raise SystemExit",
        "raise type('E', (ValueError,), {'__str__': lambda self: 1})()",
        "return value if not once.append(1) and len(once) > 1 else 3",
        "yield value",
        "raise StopIteration(value)",
        "raise MemoryError",
        "raise RecursionError('x' * 10**6)",
        "raise ExceptionGroup('\\ud800', [ValueError()])",
    ]
)
ASKING = """
    def use(value):
        repr(value), str(value)
        if isinstance(value, (list, tuple)):
            [use(one) for one in value]
        return value

    @pytest.mark.exercise("a")
    def test_value(student):
        assert use(student.act(1)) == [1, 2]

    @pytest.mark.exercise("a")
    def test_exception(student):
        with pytest.raises(KeyError):
            student.act(student.act(2))

    @pytest.mark.exercise("a")
    def test_handle(student, credit):
        value = student.act(3)
        credit(value, full=1, none=0)
        assert len(value) == 77 and list(value) and value.shape == (1,) and value(3)

    @pytest.mark.exercise("b")
    def test_other(student):
        assert student.f() == 3
"""


@pytest.mark.slow
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    derandomize=True,
)
@given(value=NESTED, end=ENDS, at_load=st.booleans())
def test_nothing_that_a_student_returns_or_raises_breaks_a_test_or_the_judge(
    judge: Judge, value: str, end: str, at_load: bool
) -> None:
    act = f"once = []\ndef act(x):\n    value = {value}\n    {end}\n"
    cells: list[Any] = [f"import torch, numpy as np{TAIL}", act]
    if at_load:
        cells.append(f"value = {value}\nprint(value)\nraise ValueError(value)")
    results, reports = judge(ASKING, program(*cells), Limits(seconds=5, memory=1 << 30))
    assert results["test_other"].status == "passed", results["test_other"]
    for name in ("test_value", "test_exception", "test_handle"):
        assert results[name].status not in ("passed", "broken_test"), results[name]
    assert len(reports) == len(cells)
