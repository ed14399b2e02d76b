import pytest
import torch

from nbjudge.judge import close, decreasing, finite, is_tensor, uses


def descend(X, y, steps, lr):
    """Gradient descent with the gradient written out, in float64: w [d], b []."""
    X, y = X.double(), y.double()
    w, b = torch.zeros(X.shape[1], dtype=torch.float64), torch.zeros((), dtype=torch.float64)
    for _ in range(steps):
        error = X @ w + b - y  # [n]
        w, b = w - lr * 2 * X.T @ error / len(y), b - lr * 2 * error.mean()
    return w, b


def problem(n=50, d=3):
    """A random regression without noise: X [n, d], y [n], and the w [d] and b [] behind it."""
    X, w, b = torch.randn(n, d), torch.randn(d), torch.randn(())
    return X, X @ w + b, w, b


def assert_follows(student, steps, lr):
    X, y, _, _ = problem()
    w, b, _ = student.fit_linear(X, y, steps=steps, lr=lr)
    expected_w, expected_b = descend(X, y, steps, lr)
    close(w.detach().flatten().double(), expected_w, rtol=1e-3, atol=1e-4)
    close(float(b), expected_b.item(), rtol=1e-3, atol=1e-4)


@pytest.mark.exercise("gradient-descent")
def test_returns_w_b_and_losses(student):
    """Returns w with one number per column, b, and one loss for each step."""
    X, y, _, _ = problem(n=20, d=4)
    w, b, losses = student.fit_linear(X, y, steps=7, lr=0.05)
    is_tensor(w, shape=(4,), dtype=torch.float32)
    assert b.numel() == 1, f"b is one number, but has the shape {list(b.shape)}"
    assert len(losses) == 7, f"7 steps give 7 losses, not {len(losses)}"


@pytest.mark.exercise("gradient-descent")
def test_first_loss_is_that_of_zeros(student):
    """Starts from zeros: the first loss is the mean of y²."""
    X, y, _, _ = problem()
    _, _, losses = student.fit_linear(X, y, steps=3, lr=0.1)
    close(float(losses[0]), y.square().mean().item(), rtol=1e-3)


@pytest.mark.exercise("gradient-descent")
def test_one_step(student):
    """One step goes against the gradient of the mean squared error, lr times its length."""
    assert_follows(student, steps=1, lr=0.07)


@pytest.mark.exercise("gradient-descent", weight=2)
def test_twenty_steps(student):
    """Twenty steps: every step uses its own gradient only, and none is left out."""
    assert_follows(student, steps=20, lr=0.05)


@pytest.mark.exercise("gradient-descent")
def test_finds_the_weights_behind_the_data(student):
    """On data without noise it runs until the weights are found."""
    X, y, true_w, true_b = problem(n=200, d=5)
    w, b, _ = student.fit_linear(X, y, steps=400, lr=0.1)
    close(w.detach().flatten(), true_w, rtol=0, atol=0.01)
    close(float(b), true_b.item(), rtol=0, atol=0.01)


@pytest.mark.exercise("gradient-descent")
def test_losses_fall(student):
    """The losses are finite and fall from step to step."""
    X, y, _, _ = problem()
    _, _, losses = student.fit_linear(X, y, steps=15, lr=0.05)
    losses = [float(loss) for loss in losses]
    finite(losses)
    decreasing(losses)


@pytest.mark.exercise("gradient-descent")
def test_update_is_not_tracked(student):
    """The updates are not part of the graph: w and b come back without history."""
    X, y, _, _ = problem()
    w, b, _ = student.fit_linear(X, y, steps=5, lr=0.05)
    for name, value in (("w", w), ("b", b)):
        assert value.origin.grad_fn is None, f"{name} carries its history ({value.origin.grad_fn}): detach it"


@pytest.mark.exercise("gradient-descent")
@pytest.mark.parametrize("name", ["torch.optim", "torch.linalg", "numpy.linalg", "sklearn"])
def test_written_by_hand(student, name):
    """No ready-made optimizer or solver is used."""
    assert not uses(student.source("gradient-descent"), name), f"do it without {name}"


@pytest.mark.exercise("gradient-descent", weight=2)
def test_california_housing(student, housing):
    """On California housing the loss is below 0.5 after 100 steps at the rate 0.1."""
    w, b, _ = student.fit_linear(housing.X, housing.y, steps=100, lr=0.1)
    loss = (housing.X @ w.detach().flatten() + float(b) - housing.y).square().mean().item()
    assert loss < 0.5, f"with your w and b the loss is {loss:.3f}"
