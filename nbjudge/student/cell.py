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
    *,
    waits: bool = True,
) -> Outcome:
    """Runs a cell's statements in order; after a failure those that bind names and need nothing that failed.

    `mark` is told the line of each statement before it runs; 0 for several at once, as where the cell may wait
    (`await`) at the top level.
    """
    outcome = Outcome()
    lost: set[str] = set()  # names that a failed statement should have bound
    cause = 0  # line of the last failure
    left = orders.seconds
    wanted = [node for node in body if first_line(node) not in orders.unneeded]
    todo = [wanted] if waits and wanted and _waits(wanted) else [[node] for node in reversed(wanted)]
    with _alarm():
        signal.setitimer(signal.ITIMER_REAL, left)
        while todo:
            piece = todo.pop()
            line = first_line(piece[0])
            if line in orders.broken:
                cause = line
                lost |= names_of(piece[0]).bound
                continue
            if cause and not _goes_on(piece[0], lost):
                outcome.left_out.append((line, cause))
                lost |= names_of(piece[0]).bound
                continue
            mark(line if len(piece) == 1 else 0)
            try:
                execute(piece)
            except BaseException as error:  # SystemExit and KeyboardInterrupt too
                if isinstance(error, CutOff):
                    left /= 4
                    signal.setitimer(signal.ITIMER_REAL, left)
                at = _failed(piece, error)
                todo += [[node] for node in reversed(piece[at + 1 :])]
                cause = first_line(piece[at])
                lost |= names_of(piece[at]).bound
                outcome.failures.append((cause, error))
            else:
                if lost:
                    lost -= names_of(piece[0]).bound
    del outcome.failures[LISTED:], outcome.left_out[LISTED:]
    return outcome


def _waits(body: list[ast.stmt]) -> bool:
    return any(isinstance(part, ast.Await | ast.AsyncFor | ast.AsyncWith) for part in _top(body))


def _top(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """Everything outside of functions and classes."""
    todo: list[ast.AST] = list(body)
    while todo:
        part = todo.pop()
        yield part
        if not isinstance(part, (*DEFINITIONS, ast.Lambda)):
            todo += ast.iter_child_nodes(part)


def _goes_on(node: ast.stmt, lost: set[str]) -> bool:
    """Whether the statement still runs after a failure. A definition shows by itself whether it can."""
    if isinstance(node, DEFINITIONS):
        return True
    return not isinstance(node, ast.Expr) and binds(node) and not names_of(node).used_now & lost


def _failed(piece: list[ast.stmt], error: BaseException) -> int:
    """The index of the statement that raised: the last one that begins above the line in the traceback."""
    if len(piece) == 1:
        return 0
    lines, trace = {}, error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if code.co_name == "<module>":
            lines[code.co_filename] = trace.tb_lineno
        trace = trace.tb_next
    line = next(reversed(lines.values()), 0)
    return max((i for i, node in enumerate(piece) if first_line(node) <= line), default=0)


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
