"""Data and helpers of the introductory lab's hidden tests."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from nbjudge.testing import StudentError, read_arrays, require

HERE = Path(__file__).parent
NOTEBOOK_DATA = HERE.parents[1] / "source" / "intro"


def _images(array):
    return torch.from_numpy(array).flatten(1).float() / 255  # [n, 784]


def _housing():
    data = read_arrays(NOTEBOOK_DATA / "california_housing.npz")
    X = torch.tensor(data["X"], dtype=torch.float32)  # [20640, 8]
    y = torch.tensor(data["y"], dtype=torch.float32)  # [20640]
    return SimpleNamespace(X=(X - X.mean(dim=0)) / X.std(dim=0), y=y / y.std())


def _digits():
    public, hidden = read_arrays(NOTEBOOK_DATA / "mnist.npz"), read_arrays(HERE / "hidden_digits.npz")
    return SimpleNamespace(
        X_train=_images(public["X_train"]),
        y_train=torch.from_numpy(public["y_train"]).long(),
        X_val=_images(public["X_val"]),
        y_val=torch.from_numpy(public["y_val"]).long(),
        hidden_images=_images(hidden["X"]),
        hidden_labels=torch.from_numpy(hidden["y"]).long(),  # never leaves the judge
    )


HOUSING, DIGITS = _housing(), _digits()  # at import: loaded once, before the judge forks for each submission


@pytest.fixture
def housing():
    """California housing as in the notebook: X [20640, 8] standardised, y [20640] divided by its deviation."""
    return HOUSING


@pytest.fixture
def digits():
    """The notebook's digits (X_train, y_train, X_val, y_val), and 1,000 that it never held (hidden_*)."""
    return DIGITS


# A later exercise is tested with right versions of the earlier functions, so that one mistake costs points once.
# The files are numbered in the exercises' order: what is handed over here has been tested before.
REFERENCES = {
    "predict": """
def predict(log_probs):
    return log_probs.argmax(dim=-1)
""",
    "evaluate": """
def evaluate(model, X, y, batch_size=64):
    model.eval()
    with torch.no_grad():
        log_probs = torch.cat([model(X[i : i + batch_size]) for i in range(0, len(X), batch_size)])
    loss = torch.nn.functional.nll_loss(log_probs, y).item()
    return loss, (log_probs.argmax(dim=-1) == y).double().mean().item()
""",
}
# `optimizers` notes who makes steps, under whatever name it was imported.
WATCHED = """
import torch
from torch.optim.optimizer import register_optimizer_step_post_hook

optimizers = []
hook = register_optimizer_step_post_hook(lambda optimizer, *_: optimizers.append(type(optimizer).__name__))
try:
    fit_linear(X, y, steps=2, lr=0.05)
finally:
    hook.remove()
del hook
"""
# In inference mode nothing can be recorded: backward() raises. The hooks do the same for torch.func.grad.
UNRECORDED = """
import torch
with torch.inference_mode(), torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t):
    found = fit_linear(X, y, steps=2, lr=0.05)[0].clone()
"""

# A linear classifier that notes how it was called.
PROBE = """
class Probe(torch.nn.Module):
    def __init__(self, weight, bias, dropout=0.0):
        super().__init__()
        self.weight, self.bias = torch.nn.Parameter(weight.clone()), torch.nn.Parameter(bias.clone())
        self.dropout = torch.nn.Dropout(dropout)
        self.modes, self.tracked, self.sizes, self.pixels = [], [], [], []

    def forward(self, x):
        self.modes.append(self.training)
        self.tracked.append(torch.is_grad_enabled())
        self.sizes.append(len(x))
        self.pixels += x[:, 0].tolist()
        return torch.log_softmax(self.dropout(x) @ self.weight + self.bias, dim=-1)
"""


@pytest.fixture
def run_with(student):
    """`run_with(("predict",), code, x=x)`: student.run with these earlier functions replaced by right ones."""

    def run(names, code, **inputs):
        if names:
            student.replace("import torch\n" + "".join(REFERENCES[name] for name in names))
        return student.run("import torch\n" + PROBE + code, **inputs)

    return run


@pytest.fixture
def optimizers_in_fit_linear(student):
    """optimizers_in_fit_linear(X, y): the class names of the optimizers that made steps."""

    def ask(X, y):
        return student.run(WATCHED, X=X, y=y)["optimizers"]

    return ask


@pytest.fixture
def without_autograd(student):
    """without_autograd(X, y): w after two steps of fit_linear where nothing can be recorded; None if it fails there."""

    def ask(X, y):
        try:
            return student.run(UNRECORDED, X=X, y=y)["found"]
        except StudentError:
            return None

    return ask


@pytest.fixture
def one_each(student):
    """one_each(losses, n): there are n of them."""

    def check(losses, n):
        require(
            len(losses) == n,
            f"{n} steps give {n} losses, not {len(losses)}",
            ru=f"{n} шагов дают {n} значений потерь, а не {len(losses)}",
        )

    return check
