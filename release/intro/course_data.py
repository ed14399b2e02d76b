"""The lab's data: the .npz files beside this one, else scikit-learn's downloads."""

from pathlib import Path

import numpy as np

HERE = Path(__file__).parent


def load_housing():
    """California housing: X [20640, 8] float64, y [20640] float64 (median price in units of $100,000)."""
    if (HERE / "california_housing.npz").is_file():
        with np.load(HERE / "california_housing.npz") as data:
            return data["X"], data["y"]
    from sklearn.datasets import fetch_california_housing

    return fetch_california_housing(return_X_y=True)


def load_mnist():
    """Handwritten digits: X_train [3500, 28, 28] uint8, y_train [3500], X_val [500, 28, 28], y_val [500]."""
    if (HERE / "mnist.npz").is_file():
        with np.load(HERE / "mnist.npz") as data:
            return tuple(data[name] for name in ("X_train", "y_train", "X_val", "y_val"))
    from sklearn.datasets import fetch_openml

    X, y = fetch_openml("mnist_784", version=1, return_X_y=True, as_frame=False)
    X, y = X[:4000].reshape(-1, 28, 28).astype("uint8"), y[:4000].astype("int64")
    return X[:3500], y[:3500], X[3500:], y[3500:]
