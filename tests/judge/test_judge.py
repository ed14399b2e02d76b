"""The judge: what each kind of submission gets, on real processes. The attacks are those of someone who read the code."""

import builtins
import contextlib
import os
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest
import torch

from nbjudge.errors import CourseError, SandboxError
from nbjudge.judge import Source, close, decreasing, finite, is_tensor, open_judge, same_shape, uses
from nbjudge.judge.faults import StudentError, StudentFault, clean, student_error
from nbjudge.judge.session import PER_EXERCISE
from nbjudge.languages import english
from nbjudge.model import Cell, Credit, Frame, Limits, Note, Program
from nbjudge.sandbox import Zygote

HEADER = "import pytest, torch\nfrom nbjudge.judge import *\n"
LIMITS = Limits(seconds=5)


@pytest.fixture(scope="module")
def zygote():
    with Zygote("none") as zygote:
        zygote.wait_until_warm()
        yield zygote


def program(*cells, **changes):
    """A notebook of solution cells, or of (kind, source)."""
    made = []
    for number, cell in enumerate(cells, start=1):
        kind, source = cell if isinstance(cell, tuple) else ("solution", cell)
        made.append(Cell(f"ex_{number}", kind, textwrap.dedent(source), "ex", number))
    return Program(
        **{"language": "en", "cells": tuple(made), "missing": (), "unchanged": (), "repairs": ()} | changes
    )


@pytest.fixture
def judge(tmp_path, zygote):
    """judge(tests, program): the results by test name, and the cell reports."""

    def judge(tests, submitted, limits=LIMITS, seed=1):
        (tmp_path / "test_it.py").write_text(HEADER + textwrap.dedent(tests))
        kept = []

        def run(judge):
            kept.append(judge.grade(submitted, zygote, limits, seed))
            return 0

        assert open_judge(tmp_path, run) == 0
        results, reports = kept[0]
        return {result.test: result for result in results}, reports

    return judge


def test_each_outcome(judge):
    results, reports = judge(
        """
        mark = pytest.mark.exercise("ex")

        @mark
        def test_right(student):
            '''Adds one.

            More text.'''
            close(student.f(torch.ones(2)), torch.full((2,), 2.0))

        @mark
        def test_wrong(student):
            assert student.f(1) == 3

        @mark
        def test_unusable(student):
            assert student.nothing().sum() == 3

        @mark
        def test_raises(student):
            student.bad()

        @mark
        def test_hangs(student):
            student.hang()

        @mark
        def test_swells(student):
            student.swell()

        @mark
        def test_dies(student):
            student.die()

        @mark
        def test_absent(student):
            student.absent()

        @mark
        def test_right_again(student):
            assert student.f(1) == 2
        """,
        program(
            """
            import os, time
            def f(x):
                return x + 1
            def nothing(): pass
            def bad():
                raise ValueError("\\x1b[31mred\\u202e")
            def hang():
                while True:
                    time.sleep(0.01)
            def swell():
                return bytearray(1 << 50)
            def die():
                os._exit(3)
            """
        ),
        limits=Limits(seconds=1),
    )
    assert {name: result.status for name, result in results.items()} == {
        "test_right": "passed",
        "test_wrong": "failed",
        "test_unusable": "failed",
        "test_raises": "error",
        "test_hangs": "timeout",
        "test_swells": "memory",
        "test_dies": "crashed",
        "test_absent": "not_found",
        "test_right_again": "passed",
    }
    assert results["test_right"].title == "Adds one." and results["test_right"].fraction == 1
    assert (
        results["test_wrong"].message == "assert 2 == 3\n +  where 2 = f(1)"
        and results["test_wrong"].fraction == 0
    )
    unusable = results["test_unusable"].message
    assert unusable.kind == "unusable" and unusable.values["error"].startswith("Attr")
    assert results["test_raises"].message == "ValueError: red"
    [frame] = results["test_raises"].trace
    assert (frame.cell, frame.line, frame.function) == (1, 7, "bad")
    assert frame.source.startswith("raise ValueError(")
    assert results["test_hangs"].message == Note("too_slow", {"seconds": 1.0})
    assert english(results["test_hangs"].message) == "your code did not finish within 1 s"
    assert results["test_hangs"].trace == (Frame(1, 10, "hang", "time.sleep(0.01)"),)
    assert results["test_dies"].message == Note("exited", {"status": 3})
    assert results["test_absent"].message == Note("name_missing", {"name": "absent"})
    assert [report.status for report in reports] == ["ok"]


def test_authors_faults(judge):
    results, _ = judge(
        """
        mark = pytest.mark.exercise("ex")

        @pytest.fixture
        def broken():
            raise RuntimeError("no data")

        @mark
        def test_typo_before_the_call(student):
            undefined_name
            student.f(1)

        @mark
        def test_broken_fixture(student, broken):
            student.f(1)

        @mark
        def test_asks_nothing(student):
            assert student.f

        @mark
        def test_asks_nothing_at_all():
            pass

        @mark
        def test_cell_typo(student):
            student.f(1)
            student.cell("ex_typo")

        @mark
        def test_source_typo(student):
            student.source("other")

        @mark
        def test_credit_misuse(student, credit):
            credit(student.f(1), full=1, none=1)

        @mark
        def test_sends_an_object(student):
            student.f(object())

        @mark
        def test_skips(student):
            student.f(1)
            pytest.skip("no CUDA")

        kept = []

        @mark
        def test_keeps(student):
            kept.append(student.get("f"))

        @mark
        def test_uses_kept(student):
            student.f(1)
            kept[0](1)
        """,
        program("def f(x): return x"),
    )
    status = {name: result.status for name, result in results.items()}
    assert status.pop("test_keeps") == "passed"
    assert set(status.values()) == {"broken_test"}, status
    assert (
        results["test_cell_typo"].message == "no solution cell 'ex_typo' in this assignment; there is: ex_1"
    )


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


