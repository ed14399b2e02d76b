"""The student's side: how cells run, what a test can ask, and what an exception tells. With a real process."""

import random
import subprocess
import sys

import numpy as np
import pytest
import torch

from nbjudge.judge.faults import NotFound, StudentError, StudentFault, StudentMemory
from nbjudge.judge.handle import Handle
from nbjudge.judge.student_fixture import StudentCode
from nbjudge.model import Frame, Limits
from nbjudge.notes import Note
from nbjudge.sandbox.host import ENVIRONMENT

LIMITS = Limits(seconds=10)


def report(session):
    return session.all_reports()[-1]


@pytest.mark.parametrize(
    "source",
    [
        "%matplotlib inline\nx = 1",
        "!pip install nosuch\nx = 1",
        "!wget https://example.org/data.zip\nx = 1",
        "%pip install nosuch\nx = 1",
        "files = !ls\nx = 1",
        "%load_ext autoreload\n%autoreload 2\nx = 1",
        "%load_ext tensorboard\n%tensorboard --logdir runs\nx = 1",
        "%%time\nx = 1",
        "\n  %%time\n%%capture out\nx = 1",
        "%timeit sum(range(10))\nx = 1",
        "%time x = 1",
        "print?\nx = 1",
        "    x = 1",
        "import asyncio\nawait asyncio.sleep(0)\nx = 1",
        "from IPython.display import display, clear_output, HTML\nclear_output(wait=True)\ndisplay(HTML('<b>'))\nx = 1",
        "display(3)\nx = 1",
        "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()\nx = 1",
        "from tqdm.auto import tqdm\nfrom tqdm import trange\nx = sum(tqdm([1])) + sum(trange(1))",
        "from tqdm.notebook import tqdm\nx = sum(tqdm([1]))",
        "get_ipython().system('ls')\nx = 1",
    ],
)
def test_notebook_syntax_runs(load, source):
    session = load(source)
    assert (report(session).status, report(session).message) == ("ok", "")
    assert session.request("get", "x") == 1


def test_other_languages_are_skipped_with_a_notice(load):
    session = load("%%bash\nrm -rf /")
    assert report(session).status == "ok" and "not run while grading" in report(session).output


def test_tqdm_is_quiet_and_output_is_kept(load):
    session = load("from tqdm.auto import tqdm\nfor i in tqdm(range(3)):\n    print('line', i)")
    assert report(session).output == "line 0\nline 1\nline 2\n"


def test_output_is_cut(load):
    session = load("print('x' * 1000)", limits=Limits(seconds=10, output=100))
    assert len(report(session).output) < 150 and report(session).output.startswith("x" * 80)


def test_endless_output_ends_with_the_time(load):
    session = load("while True: print('flood' * 100)", limits=Limits(seconds=0.5))
    assert report(session).status == "timeout"


def test_input_is_a_clear_error(load):
    session = load("name = input('Your name: ')")
    assert report(session).status == "error" and "input() cannot be answered" in report(session).message


def test_error_has_the_line_in_the_cell(load):
    session = load("\n\n%%time\ndef f(x):\n    return 1 / x\n\nf(0)")
    assert report(session).message == "ZeroDivisionError: division by zero"
    assert report(session).trace == (Frame(1, 7, "", "f(0)"), Frame(1, 5, "f", "return 1 / x"))


def test_syntax_error_has_its_line(load):
    session = load("x = 1\ndef f(:\n    pass")
    assert report(session).message.startswith("SyntaxError")
    assert report(session).trace == (Frame(1, 2, "", "def f(:"),)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("import sys\nsys.exit('bye')", "SystemExit: bye"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("class E(Exception):\n    def __str__(self): raise ValueError\nraise E", "E"),
        ("def f(): f()\nf()", "RecursionError: maximum recursion depth exceeded"),
        ("(" * 300, "SyntaxError: too many nested parentheses (cell 1, line 1)"),
        ("x = '\\ud800'\nraise ValueError(x)", "ValueError: ?"),
        ("\0", "SyntaxError"),
    ],
)
def test_every_exception_is_reported(load, source, message):
    session = load(source, "after = 1")
    assert session.all_reports()[0].status == "error"
    assert session.all_reports()[0].message.startswith(message.split(" (")[0])
    assert session.request("get", "after") == 1


