"""pytest as a library: collect an autograder once, then run its tests against one submission after another."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import random
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import fields
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from nbjudge import log
from nbjudge.bounded import memory_ceiling
from nbjudge.errors import CourseError, SandboxError
from nbjudge.files import counting_files
from nbjudge.judge.faults import TookTooLongError
from nbjudge.judge.outcome import (
    Compared,
    CreditFixture,
    TestSpec,
    limits_of,
    result_of,
    untried_result,
)
from nbjudge.judge.places import AT_END
from nbjudge.judge.session import BEGIN, LOADING, StudentSession, derive_seed
from nbjudge.judge.specs import MARKERS, check_tests, spec_of
from nbjudge.judge.student_fixture import StudentCode
from nbjudge.model import CellReport, Limits, Note, Program, TestResult
from nbjudge.notebooks.needed import asked_names
from nbjudge.scoring import earned
from nbjudge.threads import ONE_THREAD

if TYPE_CHECKING:
    from nbjudge.sandbox import Zygote

WARM_UP = Path(__file__).with_name("warm_up.py")
OWN_MEMORY = 4 << 30  # bytes that the tests may take in the judge's own process
OWN = 45.0  # seconds that the tests of one submission may take in the judge's own process
LEAST_OWN = 2.0  # seconds of it that every test gets, whatever the earlier ones took


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


class Judge:
    """The collected tests of one assignment."""

    def __init__(
        self,
        items: list[pytest.Item],
        tests: tuple[TestSpec, ...],
        secret: str,
        warm_up_items: list[pytest.Item],
        asked: Collection[str] = (),
    ) -> None:
        self.tests = tests
        self.asked = asked  # names that the tests may ask of a notebook
        self._secret = secret
        self._items = items
        self._warm_up_items = warm_up_items
        self._session: StudentSession | None = None
        self._credit = CreditFixture()
        self._error: BaseException | None = None
        self.compared: Compared | None = None  # the last comparison of the running test that did not hold
        self._own_left = OWN
        self.device = "cpu"  # of the running submission

    def seconds(self, limits: Limits) -> float:
        """The longest that `grade` can take: loading, each test twice at its limit, and the tests' own time."""
        tests = sum(limits_of(spec, limits).seconds + LEAST_OWN for spec in self.tests)
        return LOADING * limits.seconds + 2 * tests + OWN

    def largest(self, limits: Limits) -> Limits:
        """The most that any student process will need: the assignment's limits and those of each test."""
        every = [limits, *(limits_of(spec, limits) for spec in self.tests)]
        names = [field.name for field in fields(Limits)]
        return Limits(**{name: max(getattr(one, name) for one in every) for name in names})

    def grade(
        self,
        program: Program,
        zygote: Zygote,
        limits: Limits,
        seed: int,
        *,
        wanted: Collection[TestSpec] | None = None,
        device: str = "cpu",
        stop: bool = False,
    ) -> tuple[tuple[TestResult, ...], tuple[CellReport, ...]]:
        """Runs every test against the submission; one result for each, in order. SandboxError if the jail fails.

        Tests may leave state behind in this process: fork for each submission. With `wanted` only these run, and with
        `stop` none after the first that does not pass in full. `device` is where the student's code computes.
        """
        reason = program.rejected
        if reason is not None:
            return tuple(
                untried_result(spec, program.language, "not_found", reason) for spec in self.tests
            ), ()
        session = StudentSession(program, zygote, limits, seed, self.asked)
        results = self.run(session, limits, wanted=wanted, device=device, stop=stop)
        return results, session.all_reports()

    def run(
        self,
        session: StudentSession,
        limits: Limits,
        *,
        wanted: Collection[TestSpec] | None = None,
        device: str = "cpu",
        stop: bool = False,
    ) -> tuple[TestResult, ...]:
        """The tests on one session, as in `grade`."""
        self._session = session
        self._own_left = OWN
        self.device = device
        try:
            with memory_ceiling(OWN_MEMORY):
                started = time.monotonic()
                session.try_to_load()
                log.info("notebook loaded", seconds=time.monotonic() - started)
                return self._results(session, limits, wanted, stop)
        finally:
            session.close()

    def warm_up(self, zygote: Zygote) -> tuple[TestResult, ...]:
        """Runs nbjudge's own tests against its own notebook: what is slow the first time is then done before a fork.

        Nothing else stays; the results say whether it went as it should. SandboxError if the jail fails.
        """
        from nbjudge.judge import warm_up

        own = self._items, self.tests
        self._items, self.tests = self._warm_up_items, tuple(map(spec_of, self._warm_up_items))
        try:
            return self.grade(warm_up.PROGRAM, zygote, Limits(), seed=1)[0]
        finally:
            self._items, self.tests = own
            self._session, self._error = None, None

    def student(self) -> StudentCode:
        """The `student` fixture's value in the running test."""
        assert self._session is not None
        return StudentCode(self._session)

    def credit(self) -> CreditFixture:
        """The `credit` fixture's value in the running test."""
        return self._credit

    def note(self, error: BaseException) -> None:
        """Keeps the first exception of the running test."""
        self._error = self._error or error

    def _results(
        self, session: StudentSession, limits: Limits, wanted: Collection[TestSpec] | None, stop: bool
    ) -> tuple[TestResult, ...]:
        """A result for each test in order; each exercise at its place, and where something is amiss, at its second."""
        chosen = [n for n, spec in enumerate(self.tests) if wanted is None or spec in wanted]
        results: dict[int, TestResult] = {}
        for index, following in pairwise([*chosen, None]):
            assert index is not None
            place = session.places.get(self.tests[index].exercise, AT_END).own
            results[index] = self._try(index, following, session, limits, place)
            if stop and earned(results[index]) < 1:
                return tuple(results.values())  # wider fixtures are not torn down: this process ends anyway
        for exercise, places in session.places.items():
            own = [index for index in chosen if self.tests[index].exercise == exercise]
            if places.second is None or all(earned(results[index]) == 1 for index in own):
                continue
            session.lost_by.pop(exercise, None)
            again: dict[int, TestResult] = {}
            for index, following in pairwise([*own, None]):
                assert index is not None
                again[index] = self._try(index, following, session, limits, places.second)
            if sum(map(_points, again.values())) > sum(_points(results[index]) for index in own):
                results |= again
        return tuple(results.values())

    def _try(
        self, index: int, following: int | None, session: StudentSession, limits: Limits, place: int
    ) -> TestResult:
        try:
            return self._run(index, following, session, limits, place)
        except SandboxError:
            raise
        except (
            Exception
        ) as error:  # nbjudge's own: what was judged is kept, and the exercise waits for a person
            spec = self.tests[index]
            log.warning("judging failed", test=spec.name, error=f"{type(error).__name__}: {error}")
            reason = Note("judging_failed", {"error": type(error).__name__})
            return untried_result(spec, session.program.language, "broken_test", reason)

    def _run(
        self, index: int, following: int | None, session: StudentSession, limits: Limits, place: int
    ) -> TestResult:
        item, spec = self._items[index], self.tests[index]
        test = f"{spec.exercise} {spec.name}"
        _seed_everything(derive_seed(session.seed, f"judge {self._secret} {test}"))
        session.begin(
            limits_of(spec, limits),
            derive_seed(session.seed, f"student {test}"),
            spec.exercise,
            place,
        )
        self._credit, self._error, self.compared = CreditFixture(), None, None
        started, loading = time.monotonic(), session.loading_left
        with (
            _alarm(session.left + max(session.loading_left, BEGIN) + max(self._own_left, LEAST_OWN)),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            # pytest keeps the fixtures that the next one needs, too
            upcoming = None if following is None else self._items[following]
            item.ihook.pytest_runtest_protocol(item=item, nextitem=upcoming)
        if isinstance(self._error, TookTooLongError):
            session.close()  # perhaps in the middle of a request
        elsewhere = (
            session.seconds + loading - session.loading_left
        )  # loading again is not the test's own time
        self._own_left -= time.monotonic() - started - elsewhere
        if session.broken is not None:
            raise session.broken
        result = result_of(spec, session, self._credit, self._error, self.compared)
        log.debug("test ran", test=test, status=result.status, seconds=time.monotonic() - started)
        return result


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


@contextlib.contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """Raises TookTooLongError in the main thread after `seconds`."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(*_: object) -> None:
        raise TookTooLongError

    before = signal.signal(signal.SIGALRM, ring)
    left, _ = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.signal(signal.SIGALRM, before)
        signal.setitimer(signal.ITIMER_REAL, left)  # whoever had set it before


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


def _points(result: TestResult) -> float:
    return result.weight * earned(result)


def _seed_everything(seed: int) -> None:
    random.seed(seed)
    if (numpy := sys.modules.get("numpy")) is not None:
        numpy.random.seed(seed % (1 << 32))
    if (torch := sys.modules.get("torch")) is not None:
        # torch.manual_seed formats a stack trace (2 ms) for a CUDA that may come later
        (torch.manual_seed if torch.version.cuda else torch.default_generator.manual_seed)(seed)
