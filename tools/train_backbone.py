"""Makes the pretrained network and the images of the assignment `transfer` from the digits of `intro`.

The network learns the digits 0 to 5. The images are of the digits 6 to 9, which it has never seen: a few for training,
all of `intro`'s validation images for validation. The judge's hidden digits are not touched.
Run it from the course's root; `--check` compares the committed files with their recorded hashes and trains nothing.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import torch
import torch.nn.functional as F
from data_sets import Arrays, digest, read_arrays, write_arrays
from safetensors.torch import save

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "source" / "transfer"
KNOWN, NEW = (0, 1, 2, 3, 4, 5), (6, 7, 8, 9)
PER_CLASS = 20  # new digits of each class for training: too few to train a network from scratch well
IMAGES_SHA256 = "c1a5aca45a8c23d9f088c7695d427e10fee092f09e1e08b9968e7123eb3ea1be"  # of the arrays in digits.npz, see data_sets.digest
EPOCHS, BATCH = 15, 64


def helper() -> ModuleType:
    """source/transfer/transfer_data.py, which holds the network's class."""
    spec = importlib.util.spec_from_file_location("transfer_data", FOLDER / "transfer_data.py")
    if spec is None or spec.loader is None:
        raise FileNotFoundError(FOLDER / "transfer_data.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def choose(images: np.ndarray, labels: np.ndarray, digits: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """The images of `digits`, in their order, with labels 0, 1, ... for them."""
    rows = np.isin(labels, digits)
    return images[rows], np.searchsorted(digits, labels[rows]).astype(np.uint8)


def new_digits(data: Arrays) -> Arrays:
    """What students get: PER_CLASS training images of each new digit, and the validation images."""
    X, y = choose(data["X_train"], data["y_train"], NEW)
    few = np.sort(np.concatenate([np.flatnonzero(y == label)[:PER_CLASS] for label in range(len(NEW))]))
    X_val, y_val = choose(data["X_val"], data["y_val"], NEW)
    return {
        "X_train": X[few],
        "y_train": y[few],
        "X_val": X_val,
        "y_val": y_val,
        "digits": np.array(NEW, np.uint8),
    }


def train(model: torch.nn.Module, images: np.ndarray, labels: np.ndarray) -> None:
    """Adam under a cosine schedule; the images are shifted by up to two pixels."""
    X, y = torch.from_numpy(images).unsqueeze(1) / 255, torch.from_numpy(labels).long()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS)
    model.train()
    for _ in range(EPOCHS):
        for chosen in torch.randperm(len(X)).split(BATCH):
            down, right = torch.randint(-2, 3, (2,)).tolist()
            optimizer.zero_grad()
            F.cross_entropy(model(X[chosen].roll((down, right), (2, 3))), y[chosen]).backward()
            optimizer.step()
        schedule.step()


@torch.no_grad()
def accuracy(model: torch.nn.Module, images: np.ndarray, labels: np.ndarray) -> float:
    """The fraction of images that `model` classifies rightly."""
    model.eval()
    found = model(torch.from_numpy(images).unsqueeze(1) / 255).argmax(dim=1)
    return (found == torch.from_numpy(labels)).double().mean().item()


def check() -> list[str]:
    """The committed files that are not what was recorded."""
    module, wrong = helper(), []
    if hashlib.sha256((FOLDER / module.WEIGHTS).read_bytes()).hexdigest() != module.WEIGHTS_SHA256:
        wrong.append(module.WEIGHTS)
    if digest(read_arrays(FOLDER / "digits.npz")) != IMAGES_SHA256:
        wrong.append("digits.npz")
    return wrong


def main() -> int:
    """Writes both files and prints the hashes to record, or only compares."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true")
    if parser.parse_args().check:
        wrong = check()
        print("\n".join(f"WRONG {name}" for name in wrong) or "ok")
        return 1 if wrong else 0
    torch.manual_seed(0)
    data = read_arrays(ROOT / "source" / "intro" / "mnist.npz")
    model = helper().SmallNet(n_classes=len(KNOWN))
    train(model, *choose(data["X_train"], data["y_train"], KNOWN))
    known = accuracy(model, *choose(data["X_val"], data["y_val"], KNOWN))
    print(f"accuracy on the known digits' validation images: {known:.3f}")
    weights = save({name: value.contiguous() for name, value in model.state_dict().items()})
    (FOLDER / "backbone.safetensors").write_bytes(weights)
    images = new_digits(data)
    write_arrays(FOLDER / "digits.npz", images)
    print("WEIGHTS_SHA256 =", hashlib.sha256(weights).hexdigest())
    print("IMAGES_SHA256 =", digest(images))
    return 0


if __name__ == "__main__":
    sys.exit(main())
