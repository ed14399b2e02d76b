import pytest
import torch

from nbjudge.testing import close, is_tensor, require, unchanged

pytestmark = pytest.mark.limits(seconds=5)  # each call takes milliseconds


def numbers(n):
    return torch.randint(-50, 50, (n,)).tolist()


@pytest.mark.exercise("creation")
def test_tensors_from_a_list(student):
    """`ints` and `floats` hold the numbers of any list, as int64 and float32.

    ru: `ints` и `floats` содержат числа любого списка, как int64 и float32.
    """
    for n in (5, 12):
        given = numbers(n)
        names = student.cell("creation_inline", numbers=given)
        for name, dtype in (("ints", torch.int64), ("floats", torch.float32)):
            is_tensor(names[name], shape=(n,), dtype=dtype)
            found = names[name].tolist()
            require(
                found == given,
                f"{name} is {found} for the list {given}",
                ru=f"{name} — это {found} для списка {given}",
            )


@pytest.mark.exercise("creation")
def test_grid(student):
    """`grid` has as many points as the list, evenly spaced from 0 to 1, in float64.

    ru: `grid` содержит столько же точек, сколько чисел в списке, через равные промежутки от 0 до 1, в float64.
    """
    for n in (4, 11):
        grid = student.cell("creation_inline", numbers=numbers(n))["grid"]
        close(grid, torch.tensor([i / (n - 1) for i in range(n)], dtype=torch.float64))


@pytest.mark.exercise("creation")
def test_average_of_any_type(student):
    """`average` takes integers, bool and floats of any shape and returns one float64.

    ru: `average` принимает целые, bool и вещественные тензоры любой формы и возвращает одно число float64.
    """
    for dtype in (torch.int64, torch.uint8, torch.bool, torch.float32, torch.float64):
        for shape in ((), (7,), (3, 4, 5)):
            x = torch.randint(0, 9, shape).to(dtype)
            names = student.run("mean = average(x)", x=x)
            close(names["mean"], x.double().mean())
            unchanged(names, x=x)


@pytest.mark.exercise(
    "creation", hidden={"en": "large numbers of a small type", "ru": "большие числа маленького типа"}
)
def test_average_is_computed_in_float64(student):
    """`average` converts before it computes: sums that float16 or float32 can't hold.

    ru: `average` сначала преобразует тип, потом считает: суммы, которые не помещаются в float16 и float32.
    """
    close(student.average(torch.full((50,), 60000.0, dtype=torch.float16)), torch.tensor(60000.0).double())
    x = torch.full((3,), 2**24 + 1)
    close(student.average(x), torch.tensor(2.0**24 + 1, dtype=torch.float64), rtol=0, atol=1e-6)
