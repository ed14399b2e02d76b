import pytest
import torch

from nbjudge.testing import close, require, unchanged

pytestmark = pytest.mark.limits(seconds=5)  # each call takes milliseconds

PIECES = """
w = w.clone().requires_grad_()
if old is not None:
    w.grad = old
turns = []
w.register_hook(lambda grad: turns.append(1))  # is called once in each backward
result = accumulated_gradient(w, X, y, size).detach().clone()
count, stored, after = len(turns), w.grad, w.detach()
"""

DESCENT = """
def f(x):
    calls.append(1)
    return (a * (x - c) ** 2).sum()

calls = []
end = minimise(f, start, steps, lr)
tracked, end, count = end.requires_grad, end.detach(), len(calls)
"""


def regression(n, d):
    X, y = torch.randn(n, d, dtype=torch.float64), torch.randn(n, dtype=torch.float64)
    w = torch.randn(d, dtype=torch.float64)
    return {"w": w, "X": X, "y": y}, 2 * X.T @ (X @ w - y) / n


def descent(student, steps, shape=(3,), lr=0.1):
    """What the student's descent gave on a sum of parabolas, and where it must end."""
    start, c = torch.randn(shape, dtype=torch.float64), torch.randn(shape, dtype=torch.float64)
    a = 0.5 + torch.rand(shape, dtype=torch.float64)
    names = student.run(DESCENT, start=start, a=a, c=c, steps=steps, lr=lr)
    return names, start, c + (start - c) * (1 - 2 * lr * a) ** steps


@pytest.mark.exercise("accumulation")
def test_pieces_of_equal_size(student):
    """The gradient over all rows, where the pieces have the same size.

    ru: Градиент по всем строкам, когда части одного размера.
    """
    for n, d, size in ((12, 3, 4), (6, 2, 6), (5, 4, 1)):
        inputs, expected = regression(n, d)
        names = student.run(PIECES, **inputs, size=size, old=None)
        close(names["result"], expected)


@pytest.mark.exercise("accumulation", weight=2)
def test_smaller_last_piece(student):
    """The gradient over all rows, where the last piece is smaller.

    ru: Градиент по всем строкам, когда последняя часть меньше.
    """
    for n, d, size in ((10, 3, 4), (7, 2, 6), (3, 2, 50)):
        inputs, expected = regression(n, d)
        names = student.run(PIECES, **inputs, size=size, old=None)
        close(names["result"], expected)


@pytest.mark.exercise("accumulation")
def test_one_backward_for_each_piece(student):
    """One backward for each piece; the sum stands in w.grad, and w itself stays as it is.

    ru: Один backward на каждую часть; сумма лежит в w.grad, а сам w не меняется.
    """
    inputs, expected = regression(12, 3)
    names = student.run(PIECES, **inputs, size=4, old=None)
    require(
        names["count"] == 3,
        f"12 rows by 4 make 3 pieces, but backward() reached w {names['count']} times",
        ru=f"12 строк по 4 — это 3 части, а backward() дошёл до w {names['count']} раз",
    )
    close(names["stored"], expected)
    close(names["after"], inputs["w"])
    unchanged(names, X=inputs["X"], y=inputs["y"])


@pytest.mark.exercise("accumulation")
def test_old_gradient_does_not_count(student):
    """What was in w.grad before does not count.

    ru: То, что было в w.grad раньше, не учитывается.
    """
    inputs, expected = regression(8, 2)
    names = student.run(PIECES, **inputs, size=4, old=torch.full((2,), 50.0, dtype=torch.float64))
    close(names["result"], expected)


@pytest.mark.exercise("accumulation")
def test_descent_of_one_step(student):
    """`minimise` makes one step against the gradient, lr times its length.

    ru: `minimise` делает один шаг против градиента, и его длина равна lr длинам градиента.
    """
    for shape in ((4,), (2, 3)):
        names, _, expected = descent(student, steps=1, shape=shape, lr=0.07)
        close(names["end"], expected)


@pytest.mark.exercise("accumulation", weight=3)
def test_descent_of_many_steps(student):
    """`minimise` uses in each step the gradient of this step only, and makes exactly as many as it is asked for.

    ru: `minimise` на каждом шаге использует только градиент этого шага и делает ровно столько шагов, сколько нужно.
    """
    for steps in (2, 15):
        names, _, expected = descent(student, steps)
        close(names["end"], expected)


@pytest.mark.exercise("accumulation")
def test_descent_leaves_start_alone(student):
    """`minimise` leaves the start alone, also with no step at all, and returns a point without history.

    ru: `minimise` не меняет начальную точку, в том числе при нуле шагов, и возвращает точку без истории.
    """
    for steps in (3, 0):
        names, start, expected = descent(student, steps)
        unchanged(names, start=start)
        close(names["end"], expected)
        require(
            names["tracked"] is False,
            "the result requires a gradient: detach it",
            ru="результат требует градиента: отсоедините его",
        )
