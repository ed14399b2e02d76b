import pytest
import torch

from nbjudge.testing import close, require, unchanged

pytestmark = pytest.mark.limits(seconds=5)  # each call takes milliseconds

# Strides do not cross the wire: tensors that are not contiguous are made over there.
TURNED = """
flat = flat_rows(x.transpose(1, 2))
"""

IN_PLACE = """
seen = {view}
flat = flat_rows(seen)
shape = list(flat.shape)
flat[0, 0] = 1000.0
shows = seen[0, 0, 0].item() == 1000
del seen, flat
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
unchanged = x.flatten().tolist() == list(range(24))
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
        names = student.run("flat = flat_rows(x)", x=x)
        unchanged(names, x=x)
        close(names["flat"], torch.stack([sample.flatten() for sample in x]))


@pytest.mark.exercise("reshape")
def test_flat_rows_of_transposed_tensors(student):
    """`flat_rows` takes tensors that are not contiguous, and keeps the order of their elements.

    ru: `flat_rows` принимает тензоры, не непрерывные в памяти, и сохраняет порядок их элементов.
    """
    x = torch.randn(3, 4, 5)
    close(student.run(TURNED, x=x)["flat"], torch.stack([sample.T.flatten() for sample in x]))


@pytest.mark.exercise("reshape")
def test_flat_rows_does_not_copy(student):
    """`flat_rows` gives a view wherever that is possible: of a contiguous tensor, and of some that are not.

    ru: `flat_rows` возвращает вид, а не копию, везде, где это возможно: для непрерывного тензора и не только.
    """
    x = torch.randn(3, 4, 5)
    for view, length in (("x", 20), ("x[:, 1:3]", 10), ("x[::2]", 20)):
        names = student.run(IN_PLACE.format(view=view), x=x)
        require(
            names["shape"] == [len(x) if view != "x[::2]" else 2, length],
            f"flat_rows of {view}, with x [3, 4, 5], has the shape {names['shape']}",
            ru=f"у flat_rows от {view}, где x [3, 4, 5], форма {names['shape']}",
        )
        require(
            names["shows"] is True,
            f"flat_rows of {view}, with x [3, 4, 5], was copied needlessly: a change of it does not show there",
            ru=f"flat_rows от {view}, где x [3, 4, 5], скопирована напрасно: её изменение там не видно",
        )


@pytest.mark.exercise("reshape")
def test_reshape_copies(student):
    """`reshape_copies` tells the reshapes that copy from those that don't.

    ru: `reshape_copies` отличает случаи, когда reshape копирует, от остальных.
    """
    names = student.run(COPIES)
    require(
        names["kinds"] == ["bool"],
        f"return True or False, not {names['kinds']}",
        ru=f"верните True или False, а не {names['kinds']}",
    )
    cases = (
        *("x to [24]", "x to [2, 2, 6]", "x[1:3] to [12]", "x.T to [6, 2, 2]", "x[:, ::2] to [12]"),
        *("x.T to [24]", "x.T to [4, 6]", "x[:, :3] to [12]", "x[:, ::4] to [2, 4]"),
    )
    wrong = [
        f"{case}: {answer}"
        for i, (case, answer) in enumerate(zip(cases, names["answers"], strict=True))
        if answer != (i >= 5)
    ]
    require(
        not wrong,
        f"for a contiguous x [4, 6] these answers are wrong: {'; '.join(wrong)}",
        ru=f"для непрерывного x [4, 6] неверные ответы: {'; '.join(wrong)}",
    )
    require(
        names["unchanged"] is True,
        "reshape_copies has changed its argument",
        ru="reshape_copies изменила свой аргумент",
    )


@pytest.mark.exercise("reshape", weight=2)
def test_patches(student):
    """`patches` cuts the image into squares, row by row, whatever its sides.

    ru: `patches` разрезает изображение на квадраты, строка за строкой, при любых сторонах.
    """
    for h, w, size in ((6, 4, 2), (3, 9, 3), (8, 12, 4), (5, 5, 1)):
        image = torch.randn(h, w)
        names = student.run("squares = patches(image, size)", image=image, size=size)
        close(names["squares"], cut(image, size))
        unchanged(names, image=image)
