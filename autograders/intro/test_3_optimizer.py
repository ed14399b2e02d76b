import pytest
import torch

from nbjudge.testing import close, is_tensor, require

pytestmark = pytest.mark.limits(seconds=10)  # a log of each step by scikit-learn takes milliseconds


def rmsprop(X, y, steps, lr):
    """The reference: w [d], b [], losses."""
    w, b = torch.zeros(X.shape[1], requires_grad=True), torch.zeros((), requires_grad=True)
    opt, losses = torch.optim.RMSprop([w, b], lr=lr), []
    for _ in range(steps):
        opt.zero_grad()
        loss = (X @ w + b - y).square().mean()
        loss.backward()
        opt.step()
        losses.append(loss.item())
    return w.detach(), b.item(), losses


MOMENTUM = """
import torch
params = [torch.tensor(value, requires_grad=True) for value in values]
velocities = [velocity.clone() for velocity in velocities]
given = list(velocities)
same_gradients = True
for step, lr in enumerate(rates):
    for param, grads in zip(params, gradients):
        param.grad = torch.tensor(grads[step])
    momentum_step(params, velocities, lr=lr, gamma=gamma)
    for param, grads in zip(params, gradients):
        same_gradients = same_gradients and param.grad is not None and param.grad.tolist() == grads[step]
leaves = [param.is_leaf and param.requires_grad for param in params]
params, in_place = [param.detach() for param in params], all(u is v for u, v in zip(velocities, given))
del given, param, grads
"""


def momentum(student, values, velocities, gradients, rates, gamma):
    """Lets momentum_step make len(rates) steps; gradients: for each parameter a list with one per step."""
    return student.run(
        MOMENTUM,
        values=values,
        velocities=[torch.tensor(velocity) for velocity in velocities],
        gradients=gradients,
        rates=rates,
        gamma=gamma,
    )


@pytest.mark.exercise("optimizer", weight=2)
def test_returns_w_b_and_losses(student, one_each):
    """fit_with_optimizer returns w with one number per column, b, and one loss for each step; the first is that of zeros.

    ru: fit_with_optimizer возвращает w (по числу на столбец), b и потери на каждом шаге; первое значение соответствует нулям.
    """
    X, y = torch.randn(20, 4), torch.randn(20)
    w, b, losses = student.fit_with_optimizer(X, y, steps=6, lr=0.01)
    is_tensor(w, shape=(4,), dtype=torch.float32)
    require(
        b.numel() == 1,
        f"b is one number, but has the shape {list(b.shape)}",
        ru=f"b — одно число, а у вас форма {list(b.shape)}",
    )
    one_each(losses, 6)
    close(float(losses[0]), y.square().mean().item(), rtol=1e-3)


@pytest.mark.exercise("optimizer", weight=5)
def test_steps_are_those_of_rmsprop(student):
    """Twelve steps lead where torch.optim.RMSprop with default settings leads.

    ru: Двенадцать шагов приводят туда же, куда torch.optim.RMSprop с настройками по умолчанию.
    """
    X, y = torch.randn(40, 3), torch.randn(40)
    w, b, losses = student.fit_with_optimizer(X, y, steps=12, lr=0.02)
    expected_w, expected_b, expected_losses = rmsprop(X, y, 12, 0.02)
    close(w.flatten(), expected_w, rtol=1e-3, atol=1e-4)
    close(float(b), expected_b, rtol=1e-3, atol=1e-4)
    close([float(loss) for loss in losses], expected_losses, rtol=1e-3, atol=1e-4)


@pytest.mark.exercise("optimizer", weight=3)
def test_california_housing(student, housing):
    """On California housing the loss is below 0.5 after 100 steps at the rate 0.03.

    ru: На данных California housing потери ниже 0,5 после 100 шагов с темпом 0,03.
    """
    w, b, _ = student.fit_with_optimizer(housing.X, housing.y, steps=100, lr=0.03)
    loss = (housing.X @ w.flatten() + float(b) - housing.y).square().mean().item()
    require(
        loss < 0.5, f"with your w and b the loss is {loss:.3f}", ru=f"с вашими w и b потери равны {loss:.3f}"
    )


@pytest.mark.exercise("optimizer", weight=2)
def test_momentum_first_step(student):
    """Momentum, first step from U = 0: it is a step of plain gradient descent.

    ru: Момент, первый шаг от U = 0: это шаг обычного градиентного спуска.
    """
    after = momentum(student, [[1.0, -2.0]], [[0.0, 0.0]], [[[3.0, 4.0]]], rates=[0.1], gamma=0.9)
    close(after["params"][0], torch.tensor([0.7, -2.4]))
    close(after["velocities"][0], torch.tensor([0.3, 0.4]))


@pytest.mark.exercise("optimizer", weight=2)
def test_momentum_uses_the_new_velocity(student):
    """Momentum: U becomes γU + α∇L, then the parameter is lowered by this new U.

    ru: Момент: U становится γU + α∇L, затем из параметра вычитается это новое U.
    """
    after = momentum(student, [[5.0]], [[2.0]], [[[10.0]]], rates=[0.3], gamma=0.5)
    close(after["velocities"][0], torch.tensor([4.0]))
    close(after["params"][0], torch.tensor([1.0]))


@pytest.mark.exercise("optimizer", weight=4)
def test_momentum_over_several_steps(student):
    """Momentum: several steps with a changing rate, for several parameters of different shapes.

    ru: Момент: несколько шагов с меняющимся темпом для нескольких параметров разной формы.
    """
    values = [[[1.0, 2.0], [3.0, 4.0]], [0.5]]
    gradients = [torch.randn(3, 2, 2), torch.randn(3, 1)]
    after = momentum(
        student,
        values,
        [[[0.0] * 2] * 2, [0.0]],
        [g.tolist() for g in gradients],
        rates=[0.1, 0.2, 0.05],
        gamma=0.8,
    )
    for value, grads, param, velocity in zip(
        values, gradients, after["params"], after["velocities"], strict=True
    ):
        expected, u = torch.tensor(value), torch.zeros_like(grads[0])
        for grad, lr in zip(grads, (0.1, 0.2, 0.05), strict=True):
            u = 0.8 * u + lr * grad
            expected = expected - u
        close(velocity, u)
        close(param, expected)


@pytest.mark.exercise("optimizer", weight=2)
def test_momentum_keeps_the_parameters_trainable(student):
    """Momentum: the given tensors change in place, the parameters stay leaves, the gradients stay as they are.

    ru: Момент: меняются сами переданные тензоры, параметры остаются листьями графа, градиенты не меняются.
    """
    after = momentum(student, [[1.0, 2.0]], [[0.0, 0.0]], [[[1.0, 1.0]]], rates=[0.1], gamma=0.9)
    require(
        after["leaves"] == [True],
        "the parameter is no longer a leaf that requires a gradient",
        ru="параметр больше не лист, требующий градиента",
    )
    require(
        after["params"][0].tolist() != [1.0, 2.0],
        "the given parameter did not change",
        ru="переданный параметр не изменился",
    )
    require(
        after["in_place"] is True,
        "the velocities are to be changed in place: other tensors were put into the list",
        ru="скорости нужно менять на месте: в список положены другие тензоры",
    )
    require(
        after["same_gradients"] is True,
        "the gradients are to be left as they are",
        ru="градиенты должны остаться как были",
    )