def test_swallowed_faults(judge):
    results, _ = judge(
        """
        mark = pytest.mark.exercise("ex")

        @mark
        def test_expected_exception(student):
            with pytest.raises(ValueError, match="negative"):
                student.check(-1)

        @mark
        def test_other_exception(student):
            with pytest.raises(KeyError):
                student.check(-1)

        @mark
        @pytest.mark.parametrize("name", ["die", "hang", "swell"])
        def test_fatal_ones_cannot_be_swallowed(student, name):
            with pytest.raises(Exception):
                getattr(student, name)()
            try:
                student.check(1)
            except Exception:
                pass
        """,
        program(
            """
            import os
            def check(x):
                if x < 0:
                    raise ValueError("negative")
            def die(): os._exit(0)
            def hang():
                while True: pass
            def swell(): raise MemoryError
            """
        ),
        limits=Limits(seconds=1),
    )
    assert [result.status for result in results.values()] == [
        "passed",
        "error",
        "crashed",
        "timeout",
        "memory",
    ]


def test_cells_that_fail_hang_or_kill_do_not_stop_the_rest(judge):
    results, reports = judge(
        """
        @pytest.mark.exercise("ex")
        @pytest.mark.parametrize("name", "abcd")
        def test_name(student, name):
            assert student.get(name) == 1
        """,
        program("a = 1\n1/0", "b = 1\nwhile True: pass", "c = 1\nimport os\nos._exit(1)", "d = 1"),
        limits=Limits(seconds=1),
    )
    assert [report.status for report in reports] == ["error", "timeout", "crashed", "ok"]
    assert reports[1].message == Note("cell_too_slow", {"seconds": 1.0})
    assert reports[1].trace == (Frame(2, 2, "", "while True: pass"),)
    assert [result.status for result in results.values()] == ["passed", "not_found", "not_found", "passed"]


def test_one_exercise_cannot_use_up_the_submission(judge):
    results, _ = judge(
        """
        @pytest.mark.exercise("hanging")
        @pytest.mark.parametrize("i", range(20))
        def test_hangs(student, i):
            student.hang()

        @pytest.mark.exercise("other")
        def test_other(student):
            assert student.f() == 1
        """,
        program("def f(): return 1\ndef hang():\n    while True: pass"),
        limits=Limits(seconds=0.3),
    )
    statuses = [result.status for name, result in results.items() if "hangs" in name]
    assert statuses == ["timeout"] * PER_EXERCISE + ["crashed"] * (20 - PER_EXERCISE)
    assert results["test_other"].status == "passed"


def test_background_thread_that_kills_later_is_not_the_next_tests_fault(judge):
    results, _ = judge(
        """
        @pytest.mark.exercise("a")
        def test_starts_it(student):
            student.start()
            import time; time.sleep(0.5)

        @pytest.mark.exercise("b")
        def test_next(student):
            assert student.f() == 1
        """,
        program(
            "import threading, os\ndef f(): return 1\ndef start(): threading.Timer(0.2, os._exit, (0,)).start()"
        ),
    )
    assert results["test_next"].status == "passed"


def test_limits_marker(judge):
    results, _ = judge(
        """
        @pytest.mark.exercise("ex")
        @pytest.mark.limits(seconds=0.3)
        def test_short(student):
            student.wait(1)

        @pytest.mark.exercise("ex")
        @pytest.mark.limits(seconds=0.3)
        def test_all_calls_count(student):
            for _ in range(5):
                student.wait(0.1)

        @pytest.mark.exercise("ex")
        def test_usual(student):
            student.wait(0.5)
        """,
        program("import time\ndef wait(s): time.sleep(s)"),
    )
    assert [result.status for result in results.values()] == ["timeout", "timeout", "passed"]


def test_source_and_rejected_and_missing(judge):
    tests = """
        mark = pytest.mark.exercise("ex")

        @mark
        def test_source(student):
            assert not uses(student.source("ex"), "torch.optim")

        @mark
        def test_call(student):
            student.f(1)
        """
    results, _ = judge(tests, program("import torch.optim as o\ndef f(x): return o.SGD"))
    assert [result.status for result in results.values()] == ["failed", "passed"]
    rejected = program(rejected=Note("empty_file"))
    results, reports = judge(tests, rejected)
    assert [(result.status, result.message) for result in results.values()] == [
        ("not_found", Note("empty_file"))
    ] * 2
    assert reports == ()


def test_deleted_cells_are_not_found(judge):
    results, _ = judge(
        """
        @pytest.mark.exercise("gone")
        @pytest.mark.parametrize("id", ["gone", "gone_part"])
        def test_source(student, id):
            student.source(id)

        @pytest.mark.exercise("gone")
        def test_cell(student):
            student.cell("gone_part")
        """,
        program("x = 1", missing=("gone_part",)),
    )
    assert {result.status for result in results.values()} == {"not_found"}


