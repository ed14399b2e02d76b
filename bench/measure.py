"""Runs a command and measures it: wall clock, CPU seconds and memory of everything that it starts.

Memory is what the processes hold for themselves or share among each other (anonymous pages and shared memory, each page once); pages
of files, such as libraries, are left out, since the kernel may drop them. Both are read from a control group where one can be
made (as root). Elsewhere CPU seconds are those of wait4, which misses processes that nobody waited for, and memory is summed over the
processes (proportional set size).
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
from cgroups import Account, open_account

EVERY = 0.1  # seconds between two looks at the group's memory
SLOWLY = 1.0  # seconds between two looks at processes, which cost milliseconds each
SHOWN = 3000  # characters of a failed command's output


class CommandFailed(Exception):
    """The command ended with another exit status than 0; the message holds the end of its output."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Memory at one moment."""

    seconds: float  # since the start
    tree: int  # bytes of all processes
    first: int  # bytes of the command's own process


@dataclass(frozen=True, slots=True)
class Usage:
    """What a command took."""

    wall: float  # seconds
    cpu: float  # seconds, all processes
    peak: int  # bytes, all processes
    samples: tuple[Sample, ...]  # about one each second
    output: str


def run(
    command: Sequence[str | Path], *, cwd: Path | None = None, environment: Mapping[str, str] | None = None
) -> Usage:
    """Runs the command to its end; CommandFailed if it does not end with 0."""
    with tempfile.TemporaryFile() as output, _account() as account:
        started = time.monotonic()
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=cwd,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        if account is not None:
            account.add(process.pid)
        with _Watch(process.pid, account, started) as watch:
            _, status, usage = os.wait4(process.pid, 0)
            wall = time.monotonic() - started
        cpu = account.took() if account is not None else usage.ru_utime + usage.ru_stime
        process.returncode = os.waitstatus_to_exitcode(status)  # or Popen would wait for it again
        output.seek(0)
        text = output.read().decode(errors="replace")
    if process.returncode:
        raise CommandFailed(f"{' '.join(map(str, command))}: exit {process.returncode}\n{text[-SHOWN:]}")
    return Usage(wall, cpu, watch.peak, tuple(watch.samples), text)


@contextmanager
def _account() -> Iterator[Account | None]:
    account = open_account()
    try:
        yield account
    finally:
        if account is not None:
            account.remove()


class _Watch:
    """A thread that looks at the memory until the block ends."""

    def __init__(self, pid: int, account: Account | None, started: float) -> None:
        self.peak = 0
        self.samples: list[Sample] = []
        self._pid, self._account, self._started = pid, account, started
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> _Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        due = 0.0
        while not self._ended.wait(EVERY if self._account else SLOWLY):
            now = time.monotonic() - self._started
            tree = self._account.held() if self._account else _of_tree(self._pid)
            self.peak = max(self.peak, tree)
            if now >= due:
                self.samples.append(Sample(now, tree, _of_process(self._pid)))
                due = now + SLOWLY


def _of_tree(pid: int) -> int:
    with suppress(psutil.Error):
        children = psutil.Process(pid).children(recursive=True)
        return _of_process(pid) + sum(_of_process(child.pid) for child in children)
    return 0


def _of_process(pid: int) -> int:
    """Bytes of a process, shared pages by its share of them; 0 when it is gone."""
    with suppress(OSError):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
        sizes = {line.split()[0]: int(line.split()[1]) for line in lines}
        return 1024 * (sizes.get("Pss_Anon:", 0) + sizes.get("Pss_Shmem:", 0))
    return 0


def add(usages: Sequence[Usage]) -> Usage:
    """What the commands took one after the other."""
    return Usage(
        wall=sum(usage.wall for usage in usages),
        cpu=sum(usage.cpu for usage in usages),
        peak=max(usage.peak for usage in usages),
        samples=(),
        output="".join(usage.output for usage in usages),
    )
