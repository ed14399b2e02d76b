import pytest
import torch

from nbjudge.testing import close

pytestmark = pytest.mark.limits(seconds=5)  # each call takes milliseconds

PREDICT = """
import torch
model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2))
recorded = []
model.register_forward_hook(lambda module, inputs, output: recorded.append(output.requires_grad))
x.requires_grad_()
result = predict(model, x)
tracked, after = result.requires_grad, torch.is_grad_enabled()
parameters = [p.requires_grad for p in model.parameters()]
result, expected = result.detach().clone(), model(x).detach()
recorded, x = recorded[:1], x.detach()
del model
"""

HEAD = """
import torch
features = torch.nn.Linear(3, 4).double()
head = torch.nn.Sequential(torch.nn.Linear(4, 5), torch.nn.Tanh(), torch.nn.Linear(5, 2)).double()
x.requires_grad_()
result = apply_head(features, head, x)
tracked = result.requires_grad
(result * G).sum().backward()
reached = [p.grad is not None for p in features.parameters()] + [x.grad is not None]
trainable = [p.requires_grad for p in [*features.parameters(), *head.parameters()]]
grads = [p.grad for p in head.parameters()]
values = [p.detach() for p in [*features.parameters(), *head.parameters()]]
result, x = result.detach(), x.detach()
del features, head
"""

THROUGH = """
x.requires_grad_()
result = straight_through(x)
tracked = result.requires_grad
if tracked:
    (result * v).sum().backward()
grad, result = x.grad, result.detach()
x = x.detach()
"""

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
    names = student.run(PREDICT, x=torch.randn(5, 3))
    close(names["result"], names["expected"])
    assert names["tracked"] is False, "the result has a history"
    assert names["recorded"] == [False], "the model was run with recording on, or not exactly once"
    assert names["after"] is True, "recording is still off after predict"
    assert names["parameters"] == [True] * 4, "predict has changed requires_grad of the parameters"


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
    names = student.run(HEAD, x=torch.randn(4, 3).double(), G=torch.ones(4, 2).double())
    assert names["tracked"] is True, "the result must have a history"
    assert names["reached"] == [False] * 3, "a gradient has reached the features or x"
    assert names["trainable"] == [True] * 6, "requires_grad of some parameters was changed"


@pytest.mark.exercise("no-grad")
def test_straight_through_rounds(student):
    """`straight_through` rounds.

    ru: `straight_through` округляет.
    """
    x = torch.tensor([[0.2, 0.8, -1.3], [-0.6, 4.0, 7.9]])
    names = student.run(THROUGH, x=x, v=torch.ones(2, 3))
    close(names["result"], torch.tensor([[0.0, 1.0, -1.0], [-1.0, 4.0, 8.0]]))


@pytest.mark.exercise("no-grad", weight=2)
def test_straight_through_passes_the_gradient(student):
    """The gradient passes through the rounding unchanged.

    ru: Градиент проходит через округление без изменений.
    """
    x, v = 5 * torch.randn(2, 3), torch.randn(2, 3)
    names = student.run(THROUGH, x=x, v=v)
    assert names["tracked"] is True, "the result must have a history"
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
    assert names["inference"] is False, "the result is still an inference tensor"