def test_message_is_bounded(load):
    session = load("raise ValueError('x' * 10**7)")
    assert len(report(session).message) < 5000


def test_an_added_cell_gives_definitions_and_what_something_needs(load):
    session = load(
        (
            "added",
            "import nosuchmodule\nimport math\nA = 3\nB: float = 2 * math.pi\nC = [1, {'a': (2, None)}]\n"
            "device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')\nimport torch\n"
            "def f(): return A\nclass K: pass\ng = lambda x: x + 1\n"
            "D = f()\nE = [i for i in range(3)]\nprint('hello')\nfor i in range(3): pass\n%timeit f()",
        ),
        "def solution(): return D, E, B",
    )
    report = session.all_reports()[0]
    defined = [
        name for name in ("math", "A", "B", "C", "f", "K", "g", "D", "E", "i") if session.request("has", name)
    ]
    assert defined == ["math", "A", "B", "f", "K", "D", "E"]
    assert report.message == "ModuleNotFoundError: No module named 'nosuchmodule'"
    assert report.output == ""


def test_added_cell_may_use_names_of_the_notebook(load):
    session = load(
        ("given", "import torch"),
        ("added", "device = torch.device('cpu')\ndtype = torch.float64"),
        "def f(): return device, dtype",
    )
    assert session.request("get", "device") == torch.device("cpu")
    assert session.request("get", "dtype") == torch.float64


def test_cell_runs_in_a_copy_with_inputs(load):
    student = StudentCode(load("x = 1", "out = x + 1"))
    assert student.cell("ex_2", x=10) == {"x": 10, "out": 11}
    assert student.get("out") == 2 and student.get("x") == 1


def test_cell_does_not_replace_its_inputs(load):
    student = StudentCode(load("x = 5\nout = x * 2", "x = x + 1\nout = x"))
    assert student.cell("ex_1", x=10).out == 20
    assert student.cell("ex_2", x=10).out == 11


def test_cell_and_name_that_are_missing(load):
    student = StudentCode(load("a = 1"))
    with pytest.raises(NotFound, match="no cell 'ex_gone'"):
        student.cell("ex_gone")
    with pytest.raises(NotFound, match="does not assign 'out'"):
        student.cell("ex_1")["out"]
    with pytest.raises(NotFound, match="does not define 'nosuch'"):
        student.nosuch(1)
    assert not student.has("nosuch")


def test_run_returns_inputs_changed_in_place(load):
    student = StudentCode(load("def double(x):\n    x.mul_(2)"))
    names = student.run("double(x)\nimport math\ny = x.sum().item()", x=torch.ones(2))
    assert names["x"].tolist() == [2, 2] and names["y"] == 4
    assert isinstance(names["math"], Handle)


def test_error_in_the_authors_code_shows_only_student_frames(load):
    student = StudentCode(load("def f():\n    raise KeyError('k')"))
    with pytest.raises(StudentError) as caught:
        student.run("value = 1\nf()")
    assert caught.value.trace == (Frame(1, 2, "f", "raise KeyError('k')"),)
    assert isinstance(caught.value, KeyError)


def test_set_lasts_until_the_next_test(load):
    session = load("x = 1\ndef f(): return x")
    student = StudentCode(session)
    student.set(x=2, y=3)
    assert student.f() == 2 and student.has("y")
    session.begin(LIMITS, 3)
    assert student.f() == 1 and not student.has("y")


def test_modes_and_folder_are_restored_for_the_next_test(load):
    session = load(
        "import os, torch\ndef spoil():\n    torch.set_grad_enabled(False)\n    torch.set_default_dtype(torch.float64)\n"
        "    os.chdir('/')\ndef state(): return torch.is_grad_enabled(), torch.ones(1).dtype, os.getcwd()"
    )
    student = StudentCode(session)
    before = student.state()
    student.spoil()
    assert student.state() == (False, torch.float64, "/")
    session.begin(LIMITS, 3)
    assert student.state() == before


