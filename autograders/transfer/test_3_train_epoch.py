import pytest

from nbjudge.testing import close

EPOCHS = """
model = Probe(weight, bias)
model.eval()
loader = make_loader(X, y, batch_size)
with PretendGpu() if elsewhere else nullcontext() as gpu:
    device = gpu.device if gpu else cpu
    model.to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    losses = [train_epoch(model, loader, optimizer, device) for _ in range(epochs)]
del gpu, device, optimizer
modes, sizes = model.modes, model.sizes
weight, bias = model.weight.detach(), model.bias.detach()
del model, loader
"""


@pytest.fixture
def trained(run_with, case, train_by_hand):
    """trained(n, batch_size, epochs): what the epochs left, and what they should leave."""

    def train(n=24, batch_size=8, epochs=1, lr=0.3, elsewhere=False):
        inputs = case(n)
        got = run_with((), EPOCHS, **inputs, batch_size=batch_size, epochs=epochs, lr=lr, elsewhere=elsewhere)
        steps = list(train_by_hand(**inputs, rates=[lr] * epochs, batch_size=batch_size))
        got["expected_weight"], got["expected_bias"], _ = steps[-1]
        got["expected_losses"] = [loss for _, _, loss in steps]
        return got

    return train


@pytest.mark.exercise("train-epoch", weight=2)
def test_training_mode_and_all_batches(trained, called, batches):
    """Every batch is passed once, in training mode.

    ru: Каждый батч проходит один раз, в режиме обучения.
    """
    got = trained(n=20, batch_size=8)
    called(got["modes"], training=True)
    batches(got["sizes"])


@pytest.mark.exercise("train-epoch", weight=3)
def test_one_batch_is_one_step(trained):
    """One batch is one step of the optimizer against the gradient of the mean cross-entropy.

    ru: Один батч — один шаг оптимизатора против градиента средней перекрёстной энтропии.
    """
    got = trained(n=10, batch_size=10)
    close(got["weight"], got["expected_weight"], rtol=1e-3, atol=1e-4)
    close(got["bias"], got["expected_bias"], rtol=1e-3, atol=1e-4)


@pytest.mark.exercise("train-epoch", weight=4)
def test_many_steps(trained):
    """Two epochs of several batches: each step uses its own gradient only.

    ru: Две эпохи из нескольких батчей: каждый шаг использует только свой градиент.
    """
    got = trained(n=26, batch_size=8, epochs=2)
    close(got["weight"], got["expected_weight"], rtol=1e-3, atol=1e-4)
    close(got["bias"], got["expected_bias"], rtol=1e-3, atol=1e-4)


@pytest.mark.exercise("train-epoch", weight=2)
def test_mean_loss(trained, plain_float):
    """Returns the mean loss over all images, where all batches have the same size, as a Python float.

    ru: Возвращает средние потери по всем изображениям числом float, когда все батчи одного размера.
    """
    got = trained(n=24, batch_size=8, epochs=2)
    for loss in got["losses"]:
        plain_float(loss)
    close(got["losses"], got["expected_losses"], rtol=1e-3, atol=1e-4)


@pytest.mark.exercise("train-epoch", weight=2)
def test_mean_loss_with_a_smaller_last_batch(trained):
    """The mean loss over all images, where the last batch is smaller.

    ru: Средние потери по всем изображениям, когда последний батч меньше.
    """
    got = trained(n=19, batch_size=16)
    close([float(loss) for loss in got["losses"]], got["expected_losses"], rtol=1e-3, atol=1e-4)


@pytest.mark.exercise("train-epoch", weight=2)
def test_batches_are_moved(trained):
    """Images and labels are moved to the given device, where the model lies.

    ru: Изображения и метки переносятся на указанное устройство, где находится модель.
    """
    got = trained(n=12, batch_size=6, elsewhere=True)
    close(got["weight"], got["expected_weight"], rtol=1e-3, atol=1e-4)
