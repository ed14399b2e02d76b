"""Hidden tests are collected: an author's errors are named, nothing outside is heeded; faults of the sandbox are never a result."""

import os
import subprocess
import sys
import textwrap

import pytest
from support.judging import HEADER, LIMITS, program

from nbjudge.errors import CourseError, SandboxError
from nbjudge.judge import open_judge


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
    assert 120 < seconds < 250


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
