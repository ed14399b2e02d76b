"""Serves the judge's requests, one at a time, until the socket closes."""

from __future__ import annotations

import builtins
import faulthandler
import mmap
import os
import random
import signal
import socket
import sys
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

from nbjudge import wire
from nbjudge.student.cell import CutOff, Orders, Outcome
from nbjudge.student.device import Device, synchronise
from nbjudge.student.event_loop import enter_loop
from nbjudge.student.modes import read_modes, set_modes
from nbjudge.student.shell import NotebookNamespace, Output, flush_figures

BUILTINS = frozenset(dir(builtins))
OUT_OF_MEMORY = ("can't allocate memory", "not enough memory", "bad_alloc", "out of memory", "ALLOC_FAILED")


def serve(channel_fd: int, arena_fd: int, gpu: dict[str, Any] | None = None) -> NoReturn:
    """Answers requests on the channel until it closes; `gpu` is the slot of this process, if it has one."""
    faulthandler.register(signal.SIGUSR1, file=2, all_threads=True)
    loop = enter_loop()
    server = Server(mmap.mmap(arena_fd, 0), Device(gpu), loop.settle)
    channel = socket.socket(fileno=channel_fd)
    sys.stdout = sys.stderr = server.output
    os.environ.setdefault("PATH", os.defpath)  # code that looks for a program finds none, but a PATH
    sys.path.insert(0, "")  # the assignment's helper files, as in Jupyter
    server.seed(int.from_bytes(os.urandom(8)))
    while request := channel.recv(wire.PACKET.size):
        channel.send(server.answer(request))
    os._exit(0)


class Missing(Exception):
    """The notebook has no such name."""


@dataclass(frozen=True, slots=True)
class State:
    """What the notebook had made of its process up to one cell."""

    names: dict[str, Any]
    folder: str
    modes: dict[str, Any]


