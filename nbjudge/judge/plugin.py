"""pytest as a library: collects an autograder once, and gives its fixtures to the tests that the judge runs."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import re
import sys
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

import pytest

from nbjudge.errors import CourseError
from nbjudge.files import counting_files
from nbjudge.judge.judge import Judge
from nbjudge.judge.outcome import CreditFixture
from nbjudge.judge.specs import MARKERS, check_tests, spec_of
from nbjudge.judge.student_fixture import StudentCode
from nbjudge.notebooks.needed import asked_names
from nbjudge.threads import ONE_THREAD

WARM_UP = Path(__file__).with_name("warm_up.py")


def open_judge(folder: Path, run: Callable[[Judge], int], exercises: Collection[str] | None = None) -> int:
    """Collects the tests in `folder` (autograders/<assignment>/) and returns what `run(judge)` returns.

    `exercises`: ids of the automatically graded exercises. CourseError: the folder has no tests, does not import,
    or a test's markers are wrong; with `exercises` also if a test names another one or one of them has no test.
    """
    if not folder.is_dir():
        raise CourseError(f"{folder}: no such folder; put the assignment's tests there")
    plugin = _Plugin(folder, run, exercises)
    with _quiet_environment(), _own_modules(folder), contextlib.redirect_stderr(plugin.stderr):
        pytest.main(_arguments(folder), plugins=[plugin])
    if plugin.error is not None:
        raise plugin.error
    if plugin.answer is None:
        raise CourseError(f"{folder}: the tests cannot be loaded:\n{plugin.stderr.getvalue().strip()}")
    return plugin.answer


class _Plugin:
    """What pytest.main calls back, once for each judge."""

    def __init__(self, folder: Path, run: Callable[[Judge], int], exercises: Collection[str] | None) -> None:
        self.folder, self.run, self.exercises = folder, run, exercises
        self.stderr = io.StringIO()
        self.outer_stderr = sys.stderr
        self.judge: Judge | None = None
        self.failures: list[str] = []
        self.answer: int | None = None
        self.error: BaseException | None = None

    def pytest_configure(self, config: pytest.Config) -> None:
        for marker in MARKERS:
            config.addinivalue_line("markers", marker)

    @pytest.fixture
    def student(self) -> StudentCode:
        """The student's code, in its own process."""
        assert self.judge is not None
        return self.judge.student()

    @pytest.fixture
    def credit(self) -> CreditFixture:
        """credit(value, full=, none=): partial credit."""
        assert self.judge is not None
        return self.judge.credit()

    @pytest.fixture
    def device(self) -> str:
        """Where the student's code computes: "cuda" on a GPU slot, else "cpu"."""
        assert self.judge is not None
        return self.judge.device

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.failures.append(report.longreprtext)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        with contextlib.redirect_stderr(self.outer_stderr):
            try:
                self.judge = self._make_judge(session.items)
                self.answer = self.run(self.judge)
            except BaseException as error:  # raised again by open_judge, or pytest would swallow it
                self.error = error
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> pytest.TestReport:
        """In place of pytest's own report, which formats tracebacks that nobody reads."""
        if call.excinfo is not None and self.judge is not None:
            self.judge.note(call.excinfo.value)
        outcome: Any = "passed" if call.excinfo is None else "failed"
        when: Any = call.when
        times = (call.duration, call.start, call.stop)
        return pytest.TestReport(item.nodeid, item.location, {}, outcome, None, when, (), *times)

    def pytest_assertrepr_compare(self, op: str, left: object, right: object) -> None:
        """Keeps what an assertion compared; pytest's own words for it are for authors."""
        if self.judge is not None:
            self.judge.compared = op, left, right

    def _make_judge(self, items: list[pytest.Item]) -> Judge:
        if self.failures:
            raise CourseError(f"{self.folder}: the tests cannot be loaded:\n" + "\n".join(self.failures))
        warm_up_items = [item for item in items if item.path == WARM_UP]
        items = [item for item in items if item.path != WARM_UP]
        if not items:
            raise CourseError(f"{self.folder}: no test found; write test_*.py with functions test_*")
        tests = tuple(spec_of(item) for item in items)
        check_tests(self.folder, tests, self.exercises)
        if "torch" in sys.modules:
            _warm_torch()
        asked = asked_names(_sources(self.folder))
        return Judge(items, tests, _secret_of(self.folder), warm_up_items, asked)


def _arguments(folder: Path) -> list[str]:
    options = ["no:cacheprovider", "no:terminalreporter", "no:faulthandler", "no:logging", "no:doctest"]
    return [
        str(folder),
        str(WARM_UP),
        *(part for option in options for part in ("-p", option)),
        *("-c", os.devnull, "--rootdir", str(folder), "--confcutdir", str(folder)),
        *("--ignore", str(folder / "submissions")),
        *("--import-mode=importlib", "--strict-markers", "--capture=no"),
    ]


@contextlib.contextmanager
def _quiet_environment() -> Iterator[None]:
    """No plugins or options from outside, no compiled files in the course, one thread, no GPU: the judge forks."""
    saved, bytecode = dict(os.environ), sys.dont_write_bytecode
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "CI", "BUILD_NUMBER"):  # the last two change messages
        os.environ.pop(name, None)
    os.environ.update(ONE_THREAD)
    os.environ["CUDA_VISIBLE_DEVICES"] = ""  # the GPU is the student's
    sys.dont_write_bytecode = True
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(saved)
        sys.dont_write_bytecode = bytecode


@contextlib.contextmanager
def _own_modules(folder: Path) -> Iterator[None]:
    """Lets `folder`'s test files be imported although other ones of the same names were before."""
    names = {
        path.stem for path in folder.rglob("*.py") if re.fullmatch(r"conftest|test_.*|.*_test", path.stem)
    }
    others = {name: sys.modules.pop(name) for name in names & sys.modules.keys()}
    try:
        yield
    finally:
        for name in names:
            sys.modules.pop(name, None)
        sys.modules.update(others)


def _secret_of(folder: Path) -> str:
    """What the judge's seeds depend on besides the submission, whose hash a student can choose by trying many."""
    digest = hashlib.blake2b(digest_size=16)
    for path in _python_files(folder):
        digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()


def _sources(folder: Path) -> Iterator[str]:
    return (path.read_text("utf-8", "replace") for path in _python_files(folder))


def _python_files(folder: Path) -> Iterator[Path]:
    for inside, path in counting_files(folder):
        if inside.endswith(".py") and not inside.startswith("submissions/"):
            yield path


def _warm_torch() -> None:
    """One thread, since the caller forks; and an optimizer's step, which imports for a second the first time."""
    import torch

    torch.set_num_threads(1)
    weight = torch.nn.Parameter(torch.ones(1))
    weight.grad = torch.ones(1)
    torch.optim.SGD([weight]).step()
