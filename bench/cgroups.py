"""A control group around a command: what everything that it starts holds and took, as the kernel counts it."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

from nbjudge.sandbox.cgroup import MOUNT, Group, make_group


@dataclass(frozen=True, slots=True)
class Account:
    """The command's group; nbjudge makes its own groups below it."""

    group: Group
    cpu: Path  # the folder that counts CPU time, in v1 of another hierarchy

    def add(self, pid: int) -> None:
        """Moves a process, and what it starts from now on, into the group."""
        self.group.add(pid)
        (self.cpu / "cgroup.procs").write_text(str(pid))

    def held(self) -> int:
        """Bytes of anonymous pages and shared memory, each page once."""
        lines = (self.group.memory / "memory.stat").read_text().splitlines()
        stat = {name: int(value) for name, value in map(str.split, lines)}
        fields = ("anon", "shmem") if self.group.unified else ("total_rss", "total_shmem")
        return sum(stat.get(field, 0) for field in fields)

    def took(self) -> float:
        """CPU seconds, user and system."""
        if not self.group.unified:
            return int((self.cpu / "cpuacct.usage").read_text()) / 1e9
        return int((self.cpu / "cpu.stat").read_text().split()[1]) / 1e6  # usage_usec comes first

    def remove(self) -> None:
        """Removes the groups; every process in them must have ended."""
        for folder in {self.group.memory, self.group.pids, self.group.cpu, self.cpu}:
            for below in folder.glob("*/"):  # a worker that nbjudge had to kill leaves its group behind
                with contextlib.suppress(OSError):
                    below.rmdir()
        self.group.remove()
        if self.cpu.is_dir():
            self.cpu.rmdir()


def open_account() -> Account | None:
    """A new group below our own; None where that is not allowed."""
    name = f"nbjudge-bench-{os.getpid()}"
    if (group := make_group(name)) is None:
        return None
    if group.unified or (group.cpu / "cpuacct.usage").exists():
        return Account(group, group.cpu)
    try:
        cpu = MOUNT / "cpuacct" / _own_path("cpuacct") / name
        cpu.mkdir()
    except (OSError, KeyError):
        group.remove()
        return None
    return Account(group, cpu)


def _own_path(controller: str) -> str:
    lines = Path("/proc/self/cgroup").read_text().splitlines()
    paths = {
        name: path for _, names, path in (line.split(":", 2) for line in lines) for name in names.split(",")
    }
    return paths[controller].lstrip("/")
