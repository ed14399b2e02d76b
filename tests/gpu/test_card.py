"""Slots on a real card: what is recorded, side by side, and everybody who tries to harm or to read the neighbour."""

from pathlib import Path
from typing import Any

import pytest
from support.tiny_course import answer, make_course, submit

from nbjudge.app import grading
from nbjudge.app.options import GradingOptions
from nbjudge.model import Course, Limits, Result
from nbjudge.sandbox import Zygote, gpu_cards
from nbjudge.sandbox.gpu_cards import Slot

HIDDEN = """
import pytest, torch
from nbjudge.testing import close

on_gpu = [pytest.mark.gpu, pytest.mark.limits(seconds=30, memory="4GB", gpu_memory="2GB")]

def gpu(test):
    for mark in on_gpu:
        test = mark(test)
    return test

@gpu
@pytest.mark.exercise("double")
def test_doubles(student, device):
    "Twice x, on the GPU."
    x = torch.arange(1000.0)
    y = student.double(student.place(x))
    close(y, 2 * x)
    assert device == "cuda" and y.origin.device == "cuda:0"

@gpu
@pytest.mark.exercise("double")
def test_doubles_again(student):
    "Twice again, whatever the first call left."
    close(student.double(student.place(torch.ones(3))), torch.full((3,), 2.0))

@pytest.mark.exercise("total")
def test_total(student):
    "The sum of a list, on the CPU."
    assert student.total([1, 2]) == 3
"""
# libcuda by hand: what goes round PyTorch's own limit.
RAW = """
import ctypes, torch
cuda = ctypes.CDLL("libcuda.so.1")
def take(size):
    pointer = ctypes.c_uint64()
    return pointer.value if cuda.cuMemAlloc_v2(ctypes.byref(pointer), ctypes.c_size_t(size)) == 0 else None
"""
EATS = (
    RAW
    + """
def double(x):
    import time
    torch.cuda.synchronize()
    while take(256 << 20):
        pass
    time.sleep(20)
    return 2 * x
"""
)
SPINS = """
import torch
def double(x):
    if len(x) == 1000:
        torch.cuda._sleep(1 << 60)
    return 2 * x
"""
ASSERTS = """
import torch
def double(x):
    if len(x) == 1000:
        torch.zeros(3, device="cuda")[torch.tensor([7], device="cuda")]
    return 2 * x
"""
SECRET = 0x5EC2E7  # as a float: exact
WRITES = f"""
import torch
kept = []
def double(x):
    if len(x) == 1000:
        kept.append(torch.full((300 << 20,), float({SECRET}), device="cuda"))
    return 2 * x
"""
READS = (
    RAW
    + f"""
def double(x):
    import numpy as np
    found, block = 0, np.empty(64 << 20, np.float32)
    torch.cuda.synchronize()
    for _ in range(6):
        address = take(block.nbytes)
        if address and cuda.cuMemcpyDtoH_v2(block.ctypes.data_as(ctypes.c_void_p), ctypes.c_uint64(address),
                                            ctypes.c_size_t(block.nbytes)) == 0:
            found += int((block == {SECRET}).sum())
    return 2 * x + found
"""
)
RIGHT = "def double(x):\n    return 2 * x"


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return make_course(tmp_path, HIDDEN)


def grade(course: Course, **options: Any) -> dict[str, Result]:
    report = grading.grade(course, "tiny", GradingOptions(**options))
    assert report.troubles == ()
    return {done.submission.student: done.result for done in report.graded}


def statuses(result: Result) -> list[str]:
    return [test.status for test in result.tests]


def test_what_is_recorded(course: Course) -> None:
    submit(course, anna=answer(course, double=RIGHT))
    (result,) = grade(course).values()
    assert statuses(result) == ["passed"] * 3
    recorded = result.environment
    assert recorded["device"] == "cuda" and recorded["cuda"] and recorded["gpu_driver"]
    assert recorded["gpu_budget"] == "2048 MiB" and "TF32 off" in recorded["determinism"]


def test_a_student_sees_one_card(course: Course) -> None:
    look = """
        import os, torch
        def double(x):
            nodes = [name for name in os.listdir("/dev") if name.startswith("nvidia") and name[6:].isdigit()]
            assert torch.cuda.device_count() == len(nodes) == 1
            return 2 * x
    """
    submit(course, anna=answer(course, double=look))
    assert statuses(grade(course)["anna"]) == ["passed"] * 3


