"""How much memory a process tree holds, read from /proc by the zygote: the judge may not look into another's maps."""

from __future__ import annotations

import time
from pathlib import Path

# Seconds: processes that fork all the time can make one look take minutes; the judge looks again.
PATIENCE = 1.0
MANY = 1000  # processes; a tree that large is over every limit


def tree_memory(root: int, enough: int) -> int:
    """Bytes of anonymous and shared memory of `root` and all its descendants; 0 if it is gone.

    Pages shared by several processes are counted once for each until that sum is more than `enough`; then the kernel's
    proportional figure decides, which walks the page tables (milliseconds per process): a lower bound, if that takes long.
    """
    tree = list(_descendants(root))
    total = sum(_sum(f"/proc/{pid}/status", ("RssAnon", "RssShmem")) for pid in tree)
    if total <= enough:
        return total
    deadline, total = time.monotonic() + PATIENCE, 0
    for pid in tree:
        total += _sum(f"/proc/{pid}/smaps_rollup", ("Pss_Anon", "Pss_Shmem"))
        if total > enough or time.monotonic() > deadline:
            break
    return total


def own_memory() -> dict[str, int]:
    """VmSize and RssAnon of this process in bytes: what every student starts with."""
    names = ("VmSize", "RssAnon")
    return {name: _sum("/proc/self/status", (name,)) for name in names}


def _descendants(root: int) -> set[int]:
    queue, seen = [root], {root}
    while queue and len(seen) < MANY:
        for task in _children_files(queue.pop()):
            for child in map(int, task.split()):
                if child not in seen:
                    seen.add(child)
                    queue.append(child)
    return seen


def _children_files(pid: int) -> list[str]:
    try:
        return [(task / "children").read_text() for task in Path(f"/proc/{pid}/task").iterdir()]
    except OSError:
        return []  # it ended meanwhile


def _sum(path: str, names: tuple[str, ...]) -> int:
    total = 0
    try:
        with open(path) as file:
            for line in file:
                name, _, rest = line.partition(":")
                if name in names:
                    total += int(rest.split()[0]) << 10
    except OSError:
        return 0
    return total
