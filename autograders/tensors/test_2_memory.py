import numpy as np
import pytest
import torch

from nbjudge.testing import close, is_tensor, require, unchanged

pytestmark = pytest.mark.limits(seconds=5)  # each call takes milliseconds

CHANGED = """
array = array.copy()  # writable, whatever way it came
tensor = {name}(array)
before = tensor.clone()
array *= 3
"""

PAIRS = """
import torch
x = torch.arange(24.0).reshape(4, 6)
pairs = [
    (x, x), (x, x.T), (x, x[1:]), (x[2], x[3]), (x[:, 1], x.view(-1)), (x, torch.from_numpy(x.numpy())),
    (x, x.clone()), (x, x + 0), (x, x[[0, 1]]), (x[1:], x.clone()[1:]), (x, torch.arange(24.0).reshape(4, 6)),
]
answers = [same_storage(a, b) for a, b in pairs]
kinds = sorted({type(answer).__name__ for answer in answers})
answers = [bool(answer) for answer in answers]
unchanged = x.tolist()
del pairs
"""

# Strides do not cross the wire: a tensor that is not contiguous is made over there, x is what it shows.
IN_PLACE = """
seen = {view}
result = rescale_(seen)
same, whole = result is seen, seen.clone()
del seen, result
"""


def array(dtype):
    return np.random.default_rng(0).integers(1, 100, size=(2, 5)).astype(dtype)


@pytest.mark.exercise("memory")
def test_shared_follows_the_array(student):
    """`shared` keeps the array's type and shows every later change of the array.

    ru: `shared` сохраняет тип массива и показывает все его последующие изменения.
    """
    for dtype in ("float64", "float32", "int64"):
        given = array(dtype)
        names = student.run(CHANGED.format(name="shared"), array=given)
        close(names["before"], torch.from_numpy(given))
        close(names["tensor"], torch.from_numpy(given * 3))


@pytest.mark.exercise("memory")
def test_copied_stays(student):
    """`copied` keeps the array's type and shows no later change of the array.

    ru: `copied` сохраняет тип массива и не меняется вместе с ним.
    """
    for dtype in ("float64", "float32", "int64"):
        given = array(dtype)
        names = student.run(CHANGED.format(name="copied"), array=given)
        close(names["tensor"], torch.from_numpy(given))


@pytest.mark.exercise("memory", weight=2)
def test_same_storage(student):
    """`same_storage` tells views of one storage from copies, wherever they begin, and changes nothing.

    ru: `same_storage` отличает виды одного хранилища от копий, где бы они ни начинались, и ничего не меняет.
    """
    names = student.run(PAIRS)
    require(
        names["kinds"] == ["bool"],
        f"return True or False, not {names['kinds']}",
        ru=f"верните True или False, а не {names['kinds']}",
    )
    cases = (
        *("x and x", "x and x.T", "x and x[1:]", "x[2] and x[3]", "x[:, 1] and x.view(-1)"),
        *("x and its NumPy array", "x and x.clone()", "x and x + 0", "x and x[[0, 1]]"),
        *("x[1:] and the same of a clone", "x and an equal tensor"),
    )
    wrong = [
        f"{case}: {answer}"
        for i, (case, answer) in enumerate(zip(cases, names["answers"], strict=True))
        if answer != (i < 6)
    ]
    require(not wrong, f"wrong answers: {'; '.join(wrong)}", ru=f"неверные ответы: {'; '.join(wrong)}")
    require(
        names["unchanged"] == torch.arange(24.0).reshape(4, 6).tolist(),
        "same_storage has changed x",
        ru="same_storage изменила x",
    )


@pytest.mark.exercise("memory")
def test_rescale_in_place(student):
    """`rescale_` changes its argument in place and returns the same tensor.

    ru: `rescale_` меняет свой аргумент на месте и возвращает тот же тензор.
    """
    for shape, view in (((9,), "x"), ((3, 4), "x"), ((3, 4), "x.T"), ((4, 6), "x[:, ::2]")):
        for dtype in (torch.float32, torch.float64):
            x = 5 * torch.randn(shape, dtype=dtype) + 7
            names = student.run(IN_PLACE.format(view=view), x=x)
            seen = x.T if view == "x.T" else x[..., ::2] if view != "x" else x
            close(names["whole"], (seen - seen.min()) / (seen.max() - seen.min()))
            require(
                names["same"] is True,
                "rescale_ must return the tensor that it was given, not another one",
                ru="rescale_ должна вернуть тот же тензор, который получила, а не другой",
            )


@pytest.mark.exercise("memory")
def test_rescaled_makes_a_new_tensor(student):
    """`rescaled` returns the numbers stretched to [0, 1] and leaves its argument alone.

    ru: `rescaled` возвращает числа, растянутые на [0, 1], и не трогает свой аргумент.
    """
    for dtype in (torch.float32, torch.float64):
        x = 5 * torch.randn(3, 4, dtype=dtype) - 20
        names = student.run("result = rescaled(x)", x=x)
        is_tensor(names["result"], shape=(3, 4), dtype=dtype)
        close(names["result"], (x - x.min()) / (x.max() - x.min()))
        unchanged(names, x=x)
