import pytest
import torch

from nbjudge.testing import close, require, unchanged

pytestmark = pytest.mark.limits(seconds=5)  # each call takes milliseconds

# Between forward and backward another use: each has a record of its own.
SWISH = """
import torch
x.requires_grad_()
y = Swish.apply(x)
record, own = type(y.grad_fn).__name__, isinstance(y.grad_fn, torch.autograd.function.BackwardCFunction)
other = Swish.apply(torch.full((2,), 7.0, dtype=x.dtype, requires_grad=True))
y.backward(v)
grad, y, x = x.grad, y.detach(), x.detach()
del other
"""

CHECK = """
import torch

class Sine(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.sin(x)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * torch.cos(x) * factor

answer = gradient_is_right(Sine.apply, x)
left = x.requires_grad, x.grad, str(x.dtype)
kind, answer = type(answer).__name__, bool(answer)
"""


def check(student, factor, dtype):
    """The student's verdict on a sine whose gradient is wrong by `factor`."""
    x = torch.rand(2, 3, dtype=dtype)  # the cosine is not near 0
    names = student.run(CHECK, x=x, factor=factor)
    require(
        names["kind"] == "bool",
        f"return True or False, not a {names['kind']}",
        ru=f"верните True или False, а не {names['kind']}",
    )
    require(
        names["left"] == (False, None, str(dtype)),
        "the given x was changed: it requires a gradient, has a .grad or another type",
        ru="переданный x изменён: он требует градиента, имеет .grad или другой тип",
    )
    unchanged(names, x=x)
    return names["answer"]


@pytest.mark.exercise("function")
def test_swish_forward(student):
    """`Swish` computes x · sigmoid(x) in x's type, as a Function of its own.

    ru: `Swish` вычисляет x · sigmoid(x), сохраняя тип x, как самостоятельная Function.
    """
    for dtype in (torch.float32, torch.float64):
        x = 3 * torch.randn(4, 5, dtype=dtype)
        names = student.run(SWISH, x=x, v=torch.ones_like(x))
        close(names["y"], x / (1 + (-x).exp()))
        require(
            names["own"] is True,
            f"the graph holds a {names['record']}, not your Swish",
            ru=f"в графе {names['record']}, а не ваш Swish",
        )
        unchanged(names, x=x)


@pytest.mark.exercise("function", weight=2)
def test_swish_backward(student):
    """The gradient of `Swish` is right.

    ru: Градиент `Swish` верен.
    """
    x = 3 * torch.randn(50, dtype=torch.float64)
    sigma = torch.sigmoid(x)
    names = student.run(SWISH, x=x, v=torch.ones_like(x))
    close(names["grad"], sigma + x * sigma * (1 - sigma))


@pytest.mark.exercise("function")
def test_swish_uses_the_incoming_gradient(student):
    """The gradient that comes from above is passed on.

    ru: Градиент, пришедший сверху, передаётся дальше.
    """
    x, v = 3 * torch.randn(2, 7, dtype=torch.float64), torch.randn(2, 7, dtype=torch.float64)
    sigma = torch.sigmoid(x)
    close(student.run(SWISH, x=x, v=v)["grad"], v * (sigma + x * sigma * (1 - sigma)))


@pytest.mark.exercise("function")
def test_right_gradient_is_accepted(student):
    """`gradient_is_right` accepts a right gradient, at a point of float64 and of float32.

    ru: `gradient_is_right` принимает верный градиент в точке типа float64 и float32.
    """
    for dtype in (torch.float64, torch.float32):
        require(
            check(student, 1.0, dtype) is True,
            f"at a {dtype} point you refuse a right gradient",
            ru=f"в точке типа {dtype} вы отвергаете верный градиент",
        )


@pytest.mark.exercise("function")
def test_wrong_gradient_is_refused(student):
    """`gradient_is_right` returns False for a gradient that is wrong by a sign, a factor or two per cent.

    ru: `gradient_is_right` возвращает False, если в градиенте неверны знак, множитель или два процента.
    """
    for factor in (-1.0, 2.0, 1.02):
        require(
            check(student, factor, torch.float64) is False,
            f"you accept {factor} times the right gradient",
            ru=f"вы принимаете верный градиент, умноженный на {factor}",
        )
    for i in range(6):  # wrong in one element only
        factor = torch.ones(2, 3, dtype=torch.float64)
        factor[i // 3, i % 3] = 1.02
        require(
            check(student, factor, torch.float64) is False,
            f"you accept a gradient that is wrong in one element, [{i // 3}, {i % 3}]",
            ru=f"вы принимаете градиент, неверный в одном элементе, [{i // 3}, {i % 3}]",
        )
