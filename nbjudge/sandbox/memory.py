"""How much memory a student's process tree holds, read by the judge from /proc."""

from __future__ import annotations

from pathlib import Path

MANY = 1000  # processes; a tree that large is over every limit


def tree_memory(handle: int) -> int:
    """Bytes of anonymous and shared memory of the process behind a pidfd and all its descendants; 0 if it is gone.

    Pages shared by several processes are counted once for each until that sum is worth a closer look; then the
    kernel's proportional figure decides, which walks the page tables (milliseconds per process).
    """
    return _tree(_pid_of(handle), exact=False)


def exact_memory(handle: int) -> int:
    """The same by proportional set size: every page counts once in all."""
    return _tree(_pid_of(handle), exact=True)


def _pid_of(handle: int) -> int | None:
    for line in Path(f"/proc/self/fdinfo/{handle}").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == "Pid":
            pid = int(value)
            return pid if pid > 0 else None
    return None


def _tree(root: int | None, exact: bool) -> int:
    total, queue, seen = 0, [root] if root else [], 0
    while queue and seen < MANY:
        pid = queue.pop()
        seen += 1
        try:
            total += _exact(pid) if exact else _cheap(pid)
            for task in Path(f"/proc/{pid}/task").iterdir():
                queue += [int(child) for child in (task / "children").read_text().split()]
        except (OSError, ValueError):
            continue  # it ended while we looked
    return total


def _cheap(pid: int) -> int:
    return _sum(f"/proc/{pid}/status", ("RssAnon", "RssShmem"))


def _exact(pid: int) -> int:
    return _sum(f"/proc/{pid}/smaps_rollup", ("Pss_Anon", "Pss_Shmem"))


def _sum(path: str, names: tuple[str, ...]) -> int:
    total = 0
    with open(path) as file:
        for line in file:
            name, _, rest = line.partition(":")
            if name in names:
                total += int(rest.split()[0]) << 10
    return total
