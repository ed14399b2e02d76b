import pytest
import torch

from nbjudge.testing import close, is_tensor, require

FORBIDDEN = """
def mse_gradient(w, X, y):
    raise RuntimeError("mse_gradient may not be called here: let backward() find the gradient")
"""
SEED_X = torch.tensor([[1.0, 40.0], [2.0, 30.0], [3.0, 20.0], [4.0, 10.0]])


@pytest.mark.exercise("autograd-descent")
def test_returns_w_and_losses(fitted, problem, floats):
    """Returns one weight per feature and one float for each step.

    ru: Возвращает по весу на признак и по числу float на каждый шаг.
    """
    X, y = problem(n=12, d=4)
    w, losses = fitted("descend_autograd", X, y, 7, 0.05)
    is_tensor(w, shape=(4,), dtype=torch.float32)
    require(
        len(losses) == 7,
        f"7 steps give 7 losses, not {len(losses)}",
        ru=f"7 шагов дают 7 значений потерь, а не {len(losses)}",
    )
    floats(losses)


@pytest.mark.exercise("autograd-descent")
def test_starts_from_zeros(fitted, problem):
    """Starts from zeros: without a step w is 0, and the first loss is the mean of y².

    ru: Начинает с нулей: без единого шага w равно 0, а первое значение потерь — среднее y².
    """
    X, y = problem(d=2)
    w, losses = fitted("descend_autograd", X, y, 0, 0.1)
    require(
        len(losses) == 0,
        f"no step, but {len(losses)} losses",
        ru=f"ни одного шага, но {len(losses)} значений потерь",
    )
    close(w, torch.zeros(2))
    close(float(fitted("descend_autograd", X, y, 1, 0.1)[1][0]), y.square().mean().item(), rtol=1e-4)


@pytest.mark.exercise("autograd-descent", weight=3)
def test_one_step(fitted, problem, expected):
    """One step goes against the gradient, lr times its length.

    ru: Один шаг идёт против градиента, и его длина равна lr длинам градиента.
    """
    X, y = problem()
    close(fitted("descend_autograd", X, y, 1, 0.07)[0], expected(X, y, 1, 0.07)[0], rtol=1e-3, atol=1e-5)


@pytest.mark.exercise("autograd-descent", weight=3)
def test_many_steps(fitted, problem, expected):
    """Thirty steps: each uses its own gradient only, and none is left out.

    ru: Тридцать шагов: каждый использует только свой градиент, и ни один не пропущен.
    """
    X, y = problem()
    close(fitted("descend_autograd", X, y, 30, 0.05)[0], expected(X, y, 30, 0.05)[0], rtol=1e-3, atol=1e-4)


@pytest.mark.exercise("autograd-descent")
def test_losses(fitted, problem, expected):
    """Every loss is that before its step.

    ru: Каждое значение потерь вычислено перед своим шагом.
    """
    X, y = problem()
    _, losses = fitted("descend_autograd", X, y, 20, 0.05)
    close([float(loss) for loss in losses], expected(X, y, 20, 0.05)[1], rtol=1e-3, atol=1e-4)


@pytest.mark.exercise("autograd-descent")
def test_finds_other_weights(fitted):
    """On the notebook's features it finds other weights as well.

    ru: На признаках из блокнота находит и другие веса.
    """
    wanted = torch.tensor([-1.0, 3.0]) + torch.rand(2)
    w, _ = fitted("descend_autograd", SEED_X, SEED_X @ wanted, 1500, 0.0013)
    close(w, wanted, rtol=0, atol=1e-2)


@pytest.mark.exercise("autograd-descent", weight=2)
def test_no_history(fitted, problem, expected, without_history):
    """w comes back without history: the updates are not part of the graph.

    ru: w возвращается без истории: обновления не входят в граф вычислений.
    """
    X, y = problem()
    w, _ = fitted("descend_autograd", X, y, 2, 0.05)
    close(w, expected(X, y, 2, 0.05)[0], rtol=1e-3, atol=1e-4)
    without_history(w)


@pytest.mark.exercise("autograd-descent", weight=8)
def test_autograd_finds_the_gradient(fitted, problem, expected, watched, without_autograd):
    """The gradient comes from autograd, not from `mse_gradient`, and no optimizer makes the steps.

    ru: Градиент даёт autograd, а не `mse_gradient`, и шаги делает не оптимизатор.
    """
    X, y = problem()
    w, _ = fitted("descend_autograd", X, y, 2, 0.05, gradient=FORBIDDEN)
    close(w, expected(X, y, 2, 0.05)[0], rtol=1e-3, atol=1e-4)
    call, inputs = "descend_autograd(X, y, 2, 0.05)", {"X": X, "y": y}
    found = without_autograd(call, **inputs)
    require(
        found is None or not torch.allclose(found, w, rtol=1e-3, atol=1e-4),
        "let backward() find the gradient: it works without autograd",
        ru="пусть градиент найдёт backward(): функция работает и без autograd",
    )
    require(
        not watched(call, **inputs),
        "write the update yourself, without torch.optim",
        ru="напишите обновление сами, без torch.optim",
    )
