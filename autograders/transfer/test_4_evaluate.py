import pytest
import torch
import torch.nn.functional as F

from nbjudge.testing import close, require

EVALUATE = """
model = Probe(weight, bias, dropout)
model.train()
with PretendGpu() if elsewhere else nullcontext() as gpu:
    device = gpu.device if gpu else cpu
    model.to(device)
    loss, accuracy = evaluate(model, make_loader(X, y, batch_size), device)
del gpu, device
modes, tracked, sizes = model.modes, model.tracked, model.sizes
gradient, after = model.weight.grad, model.weight.detach()
del model
"""


@pytest.fixture
def evaluated(run_with, case):
    """evaluated(n, batch_size): what the function returned, and loss and accuracy as they should be."""

    def evaluate(n=24, batch_size=8, dropout=0.0, elsewhere=False):
        inputs = case(n)
        logits = inputs["X"] @ inputs["weight"] + inputs["bias"]
        inputs["y"][n // 2 :] = logits.argmax(dim=1)[n // 2 :]  # the second half is right: batches differ
        inputs["y"][0] = (logits.argmax(dim=1)[0] + 1) % 3  # and one is certainly wrong
        got = run_with((), EVALUATE, **inputs, batch_size=batch_size, dropout=dropout, elsewhere=elsewhere)
        got["expected_loss"] = F.cross_entropy(logits, inputs["y"]).item()
        got["expected_accuracy"] = (logits.argmax(dim=1) == inputs["y"]).double().mean().item()
        got["before"] = inputs["weight"]
        return got

    return evaluate


@pytest.mark.exercise("evaluate", weight=2)
def test_loss(evaluated):
    """The mean loss over all images, also where the last batch is smaller.

    ru: Средние потери по всем изображениям, в том числе когда последний батч меньше.
    """
    for n, batch_size in ((24, 8), (19, 16)):
        got = evaluated(n, batch_size)
        close(float(got["loss"]), got["expected_loss"], rtol=1e-4)


@pytest.mark.exercise("evaluate", weight=2)
def test_accuracy(evaluated):
    """The accuracy over all images, also where the last batch is smaller.

    ru: Точность по всем изображениям, в том числе когда последний батч меньше.
    """
    for n, batch_size in ((24, 8), (19, 16), (10, 10)):
        got = evaluated(n, batch_size)
        close(float(got["accuracy"]), got["expected_accuracy"], rtol=1e-4)


@pytest.mark.exercise("evaluate")
def test_two_floats(evaluated, batches, plain_float):
    """Returns two Python floats from every batch of the loader.

    ru: Возвращает два числа float по всем батчам загрузчика.
    """
    got = evaluated(20, 8)
    for name in ("loss", "accuracy"):
        plain_float(got[name])
    batches(got["sizes"])


@pytest.mark.exercise("evaluate", weight=2)
def test_evaluation_mode(evaluated, called):
    """The model is in evaluation mode: dropout is off.

    ru: Модель в режиме оценки: dropout выключен.
    """
    got = evaluated(dropout=0.5)
    called(got["modes"], training=False)
    close(float(got["loss"]), got["expected_loss"], rtol=1e-4)


@pytest.mark.exercise("evaluate", weight=2)
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
        torch.equal(got["after"], got["before"]),
        "evaluate has changed the weights",
        ru="evaluate изменила веса",
    )


@pytest.mark.exercise("evaluate")
def test_batches_are_moved(evaluated):
    """Images and labels are moved to where the model computes.

    ru: Изображения и метки переносятся туда, где вычисляет модель.
    """
    got = evaluated(elsewhere=True)
    close(float(got["loss"]), got["expected_loss"], rtol=1e-4)
    close(float(got["accuracy"]), got["expected_accuracy"], rtol=1e-4)
