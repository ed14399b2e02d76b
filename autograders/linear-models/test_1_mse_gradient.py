import pytest
import torch

from nbjudge.testing import close, is_tensor, uses

SHAPES = [(5, 3), (40, 2), (1, 4), (7, 1)]  # [n, d]


def case(n, d, dtype=torch.float32):
    """Random w [d], X [n, d] and y [n]."""
    return torch.randn(d, dtype=dtype), torch.randn(n, d, dtype=dtype), torch.randn(n, dtype=dtype)


def gradient(w, X, y):
    """The gradient, summed over the observations one by one."""
    return sum(2 / len(y) * (row @ w - answer) * row for row, answer in zip(X, y, strict=True))


@pytest.mark.exercise("mse-gradient", weight=4)
def test_loss(student):
    """`mse` is the mean of the squared errors, one number, for any number of observations and features.

    ru: `mse` — среднее квадратов ошибок, одно число, при любом числе наблюдений и признаков.
    """
    for shape in SHAPES:
        w, X, y = case(*shape)
        loss = student.mse(w, X, y)
        is_tensor(loss, shape=())
        close(loss, (X @ w - y).square().mean(), rtol=1e-4, atol=1e-5)


@pytest.mark.exercise("mse-gradient")
def test_loss_can_be_differentiated(student):
    """`mse` keeps the graph: backward() gives the gradient.

    ru: `mse` сохраняет граф вычислений: backward() даёт градиент.
    """
    w, X, y = case(6, 3)
    code = "w.requires_grad_()\nmse(w, X, y).backward()\nfound = w.grad"
    close(student.run(code, w=w, X=X, y=y)["found"], gradient(w, X, y), rtol=1e-4, atol=1e-5)


@pytest.mark.exercise("mse-gradient", weight=6)
def test_gradient(student):
    """`mse_gradient` is right for any number of observations and features.

    ru: `mse_gradient` верен при любом числе наблюдений и признаков.
    """
    for shape in SHAPES:
        w, X, y = case(*shape)
        close(student.mse_gradient(w, X, y), gradient(w, X, y), rtol=1e-4, atol=1e-5)


@pytest.mark.exercise("mse-gradient")
def test_types(student):
    """float64 stays float64.

    ru: float64 остаётся float64.
    """
    w, X, y = case(9, 2, torch.float64)
    close(student.mse(w, X, y), (X @ w - y).square().mean())
    close(student.mse_gradient(w, X, y), gradient(w, X, y))


@pytest.mark.exercise("mse-gradient", weight=7)
def test_by_hand(student):
    """The gradient is written by hand, without autograd.

    ru: Градиент записан вручную, без autograd.
    """
    w, X, y = case(4, 2)
    close(student.mse_gradient(w, X, y), gradient(w, X, y), rtol=1e-4, atol=1e-5)
    text = student.source("mse-gradient_gradient")
    assert ".backward(" not in text, "find the gradient by the formula, without backward()"
    for name in ("torch.autograd", "torch.func"):
        assert not uses(text, name), f"find the gradient by the formula, without {name}"


@pytest.mark.exercise("mse-gradient")
def test_arguments_stay(student):
    """Neither function changes what it is given.

    ru: Ни одна из функций не меняет свои аргументы.
    """
    w, X, y = case(5, 2)
    code = "loss, found = mse(w, X, y), mse_gradient(w, X, y)"
    got = student.run(code, w=w, X=X, y=y)
    close(got["found"], gradient(w, X, y), rtol=1e-4, atol=1e-5)
    for name, value in (("w", w), ("X", X), ("y", y)):
        assert torch.equal(got[name], value), f"{name} was changed in place"
