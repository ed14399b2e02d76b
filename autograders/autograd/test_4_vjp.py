import pytest
import torch

from nbjudge.testing import close, require, unchanged

pytestmark = pytest.mark.limits(seconds=5)  # each call takes milliseconds

# from [n] to [m]: y = sin(A x) + (b · x)², so J = cos(A x) Aᵢⱼ + 2 (b · x) bⱼ
FUNCTION = """
import torch

def f(x):
    return torch.sin(A @ x) + (b @ x) ** 2
"""
VJP = (
    FUNCTION
    + "result = vjp(f, x, v)\nleft = x.requires_grad, x.grad, result.requires_grad\nresult = result.detach()"
)
JACOBIAN = (
    FUNCTION
    + "result = jacobian(f, x)\nleft = x.requires_grad, x.grad, result.requires_grad\nresult = result.detach()"
)


def problem(m, n):
    """The function's A [m, n], b [n] and x [n], and its Jacobian [m, n]."""
    A, b = torch.randn(m, n, dtype=torch.float64), torch.randn(n, dtype=torch.float64)
    x = torch.randn(n, dtype=torch.float64)
    return {"A": A, "b": b, "x": x}, torch.cos(A @ x)[:, None] * A + 2 * (b @ x) * b


@pytest.mark.exercise("vjp", weight=2)
def test_vjp(student):
    """`vjp` is vᵀJ for a function between spaces of different dimensions.

    ru: `vjp` вычисляет vᵀJ для функции между пространствами разной размерности.
    """
    for m, n in ((2, 4), (5, 3), (3, 3)):
        inputs, J = problem(m, n)
        v = torch.randn(m, dtype=torch.float64)
        close(student.run(VJP, **inputs, v=v)["result"], v @ J)


@pytest.mark.exercise("vjp", weight=2)
def test_jacobian(student):
    """`jacobian` is the whole matrix, with one row for each result.

    ru: `jacobian` возвращает всю матрицу, по строке на каждый результат.
    """
    for m, n in ((2, 4), (5, 3), (1, 2)):
        inputs, J = problem(m, n)
        close(student.run(JACOBIAN, **inputs)["result"], J)


@pytest.mark.exercise("vjp")
def test_x_stays_as_it_was(student):
    """Both leave x without `requires_grad` and without `.grad`, and return tensors without history.

    ru: Обе функции оставляют x без `requires_grad` и без `.grad` и возвращают тензоры без истории.
    """
    inputs, J = problem(2, 3)
    v = torch.randn(2, dtype=torch.float64)
    for code, expected, more in ((VJP, v @ J, {"v": v}), (JACOBIAN, J, {})):
        names = student.run(code, **inputs, **more)
        close(names["result"], expected)
        requires, grad, tracked = names["left"]
        unchanged(names, **inputs)
        require(
            requires is False and grad is None,
            "the given x requires a gradient now, or has one",
            ru="переданный x теперь требует градиента или имеет его",
        )
        require(tracked is False, "the result must have no history", ru="у результата не должно быть истории")