def test_messages_have_no_hints_for_the_command_line(judge):
    results, _ = judge(
        """
        @pytest.mark.exercise("ex")
        def test_list(student):
            assert student.f() == [1, 2]

        @pytest.mark.exercise("ex")
        def test_text(student):
            assert student.f("x\\n" * 50) == "y"
        """,
        program("def f(x=[1, 3]): return x"),
    )
    assert results["test_list"].message.splitlines()[1:] == ["  ", "  At index 1 diff: 3 != 2"], results[
        "test_list"
    ].message
    for result in results.values():
        assert "-v" not in result.message and "truncated" not in result.message, result.message


def test_grading_twice_gives_the_same(judge):
    tests = """
        import random

        @pytest.mark.exercise("ex")
        def test_random(student):
            assert 0 == [student.f(), torch.rand(1).item(), random.random()]
        """
    submitted = program("import torch, random\ndef f(): return torch.rand(1).item(), random.random()")
    first, again, other = (judge(tests, submitted, seed=seed)[0]["test_random"].message for seed in (1, 1, 2))
    assert first == again != other


def test_order_of_tests_does_not_matter(judge):
    """Globals, seeds and handles start afresh for each test."""
    results, _ = judge(
        """
        @pytest.mark.exercise("ex")
        @pytest.mark.parametrize("i", range(3))
        def test_counts(student, i):
            assert student.count() == 1
        """,
        program("n = 0\ndef count():\n    global n\n    n += 1\n    return n"),
    )
    assert {result.status for result in results.values()} == {"passed"}


# Handles


def test_handles(judge):
    results, _ = judge(
        """
        @pytest.mark.exercise("ex")
        def test_it(student):
            net = student.Net(3)
            assert net.size == 3 and net[1] == 2 and len(net) == 3 and list(net) == [0, 1, 2] and 2 in net
            net.size = 4
            net["a"] = torch.ones(1)
            assert net.size == 4 and net.items == {"a": torch.ones(1)}
            assert student.total(net) == 4
            assert net.grow(2) is None and net(5) == 11
            assert repr(net) == "<your Net>"
            with pytest.raises(ZeroDivisionError):
                net.fail()
            with pytest.raises(AttributeError):
                net.nosuch
            assert not hasattr(net, "nosuch") and not hasattr(net, "__array__")
            assert [p.shape for p in student.layer().parameters()] == [torch.Size([1, 2]), torch.Size([1])]
            assert student.apply(student.get("total"), net) == 6
        """,
        program(
            """
            import torch
            class Net:
                def __init__(self, size): self.size = size; self.items = {}
                def __getitem__(self, i): return i + 1
                def __setitem__(self, k, v): self.items[k] = v
                def __len__(self): return self.size
                def __iter__(self): return iter(range(self.size))
                def __call__(self, x): return x + self.size
                def grow(self, n): self.size += n
                def fail(self): 1 / 0
            def total(net): return net.size
            def layer(): return torch.nn.Linear(2, 1)
            def apply(f, x): return f(x)
            """
        ),
    )
    assert (results["test_it"].status, results["test_it"].message) == ("passed", "")


LIAR = """
    import torch
    class Yes:
        __array_priority__ = 1e9
        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None): return True
        def __array__(self, *a, **k): return None
        def yes(self, *a, **k): return True
        def me(self, *a, **k): return self
        __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __bool__ = __contains__ = __instancecheck__ = yes
        __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __abs__ = __neg__ = __call__ = __getitem__ = me
        __hash__ = object.__hash__
        def __float__(self): return 1.0
        def __index__(self): return 1
        def __len__(self): return 1
        def __iter__(self): return iter((Yes(),))
        def __getattr__(self, name): return self
    class Tensor(torch.Tensor):
        __eq__ = lambda self, other: True
        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None): return True
    class Float(float):
        __eq__ = __lt__ = __le__ = __gt__ = __ge__ = lambda self, other: True
        __hash__ = float.__hash__
    class Str(str):
        __eq__ = lambda self, other: True
        __hash__ = str.__hash__
    def yes(*a): return Yes()
    def tensor(*a): return torch.zeros(2).as_subclass(Tensor)
    def number(*a): return Float(0)
    def text(*a): return Str("")
    def several(*a): return [Yes(), Yes()]
    """


@pytest.mark.parametrize("lie", ["yes", "tensor", "number", "text", "several"])
def test_lying_objects_pass_no_comparison(judge, lie):
    results, _ = judge(
        f"""
        mark = pytest.mark.exercise("ex")
        value = lambda student: student.{lie}()

        @mark
        def test_truth(student): assert student.{lie}() if "{lie}" != "several" else all(student.{lie}())
        @mark
        def test_equal(student): assert value(student) == 1
        @mark
        def test_unequal(student): assert all(v != 1 for v in [student.yes(), value(student)])
        @mark
        def test_less(student): assert value(student) < 1
        @mark
        def test_close(student): close(value(student), torch.ones(2))
        @mark
        def test_close_number(student): close(value(student), 1.0)
        @mark
        def test_assert_close(student): torch.testing.assert_close(value(student), torch.ones(2))
        @mark
        def test_equal_tensors(student): assert torch.equal(value(student), torch.ones(2))
        @mark
        def test_tensor(student): is_tensor(value(student))
        @mark
        def test_isinstance(student): assert isinstance(value(student), torch.Tensor)
        @mark
        def test_all(student): assert (value(student) == torch.ones(2)).all()
        @mark
        def test_float(student): assert float(value(student)) > 0.5
        @mark
        def test_in(student): assert value(student) in [1.0, "a"]
        @mark
        def test_finite(student): finite(value(student))
        @mark
        def test_decreasing(student): decreasing(value(student))
        @mark
        def test_accuracy(student, credit): credit((value(student) == torch.ones(2)).double().mean(), full=1, none=0)
        """,
        program(LIAR),
    )
    assert {name for name, result in results.items() if result.fraction > 0} == set()
    assert "broken_test" not in {result.status for result in results.values()}


