"""The judge's side of the jail: starts the zygote, asks it for student processes, watches and kills them."""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import json
import mmap
import os
import secrets
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from nbjudge.errors import SandboxError
from nbjudge.model import Limits
from nbjudge.sandbox.cgroup import clear_stale, make_group
from nbjudge.sandbox.filter import build_filter
from nbjudge.sandbox.gpu import HOST_MEMORY, Meter, facts_of, pid_of, plan_gpu, prepare
from nbjudge.sandbox.root import list_binds
from nbjudge.slots import Slot

Isolation = Literal["namespaces", "none"]

ARENA = 256 << 20  # bytes; sparse: only what is written takes memory
LOG = 64 << 10  # bytes of what the student's process wrote to fd 2
START_SECONDS = 120.0  # a cold start that reads torch from a slow disk
ANSWER_SECONDS = 30.0
DYING_SECONDS = 1.0
CPU_BACKSTOP = 3600  # seconds; wall-clock limits are the judge's, this only ends what nobody watches
GROUP = "nbjudge-"  # and the judge's pid and a number: the name of a zygote's control group
ZYGOTE_PROCESSES = 4
FIRST_UID = 200_000  # of the 65,536 host ids that a root zygote maps; no account may live there
_numbers = itertools.count(1)
SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
ENVIRONMENT = {
    "HOME": "/tmp",  # inside the jail
    "LANG": "C.UTF-8",
    "MPLBACKEND": "Agg",
    "MPLCONFIGDIR": "/tmp",
    "MALLOC_ARENA_MAX": "2",  # each further arena takes 64 MB of the address space limit
    "OMP_NUM_THREADS": "1",  # one parallel region in the zygote would hang every child
    "OMP_WAIT_POLICY": "PASSIVE",  # who asks for more threads than there are free cores must not wait by spinning
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",  # set order must not change a grade
    "PYTORCH_NVML_BASED_CUDA_CHECK": "1",  # the plain check would initialise CUDA before the fork
    "CUDA_VISIBLE_DEVICES": "",  # and so would the optimizers that the zygote warms up
}


@dataclass(frozen=True, slots=True)
class Exit:
    """How a student process ended."""

    signal: int | None
    status: int | None
    cpu: float  # seconds
    oom: bool  # the kernel killed it for its group's memory limit
    outside: bool  # it or a child of its got a SIGKILL, not by the judge nor its limits: the host is short of memory


class Student:
    """One student process as the judge holds it."""

    def __init__(
        self, zygote: Zygote, pid: int, handle: int, channel: socket.socket, arena: mmap.mmap, log: mmap.mmap
    ):
        self.channel = channel  # SOCK_SEQPACKET, the judge's end; recv gives b"" when the process is dead
        self.arena = arena  # shared with the student, sealed
        self._zygote = zygote
        self._pid = pid  # in the zygote's namespace
        self._handle = handle  # pidfd
        self._log = log
        self._limit = 0
        self._exit: Exit | None = None
        self._before = zygote.kills()
        self._meter: Meter | None = None  # of a process on a GPU slot

    def over_memory(self) -> bool:
        """Whether the process and its children together exceed their memory limit (beyond the zygote's pages)."""
        allowed = self._zygote.resident + self._limit
        answer = self._zygote.ask({"op": "memory", "pid": self._pid, "enough": allowed})
        return bool(answer["bytes"] > allowed)

    def over_gpu_memory(self) -> bool:
        """Whether the process and its children hold more of the GPU than their budget; False without a slot."""
        return self._meter is not None and self._meter.is_over()

    def dump_traceback(self) -> str:
        """What the student's process says it is doing: faulthandler's text, untrusted."""
        before = len(self.log())
        with contextlib.suppress(OSError):
            signal.pidfd_send_signal(self._handle, signal.SIGUSR1)
        deadline = time.monotonic() + 0.5
        while time.monotonic() < deadline:
            time.sleep(0.01)
            text = self.log()[before:]
            if "most recent call first" in text and text.endswith("\n"):
                return text
        return self.log()[before:]

    def log(self) -> str:
        """What the process wrote to its stderr descriptor, at most LOG bytes, untrusted."""
        return bytes(self._log).split(b"\0", 1)[0].decode(errors="replace")

    def kill(self) -> Exit:
        """Kills the process with all that it started, and reaps it; a second call returns the same Exit."""
        if self._exit is None:
            dead = self._is_dead()
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)
            answer = self._zygote.ask({"op": "reap", "pid": self._pid})
            code = answer["status"]
            oom, outside = self._kernel_kills()
            # The student is pid 1 of its namespace: no SIGKILL from inside reaches it.
            killed = dead and code == -signal.SIGKILL and self._zygote.isolation == "namespaces"
            self._exit = Exit(
                signal=-code if code < 0 else None,
                status=code if code >= 0 else None,
                cpu=answer["cpu"],
                oom=oom,
                outside=outside or (killed and not oom),
            )
            self.channel.close()
            os.close(self._handle)
            if self._meter:
                self._meter.close()
        return self._exit

    def _kernel_kills(self) -> tuple[bool, bool]:
        """Whether the kernel killed in the group for the group's own limit, and whether for want of memory elsewhere."""
        kills, hits = (now - before for now, before in zip(self._zygote.kills(), self._before, strict=True))
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


