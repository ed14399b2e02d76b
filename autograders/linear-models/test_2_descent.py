import pytest
import torch

from nbjudge.testing import close, is_tensor, require

SEED_X = torch.tensor([[1.0, 40.0], [2.0, 30.0], [3.0, 20.0], [4.0, 10.0]])


@pytest.mark.exercise("descent")
def test_returns_w_and_losses(student, fitted, problem, watched, without_autograd, floats):
    """Returns one weight per feature and one float for each step, by your two functions alone.

    ru: Возвращает по весу на признак и по числу float на каждый шаг, с помощью только двух ваших функций.
    """
    X, y = problem(n=12, d=4)
    w, losses = fitted("descend", X, y, 7, 0.05)
    is_tensor(w, shape=(4,), dtype=torch.float32)
    require(
        len(losses) == 7,
        f"7 steps give 7 losses, not {len(losses)}",
        ru=f"7 шагов дают 7 значений потерь, а не {len(losses)}",
    )
    floats(losses)
    call, inputs = "descend(X, y, 2, 0.05)", {"X": X, "y": y}
    require(
        not watched(call, **inputs),
        "let your two functions do it, not an optimizer",
        ru="используйте две свои функции, а не оптимизатор",
    )
    found = without_autograd(call, **inputs)
    require(
        found is not None
        and torch.allclose(found, fitted("descend", X, y, 2, 0.05)[0], rtol=1e-3, atol=1e-4),
        "it does not work without autograd: use your mse_gradient",
        ru="без autograd она не работает: используйте свою mse_gradient",
    )
    student.replace("def mse_gradient(w, X, y):\n    return 0 * w + 1\n")
    moved = student.descend(X, y, 3, 0.5)[0].abs()  # by another gradient, 1 in each direction
    require(
        torch.allclose(moved, torch.full((4,), 1.5), atol=1e-4),
        "let your mse_gradient find the gradient: with another one in its place the same comes out",
        ru="пусть градиент находит ваша mse_gradient: если её подменить, получается то же самое",
    )


@pytest.mark.exercise("descent")
def test_starts_from_zeros(fitted, problem):
    """Starts from zeros: without a step w is 0, and the first loss is the mean of y².

    ru: Начинает с нулей: без единого шага w равно 0, а первое значение потерь — среднее y².
    """
    X, y = problem(d=2)
    w, losses = fitted("descend", X, y, 0, 0.1)
    require(
        len(losses) == 0,
        f"no step, but {len(losses)} losses",
        ru=f"ни одного шага, но {len(losses)} значений потерь",
    )
    close(w, torch.zeros(2))
    close(float(fitted("descend", X, y, 1, 0.1)[1][0]), y.square().mean().item(), rtol=1e-4)


@pytest.mark.exercise("descent", weight=3)
def test_one_step(fitted, problem, expected):
    """One step goes against the gradient, lr times its length.

    ru: Один шаг идёт против градиента, и его длина равна lr длинам градиента.
    """
    X, y = problem()
    close(fitted("descend", X, y, 1, 0.07)[0], expected(X, y, 1, 0.07)[0], rtol=1e-3, atol=1e-5)


@pytest.mark.exercise("descent", weight=3)
def test_many_steps(fitted, problem, expected):
    """Thirty steps: each uses its own gradient only, and none is left out.

    ru: Тридцать шагов: каждый использует только свой градиент, и ни один не пропущен.
    """
    X, y = problem()
    close(fitted("descend", X, y, 30, 0.05)[0], expected(X, y, 30, 0.05)[0], rtol=1e-3, atol=1e-4)


@pytest.mark.exercise("descent")
def test_losses(fitted, problem, expected):
    """Every loss is that before its step.

    ru: Каждое значение потерь вычислено перед своим шагом.
    """
    X, y = problem()
    _, losses = fitted("descend", X, y, 20, 0.05)
    close([float(loss) for loss in losses], expected(X, y, 20, 0.05)[1], rtol=1e-3, atol=1e-4)


@pytest.mark.exercise("descent")
def test_finds_other_weights(fitted):
    """On the notebook's features it finds other weights as well.

    ru: На признаках из блокнота находит и другие веса.
    """
    wanted = torch.tensor([-1.0, 3.0]) + torch.rand(2)
    w, _ = fitted("descend", SEED_X, SEED_X @ wanted, 1500, 0.0013)
    close(w, wanted, rtol=0, atol=1e-2)
