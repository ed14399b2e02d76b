"""Which user and group ids a jail has: the widest map that this user may give to a namespace."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from nbjudge.errors import SandboxError

FIRST_UID = 200_000  # of the 65,536 host ids that a root zygote maps; no account may live there


@dataclass(frozen=True, slots=True)
class IdMaps:
    """Which ids the zygote's user namespace has, and how they get there."""

    pid: int
    uid_map: str
    gid_map: str
    many: bool

    def write(self) -> None:
        """Writes them, once the process has unshared its user namespace."""
        folder = Path(f"/proc/{self.pid}")
        if self.many and os.geteuid() != 0:
            for tool, text in (("newuidmap", self.uid_map), ("newgidmap", self.gid_map)):
                subprocess.run([tool, str(self.pid), *text.split()], check=True, capture_output=True)
            return
        try:
            if not self.many:
                (folder / "setgroups").write_text("deny")
            (folder / "gid_map").write_text(self.gid_map)
            (folder / "uid_map").write_text(self.uid_map)
        except OSError as error:
            raise SandboxError(f"the id maps of the jail could not be written: {error}") from error


def id_maps(pid: int) -> IdMaps:
    """The widest id maps that this user may give to a namespace of process `pid`."""
    uid, gid = os.geteuid(), os.getegid()
    if uid == 0 and _knows_ids(FIRST_UID, 65536):
        text = f"0 {FIRST_UID} 65536"
        return IdMaps(pid, text, text, many=True)
    if uid == 0:  # of a container that has fewer ids
        return IdMaps(pid, "0 0 1", "0 0 1", many=False)
    ranges = [_sub_ids(path, uid) for path in ("/etc/subuid", "/etc/subgid")]
    if all(ranges) and shutil.which("newuidmap") and shutil.which("newgidmap"):
        return IdMaps(pid, f"0 {uid} 1 1 {ranges[0]} 65535", f"0 {gid} 1 1 {ranges[1]} 65535", many=True)
    return IdMaps(pid, f"0 {uid} 1", f"0 {gid} 1", many=False)


def _knows_ids(first: int, count: int) -> bool:
    """Whether this process's user namespace has these ids."""
    for line in Path("/proc/self/uid_map").read_text().splitlines():
        start, _, length = map(int, line.split())
        if start <= first and first + count <= start + length:
            return True
    return False


def _sub_ids(path: str, uid: int) -> int | None:
    """The first subordinate id of `uid`, if it has at least 65,535."""
    import pwd

    try:
        name = pwd.getpwuid(uid).pw_name
        lines = Path(path).read_text().splitlines()
    except (KeyError, OSError):
        return None
    for line in lines:
        owner, first, count = line.split(":")
        if owner in (name, str(uid)) and int(count) >= 65535:
            return int(first)
    return None
