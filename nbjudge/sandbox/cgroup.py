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
    cpu: Path  # nothing is set there: being a group, all of a worker's processes share the cores with the next worker's
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

    def kills(self) -> int:
        """How many processes of the group the kernel has killed for its memory limit."""
        return self._event(self._name("memory.events", "memory.oom_control"), "oom_kill")

    def hits(self) -> int:
        """How often the group's own limit stopped it; a kill without a hit is the doing of a group above, or the host."""
        if not self.unified:
            return int((self.memory / "memory.failcnt").read_text())
        return self._event("memory.events", "oom")

    def remove(self) -> None:
        """Removes the group; its processes are dead by now."""
        for folder in {self.memory, self.pids, self.cpu}:
            for _ in range(100):  # a killed process leaves its group a moment after its parent hears of it
                with contextlib.suppress(OSError):
                    folder.rmdir()
                    break
                time.sleep(0.01)

    def _event(self, file: str, wanted: str) -> int:
        for line in (self.memory / file).read_text().splitlines():
            field, _, value = line.partition(" ")
            if field == wanted:
                return int(value)
        return 0

    def _name(self, unified: str, legacy: str) -> str:
        return unified if self.unified else legacy


def make_group(name: str) -> Group | None:
    """A new group below our own; None where that is not allowed."""
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
        return (
            None  # a group with processes of its own can't hand its controllers down; we don't move the judge
        )
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
