"""One autograder's collected tests, run against one submission after another."""

from __future__ import annotations

import contextlib
import io
import random
import signal
import sys
import threading
import time
from collections.abc import Collection, Iterator
from dataclasses import fields
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from nbjudge import log
from nbjudge.bounded import memory_ceiling
from nbjudge.errors import SandboxError
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
from nbjudge.judge.specs import spec_of
from nbjudge.judge.student_fixture import StudentCode
from nbjudge.model import CellReport, Limits, Program, TestResult
from nbjudge.notes import Note
from nbjudge.scoring import earned

if TYPE_CHECKING:
    from nbjudge.sandbox import Zygote

OWN_MEMORY = 4 << 30  # bytes that the tests may take in the judge's own process
OWN = 45.0  # seconds that the tests of one submission may take in the judge's own process
LEAST_OWN = 2.0  # seconds of it that every test gets, whatever the earlier ones took


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


def _points(result: TestResult) -> float:
    return result.weight * earned(result)


def _seed_everything(seed: int) -> None:
    random.seed(seed)
    if (numpy := sys.modules.get("numpy")) is not None:
        numpy.random.seed(seed % (1 << 32))
    if (torch := sys.modules.get("torch")) is not None:
        # torch.manual_seed formats a stack trace (2 ms) for a CUDA that may come later
        (torch.manual_seed if torch.version.cuda else torch.default_generator.manual_seed)(seed)