class Server:
    """The notebook, the objects that the judge holds by handle, and one method for each kind of request."""

    def __init__(self, arena: mmap.mmap, device: Device, settle: Callable[[], None] = lambda: None) -> None:
        """`settle` lets the tasks of a cell go on a little."""
        self.arena = arena
        self.settle = settle
        self.device = device
        self.process = os.getpid()
        self.notebook = NotebookNamespace()
        self.output = Output()
        self.handles: dict[int, Any] = {}
        self.last_handle = 0
        self.states: dict[int, State] = {}  # by the cell's position, where an exercise is judged
        self.end: State | None = None  # what loading left
        self.requests: dict[str, Callable[..., Any]] = {
            name: getattr(self, name)
            for name in (
                "prepare", "load", "seed", "keep", "begin", "place",
                "call_name", "call", "get", "has", "set", "run_copy", "replace",
                "attribute", "set_attribute", "item", "set_item", "length", "iterate", "next_item",
            )
        }  # fmt: skip

    def answer(self, packet: bytes) -> bytes:
        """The reply packet for a request packet. No exception of student code gets out."""
        nonce = wire.nonce_of(packet)
        try:
            reply: tuple[Any, ...] = ("ok", self.perform(packet, nonce))
            self.stop_if_forked()
            return wire.encode(reply, self.arena, nonce, self.hold)
        except Missing as error:
            reply = ("missing", str(error))
        except wire.WireError as error:
            reply = ("error", "WireError", "Exception", f"the result cannot be passed on: {error}", False, [])
        except BaseException as error:  # SystemExit and KeyboardInterrupt too
            reply = ("error", *self.describe(error))
        self.stop_if_forked()
        return wire.encode(reply, self.arena, nonce, self.hold)

    def perform(self, packet: bytes, nonce: int) -> Any:
        """Carries out one request."""
        name, arguments, dropped = wire.decode(
            packet, self.arena, nonce, handle=lambda id_, _: self.handles[id_], tensor=_restore
        )
        for id_ in dropped:
            self.handles.pop(id_, None)
        value = self.requests[name](*arguments)
        synchronise()
        return value

    def stop_if_forked(self) -> None:
        """Ends a child that the student forked and let return: it must neither answer nor touch the arena."""
        if os.getpid() != self.process:
            os._exit(0)

    def hold(self, value: object) -> tuple[int, str]:
        """A new handle for an object that does not cross by value."""
        self.last_handle += 1
        self.handles[self.last_handle] = value
        return self.last_handle, _text(type(value).__name__, 100)

    # Requests

    def prepare(self) -> dict[str, str]:
        """Brings the GPU up, before any student code runs; versions and flags."""
        return self.device.prepare()

    def load(self, label: str, source: str, orders: tuple[Any, ...], limit: int) -> tuple[Any, ...]:
        """Runs a cell; its output, the failures, and what was left out.

        A failure is its line, whether time cut it off, and the description of the exception; what was left out, a line
        and the line of the failure before it.
        """
        self.output.clear(limit)
        self.mark(0)
        try:
            outcome = self.notebook.run(label, source, Orders(*orders), self.mark)
            self.settle()
            synchronise()
        except BaseException as error:  # not Python, or an error that the GPU reports late
            outcome = Outcome([(0, error)])
        failures = [
            (line, isinstance(error, CutOff), self.describe(error)) for line, error in outcome.failures
        ]
        flush_figures()
        return _text(self.output.text(), limit + 100), failures, outcome.left_out

    def mark(self, line: int) -> None:
        """Leaves where the judge finds it, should this process end, which statement is running."""
        wire.MARK.pack_into(self.arena, len(self.arena) - wire.MARK.size, line)

    def keep(self, place: int) -> None:
        """Keeps what the cells up to this one left, for the tests of the exercise that is judged there."""
        self.states[place] = self.state()

    def state(self) -> State:
        """What the cells so far have left."""
        return State(dict(self.notebook.names), os.getcwd(), read_modes())

    def begin(self, seed: int, place: int) -> None:
        """Before each test: the state kept at `place`, else what loading left; no handles, fresh seeds.

        Names that only later cells bind are there too, unless the cells until there meant Python's own.
        """
        if self.end is None:
            self.end = self.state()
        state = self.states.get(place, self.end)
        names = self.notebook.names
        names.clear()
        names.update((name, value) for name, value in self.end.names.items() if name not in BUILTINS)
        names.update(state.names)
        os.chdir(state.folder)
        set_modes(state.modes)
        self.device.be_reproducible()
        self.handles.clear()
        self.output.clear(0)
        flush_figures()
        self.seed(seed)

    def seed(self, seed: int) -> None:
        """Seeds random, numpy and torch."""
        random.seed(seed)
        if (numpy := sys.modules.get("numpy")) is not None:
            numpy.random.seed(seed % (1 << 32))
        if (torch := sys.modules.get("torch")) is not None:
            # torch.manual_seed formats a stack trace (2 ms) for a CUDA that may come later
            (torch.manual_seed if torch.version.cuda else torch.default_generator.manual_seed)(seed)

    def place(self, tensor: Any) -> tuple[int, str]:
        """A handle to a copy of `tensor` on this process's device."""
        return self.hold(tensor.detach().to(self.device.name).requires_grad_(tensor.requires_grad))

    def call_name(self, name: str, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """Calls a function or class of the notebook."""
        return self.get(name)(*arguments, **keywords)

    def call(self, function: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """Calls an object that the judge holds."""
        return function(*arguments, **keywords)

    def get(self, name: str) -> Any:
        """A global of the notebook."""
        try:
            return self.notebook.names[name]
        except KeyError:
            raise Missing(name) from None

    def has(self, name: str) -> bool:
        """Whether the notebook defines the name."""
        return name in self.notebook.names

    def set(self, names: dict[str, Any]) -> None:
        """Replaces globals until the next test."""
        self.notebook.names.update(names)

    def run_copy(self, label: str, source: str, inputs: dict[str, Any], drop: bool) -> dict[str, Any]:
        """Runs code in a copy of the namespace; returns the names it assigned."""
        return self.notebook.run_copy(label, source, inputs, drop)

    def replace(self, label: str, source: str, kept: Collection[str]) -> None:
        """Puts an author's definitions in place of the notebook's, but for the `kept`, until the next test."""
        self.notebook.replace(label, source, kept)

    def attribute(self, value: Any, name: str) -> Any:
        """value.name"""
        return getattr(value, name)

    def set_attribute(self, value: Any, name: str, new: Any) -> None:
        """value.name = new"""
        setattr(value, name, new)

    def item(self, value: Any, key: Any) -> Any:
        """value[key]"""
        return value[key]

    def set_item(self, value: Any, key: Any, new: Any) -> None:
        """value[key] = new"""
        value[key] = new

    def length(self, value: Any) -> int:
        """len(value)"""
        return len(value)

    def iterate(self, value: Any) -> int:
        """Starts an iteration; returns its handle's id."""
        return self.hold(iter(value))[0]

    def next_item(self, iterator: int) -> tuple[Any, ...]:
        """The next item in a tuple, or () at the end."""
        try:
            return (next(self.handles[iterator]),)
        except StopIteration:
            return ()

    # Exceptions

    def describe(self, error: BaseException) -> tuple[Any, ...]:
        """Type name, builtin base, message, whether memory ran out, and the frames in the student's cells."""
        kind = type(error)
        builtin = next((base.__name__ for base in kind.__mro__ if base.__module__ == "builtins"), "Exception")
        try:
            message = _text(str(error), wire.MAX_MESSAGE)
        except BaseException:  # their own __str__
            message = ""
        memory = builtin == "MemoryError" or kind.__name__ == "OutOfMemoryError"
        if builtin == "RuntimeError":
            memory = memory or any(text in message for text in OUT_OF_MEMORY)
        return (
            _text(kind.__name__, 100),
            builtin,
            message,
            memory,
            list(self.frames(error))[-wire.MAX_FRAMES :],
        )

    def frames(self, error: BaseException) -> Iterator[tuple[str, int, str]]:
        """Cell, line and function of each frame in the student's cells, outermost first."""
        trace = error.__traceback__
        while trace is not None:
            code = trace.tb_frame.f_code
            if (label := self.notebook.labels.get(code.co_filename)) is not None:
                yield label, trace.tb_lineno, _text(code.co_name, 100)
            trace = trace.tb_next
        if isinstance(error, SyntaxError) and error.filename in self.notebook.labels:
            yield self.notebook.labels[error.filename], int(error.lineno or 0), "<module>"


def _restore(tensor: Any, origin: wire.TensorOrigin) -> Any:
    return tensor.requires_grad_(origin.requires_grad)


def _text(text: str, limit: int) -> str:
    return str(text)[:limit].encode(errors="replace").decode()
