"""`uses` finds a name in a student's source however it was imported."""

import contextlib

import pytest

from nbjudge.judge import Source, calls, uses


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


@pytest.mark.parametrize(
    "solution",
    [
        "def fit(X):\n    w = X.sum()\n    losses = []\n    return w, losses",
        "def fit(w):\n    return w",
        "def fit(X):\n    return [w for w in X]",
        "fit = lambda w: w",
        "w = 3\nprint(w)",
    ],
)
def test_a_local_name_is_not_another_cells(solution: str) -> None:
    other = "import torch\ndef fit_with_optimizer():\n    return torch.optim.SGD, 1\nw, losses = fit_with_optimizer()"
    assert not uses(Source(solution, [solution, other]), "torch.optim")
    assert uses(Source("def fit(X):\n    return w", [other]), "torch.optim")
    assert uses(Source("w = 3\ndef fit(X):\n    return w", [other]), "torch.optim")


def test_the_last_definition_of_a_helper_counts() -> None:
    first, second = "import torch\ndef step(): torch.optim.SGD", "def step(): return 1"
    assert not uses(Source("step()", [first, second]), "torch.optim")
    assert uses(Source("step()", [second, first]), "torch.optim")


@pytest.mark.parametrize(
    "solution",
    [
        "def train(model, optim):\n    optim.step()",
        "def f():\n    optim = 1\n    return optim",
        "lambda optim: optim.x",
    ],
)
def test_a_parameter_is_not_the_module_of_its_name(solution: str) -> None:
    assert not uses(Source(solution, ["from torch import optim"]), "torch.optim")
    assert uses(Source(f"{solution}\noptim.SGD", ["from torch import optim"]), "torch.optim")


@pytest.mark.parametrize(
    ("source", "name", "expected"),
    [
        ("loss.backward()", "backward", True),
        ("((X @ w - y) ** 2).mean().backward()", "backward", True),
        ("# loss.backward()\nx = 'loss.backward()'", "backward", False),
        ("def backward(): pass\nloss.backward", "backward", False),
        ("from torch.autograd import grad as g\ng(loss, w)", "torch.autograd.grad", True),
        ("from torch.autograd import grad as g\ng(loss, w)", "grad", True),
        ("torch.autograd.backward(loss)", "torch.autograd.backward", True),
        ("torch.autograd.grad", "torch.autograd.grad", False),
    ],
)
def test_calls(source: str, name: str, expected: bool) -> None:
    assert calls(f"import torch\n{source}", name) is expected


def test_calls_follows_helpers() -> None:
    helper = "def gradient_step(w, loss):\n    loss.backward()\n    return w.grad"
    assert calls(Source("def descend(w):\n    return gradient_step(w, w.sum())", [helper]), "backward")
    assert not calls(Source("def descend(w):\n    return w", [helper]), "backward")
