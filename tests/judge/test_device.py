"""The student's side of a GPU, on processes without one: what is asked of torch there stands in for the card."""

import pytest
import torch

from nbjudge.judge import Handle, StudentGpuMemory, StudentMemory, open_judge
from nbjudge.judge.session import Session
from nbjudge.judge.student_fixture import Student
from nbjudge.model import Cell, Limits, Program

LIMITS = Limits(seconds=10)
# From here on the process behaves as with a GPU whose kernels take 0.3 s, or whose context a failed kernel has killed.
SLOW = """
import time, torch
def start_kernel():
    torch.cuda.is_initialized = lambda: True
    torch.cuda.synchronize = lambda: time.sleep(0.3)
"""
DEAD = """
import torch
def dead(*_):
    raise RuntimeError("CUDA error: device-side assert triggered")
def kill_context():
    torch.cuda.is_initialized = lambda: True
    torch.cuda.synchronize = dead
"""


@pytest.fixture
def load(zygote):
    """load(source, ...): a session with these solution cells loaded, in its first test."""
    sessions = []

    def load(*sources):
        cells = tuple(
            Cell(f"ex_{i}", "solution", source, "ex", i) for i, source in enumerate(sources, start=1)
        )
        sessions.append(Session(Program("en", cells, (), (), ()), zygote, LIMITS, 1))
        sessions[-1].load()
        sessions[-1].begin(LIMITS, 2)
        return sessions[-1]

    yield load
    for session in sessions:
        session.close()


def test_device_time_counts(load):
    session = load(SLOW, "def f(): return 1")
    session.request("call_name", "start_kernel", (), {})
    assert 0.3 <= session.seconds < 5
    session.request("call_name", "f", (), {})
    assert session.seconds >= 0.6


def test_a_dead_context_dies_with_its_process(load):
    session = load(DEAD, "def f(): return 1")
    student = Student(session)
    with pytest.raises(RuntimeError, match="device-side assert"):
        student.kill_context()
    session.begin(LIMITS, 3)
    assert student.f() == 1 and session.lost == 1


def test_a_cell_that_kills_the_context_is_not_run_again_and_the_rest_loads(load):
    session = load(DEAD, "kill_context()", "def f(): return 1")
    assert [report.status for report in session.all_reports()] == ["ok", "error", "ok"]
    assert "device-side assert" in session.all_reports()[1].message
    assert Student(session).f() == 1 and session.lost == 1


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("raise torch.OutOfMemoryError('CUDA out of memory. Tried to allocate 9.00 GiB.')", StudentGpuMemory),
        ("raise RuntimeError('CUDA error: out of memory')", StudentGpuMemory),
        ("raise RuntimeError('CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`')", StudentGpuMemory),
        ("raise MemoryError", StudentMemory),
        ("torch.empty(1 << 50)", StudentMemory),
    ],
)  # fmt: skip
def test_whose_memory_ran_out(load, code, kind):
    session = load(f"import torch\ndef f():\n    {code}")
    with pytest.raises(StudentMemory) as caught:
        Student(session).f()
    assert type(caught.value) is kind
    assert session.fault.status == ("gpu_memory" if kind is StudentGpuMemory else "memory")


class Full:
    """A meter whose card is full."""

    def is_over(self):
        return True

    def close(self):
        self.closed = True


def test_the_watchdog_ends_a_call(load):
    session = load("import time\ndef f(): time.sleep(30)\ndef g(): return 1")
    meter = session.connection.process._meter = Full()
    with pytest.raises(StudentGpuMemory, match="share of the GPU's memory"):
        Student(session).f()
    assert meter.closed and session.seconds < 10
    session.begin(LIMITS, 3)
    assert Student(session).g() == 1


def test_place_gives_a_handle_to_a_copy_where_the_code_computes(load):
    session = load("import torch\ndef double(x): return 2 * x\ndef add(x): x += 1; return x.device")
    student = Student(session)
    x = torch.arange(3.0, requires_grad=True)
    placed = student.place(x)
    assert isinstance(placed, Handle) and repr(placed) == "<your Tensor>"
    assert torch.equal(student.double(placed), torch.tensor([0.0, 2.0, 4.0]))
    assert placed.requires_grad is True and placed.is_leaf is True
    whole = student.place(torch.arange(3))
    assert student.add(whole) == torch.device("cpu")
    assert torch.equal(whole.cpu(), torch.tensor([1, 2, 3]))  # it stayed there
    session.begin(LIMITS, 3)


def test_the_mark_and_the_fixture_say_where_a_test_runs(tmp_path, zygote):
    (tmp_path / "test_it.py").write_text(
        """
import os, pytest, torch
mark = pytest.mark.exercise("ex")
@pytest.fixture
def batch(student, device):
    return student.place(torch.ones(2)), device
@mark
def test_plain(student):
    assert student.f(1) == 2
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "" and not torch.cuda.is_available()
@mark
def test_by_fixture(student, batch):
    assert torch.equal(student.f(batch[0]), torch.full((2,), 2.0)) and batch[1] == "cpu"
@mark
@pytest.mark.gpu
@pytest.mark.limits(gpu_memory="4GB")
def test_marked(student):
    pass
"""
    )
    kept = []

    def run(judge):
        kept.extend(judge.tests)
        program = Program("en", (Cell("ex_1", "solution", "def f(x): return x + 1", "ex", 1),), (), (), ())
        kept.append(judge.grade(program, zygote, LIMITS, 1, wanted=judge.tests[:2])[0])
        return 0

    open_judge(tmp_path, run)
    *specs, results = kept
    assert [spec.device for spec in specs] == ["cpu", "any", "cuda"]
    assert dict(specs[2].limits) == {"gpu_memory": "4GB"}
    assert [(result.test, result.status) for result in results] == [
        ("test_plain", "passed"),
        ("test_by_fixture", "passed"),
    ]


def test_reproducible_arithmetic_without_importing_the_compiler(load):
    code = """
import sys, torch
from nbjudge.student.device import Device
before = len(sys.modules)
Device({"nodes": []}).be_reproducible()
flags = (torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled(),
         torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark,
         torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32)
grown = len(sys.modules) - before
"""
    names = Student(load("x = 1")).run(code)
    assert names["flags"] == (True, True, True, False, False, False) and names["grown"] < 20
