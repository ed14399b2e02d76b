import pytest
import torch

from nbjudge.testing import close, is_tensor, require, unchanged

pytestmark = pytest.mark.limits(seconds=5)  # each call takes milliseconds

CASES = """
import torch
leaf = torch.ones(2, requires_grad=True)
kept = leaf * 2
kept.retain_grad()
cases = {
    "a leaf that requires a gradient": leaf,
    "a parameter": torch.nn.Parameter(torch.ones(2)),
    "an intermediate result after retain_grad()": kept,
    "a detached tensor after requires_grad_()": (leaf * 3).detach().requires_grad_(),
    "a leaf that requires none": torch.ones(2),
    "a frozen parameter": torch.nn.Parameter(torch.ones(2), requires_grad=False),
    "an intermediate result": leaf + 1,
    "a slice of a leaf": leaf[:1],
    "a detached tensor": kept.detach(),
    "integers": torch.arange(3),
    "a result of data only": torch.ones(2) * 3,
}
required = [t.requires_grad for t in cases.values()]
answers = {name: receives_grad(t) for name, t in cases.items()}
kinds = sorted({type(answer).__name__ for answer in answers.values()})
answers = {name: bool(answer) for name, answer in answers.items()}
filled = [name for name, t in cases.items() if (t.is_leaf or t.retains_grad) and t.grad is not None]
same = required == [t.requires_grad for t in cases.values()]
del leaf, kept, cases, required
"""

NEURON = """
grads = neuron_gradients(x, y, w1, w0)
grads = {name: grad.detach() for name, grad in grads.items()}
left = [t.requires_grad or t.grad is not None for t in (x, y, w1, w0)]
"""


def neuron(n):
    """Inputs of a neuron, and the gradients by the chain rule."""
    x, y = torch.randn(n, dtype=torch.float64), torch.rand(n, dtype=torch.float64)
    w1, w0 = torch.randn((), dtype=torch.float64), torch.randn((), dtype=torch.float64)
    sigma = 1 / (1 + (-(w1 * x + w0)).exp())
    grad_sigma = 2 * (sigma - y) / n
    grad_s = grad_sigma * sigma * (1 - sigma)
    grads = {"w1": (grad_s * x).sum(), "w0": grad_s.sum(), "s": grad_s, "sigma": grad_sigma}
    return {"x": x, "y": y, "w1": w1, "w0": w0}, grads


@pytest.mark.exercise("leaves", weight=2)
def test_receives_grad(student):
    """`receives_grad` is right about leaves, intermediate results, kept, detached and integer tensors.

    ru: `receives_grad` верно судит о листьях, промежуточных результатах, сохранённых, отсоединённых и целых тензорах.
    """
    names = student.run(CASES)
    require(
        names["kinds"] == ["bool"],
        f"return True or False, not {names['kinds']}",
        ru=f"верните True или False, а не {names['kinds']}",
    )
    wrong = [
        f"{case}: {answer}"
        for i, (case, answer) in enumerate(names["answers"].items())
        if answer != (i < 4)  # the first four receive one
    ]
    require(
        len(names["answers"]) == 11 and not wrong,
        f"wrong answers: {'; '.join(wrong)}",
        ru=f"неверные ответы: {'; '.join(wrong)}",
    )
    require(
        not names["filled"] and names["same"],
        "receives_grad changes what it is asked about: it has filled .grad or set requires_grad",
        ru="receives_grad меняет тензор, о котором её спрашивают: заполнен .grad или изменён requires_grad",
    )


@pytest.mark.exercise("leaves")
@pytest.mark.parametrize("kind", ["weights", "intermediate"])
def test_neuron_gradients(student, kind):
    """The gradients of the neuron's weights, and of its intermediate results.

    ru: Градиенты по весам нейрона и по его промежуточным результатам.
    """
    for n in (1, 6):
        inputs, expected = neuron(n)
        grads = student.run(NEURON, **inputs)["grads"]
        for name in ("w1", "w0") if kind == "weights" else ("s", "sigma"):
            require(
                name in grads,
                f"no gradient {name!r} in the dictionary",
                ru=f"в словаре нет градиента {name!r}",
            )
            is_tensor(grads[name], shape=expected[name].shape)
            close(grads[name], expected[name])


@pytest.mark.exercise("leaves")
def test_neuron_gradients_leaves_its_arguments_alone(student):
    """The given tensors still require no gradient and have none; a second call gives the same.

    ru: Переданные тензоры по-прежнему не требуют градиента и не имеют его; второй вызов даёт то же самое.
    """
    inputs, expected = neuron(4)
    names = student.run(NEURON + "again = neuron_gradients(x, y, w1, w0)['w1'].detach()", **inputs)
    require(
        not any(names["left"]),
        "a given tensor requires a gradient now, or has one",
        ru="переданный тензор теперь требует градиента или имеет его",
    )
    unchanged(names, **inputs)
    close(names["again"], expected["w1"])
    close(names["w1"], inputs["w1"])
