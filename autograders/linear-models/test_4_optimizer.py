import pytest
import torch

from nbjudge.testing import close, is_tensor, require, unchanged

MODULE = """
import torch
model = torch.nn.Sequential(torch.nn.Linear(weight.shape[1], 1), torch.nn.Flatten(0))
with torch.no_grad():
    model[0].weight.copy_(weight)
    model[0].bias.copy_(bias)
losses = [fit_module(model, X, y, steps, lr) for steps in runs]
weight, bias = model[0].weight.detach(), model[0].bias.detach()
trainable = [p.is_leaf and p.requires_grad for p in model.parameters()]
del model
"""


def train_by_hand(X, y, weight, bias, steps, lr):
    """Gradient descent on X @ weight[0] + bias: weight [1, d], bias [1], losses."""
    weight, bias, losses = weight.double(), bias.double(), []
    for _ in range(steps):
        error = X.double() @ weight[0] + bias - y.double()
        losses.append(error.square().mean().item())
        weight = weight - lr * 2 * (error @ X.double())[None] / len(y)
        bias = bias - lr * 2 * error.mean()
    return weight.float(), bias.float(), losses


@pytest.mark.exercise("optimizer", weight=3)
def test_sgd_steps(fitted, problem, expected):
    """`fit_sgd` leads where gradient descent from zeros leads, after 1 step and after 20.

    ru: `fit_sgd` приводит туда же, куда градиентный спуск с нулей, за 1 шаг и за 20.
    """
    X, y = problem()
    for steps in (1, 20):
        close(fitted("fit_sgd", X, y, steps, 0.06)[0], expected(X, y, steps, 0.06)[0], rtol=1e-3, atol=1e-4)


@pytest.mark.exercise("optimizer")
def test_sgd_losses(fitted, problem, expected, floats):
    """`fit_sgd` returns one float per step, each computed before its step.

    ru: `fit_sgd` возвращает по числу float на шаг, каждое вычислено перед своим шагом.
    """
    X, y = problem(d=2)
    w, losses = fitted("fit_sgd", X, y, 9, 0.06)
    is_tensor(w, shape=(2,), dtype=torch.float32)
    floats(losses)
    close(losses, expected(X, y, 9, 0.06)[1], rtol=1e-3, atol=1e-4)


@pytest.mark.exercise("optimizer", weight=6)
def test_sgd_uses_the_optimizer(fitted, problem, expected, watched, without_history):
    """`fit_sgd` lets torch.optim make the steps, and w comes back without history.

    ru: В `fit_sgd` шаги делает torch.optim, а w возвращается без истории.
    """
    X, y = problem()
    w, _ = fitted("fit_sgd", X, y, 2, 0.06)
    close(w, expected(X, y, 2, 0.06)[0], rtol=1e-3, atol=1e-4)
    without_history(w)
    found = watched("fit_sgd(X, y, 2, 0.06)", X=X, y=y)
    require(
        "SGD" in found,
        f"let torch.optim.SGD make the steps; steps were made by: {', '.join(found) or 'no optimizer'}",
        ru=f"пусть шаги делает torch.optim.SGD; сейчас их делает: {', '.join(found) or 'не оптимизатор'}",
    )


@pytest.mark.exercise("optimizer", weight=2)
def test_module_has_one_weight(student):
    """`LinearRegression` has one parameter, a weight with a number for each feature, and no bias.

    ru: У `LinearRegression` один параметр — вес с числом на каждый признак — и нет свободного члена.
    """
    for d in (2, 5):
        got = student.run("shapes = [list(p.shape) for p in LinearRegression(d).parameters()]", d=d)
        require(
            got["shapes"] == [[1, d]],
            f"expected one parameter of the shape {[1, d]}, got {got['shapes']}",
            ru=f"ожидался один параметр формы {[1, d]}, получены {got['shapes']}",
        )


@pytest.mark.exercise("optimizer", weight=3)
def test_module_forward(student):
    """`forward` is X @ w and returns [n], also for a single observation.

    ru: `forward` вычисляет X @ w и возвращает [n], в том числе для одного наблюдения.
    """
    code = "model = LinearRegression(X.shape[1])\nout = model(X)\nweight = next(model.parameters()).detach()\ndel model"
    for n in (6, 1):
        X = torch.randn(n, 3)
        got = student.run(code, X=X)
        require(
            got["out"].origin.requires_grad,
            "the output has lost its history: the module can't learn",
            ru="выход потерял историю: модуль не сможет учиться",
        )
        close(got["out"], X @ got["weight"].flatten(), rtol=1e-4, atol=1e-5)


@pytest.mark.exercise("optimizer", weight=4)
def test_fit_module_steps(student, problem):
    """`fit_module` makes steps of gradient descent on every parameter of the module that it is given.

    ru: `fit_module` делает шаги градиентного спуска по всем параметрам данного модуля.
    """
    X, y = problem()
    start = {"weight": torch.randn(1, 3), "bias": torch.randn(1)}
    for runs in ([1], [15], [3, 4]):
        got = student.run(MODULE, X=X, y=y, lr=0.05, runs=runs, **start)
        weight, bias, _ = train_by_hand(X, y, **start, steps=sum(runs), lr=0.05)
        close(got["weight"], weight, rtol=1e-3, atol=1e-4)
        close(got["bias"], bias, rtol=1e-3, atol=1e-4)


@pytest.mark.exercise("optimizer")
def test_fit_module_losses(student, problem, floats):
    """`fit_module` returns one float per step, each computed before its step, and leaves the module trainable.

    ru: `fit_module` возвращает по числу float на шаг, вычисленному перед ним, и модуль остаётся обучаемым.
    """
    X, y = problem()
    start = {"weight": torch.randn(1, 3), "bias": torch.randn(1)}
    got = student.run(MODULE, X=X, y=y, lr=0.05, runs=[8], **start)
    (losses,) = got["losses"]
    floats(losses)
    close(losses, train_by_hand(X, y, **start, steps=8, lr=0.05)[2], rtol=1e-3, atol=1e-4)
    require(
        got["trainable"] == [True, True],
        "the module's parameters can no longer be trained",
        ru="параметры модуля больше нельзя обучать",
    )
    unchanged(got, X=X, y=y)