def test_endless_and_huge_iterations_end(judge):
    results, _ = judge(
        """
        mark = pytest.mark.exercise("ex")

        @mark
        def test_generator(student):
            for _ in student.endless(): pass

        @mark
        def test_list(student):
            list(student.long())

        @mark
        def test_negative(student):
            len(student.negative())

        @mark
        def test_sequence(student):
            torch.tensor(student.long())
        """,
        program(
            """
            def endless():
                while True: yield 1
            class long:
                def __len__(self): return 1 << 40
                def __getitem__(self, i): return 1.0
            class negative:
                def __len__(self): return -1
            """
        ),
    )
    statuses = {name: result.status for name, result in results.items()}
    assert statuses["test_generator"] in ("error", "timeout")
    assert statuses["test_list"] == statuses["test_negative"] == "error"
    assert statuses["test_sequence"] in ("error", "timeout", "failed")


# Attacks on the protocol, by code that has read the server's source


ATTACK = """
import gc, mmap, os, socket, struct, sys
from nbjudge import wire
server = next(o for o in gc.get_objects() if type(o).__name__ == "Server")
"""


@pytest.mark.parametrize(
    "attack",
    [
        "os.write(3, b'x' * 24)",  # an answer before the question
        "os.write(3, b'')",
        "os.write(3, b'x' * 5000)",
        "os.close(3)",
        "[os.write(3, wire.PACKET.pack(b'NBJ1', 1, 1, n)) for n in range(5)]",
        "server.answer = lambda packet: b'x' * 24",
        "server.answer = lambda packet: wire.encode(('ok', 4, 5), server.arena, wire.nonce_of(packet), server.hold)",
        "server.answer = lambda packet: wire.encode(('passed',), server.arena, wire.nonce_of(packet), server.hold)",
        "server.answer = lambda packet: wire.encode(['ok', 4], server.arena, wire.nonce_of(packet), server.hold)",
        "server.answer = lambda packet: wire.encode(('error', 'E', 'ValueError', 'm', 0, []), server.arena, "
        "wire.nonce_of(packet), server.hold)",
        "server.answer = lambda packet: wire.encode(('ok', 4), server.arena, wire.nonce_of(packet) ^ 1, server.hold)",
        "sys.setswitchinterval(1e-6); os._exit(0)",
    ],
)
def test_protocol_breaches_are_crashes_and_stay_with_their_test(judge, attack):
    results, _ = judge(
        """
        @pytest.mark.exercise("a")
        def test_attack(student):
            student.attack()
            assert student.f() == 4

        @pytest.mark.exercise("b")
        def test_other(student):
            assert student.f() == 3
        """,
        program(ATTACK + f"def attack():\n    {attack}\ndef f(): return 3"),
    )
    assert results["test_attack"].status == "crashed", results["test_attack"]
    assert results["test_other"].status == "passed", results["test_other"]


def test_second_answer_does_not_answer_the_next_call(judge):
    results, _ = judge(
        """
        @pytest.mark.exercise("ex")
        def test_it(student):
            student.first()
            assert student.second(5) == 25
        """,
        program(
            ATTACK
            + """
def first():
    answer = server.answer
    def twice(packet):
        reply = wire.encode(("ok", 25), server.arena, wire.nonce_of(packet), server.hold)
        os.write(3, reply)
        return reply
    server.answer = twice
def second(x): return 0
"""
        ),
    )
    assert results["test_it"].status in ("crashed", "passed")  # passed: it did answer 25 itself, to this call
    results, _ = judge(
        """
        @pytest.mark.exercise("ex")
        def test_it(student):
            assert student.first() == 1
            assert student.second(5) == 25
        """,
        program(
            ATTACK
            + """
def first():
    def later():
        import time
        time.sleep(0.2)
        os.write(3, wire.PACKET.pack(b"NBJ1", 3, 3, nonce))
    import threading
    threading.Thread(target=later).start()
    return 1
nonce = 1
def second(x):
    import time
    time.sleep(1)
    return 25
"""
        ),
    )
    assert results["test_it"].status == "crashed"


