"""The machine's GPUs and the slots they are divided into. Found by NVML or by their device nodes, never by CUDA."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# What a CUDA context takes of the card besides tensors (kernels, cuBLAS, cuDNN): NVML counts it, PyTorch doesn't.
CONTEXT = 1 << 30
LEAST = 256 << 20  # bytes for tensors; a slot with less is useless
SHARED_NODES = ("/dev/nvidiactl", "/dev/nvidia-uvm")  # of every GPU; nvidia-uvm-tools only serves profilers
DRIVER = Path("/proc/driver/nvidia")


@dataclass(frozen=True, slots=True)
class Card:
    """One GPU."""

    index: int  # as nvidia-smi counts
    nodes: tuple[str, ...]  # device nodes that reach it; none: the CPU stands for it, to try the scheduling
    uuid: str = ""  # "GPU-..."; "" where nobody tells
    name: str = "NVIDIA GPU"
    memory: int = 0  # bytes; 0: unknown without NVML
    driver: str = ""  # version


@dataclass(frozen=True, slots=True)
class Slot:
    """A share of one GPU, for one student process at a time."""

    card: Card
    share: int = 1  # slots that the card is divided into
    alone: bool = False  # the other slots of the card are left empty

    @property
    def device(self) -> str:
        """torch's name of the device that its student process computes on."""
        return "cuda" if self.card.nodes else "cpu"

    @property
    def crowded(self) -> bool:
        """Whether a neighbour may take memory and time on the same card."""
        return self.share > 1 and not self.alone

    def budget(self, wanted: int) -> int:
        """Bytes for tensors: `wanted` (Limits.gpu_memory), or where that is 0 the slot's share; 0 if unknown."""
        return wanted or max(0, self.card.memory // self.share - CONTEXT)


def find_cards() -> tuple[Card, ...]:
    """The GPUs that CUDA_VISIBLE_DEVICES allows (numbers as in nvidia-smi, or UUIDs), in nvidia-smi's order."""
    with open_nvml() as nvml:
        cards = _ask_driver(nvml) if nvml else look_at_nodes()
    return visible_cards(cards, os.environ.get("CUDA_VISIBLE_DEVICES"))


@contextlib.contextmanager
def open_nvml() -> Iterator[Any]:
    """NVIDIA's management library (pynvml), or None without a driver or without the extra nbjudge[gpu].

    Don't fork while it is open: the driver knows the process that opened it.
    """
    try:
        import pynvml

        pynvml.nvmlInit()
    except Exception:  # ImportError, or one of NVML's many errors
        yield None
        return
    try:
        yield pynvml
    finally:
        pynvml.nvmlShutdown()


def _ask_driver(nvml: Any) -> tuple[Card, ...]:
    cards = []
    for index in range(nvml.nvmlDeviceGetCount()):
        handle = nvml.nvmlDeviceGetHandleByIndex(index)
        if not _is_divided(nvml, handle):
            cards.append(
                Card(
                    index=index,
                    nodes=_nodes(nvml.nvmlDeviceGetMinorNumber(handle)),
                    uuid=str(nvml.nvmlDeviceGetUUID(handle)),
                    name=str(nvml.nvmlDeviceGetName(handle)),
                    memory=int(nvml.nvmlDeviceGetMemoryInfo(handle).total),
                    driver=str(nvml.nvmlSystemGetDriverVersion()),
                )
            )
    return tuple(cards)


def _is_divided(nvml: Any, handle: Any) -> bool:
    """Whether the card is in MIG mode: its instances need other nodes, so it is left out."""
    try:
        return bool(nvml.nvmlDeviceGetMigMode(handle)[0])
    except nvml.NVMLError:  # a card that knows no MIG
        return False


def look_at_nodes(devices: Path = Path("/dev"), driver: Path = DRIVER) -> tuple[Card, ...]:
    """The GPUs by their nodes and the driver's files in /proc: all that can be known without NVML."""
    found = (re.fullmatch(r"nvidia(\d+)", path.name) for path in devices.glob("nvidia[0-9]*"))
    minors = sorted(int(match[1]) for match in found if match)
    facts = {
        entry.get("Device Minor"): entry for entry in map(_information, driver.glob("gpus/*/information"))
    }
    version = _read(driver / "version")
    release = re.search(r"\s(\d{3,}\.\d+(?:\.\d+)?)\s", version)
    cards = []
    for index, minor in enumerate(minors):
        known = facts.get(str(minor), {})
        name, uuid = known.get("Model", "NVIDIA GPU"), known.get("GPU UUID", "")
        cards.append(Card(index, _nodes(minor), uuid, name, driver=release[1] if release else ""))
    return tuple(cards)


def visible_cards(cards: tuple[Card, ...], visible: str | None) -> tuple[Card, ...]:
    """The cards that `visible` names, as CUDA reads its variable: the first unknown name ends the list."""
    if visible is None:
        return cards
    chosen: list[Card] = []
    for name in map(str.strip, visible.split(",")):
        fitting = [
            c for c in cards if name == str(c.index) or (name.startswith("GPU-") and c.uuid.startswith(name))
        ]
        if len(fitting) != 1 or fitting[0] in chosen:
            break
        chosen += fitting
    return tuple(chosen)


def _nodes(minor: int) -> tuple[str, ...]:
    return (f"/dev/nvidia{minor}", *SHARED_NODES)


def _information(path: Path) -> dict[str, str]:
    lines = (line.partition(":") for line in _read(path).splitlines())
    return {name.strip(): value.strip() for name, _, value in lines}


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
