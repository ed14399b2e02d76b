"""One submission in the judge: its notebook loaded into a student process, replaced when it dies, timed per test."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nbjudge.errors import SandboxError
from nbjudge.judge.connection import StudentConnection
from nbjudge.judge.faults import MisuseError, StudentCrashed, StudentFault, StudentTimeout, clean
from nbjudge.judge.handle import Ask, Handle
from nbjudge.judge.load_ends import LISTED, Failure, LoadEnds
from nbjudge.judge.places import END, places_of
from nbjudge.model import Cell, CellReport, Frame, Limits, Program, Status
from nbjudge.notebooks.needed import unneeded_lines
from nbjudge.notes import Note
from nbjudge.wire import WireError

if TYPE_CHECKING:
    from nbjudge.sandbox import Zygote

REPLACEMENTS = 40  # student processes that one submission may lose
PER_EXERCISE = 3  # of them by the tests of one exercise; its other tests are then not tried
LOADING = 8  # times Limits.seconds: wall clock for all loading of one submission
BEGIN = 1.0  # seconds to begin a test in, even if loading has taken all of its time
TEXTS = 4  # times Limits.output: characters of output and messages kept of all cells together
# A test cannot pass after one of these.
FATAL: tuple[Status, ...] = ("timeout", "memory", "gpu_memory", "crashed")


class StudentSession:
    """The student's side of one grading run. A test begins it anew; its first request brings the process up."""

    def __init__(
        self,
        program: Program,
        zygote: Zygote,
        limits: Limits,
        seed: int,
        asked: Collection[str] = (),
    ) -> None:
        """`asked`: names that tests may ask for, so that what binds them in the student's own cells runs."""
        self.program = program
        self.zygote = zygote
        self.base = limits
        self.seed = seed
        self.cells = {label_of(cell): cell for cell in program.cells}  # for traces
        self.reports: dict[int, CellReport] = {}  # by position in the program
        self.unneeded = unneeded_lines(program, asked)
        self.ends = LoadEnds(program, self.unneeded)
        self.places = places_of(program)
        # The cells after which the process keeps its state; a process that ends over it isn't asked again.
        self.kept = {position for place in self.places.values() for position in (place.own, place.second)}
        self.connection: StudentConnection | None = None
        self.lost = 0  # processes that had to be replaced
        self.loading_left = LOADING * limits.seconds
        self.texts_left = TEXTS * limits.output
        self.broken: SandboxError | None = None  # the platform's own failure; grading stops
        self.lost_by: dict[str, int] = {}  # exercise -> how many of them its tests lost
        self.begin(limits, seed)

    def begin(self, limits: Limits, seed: int, exercise: str = "", place: int = END) -> None:
        """Starts a test: its limits and seed, no fault yet, nothing asked yet. It sees the notebook as at `place`."""
        self.limits, self.test_seed, self.exercise, self.place = limits, seed, exercise, place
        self.left = limits.seconds
        self.seconds = 0.0  # of wall clock in the student's process
        self.fault: StudentFault | None = None  # the first fatal one
        self.touched = False  # the test asked something about the student's code
        self.call = ""  # the last call with its arguments, for messages
        self.begun = False

    def request(self, name: str, *arguments: Any) -> Any:
        """One request in the running test; a StudentFault if it goes wrong. After a fatal one, always that."""
        if (error := self.broken or self.fault) is not None:
            raise error
        with self._noting_faults():
            if self.lost_by.get(self.exercise, 0) >= PER_EXERCISE:
                raise StudentCrashed(Note("not_tried", {"n": PER_EXERCISE}))
            connection = self._ready()
            with self._timed():
                value = connection.request(name, arguments, self.left)
        self.touched = True
        return value

    def load(self) -> StudentConnection:
        """A live process with the notebook loaded; a StudentFault if the submission used up its attempts."""
        while self.connection is None or not self.connection.alive:
            if self.lost > REPLACEMENTS:
                raise StudentCrashed(Note("process_lost", {"n": self.lost}))
            if self.loading_left <= 0:
                raise StudentTimeout(Note("loading_too_slow"))
            self.connection = StudentConnection(self.zygote.spawn(self.limits), self.limits, self.cells)
            try:
                self._load_cells(self.connection)
            except StudentFault:
                self.connection.kill()
                self.lost += 1
        return self.connection

    def hold(self, id_: int, kind: str) -> Handle:
        """The handle for an object that a reply of the live process names."""
        assert self.connection is not None
        return self.connection.hold(id_, kind)

    def try_to_load(self) -> None:
        """Loads the notebook before the first test, so that every cell is reported; faults wait for the tests."""
        with suppress(StudentFault):
            self.load()

    def close(self) -> None:
        """Ends the student's process."""
        if self.connection is not None:
            self.connection.kill()

    def all_reports(self) -> tuple[CellReport, ...]:
        """How each cell loaded, in the order of the program."""
        return tuple(
            self.reports.get(i) or CellReport(cell.id, cell.index, "skipped", Note("not_reached"))
            for i, cell in enumerate(self.program.cells)
        )

    def _ready(self) -> StudentConnection:
        """The connection, told that a new test begins; one that died meanwhile or has other limits is replaced."""
        if self.connection is not None and not _same_walls(self.connection.limits, self.limits):
            self.close()
        while True:
            connection = self.load()
            if self.begun:
                return connection
            try:
                # By the clock of loading: what an earlier test left to clear up is not this one's time.
                seconds = max(BEGIN, min(self.base.seconds, self.loading_left))
                self._load_request(connection, "begin", self.test_seed, self.place, seconds=seconds)
            except StudentFault:  # something of an earlier test's killed it: not this test's fault
                connection.kill()
                self.lost += 1
                continue
            connection.test += 1
            connection.ask = self._ask(connection, connection.test)
            self.begun = True

    def _ask(self, connection: StudentConnection, test: int) -> Ask:
        def ask(name: str, *arguments: Any) -> Any:
            if connection.test != test or (connection is not self.connection and self.fault is None):
                raise MisuseError("an object of the student's was kept from an earlier test")
            return self.request(name, *arguments)

        return ask

    def _load_cells(self, connection: StudentConnection) -> None:
        self._load_request(connection, "seed", derive_seed(self.seed, "load"))
        for i, cell in enumerate(self.program.cells):
            if i not in self.ends.harmful:
                self._try_to_load_cell(connection, i, cell)
            if i in self.kept and self.loading_left > 0:
                self._keep_state(connection, i)

    def _try_to_load_cell(self, connection: StudentConnection, i: int, cell: Cell) -> None:
        if self.loading_left <= 0:
            self._report(i, "skipped", Note("loading_too_slow"))
            return
        try:
            self._load_cell(connection, i, cell)
        except StudentFault as fault:
            message = fault.message or self._too_slow()
            self.ends.blame(i, connection.marked_line(), message)
            self._report(i, fault.status, message, fault.trace)
            raise

    def _keep_state(self, connection: StudentConnection, i: int) -> None:
        try:
            self._load_request(connection, "keep", i)
        except StudentFault:  # something that the notebook has replaced hangs or raises
            self.kept.remove(i)
            raise

    def _load_request(
        self, connection: StudentConnection, name: str, *arguments: Any, seconds: float = 0
    ) -> Any:
        started = time.monotonic()
        try:
            return connection.request(name, arguments, seconds or min(self.base.seconds, self.loading_left))
        finally:
            self.loading_left -= time.monotonic() - started

    def _load_cell(self, connection: StudentConnection, i: int, cell: Cell) -> None:
        # The process ends a statement that is too slow by itself; where it can't, the judge ends the process.
        deadline = min(1.5 * self.base.seconds + 0.5, self.loading_left)
        seconds = max(0.05, min(self.base.seconds, (deadline - 0.5) / 1.5))
        orders = seconds, self.unneeded.get(i, ()), tuple(self.ends.broken.get(i, ()))
        arguments = label_of(cell), cell.source, orders, self.base.output
        reply = self._load_request(connection, "load", *arguments, seconds=deadline)
        try:
            output, failures, left_out = self._read_load(connection, cell, reply)
        except WireError:
            raise StudentCrashed(Note("protocol_broken")) from None
        self.ends.note(i, failures, left_out)
        notes = self.ends.notes(i, failures, left_out, reloaded=i in self.reports)
        if failures and i not in self.reports:
            first = failures[0]
            self._report(i, first.status, first.message, first.trace, output, notes)
        else:
            self._report(i, "ok", output=output, notes=notes)
        if any(isinstance(said := failure.message, str) and "CUDA" in said for failure in failures):
            # A kernel that failed leaves a dead context: then this raises.
            self._load_request(connection, "has", "")

    def _read_load(
        self, connection: StudentConnection, cell: Cell, reply: object
    ) -> tuple[str, list[Failure], list[tuple[int, int]]]:
        """What a cell printed, what failed in it and what was left out; WireError if this is not such a reply."""
        match reply:
            case (str(output), list(failures), list(left_out)) if len(failures) + len(left_out) <= 2 * LISTED:
                last = cell.source.count("\n") + 1
                read = [self._read_failure(connection, failure, last) for failure in failures]
                return output, read, [_pair(value, last) for value in left_out]
        raise WireError("a cell's end without a description")

    def _read_failure(self, connection: StudentConnection, failure: object, last: int) -> Failure:
        match failure:
            case (int(line), bool(slow), tuple(description)):
                line = min(max(line, 0), last)  # it may be forged
                fault = connection.describe(description)
                if slow:
                    return Failure(line, "timeout", self._too_slow(), fault.trace, slow)
                return Failure(line, fault.status, fault.message, fault.trace, slow)
        raise WireError("a failure without a description")

    def _too_slow(self) -> Note:
        return Note("cell_too_slow", {"seconds": self.base.seconds})

    def _report(
        self,
        i: int,
        status: Any,
        message: str | Note = "",
        trace: tuple[Frame, ...] = (),
        output: str = "",
        notes: tuple[Note, ...] = (),
    ) -> None:
        """Notes how a cell loaded; what it did the first time stays, and what it left out then is added."""
        notes = notes if self.texts_left > 0 else ()
        self.texts_left -= sum(len(str(note.values)) for note in notes)
        if (known := self.reports.get(i)) is not None:
            if notes and not known.notes:
                self.reports[i] = replace(known, notes=notes)
            return
        if isinstance(message, str):
            message = self._kept(message)
        trace = trace if self.texts_left > 0 else ()
        self.texts_left -= sum(len(frame.function) + len(frame.source) for frame in trace)
        cell = self.program.cells[i]
        self.reports[i] = CellReport(cell.id, cell.index, status, message, trace, self._kept(output), notes)

    def _kept(self, text: str) -> str:
        """As much of a cell's text as the submission may still leave behind."""
        kept = clean(text, min(self.base.output, self.texts_left)) if self.texts_left > 0 else ""
        self.texts_left -= len(kept)
        return kept

    @contextmanager
    def _timed(self) -> Iterator[None]:
        started = time.monotonic()
        try:
            yield
        finally:
            took = time.monotonic() - started
            self.left -= took
            self.seconds += took

    @contextmanager
    def _noting_faults(self) -> Iterator[None]:
        try:
            yield
        except StudentFault as fault:
            self.touched = True
            fault.message = fault.message or Note("too_slow", {"seconds": self.limits.seconds})
            fault.message = self.ends.explained(fault.message)
            if fault.status in FATAL:
                self.fault = fault
                if self.begun and self.connection is not None and not self.connection.alive:
                    self.lost += 1
                    self.lost_by[self.exercise] = self.lost_by.get(self.exercise, 0) + 1
            raise
        except SandboxError as error:  # the test may swallow it, the judge must not
            self.broken = error
            raise


def derive_seed(seed: int, purpose: str) -> int:
    """A seed (63 bits) for one purpose. The student's process gets other seeds, from which the judge's cannot be
    found: else it could draw the test's random numbers again, expected values among them.
    """
    return int.from_bytes(hashlib.blake2b(f"{seed} {purpose}".encode(), digest_size=8).digest()) >> 1


def label_of(cell: Cell) -> str:
    """What a trace calls the cell: its number in the student's notebook, else its id."""
    return f"cell {cell.index}" if cell.index is not None else f"cell {cell.id}"


def _pair(value: object, last: int) -> tuple[int, int]:
    match value:
        case (int(line), int(cause)):
            return min(max(line, 0), last), min(max(cause, 0), last)  # they may be forged
    raise WireError("no pair of lines")


def _same_walls(one: Limits, other: Limits) -> bool:
    return replace(one, seconds=0, output=0) == replace(other, seconds=0, output=0)
