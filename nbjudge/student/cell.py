"""One cell, statement by statement: a statement that fails or takes too long costs what depends on it, and no more."""

from __future__ import annotations

import ast
import signal
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NoReturn

from nbjudge.notebooks.statements import DEFINITIONS, binds, first_line, names_of

LISTED = 50  # failures, and statements that were left out, that the judge hears of


class CutOff(BaseException):
    """The cell's time is over. No Exception, so that a loop's `except Exception` does not swallow it."""


@dataclass(frozen=True, slots=True)
class Orders:
    """What the judge says of a cell; lines are where statements begin."""

    seconds: float  # for the cell; what follows a statement that was cut off has a quarter of it again
    unneeded: Collection[int] = ()  # lines of statements to leave out, since nothing needs them
    broken: Collection[int] = ()  # lines of statements that took a process along: they count as failed


@dataclass(slots=True)
class Outcome:
    """How a cell ran."""

    failures: list[tuple[int, BaseException]] = field(default_factory=list)  # line, what it raised
    left_out: list[tuple[int, int]] = field(
        default_factory=list
    )  # line, and the line of the failure before it


def run_statements(
    body: Sequence[ast.stmt],
    execute: Callable[[list[ast.stmt]], object],
    orders: Orders,
    mark: Callable[[int], object],
) -> Outcome:
    """Runs a cell's statements in order; after a failure those that bind names and need nothing that failed.

    `mark` is told the line of each statement before it runs.
    """
    outcome = Outcome()
    lost: set[str] = set()  # names that a failed statement should have bound
    cause = 0  # line of the last failure
    left = orders.seconds
    with _alarm():
        signal.setitimer(signal.ITIMER_REAL, left)
        for node in body:
            line = first_line(node)
            if line in orders.unneeded:
                continue
            if line in orders.broken:
                cause = line
                lost |= names_of(node).bound
                continue
            if cause and not _goes_on(node, lost):
                outcome.left_out.append((line, cause))
                lost |= names_of(node).bound
                continue
            mark(line)
            try:
                execute([node])
            except BaseException as error:  # SystemExit and KeyboardInterrupt too
                if isinstance(error, CutOff):
                    left /= 4
                    signal.setitimer(signal.ITIMER_REAL, left)
                cause = line
                lost |= names_of(node).bound
                outcome.failures.append((cause, error))
            else:
                if lost:
                    lost -= names_of(node).bound
    del outcome.failures[LISTED:], outcome.left_out[LISTED:]
    return outcome


def _goes_on(node: ast.stmt, lost: set[str]) -> bool:
    """Whether the statement still runs after a failure. A definition shows by itself whether it can."""
    if isinstance(node, DEFINITIONS):
        return True
    return not isinstance(node, ast.Expr) and binds(node) and not names_of(node).used_now & lost


@contextmanager
def _alarm() -> Iterator[None]:
    """Lets a timer of this process end a statement; one that can't be ended so, the judge ends from outside."""
    before = signal.signal(signal.SIGALRM, _cut_off)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _cut_off(*_: object) -> NoReturn:
    raise CutOff