class Zygote:
    """A warm process in a jail of its own that forks student processes; one per worker, one student at a time."""

    def __init__(
        self,
        isolation: Isolation = "namespaces",
        helpers: Path | None = None,
        *,
        without: Collection[str] = (),
        slot: Slot | None = None,
    ):
        """Starts it, and does not wait for its imports; `helpers` is the folder of the assignment's helper files.

        `without` leaves out walls (walls.WALLS) around student processes: only to show what each one is for.
        With `slot` each student has that share of a GPU, and `facts` tells what the last one found there.
        SandboxError if the jail can't be made; what goes wrong later, `wait_until_warm` and `spawn` say.
        """
        self.isolation = isolation
        self.slot = slot
        self.facts: dict[str, str] = {}
        self._binds = list_binds()
        self._gpu = plan_gpu(slot, self._binds)
        self._folder = Path(tempfile.mkdtemp(prefix="nbjudge-"))
        clear_stale(GROUP)
        self._group = None if "limits" in without else make_group(f"{GROUP}{os.getpid()}-{next(_numbers)}")
        self._work = 0
        self.resident = 0  # bytes that every student starts with, shared with the zygote; 0: not warm yet
        self._size = 0
        try:
            self._start(helpers, without)
        except BaseException:
            self.close()
            raise

    def _start(self, helpers: Path | None, without: Collection[str]) -> None:
        jailed = self.isolation == "namespaces"
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control.settimeout(START_SECONDS)
        os.set_inheritable(theirs.fileno(), True)
        self._process = subprocess.Popen(
            # sh-free way to put the socket on descriptor 3: the zygote expects nothing else to be open
            [sys.executable, "-I", "-B", "-X", "utf8", "-c", _BOOT, str(theirs.fileno())],
            env=ENVIRONMENT,
            cwd=helpers if jailed and helpers else "/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
        )
        theirs.close()
        if self._group:
            self._group.add(self._process.pid)
        maps = id_maps(self._process.pid)
        self._send(
            {
                "isolation": self.isolation,
                "folder": str(self._folder),
                "binds": [*self._binds, *(self._gpu["libraries"] if self._gpu else [])] if jailed else [],
                "nodes": self._gpu["nodes"] if self._gpu else [],
                # Relative: what the zygote knows, students can read, and a host path is none of their business.
                "helpers": ("." if jailed else str(helpers)) if helpers else None,
                "filter": build_filter(gpu=self._gpu is not None).hex() if jailed else "",
                "many_uids": maps.many,
                "without": list(without),
            }
        )
        if jailed and "map" in self._hear_start():
            maps.write()
            self._control.send(b"mapped")

    def wait_until_warm(self) -> None:
        """Waits until it can fork students (seconds); SandboxError if it can't. Call it before forking the judge."""
        if self.resident:
            return
        answer = self._hear_start()
        self._control.settimeout(ANSWER_SECONDS)
        self.resident, self._size = answer["RssAnon"], answer["VmSize"]

    def _hear_start(self) -> dict[str, Any]:
        answer = self._receive()
        if "error" in answer:
            raise SandboxError(
                f"the jail could not be made; `nbjudge doctor` says what is missing.\n{answer['error']}"
            )
        return answer

    def spawn(self, limits: Limits) -> Student:
        """Forks a student process; it serves the wire protocol on `channel` and `arena` at once."""
        self.wait_until_warm()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        arena, log = _sealed_memory("arena", ARENA), _sealed_memory("log", LOG)
        memory = limits.memory + (HOST_MEMORY if self._gpu else 0)
        budget = self.slot.budget(limits.gpu_memory) if self.slot else 0
        plan = {
            "seconds_cpu": CPU_BACKSTOP,
            "address_space": 0 if self._gpu else self._size + ARENA + limits.memory,
            "processes": limits.processes,
            "disk": limits.disk,
            "gpu": {**self._gpu, "budget": budget} if self._gpu else None,
        }
        if self._group:
            self._group.limit(memory + ARENA + limits.disk, limits.processes + ZYGOTE_PROCESSES)
        try:
            number = secrets.randbits(62)
            request = {"op": "spawn", "plan": plan, "work": self._make_work(), "id": number}
            socket.send_fds(self._control, [json.dumps(request).encode()], [theirs.fileno(), arena, log])
            reply, fds = self._hear(number)
            if "error" in reply:
                raise SandboxError(f"no student process: {reply['error']}")
            student = Student(self, reply["pid"], fds[0], ours, mmap.mmap(arena, ARENA), mmap.mmap(log, LOG))
            student._limit = memory
            self._equip(student, budget)
            return student
        except OSError as error:
            raise SandboxError(f"the zygote does not answer: {error}") from error
        finally:
            theirs.close()
            os.close(arena)
            os.close(log)

    def _equip(self, student: Student, budget: int) -> None:
        """Gives a student process on a slot its meter, and has it bring up its GPU; one that can't is killed."""
        self.facts = facts_of(self.slot) if self.slot else {}
        if self.slot is None or self._gpu is None:
            return
        student._meter = Meter(self.slot, budget, pid_of(student._handle))
        watchdog = {"gpu_watchdog": "NVML" if student._meter.watches else "none"}
        try:
            self.facts |= prepare(student.channel, student.arena, self.slot) | watchdog
        except SandboxError:
            student.kill()
            raise

    def reset(self) -> None:
        """Kills and reaps whatever students are left, after a judge that did not end well."""
        self.ask({"op": "reset"})

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """One request to the zygote and its answer; SandboxError where there is none."""
        number = secrets.randbits(62)
        self._send({**request, "id": number})
        answer, _ = self._hear(number)
        if "error" in answer:
            raise SandboxError(f"zygote: {answer['error']}")
        return answer

    def _hear(self, number: int) -> tuple[dict[str, Any], list[int]]:
        """The answer to request `number`, and its descriptors. What answers an earlier one, given up, is dropped."""
        deadline = time.monotonic() + ANSWER_SECONDS
        while time.monotonic() < deadline:
            try:
                packet, fds, _, _ = socket.recv_fds(self._control, 1 << 16, 1)
            except OSError as error:
                raise SandboxError(f"the zygote does not answer: {error}") from error
            if not packet:
                raise SandboxError("the zygote died; `nbjudge doctor` tries the jail step by step")
            answer: dict[str, Any] = json.loads(packet)
            if answer.get("id") == number:
                return answer, fds
            for fd in fds:
                os.close(fd)
        raise SandboxError("the zygote does not answer")

    def kills(self) -> tuple[int, int]:
        """How often the kernel has killed in this zygote's group, and how often the group hit its own memory limit."""
        return (self._group.kills(), self._group.hits()) if self._group else (0, 0)

    def close(self) -> None:
        """Ends the zygote and every student with it."""
        if hasattr(self, "_process"):
            self._control.close()  # the zygote ends by itself, and its students with it
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=5)
            self._process.kill()
            self._process.wait()
        if self._group:
            self._group.remove()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Zygote:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def _make_work(self) -> str | None:
        if self.isolation != "none":
            return None
        self._work += 1
        folder = self._folder / f"{os.getpid()}-{self._work}"
        folder.mkdir()
        return str(folder)

    def _send(self, message: dict[str, Any]) -> None:
        try:
            self._control.send(json.dumps(message).encode())
        except OSError as error:
            raise SandboxError(f"the zygote is gone: {error}") from error

    def _receive(self) -> dict[str, Any]:
        try:
            packet = self._control.recv(1 << 16)
        except OSError as error:
            raise SandboxError(f"the zygote does not answer: {error}") from error
        if not packet:
            raise SandboxError("the zygote died; `nbjudge doctor` tries the jail step by step")
        message: dict[str, Any] = json.loads(packet)
        return message


