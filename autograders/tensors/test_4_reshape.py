import pytest
import torch

from nbjudge.testing import close, is_tensor

pytestmark = pytest.mark.limits(seconds=5)  # each call takes milliseconds

# Strides do not cross the wire: tensors that are not contiguous are made over there.
TURNED = """
flat = flat_rows(x.transpose(1, 2))
"""

IN_PLACE = """
flat = flat_rows(x)
flat[0, 0] = 1000.0
"""

COPIES = """
import torch
x = torch.arange(24.0).reshape(4, 6)
cases = [
    (x, (24,)), (x, (2, 2, 6)), (x[1:3], (12,)), (x.T, (6, 2, 2)), (x[:, ::2], (12,)),
    (x.T, (24,)), (x.T, (4, 6)), (x[:, :3], (12,)), (x[:, ::4], (2, 4)),
]
answers = [reshape_copies(t, shape) for t, shape in cases]
kinds = sorted({type(answer).__name__ for answer in answers})
answers = [bool(answer) for answer in answers]
del cases
"""


def cut(image, size):
    """The squares of `image`, cut out one by one."""
    h, w = image.shape
    corners = [(top, left) for top in range(0, h, size) for left in range(0, w, size)]
    return torch.stack([image[top : top + size, left : left + size] for top, left in corners])


@pytest.mark.exercise("reshape")
def test_flat_rows(student):
    """`flat_rows` makes one row of each sample, for two, three and four dimensions.

    ru: `flat_rows` превращает каждый пример в строку при двух, трёх и четырёх размерностях.
    """
    for shape in ((3, 5), (4, 2, 3), (1, 3, 4, 5)):
        x = torch.randn(shape)
        close(student.flat_rows(x), torch.stack([sample.flatten() for sample in x]))


@pytest.mark.exercise("reshape")
def test_flat_rows_of_transposed_tensors(student):
    """`flat_rows` takes tensors that are not contiguous, and keeps the order of their elements.

    ru: `flat_rows` принимает тензоры, не непрерывные в памяти, и сохраняет порядок их элементов.
    """
    x = torch.randn(3, 4, 5)
    close(student.run(TURNED, x=x)["flat"], torch.stack([sample.T.flatten() for sample in x]))


@pytest.mark.exercise("reshape")
def test_flat_rows_does_not_copy(student):
    """`flat_rows` of a contiguous tensor is a view of it.

    ru: для непрерывного тензора `flat_rows` возвращает его вид, а не копию.
    """
    x = torch.randn(3, 4, 5)
    names = student.run(IN_PLACE, x=x)
    is_tensor(names["flat"], shape=(3, 20))
    assert names["x"][0, 0, 0] == 1000, "a change of the result does not show in x: it was copied needlessly"


@pytest.mark.exercise("reshape")
def test_reshape_copies(student):
    """`reshape_copies` tells the reshapes that copy from those that don't.

    ru: `reshape_copies` отличает случаи, когда reshape копирует, от остальных.
    """
    names = student.run(COPIES)
    assert names["kinds"] == ["bool"], f"return True or False, not {names['kinds']}"
    expected = [False] * 5 + [True] * 4
    assert names["answers"] == expected, (
        "for a contiguous x [4, 6] and the cases x to [24], x to [2, 2, 6], x[1:3] to [12], x.T to [6, 2, 2], "
        "x[:, ::2] to [12], x.T to [24], x.T to [4, 6], x[:, :3] to [12], x[:, ::4] to [2, 4] you answer "
        f"{names['answers']}"
    )


@pytest.mark.exercise("reshape", weight=2)
def test_patches(student):
    """`patches` cuts the image into squares, row by row, whatever its sides.

    ru: `patches` разрезает изображение на квадраты, строка за строкой, при любых сторонах.
    """
    for h, w, size in ((6, 4, 2), (3, 9, 3), (8, 12, 4), (5, 5, 1)):
        image = torch.randn(h, w)
        close(student.patches(image, size), cut(image, size))
