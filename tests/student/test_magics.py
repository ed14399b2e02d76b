"""Magics, debuggers, `_` and output as in a Jupyter kernel where nobody sits at the screen."""

import pytest

from nbjudge.judge.student_fixture import StudentCode


@pytest.mark.parametrize(
    "source",
    [
        "%time x = 1",
        "%time x: int = 1",
        "%time x = y = 1",
        "x = %time 1",
        "%time --no-raise-error x = 1",
        "%prun -q -l 5 x = 1",
        "%debug x = 1",
        "%load_ext memory_profiler\n%memit -r 3 x = 1",
        "%%memit -r 3\nx = 1",
        "def f(): return 1\n%load_ext line_profiler\n%lprun -f f x = f()",
        "def f(): return 1\n%mprun -f f -T out.txt x = f()",
        "if True:\n    %time x = 1",
        "for x in range(2):\n    %time y = x",
        "%time for x in range(2): pass",
        "%%time\nx = 1",
        "%%time\nx = 0\nx += 1\nx",
        "%%capture\nx = 1",
        "%%capture out\nx = 1",
        "%%prun\nx = 1",
        "%%debug\nx = 1",
        "x = 1\n%debug",
        "breakpoint()\nx = 1",
        "import pdb; pdb.set_trace()\nx = 1",
        "from pdb import set_trace\nset_trace(header='here')\nx = 1",
        "from IPython.core.debugger import set_trace, Pdb\nset_trace()\nPdb().set_trace()\nx = 1",
        "import pdb\ntry:\n    1 / 0\nexcept ZeroDivisionError:\n    pdb.post_mortem()\nx = 1",
        "import IPython\nIPython.embed()\nx = 1",
        "%pdb on\nx = 1",
        "import faulthandler\nfaulthandler.enable()\nx = 1",
        "import os, sys\nos.write(sys.stdout.fileno(), b'x')\nx = sys.stdout.fileno()",
        "%run helpers.ipynb\nx = 1",
        "%run utils.py\nx = 1",
        "%cd /content/drive/MyDrive\nx = 1",
        "%cd 'no such folder'\nx = 1",
        "%config InlineBackend.figure_format = 'retina'\nx = 1",
        "%config NoSuchThing.option = 1\nx = 1",
        "%cython\nx = 1",
        "get_ipython().showtraceback = lambda *a, **k: None\nx = 1",
        "get_ipython().magic('matplotlib inline')\nget_ipython().run_line_magic('matplotlib', 'inline')\nx = 1",
        "x = 1\n%reset -f",
        "get_ipython().run_line_magic('reset', '-f')\nx = 1",
        "%env CUDA_LAUNCH_BLOCKING=1\nimport os\nx = int(os.environ['CUDA_LAUNCH_BLOCKING'])",
        "import os\nx = int(bool(os.environ['PATH']))",
        "%who\n%whos\n%pwd\nx = 1",
        "x = 1\nexit()",
        "x = 1\nexit",
    ],
)
def test_magics_leave_the_cell_as_it_is(run, source):
    get, _ = run(source)
    assert get("x") == 1


def test_what_a_measured_statement_assigns_counts_in_a_copy_too(load):
    student = StudentCode(load("n = 2\n%time grid = [n] * 2"))
    assert student.cell("ex_1") == {"n": 2, "grid": [2, 2]}


def test_an_error_in_a_measured_statement_has_its_line(load):
    report = load("x = 1\n%time y = x / 0").all_reports()[0]
    assert report.message == "ZeroDivisionError: division by zero" and report.trace[0].line == 2


@pytest.mark.parametrize(
    ("source", "x"),
    [
        ("t = %timeit -o -n 10 -r 1 sum([1])\nx = t.average >= 0 and t.best >= 0 and t.stdev == 0", True),
        ("seen = []\nt = %timeit -o seen.append(1)\nx = seen", [1]),
        ("%%timeit\ny = 1", None),
        ("y = 0\nx = 5", 5),
    ],
)
def test_timeit_runs_at_most_once_and_keeps_its_names(load, source, x):
    session = load("x = None\ny = 0", source)
    assert session.all_reports()[-1].message == ""
    assert session.request("get", "x") == x and session.request("get", "y") == 0


def test_timed_cell_has_a_setup_and_sees_the_notebook(run):
    get, _ = run(
        "seen = []",
        "%%timeit -n 5 y = 2\nseen.append(y)\nfor z in range(3):\n    w = f'''\n{z}'''\nseen.append(w)",
    )
    assert get("seen") == [2, "\n2"]


def test_captured_output_is_an_object(run):
    get, _ = run("%%capture out\nprint('hello')", "x = out.stdout\nout.show()")
    assert get("x") == "hello\n"


def test_notices_are_said_once_for_each_cell(run):
    _, output = run("for i in range(100):\n    breakpoint()", "breakpoint()\n%run no.py\n%cd no")
    assert output.count("[breakpoint() is not run while grading]") == 2
    assert "[%run no.py: there is no such file while grading]" in output
    assert "[%cd no: there is no such folder while grading]" in output


@pytest.mark.parametrize(
    ("cells", "x"),
    [
        (("[1, 2]", "x = _"), [1, 2]),
        (("1", "2", "3", "x = [_, __, ___]"), [3, 2, 1]),
        (("1\n2", "x = _"), 2),
        (("1", "2;", "x = _"), 1),
        (("1", "None", "print()", "x = _"), 1),
        (("1", "_ + 1", "x = _"), 2),
        (("for _ in range(3): pass", "5", "x = _"), 2),
        (("'a'", "x = list(Out.values())"), ["a"]),
        (("y = 3", "x = In[1]"), "y = 3"),
        (("import asyncio\nasync def f(): return 4\nawait f()", "x = _"), 4),
    ],
)
def test_what_a_cell_ends_with_has_a_name(run, cells, x):
    get, _ = run(*cells)
    assert get("x") == x


def test_a_cell_that_a_test_runs_again_finds_the_last_value_of_its_place(load):
    student = StudentCode(load("[1]", "x = _", "[2]"))
    assert student.cell("ex_2")["x"] == [1]


def test_an_error_in_the_last_expression_has_its_line(load):
    report = load("x = 0\n(1 /\n x)").all_reports()[0]
    assert report.message == "ZeroDivisionError: division by zero" and report.trace[0].line == 2


def test_pylab_brings_its_names(run):
    get, _ = run("%pylab inline\nx = float(np.sqrt(4)) + float(linspace(0, 1)[-1])\nplt.figure()")
    assert get("x") == 3


def test_writefile_and_run_work_together(run):
    get, _ = run("%%writefile made.py\nvalue = 41", "%run made.py\nx = value + 1")
    assert get("x") == 42


def test_folders_can_be_changed(run):
    get, _ = run(
        "!mkdir -p data/raw\n%cd data/raw\n%cd -\n%cd data\nopen('a.txt', 'w').close()",
        "import os\nx = os.listdir('.')",
    )
    assert sorted(get("x")) == ["a.txt", "raw"]
