import pytest
import torch

from nbjudge.testing import close, is_tensor, require, unchanged

COUNTED = """
import torch
from torch.overrides import TorchFunctionMode


class Counter(TorchFunctionMode):
    count = 0

    def __torch_function__(self, function, types, args=(), kwargs=None):
        self.count += 1
        return function(*args, **(kwargs or {}))


with Counter() as counter:
    loss, found = mse(w, X, y), mse_gradient(w, X, y)
count = counter.count
del counter, Counter
"""
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
def test_no_loop_over_the_observations(student):
    """No loop over the observations: ten times as many take as many operations on tensors, in `mse` and `mse_gradient`.

    ru: Никакого цикла по наблюдениям: в `mse` и `mse_gradient` число операций над тензорами от их числа не зависит.
    """
    counts = []
    for n in (4, 40):
        w, X, y = case(n, 3)
        names = student.run(COUNTED, w=w, X=X, y=y)
        is_tensor(names["loss"], shape=())
        is_tensor(names["found"], shape=(3,))
        counts.append(names["count"])
    require(
        counts[1] < counts[0] + 30,
        f"4 observations take {counts[0]} operations, 40 take {counts[1]}: let a product with a matrix do the sum",
        ru=f"4 наблюдения — {counts[0]} операций, 40 — уже {counts[1]}: пусть сумму вычислит произведение с матрицей",
    )


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
def test_by_hand(student, without_autograd):
    """The gradient is written by hand, without autograd.

    ru: Градиент записан вручную, без autograd.
    """
    w, X, y = case(4, 2)
    close(student.mse_gradient(w, X, y), gradient(w, X, y), rtol=1e-4, atol=1e-5)
    found = without_autograd("mse_gradient(w, X, y)", w=w, X=X, y=y)
    require(
        found is not None and torch.allclose(found, gradient(w, X, y), rtol=1e-4, atol=1e-5),
        "it does not work without autograd: find the gradient by the formula",
        ru="без autograd она не работает: найдите градиент по формуле",
    )


@pytest.mark.exercise("mse-gradient")
def test_arguments_stay(student):
    """Neither function changes what it is given.

    ru: Ни одна из функций не меняет свои аргументы.
    """
    w, X, y = case(5, 2)
    code = "loss, found = mse(w, X, y), mse_gradient(w, X, y)"
    got = student.run(code, w=w, X=X, y=y)
    close(got["found"], gradient(w, X, y), rtol=1e-4, atol=1e-5)
    unchanged(got, w=w, X=X, y=y)
