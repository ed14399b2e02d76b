"""The judge's side of the jail: starts the zygote, asks it for student processes, watches and kills them."""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import json
import mmap
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Collection, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from nbjudge.errors import SandboxError
from nbjudge.model import Limits
from nbjudge.sandbox.cgroup import SLACK, clear_stale, make_group
from nbjudge.sandbox.container import BOOT, Container, Image, code_hash, start_container
from nbjudge.sandbox.filter import build_filter
from nbjudge.sandbox.gpu import HOST_MEMORY, Meter, facts_of, plan_gpu, prepare
from nbjudge.sandbox.gpu_cards import Slot
from nbjudge.sandbox.ids import id_maps
from nbjudge.sandbox.jail import Isolation
from nbjudge.sandbox.linux import pid_of
from nbjudge.sandbox.process import ProcessHandle, StudentProcess
from nbjudge.sandbox.root import list_binds

ARENA = 256 << 20  # bytes; sparse: only what is written takes memory
LOG = 64 << 10  # bytes of what the student's process wrote to fd 2
START_SECONDS = 120.0  # a cold start that reads torch from a slow disk
ANSWER_SECONDS = 30.0
CPU_BACKSTOP = 3600  # seconds; wall-clock limits are the judge's, this only ends what nobody watches
GROUP = "nbjudge-"  # and the judge's pid and a number: the name of a zygote's control group
ZYGOTE_PROCESSES = 4
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