def test_seeds_repeat(load):
    session = load(
        "import random, torch, numpy as np\ndef f(): return random.random(), torch.rand(2), np.random.rand()"
    )
    student, seen = StudentCode(session), []
    for seed in (5, 6, 5):
        session.begin(LIMITS, seed)
        seen.append([np.asarray(part).tolist() for part in student.f()])
    assert seen[0] == seen[2] != seen[1]
    random.seed(5)
    assert seen[0][0] == random.random()


def test_tensors_arrive_with_requires_grad(load):
    student = StudentCode(
        load("def f(x):\n    (x ** 2).sum().backward()\n    return x.grad, x.requires_grad")
    )
    grad, required = student.f(torch.tensor([3.0], requires_grad=True))
    assert grad.tolist() == [6] and required is True


def test_what_cannot_be_sent_is_the_students_error(load):
    code = "def cycle():\n    a = []\n    a.append(a)\n    return a\ndef big(): return [0] * 10**7"
    # Ten million numbers take seconds to look through, and more on a busy machine.
    student = StudentCode(load(code, limits=Limits(seconds=60)))
    with pytest.raises(StudentError, match="contains itself"):
        student.cycle()
    with pytest.raises(StudentError, match="use a tensor") as caught:
        student.big()
    assert not isinstance(caught.value, ValueError)


@pytest.mark.parametrize(
    "source",
    [
        "raise MemoryError",
        "import numpy\nnumpy.ones(1 << 50)",
        "import torch\ntorch.ones(1 << 50)",
        "class OutOfMemoryError(RuntimeError): pass\nraise OutOfMemoryError",
    ],
)
def test_out_of_memory_is_recognised(load, source):
    student = StudentCode(load("def f():\n" + "".join(f"    {line}\n" for line in source.splitlines())))
    with pytest.raises(StudentMemory):
        student.f()


def test_a_forked_child_does_not_answer(load):
    student = StudentCode(load("import os\ndef f():\n    return os.fork() and 7"))
    assert student.f() == 7 and student.f() == 7


def test_threads_and_dataloader_workers_work(load):
    student = StudentCode(
        load(
            "import threading, torch\nfrom torch.utils.data import DataLoader, TensorDataset\n"
            "def thread():\n    out = []\n    t = threading.Thread(target=out.append, args=(1,))\n"
            "    t.start(); t.join()\n    return out\n"
            "def loader():\n    data = TensorDataset(torch.arange(6.0))\n"
            "    return sum(batch.sum().item() for (batch,) in DataLoader(data, 2, num_workers=1))"
        )
    )
    assert student.thread() == [1] and student.loader() == 15


def test_source_of_a_students_function_can_be_inspected(load):
    student = StudentCode(
        load("import inspect\ndef f():\n    return 1\ndef text(): return inspect.getsource(f)")
    )
    assert student.text() == "def f():\n    return 1\n"


def test_a_broken_request_leaves_the_process_alive(load):
    session = load("x = 1")
    with pytest.raises(StudentFault):
        session.request("nosuch_request")
    assert session.request("get", "x") == 1


def test_the_warm_up_goes_as_it_should():
    """In another process with a zygote's environment: it makes IPython's shell, whose namespace is `__main__`."""
    code = "from nbjudge.student import load_libraries, warm_up; load_libraries(); print(*warm_up(), 'double' in globals())"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=ENVIRONMENT
    )
    assert done.stdout.split() == [*["ok"] * 7, "error", "missing", "ok", "ok", "False"]


FAILING = {
    "error": "lost = 1 / 0",
    "exit": "import sys\nlost = sys.exit(3)",
    "input": "lost = input('name')",
    "interrupt": "if True:\n    lost = 1\n    raise KeyboardInterrupt",
    "package": "from nosuchpackage import lost",
    "download": "import urllib.request\nurllib.request.urlretrieve('http://example.org/x', 'x')",
    "GPU": "import torch\nlost = torch.zeros(3).cuda()",
    "time": "while True: lost = 1",
    "time, in a loop that goes on after exceptions": "while True:\n    try: lost = 1\n    except Exception: pass",
}