def test_forged_frames_and_messages_are_only_text(judge):
    results, _ = judge(
        """
        mark = pytest.mark.exercise("ex")

        @mark
        def test_frames(student): student.frames()
        @mark
        def test_types(student): student.types()
        """,
        program(
            ATTACK
            + """
def frames():
    server.describe = lambda error: ("E\\n", "ValueError", "\\x1b]0;x\\x07m\\u202e\\u2028",
        False, [("cell 99", 1, "f"), ("cell 1", 10**9, "<script>"), ("cell 1", -5, "g"), ("cell 1", True, "h"), 7, ()])
    raise ValueError
def types():
    server.describe = lambda error: ("E", "SystemExit", "m", False, [])
    raise ValueError
"""
        ),
    )
    assert results["test_frames"].status == "error"
    assert "\x1b" not in results["test_frames"].message and "\u202e" not in results["test_frames"].message
    frames = results["test_frames"].trace
    assert [(frame.cell, frame.function) for frame in frames] == [(1, "<script>"), (1, "g"), (1, "h")]
    assert frames[0].line < 200 and [frame.line for frame in frames[1:]] == [0, 1]
    assert results["test_types"].status == "error"


def test_values_that_are_slow_to_compare_end(judge, monkeypatch):
    monkeypatch.setattr("nbjudge.judge.plugin.OWN", 1.0)
    monkeypatch.setattr("nbjudge.judge.plugin.LEAST_OWN", 0.5)
    monkeypatch.setattr("nbjudge.judge.plugin.LOADING", 1)
    monkeypatch.setattr("nbjudge.judge.session.LOADING", 1)
    results, _ = judge(
        """
        @pytest.mark.exercise("ex")
        def test_slow(student):
            assert sum(1 for _ in iter(lambda: student.f() or 1, 0)) == 3

        @pytest.mark.exercise("ex")
        def test_diff(student):
            import itertools
            value = student.f()
            for _ in itertools.count(): value == 1

        @pytest.mark.exercise("ex")
        def test_other(student):
            assert student.f() == 0
        """,
        program("def f(): return 0"),
        limits=Limits(seconds=1),
    )
    assert [result.status for result in results.values()] == ["timeout", "failed", "passed"]


def test_tests_are_not_in_the_students_process(judge):
    results, _ = judge(
        """
        SECRET = "HIDDEN-" + "MARKER"
        @pytest.mark.exercise("ex")
        def test_search(student):
            assert student.search(SECRET[:7], SECRET[7:]) == []
        """,
        program(
            """
            import gc, sys
            def search(a, b):
                found = []
                f = sys._getframe()
                while f:
                    if "test_search" in f.f_code.co_name: found.append(f.f_code.co_name)
                    f = f.f_back
                found += [m for m in sys.modules if m.startswith(("nbjudge.judge", "_pytest", "pytest"))]
                return found
            """
        ),
    )
    assert results["test_search"].status == "passed", results["test_search"].message


def test_the_judges_random_numbers_cannot_be_drawn_again(judge):
    results, _ = judge(
        """
        import random

        @pytest.mark.exercise("ex")
        def test_seeds(student):
            mine = [torch.initial_seed(), torch.rand(1).item(), random.random()]
            theirs = student.seeds()
            assert len(theirs) == 4 and not set(mine) & set(theirs)
        """,
        program(
            "import gc, random, torch\nat_load = torch.initial_seed()\n"
            "def seeds(): return at_load, torch.initial_seed(), torch.rand(1).item(), random.random()"
        ),
    )
    assert results["test_seeds"].status == "passed"


def test_values_that_swell_the_judge_fail_their_test(judge):
    results, _ = judge(
        """
        @pytest.mark.exercise("ex")
        def test_broadcast(student):
            assert (student.many() == torch.zeros(100_000)).all()

        @pytest.mark.exercise("ex")
        def test_other(student):
            assert student.f() == 1
        """,
        program("import torch\ndef many(): return torch.zeros(100_000, 1)\ndef f(): return 1"),
    )
    assert results["test_broadcast"].status == "failed" and "memory" in english(
        results["test_broadcast"].message
    )
    assert results["test_other"].status == "passed"


# Our own faults


class BrokenZygote:
    def spawn(self, limits):
        raise SandboxError("no walls")


def test_sandbox_errors_are_never_a_result(tmp_path, zygote):
    tests = """
        @pytest.mark.exercise("ex")
        def test_it(student):
            try:
                student.f()
            except BaseException:
                pass
        """
    (tmp_path / "test_it.py").write_text(HEADER + textwrap.dedent(tests))
    with pytest.raises(SandboxError, match="no walls"):
        open_judge(tmp_path, lambda judge: judge.grade(program("f = len"), BrokenZygote(), LIMITS, 1) and 0)

    class LaterBroken(BrokenZygote):
        count = 0

        def spawn(self, limits):
            self.count += 1
            return zygote.spawn(limits) if self.count == 1 else super().spawn(limits)

    (tmp_path / "test_it.py").write_text(
        HEADER
        + textwrap.dedent(tests.replace("@pytest", '@pytest.mark.limits(memory="1GB")\n        @pytest'))
    )
    with pytest.raises(SandboxError, match="no walls"):
        open_judge(tmp_path, lambda judge: judge.grade(program("f = len"), LaterBroken(), LIMITS, 1) and 0)


