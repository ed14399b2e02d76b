"""A GPU slot in the jail: what a student process on it sees and may do, the proof that it works, and the watchdog."""

from __future__ import annotations

import contextlib
import mmap
import os
import re
import secrets
import shutil
import socket
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn

from nbjudge import wire
from nbjudge.errors import SandboxError
from nbjudge.sandbox.gpu_cards import CONTEXT, Slot, open_nvml

PREPARE_SECONDS = 60.0  # a first context on a card without persistence mode takes some
HOST_MEMORY = 1 << 30  # bytes of ordinary memory that CUDA's libraries take for themselves
DRIVER_LIBRARY = re.compile(r"(libcuda\.so|libnvidia-)\S*")
# What the driver and cuBLAS read from the environment when the context is made.
SETTINGS = {
    "CUBLAS_WORKSPACE_CONFIG": ":4096:8",  # deterministic matrix products
    "CUDA_CACHE_DISABLE": "1",  # a cache in a private /tmp helps nobody
    "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
}


def plan_gpu(slot: Slot | None, binds: Iterable[str]) -> dict[str, Any] | None:
    """What the zygote and the student process must know of their slot, as plain values; None without a GPU.

    A UUID names the card whatever else is visible; without one, the card is the only one that the jail has.
    """
    if slot is None or not slot.card.nodes:
        return None
    return {
        "nodes": list(slot.card.nodes),
        "libraries": driver_libraries(binds),
        "environment": {**SETTINGS, "CUDA_VISIBLE_DEVICES": slot.card.uuid or "0"},
        "share": slot.share,
        "context": CONTEXT,
    }


def driver_libraries(binds: Iterable[str]) -> list[str]:
    """Files of the driver's user-space part that lie outside `binds`, the links among them and what they lead to."""
    ldconfig = shutil.which("ldconfig", path=f"{os.environ.get('PATH', '')}:/sbin:/usr/sbin")
    if ldconfig is None:
        return []
    listed = subprocess.run([ldconfig, "-p"], capture_output=True, text=True, check=False).stdout
    return parse_libraries(listed, binds)


def parse_libraries(listed: str, binds: Iterable[str]) -> list[str]:
    """The driver's libraries in the output of `ldconfig -p`, without those below a path of `binds`."""
    folders = tuple(f"{bind}/" for bind in binds)
    paths: set[str] = set()
    for line in listed.splitlines():
        name, _, path = line.strip().partition(" => ")
        if DRIVER_LIBRARY.match(name) and not path.startswith(folders):
            paths |= {path, os.path.realpath(path)}
    return sorted(path for path in paths if os.path.exists(path))


def prepare(channel: socket.socket, arena: mmap.mmap, slot: Slot) -> dict[str, str]:
    """Makes the CUDA context and computes with it, before any student code runs; its versions and flags.

    SandboxError if it doesn't work: whatever goes wrong afterwards is not the machine's fault, and the time that a
    first context takes is not the student's.
    """
    nonce = secrets.randbits(64)
    channel.settimeout(PREPARE_SECONDS)
    try:
        channel.send(wire.encode(("prepare", (), []), arena, nonce, _refuse))
        packet = channel.recv(wire.PACKET.size)
        if not packet:
            raise SandboxError(_unusable(slot, "the process died of it"))
        reply = wire.decode(packet, arena, nonce, handle=_refuse, tensor=_refuse)
    except (OSError, wire.WireError) as error:
        raise SandboxError(_unusable(slot, str(error) or "no answer")) from error
    finally:
        channel.settimeout(None)
    match reply:
        case ("ok", dict(facts)):
            return {str(name): str(value) for name, value in facts.items()}
        case ("error", str(kind), _, str(message), *_):
            raise SandboxError(_unusable(slot, f"{kind}: {message}"))
    raise SandboxError(_unusable(slot, "an unknown answer"))


def facts_of(slot: Slot) -> dict[str, str]:
    """What a result records of its slot, besides what `prepare` finds."""
    return {
        "device": slot.device,
        "gpu": slot.card.name,
        "gpu_driver": slot.card.driver,
        "gpu_slots": str(slot.share),
    }


def _unusable(slot: Slot, reason: str) -> str:
    card = slot.card
    return f"GPU {card.index} ({card.name}) cannot be used in the jail: {reason}; `nbjudge doctor` says more"


def _refuse(*_: object) -> NoReturn:
    raise wire.WireError("an object where only plain values may be")


class Meter:
    """How much memory of the card a student's process tree holds, asked of the driver.

    Where the driver does not list these processes (in a container without the host's pids), and the slot has the card to
    itself, all that the card holds above the beginning counts.
    """

    def __init__(self, slot: Slot, budget: int, pid: int) -> None:
        """`pid` as this process sees it; `budget` in bytes, 0: nothing is measured."""
        self._stack = contextlib.ExitStack()
        self._nvml = self._stack.enter_context(open_nvml()) if budget and slot.card.uuid else None
        self._slot, self._pid, self._allowed = slot, pid, budget + CONTEXT
        self._before = 0
        if self._nvml:
            self._card = self._nvml.nvmlDeviceGetHandleByUUID(slot.card.uuid)
            self._before = self._all_used()

    @property
    def watches(self) -> bool:
        """Whether there is a driver to ask."""
        return self._nvml is not None

    def is_over(self) -> bool:
        """Whether the tree holds more than the budget and a context."""
        return self._nvml is not None and self._used() > self._allowed

    def close(self) -> None:
        """Lets go of the driver's library."""
        self._nvml = None
        self._stack.close()

    def _used(self) -> int:
        processes = self._nvml.nvmlDeviceGetComputeRunningProcesses(self._card)  # type: ignore[union-attr]
        own = [process.usedGpuMemory or 0 for process in processes if descends(process.pid, self._pid)]
        strangers = any(os.path.exists(f"/proc/{process.pid}") for process in processes)
        if own or strangers or self._slot.crowded:
            return sum(own)
        return self._all_used() - self._before

    def _all_used(self) -> int:
        return int(self._nvml.nvmlDeviceGetMemoryInfo(self._card).used)  # type: ignore[union-attr]


def descends(pid: int, ancestor: int) -> bool:
    """Whether process `pid` is `ancestor` or below it; False if it is gone."""
    while pid > 1 and pid != ancestor:
        try:
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            return False
    return pid == ancestor
