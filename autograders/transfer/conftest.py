"""Data and helpers of the hidden tests on transfer learning."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from nbjudge.testing import read_arrays

INTRO = Path(__file__).parents[1] / "intro"
NEW = (6, 7, 8, 9)  # the digits that the backbone has never seen


def _hidden_digits():
    data = read_arrays(INTRO / "hidden_digits.npz")
    rows = np.isin(data["y"], NEW)
    images = torch.from_numpy(data["X"][rows]).unsqueeze(1) / 255  # [400, 1, 28, 28]
    return SimpleNamespace(images=images, labels=torch.from_numpy(data["y"][rows]).long() - NEW[0])


HIDDEN = _hidden_digits()  # at import: loaded once, before the judge forks; the labels never leave it


@pytest.fixture
def hidden():
    """400 digits that the notebook never held: images [400, 1, 28, 28], labels [400] from 0 to 3."""
    return HIDDEN


# A later exercise is tested with right versions of the earlier functions, so that one mistake costs points once.
REFERENCES = {
    "choose_parameters": """
def choose_parameters(model, head_only):
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name.startswith("fc.") or not head_only)
    return [parameter for parameter in model.parameters() if parameter.requires_grad]
""",
    "train_epoch": """
def train_epoch(model, loader, optimizer, device):
    model.train()
    total = 0.0
    for images, labels in loader:
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(images.to(device)), labels.to(device))
        loss.backward()
        optimizer.step()
        total += loss.item() * len(labels) / len(loader.dataset)
    return total
""",
    "evaluate": """
def evaluate(model, loader, device):
    model.eval()
    with torch.no_grad():
        batches = [(model(images.to(device)), labels.to(device)) for images, labels in loader]
    logits, labels = (torch.cat(part) for part in zip(*batches))
    loss = torch.nn.functional.cross_entropy(logits, labels).item()
    return loss, (logits.argmax(dim=1) == labels).double().mean().item()
""",
    "snapshot": """
def snapshot(model):
    return {name: value.clone() for name, value in model.state_dict().items()}
""",
    "fit": """
def fit(model, train_loader, val_loader, optimizer, scheduler, epochs, device):
    history = {"rate": [], "train_loss": [], "val_loss": [], "val_accuracy": []}
    for _ in range(epochs):
        history["rate"].append(optimizer.param_groups[0]["lr"])
        history["train_loss"].append(train_epoch(model, train_loader, optimizer, device))
        scheduler.step()
        loss, accuracy = evaluate(model, val_loader, device)
        if accuracy > max(history["val_accuracy"], default=-1):
            best = snapshot(model)
        history["val_loss"].append(loss)
        history["val_accuracy"].append(accuracy)
    model.load_state_dict(best)
    return history
""",
}
# A given function's globals are the notebook's own names, while student.run works on a copy of them.
REPLACE = "pick_device.__globals__[{name!r}] = {name}\n"

TOOLS = """
import torch
from torch.utils.data import DataLoader, TensorDataset, default_collate
from torch.utils._pytree import tree_leaves


class Elsewhere(torch.Tensor):
    '''A tensor that behaves as if it lay on another device: .to() brings it here, mixing it with others fails.'''

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        if func is torch.Tensor.to:
            with torch._C.DisableTorchFunctionSubclass():
                return args[0].as_subclass(torch.Tensor).to(*args[1:], **(kwargs or {}))
        if any(isinstance(a, torch.Tensor) and type(a) is not cls for a in tree_leaves((args, kwargs))):
            raise RuntimeError("Expected all tensors to be on the same device: move every batch with .to(device)")
        return super().__torch_function__(func, types, args, kwargs or {})


def make_loader(X, y, batch_size, elsewhere=False):
    def collate(rows):
        batch = default_collate(rows)
        return [tensor.as_subclass(Elsewhere) for tensor in batch] if elsewhere else batch

    return DataLoader(TensorDataset(X, y), batch_size, collate_fn=collate)


class Probe(torch.nn.Module):
    '''A linear classifier that notes how it was called.'''

    def __init__(self, weight, bias, dropout=0.0):
        super().__init__()
        self.weight, self.bias = torch.nn.Parameter(weight.clone()), torch.nn.Parameter(bias.clone())
        self.dropout = torch.nn.Dropout(dropout)
        self.modes, self.tracked, self.sizes = [], [], []

    def forward(self, x):
        self.modes.append(self.training)
        self.tracked.append(torch.is_grad_enabled())
        self.sizes.append(len(x))
        return self.dropout(x) @ self.weight + self.bias


cpu = torch.device("cpu")
"""


@pytest.fixture
def run_with(student):
    """`run_with(("evaluate",), code, x=x)`: student.run with these earlier functions replaced by right ones."""

    def run(names, code, **inputs):
        references = "".join(REFERENCES[name] + REPLACE.format(name=name) for name in names)
        return student.run(TOOLS + references + code, **inputs)

    return run


@pytest.fixture
def train_by_hand():
    """Plain SGD on a linear classifier, in the order of the data, one rate per epoch; yields after each epoch.

    Yields weight [d, c], bias [c] and the epoch's mean loss over all rows.
    """

    def train(X, y, weight, bias, rates, batch_size):
        weight, bias = weight.clone().requires_grad_(), bias.clone().requires_grad_()
        for rate in rates:
            total = 0.0
            for rows in torch.arange(len(X)).split(batch_size):
                loss = F.cross_entropy(X[rows] @ weight + bias, y[rows])
                grads = torch.autograd.grad(loss, (weight, bias))
                with torch.no_grad():
                    weight -= rate * grads[0]
                    bias -= rate * grads[1]
                total += loss.item() * len(rows)
            yield weight.detach().clone(), bias.detach().clone(), total / len(X)

    return train


@pytest.fixture
def case():
    """case(n): random rows X [n, 6], labels y [n] of 3 classes, weight [6, 3] and bias [3], all float64."""

    def make(n):
        return {
            "X": torch.randn(n, 6, dtype=torch.float64),
            "y": torch.randint(3, (n,)),
            "weight": torch.randn(6, 3, dtype=torch.float64),
            "bias": torch.randn(3, dtype=torch.float64),
        }

    return make
