"""Data and helpers of the introductory lab's hidden tests."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from nbjudge.testing import read_arrays

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
# A given function's globals are the notebook's own names, while student.run works on a copy of them.
REPLACE = "minibatches.__globals__[{name!r}] = {name}\n"

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
        references = "".join(REFERENCES[name] + REPLACE.format(name=name) for name in names)
        return student.run("import torch\n" + references + PROBE + code, **inputs)

    return run