class Zygote:
    """A warm process in a jail of its own that forks student processes; one per worker, one student at a time."""

    def __init__(
        self,
        isolation: Isolation = "namespaces",
        helpers: Path | None = None,
        *,
        image: Image | None = None,
        without: Collection[str] = (),
        slot: Slot | None = None,
        parent: Zygote | None = None,
    ):
        """Starts it, and does not wait for its imports; `helpers` is the folder of the assignment's helper files.

        `image` is what isolation "container" runs in. `without` leaves out walls (walls.WALLS) around student
        processes: only to show what each one is for. With `slot` each student has that share of a GPU, and `facts`
        tells what the last one found there. `parent`: see `clone`. SandboxError if the jail can't be made; what goes
        wrong later, `wait_until_warm` and `spawn` say.
        """
        self.isolation = isolation
        self.slot = slot
        self.facts: dict[str, str] = {}
        self.without = tuple(without)
        self._gpu = plan_gpu(slot, list_binds()) if slot else None
        self._folder = Path(tempfile.mkdtemp(prefix="nbjudge-"))
        self._name = f"{GROUP}{os.getpid()}-{next(_numbers)}"
        clear_stale(GROUP)
        self._container: Container | None = None
        self._process: ProcessHandle | None = None
        self._group = make_group(self._name) if not image and "limits" not in without else None
        self._events = self._group.events() if self._group else None
        self._work = 0
        self.resident = 0  # bytes that every student starts with, shared with the zygote; 0: not warm yet
        self._size = 0
        try:
            if parent:
                self._fork_from(parent)
            else:
                self._start(helpers, image, without, slot)
        except BaseException:
            self.close()
            raise

    def _start(
        self, helpers: Path | None, image: Image | None, without: Collection[str], slot: Slot | None
    ) -> None:
        jailed = self.isolation != "none"
        setup = {
            "isolation": self.isolation,
            "folder": str(self._folder),
            # What the zygote knows, students can read, and a host path is none of their business.
            "helpers": str(helpers) if helpers and not jailed else None,
            "nodes": self._gpu["nodes"] if self._gpu else [],
            "libraries": self._gpu["libraries"] if self._gpu and not image else [],  # an image has its own
            "filter": build_filter(gpu=self._gpu is not None).hex() if jailed else "",
            "many_uids": False,
            "without": list(without),
        }
        if image:
            self._container = start_container(
                image,
                self._name,
                self._folder,
                ENVIRONMENT,
                card=slot.card.uuid if slot and self._gpu else None,
            )
            self._hold(self._container.process, self._container.control)
        else:
            maps = id_maps(self._start_process())
            setup["many_uids"] = maps.many
        self._control.settimeout(START_SECONDS)
        archive = [pack_helpers(helpers)] if helpers and jailed else []
        self._send(setup, archive)
        for fd in archive:
            os.close(fd)
        if self.isolation == "namespaces" and "map" in self._hear_start()[0]:
            maps.write()
            self._control.send(b"mapped")

    def _start_process(self) -> int:
        control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        process = subprocess.Popen(
            [sys.executable, *BOOT, str(theirs.fileno())],
            env=ENVIRONMENT,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
        )
        theirs.close()
        self._hold(process, control)
        if self._group:
            self._group.add(process.pid)
        return process.pid

    def _hold(self, process: subprocess.Popen[bytes], control: socket.socket) -> None:
        self._process, self._control = ProcessHandle(os.pidfd_open(process.pid), process), control

    def clone(self) -> Zygote:
        """A zygote forked from this warm one, in milliseconds, with a jail and a control group of its own.

        It ends with this one. Not in a container, whose control group bounds one zygote, nor on a GPU slot.
        SandboxError if it can't be made.
        """
        self.wait_until_warm()
        return Zygote(self.isolation, without=self.without, parent=self)

    def _fork_from(self, parent: Zygote) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control.settimeout(ANSWER_SECONDS)
        with theirs:
            parent._exchange({"op": "clone"}, [theirs.fileno()])
        answer, fds = self._hear_start()
        self._process = ProcessHandle(fds[0])
        self.resident, self._size = answer["RssAnon"], answer["VmSize"]
        if self._group:
            self._group.add(self._process.pid)

    def prepare_for_forking(self) -> None:
        """Has it prepare, for about a second, so that every later fork costs less: worth it before many students.

        Does not wait: what is asked next does.
        """
        self._send({"op": "prepare_for_forking", "id": 0})

    def release_handles(self) -> None:
        """Lets go of it without ending it: it belongs to another process, to which it came in a fork."""
        self._control.close()
        if self._events:
            self._events.close()
        if self._process:
            self._process.release_handles()

    def wait_until_warm(self) -> None:
        """Waits until it can fork students (seconds); SandboxError if it can't. Call it before forking the judge."""
        if self.resident:
            return
        answer, _ = self._hear_start()
        if self._container and answer["code"] != code_hash():
            raise SandboxError(
                f"the image {self._container.image.name} holds another version of nbjudge than this one:"
                " build it again (`make image`, docs/containers.md)"
            )
        self._control.settimeout(ANSWER_SECONDS)
        self.resident, self._size = answer["RssAnon"], answer["VmSize"]

    def reserve(self, limits: Limits) -> None:
        """Bounds what all student processes to come may use together, where the control group is a container's.

        Call it once, with the largest limits there will be: it takes a tenth of a second.
        """
        if self._container:
            self._container.limit(self.resident + limits.memory + ARENA + limits.disk + SLACK)

    def _hear_start(self) -> tuple[dict[str, Any], list[int]]:
        answer, fds = self._receive()
        if "error" in answer:
            raise SandboxError(
                f"the jail could not be made; `nbjudge doctor` says what is missing.\n{answer['error']}"
            )
        return answer, fds

    def spawn(self, limits: Limits) -> StudentProcess:
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
            self._send(request, [theirs.fileno(), arena, log])
            reply, fds = self._hear(number)
            if "error" in reply:
                raise SandboxError(f"no student process: {reply['error']}")
            shared = mmap.mmap(arena, ARENA), mmap.mmap(log, LOG)
            student = StudentProcess(self, reply["pid"], fds[0], ours, *shared, memory, self.kills(reply))
            self._equip(student, fds[0], budget)
            return student
        finally:
            theirs.close()
            os.close(arena)
            os.close(log)

    def _equip(self, student: StudentProcess, handle: int, budget: int) -> None:
        """Gives a student process on a slot its meter, and has it bring up its GPU; one that can't is killed."""
        self.facts = facts_of(self.slot) if self.slot else {}
        if self.slot is None or self._gpu is None:
            return
        meter = Meter(self.slot, budget, pid_of(handle))
        student.measure_gpu(meter)
        watchdog = {"gpu_watchdog": "NVML" if meter.watches else "none"}
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
        return self._exchange(request)[0]

    def _exchange(self, request: dict[str, Any], fds: Sequence[int] = ()) -> tuple[dict[str, Any], list[int]]:
        number = secrets.randbits(62)
        self._send({**request, "id": number}, fds)
        answer, received = self._hear(number)
        if "error" in answer:
            raise SandboxError(f"zygote: {answer['error']}")
        return answer, received

    def _hear(self, number: int) -> tuple[dict[str, Any], list[int]]:
        """The answer to request `number`, and its descriptors. What answers an earlier one, given up, is dropped."""
        deadline = time.monotonic() + ANSWER_SECONDS
        while time.monotonic() < deadline:
            answer, fds = self._receive()
            if answer.get("id") == number:
                return answer, fds
            for fd in fds:
                os.close(fd)
        raise SandboxError("the zygote does not answer")

    def kills(self, answer: dict[str, Any]) -> tuple[int, int]:
        """How often the kernel has killed for want of memory, and how often the control group hit its own limit.

        Read here where the group is ours; in a container by the zygote, with its `answer`.
        """
        if self._events:
            return self._events.read()
        kills, hits = answer.get("kills") or (0, 0)
        return int(kills), int(hits)

    def close(self) -> None:
        """Ends the zygote and every student with it."""
        if self._process:
            self._control.close()  # the zygote ends by itself, and its students with it
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=5)
            if self._container and self._process.is_alive():
                self._container.kill()
            self._process.kill()
            self._process.wait()
            self._process.release_handles()
            self._process = None
        if self._events:
            self._events.close()
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

    def _send(self, message: dict[str, Any], fds: Sequence[int] = ()) -> None:
        try:
            socket.send_fds(self._control, [json.dumps(message).encode()], list(fds))
        except OSError as error:
            raise SandboxError(f"the zygote is gone: {error}") from error

    def _receive(self) -> tuple[dict[str, Any], list[int]]:
        try:
            packet, fds, _, _ = socket.recv_fds(self._control, 1 << 16, 1)
        except OSError as error:
            raise SandboxError(f"the zygote does not answer: {error}") from error
        if not packet:
            raise SandboxError("the zygote died; `nbjudge doctor` tries the jail step by step")
        message: dict[str, Any] = json.loads(packet)
        return message, fds


def pack_helpers(folder: Path) -> int:
    """A descriptor of a tar archive of the folder's files, so that no path of the host's enters the jail."""
    fd = os.memfd_create("helpers", os.MFD_CLOEXEC)
    with (
        os.fdopen(os.dup(fd), "wb") as file,
        tarfile.open(fileobj=file, mode="w", dereference=True) as archive,
    ):
        archive.add(folder, ".", filter=_plain)
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Readable for everybody, whatever the author's umask was, and of nobody in particular."""
    member.mode = 0o755 if member.isdir() else 0o644
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def _sealed_memory(name: str, size: int) -> int:
    fd = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.truncate(fd, size)
    fcntl.fcntl(fd, fcntl.F_ADD_SEALS, SEALS)
    return fd
