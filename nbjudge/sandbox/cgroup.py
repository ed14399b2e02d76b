"""A control group for one worker's zygote and students, where the judge may make one (v2, or v1 as root).

An outer wall: rlimits bound each process, the group bounds their sum. Without one the judge polls the tree's memory.
"""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass
from pathlib import Path

MOUNT = Path("/sys/fs/cgroup")
CONTROLLERS = ("memory", "pids", "cpu")
SLACK = 64 << 20  # bytes: page tables, kernel objects, what the zygote itself may still touch


@dataclass(frozen=True, slots=True)
class Group:
    """The folders of one group: the same one twice in v2, one for each controller in v1."""

    memory: Path
    pids: Path
    cpu: Path  # nothing is set there: being groups, workers share the cores evenly
    unified: bool

    def add(self, pid: int) -> None:
        """Moves a process (and what it forks from now on) into the group."""
        for folder in {self.memory, self.pids, self.cpu}:
            (folder / "cgroup.procs").write_text(str(pid))

    def limit(self, memory: int, processes: int) -> None:
        """Allows `memory` bytes on top of what is in use now, and so many processes and threads."""
        used = int((self.memory / self._name("memory.current", "memory.usage_in_bytes")).read_text())
        name = self._name("memory.max", "memory.limit_in_bytes")
        (self.memory / name).write_text(str(used + memory + SLACK))
        (self.pids / "pids.max").write_text(str(processes))

    def events(self) -> Events:
        """The counters of what the kernel killed in this group."""
        return open_events(self.memory)

    def remove(self) -> None:
        """Removes the group; its processes are dead by now."""
        for folder in {self.memory, self.pids, self.cpu}:
            for _ in range(100):  # a killed process leaves its group a moment after its parent hears of it
                with contextlib.suppress(OSError):
                    folder.rmdir()
                    break
                time.sleep(0.01)

    def _name(self, unified: str, legacy: str) -> str:
        return unified if self.unified else legacy


@dataclass(frozen=True, slots=True)
class Events:
    """What the kernel killed in a group for its memory, read through open files, which outlive a change of root."""

    kills: int  # descriptor of memory.events, or v1's memory.oom_control
    hits: int  # the same one, or v1's memory.failcnt

    def read(self) -> tuple[int, int]:
        """How many processes were killed, and how often the group's own limit stopped it.

        A kill without a hit is the doing of a group above, or of the host.
        """
        return _event(self.kills, "oom_kill"), _event(self.hits, "oom")

    def close(self) -> None:
        """Closes the files."""
        for fd in {self.kills, self.hits}:
            os.close(fd)


def open_events(folder: Path) -> Events:
    """The counters of the group that `folder` shows; OSError if it shows none."""
    if (folder / "memory.events").exists():
        both = os.open(folder / "memory.events", os.O_RDONLY | os.O_CLOEXEC)
        return Events(both, both)
    names = ("memory.oom_control", "memory.failcnt")
    return Events(*(os.open(folder / name, os.O_RDONLY | os.O_CLOEXEC) for name in names))


def own_events() -> Events | None:
    """Those of this process's group, which in a container is the container's; None where there is no such group."""
    for folder in (MOUNT, MOUNT / "memory"):
        with contextlib.suppress(OSError):
            return open_events(folder)
    return None


def _event(fd: int, wanted: str) -> int:
    text = os.pread(fd, 4096, 0).decode()
    for line in text.splitlines():
        field, _, value = line.partition(" ")
        if field == wanted or not value:  # failcnt is a number alone
            return int(value or field)
    return 0


def make_group(name: str) -> Group | None:
    """A new group below this process's; None where that is not allowed."""
    own = _own_groups()
    try:
        if "" in own and (MOUNT / "cgroup.controllers").exists():
            return _make_unified(MOUNT / own[""].lstrip("/") / name)
        kinds = [kind for kind in CONTROLLERS if kind in own]
        folders = {kind: MOUNT / kind / own[kind].lstrip("/") / name for kind in kinds}
        for folder in folders.values():
            folder.mkdir()
        memory, pids = folders["memory"], folders["pids"]
        return Group(memory, pids, folders.get("cpu", memory), unified=False)
    except (OSError, KeyError):
        return None


def _make_unified(folder: Path) -> Group | None:
    enabled = (folder.parent / "cgroup.subtree_control").read_text().split()
    if not {"memory", "pids"} <= set(enabled):
        # A group that holds processes can't hand its controllers down, and the judge stays where it is.
        return None
    folder.mkdir()
    return Group(folder, folder, folder, unified=True)


def _own_groups() -> dict[str, str]:
    """Controller -> path of the group that this process is in ("" for v2)."""
    groups = {}
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            groups[controller] = path
    return groups


def clear_stale(prefix: str) -> None:
    """Removes empty groups that a killed judge left behind: theirs is the only name that begins with `prefix`."""
    own = _own_groups()
    for kind in CONTROLLERS:
        for folder in (MOUNT / kind / own.get(kind, "").lstrip("/")).glob(f"{prefix}*"):
            pid = folder.name.removeprefix(prefix).split("-")[0]
            if pid.isdigit() and not os.path.exists(f"/proc/{pid}"):
                with contextlib.suppress(OSError):
                    folder.rmdir()
