"""One student process as the judge holds it: its channel, its memory, its end."""

from __future__ import annotations

import contextlib
import mmap
import os
import select
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbjudge import log
from nbjudge.sandbox import linux
from nbjudge.sandbox.memory_files import written

if TYPE_CHECKING:
    from nbjudge.sandbox.gpu import Meter

DYING_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Exit:
    """How a student process ended."""

    signal: int | None
    status: int | None
    oom: bool  # the kernel killed it for its group's memory limit
    outside: bool  # SIGKILL for it or its child, from neither judge nor limits: the host is short of memory


class ProcessHandle:
    """A process that this one or an ancestor started, with what of subprocess.Popen the holder of a zygote needs."""

    def __init__(self, handle: int, child: subprocess.Popen[bytes] | None = None) -> None:
        self._handle = handle  # pidfd
        self._child = child  # to reap, where this process started it

    @property
    def pid(self) -> int:
        """Its number here."""
        return linux.pid_of(self._handle)

    def is_alive(self) -> bool:
        """Whether it has not ended yet."""
        return not select.select([self._handle], [], [], 0)[0]

    def wait(self, timeout: float | None = None) -> None:
        """Waits for its end (seconds); subprocess.TimeoutExpired."""
        if not select.select([self._handle], [], [], timeout)[0]:
            raise subprocess.TimeoutExpired("a zygote", timeout or 0)
        if self._child:
            self._child.wait()  # in a process that has it from a fork, this does nothing

    def kill(self) -> None:
        """SIGKILL."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._handle, signal.SIGKILL)

    def release_handles(self) -> None:
        """Lets go of it without ending it."""
        os.close(self._handle)


class StudentProcess:
    """One student process as the judge holds it."""

    def __init__(
        self,
        ask: Callable[[dict[str, Any]], dict[str, Any]],
        kills: Callable[[dict[str, Any]], tuple[int, int]],
        reply: dict[str, Any],
        handle: int,
        channel: socket.socket,
        arena: mmap.mmap,
        log: mmap.mmap,
        *,
        allowed: int,
        jailed: bool,
    ):
        """`ask` and `kills` are the zygote's, `reply` its answer to the request that made this process."""
        self.channel = channel  # SOCK_SEQPACKET, the judge's end; recv gives b"" when the process is dead
        self.arena = arena  # shared with the student, sealed
        self._ask = ask
        self._kills = kills
        self._pid: int = reply["pid"]  # in the zygote's namespace
        self._handle = handle  # pidfd: tells of its death; signals go through the zygote, which may send them
        self._log = log
        self._allowed = allowed  # bytes of memory, what it shares with the zygote among them
        self._jailed = jailed
        self._exit: Exit | None = None
        self._meter: Meter | None = None  # of a process on a GPU slot
        self._before = kills(reply)

    @property
    def pid(self) -> int:
        """Its number in the zygote's pid namespace."""
        return self._pid

    def over_memory(self) -> bool:
        """Whether the process and its children together exceed their memory limit."""
        answer = self._ask({"op": "memory", "pid": self._pid, "enough": self._allowed})
        return bool(answer["bytes"] > self._allowed)

    def measure_gpu(self, meter: Meter) -> None:
        """Has `meter` watch what the process holds of its GPU."""
        self._meter = meter

    def over_gpu_memory(self) -> bool:
        """Whether the process and its children hold more of the GPU than their budget; False without a slot."""
        return self._meter is not None and self._meter.is_over()

    def dump_traceback(self) -> str:
        """What the student's process says it is doing: faulthandler's text, untrusted."""
        before = len(self.log())
        self._ask({"op": "dump", "pid": self._pid})
        deadline = time.monotonic() + 0.5
        while time.monotonic() < deadline:
            time.sleep(0.01)
            text = self.log()[before:]
            if "most recent call first" in text and text.endswith("\n"):
                return text
        return self.log()[before:]

    def log(self) -> str:
        """What the process wrote to its stderr descriptor, at most LOG bytes, untrusted."""
        return written(self._log)

    def kill(self) -> Exit:
        """Kills the process with all that it started, and reaps it; a second call returns the same Exit."""
        if self._exit is None:
            dead = self._is_dead()
            answer = self._ask({"op": "kill", "pid": self._pid})
            code = answer["status"]
            oom, outside = self._kernel_kills(self._kills(answer))
            # The student is pid 1 of its namespace: no SIGKILL from inside reaches it.
            killed = dead and code == -signal.SIGKILL and self._jailed
            self._exit = Exit(
                signal=-code if code < 0 else None,
                status=code if code >= 0 else None,
                oom=oom,
                outside=outside or (killed and not oom),
            )
            log.info("student process ended", student=self.pid, signal=self._exit.signal, oom=oom)
            self.channel.close()
            os.close(self._handle)
            if self._meter:
                self._meter.close()
        return self._exit

    def _kernel_kills(self, now: tuple[int, int]) -> tuple[bool, bool]:
        """Whether the kernel killed in the group because of the group's limit, and whether because of the machine's."""
        kills, hits = now[0] - self._before[0], now[1] - self._before[1]
        return kills > 0 and hits > 0, kills > 0 and hits == 0

    def _is_dead(self) -> bool:
        """Whether it ended by itself; one that closed its channel gets a moment to finish dying."""
        try:
            closed = not self.channel.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            closed = True
        return closed and bool(select.select([self._handle], [], [], DYING_SECONDS)[0])