# Collection


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "no test found"),
        ({"test_a.py": "def test_x(student): pass"}, 'mark it with @pytest.mark.exercise("'),
        ({"test_a.py": "@pytest.mark.exercise('no')\ndef test_x(student): pass"}, "no exercise 'no'"),
        ({"test_a.py": "@pytest.mark.exercise('a')\ndef test_x(student): pass"}, "exercise 'b' has no test"),
        ({"test_a.py": "import nosuch"}, "No module named 'nosuch'"),
        ({"test_a.py": "def test_x(:"}, "SyntaxError"),
        ({"conftest.py": "1/0", "test_a.py": ""}, "ZeroDivisionError"),
        ({"test_a.py": "@pytest.mark.exercize('a')\ndef test_x(student): pass"}, "'exercize' not found"),
        ({"test_a.py": "@pytest.mark.exercise('a', wieght=2)\ndef test_x(student): pass"}, "weight=1"),
        ({"test_a.py": "@pytest.mark.exercise('a', weight=0)\ndef test_x(student): pass"}, "above 0"),
        (
            {"test_a.py": "@pytest.mark.exercise('a', weight=float('nan'))\ndef test_x(student): pass"},
            "above 0",
        ),
        ({"test_a.py": "@pytest.mark.exercise('a', hidden=3)\ndef test_x(student): pass"}, "hidden must be"),
        (
            {
                "test_a.py": "@pytest.mark.limits(second=3)\n@pytest.mark.exercise('a')\ndef test_x(student): pass"
            },
            "no limit 'second'",
        ),
        (
            dict.fromkeys(
                ("test_a.py", "test_b.py"), "@pytest.mark.exercise('a')\ndef test_x(student): pass"
            ),
            "two tests of 'a' are called test_x",
        ),
    ],
    ids=range(14),
)
def test_author_errors_at_collection(tmp_path, files, message, capfd):
    for name, text in files.items():
        (tmp_path / name).write_text(HEADER + text)
    with pytest.raises(CourseError) as caught:
        open_judge(tmp_path, lambda judge: 0, {"a", "b"})
    assert message in str(caught.value)
    assert str(tmp_path) in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_missing_folder(tmp_path):
    with pytest.raises(CourseError, match="no such folder"):
        open_judge(tmp_path / "none", lambda judge: 0)


def test_collection_leaves_no_trace_and_heeds_nothing_outside(tmp_path):
    """In a process of its own: options, plugins and configuration of the caller's must not matter."""
    course = tmp_path / "autograders" / "a"
    (course / "submissions" / "zero").mkdir(parents=True)
    test = '@pytest.mark.exercise("a")\ndef test_x(student): pass\n'
    (course / "test_a.py").write_text(HEADER + test)
    (course / "submissions" / "zero" / "test_evil.py").write_text(HEADER + test)
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --nosuch-option")
    (tmp_path / "conftest.py").write_text("1/0")
    code = (
        "from nbjudge.judge import open_judge; from pathlib import Path\n"
        "def run(judge): print(len(judge.tests)); return 7\n"
        "raise SystemExit(open_judge(Path('autograders/a'), run, {'a'}))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTEST_ADDOPTS": "--nosuch", "PYTEST_PLUGINS": "nosuch"},
        capture_output=True,
        text=True,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (7, "1\n", "")
    assert not list(tmp_path.rglob("*.pyc")) and not list(tmp_path.rglob(".pytest_cache"))


def test_errors_of_run_come_through(tmp_path):
    (tmp_path / "test_a.py").write_text(HEADER + '@pytest.mark.exercise("a")\ndef test_x(student): pass')

    def run(judge):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        open_judge(tmp_path, run)


def test_specs(tmp_path):
    (tmp_path / "test_a.py").write_text(
        HEADER
        + '@pytest.mark.exercise("a", weight=2, hidden="edge cases")\n@pytest.mark.limits(seconds=60)\n'
        + 'def test_x(student):\n    """Title."""\n'
    )
    seen = []
    open_judge(tmp_path, lambda judge: seen.append((judge.tests[0], judge.seconds(LIMITS))) or 0)
    spec, seconds = seen[0]
    assert (spec.exercise, spec.name, spec.titles, spec.weight) == ("a", "test_x", {"": "Title."}, 2)
    assert (spec.hidden, spec.limits) == ("edge cases", {"seconds": 60})
    assert 60 < seconds < 200


def test_titles_in_the_students_language(tmp_path):
    (tmp_path / "test_a.py").write_text(
        HEADER
        + '@pytest.mark.parametrize("n", [1])\n@pytest.mark.exercise("a")\n'
        + 'def test_x(student, n):\n    """Adds one.\n\n    ru: Прибавляет единицу.\n    Not a title: a remark.\n    """\n'
    )
    seen = []
    open_judge(tmp_path, lambda judge: seen.extend(judge.tests) or 0)
    assert seen[0].title("ru") == "Прибавляет единицу. [1]"
    assert seen[0].title("en") == "Adds one. [1]"


def test_close_says_what_was_expected_and_what_came():
    with pytest.raises(AssertionError) as caught:
        close(torch.tensor([1.0, 2.5]), torch.tensor([1.0, 2.0]))
    assert "expected float32 [2]: 1, 2\ngot      float32 [2]: 1, 2.5\n" in str(caught.value)
    with pytest.raises(AssertionError, match=r"expected float64 \[20, 1\]: 0, 0, 0, 0, 0, 0, 0, 0, \.\.\."):
        close(np.ones((20, 1)), np.zeros((20, 1)))


def test_fork_after_collection(tmp_path, zygote):
    """As the pool does it: a judge process for each submission."""
    (tmp_path / "test_a.py").write_text(
        HEADER + '@pytest.mark.exercise("a")\ndef test_x(student): close(student.f(1.0), 2.0)'
    )

    def run(judge):
        child = os.fork()
        if child == 0:
            results, _ = judge.grade(program("def f(x): return 2 * x"), zygote, LIMITS, 1)
            os._exit(results[0].status != "passed")
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    assert open_judge(tmp_path, run) == 0


