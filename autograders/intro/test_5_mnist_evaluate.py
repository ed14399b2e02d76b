import pytest
import torch
import torch.nn.functional as F

from nbjudge.testing import close, require

pytestmark = pytest.mark.limits(seconds=3)  # each call takes milliseconds

EVALUATE = """
model = Probe(weight, bias, dropout)
model.train()
loss, accuracy = evaluate(model, X, y, batch_size=batch_size)
modes, tracked, sizes = model.modes, model.tracked, model.sizes
after, gradient = model.weight.detach(), model.weight.grad
"""


@pytest.fixture
def evaluated(run_with):
    """evaluated(n, batch_size): what the student's function returned, and loss and accuracy as they should be."""

    def evaluate(n=96, batch_size=32, dropout=0.0):
        X, y = torch.randn(n, 784), torch.randint(10, (n,))
        weight, bias = 0.05 * torch.randn(784, 10), torch.randn(10)
        y[n // 2 :] = (X @ weight + bias).argmax(dim=-1)[
            n // 2 :
        ]  # the second half is mostly right: batches differ
        got = run_with(
            ("predict",), EVALUATE, weight=weight, bias=bias, dropout=dropout, X=X, y=y, batch_size=batch_size
        )
        log_probs = torch.log_softmax(X @ weight + bias, dim=-1)
        got["expected_loss"] = F.nll_loss(log_probs, y).item()
        got["expected_accuracy"] = (log_probs.argmax(dim=-1) == y).double().mean().item()
        got["weight"] = weight
        return got

    return evaluate


@pytest.mark.exercise("mnist-evaluate")
def test_loss_over_equal_batches(evaluated):
    """The mean loss, where all mini-batches have the same size.

    ru: Средние потери, когда все мини-батчи одного размера.
    """
    got = evaluated()
    close(float(got["loss"]), got["expected_loss"], rtol=1e-3)


@pytest.mark.exercise("mnist-evaluate")
def test_accuracy_over_equal_batches(evaluated):
    """The accuracy, where all mini-batches have the same size.

    ru: Точность, когда все мини-батчи одного размера.
    """
    got = evaluated()
    close(float(got["accuracy"]), got["expected_accuracy"], rtol=1e-3)


@pytest.mark.exercise("mnist-evaluate", weight=2)
def test_loss_with_a_smaller_last_batch(evaluated):
    """The mean loss over all samples, where the last mini-batch is smaller.

    ru: Средние потери по всем примерам, когда последний мини-батч меньше.
    """
    got = evaluated(n=70, batch_size=64)
    close(float(got["loss"]), got["expected_loss"], rtol=1e-3)


@pytest.mark.exercise("mnist-evaluate")
def test_accuracy_with_a_smaller_last_batch(evaluated):
    """The accuracy over all samples, where the last mini-batch is smaller.

    ru: Точность по всем примерам, когда последний мини-батч меньше.
    """
    got = evaluated(n=70, batch_size=64)
    close(float(got["accuracy"]), got["expected_accuracy"], rtol=1e-3)


@pytest.mark.exercise("mnist-evaluate", weight=2)
def test_eval_mode(evaluated):
    """The model is in evaluation mode: dropout is off.

    ru: Модель в режиме оценки: dropout выключен.
    """
    got = evaluated(dropout=0.5)
    require(got["modes"], "the model was never called", ru="модель ни разу не вызвана")
    require(
        not any(got["modes"]), "the model was called in training mode", ru="модель вызвана в режиме обучения"
    )
    close(float(got["loss"]), got["expected_loss"], rtol=1e-3)


@pytest.mark.exercise("mnist-evaluate", weight=2)
def test_no_gradient(evaluated):
    """No gradient is recorded, and the weights stay as they are.

    ru: Градиент не записывается, веса не меняются.
    """
    got = evaluated()
    require(got["tracked"], "the model was never called", ru="модель ни разу не вызвана")
    require(
        not any(got["tracked"]),
        "the model was called with gradients on",
        ru="модель вызвана с включённой записью градиентов",
    )
    require(
        got["gradient"] is None,
        "evaluate has left a gradient in the weights",
        ru="evaluate оставила градиент в весах",
    )
    require(
        torch.equal(got["after"], got["weight"]),
        "evaluate has changed the weights",
        ru="evaluate изменила веса",
    )


@pytest.mark.exercise("mnist-evaluate")
def test_two_floats_from_mini_batches(evaluated):
    """Returns two Python floats and passes the data in mini-batches.

    ru: Возвращает два числа float и пропускает данные мини-батчами.
    """
    got = evaluated(n=50, batch_size=20)
    for name in ("loss", "accuracy"):
        kind = type(got[name]).__name__
        require(
            isinstance(got[name], float),
            f"{name} must be a float, not a {kind}: use .item()",
            ru=f"{name} должно быть числом float, а не {kind}: используйте .item()",
        )
    require(
        got["sizes"] == [20, 20, 10],
        f"50 samples in batches of 20 are 20, 20 and 10, not {got['sizes']}",
        ru=f"50 примеров батчами по 20 — это 20, 20 и 10, а не {got['sizes']}",
    )
