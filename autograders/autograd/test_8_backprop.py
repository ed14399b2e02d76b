import pytest
import torch

from nbjudge.testing import close, is_tensor, require, unchanged

pytestmark = pytest.mark.limits(seconds=5)  # each call takes milliseconds

NETWORK = "network_gradients(X, Y, W1, b1, W2, b2)"
NAMES = ("W1", "b1", "W2", "b2")


def normal(*shape):
    return torch.randn(shape, dtype=torch.float64)


def network(n, d, h, k):
    """Inputs of a network, and its error and gradients by autograd."""
    inputs = {"X": normal(n, d), "Y": normal(n, k)}
    inputs |= {"W1": normal(d, h), "b1": normal(h), "W2": normal(h, k), "b2": normal(k)}
    W1, b1, W2, b2 = weights = [inputs[name].clone().requires_grad_() for name in NAMES]
    error = ((inputs["X"] @ W1 + b1).tanh() @ W2 + b2 - inputs["Y"]).square().mean()
    return inputs, error.detach(), torch.autograd.grad(error, weights)


@pytest.mark.exercise("backprop", weight=2)
def test_linear_backward(student, without_autograd):
    """`linear_backward` gives the three gradients of a linear layer, without autograd.

    ru: `linear_backward` возвращает три градиента линейного слоя, без autograd.
    """
    for n, d, k in ((5, 3, 2), (1, 4, 3), (3, 3, 3)):
        X, W, b = (t.requires_grad_() for t in (normal(n, d), normal(d, k), normal(k)))
        G = normal(n, k)
        expected = torch.autograd.grad(X @ W + b, (X, W, b), G)
        inputs = {"X": X.detach(), "W": W.detach(), "G": G}
        names = student.run("found = linear_backward(X, W, G)", **inputs)
        for found in (names["found"], without_autograd("linear_backward(X, W, G)", **inputs)):
            require(
                len(found) == 3,
                f"three gradients: of X, W and b, not {len(found)}",
                ru=f"три градиента: по X, W и b, а не {len(found)}",
            )
            for grad, right in zip(found, expected, strict=True):
                close(grad, right)
        unchanged(names, **inputs)


@pytest.mark.exercise("backprop")
def test_tanh_backward(student, without_autograd):
    """`tanh_backward` goes back through tanh, from its output.

    ru: `tanh_backward` проходит назад через tanh, зная его выход.
    """
    for shape in ((4, 3), (6,)):
        z, G = normal(*shape).requires_grad_(), normal(*shape)
        A = z.tanh()
        (expected,) = torch.autograd.grad(A, z, G)
        names = student.run("found = tanh_backward(A, G)", A=A.detach(), G=G)
        close(names["found"], expected)
        close(without_autograd("tanh_backward(A, G)", A=A.detach(), G=G), expected)
        unchanged(names, A=A.detach(), G=G)


@pytest.mark.exercise("backprop")
def test_error(student, without_autograd):
    """`network_gradients` returns the mean squared error first.

    ru: `network_gradients` первой возвращает среднеквадратичную ошибку.
    """
    for sizes in ((5, 3, 4, 2), (1, 2, 3, 1)):
        inputs, error, _ = network(*sizes)
        unchanged(student.run(f"found = {NETWORK}", **inputs), **inputs)
        result = without_autograd(NETWORK, **inputs)
        require(
            len(result) == 5,
            f"the error and four gradients, not {len(result)}",
            ru=f"ошибка и четыре градиента, а не {len(result)}",
        )
        is_tensor(result[0], shape=())
        close(result[0], error)


@pytest.mark.exercise("backprop")
@pytest.mark.parametrize("layer", [1, 2])
def test_network_gradients(without_autograd, layer):
    """The gradients of both layers are those of autograd, and found without it.

    ru: Градиенты обоих слоёв совпадают с autograd и найдены без него.
    """
    for sizes in ((5, 3, 4, 2), (6, 2, 5, 1), (4, 4, 4, 4)):
        inputs, _, grads = network(*sizes)
        found = without_autograd(NETWORK, **inputs)[1:]
        require(
            len(found) == 4, f"four gradients, not {len(found)}", ru=f"четыре градиента, а не {len(found)}"
        )
        for i in (2 * layer - 2, 2 * layer - 1):
            shape = list(found[i].shape)
            require(
                found[i].shape == grads[i].shape,
                f"dE/d{NAMES[i]} has a wrong shape: {shape}",
                ru=f"у dE/d{NAMES[i]} неверная форма: {shape}",
            )
            close(found[i], grads[i])
