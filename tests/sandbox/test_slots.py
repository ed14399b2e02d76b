"""GPUs and slots without a GPU: arithmetic, what is found, what the jail of a slot shows, and the filter's ioctls."""

import ctypes
import errno
import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support.places import ROOT

from nbjudge.errors import CourseError, SandboxError
from nbjudge.grading.gpu_passes import make_slots, mentions_gpu, one_per_card
from nbjudge.judge.connection import StudentConnection
from nbjudge.model import Limits
from nbjudge.sandbox import Zygote, gpu, gpu_cards, host, linux
from nbjudge.sandbox.filter import build_filter
from nbjudge.sandbox.gpu_cards import CONTEXT, Card, Slot, look_at_nodes, visible_cards
from nbjudge.sandbox.probe import probe
from nbjudge.student.warm import check_no_cuda

GIB = 1 << 30
A, B = (Card(i, (f"/dev/nvidia{i}",), f"GPU-{name}123", memory=24 * GIB) for i, name in enumerate("ab"))
no_gpu = pytest.mark.skipif(os.path.exists("/dev/nvidia0"), reason="this machine has a GPU")


def test_slots_are_gpus_times_slots_per_gpu() -> None:
    made = make_slots((A, B), 3)
    assert len(made) == 6 and [slot.card for slot in made[:2]] == [A, B]
    assert {slot.share for slot in made} == {3}
    assert one_per_card(made) == (Slot(A, 3, alone=True), Slot(B, 3, alone=True))
    assert [slot.crowded for slot in (Slot(A), made[0], one_per_card(made)[0])] == [False, True, False]


def test_the_budget_is_a_share_of_the_card_without_cudas_own_part() -> None:
    assert Slot(A, 3).budget(0) == 8 * GIB - CONTEXT
    assert Slot(A, 3).budget(5 * GIB) == 5 * GIB
    assert Slot(Card(0, ("/dev/nvidia0",)), 3).budget(0) == 0  # no NVML: only the student's process learns it


def test_a_slot_too_small_for_anything_is_refused() -> None:
    with pytest.raises(CourseError, match=r"--gpu-slots 24: GPU 0 .* at most 19"):
        make_slots((A,), 24)
    assert len(make_slots((A,), 19)) == 19


@pytest.mark.parametrize(
    ("visible", "chosen"),
    [
        (None, (A, B)),
        ("1", (B,)),
        ("1,0", (B, A)),
        ("GPU-a", (A,)),
        ("", ()),
        ("-1", ()),
        ("0,7,1", (A,)),  # as CUDA does: what comes after an unknown one is not seen
        ("0,0", (A,)),
        ("GPU-", ()),
    ],
)
def test_cuda_visible_devices_is_respected(visible: str | None, chosen: tuple[Card, ...]) -> None:
    assert visible_cards((A, B), visible) == chosen


def test_cards_by_their_nodes(tmp_path: Path) -> None:
    for name in ("nvidia10", "nvidia2", "nvidiactl", "nvidia-uvm", "nvidia-caps", "null"):
        (tmp_path / name).touch()
    facts = tmp_path / "driver/gpus/0000:07:00.0"
    facts.mkdir(parents=True)
    (facts / "information").write_text("Model: \t\t NVIDIA A100\nGPU UUID: \t GPU-77\nDevice Minor: \t 10\n")
    line = "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  550.54.15  Release Build\n"
    (tmp_path / "driver/version").write_text(line)
    two, ten = look_at_nodes(tmp_path, tmp_path / "driver")
    assert two.nodes == ("/dev/nvidia2", "/dev/nvidiactl", "/dev/nvidia-uvm")
    assert (two.index, two.name, two.memory) == (0, "NVIDIA GPU", 0)
    assert (ten.index, ten.name, ten.uuid, ten.driver) == (1, "NVIDIA A100", "GPU-77", "550.54.15")


class Driver:
    """Stands in for pynvml, where there is no driver: two cards, one of them in MIG mode, and processes on the first."""

    class NVMLError(Exception):
        pass

    def __init__(self, *processes: tuple[int, int | None], used: int = 0) -> None:
        self.processes, self.used = processes, used

    def __getattr__(self, name: str) -> Any:
        answers = {
            "nvmlDeviceGetCount": 2,
            "nvmlDeviceGetMinorNumber": 4,
            "nvmlDeviceGetUUID": "GPU-x",
            "nvmlDeviceGetName": "NVIDIA H100",
            "nvmlSystemGetDriverVersion": "570.1",
            "nvmlDeviceGetMemoryInfo": SimpleNamespace(total=80 * GIB, used=self.used),
            "nvmlDeviceGetHandleByUUID": 0,
            "nvmlDeviceGetComputeRunningProcesses": [
                SimpleNamespace(pid=pid, usedGpuMemory=used) for pid, used in self.processes
            ],
        }
        return lambda *_: answers[name]

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:
        return index

    def nvmlDeviceGetMigMode(self, handle: int) -> list[int]:
        if handle == 1:
            return [1, 1]
        raise self.NVMLError("not supported")


