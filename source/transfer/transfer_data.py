"""The lab's images and pretrained network: digits beside this file, or hymenoptera and ResNet-18 from the network.

Both settings answer alike: `load_backbone(setting)` gives a network whose last layer is `fc`, and
`load_images(setting)` gives two loaders of pairs (images [k, c, h, w], labels [k]) and the names of the classes.
"""

import hashlib
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

HERE = Path(__file__).parent
SETTINGS = ("digits", "resnet18")
WEIGHTS = "backbone.safetensors"
WEIGHTS_SHA256 = "71eac2ae8dcce78428ff3aa23d3a05471bf90c51a5a440b09f790a1ce6eefda7"
HYMENOPTERA = "https://download.pytorch.org/tutorial/hymenoptera_data.zip"
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet, which ResNet-18 has seen


class SmallNet(nn.Module):
    """A convolutional network for 28×28 images: features [n, 256], then the last layer `fc`."""

    def __init__(self, n_classes):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),   # [n, 16, 14, 14]
            nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),  # [n, 32, 7, 7]
            nn.Conv2d(32, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU(),                   # [n, 64, 7, 7]
            nn.AdaptiveAvgPool2d(2), nn.Flatten(),                                            # [n, 256]
            nn.Dropout(0.2),
        )
        self.fc = nn.Linear(256, n_classes)

    def forward(self, x):                   # [n, 1, 28, 28]
        return self.fc(self.features(x))    # [n, n_classes], before softmax


def load_backbone(setting="digits"):
    """The pretrained network, on the CPU: SmallNet, trained on the digits 0 to 5, or ResNet-18, on ImageNet."""
    if setting == "digits":
        from safetensors.torch import load

        data = (HERE / WEIGHTS).read_bytes()
        found = hashlib.sha256(data).hexdigest()
        if found != WEIGHTS_SHA256:
            raise ValueError(f"{WEIGHTS} is not the file that came with this notebook (SHA-256 {found}): fetch it again")
        model = SmallNet(n_classes=6)
        model.load_state_dict(load(data))
        return model
    _check(setting)
    from torchvision.models import ResNet18_Weights, resnet18

    return resnet18(weights=ResNet18_Weights.IMAGENET1K_V1)


def load_images(setting="digits", batch_size=16):
    """train_loader (shuffled), val_loader and the classes' names."""
    if setting == "digits":
        with np.load(HERE / "digits.npz") as data:
            train, val = (to_dataset(data[f"X_{part}"], data[f"y_{part}"]) for part in ("train", "val"))
            class_names = [str(digit) for digit in data["digits"]]
    else:
        _check(setting)
        train, val = _hymenoptera()
        class_names = train.classes
    return DataLoader(train, batch_size, shuffle=True), DataLoader(val, batch_size), class_names


def to_dataset(images, labels):
    """images: [n, 28, 28] uint8, labels: [n] -> pairs of an image [1, 28, 28] between 0 and 1 and a label."""
    return TensorDataset(torch.from_numpy(images).unsqueeze(1) / 255, torch.from_numpy(labels).long())


def to_picture(image):
    """image: [c, h, w] as the loaders give it -> [h, w] or [h, w, 3] between 0 and 1, for `imshow`."""
    image = image.detach().cpu()
    if len(image) == 1:
        return image[0]
    return (image.permute(1, 2, 0) * torch.tensor(DEVIATION) + torch.tensor(MEAN)).clamp(0, 1)


def _check(setting):
    if setting not in SETTINGS:
        raise ValueError(f"SETTING is one of {', '.join(SETTINGS)}, not {setting!r}")


def _hymenoptera():
    """Ants and bees, downloaded once: 244 images for training, 153 for validation."""
    import io
    import urllib.request
    import zipfile

    from torchvision import datasets, transforms

    folder = HERE / "hymenoptera_data"
    if not folder.is_dir():
        with urllib.request.urlopen(HYMENOPTERA) as answer:
            zipfile.ZipFile(io.BytesIO(answer.read())).extractall(HERE)
    normalize = [transforms.ToTensor(), transforms.Normalize(MEAN, DEVIATION)]
    train = transforms.Compose([transforms.RandomResizedCrop(224), transforms.RandomHorizontalFlip(), *normalize])
    val = transforms.Compose([transforms.Resize(256), transforms.CenterCrop(224), *normalize])
    return datasets.ImageFolder(folder / "train", train), datasets.ImageFolder(folder / "val", val)
