"""Data and helpers of the hidden tests on transfer learning."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from nbjudge.testing import read_arrays, require

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
TOOLS = """
from contextlib import nullcontext

import torch
from torch.utils.data import DataLoader, TensorDataset

from nbjudge.student.pretend_gpu import PretendGpu

cpu = torch.device("cpu")


def make_loader(X, y, batch_size):
    return DataLoader(TensorDataset(X, y), batch_size)


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
"""


@pytest.fixture
def run_with(student):
    """`run_with(("evaluate",), code, x=x)`: student.run with these earlier functions replaced by right ones."""

    def run(names, code, **inputs):
        if names:
            student.replace("import torch\n" + "".join(REFERENCES[name] for name in names))
        return student.run(TOOLS + code, **inputs)

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
    """case(n): random rows X [n, 6], labels y [n] of 3 classes, weight [6, 3] and bias [3], all float32."""

    def make(n):
        return {
            "X": torch.randn(n, 6),
            "y": torch.randint(3, (n,)),
            "weight": torch.randn(6, 3),
            "bias": torch.randn(3),
        }

    return make


@pytest.fixture
def called():
    """called(modes, training): the model was called at least once, and always in that mode."""

    def check(modes, training):
        require(modes, "the model was never called", ru="модель ни разу не вызвана")
        wrong = ("evaluation", "оценки") if training else ("training", "обучения")
        require(
            all(mode is training for mode in modes),
            f"the model was called in {wrong[0]} mode",
            ru=f"модель вызвана в режиме {wrong[1]}",
        )

    return check


@pytest.fixture
def batches():
    """batches(sizes): 20 images came in batches of 8, 8 and 4."""

    def check(sizes):
        require(
            sizes == [8, 8, 4],
            f"20 images in batches of 8 are 8, 8 and 4, not {sizes}",
            ru=f"20 изображений батчами по 8 — это 8, 8 и 4, а не {sizes}",
        )

    return check


@pytest.fixture
def plain_float():
    """plain_float(value): it is a Python float."""

    def check(value):
        kind = type(value).__name__
        require(
            isinstance(value, float),
            f"return a Python float, not a {kind}: use .item()",
            ru=f"верните число float, а не {kind}: используйте .item()",
        )

    return check