@pytest.mark.parametrize("kind", ["solution", "given", "added"])
@pytest.mark.parametrize("failing", FAILING)
def test_what_does_not_need_a_failed_statement_goes_on(load, kind, failing):
    above, below = "def above(): return 1", "import math\nafter = 2\n\ndef below(): return after + above()"
    session = load(
        (kind, f"{above}\n{FAILING[failing]}\n{below}\nprint('shown')"),
        "def user(): return below(), lost",
        limits=Limits(seconds=1),
    )
    first = session.all_reports()[0]
    assert first.status == ("timeout" if "time" in failing else "error")
    assert StudentCode(session).below() == 3
    assert session.request("has", "math") and first.output == ""
    last = above.count("\n") + FAILING[failing].count("\n") + below.count("\n") + 4
    if kind != "added":  # there, nobody misses what is printed
        left_out = [note.values["lines"] for note in first.notes if note.kind == "lines_left_out"]
        assert left_out == [(last,)]


def test_what_needs_a_failed_statement_does_not_run(load):
    session = load(
        "a = 1 / 0\nb = a + 1\nc = [b for _ in range(3)]\na = 5\nd = a + 1\nx = {}\nx['k'] = d\nx['b'] = b"
    )
    defined = [name for name in "abcdx" if session.request("has", name)]
    assert defined == ["a", "d", "x"]
    assert session.request("get", "x") == {"k": 6}
    assert report(session).notes == (Note("lines_left_out", {"lines": (2, 3, 8), "line": 1}),)


def test_every_failure_of_a_cell_is_told(load):
    session = load("a = 1 / 0\nb = int('x')\nc = 3\nd = nosuch")
    assert report(session).message == "ZeroDivisionError: division by zero"
    assert [note.values["line"] for note in report(session).notes] == [2, 4]
    assert session.request("get", "c") == 3


def test_an_old_value_does_not_stand_in_for_one_that_failed(load):
    session = load("n = 1", "n = 1 / 0\nm = n + 1")
    assert not session.request("has", "m")


@pytest.mark.parametrize("last", ["while True:\n    try:\n        while True: pass\n    except BaseException: pass",
                                  "import os\nos._exit(3)", "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)",
                                  "import ctypes\nctypes.string_at(0)"])  # fmt: skip
def test_a_statement_that_takes_the_process_along_is_left_out_the_next_time(load, last):
    session = load(
        f"def above(): return 1\n{last}\nx = 5\ndef below(): return x",
        "after = below()",
        limits=Limits(seconds=1),
    )
    student = StudentCode(session)
    assert (student.above(), student.below(), student.get("after")) == (1, 5, 5)
    assert [one.status for one in session.all_reports()][1] == "ok"
    assert session.all_reports()[0].status in ("timeout", "crashed")


def test_several_statements_may_take_the_process_along(load):
    session = load("import os\nos._exit(1)\na = 1\nos._exit(2)\nb = os._exit(3) or 1\nc = 2")
    assert [name for name in "abc" if session.request("has", name)] == ["a", "c"]


def test_a_forged_mark_costs_the_forger(load):
    """Who points at another line loses the line; after a few tries the whole cell, and nothing else."""
    forging = (
        "import os, mmap, gc\n"
        "arena = next(o for o in gc.get_objects() if type(o) is mmap.mmap)\n"
        "kept = 1\n"
        "for line in (3,):\n    arena[-8:] = line.to_bytes(8, 'little'); os._exit(1)\n"
    )
    session = load(forging, "x = 1", ("given", "y = 2"))
    assert session.request("get", "x") == 1 and session.request("get", "y") == 2
    assert session.all_reports()[0].status == "crashed"


def test_a_top_level_await_keeps_the_cell_together(load):
    session = load(
        "import asyncio\nasync def one(): return 1\ntask = asyncio.create_task(one())\nx = await task\n"
        "y = await nosuch\nz = 3\nprint(z)"
    )
    assert [name for name in "xyz" if session.request("has", name)] == ["x", "z"]
    assert report(session).message == "NameError: name 'nosuch' is not defined"


def test_future_imports_hold_for_the_cell(load):
    session = load("from __future__ import annotations\nclass A:\n    def f(self) -> A: return self\nx = 1")
    assert report(session).status == "ok" and session.request("get", "x") == 1