@contextmanager
def opened(driver: Any) -> Iterator[Any]:
    yield driver


def test_cards_by_nvml(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu_cards, "open_nvml", lambda: opened(Driver()))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    (card,) = gpu_cards.find_cards()  # the one in MIG mode is left out
    assert card == Card(
        0, ("/dev/nvidia4", *gpu_cards.SHARED_NODES), "GPU-x", "NVIDIA H100", 80 * GIB, "570.1"
    )


def test_the_stand_in_asks_what_the_library_has() -> None:
    pynvml = pytest.importorskip("pynvml", reason="nvidia-ml-py, of the extra nbjudge[gpu], is not installed")
    source = (ROOT / "nbjudge/sandbox/gpu_cards.py").read_text() + (
        ROOT / "nbjudge/sandbox/gpu.py"
    ).read_text()
    asked = set(re.findall(r"nvml\.(nvml\w+|NVMLError)", source))
    assert len(asked) > 8 and all(hasattr(pynvml, name) for name in asked)


@no_gpu
def test_without_a_driver_there_is_no_card() -> None:
    assert gpu_cards.find_cards() == ()


def test_only_tests_that_speak_of_a_gpu_make_us_look_for_one() -> None:
    assert not mentions_gpu(ROOT / "autograders/intro")
    assert mentions_gpu(ROOT / "autograders/transfer")


