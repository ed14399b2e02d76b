"""Helpers of the linear models' hidden tests."""

import pytest
import torch

from nbjudge.testing import StudentError, require

# A later exercise is tested with right versions of the first one's functions, so that one mistake costs points once.
MSE = "def mse(w, X, y):\n    return ((X @ w - y) ** 2).mean()\n"
GRADIENT = "def mse_gradient(w, X, y):\n    return X.T @ (X @ w - y) * 2 / len(y)\n"
# `optimizers` notes who makes steps, under whatever name it was imported.
WATCHED = """
import torch
from torch.optim.optimizer import register_optimizer_step_post_hook

optimizers = []
hook = register_optimizer_step_post_hook(lambda optimizer, *_: optimizers.append(type(optimizer).__name__))
try:
    {code}
finally:
    hook.remove()
del hook
"""
# In inference mode nothing can be recorded: backward() raises. The hooks do the same for torch.func.grad.
UNRECORDED = """
import torch
with torch.inference_mode(), torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t):
    found = {code}
    found = (found[0] if isinstance(found, (tuple, list)) else found).clone()
"""


@pytest.fixture
def problem():
    """problem(n, d): a random regression X [n, d] and y [n], of the same scale whatever the seed."""

    def make(n=30, d=3):
        X, w = torch.randn(n, d), torch.randn(d)
        return X, X @ (3 * w / w.norm()) + 0.1 * torch.randn(n)

    return make


@pytest.fixture
def fitted(student):
    """fitted("descend", X, y, steps, lr): what that function returns, given right versions of `mse` and its gradient."""

    def call(name, X, y, steps, lr, gradient=GRADIENT):
        student.replace(MSE + gradient)
        return student.run(f"result = {name}(X, y, steps, lr)", X=X, y=y, steps=steps, lr=lr)["result"]

    return call


@pytest.fixture
def watched(student):
    """watched("layer_step(layer, X, y, lr)", ...): which optimizers made steps during that call, as class names."""

    def call(code, **inputs):
        return student.run(WATCHED.format(code=code), **inputs)["optimizers"]

    return call


@pytest.fixture
def without_autograd(student):
    """without_autograd("descend(X, y, 2, 0.1)", ...): the first tensor that the call gives where nothing can be recorded.

    None if it fails there. Ask only after the same call has ended as usual.
    """

    def call(code, **inputs):
        try:
            return student.run(UNRECORDED.format(code=code), **inputs)["found"]
        except StudentError:
            return None

    return call


@pytest.fixture
def floats():
    """floats(losses): each of them is a Python float."""

    def check(losses):
        require(
            all(isinstance(loss, float) for loss in losses),
            "the losses must be Python floats: use .item()",
            ru="потери должны быть числами float: используйте .item()",
        )

    return check


@pytest.fixture
def without_history():
    """without_history(w): it requires no gradient."""

    def check(w):
        require(
            not w.origin.requires_grad,
            "w still requires a gradient or carries its history: detach it",
            ru="w всё ещё требует градиента или хранит историю: отсоедините его",
        )

    return check


@pytest.fixture
def expected():
    """expected(X, y, steps, lr): w [d] after these steps from zeros, and the loss before each, found in float64."""

    def descend(X, y, steps, lr):
        X, y, losses = X.double(), y.double(), []
        w = torch.zeros(X.shape[1], dtype=torch.float64)
        for _ in range(steps):
            error = X @ w - y
            losses.append(error.square().mean().item())
            w = w - lr * 2 * X.T @ error / len(y)
        return w.float(), losses

    return descend