# Checks


def test_close():
    assert (
        close(torch.ones(2), torch.ones(2))
        and close(1, 1.0)
        and close(np.float32(1), 1)
        and close(torch.tensor(1.0), 1)
    )
    assert close([1.0, 2], [1.0, 2]) and close(np.ones(2), np.ones(2)) and close(1.05, 1.0, rtol=0, atol=0.1)
    assert close(torch.ones(1), torch.nn.Parameter(torch.ones(1)).detach()) and close(1.09, 1.0, rtol=0.1)
    for actual, expected in [
        (torch.ones(2), torch.ones(3)),
        (torch.ones(2), torch.ones(2, dtype=torch.float64)),
        (torch.ones(2, 1), torch.ones(2)),
        (np.ones(2), torch.ones(2)),
        (None, 1.0),
        (True, 1.0),
        ("1", 1.0),
        (torch.ones(2), 1.0),
        (float("nan"), float("nan")),
        (torch.tensor([float("nan")]), torch.tensor([float("nan")])),
        (1.1, 1.0),
        ([1.0], [1.0, 1.0]),
    ]:
        with pytest.raises(AssertionError):
            close(actual, expected)
    with pytest.raises(
        AssertionError, match=r"expected a tensor of torch.float32 with shape \[2\], got None"
    ) as caught:
        close(None, torch.ones(2))
    expected = Note("a_tensor", {"dtype": "torch.float32", "shape": "[2]"})
    assert caught.value.note == Note("other_kind", {"expected": expected, "got": "None"})


def test_what_a_check_quotes_is_clean():
    with pytest.raises(AssertionError) as caught:
        close("\x1b[31m\u202ered", 1.0)
    assert caught.value.note.values["got"] == Note("a_plain_value", {"type": "str", "value": "red"})
    assert str(caught.value) == "expected a number, got the str red"


def test_is_tensor_and_same_shape():
    assert is_tensor(torch.ones(2, 3), shape=(2, 3), dtype=torch.float32) and same_shape(
        np.ones(2), torch.ones(2)
    )
    for value, options in [
        (1, {}),
        (torch.ones(2), {"shape": (2, 1)}),
        (torch.ones(2), {"dtype": torch.int64}),
    ]:
        with pytest.raises(AssertionError):
            is_tensor(value, **options)
    for value in (torch.ones(3), [1, 2], None):
        with pytest.raises(AssertionError):
            same_shape(value, torch.ones(2))


def test_finite_and_decreasing():
    assert finite(torch.ones(2, 2)) and finite([1, 2.0]) and finite(np.ones(1))
    assert decreasing([3, 2, 1]) and decreasing(torch.tensor([2.0, 1.0])) and decreasing([3, 4, 1], rises=1)
    for values in ([1, float("nan")], [float("inf")], torch.tensor([float("nan")]), ["1"], "12", None, 5):
        with pytest.raises(AssertionError):
            finite(values)
    for values in ([1, 1], [1, 2], [2, float("nan")], [float("nan"), 1], [1], [], [3, 4, 5, 1]):
        with pytest.raises(AssertionError):
            decreasing(values)


@pytest.mark.parametrize(
    "source",
    [
        "import torch\ntorch.optim.SGD",
        "import torch.optim",
        "import torch.optim as o",
        "from torch import optim",
        "from torch import optim as o\no.SGD",
        "from torch.optim import SGD",
        "from torch.optim.sgd import SGD as S",
        "from torch import *\noptim.SGD",
        "import torch as t\nx = t\ny = x\ny.optim.SGD",
        "import torch\nopt = torch.optim\nopt.SGD",
        "%matplotlib inline\nfiles = !ls\nimport torch\ndef f():\n    %time torch.optim.SGD\n    torch.optim.Adam",
    ],
)
def test_uses_sees_every_name(source):
    assert uses(source, "torch.optim")


@pytest.mark.parametrize(
    ("source", "notebook", "expected"),
    [
        ("optim.SGD()", ["from torch import optim"], True),
        (
            "step()",
            ["import torch", "def step():\n    return helper()", "def helper(): torch.optim.SGD"],
            True,
        ),
        ("a.step()", ["import torch.optim as o", "class A:\n    x = o.SGD\na = A()"], True),
        ("f()", ["import torch", "def g(): torch.optim.SGD\ndef f(): pass"], False),
        ("torch.ones(1)", ["import torch.optim"], False),
        ("torch.optimal", ["import torch"], False),
        ("x = 1", ["from torch.optim import SGD", "this is no Python"], False),
        ("'torch.optim'", [], False),
    ],
)
def test_uses_follows_the_notebook(source, notebook, expected):
    assert uses(Source(source, notebook), "torch.optim") is expected


@pytest.mark.parametrize("source", ["def f(:", "\0", "(" * 10_000, "x" * 600_000, "-" * 100_000 + "1"])
def test_uses_refuses_what_it_cannot_read(source):
    with pytest.raises(AssertionError):
        uses(source, "torch.optim")


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "line", [" " * 300_000, "\t" * 100_000, "a " * 150_000, "a" * 300_000 + "!", "?" * 100_000]
)
def test_uses_is_quick_on_long_lines(line):
    with contextlib.suppress(AssertionError):
        uses(f"{line}\nimport torch.optim", "torch.optim")


