import pytest
import torch

from nbjudge.testing import close, require, unchanged

STEPS = """
import torch
layer = torch.nn.Linear(weight.shape[1], 1)
with torch.no_grad():
    layer.weight.copy_(weight)
    layer.bias.copy_(bias)
losses = [layer_step(layer, X, y, lr) for _ in range(steps)]
weight, bias = layer.weight.detach(), layer.bias.detach()
clean = all(p.grad is None or not p.grad.any() for p in layer.parameters())
trainable = [isinstance(p, torch.nn.Parameter) and p.is_leaf and p.requires_grad for p in layer.parameters()]
del layer
"""


@pytest.fixture
def stepped(student, problem):
    """stepped(steps): what the steps left, with the right `expected_weight`, `expected_bias` and `expected_losses`."""

    def run(steps, n=20, d=2, lr=0.04):
        X, y = problem(n, d)
        weight, bias = torch.randn(1, d), torch.randn(1)
        got = student.run(STEPS, X=X, y=y, lr=lr, steps=steps, weight=weight, bias=bias)
        got["expected_losses"] = []
        for _ in range(steps):
            error = X @ weight[0] + bias - y
            got["expected_losses"].append(error.square().mean().item())
            weight, bias = weight - lr * 2 * (error @ X)[None] / n, bias - lr * 2 * error.mean()
        unchanged(got, X=X, y=y)
        return {**got, "expected_weight": weight, "expected_bias": bias}

    return run


@pytest.mark.exercise("layer", weight=3)
def test_weight_after_one_step(stepped):
    """One step moves the weight against its gradient, lr times its length.

    ru: Один шаг сдвигает вес против градиента на lr длин градиента.
    """
    got = stepped(1)
    close(got["weight"], got["expected_weight"], rtol=1e-3, atol=1e-5)


@pytest.mark.exercise("layer", weight=2)
def test_bias_after_one_step(stepped):
    """One step moves the bias too.

    ru: Один шаг сдвигает и свободный член.
    """
    got = stepped(1)
    close(got["bias"], got["expected_bias"], rtol=1e-3, atol=1e-5)


@pytest.mark.exercise("layer", weight=3)
def test_many_steps(stepped):
    """Ten steps: each uses its own gradient only.

    ru: Десять шагов: каждый использует только свой градиент.
    """
    got = stepped(10, n=7, d=4)
    close(got["weight"], got["expected_weight"], rtol=1e-3, atol=1e-4)
    close(got["bias"], got["expected_bias"], rtol=1e-3, atol=1e-4)


@pytest.mark.exercise("layer")
def test_returns_the_loss_before_the_step(stepped, floats):
    """Returns the loss before the step, a Python float.

    ru: Возвращает потери до шага, число float.
    """
    got = stepped(4)
    floats(got["losses"])
    close(got["losses"], got["expected_losses"], rtol=1e-3, atol=1e-4)


@pytest.mark.exercise("layer")
def test_gradients_are_left_zeroed(stepped):
    """After a step the gradients are zero or None, and the layer is as trainable as before.

    ru: После шага градиенты равны нулю или None, и слой по-прежнему обучаем.
    """
    got = stepped(1)
    close(got["weight"], got["expected_weight"], rtol=1e-3, atol=1e-5)
    require(
        got["clean"] is True,
        "the gradients of the step are still there",
        ru="градиенты шага остались на месте",
    )
    require(
        got["trainable"] == [True, True],
        "weight and bias are no longer parameters that can be trained",
        ru="вес и свободный член больше не являются обучаемыми параметрами",
    )


@pytest.mark.exercise("layer", weight=2)
def test_by_hand(stepped, watched, problem):
    """The update is written by hand, without torch.optim.

    ru: Обновление написано вручную, без torch.optim.
    """
    got = stepped(1)
    close(got["weight"], got["expected_weight"], rtol=1e-3, atol=1e-5)
    X, y = problem(8, 2)
    found = watched("layer_step(torch.nn.Linear(2, 1), X, y, 0.01)", X=X, y=y)
    require(
        not found,
        f"write the update yourself; the step was made by {found}",
        ru=f"напишите обновление сами; шаг сделал {found}",
    )
