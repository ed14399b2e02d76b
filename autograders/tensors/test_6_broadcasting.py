import pytest
import torch

from nbjudge.testing import close, unchanged

pytestmark = pytest.mark.limits(seconds=5)  # each call takes milliseconds


@pytest.mark.exercise("broadcasting")
def test_row_shares(student):
    """`row_shares` divides every row by its own sum.

    ru: `row_shares` делит каждую строку на её собственную сумму.
    """
    for n, d in ((3, 5), (6, 2), (1, 4)):
        X = torch.rand(n, d) + 0.1
        names = student.run("shares = row_shares(X)", X=X)
        close(names["shares"], torch.stack([row / sum(row) for row in X]))
        unchanged(names, X=X)


@pytest.mark.exercise("broadcasting")
def test_row_shares_of_a_square(student):
    """`row_shares` also divides rows, not columns, where there are as many of both.

    ru: `row_shares` делит строки, а не столбцы, и тогда, когда их поровну.
    """
    X = torch.rand(4, 4) + 0.1
    close(student.row_shares(X), torch.stack([row / sum(row) for row in X]))


@pytest.mark.exercise("broadcasting")
def test_normalise(student):
    """`normalise` uses each channel's mean and deviation.

    ru: `normalise` использует среднее и отклонение своего канала.
    """
    for n, c, h, w in ((2, 3, 4, 5), (1, 4, 2, 2)):
        images, mean, std = torch.randn(n, c, h, w), torch.randn(c), torch.rand(c) + 0.5
        channels = [(images[:, i] - mean[i]) / std[i] for i in range(c)]
        names = student.run("result = normalise(images, mean, std)", images=images, mean=mean, std=std)
        close(names["result"], torch.stack(channels, dim=1))
        unchanged(names, images=images, mean=mean, std=std)


@pytest.mark.exercise("broadcasting")
def test_normalise_small_images(student):
    """`normalise` also treats channels, not columns, where an image is as wide as it has channels.

    ru: `normalise` работает по каналам, а не по столбцам, и тогда, когда ширина равна числу каналов.
    """
    images, mean, std = torch.randn(3, 3, 3, 3), torch.randn(3), torch.rand(3) + 0.5
    channels = [(images[:, i] - mean[i]) / std[i] for i in range(3)]
    close(student.normalise(images, mean, std), torch.stack(channels, dim=1))


@pytest.mark.exercise("broadcasting", weight=2)
def test_distances(student):
    """`distances` gives the Euclidean distance of every pair of rows, 0 for equal ones.

    ru: `distances` вычисляет евклидово расстояние для каждой пары строк, 0 для одинаковых.
    """
    for n, m, d in ((3, 4, 2), (5, 2, 3), (3, 3, 3), (2, 3, 1), (1, 1, 4)):
        A, B = torch.randn(n, d, dtype=torch.float64), torch.randn(m, d, dtype=torch.float64)
        expected = [[sum((a - b) ** 2 for a, b in zip(x, y, strict=True)) ** 0.5 for y in B] for x in A]
        names = student.run("D = distances(A, B)", A=A, B=B)
        close(names["D"], torch.tensor(expected, dtype=torch.float64), rtol=1e-6, atol=1e-6)
        unchanged(names, A=A, B=B)
    A = torch.randn(20, 5, dtype=torch.float64)  # rounding makes some a² + b² - 2ab negative
    close(student.distances(A, A).diagonal(), torch.zeros(20, dtype=torch.float64), rtol=0, atol=1e-5)