_BOOT = """
import os, sys
fd = int(sys.argv[1])
os.dup2(fd, 3)
if fd != 3:
    os.close(fd)
from nbjudge.sandbox.zygote import main
main()
"""


@dataclass(frozen=True, slots=True)
class IdMaps:
    """Which ids the zygote's user namespace has, and how they get there."""

    pid: int
    uid_map: str
    gid_map: str
    many: bool

    def write(self) -> None:
        """Writes them, once the process has unshared its user namespace."""
        folder = Path(f"/proc/{self.pid}")
        if self.many and os.geteuid() != 0:
            for tool, text in (("newuidmap", self.uid_map), ("newgidmap", self.gid_map)):
                subprocess.run([tool, str(self.pid), *text.split()], check=True, capture_output=True)
            return
        try:
            if not self.many:
                (folder / "setgroups").write_text("deny")
            (folder / "gid_map").write_text(self.gid_map)
            (folder / "uid_map").write_text(self.uid_map)
        except OSError as error:
            raise SandboxError(f"the id maps of the jail could not be written: {error}") from error


def id_maps(pid: int) -> IdMaps:
    """The widest id maps that this user may give to a namespace of process `pid`."""
    uid, gid = os.geteuid(), os.getegid()
    if uid == 0 and _knows_ids(FIRST_UID, 65536):
        text = f"0 {FIRST_UID} 65536"
        return IdMaps(pid, text, text, many=True)
    if uid == 0:  # of a container that has fewer ids
        return IdMaps(pid, "0 0 1", "0 0 1", many=False)
    ranges = [_sub_ids(path, uid) for path in ("/etc/subuid", "/etc/subgid")]
    if all(ranges) and shutil.which("newuidmap") and shutil.which("newgidmap"):
        return IdMaps(pid, f"0 {uid} 1 1 {ranges[0]} 65535", f"0 {gid} 1 1 {ranges[1]} 65535", many=True)
    return IdMaps(pid, f"0 {uid} 1", f"0 {gid} 1", many=False)


def _knows_ids(first: int, count: int) -> bool:
    """Whether our own user namespace has these ids."""
    for line in Path("/proc/self/uid_map").read_text().splitlines():
        start, _, length = map(int, line.split())
        if start <= first and first + count <= start + length:
            return True
    return False


def _sub_ids(path: str, uid: int) -> int | None:
    """The first subordinate id of `uid`, if it has at least 65,535."""
    import pwd

    try:
        name = pwd.getpwuid(uid).pw_name
        lines = Path(path).read_text().splitlines()
    except (KeyError, OSError):
        return None
    for line in lines:
        owner, first, count = line.split(":")
        if owner in (name, str(uid)) and int(count) >= 65535:
            return int(first)
    return None


def _sealed_memory(name: str, size: int) -> int:
    fd = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.truncate(fd, size)
    fcntl.fcntl(fd, fcntl.F_ADD_SEALS, SEALS)
    return fd
