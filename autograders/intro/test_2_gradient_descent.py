import pytest
import torch

from nbjudge.testing import close, decreasing, is_tensor, require, unchanged

pytestmark = pytest.mark.limits(seconds=10)  # a log of each step by scikit-learn takes milliseconds


def descend(X, y, steps, lr):
    """Gradient descent with the gradient written out, in float64: w [d], b [], losses."""
    X, y, losses = X.double(), y.double(), []
    w, b = torch.zeros(X.shape[1], dtype=torch.float64), torch.zeros((), dtype=torch.float64)
    for _ in range(steps):
        error = X @ w + b - y  # [n]
        losses.append(error.square().mean().item())
        w, b = w - lr * 2 * X.T @ error / len(y), b - lr * 2 * error.mean()
    return w, b, losses


def problem(n=50, d=3):
    """A random regression without noise: X [n, d], y [n], and the w [d] and b [] behind it."""
    X, w, b = torch.randn(n, d), torch.randn(d), torch.tensor(2.0)
    w = 3 * w / w.norm()  # so that the loss starts near 13, whatever the seed
    return X, X @ w + b, w, b


def assert_follows(student, steps, lr, d=3):
    """w and b are where `steps` steps of gradient descent lead; returns what the student's function returned."""
    X, y, _, _ = problem(d=d)
    w, b, losses = student.fit_linear(X, y, steps=steps, lr=lr)
    expected_w, expected_b, _ = descend(X, y, steps, lr)
    close(w.flatten().double(), expected_w, rtol=1e-3, atol=1e-4)
    close(float(b), expected_b.item(), rtol=1e-3, atol=1e-4)
    return w, b, losses


@pytest.mark.exercise("gradient-descent")
def test_returns_w_b_and_losses(student, one_each):
    """Returns w with one number per column, b, and one loss for each step.

    ru: Возвращает w (по числу на столбец), b и значение функции потерь на каждом шаге.
    """
    X, y, _, _ = problem(n=20, d=4)
    w, b, losses = student.fit_linear(X, y, steps=7, lr=0.05)
    is_tensor(w, shape=(4,), dtype=torch.float32)
    require(
        b.numel() == 1,
        f"b is one number, but has the shape {list(b.shape)}",
        ru=f"b — одно число, а у вас форма {list(b.shape)}",
    )
    one_each(losses, 7)
    assert_follows(student, steps=1, lr=0.05)


@pytest.mark.exercise("gradient-descent")
def test_starts_from_zeros(student):
    """Starts from zeros: the first loss is the mean of y².

    ru: Начинает с нулей: первое значение функции потерь равно среднему y².
    """
    X, y, _, _ = problem()
    _, _, losses = student.fit_linear(X, y, steps=3, lr=0.1)
    close(float(losses[0]), y.square().mean().item(), rtol=1e-3)


@pytest.mark.exercise("gradient-descent", weight=2)
def test_one_step(student):
    """One step goes against the gradient of the mean squared error, lr times its length.

    ru: Один шаг идёт против градиента среднеквадратичной ошибки, и его длина равна lr длинам градиента.
    """
    assert_follows(student, steps=1, lr=0.07)


@pytest.mark.exercise("gradient-descent", weight=3)
def test_twenty_steps(student):
    """Twenty steps: every step uses its own gradient only, and none is left out.

    ru: Двадцать шагов: каждый использует только свой градиент, и ни один не пропущен.
    """
    assert_follows(student, steps=20, lr=0.1)


@pytest.mark.exercise("gradient-descent", weight=2)
def test_finds_the_weights_behind_the_data(student):
    """On data without noise it runs until the weights are found.

    ru: На данных без шума работает, пока не найдёт веса.
    """
    X, y, true_w, true_b = problem(n=200, d=5)
    w, b, _ = student.fit_linear(X, y, steps=400, lr=0.1)
    close(w.flatten(), true_w, rtol=0, atol=0.01)
    close(float(b), true_b.item(), rtol=0, atol=0.01)


@pytest.mark.exercise("gradient-descent")
def test_losses(student):
    """Every loss is that of the step before which it was computed, and they fall.

    ru: Каждое значение потерь вычислено перед своим шагом, и они убывают.
    """
    X, y, _, _ = problem()
    _, _, losses = student.fit_linear(X, y, steps=25, lr=0.1)
    losses = [float(loss) for loss in losses]
    decreasing(losses)
    close(losses, descend(X, y, 25, 0.1)[2], rtol=1e-3, atol=1e-4)


@pytest.mark.exercise("gradient-descent", weight=2)
def test_update_is_not_tracked(student):
    """The updates are not part of the graph: w and b come back without history.

    ru: Обновления не входят в граф вычислений: w и b возвращаются без истории.
    """
    w, b, _ = assert_follows(student, steps=1, lr=0.05)
    for name, value in (("w", w), ("b", b)):
        history = value.origin.grad_fn
        require(
            history is None,
            f"{name} carries its history ({history}): detach it",
            ru=f"{name} хранит свою историю ({history}): отсоедините его",
        )


@pytest.mark.exercise("gradient-descent", weight=5)
def test_written_by_hand(student, optimizers_in_fit_linear, without_autograd):
    """`backward()` finds the gradients, and the function makes the steps itself, without a ready-made optimizer.

    ru: Градиенты находит `backward()`, а шаги делает сама функция, без готового оптимизатора.
    """
    assert_follows(student, steps=2, lr=0.05)
    X, y, _, _ = problem()
    found = optimizers_in_fit_linear(X, y)
    require(
        not found,
        f"write the update yourself; now {', '.join(found)} makes it",
        ru=f"напишите обновление сами; сейчас его делает {', '.join(found)}",
    )
    unrecorded = without_autograd(X, y)
    require(
        unrecorded is None
        or not torch.allclose(unrecorded.flatten().double(), descend(X, y, 2, 0.05)[0], rtol=1e-3, atol=1e-4),
        "let backward() find the gradients: it works without autograd",
        ru="пусть градиенты найдёт backward(): функция работает и без autograd",
    )
    unchanged(student.run("fit_linear(X, y, steps=2, lr=0.05)", X=X, y=y), X=X, y=y)


@pytest.mark.exercise("gradient-descent", weight=3)
def test_california_housing(student, housing):
    """On California housing the loss is below 0.5 after 100 steps at the rate 0.1.

    ru: На данных California housing потери ниже 0,5 после 100 шагов с темпом 0,1.
    """
    w, b, _ = student.fit_linear(housing.X, housing.y, steps=100, lr=0.1)
    loss = (housing.X @ w.flatten() + float(b) - housing.y).square().mean().item()
    require(
        loss < 0.5, f"with your w and b the loss is {loss:.3f}", ru=f"с вашими w и b потери равны {loss:.3f}"
    )
