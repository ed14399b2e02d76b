"""`uses` finds a name in a student's source however it was imported."""

import contextlib

import pytest

from nbjudge.judge import Source, uses


@pytest.mark.parametrize(
    "source",
    [
        "import torch\ntorch.optim.SGD",
        "import torch.optim",
        "import torch.optim as o",
        "from torch import optim",
        "from torch import optim as o\no.SGD",
        "from torch.optim import SGD",
        "from torch.optim.sgd import SGD as S",
        "from torch import *\noptim.SGD",
        "import torch as t\nx = t\ny = x\ny.optim.SGD",
        "import torch\nopt = torch.optim\nopt.SGD",
        "%matplotlib inline\nfiles = !ls\nimport torch\ndef f():\n    %time torch.optim.SGD\n    torch.optim.Adam",
    ],
)
def test_uses_sees_every_name(source):
    assert uses(source, "torch.optim")


@pytest.mark.parametrize(
    ("source", "notebook", "expected"),
    [
        ("optim.SGD()", ["from torch import optim"], True),
        (
            "step()",
            ["import torch", "def step():\n    return helper()", "def helper(): torch.optim.SGD"],
            True,
        ),
        ("a.step()", ["import torch.optim as o", "class A:\n    x = o.SGD\na = A()"], True),
        ("f()", ["import torch", "def g(): torch.optim.SGD\ndef f(): pass"], False),
        ("torch.ones(1)", ["import torch.optim"], False),
        ("torch.optimal", ["import torch"], False),
        ("x = 1", ["from torch.optim import SGD", "this is no Python"], False),
        ("'torch.optim'", [], False),
    ],
)
def test_uses_follows_the_notebook(source, notebook, expected):
    assert uses(Source(source, notebook), "torch.optim") is expected


@pytest.mark.parametrize("source", ["def f(:", "\0", "(" * 10_000, "x" * 600_000, "-" * 100_000 + "1"])
def test_uses_refuses_what_it_cannot_read(source):
    with pytest.raises(AssertionError):
        uses(source, "torch.optim")


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "line", [" " * 300_000, "\t" * 100_000, "a " * 150_000, "a" * 300_000 + "!", "?" * 100_000]
)
def test_uses_is_quick_on_long_lines(line):
    with contextlib.suppress(AssertionError):
        uses(f"{line}\nimport torch.optim", "torch.optim")