@pytest.mark.parametrize(
    ("processes", "used", "slot", "over"),
    [
        ([("own", 5 * GIB)], 0, Slot(A), True),
        ([("own", 2 * GIB), ("child", 2 * GIB)], 0, Slot(A), True),
        ([("own", 2 * GIB), ("stranger", 9 * GIB)], 0, Slot(A), False),
        ([("own", None)], 0, Slot(A), False),
        (
            [],
            9 * GIB,
            Slot(A),
            True,
        ),  # a container: the driver lists none of ours, and the card is ours alone
        ([("elsewhere", 9 * GIB)], 9 * GIB, Slot(A), True),
        ([("stranger", 9 * GIB)], 9 * GIB, Slot(A), False),
        ([], 9 * GIB, Slot(A, 2), False),  # whose it is, nobody can tell
        ([], 9 * GIB, Slot(A, 2, alone=True), True),
    ],
)
def test_the_meter_blames_the_students_own_processes(
    processes: list[tuple[str, int | None]],
    used: int,
    slot: Slot,
    over: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sleep = "import subprocess, sys, time; p = subprocess.Popen(['sleep', '60']); print(p.pid, flush=True); p.wait()"
    own = subprocess.Popen([sys.executable, "-c", sleep], stdout=subprocess.PIPE, text=True)
    assert own.stdout is not None
    child = int(own.stdout.readline())
    pids = {"own": own.pid, "child": child, "stranger": os.getpid(), "elsewhere": 1 << 22}
    driver = Driver()
    monkeypatch.setattr(gpu, "open_nvml", lambda: opened(driver))
    try:
        meter = gpu.Meter(slot, 2 * GIB, own.pid)
        assert not meter.is_over()
        driver.processes, driver.used = tuple((pids[name], size) for name, size in processes), used
        assert meter.is_over() == over
        meter.close()
        assert not meter.is_over() and not meter.watches
    finally:
        os.kill(child, 9)
        own.wait()
        own.stdout.close()


def test_a_pidfd_tells_its_process() -> None:
    handle = os.pidfd_open(os.getppid())
    assert linux.pid_of(handle) == os.getppid()
    assert gpu.descends(os.getpid(), os.getppid()) and not gpu.descends(os.getppid(), os.getpid())
    os.close(handle)


def test_the_drivers_libraries_outside_the_usual_folders_are_bound(tmp_path: Path) -> None:
    (tmp_path / "libcuda.so.570.1").touch()
    (tmp_path / "libcuda.so.1").symlink_to("libcuda.so.570.1")
    (tmp_path / "libz.so.1").touch()
    listed = f"""3 libs found in cache
\tlibcuda.so.1 (libc6,x86-64) => {tmp_path}/libcuda.so.1
\tlibnvidia-ml.so.1 (libc6,x86-64) => /usr/lib/x86_64-linux-gnu/libnvidia-ml.so.1
\tlibnvidia-gone.so (libc6,x86-64) => {tmp_path}/libnvidia-gone.so
\tlibz.so.1 (libc6,x86-64) => {tmp_path}/libz.so.1
"""
    names = [Path(path).name for path in gpu.parse_libraries(listed, ["/usr/lib", "/lib"])]
    assert names == ["libcuda.so.1", "libcuda.so.570.1"]


NVIDIA = {"card info": 0xC00046C8, "rm control": 0xC020462A, "uvm initialize": 0x30000001, "uvm register": 37}
OTHERS = {
    "TIOCSTI": 0x5412,
    "TIOCLINUX": 0x541C,
    "TIOCSTI, high bits": 0x5412 | 1 << 32,
    "TIOCSCTTY": 0x540E,
    "SIOCGIFCONF": 0x8912,
    "DRM version": 0xC0406400,
    "FS_IOC_SETFLAGS": 0x40086602,
    "uvm, a third odd one": 0x30000003,
}


def ioctl_errors(program: bytes, requests: dict[str, int]) -> dict[str, int]:
    """What each request to /dev/null gets from a process behind this filter: ENOTTY from the kernel, ENOSYS from it."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        null = os.open("/dev/null", os.O_RDWR)
        libc = ctypes.CDLL(None, use_errno=True)
        linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)
        linux.install_filter(program)
        for request in requests.values():
            libc.ioctl(null, ctypes.c_ulong(request), None)
            os.write(write, bytes([ctypes.get_errno()]))
        os._exit(0)
    os.waitpid(child, 0)
    errors = os.read(read, 100)
    os.close(read), os.close(write)
    return dict(zip(requests, errors, strict=True))


def test_ioctls_of_nvidia_pass_for_gpu_processes_only() -> None:
    asked = NVIDIA | OTHERS
    assert set(ioctl_errors(build_filter(), asked).values()) == {errno.ENOSYS}
    with_gpu = ioctl_errors(build_filter(gpu=True), asked)
    assert with_gpu == dict.fromkeys(NVIDIA, errno.ENOTTY) | dict.fromkeys(OTHERS, errno.ENOSYS)


def test_a_zygote_that_touched_a_gpu_is_refused(tmp_path: Path) -> None:
    (tmp_path / "0").symlink_to("/dev/null")
    check_no_cuda(tmp_path)
    (tmp_path / "5").symlink_to("/dev/nvidiactl")
    with pytest.raises(RuntimeError, match="touched CUDA"):
        check_no_cuda(tmp_path)


STAND_IN = "/dev/nbjudge-card"
LOOK = f"""
import os, resource
fd = os.open("{STAND_IN}", os.O_RDWR)
devices = set(os.listdir("/dev"))
space = resource.getrlimit(resource.RLIMIT_AS)[0]
settings = {{k: v for k, v in os.environ.items() if k.startswith("CU")}}
"""


@pytest.fixture
def card() -> Iterator[Card]:
    """A device node that everybody may open, in place of a GPU's."""
    Path(STAND_IN).unlink(missing_ok=True)  # of a run that was killed
    try:
        os.mknod(STAND_IN, 0o600 | stat.S_IFCHR, os.makedev(1, 3))
        os.chmod(STAND_IN, 0o666)
    except PermissionError:
        pytest.skip("a device node to stand in for a GPU's can't be made: needs root")
    yield Card(3, (STAND_IN,), "GPU-77", "A card")
    os.unlink(STAND_IN)


def test_the_jail_of_a_slot_shows_its_own_node_and_no_other(
    monkeypatch: pytest.MonkeyPatch, card: Card
) -> None:
    monkeypatch.setattr(host, "prepare", lambda *_: {"cuda": "13.0"})  # no CUDA here: see the next test
    with Zygote("namespaces", slot=Slot(card)) as zygote:
        student = zygote.spawn(Limits())
        names = StudentConnection(student, Limits(), {}).request("run_copy", ("t", LOOK, {}, False), 20)
        student.kill()
    assert names["space"] == -1 and "nbjudge-card" in names["devices"] and "ptmx" not in names["devices"]
    assert names["settings"] == {**gpu.SETTINGS, "CUDA_VISIBLE_DEVICES": "GPU-77"}
    assert zygote.facts == {
        "device": "cuda", "gpu": "A card", "gpu_driver": "", "gpu_slots": "1", "cuda": "13.0", "gpu_watchdog": "none",
    }  # fmt: skip
    with Zygote("namespaces") as zygote:
        student = zygote.spawn(Limits())
        code = f"import os; seen = os.path.exists({STAND_IN!r}); visible = os.environ['CUDA_VISIBLE_DEVICES']"
        names = StudentConnection(student, Limits(), {}).request("run_copy", ("t", code, {}, False), 20)
        student.kill()
    assert (names["seen"], names["visible"]) == (False, "")


@no_gpu
def test_a_gpu_that_does_not_work_is_our_fault_before_any_code_runs() -> None:
    with (
        Zygote("namespaces", slot=Slot(Card(0, ("/dev/null",), "GPU-77"))) as zygote,
        pytest.raises(
            SandboxError, match=r"GPU 0 .* cannot be used in the jail: .*(CUDA|NVIDIA driver).*nbjudge doctor"
        ),
    ):
        zygote.spawn(Limits())
    with pytest.raises(SandboxError, match=r"could not be made(.|\n)*/dev/nvidia0"):
        Zygote("namespaces", slot=Slot(Card(0, ("/dev/nvidia0",))))


@no_gpu
@pytest.mark.slow
def test_doctor_names_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def found() -> Any:
        return next(finding for finding in probe() if finding.name == "CUDA")

    assert found().state == "optional"
    monkeypatch.setattr("nbjudge.sandbox.probe.find_cards", lambda: (Card(0, ("/dev/nvidia-uvm",)),))
    assert (found().state, "nvidia-modprobe" in found().advice) == ("missing", True)
