"""The judge's end of the wire: one student process, the deadline of each request, and its end."""

from __future__ import annotations

import re
import secrets
import select
import signal
import socket
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from nbjudge import log, wire
from nbjudge.errors import SandboxError
from nbjudge.judge.faults import (
    NAME,
    MisuseError,
    NotFound,
    StudentCrashed,
    StudentFault,
    StudentGpuMemory,
    StudentMemory,
    StudentTimeout,
    one_line,
    student_error,
)
from nbjudge.judge.handle import Ask, Handle
from nbjudge.model import Cell, Frame, Limits
from nbjudge.notes import Note

if TYPE_CHECKING:
    from nbjudge.sandbox import Exit, StudentProcess

POLL = 0.05  # seconds between two looks at the memory
GPU = re.compile("CUDA|CUBLAS|CUDNN|GPU")  # in the message of an error that lacked memory: whose
DROPPED = 50_000  # handles that one request lets go of; the others wait for the next
LINE, FUNCTION = 300, 100  # characters of a source line, of a function's name
DUMPED_FRAME = re.compile(r'File "<([^"\n]{1,200})>", line (\d{1,9}) in (\S{1,100})')


class StudentConnection:
    """One student process: sends requests, waits for the replies, and kills it when it hangs, swells or lies."""

    def __init__(self, process: StudentProcess, limits: Limits, cells: Mapping[str, Cell]) -> None:
        self.process = process
        self.limits = limits  # what it was made with
        self.cells = cells  # by label, for traces
        self.alive = True
        self.test = 0  # its number in this process: a handle lives for one test
        self.ask: Ask = _refuse  # what handles call; the session sets it, since it keeps the time
        self.dropped: list[int] = []  # handles that the judge has let go of; sent with the next request

    def request(self, name: str, arguments: tuple[Any, ...], seconds: float) -> Any:
        """The value of the reply; a StudentFault if the code raised or does not reply within `seconds`.

        Also if what is to be sent is too much for a message: what the student's code returned may be in it.
        """
        deadline = time.monotonic() + seconds
        nonce = secrets.randbits(64)
        dropped = self.dropped[:DROPPED]
        request = name, arguments, dropped
        try:
            packet = wire.encode(request, self.process.arena, nonce, self._outgoing, long_texts=True)
        except wire.WireError as error:
            raise StudentMemory(Note("not_passed_on", {"details": one_line(str(error), NAME)})) from None
        del self.dropped[: len(dropped)]
        self._send(packet)
        self._wait(deadline)
        try:
            return self._open(self._receive(nonce))
        except (StudentFault, SandboxError):
            raise
        except Exception as error:  # a reply that the reader did not foresee is no less the student's doing
            if not isinstance(error, wire.WireError):
                log.warning("odd reply", request=name, error=f"{type(error).__name__}: {error}")
            self.kill()
            raise StudentCrashed(Note("protocol_broken", {"details": one_line(str(error), NAME)})) from None

    def kill(self) -> Exit | None:
        """Ends the process; None if the judge had ended it before. SandboxError: the host had killed some of it."""
        if not self.alive:
            return None
        self.alive = False
        end = self.process.kill()
        if end.outside:
            raise SandboxError(
                "a process of the student kept its limits and was killed from outside: "
                "if the machine is short of memory, grade with fewer --jobs"
            )
        return end

    def marked_line(self) -> int:
        """Which line of a cell the process says that it is running, also after its end; 0 if it says nothing."""
        arena = self.process.arena
        line: int = wire.MARK.unpack_from(arena, len(arena) - wire.MARK.size)[0]
        return line

    def describe(self, description: object) -> StudentFault:
        """The exception that a reply describes; WireError if it is not a description."""
        match description:
            case (str(kind), str(builtin), str(message), bool(memory), list(frames)):
                text = f"{kind}: {message}" if message else kind
                trace = self.trace(frames)
                if memory:
                    return (StudentGpuMemory if GPU.search(text) else StudentMemory)(text, trace)
                return student_error(builtin, text, trace)
        raise wire.WireError("an error without a description")

    def trace(self, frames: list[Any]) -> tuple[Frame, ...]:
        """Of the innermost frames those in real cells; the source lines are the judge's."""
        found = []
        for frame in frames[-wire.MAX_FRAMES :]:
            match frame:
                case (str(label), int(line), str(function)) if label in self.cells:
                    cell = self.cells[label]
                    source = cell.source.split("\n")
                    shown = source[line - 1].strip() if 0 < line <= len(source) else ""
                    line = min(max(line, 0), len(source) + 1)  # it may be forged
                    name = "" if function == "<module>" else one_line(function, FUNCTION)
                    where = cell.index if cell.index is not None else cell.id
                    found.append(Frame(where, line, name, one_line(shown, LINE)))
        return tuple(found)

    def _send(self, packet: bytes) -> None:
        try:
            self.process.channel.send(packet, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
        except OSError:
            self._died()

    def _wait(self, deadline: float) -> None:
        poller = select.poll()
        poller.register(self.process.channel, select.POLLIN)
        while (left := deadline - time.monotonic()) > 0:
            if poller.poll(1000 * min(left, POLL)):
                return
            if self.process.over_memory():
                self.kill()
                raise self._memory_fault()
            if self.process.over_gpu_memory():
                self.kill()
                raise StudentGpuMemory(Note("gpu_memory_used_up"))
        trace = self._dumped_trace()
        self.kill()
        raise StudentTimeout("", trace)  # the session knows the limit to name

    def _receive(self, nonce: int) -> object:
        try:
            packet = self.process.channel.recv(wire.PACKET.size + 1)  # one more, to notice a longer packet
        except OSError:
            packet = b""
        if not packet:
            self._died()
        value: object = wire.decode(
            packet, self.process.arena, nonce, handle=self.hold, tensor=_with_origin, long_texts=False
        )
        return value

    def _died(self) -> NoReturn:
        end = self.kill()
        if end is not None and end.oom:
            raise self._memory_fault()
        raise StudentCrashed(_describe_exit(end))

    def _memory_fault(self) -> StudentMemory:
        return StudentMemory(Note("memory_used_up", {"limit": self.limits.memory >> 20}))

    def _dumped_trace(self) -> tuple[Frame, ...]:
        """Where the main thread was. faulthandler puts it last, innermost frame first."""
        main = self.process.dump_traceback().rsplit("most recent call first", 1)[-1]
        frames = [(label, int(line), name) for label, line, name in DUMPED_FRAME.findall(main)]
        return self.trace(frames[: wire.MAX_FRAMES][::-1])

    def _open(self, reply: object) -> Any:
        match reply:
            case tuple(("ok", value)):
                return value
            case tuple(("missing", str(name))):
                raise NotFound(Note("name_missing", {"name": one_line(name, NAME)}))
            case tuple(("error", *description)):
                raise self.describe(tuple(description))
        raise wire.WireError("a reply of no known kind")

    def hold(self, id_: int, kind: str) -> Handle:
        """The handle for an object of the student's process."""
        return Handle(self.ask, self.dropped, id_, kind)

    def _outgoing(self, value: object) -> tuple[int, str]:
        if not isinstance(value, Handle):
            raise MisuseError(
                f"a {type(value).__name__} cannot be passed to the student's code: pass plain values, arrays, "
                "tensors, or objects that the student's code returned"
            )
        return value._id, ""


def _refuse(*_: Any) -> NoReturn:
    raise MisuseError("an object of the student's was used before any test began")


def _with_origin(tensor: Any, origin: wire.TensorOrigin) -> Any:
    tensor.origin = origin
    return tensor


def _describe_exit(end: Exit | None) -> Note:
    if end is not None and end.signal == signal.SIGSEGV:
        return Note("segmentation_fault", {"signal": end.signal})
    if end is not None and end.signal is not None:
        name = next((known.name for known in signal.Signals if known == end.signal), "?")
        return Note("killed", {"signal": end.signal, "name": name})
    if end is None or end.status is None:
        return Note("ended")
    return Note("exited", {"status": end.status})
