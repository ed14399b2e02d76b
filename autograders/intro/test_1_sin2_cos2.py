import pytest
import torch

from nbjudge.judge import close, is_tensor


@pytest.mark.exercise("sin2-cos2")
def test_inline_result_keeps_shape_and_type(student):
    """`out` is a float64 tensor with one number for each element of x."""
    x = torch.linspace(-3, 3, 11, dtype=torch.float64)
    is_tensor(student.cell("sin2-cos2_inline", x=x)["out"], shape=(11,), dtype=torch.float64)


@pytest.mark.exercise("sin2-cos2")
def test_inline_identity_holds(student):
    """`out` is 1 for other values of x too."""
    x = 10 * torch.randn(16, dtype=torch.float64)
    close(student.cell("sin2-cos2_inline", x=x)["out"], torch.ones_like(x))


@pytest.mark.exercise("sin2-cos2", hidden=True)
def test_inline_result_depends_on_x(student):
    """`out` is computed from x."""
    x = torch.tensor([0.5, float("nan"), 2.0], dtype=torch.float64)
    out = student.cell("sin2-cos2_inline", x=x)["out"]
    assert out.isnan().tolist() == [False, True, False], "where x is not a number, the result is none either"


@pytest.mark.exercise("sin2-cos2")
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
def test_function_keeps_shape_and_type(student, dtype):
    """The function works for any shape and keeps the type."""
    for shape in ((), (5,), (7, 3), (2, 3, 4)):
        x = torch.randn(shape, dtype=dtype)
        result = student.sin2_plus_cos2(x)
        is_tensor(result, shape=shape, dtype=dtype)
        close(result, torch.ones_like(x))


@pytest.mark.exercise("sin2-cos2", hidden=True)
def test_function_result_depends_on_x(student):
    """The function computes its result from x."""
    result = student.sin2_plus_cos2(torch.tensor([[float("nan"), 1.0], [2.0, 3.0]]))
    assert result.isnan().tolist() == [[True, False], [False, False]], "where x is not a number, the result is none either"
