"""The same submission gets the same result: tests share nothing, and their random numbers are theirs."""

import textwrap

from support.judging import HEADER, LIMITS, program

from nbjudge.judge import open_judge


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
            assert (student.f(1), kept) == (2, [1]), f"{torch.rand(3).tolist()} {kept}"
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
