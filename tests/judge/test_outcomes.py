"""What each kind of submission gets, and what the student is told."""

from support.judging import program

from nbjudge.languages import english
from nbjudge.model import Credit, Frame, Limits
from nbjudge.notes import Note


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
        results["test_wrong"].message == Note("not_equal", {"got": "2", "expected": "3"})
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


def test_a_merged_answer_is_found_by_the_name_of_the_cell_that_is_gone(judge):
    results, _ = judge(
        """
        @pytest.mark.exercise("two")
        @pytest.mark.parametrize("id", ["two", "two_part"])
        def test_source(student, id):
            assert uses(student.source(id), "math")
            assert not uses(student.source(id), "torch")

        @pytest.mark.exercise("ex")
        def test_the_other(student):
            assert uses(student.source("ex"), "torch")

        @pytest.mark.exercise("two")
        def test_cell(student):
            assert student.cell("two_part", x=4).root == 2
        """,
        program(
            "import math, torch\nx = 9\nroot = math.sqrt(x)\ny = torch.ones(1)",
            merged={"two_part": "ex_1"},
            parts={"two_part": "root = math.sqrt(x)"},
        ),
    )
    assert {result.status for result in results.values()} == {"passed"}


def test_nothing_of_pytests_explanations_reaches_students(judge):
    results, _ = judge(
        """
        @pytest.mark.exercise("ex")
        def test_list(student):
            assert student.f() == [1, 2]

        @pytest.mark.exercise("ex")
        def test_text(student):
            assert student.f("x\\n" * 50) == "y", "only one letter\\nand no line"

        @pytest.mark.exercise("ex")
        def test_truth(student):
            assert not student.f(True)

        @pytest.mark.exercise("ex")
        def test_all(student):
            assert student.f(1) == 1
            assert all(x == 0 for x in student.f())

        @pytest.mark.exercise("ex")
        def test_order(student):
            assert student.f(3.0) < 2

        @pytest.mark.exercise("ex")
        def test_member(student):
            assert student.f(3) in (1, 2), f"{student.f(3)} is neither"

        @pytest.mark.exercise("ex")
        def test_tensor(student):
            assert student.f(torch.arange(3)).sum() == 7

        @pytest.mark.exercise("ex")
        def test_fail(student):
            student.f()
            pytest.fail("no")
        """,
        program("def f(x=[1, 3]): return x"),
    )
    assert {name: english(result.message) for name, result in results.items()} == {
        "test_list": "expected [1, 2], got [1, 3]",
        "test_text": "only one letter\nand no line",
        "test_truth": "what the title says does not hold",
        "test_all": "what the title says does not hold",
        "test_order": "it does not hold that 3.0 < 2",
        "test_member": "3 is neither",
        "test_tensor": "expected 7, got torch.tensor(3)",
        "test_fail": "no",
    }


def test_a_failed_test_keeps_its_last_call(judge):
    results, _ = judge(
        """
        mark = pytest.mark.exercise("ex")

        @mark
        def test_call(student):
            close(student.double(1.5), 3.0)
            close(student.double(torch.tensor([1.0, 2.0]), times=3), torch.ones(2))

        @mark
        def test_large(student):
            student.double(torch.zeros(50, 3, dtype=torch.float64), [1] * 20)

        @mark
        def test_run(student):
            assert student.run("y = double(x)", x=torch.ones(2, dtype=torch.float64), lr=0.1)["y"] is None

        @mark
        def test_none(student):
            student.run("y = 1")
            assert student.get("double") is None

        @mark
        def test_right(student):
            close(student.double(2), 4)
        """,
        program("def double(x, times=2): return times * x"),
    )
    assert {name: result.call for name, result in results.items()} == {
        "test_call": "double(torch.tensor([1.0, 2.0]), times=3)",
        "test_large": "double(float64 [50, 3], [1, 1, 1, 1, 1, 1, 1, 1, ...])",
        "test_run": "x = torch.tensor([1.0, 1.0], dtype=torch.float64)\nlr = 0.1",
        "test_none": "",
        "test_right": "",
    }


def test_what_is_required_and_credited_is_said_in_the_notebooks_language(judge):
    tests = """
        mark = pytest.mark.exercise

        @mark("ex")
        def test_require(student):
            require(student.f(1) == 1, "never seen", ru="не видно")
            require(student.f(1) == 2, "one is not two", ru="один — не два")

        @mark("ex", hidden={"en": "edges", "ru": "края"})
        def test_credit(student, credit):
            credit(student.f(0.75), full=1, none=0.5, what="accuracy", ru="точность")
        """
    for language, said, what, hidden in (
        ("en", "one is not two", "accuracy", "edges"),
        ("ru", "один — не два", "точность", "края"),
        ("de", "one is not two", "accuracy", "edges"),
    ):
        results, _ = judge(tests, program("def f(x): return x", language=language))
        required, credited = results["test_require"], results["test_credit"]
        assert (required.status, required.message) == ("failed", said)
        assert credited.credits == (Credit(0.75, 1.0, 0.5, 0.5, what),) and credited.hidden == hidden
