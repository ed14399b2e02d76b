import pytest
import torch

from nbjudge.testing import close, require, unchanged

SEED_X = torch.tensor([[1.0, 40.0], [2.0, 30.0], [3.0, 20.0], [4.0, 10.0]])


def bound(X):
    """n / σ², with σ the largest singular value of X."""
    return len(X) / torch.linalg.matrix_norm(X.double(), ord=2).item() ** 2


@pytest.mark.exercise("step-size", weight=4)
def test_bound(student):
    """`largest_rate` is 2 / λ_max of the second derivatives, for any number of observations and features.

    ru: `largest_rate` равна 2 / λ_max матрицы вторых производных при любом числе наблюдений и признаков.
    """
    for n, d in ((50, 3), (8, 2), (3, 5), (6, 1)):
        X = torch.randn(n, d)
        got = student.run("found = largest_rate(X)", X=X)
        close(float(got["found"]), bound(X), rtol=1e-3)
        unchanged(got, X=X)


@pytest.mark.exercise("step-size")
def test_bound_is_a_float(student):
    """`largest_rate` returns a Python float; features of other scales change it.

    ru: `largest_rate` возвращает число float; при других масштабах признаков оно другое.
    """
    for scale in (1.0, 3.0, 0.5):
        found = student.largest_rate(scale * SEED_X)
        kind = type(found).__name__
        require(
            isinstance(found, float),
            f"return a Python float, not a {kind}: use .item()",
            ru=f"верните число float, а не {kind}: используйте .item()",
        )
        close(found, bound(scale * SEED_X), rtol=1e-3)


@pytest.mark.exercise("step-size", weight=2)
def test_first_and_last_loss(student):
    """`diverges` compares the last loss with the first, whatever lies between.

    ru: `diverges` сравнивает последние потери с первыми, что бы ни было между ними.
    """
    for losses, wanted in (
        ([1.0, 0.5, 2.0], True),
        ([1.0, 8.0, 0.5], False),
        ([3.0, 2.0, 1.0], False),
        ([1.0, 2.0, 3.0, 2.5], True),
        ([2.0, 1.0, 2.0], False),
        ([0.0, 0.0, 1e-6], True),
        ([float("inf"), 3.0, 2.0], False),
    ):
        require(
            bool(student.diverges(losses)) is wanted,
            f"diverges({losses}) must be {wanted}",
            ru=f"diverges({losses}) должно быть {wanted}",
        )


@pytest.mark.exercise("step-size", weight=3)
def test_infinity_and_nan(student):
    """Losses that end in infinity or NaN diverge.

    ru: Потери, которые заканчиваются бесконечностью или NaN, расходятся.
    """
    assert bool(student.diverges([5.0, 4.0])) is False
    for end in ("inf", "nan"):
        for start in (1.0, float("inf")):
            losses = [start, 2.0, float(end)]
            require(
                bool(student.diverges(losses)) is True,
                f"diverges({losses}) must be True",
                ru=f"diverges({losses}) должно быть True",
            )
