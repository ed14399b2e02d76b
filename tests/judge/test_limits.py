"""Time, memory and output: who exceeds a limit pays for it alone."""

from support.judging import program

from nbjudge.judge.session import PER_EXERCISE
from nbjudge.languages import english
from nbjudge.model import Frame, Limits
from nbjudge.notes import Note


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
    assert [result.status for result in results.values()] == ["passed"] * 4


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


def test_values_that_are_slow_to_compare_end(judge, monkeypatch):
    monkeypatch.setattr("nbjudge.judge.judge.OWN", 1.0)
    monkeypatch.setattr("nbjudge.judge.judge.LEAST_OWN", 0.5)
    monkeypatch.setattr("nbjudge.judge.judge.LOADING", 1)
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
