import pytest
import torch

from nbjudge.testing import close, is_tensor, unchanged

pytestmark = pytest.mark.limits(seconds=3)  # each call takes milliseconds

SHAPES = [(6, 4), (10, 10), (3, 5, 7)]


def log_probs(shape):
    return torch.log_softmax(3 * torch.randn(shape), dim=-1)


@pytest.mark.exercise("probabilities", weight=3)
def test_probabilities(student):
    """The probabilities are the exponents of the outputs, in the same shape; the outputs stay as they are.

    ru: Вероятности — это экспоненты выходов сети, той же формы; сами выходы не меняются.
    """
    for shape in SHAPES:
        inputs = log_probs(shape)
        close(student.probabilities(inputs), inputs.exp())
    unchanged(student.run("probabilities(log_probs)", log_probs=inputs), log_probs=inputs)


@pytest.mark.exercise("probabilities")
def test_probabilities_sum_to_one(student):
    """The probabilities of each row sum to 1.

    ru: Вероятности в каждой строке в сумме дают 1.
    """
    result = student.probabilities(log_probs((8, 10)))
    is_tensor(result, shape=(8, 10), dtype=torch.float32)
    close(result.sum(dim=-1), torch.ones(8))


@pytest.mark.exercise("probabilities", hidden=True)
def test_impossible_class(student):
    """A class with the logarithm -1000 has the probability 0, not NaN.

    ru: У класса с логарифмом -1000 вероятность 0, а не NaN.
    """
    close(student.probabilities(torch.tensor([[0.0, -1000.0]])), torch.tensor([[1.0, 0.0]]))


@pytest.mark.exercise("probabilities", weight=3)
def test_predicted_classes(student):
    """`predict` finds the most probable class of each row.

    ru: `predict` находит самый вероятный класс в каждой строке.
    """
    for shape in SHAPES:
        inputs = log_probs(shape)
        names = student.run("classes = predict(log_probs)", log_probs=inputs)
        is_tensor(names["classes"], shape=shape[:-1])
        close(names["classes"].double(), inputs.argmax(dim=-1).double())
        unchanged(names, log_probs=inputs)


@pytest.mark.exercise("probabilities", weight=2)
def test_predicted_classes_are_integers(student):
    """`predict` returns int64, so that classes can be compared with labels and used as indices.

    ru: `predict` возвращает int64, чтобы классы можно было сравнивать с метками и использовать как индексы.
    """
    is_tensor(student.predict(log_probs((5, 10))), shape=(5,), dtype=torch.int64)
