"""The judge's side of the jail: starts the zygote, asks it for student processes, watches and kills them."""

from __future__ import annotations

import contextlib
import itertools
import json
import mmap
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from nbjudge import log
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
from nbjudge.sandbox.memory_files import pack_files, pack_helpers, sealed_memory, written
from nbjudge.sandbox.process import ProcessHandle, StudentProcess
from nbjudge.sandbox.root import list_binds
from nbjudge.sandbox.walls import UIDS
from nbjudge.threads import ONE_THREAD
from nbjudge.wire import ARENA

LOG = 64 << 10  # bytes of what a student's process or a zygote wrote to fd 2
EXTENSIONS = re.compile(r"^Extension modules:.*\n?", re.MULTILINE)  # faulthandler's, thousands of characters
LAST_WORDS = 1000  # characters of what a dead zygote wrote, in the error
START_SECONDS = 120.0  # a cold start that reads torch from a slow disk
ANSWER_SECONDS = 30.0
CPU_BACKSTOP = 3600  # seconds; wall-clock limits are the judge's, this only ends what nobody watches
GROUP = "nbjudge-"  # and the judge's pid and a number: the name of a zygote's control group
ZYGOTE_PROCESSES = 4
_numbers = itertools.count(1)
ENVIRONMENT = {
    "HOME": "/tmp",  # inside the jail
    "LANG": "C.UTF-8",
    "MPLBACKEND": "Agg",
    "MPLCONFIGDIR": "/tmp",
    "MALLOC_ARENA_MAX": "2",  # each further arena takes 64 MB of the address space limit
    **ONE_THREAD,
    "OMP_WAIT_POLICY": "PASSIVE",  # who asks for more threads than there are free cores must not wait by spinning
    "PYTHONHASHSEED": "0",  # set order must not change a grade
    "PYTORCH_NVML_BASED_CUDA_CHECK": "1",  # the plain check would initialise CUDA before the fork
    "CUDA_VISIBLE_DEVICES": "",  # and so would the optimizers that the zygote warms up
}


class Zygote:
    """A warm process in its own jail that forks student processes; one per worker, one student at a time."""

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
        self.beside: Mapping[str, bytes] = {}  # a student's own files, for the processes to come
        self.without = tuple(without)
        self._gpu = plan_gpu(slot, list_binds()) if slot else None
        self._folder = Path(tempfile.mkdtemp(prefix="nbjudge-"))
        self._uid = secrets.choice(UIDS)
        self._name = f"{GROUP}{os.getpid()}-{next(_numbers)}"
        clear_stale(GROUP)
        self._container: Container | None = None
        self._process: ProcessHandle | None = None
        self._pid = 0  # of its process, for the log
        self._output: mmap.mmap | None = None  # what it writes to stderr, and the zygotes that it forks
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
            # What the zygote knows, students can read, and a host path is not for them.
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
        output = sealed_memory("output", LOG)
        process = subprocess.Popen(
            [sys.executable, *BOOT, str(theirs.fileno())],
            env=ENVIRONMENT,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=output,
            pass_fds=[theirs.fileno()],
        )
        theirs.close()
        self._output = mmap.mmap(output, LOG)
        os.close(output)
        self._hold(process, control)
        if self._group:
            self._group.add(process.pid)
        return process.pid

    def _hold(self, process: subprocess.Popen[bytes], control: socket.socket) -> None:
        self._process, self._control = ProcessHandle(os.pidfd_open(process.pid), process), control
        self._pid = process.pid
        log.info("zygote started", zygote=self._pid, isolation=self.isolation)

    def clone(self) -> Zygote:
        """A zygote forked from this warm one, in milliseconds, with its own jail and control group.

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
        self._pid, self._output = self._process.pid, parent._output
        log.info("zygote cloned", zygote=self._pid, parent=parent._pid)
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
        log.info("zygote warm", zygote=self._pid)

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
        arena, output = sealed_memory("arena", ARENA), sealed_memory("log", LOG)
        own = [pack_files(self.beside)] if self.beside else []
        memory = limits.memory + (HOST_MEMORY if self._gpu else 0)
        budget = self.slot.budget(limits.gpu_memory) if self.slot else 0
        plan = {
            "seconds_cpu": CPU_BACKSTOP,
            "address_space": 0 if self._gpu else self._size + ARENA + limits.memory,
            "processes": limits.processes,
            "disk": limits.disk,
            "uid": self._uid,
            "gpu": {**self._gpu, "budget": budget} if self._gpu else None,
        }
        if self._group:
            self._group.limit(memory + ARENA + limits.disk, limits.processes + ZYGOTE_PROCESSES)
        try:
            number = secrets.randbits(62)
            request = {"op": "spawn", "plan": plan, "work": self._make_work(), "id": number}
            self._send(request, [theirs.fileno(), arena, output, *own])
            reply, fds = self._hear(number)
            if "error" in reply:
                raise SandboxError(f"no student process: {reply['error']}")
            shared = mmap.mmap(arena, ARENA), mmap.mmap(output, LOG)
            student = StudentProcess(
                self.ask,
                self.kills,
                reply,
                fds[0],
                ours,
                *shared,
                allowed=self.resident + memory,
                jailed=self.isolation != "none",
            )
            self._equip(student, fds[0], budget)
            log.info("student process started", student=student.pid, zygote=self._pid)
            return student
        finally:
            theirs.close()
            for fd in (arena, output, *own):
                os.close(fd)

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
        """How often the kernel has killed because memory ran out, and how often the control group hit its own limit.

        Read here where this process made the group; in a container by the zygote, with its `answer`.
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
            raise self._lost(f"the zygote is gone: {error}") from error

    def _receive(self) -> tuple[dict[str, Any], list[int]]:
        try:
            packet, fds, _, _ = socket.recv_fds(self._control, 1 << 16, 1)
        except ConnectionError:  # it died before it had read what was sent
            packet = b""
        except OSError as error:
            raise SandboxError(f"the zygote does not answer: {error}") from error
        if not packet:
            raise self._lost("the zygote died; `nbjudge doctor` tries the jail step by step")
        message: dict[str, Any] = json.loads(packet)
        return message, fds

    def _lost(self, message: str) -> SandboxError:
        """The error of a zygote that has died, with the last lines that it wrote, marked as such."""
        log.warning("zygote died", zygote=self._pid)
        lines = self._last_words()[-LAST_WORDS:].splitlines()
        return SandboxError("\n".join([message, *(f"zygote's stderr | {line}" for line in lines)]))

    def _last_words(self) -> str:
        text = written(self._output) if self._output else ""
        if self._container:
            with contextlib.suppress(OSError):
                text = self._container.log.read_bytes()[-LOG:].decode(errors="replace")
        # Without walls a student could write there, too.
        text = "".join(char for char in text if char.isprintable() or char == "\n")
        return EXTENSIONS.sub("", text).strip()
