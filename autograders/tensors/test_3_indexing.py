import pytest
import torch

from nbjudge.testing import close, is_tensor, unchanged

pytestmark = pytest.mark.limits(seconds=5)  # each call takes milliseconds


@pytest.mark.exercise("indexing")
def test_pick(student):
    """`pick` gives the score at each row's label.

    ru: `pick` возвращает оценку, на которую указывает метка строки.
    """
    for n, c in ((7, 3), (2, 10), (5, 5)):
        scores, labels = torch.randn(n, c), torch.randint(c, (n,))
        expected = torch.tensor([scores[i, label] for i, label in enumerate(labels.tolist())])
        names = student.run("picked = pick(scores, labels)", scores=scores, labels=labels)
        close(names["picked"], expected)
        unchanged(names, scores=scores, labels=labels)


@pytest.mark.exercise("indexing")
def test_positive_rows(student):
    """`positive_rows` keeps the rows with a positive sum, in their order.

    ru: `positive_rows` оставляет строки с положительной суммой, не меняя их порядка.
    """
    for n, d in ((12, 3), (4, 9)):
        X = torch.randn(n, d)
        X[0], X[-1] = X[0].abs(), -X[-1].abs()  # one at least of each
        rows = [row for row in X if sum(row.double().tolist()) > 0]
        names = student.run("rows = positive_rows(X)", X=X)
        close(names["rows"], torch.stack(rows))
        unchanged(names, X=X)


@pytest.mark.exercise(
    "indexing",
    hidden={"en": "sums near zero, no row left", "ru": "суммы около нуля, не осталось ни одной строки"},
)
def test_positive_rows_at_the_edge(student):
    """`positive_rows` drops a sum of exactly 0, keeps a small one, and may give no row at all.

    ru: `positive_rows` отбрасывает сумму ровно 0, оставляет маленькую и может не вернуть ни одной строки.
    """
    X = torch.tensor([[1.0, -1.0], [0.25, 0.0], [-0.5, 0.5], [-2.0, 1.75], [3.0, -2.75]])
    close(student.positive_rows(X), X[[1, 4]])
    is_tensor(student.positive_rows(-torch.ones(3, 4)), shape=(0, 4))


@pytest.mark.exercise("indexing")
def test_mirror(student):
    """`mirror` reverses the columns of one image and of batches of images.

    ru: `mirror` переставляет столбцы в обратном порядке у одного изображения и у батчей изображений.
    """
    for shape in ((3, 5), (2, 4, 3), (2, 3, 4, 6)):
        images = torch.randn(shape)
        order = list(range(shape[-1] - 1, -1, -1))
        names = student.run("mirrored = mirror(images)", images=images)
        close(names["mirrored"], images[..., order])
        unchanged(names, images=images)


@pytest.mark.exercise("indexing")
def test_frame(student):
    """`framed` puts the value into the first and last rows and columns, and nowhere else.

    ru: `framed` записывает число в крайние строки и столбцы, и больше никуда.
    """
    for h, w in ((5, 7), (6, 3)):
        image, value = torch.randn(h, w), 4.5
        edge = torch.full((h, w), value)
        edge[1 : h - 1, 1 : w - 1] = image[1 : h - 1, 1 : w - 1]
        close(student.framed(image, value), edge)


@pytest.mark.exercise("indexing")
def test_frame_is_a_copy(student):
    """`framed` leaves the given image alone.

    ru: `framed` не меняет исходное изображение.
    """
    image = torch.randn(4, 4)
    names = student.run("result = framed(image, 3)", image=image)
    close(names["result"][:, -1], torch.full((4,), 3.0))
    unchanged(names, image=image)
