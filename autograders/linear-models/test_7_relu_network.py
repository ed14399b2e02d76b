import pytest
import torch

from nbjudge.testing import close, is_tensor, require, unchanged

FORWARD = """
model = TwoLayer(X.shape[1], hidden)
out = model(X)
values = [p.detach().clone() for p in model.parameters()]
out.sum().backward()
reached = [p.grad is not None for p in model.parameters()]
del model
"""
# `start` holds the values of W1 [3, 2], b1 [3], W2 [1, 3] and b2 [1] of a network of the test's own
TRAIN = """
import torch
model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1), torch.nn.Flatten(0))
with torch.no_grad():
    for parameter, value in zip(model.parameters(), start):
        parameter.copy_(value)
losses = [loss for steps in runs for loss in fit_network(model, X, y, steps, lr)]
values = [p.detach() for p in model.parameters()]
trainable = [p.is_leaf and p.requires_grad for p in model.parameters()]
del model
"""
LEARN = """
model = TwoLayer(1, 30)
fit_network(model, X, y, 1500, 0.03)
out = model(X_new).detach()
del model
"""
SHAPES = [(3, 2), (3,), (1, 3), (1,)]


def train_by_hand(X, y, start, steps, lr):
    """Gradient descent on the network of TRAIN: its four parameters and the losses."""
    W1, b1, W2, b2 = (value.double().requires_grad_() for value in start)
    losses = []
    for _ in range(steps):
        out = (torch.tanh(X.double() @ W1.T + b1) @ W2.T + b2)[:, 0]
        loss = (out - y.double()).square().mean()
        losses.append(loss.item())
        grads = torch.autograd.grad(loss, (W1, b1, W2, b2))
        with torch.no_grad():
            for value, grad in zip((W1, b1, W2, b2), grads, strict=True):
                value -= lr * grad
    return [value.detach().float() for value in (W1, b1, W2, b2)], losses


def curve(n):
    """A curve with noise: X [n, 1], y [n]."""
    X = 6 * torch.rand(n, 1) - 3
    return X, (2 * X[:, 0]).sin() + X[:, 0].abs() + 0.1 * torch.randn(n)


@pytest.mark.exercise("relu-network", weight=2)
def test_parameters(student):
    """`TwoLayer` has two weights and two biases, and `hidden` units between the layers.

    ru: У `TwoLayer` два веса и два свободных члена, и `hidden` нейронов между слоями.
    """
    for d, hidden in ((4, 3), (2, 7)):
        got = student.run(FORWARD, X=torch.randn(5, d), hidden=hidden)
        shapes = sorted(tuple(value.shape) for value in got["values"])
        expected = sorted([(hidden, d), (hidden,), (1, hidden), (1,)])
        require(
            shapes == expected,
            f"expected parameters of the shapes {expected}, got {shapes}",
            ru=f"ожидались параметры форм {expected}, получены {shapes}",
        )


@pytest.mark.exercise("relu-network", weight=4)
def test_forward(student):
    """`forward` is W₂·max(0, W₁x + b₁) + b₂ and returns [n], also for one observation; every parameter gets a gradient.

    ru: `forward` вычисляет W₂·max(0, W₁x + b₁) + b₂ и возвращает [n], в том числе для одного наблюдения; градиент
    доходит до каждого параметра.
    """
    for n in (40, 1):
        X = 3 * torch.randn(n, 4)
        got = student.run(FORWARD, X=X, hidden=6)
        by_shape = {tuple(value.shape): value for value in got["values"]}
        require(
            by_shape.keys() == {(6, 4), (6,), (1, 6), (1,)},
            f"shapes of the parameters: {list(by_shape)}",
            ru=f"формы параметров: {list(by_shape)}",
        )
        hidden = (X @ by_shape[6, 4].T + by_shape[6,]).clamp(min=0)
        close(got["out"], hidden @ by_shape[1, 6][0] + by_shape[1,], rtol=1e-4, atol=1e-5)
        require(
            all(got["reached"]), "a parameter gets no gradient", ru="какой-то параметр не получает градиента"
        )


@pytest.mark.exercise("relu-network", weight=4)
def test_steps(student):
    """`fit_network` makes steps of gradient descent on every parameter: one step, twelve, and two calls in a row.

    ru: `fit_network` делает шаги градиентного спуска по всем параметрам: один шаг, двенадцать и два вызова подряд.
    """
    X, y = torch.randn(15, 2), torch.randn(15)
    start = [torch.randn(shape) for shape in SHAPES]
    for runs in ([1], [12], [2, 3]):
        got = student.run(TRAIN, X=X, y=y, start=start, runs=runs, lr=0.08)
        values, _ = train_by_hand(X, y, start, sum(runs), 0.08)
        for value, wanted in zip(got["values"], values, strict=True):
            close(value, wanted, rtol=1e-3, atol=1e-4)


@pytest.mark.exercise("relu-network", weight=2)
def test_losses(student, floats):
    """`fit_network` returns one float per step, each computed before its step, and leaves the network trainable.

    ru: `fit_network` возвращает по числу float на шаг, вычисленному перед ним, и сеть остаётся обучаемой.
    """
    X, y = torch.randn(15, 2), torch.randn(15)
    start = [torch.randn(shape) for shape in SHAPES]
    got = student.run(TRAIN, X=X, y=y, start=start, runs=[9], lr=0.08)
    floats(got["losses"])
    close(got["losses"], train_by_hand(X, y, start, 9, 0.08)[1], rtol=1e-3, atol=1e-4)
    require(
        got["trainable"] == [True] * 4,
        "the network's parameters can no longer be trained",
        ru="параметры сети больше нельзя обучать",
    )
    unchanged(got, X=X, y=y)


@pytest.mark.exercise("relu-network", weight=3)
@pytest.mark.limits(seconds=60)
def test_learns_a_curve(student, credit):
    """30 hidden units learn a curve: on new points of it a mean squared error of 0.3 gives everything, 1 nothing.

    ru: 30 нейронов выучивают кривую: на её новых точках средний квадрат ошибки 0,3 даёт всё, 1 не даёт ничего.
    """
    X, y = curve(200)
    X_new, y_new = curve(300)
    out = student.run(LEARN, X=X, y=y, X_new=X_new)["out"]
    is_tensor(out, shape=(300,), dtype=torch.float32)
    credit(
        (out - y_new).square().mean().item(),
        full=0.3,
        none=1.0,
        what="mean squared error on new points of the curve",
        ru="средний квадрат ошибки на новых точках кривой",
    )
