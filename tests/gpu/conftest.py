"""Tests that need a GPU: `pytest -m gpu`. Elsewhere each is skipped and says why."""

from pathlib import Path

import pytest
import torch

from nbjudge.sandbox.gpu_cards import find_cards

HERE = Path(__file__).parent


def why_not() -> str | None:
    """What is missing to run on a GPU here; None if nothing is."""
    if torch.version.cuda is None:
        return f"torch {torch.__version__} is built without CUDA"
    return None if find_cards() else "no GPU is found (`nbjudge doctor` says more)"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks every test of this folder, and skips it where it cannot run."""
    missing = why_not()
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("gpu")
            if missing:
                item.add_marker(pytest.mark.skip(reason=missing))