# Faults and text


TRACE = (Frame(1, 2, "f", "x"),)


def test_every_builtin_exception_can_be_told():
    for name in dir(builtins):
        assert str(student_error(name, "m", TRACE)) == "m"


def test_student_errors_are_what_the_student_raised():
    for name in ("ValueError", "KeyError", "OSError", "SyntaxError", "NotImplementedError", "AssertionError"):
        error = student_error(name, f"{name}: m", TRACE)
        assert isinstance(error, getattr(__builtins__, name, None) or __builtins__[name])
        assert isinstance(error, StudentError) and str(error) == f"{name}: m" and error.trace == TRACE
    for name in (
        "SystemExit",
        "StopIteration",
        "UnicodeDecodeError",
        "ExceptionGroup",
        "BaseExceptionGroup",
        "Exception",
        "print",
        "nosuch",
        "__import__",
    ):
        assert type(student_error(name, "m", ())) is StudentError


def test_clean():
    assert clean("a\x1b[31mb\x1b]0;title\x07c\x00d\u202ee\tf\r\ng\u200bh") == "abcde\tf\ngh"
    assert clean("x" * 5000) == "x" * 4000 + " ..."
    assert str(StudentFault("\x1b[1mbold")) == "bold"
    assert str(StudentFault(Note("too_slow", {"seconds": 1.5}))) == "your code did not finish within 1.5 s"


def test_close_call_is_quick():
    """A forged message of many escapes must not make `clean` slow (no quadratic pattern)."""
    started = time.process_time()
    clean("\x1b]" * 100_000)
    clean("\x1b[" + "0" * 100_000)
    assert time.process_time() - started < 5


# Attacks on the loading of cells


@pytest.mark.parametrize("failure", ["()", "('not', 'a', 'description')", "('a', 'b', 'c', False, [], 1)"])
def test_a_description_that_is_none_costs_the_student_and_not_the_judge(judge, failure):
    results, reports = judge(
        """
        @pytest.mark.exercise("ex")
        def test_it(student):
            assert student.f() == 1
        """,
        program(
            f"""
            import gc
            from nbjudge.student.server import Server
            for thing in gc.get_objects():
                if type(thing) is Server:
                    thing.requests["load"] = lambda *a: ("output", {failure})
            def f():
                return 1
            """,
            "never = 1",
        ),
    )
    assert results["test_it"].status == "passed"
    assert [report.status for report in reports] == ["ok", "crashed"]


def test_what_all_cells_print_is_bounded_together(judge):
    limits = Limits(seconds=5, output=1000)
    _, reports = judge(
        """
        @pytest.mark.exercise("ex")
        def test_it(student):
            assert student.f() == 1
        """,
        program(
            *[f"print({i}, 'x' * 900)\nraise ValueError('y' * 900)" for i in range(30)], "def f(): return 1"
        ),
        limits,
    )
    kept = [
        len(report.output + report.message) + sum(len(frame.source) for frame in report.trace)
        for report in reports
    ]
    assert kept[0] > 1800 and sum(kept) < 4500
    assert {report.status for report in reports[:-1]} == {"error"}


def test_who_knows_the_seed_knows_no_random_number_of_the_tests(judge):
    """A submission's hash is its student's to choose: 32 bits of it are found by trying."""
    results, _ = judge(
        """
        @pytest.mark.exercise("ex")
        def test_hidden_number(student):
            assert student.guess() != torch.rand(1).item()
        """,
        program(
            """
            import hashlib, torch
            def guess():
                text = "7 judge ex test_hidden_number".encode()
                seed = int.from_bytes(hashlib.blake2b(text, digest_size=8).digest()) >> 1
                return torch.rand(1, generator=torch.Generator().manual_seed(seed)).item()
            """
        ),
        seed=7,
    )
    assert results["test_hidden_number"].status == "passed"


def test_the_warm_up_goes_as_it_should_and_changes_no_result(tmp_path, zygote):
    (tmp_path / "conftest.py").write_text(
        "import pytest\n@pytest.fixture(scope='session')\ndef kept(): return []\n"
    )
    tests = """
        @pytest.mark.exercise("ex")
        def test_random(student, kept):
            kept.append(1)
            assert (student.f(1), kept) == (2, [1]), torch.rand(3).tolist()
        """
    (tmp_path / "test_it.py").write_text(HEADER + textwrap.dedent(tests))
    seen = []

    def run(judge):
        submitted = program("def f(x): return x")
        seen.append(judge.grade(submitted, zygote, LIMITS, 1)[0])
        seen.append(judge.warm_up(zygote))
        seen.append(judge.grade(submitted, zygote, LIMITS, 1)[0])
        return 0

    open_judge(tmp_path, run)
    before, warmed, after = seen
    assert [(test.status, test.fraction) for test in warmed] == [
        ("passed", 1.0), ("passed", 1.0), ("passed", 1.0), ("failed", 0.0), ("error", 0.0), ("not_found", 0.0),
    ]  # fmt: skip
    assert [test.exercise for test in after] == ["ex"] and before[0].status == "failed"
    assert before[0].message == after[0].message and "[1]" in after[0].message