@pytest.mark.parametrize("per_card", [2, 4])
def test_side_by_side_as_one_after_the_other(course: Course, per_card: int) -> None:
    random = "import torch\ndef double(x):\n    return 2 * x + (torch.rand(1, device=x.device) > 0.5).item()"
    submit(course, **{f"s{i}": answer(course, double=f"{random}\n# {i}") for i in range(8)})
    together = grade(course, gpu_slots=per_card)
    alone = grade(course, force=True)
    assert {name: statuses(result) for name, result in together.items()} == {
        name: statuses(result) for name, result in alone.items()
    }


def test_the_same_submission_computes_the_same(course: Course) -> None:
    code = """
        import torch
        def double(x):
            torch.manual_seed(0)
            a = torch.randn(512, 512, device="cuda")
            index = torch.randint(10, (100000,), device="cuda")
            sums = torch.zeros(10, device="cuda").index_add_(0, index, torch.randn(100000, device="cuda"))
            raise ValueError(f"{(a @ a).sum().item()!r} {sums.tolist()!r}")
    """
    submit(course, anna=answer(course, double=code))
    first, second = grade(course)["anna"], grade(course, force=True)["anna"]
    assert first.tests[0].message == second.tests[0].message
    assert first.tests[0].message.startswith("ValueError: ")


@pytest.mark.parametrize(
    ("code", "first", "second"),
    [
        (
            "import torch\ndef double(x):\n    torch.empty(3 << 30, dtype=torch.uint8, device='cuda')",
            *["gpu_memory"] * 2,
        ),
        (EATS, "gpu_memory", "gpu_memory"),
        (SPINS, "timeout", "passed"),
        (ASSERTS, "error", "passed"),
    ],
    ids=["asks for too much", "goes round PyTorch", "spins", "kills its context"],
)
def test_what_one_does_to_a_card_costs_nobody_else(
    course: Course, code: str, first: str, second: str
) -> None:
    with gpu_cards.open_nvml() as nvml:
        if nvml is None and code == EATS:
            pytest.skip("the watchdog needs NVML: pip install nvidia-ml-py")
    attacker = answer(course, double=code)
    submit(
        course,
        a=attacker,
        b=answer(course, double=RIGHT),
        c=attacker,
        d=answer(course, double=RIGHT + "\n# d"),
    )
    for per_card in (1, 2):
        results = grade(course, gpu_slots=per_card, force=True)
        for name in "ac":
            assert statuses(results[name]) == [first, second, "passed"], name
        for name in "bd":
            assert statuses(results[name]) == ["passed"] * 3, name


@pytest.mark.parametrize("per_card", [1, 2])
def test_nobody_reads_what_a_neighbour_left_in_the_cards_memory(course: Course, per_card: int) -> None:
    """With one slot the reader comes after the writer, with two also at the same time."""
    names = {f"{kind}{i}": code for i in range(4) for kind, code in (("reads", READS), ("writes", WRITES))}
    submit(course, **{name: answer(course, double=f"{code}\n# {name}") for name, code in names.items()})
    results = grade(course, gpu_slots=per_card)
    seen = {
        name: result.tests[0].message
        for name, result in results.items()
        if result.tests[0].status != "passed"
    }
    assert seen == {}, "the driver did not clear memory between processes"


def test_the_card_is_empty_when_its_processes_are_gone() -> None:
    with gpu_cards.open_nvml() as nvml:
        if nvml is None:
            pytest.skip("nobody else can be asked: pip install nvidia-ml-py")
    card = gpu_cards.find_cards()[0]
    with Zygote("namespaces", slot=Slot(card)) as zygote:
        before = used(card)
        student = zygote.spawn(Limits())
        assert used(card) > before + (100 << 20)
        student.kill()
        assert used(card) < before + (50 << 20)


def used(card: gpu_cards.Card) -> int:
    with gpu_cards.open_nvml() as nvml:
        return int(nvml.nvmlDeviceGetMemoryInfo(nvml.nvmlDeviceGetHandleByUUID(card.uuid)).used)
