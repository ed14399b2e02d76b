import pytest
import torch

from nbjudge.testing import close, is_tensor, require

pytestmark = pytest.mark.limits(seconds=3)  # each call takes milliseconds


def assert_computed(result, x):
    """`result` is 1 like x, up to rounding: real sines and cosines leave errors of 1e-16, a constant 1 has none."""
    is_tensor(result, shape=x.shape, dtype=x.dtype)
    close(result, torch.ones_like(x))
    if x.dtype == torch.float64 and x.numel() > 100:
        require(
            (result != 1).any(),
            "1 everywhere without any rounding error: was it computed from x?",
            ru="всюду ровно 1, без единой ошибки округления: вычислено ли это по x?",
        )


def assert_untouched(after, x):
    """The student's code has not changed x in place."""
    require(
        torch.equal(after, x),
        "x itself has changed: use operations without a trailing underscore",
        ru="изменился сам x: используйте операции без подчёркивания на конце",
    )


@pytest.mark.exercise("sin2-cos2", weight=4)
def test_inline_result(student):
    """`out` is computed from x: one float64 number for each element, and all are 1; x stays as it is.

    ru: `out` вычислен из x: одно число float64 на каждый элемент, и все они равны 1; x не меняется.
    """
    x = 10 * torch.randn(1000, dtype=torch.float64)
    names = student.cell("sin2-cos2_inline", x=x)
    assert_computed(names["out"], x)
    assert_untouched(names["x"], x)


@pytest.mark.exercise("sin2-cos2", weight=2)
def test_function_computes_from_x(student):
    """The function computes sin²x + cos²x from x, which stays as it is.

    ru: Функция вычисляет sin²x + cos²x по x, не меняя x.
    """
    x = 10 * torch.randn(1000, dtype=torch.float64)
    assert_computed(student.sin2_plus_cos2(x), x)
    assert_untouched(student.run("sin2_plus_cos2(x)", x=x)["x"], x)


@pytest.mark.exercise("sin2-cos2", weight=2)
def test_function_keeps_the_shape(student):
    """The function takes tensors of any shape.

    ru: Функция принимает тензоры любой формы.
    """
    for shape in ((), (5,), (7, 3), (20, 3, 4)):
        x = torch.randn(shape, dtype=torch.float64)
        assert_computed(student.sin2_plus_cos2(x), x)


@pytest.mark.exercise("sin2-cos2", weight=2)
def test_function_keeps_the_type(student):
    """The function keeps the type: float32 stays float32, float64 stays float64.

    ru: Функция сохраняет тип: float32 остаётся float32, float64 остаётся float64.
    """
    for dtype in (torch.float32, torch.float64):
        x = torch.randn(200, dtype=dtype)
        assert_computed(student.sin2_plus_cos2(x), x)
