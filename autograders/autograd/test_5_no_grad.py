import pytest
import torch

from nbjudge.testing import close, require, unchanged

pytestmark = pytest.mark.limits(seconds=5)  # each call takes milliseconds

PREDICT = """
import torch
model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2))
recorded = []
model.register_forward_hook(lambda module, inputs, output: recorded.append(output.requires_grad))
x.requires_grad_()
result = predict(model, x)
tracked, after = result.requires_grad, torch.is_grad_enabled()
modes = [m.training for m in model.modules()]
touched = not x.requires_grad or x.grad is not None or any(p.grad is not None for p in model.parameters())
parameters = [p.requires_grad for p in model.parameters()]
result, expected = result.detach().clone(), model(x).detach()
recorded, x = recorded[:1], x.detach()
del model
"""

HEAD = """
import torch
features = torch.nn.Linear(3, 4).double()
head = torch.nn.Sequential(torch.nn.Linear(4, 5), torch.nn.Tanh(), torch.nn.Linear(5, 2)).double()
features.bias.requires_grad_(False)  # whoever freezes and thaws does not know that
x.requires_grad_()
result = apply_head(features, head, x)
tracked = result.requires_grad
modes = [m.training for m in (*features.modules(), *head.modules())]
(result * G).sum().backward()
reached = [p.grad is not None for p in features.parameters()] + [x.grad is not None]
trainable = [p.requires_grad for p in [*features.parameters(), *head.parameters()]]
grads = [p.grad for p in head.parameters()]
values = [p.detach() for p in [*features.parameters(), *head.parameters()]]
result, x = result.detach(), x.detach()
del features, head
"""

THROUGH = """
plain = straight_through(x).requires_grad
x.requires_grad_()
result = straight_through(x)
tracked = result.requires_grad
if tracked:
    (result * v).sum().backward()
grad, result = x.grad, result.detach()
x = x.detach()
"""
HISTORY = "the result must have a history", "у результата должна быть история"

TRAINING = """
import torch
with torch.inference_mode():
    made = x * 2
result = for_training(made)
w = torch.ones(3, requires_grad=True)
(w * result).sum().backward()
grad, inference = w.grad, result.is_inference()
result = result.detach()
del made, w
"""


def by_chain_rule(values, x, G):
    """Result and gradients of the head's parameters, for the weights that the notebook's modules had."""
    W0, b0, W1, b1, W2, b2 = values
    hidden = x @ W0.T + b0
    A = torch.tanh(hidden @ W1.T + b1)
    back = (G @ W2) * (1 - A**2)
    return A @ W2.T + b2, [back.T @ hidden, back.sum(0), G.T @ A, G.sum(0)]


@pytest.mark.exercise("no-grad", weight=2)
def test_predict(student):
    """`predict` gives the model's result without recording, and recording is on again afterwards.

    ru: `predict` возвращает результат модели без записи, а после неё запись снова включена.
    """
    x = torch.randn(5, 3)
    names = student.run(PREDICT, x=x)
    close(names["result"], names["expected"])
    require(names["tracked"] is False, "the result has a history", ru="у результата есть история")
    require(
        names["recorded"] == [False],
        "the model was not run with recording off",
        ru="модель работала с включённой записью или не работала вовсе",
    )
    require(
        names["after"] is True,
        "recording is still off after predict",
        ru="после predict запись всё ещё выключена",
    )
    require(
        names["parameters"] == [True] * 4 and not names["touched"],
        "predict has changed requires_grad or .grad of the parameters or of x",
        ru="predict изменила requires_grad или .grad параметров или x",
    )
    require(
        names["modes"] == [True] * 4,
        "predict has switched the model to evaluation mode, which nobody asked for",
        ru="predict переключила модель в режим оценки, о чём её не просили",
    )
    unchanged(names, x=x)


@pytest.mark.exercise("no-grad", weight=3)
def test_apply_head(student):
    """`apply_head` gives the weights of `head` their right gradients.

    ru: `apply_head` даёт весам `head` верные градиенты.
    """
    x, G = torch.randn(6, 3, dtype=torch.float64), torch.randn(6, 2, dtype=torch.float64)
    names = student.run(HEAD, x=x, G=G)
    result, grads = by_chain_rule(names["values"], x, G)
    close(names["result"], result)
    for found, expected in zip(names["grads"], grads, strict=True):
        close(found, expected)


@pytest.mark.exercise("no-grad", weight=2)
def test_apply_head_spares_the_features(student):
    """No gradient reaches `features` or x, and all parameters can be trained as before.

    ru: До `features` и x градиент не доходит, а все параметры обучаемы, как и прежде.
    """
    x = torch.randn(4, 3).double()
    names = student.run(HEAD, x=x, G=torch.ones(4, 2).double())
    require(names["tracked"] is True, HISTORY[0], ru=HISTORY[1])
    require(
        names["reached"] == [False] * 3,
        "a gradient has reached the features or x",
        ru="градиент дошёл до features или до x",
    )
    require(
        names["trainable"] == [True, False, True, True, True, True],
        "requires_grad of some parameters was changed",
        ru="у некоторых параметров изменён requires_grad",
    )
    require(
        names["modes"] == [True] * 5,
        "a module was switched to evaluation mode",
        ru="модуль переключён в режим оценки",
    )
    unchanged(names, x=x)


@pytest.mark.exercise("no-grad")
def test_straight_through_rounds(student):
    """`straight_through` rounds.

    ru: `straight_through` округляет.
    """
    for x in (torch.tensor([[0.2, 0.8, -1.3], [-0.6, 4.0, 7.9]]), 4 * torch.randn(20, 10).double()):
        names = student.run(THROUGH, x=x, v=torch.ones_like(x))
        close(names["result"], x.round(), rtol=1e-5, atol=1e-5)
        unchanged(names, x=x)
        require(
            names["plain"] is False,
            "of an x without history the result has none",
            ru="если у x нет истории, её нет и у результата",
        )


@pytest.mark.exercise("no-grad", weight=2)
def test_straight_through_passes_the_gradient(student):
    """The gradient passes through the rounding unchanged.

    ru: Градиент проходит через округление без изменений.
    """
    x, v = 5 * torch.randn(2, 3), torch.randn(2, 3)
    names = student.run(THROUGH, x=x, v=v)
    require(names["tracked"] is True, HISTORY[0], ru=HISTORY[1])
    close(names["grad"], v)


@pytest.mark.exercise("no-grad")
def test_for_training(student):
    """`for_training` makes a tensor that backward can use, with the same numbers.

    ru: `for_training` возвращает тензор с теми же числами, который может использовать backward.
    """
    x = torch.randn(3)
    names = student.run(TRAINING, x=x)
    close(names["result"], 2 * x)
    close(names["grad"], 2 * x)
    require(
        names["inference"] is False,
        "the result is still an inference tensor",
        ru="результат всё ещё inference-тензор",
    )
