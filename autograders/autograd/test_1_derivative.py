import pytest
import torch

from nbjudge.testing import close, require, unchanged

pytestmark = pytest.mark.limits(seconds=5)  # each call takes milliseconds

FUNCTIONS = """
import torch
functions = {
    "sine": torch.sin,
    "exponent": lambda t: (2 * t).exp(),
    "polynomial": lambda t: t**3 - 4 * t,
    "quotient": lambda t: 1 / (1 + t * t),
}
results = {name: derivative(f, x) for name, f in functions.items()}
history = {name: result.requires_grad for name, result in results.items()}
results = {name: result.detach() for name, result in results.items()}
left = x.requires_grad, x.grad
del functions
"""


@pytest.mark.exercise("derivative")
def test_by_hand(student, without_autograd):
    """`by_hand` is the derivative of x² + 5x, for any shape, without the help of autograd.

    ru: `by_hand` — производная x² + 5x, для любой формы, без помощи autograd.
    """
    for shape in ((), (6,), (3, 2)):
        x = 4 * torch.randn(shape, dtype=torch.float64)
        difference = ((x + 1e-3) ** 2 + 5 * (x + 1e-3) - (x - 1e-3) ** 2 - 5 * (x - 1e-3)) / 2e-3
        names = student.run("found = by_hand(x)", x=x)
        close(names["found"], difference, rtol=1e-6, atol=1e-6)
        unchanged(names, x=x)
        close(without_autograd("by_hand(x)", x=x), difference, rtol=1e-6, atol=1e-6)


@pytest.mark.exercise("derivative", weight=2)
def test_derivative_of_any_function(student):
    """`derivative` differentiates functions that it has never seen, element by element.

    ru: `derivative` дифференцирует незнакомые функции поэлементно.
    """
    for shape in ((5,), (2, 3)):
        x = torch.randn(shape, dtype=torch.float64)
        results = student.run(FUNCTIONS, x=x)["results"]
        close(results["sine"], x.cos())
        close(results["exponent"], 2 * (2 * x).exp())
        close(results["polynomial"], 3 * x**2 - 4)
        close(results["quotient"], -2 * x / (1 + x * x) ** 2)


@pytest.mark.exercise("derivative")
def test_derivative_leaves_x_alone(student):
    """`derivative` leaves its argument without `requires_grad` and without `.grad`, and its result has no history.

    ru: `derivative` оставляет аргумент без `requires_grad` и без `.grad`, а у результата нет истории.
    """
    x = torch.randn(4, dtype=torch.float64)
    names = student.run(FUNCTIONS, x=x)
    close(names["results"]["sine"], x.cos())
    unchanged(names, x=x)
    require(
        names["left"] == (False, None),
        "the given x requires a gradient now, or has a .grad",
        ru="переданный x теперь требует градиента или имеет .grad",
    )
    require(
        not any(names["history"].values()),
        f"requires_grad of the results: {names['history']}",
        ru=f"requires_grad результатов: {names['history']}",
    )
