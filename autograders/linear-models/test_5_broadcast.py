import pytest
import torch

from nbjudge.testing import close, require, unchanged

GOOD = [((5,), (5,)), ((5, 1), (5,)), ((5,), (5, 1)), ((5, 1), (5, 1))]
DIFFERENT = [((4,), (3,)), ((4, 1), (3,)), ((4,), (1,)), ((1, 1), (4,)), ((2, 1), (4, 1))]
OTHER = [((1, 4), (4,)), ((4,), (1, 4)), ((2, 2), (4,)), ((4, 1, 1), (4,)), ((1, 4), (1, 4)), ((), ())]


def refuse(student, first, second):
    """`safe_mse` raises a ValueError for these shapes, and names both."""
    with pytest.raises(ValueError) as caught:
        student.safe_mse(torch.randn(first), torch.randn(second))
        shapes = f"{list(first)} and {list(second)}", f"{list(first)} и {list(second)}"
        require(False, f"{shapes[0]} must raise a ValueError", ru=f"{shapes[1]} должны вызвать ValueError")
    message = str(caught.value).replace(" ", "")
    for shape in (first, second):
        forms = [str(form).replace(" ", "") for form in (list(shape), tuple(shape))]
        require(
            any(form in message for form in forms),
            f"the message must name {list(shape)}, it says: {caught.value}",
            ru=f"сообщение должно назвать {list(shape)}, в нём сказано: {caught.value}",
        )


@pytest.mark.exercise("broadcast", weight=4)
def test_vectors_and_columns(student):
    """n numbers as [n] or [n, 1], in any combination, give the mean over n pairs.

    ru: n чисел в форме [n] или [n, 1] в любом сочетании дают среднее по n парам.
    """
    for first, second in GOOD:
        prediction, target = torch.randn(first), torch.randn(second)
        expected = (prediction.flatten() - target.flatten()).square().mean()
        got = student.run("loss = safe_mse(prediction, target)", prediction=prediction, target=target)
        close(got["loss"], expected, rtol=1e-4, atol=1e-6)
        unchanged(got, prediction=prediction, target=target)


@pytest.mark.exercise("broadcast")
def test_a_single_pair(student):
    """One pair is fine too, as [1] or [1, 1].

    ru: Одна пара тоже подходит: [1] или [1, 1].
    """
    for first, second in (((1,), (1, 1)), ((1, 1), (1,)), ((1,), (1,))):
        loss = student.safe_mse(torch.full(first, 3.0), torch.full(second, 1.0))
        close(loss, torch.tensor(4.0))


@pytest.mark.exercise("broadcast", weight=4)
def test_different_numbers_of_elements(student):
    """Different numbers of elements are a ValueError that names both shapes, even where they would broadcast.

    ru: Разное число элементов — это ValueError с обеими формами, даже если они транслируются.
    """
    for shapes in DIFFERENT:
        refuse(student, *shapes)


@pytest.mark.exercise("broadcast", weight=4)
def test_other_shapes(student):
    """A row, a matrix, three dimensions or none are a ValueError, even with the right number of elements.

    ru: Строка, матрица, три размерности или ни одной — это ValueError, даже при верном числе элементов.
    """
    for shapes in OTHER:
        refuse(student, *shapes)


@pytest.mark.exercise("broadcast", weight=3)
def test_gradient(student):
    """The gradient reaches the prediction.

    ru: Градиент доходит до предсказания.
    """
    prediction, target = torch.randn(6, 1), torch.randn(6)
    code = "prediction.requires_grad_()\nsafe_mse(prediction, target).backward()\nfound = prediction.grad"
    got = student.run(code, prediction=prediction, target=target)
    close(got["found"], (prediction - target[:, None]) / 3, rtol=1e-4, atol=1e-6)
