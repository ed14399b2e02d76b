import pytest
import torch

from nbjudge.testing import close, is_tensor, require, unchanged

pytestmark = pytest.mark.limits(seconds=5)  # each call takes milliseconds

SHAPES = [(3, 4, 5), (2, 6, 6)]  # number, height and width of images
NARROW = [(1, 4, 5), (3, 1, 6), (3, 6, 1), (1, 1, 1)]


def assert_taken_apart(student, k, h, w):
    batch = torch.randn(k, 1, h, w)
    names = student.run("images = unbatch(batch)", batch=batch)
    images = names["images"]
    unchanged(names, batch=batch)
    kind = type(images).__name__
    require(
        isinstance(images, list | tuple),
        f"unbatch returns a list, not a {kind}",
        ru=f"unbatch возвращает список, а не {kind}",
    )
    require(
        len(images) == k,
        f"a batch of {k} gives {k} images, not {len(images)}",
        ru=f"из батча в {k} должно получиться столько же изображений, а не {len(images)}",
    )
    for image, expected in zip(images, batch, strict=True):
        close(image, expected[0])


@pytest.mark.exercise("joining", weight=2)
def test_as_batch(student):
    """`as_batch` stacks images in their order, with one channel.

    ru: `as_batch` складывает изображения по порядку, с одним каналом.
    """
    for k, h, w in SHAPES + NARROW:
        images = [torch.randn(h, w) for _ in range(k)]
        names = student.run("batch = as_batch(images)", images=images)
        batch = names["batch"]
        is_tensor(batch, shape=(k, 1, h, w))
        for i, image in enumerate(images):
            close(batch[i, 0], image)
            unchanged({"images": names["images"][i]}, images=image)


@pytest.mark.exercise("joining")
def test_unbatch(student):
    """`unbatch` gives the list of images.

    ru: `unbatch` возвращает список изображений.
    """
    for k, h, w in SHAPES:
        assert_taken_apart(student, k, h, w)


@pytest.mark.exercise("joining")
def test_unbatch_one_or_narrow(student):
    """`unbatch` of one image, or of images one pixel high or wide, keeps their shape.

    ru: `unbatch` одного изображения или изображений высотой или шириной в один пиксель сохраняет их форму.
    """
    for k, h, w in NARROW:
        assert_taken_apart(student, k, h, w)


@pytest.mark.exercise("joining", weight=2)
def test_add_ones(student):
    """`add_ones` appends one column of ones on the right.

    ru: `add_ones` дописывает справа один столбец из единиц.
    """
    for n, d in ((4, 3), (1, 5), (6, 1)):
        X = torch.randn(n, d)
        names = student.run("result = add_ones(X)", X=X)
        result = names["result"]
        unchanged(names, X=X)
        is_tensor(result, shape=(n, d + 1))
        close(result[:, :d], X)
        close(result[:, d], torch.ones(n))


@pytest.mark.exercise("joining")
def test_add_ones_keeps_the_type(student):
    """`add_ones` keeps the type of the table.

    ru: `add_ones` сохраняет тип таблицы.
    """
    for dtype in (torch.float16, torch.float64, torch.int64):
        X = torch.ones(3, 2).to(dtype)
        close(student.add_ones(X), torch.ones(3, 3).to(dtype))
