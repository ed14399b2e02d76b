"""What isolation this machine offers, and what to do about what is missing: the facts behind `nbjudge doctor`."""

from __future__ import annotations

import ctypes.util
import os
import platform
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from nbjudge.errors import SandboxError
from nbjudge.model import Course, Limits
from nbjudge.sandbox import cgroup, linux
from nbjudge.sandbox.container import find_image
from nbjudge.sandbox.gpu_cards import Card, Slot, find_cards
from nbjudge.sandbox.host import Zygote
from nbjudge.sandbox.ids import id_maps
from nbjudge.sandbox.jail import check_hidden

State = Literal["ok", "missing", "optional"]


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that grading needs or can use, and whether this machine has it."""

    name: str
    state: State  # optional: grading is safe without it
    detail: str
    advice: str = ""


def probe(course: Course | None = None) -> Iterator[Requirement]:
    """Looks at each wall, then builds a real jail and runs a process in it (some seconds).

    `course`: whether the jail would hide it.
    """
    yield _system()
    yield _user_namespaces()
    yield _id_maps()
    yield _seccomp()
    yield _landlock()
    yield _groups()
    yield _engine()
    yield _jail()
    if course:
        yield _hidden(course)
    yield _gpus()


def _system() -> Requirement:
    kernel = platform.release()
    new_enough = tuple(int(part) for part in kernel.split(".")[:2]) >= (5, 12)
    detail = f"{platform.system()} {kernel}, {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    advice = "The jail needs Linux 5.12 or newer (mount_setattr): grade in a container or a virtual machine."
    return _requirement("system", platform.system() == "Linux" and new_enough, detail, advice)


def _user_namespaces() -> Requirement:
    limit = _read("/proc/sys/user/max_user_namespaces", "0")
    switched_off = _read("/proc/sys/kernel/unprivileged_userns_clone", "1") == "0"
    restricted = _read("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "0") == "1"
    root = os.geteuid() == 0
    works = int(limit) > 0 and (root or not (switched_off or restricted))
    settings = ["user.max_user_namespaces=15000"] if int(limit) == 0 else []
    settings += ["kernel.unprivileged_userns_clone=1"] if switched_off else []
    settings += ["kernel.apparmor_restrict_unprivileged_userns=0"] if restricted else []
    detail = f"up to {limit}" + (", as root" if root else ", as an ordinary user")
    return _requirement("user namespaces", works, detail, "As root: sysctl -w " + " ".join(settings))


def _id_maps() -> Requirement:
    if id_maps(os.getpid()).many:
        return Requirement("user ids", "ok", "a range that only student processes use")
    advice = "For ids that only students use, and more than one worker: apt-get install uidmap, and a range in /etc/subuid and /etc/subgid."
    return Requirement(
        "user ids", "optional", "one id: student processes run as you, inside their namespace", advice
    )


def _seccomp() -> Requirement:
    library = ctypes.util.find_library("seccomp")
    advice = "apt-get install libseccomp2 (Debian, Ubuntu) or dnf install libseccomp (Fedora)"
    return _requirement("seccomp", bool(library), library or "libseccomp is not installed", advice)


def _landlock() -> Requirement:
    version = linux.landlock_version()
    if version:
        return Requirement("Landlock", "ok", f"ABI {version}")
    return Requirement(
        "Landlock", "optional", "not in this kernel", "Add landlock to the kernel's lsm= list, if it has it."
    )


def _groups() -> Requirement:
    group = cgroup.make_group(f"nbjudge-{os.getpid()}-probe")
    if group:
        group.remove()
        return Requirement("control groups", "ok", f"v{2 if group.unified else 1}: memory, pids and cpu")
    advice = "Run as root, or under `systemd-run --user --scope -p Delegate=yes nbjudge grade ...`"
    detail = "none may be made: per-process limits and polling bound memory instead"
    return Requirement("control groups", "optional", detail, advice)


def _engine() -> Requirement:
    try:
        image = find_image()
    except SandboxError as error:
        advice = "Not needed where the jail works."
        return Requirement("container", "optional", str(error).splitlines()[0], advice)
    return Requirement("container", "ok", f"{image.engine} has the image {image.name} {image.id[:12]}")


def _gpus() -> Requirement:
    """The GPUs, proved by a student process that computes on each."""
    cards = find_cards()
    if not cards:
        return Requirement(
            "CUDA", "optional", "none found: grading runs on the CPU (a GPU in MIG mode is left out)"
        )
    lost = [node for card in cards for node in card.nodes if not os.path.exists(node)]
    if lost:
        advice = "As root: nvidia-modprobe -c 0 -u, at each start of the machine"
        return Requirement("CUDA", "missing", f"no {', '.join(lost)}", advice)
    try:
        details = [_try_card(card) for card in cards]
    except SandboxError as error:
        advice = "Is torch built for CUDA (torch.version.cuda)? Does nvidia-smi work? --gpu-slots 0 grades without."
        return Requirement("CUDA", "missing", str(error), advice)
    if not all(card.memory for card in cards):
        advice = "pip install 'nbjudge[gpu]': without NVML nothing but PyTorch itself bounds GPU memory"
        return Requirement("CUDA", "optional", "; ".join(details), advice)
    return Requirement("CUDA", "ok", "; ".join(details))


def _try_card(card: Card) -> str:
    started = time.monotonic()
    with Zygote("namespaces", slot=Slot(card)) as zygote:
        zygote.wait_until_warm()
        warm = time.monotonic()
        zygote.spawn(Limits()).kill()
    size = f", {card.memory / (1 << 30):.0f} GiB" if card.memory else ""
    return (
        f"GPU {card.index}: {card.name}{size}, driver {card.driver or 'unknown'}, CUDA {zygote.facts.get('cuda', '')},"
        f" warm after {warm - started:.1f} s, computes after {time.monotonic() - warm:.1f} s"
    )


def _jail() -> Requirement:
    started = time.monotonic()
    try:
        with Zygote("namespaces") as zygote:
            zygote.wait_until_warm()
            warm = time.monotonic()
            zygote.spawn(Limits()).kill()
            took = f"warm after {warm - started:.1f} s, a student process in {(time.monotonic() - warm) * 1000:.0f} ms"
    except SandboxError as error:
        advice = (
            "Put right what is missing above. `--isolation none` grades without walls: only your own samples."
        )
        return Requirement("the jail", "missing", str(error).strip().splitlines()[-1], advice)
    return Requirement("the jail", "ok", took)


def _hidden(course: Course) -> Requirement:
    try:
        check_hidden(course)
    except SandboxError as error:
        detail, _, advice = str(error).partition(". ")
        return Requirement("the course", "missing", detail, advice)
    return Requirement("the course", "ok", f"{course.root} is not shown to students")


def _requirement(name: str, works: bool, detail: str, advice: str) -> Requirement:
    return Requirement(name, "ok", detail) if works else Requirement(name, "missing", detail, advice)


def _read(path: str, default: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return default
