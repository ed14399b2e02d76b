"""Work on what nobody vouches for, in a forked child with bounded memory, time and output: it can't cost the batch."""

from __future__ import annotations

import contextlib
import gc
import math
import os
import re
import resource
import select
import signal
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Generic, Literal, NoReturn, TypeVar

HEADER = struct.Struct("<cQ")  # how it went, bytes that follow
DONE, LAST, NO_MEMORY, FAILED = (
    b"+",
    b".",
    b"m",
    b"-",
)  # LAST: done, and too little memory is left for another
MAX_FAILURE = 1000  # bytes of a failure's text
CRAMPED = 4  # a child that keeps this part of its memory after an answer is not asked again

Reason = Literal["memory", "time", "size", "failed"]
Job = TypeVar("Job")


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one job may take."""

    memory: int = 1 << 30  # bytes on top of what the parent held at the fork
    cpu: int = 20  # seconds of computing
    wall: float = 60.0  # seconds by the clock, on a machine however busy
    output: int = 16 << 20  # bytes of the answer


class OutOfBounds(Exception):
    """The work came to no answer within its bounds, or failed."""

    def __init__(self, reason: Reason, details: str = "") -> None:
        super().__init__(f"{reason}: {details}" if details else reason)
        self.reason = reason
        self.details = details  # of a failure: "ValueError: ..."


class BoundedChild(Generic[Job]):
    """A fork of this process that does one job after another, and is replaced when one was too much for it.

    A fork costs as much as a short job, so one child serves a batch. It runs no code of students: only time and memory
    can be lost in it. It is forked with the first job: what this process has imported by then, the child has, too.
    """

    def __init__(self, work: Callable[[Job], bytes]) -> None:
        self._work = work
        self._child: _Child | None = None

    def ask(self, job: Job, bounds: Bounds) -> bytes:
        """What `work(job)` returns; OutOfBounds if it takes too much or raises."""
        child = self._child = self._child or _Child(self._work)
        try:
            kind, answer = child.ask(job, bounds)
        except BaseException:
            self.close()
            raise
        if kind == DONE:
            return answer
        self.close()
        if kind == LAST:
            return answer
        if kind == NO_MEMORY:
            raise OutOfBounds("memory")
        raise OutOfBounds("failed", answer.decode(errors="replace"))

    def close(self) -> None:
        """Ends the child; the next job starts another."""
        if self._child:
            self._child.kill()
            self._child = None

    def __enter__(self) -> BoundedChild[Job]:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()


@contextlib.contextmanager
def memory_ceiling(more: int) -> Iterator[None]:
    """Lets this process take `more` bytes, and no more: then MemoryError, before the kernel kills somebody."""
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    ceiling = _held() + more
    resource.setrlimit(resource.RLIMIT_DATA, (min(ceiling, hard) if hard >= 0 else ceiling, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


class _Child:
    """The parent's side of one child."""

    def __init__(self, work: Callable[[Job], bytes]) -> None:
        jobs, self._jobs = Pipe(duplex=False)
        self._answers, answers = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            self._jobs.close()
            os.close(self._answers)
            _serve(work, jobs, answers)
        jobs.close()
        os.close(answers)
        self._status: int | None = None

    def ask(self, job: object, bounds: Bounds) -> tuple[bytes, bytes]:
        """How it went, and the answer; OutOfBounds if it dies, takes too long or says too much."""
        deadline = time.monotonic() + bounds.wall
        with contextlib.suppress(OSError):  # it is dead: that is noticed below
            self._jobs.send((job, bounds))
        head = self._read(HEADER.size, deadline)
        kind, size = HEADER.unpack(head)
        if size > bounds.output:
            raise OutOfBounds("size")
        return kind, self._read(size, deadline)

    def kill(self) -> None:
        """Ends and reaps it."""
        self._jobs.close()
        os.close(self._answers)
        if self._status is None:
            os.kill(self.pid, signal.SIGKILL)
            self._reap()

    def _read(self, size: int, deadline: float) -> bytes:
        """Exactly so many bytes of what it says."""
        chunks: list[bytes] = []
        poller = select.poll()
        poller.register(self._answers, select.POLLIN)
        while size > 0:
            left = deadline - time.monotonic()
            if left <= 0 or not poller.poll(1000 * left):
                raise OutOfBounds("time")
            chunk = os.read(self._answers, min(size, 1 << 20))
            if not chunk:
                timed_out = os.WIFSIGNALED(self._reap()) and os.WTERMSIG(self._reap()) == signal.SIGXCPU
                # Without a word: the kernel needed its pages, or a library gave up.
                raise OutOfBounds("time" if timed_out else "memory")
            chunks.append(chunk)
            size -= len(chunk)
        return b"".join(chunks)

    def _reap(self) -> int:
        if self._status is None:
            _, self._status = os.waitpid(self.pid, 0)
        return self._status


def _serve(work: Callable[[Job], bytes], jobs: Connection, answers: int) -> NoReturn:
    """A child's life: answers jobs until nobody wants any more, or until one has left too little memory."""
    try:
        _close_others(jobs.fileno(), answers)
        # Python's own handlers would have to wait for the C code that takes the time.
        signal.signal(signal.SIGXCPU, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's, which ends this process
        gc.freeze()  # or it would look at every object of the parent's, and copy its pages
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # it writes no file
        at_first = _held()
        with os.fdopen(answers, "wb") as pipe:
            while True:
                job, bounds = jobs.recv()
                kind, answer = _answer(work, job, bounds, at_first)
                del job
                if kind == DONE and _held() - at_first - len(answer) > bounds.memory // CRAMPED:
                    kind = LAST
                pipe.write(HEADER.pack(kind, len(answer)))
                pipe.write(answer)
                pipe.flush()
                del answer
    except BaseException:  # no more jobs, or nobody listens
        os._exit(0)


def _close_others(*kept: int) -> None:
    """Closes the parent's descriptors: whoever waits for it to close a pipe would wait for this process, too."""
    first = 3
    for fd in sorted(kept):
        os.closerange(first, fd)
        first = fd + 1
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    os.closerange(first, limit if limit > first else 1 << 20)


def _answer(work: Callable[[Job], bytes], job: Job, bounds: Bounds, at_first: int) -> tuple[bytes, bytes]:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    spent = math.ceil(usage.ru_utime + usage.ru_stime)
    resource.setrlimit(resource.RLIMIT_CPU, (spent + bounds.cpu, resource.RLIM_INFINITY))
    try:
        with memory_ceiling(bounds.memory - (_held() - at_first)):
            return DONE, work(job)
    except MemoryError:
        return NO_MEMORY, b""
    except BaseException as error:
        return FAILED, f"{type(error).__name__}: {error}".encode(errors="replace")[:MAX_FAILURE]


def _held() -> int:
    """Bytes of private memory that this process has mapped."""
    status = Path("/proc/self/status").read_text()
    return int(re.findall(r"VmData:\s+(\d+) kB", status)[0]) << 10
