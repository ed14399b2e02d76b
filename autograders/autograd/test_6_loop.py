import pytest
import torch

from nbjudge.testing import close, require, unchanged

pytestmark = pytest.mark.limits(seconds=5)  # each call takes milliseconds

DOUBLED = """
x.requires_grad_()
result, count = doubled(x, limit)
tracked = result.requires_grad
if tracked:
    (result * v).sum().backward()
grad, result, x = x.grad, result.detach(), x.detach()
"""

GRADIENT = """
result = doubling_gradient(x, limit)
left = x.requires_grad, x.grad, result.requires_grad
result = result.detach()
"""


def turns(x, limit):
    """How often x has to be doubled until its norm is at least the limit."""
    count = 0
    while (x * 2**count).norm() < limit:
        count += 1
    return count


@pytest.mark.exercise("loop", weight=2)
def test_doubled(student):
    """`doubled` doubles until the norm reaches the limit, and counts.

    ru: `doubled` удваивает, пока норма не достигнет предела, и считает удвоения.
    """
    for shape, limit in (((3,), 20.0), ((3, 3), 1000.0), ((2, 2), 0.001)):
        x = torch.rand(shape) + 0.1
        k = turns(x, limit)
        names = student.run(DOUBLED, x=x, limit=limit, v=torch.ones(shape))
        require(
            names["count"] == k,
            f"norm {x.norm():.4f}, limit {limit}: {k} doublings, not {names['count']}",
            ru=f"норма {x.norm():.4f}, предел {limit}: удвоений {k}, а не {names['count']}",
        )
        close(names["result"], x * 2**k)


@pytest.mark.exercise("loop")
def test_norm_equal_to_the_limit(student):
    """A norm equal to the limit is enough.

    ru: Норма, равная пределу, уже достаточна.
    """
    for limit, k in ((5.0, 0), (20.0, 2), (20.5, 3)):
        names = student.run(DOUBLED, x=torch.tensor([3.0, -4.0]), limit=limit, v=torch.ones(2))
        require(
            names["count"] == k,
            f"from norm 5 to {limit}: {k} doublings, not {names['count']}",
            ru=f"от нормы 5 до {limit}: удвоений {k}, а не {names['count']}",
        )
        close(names["result"], torch.tensor([3.0, -4.0]) * 2**k)


@pytest.mark.exercise("loop", weight=2)
def test_gradient_through_the_loop(student):
    """The result keeps its history: the gradient comes back through every doubling, and x stays as it is.

    ru: Результат сохраняет историю: градиент возвращается через каждое удвоение, а x не меняется.
    """
    x, v = torch.rand(4) + 0.1, torch.randn(4)
    names = student.run(DOUBLED, x=x, limit=50.0, v=v)
    require(names["tracked"] is True, "the result has lost its history", ru="результат потерял историю")
    close(names["grad"], v * 2 ** turns(x, 50.0))
    unchanged(names, x=x)


@pytest.mark.exercise("loop", weight=2)
def test_doubling_gradient(student):
    """`doubling_gradient` is the gradient of the mean.

    ru: `doubling_gradient` — градиент среднего.
    """
    for shape, limit in (((3, 3), 1000.0), ((5,), 3.0)):
        x = torch.rand(shape) + 0.1
        names = student.run(GRADIENT, x=x, limit=limit)
        close(names["result"], torch.full(shape, 2.0 ** turns(x, limit) / x.numel()))


@pytest.mark.exercise("loop")
def test_doubling_gradient_leaves_x_alone(student):
    """`doubling_gradient` leaves x without `requires_grad` and without `.grad`, with its numbers.

    ru: `doubling_gradient` оставляет x без `requires_grad`, без `.grad` и с теми же числами.
    """
    x = torch.rand(3) + 0.1
    names = student.run(GRADIENT, x=x, limit=10.0)
    require(
        names["left"] == (False, None, False),
        f"requires_grad and .grad of x, and requires_grad of the result: {names['left']}",
        ru=f"requires_grad и .grad у x и requires_grad результата: {names['left']}",
    )
    unchanged(names, x=x)
    close(names["result"], torch.full((3,), 2.0 ** turns(x, 10.0) / 3))
