import pytest

from nbjudge.testing import close

EPOCHS = """
model = Probe(weight, bias)
model.eval()
optimizer = torch.optim.SGD(model.parameters(), lr=lr)
loader = make_loader(X, y, batch_size, elsewhere)
losses = [train_epoch(model, loader, optimizer, cpu) for _ in range(epochs)]
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
def test_training_mode_and_all_batches(trained):
    """Every batch is passed once, in training mode.

    ru: Каждый батч проходит один раз, в режиме обучения.
    """
    got = trained(n=20, batch_size=8)
    assert got["modes"], "the model was never called"
    assert all(got["modes"]), "the model was called in evaluation mode"
    assert got["sizes"] == [8, 8, 4], f"20 images in batches of 8 are 8, 8 and 4, not {got['sizes']}"


@pytest.mark.exercise("train-epoch", weight=3)
def test_one_batch_is_one_step(trained):
    """One batch is one step of the optimizer against the gradient of the mean cross-entropy.

    ru: Один батч — один шаг оптимизатора против градиента средней перекрёстной энтропии.
    """
    got = trained(n=10, batch_size=10)
    close(got["weight"], got["expected_weight"], rtol=1e-4, atol=1e-6)
    close(got["bias"], got["expected_bias"], rtol=1e-4, atol=1e-6)


@pytest.mark.exercise("train-epoch", weight=4)
def test_many_steps(trained):
    """Two epochs of several batches: each step uses its own gradient only.

    ru: Две эпохи из нескольких батчей: каждый шаг использует только свой градиент.
    """
    got = trained(n=26, batch_size=8, epochs=2)
    close(got["weight"], got["expected_weight"], rtol=1e-4, atol=1e-6)
    close(got["bias"], got["expected_bias"], rtol=1e-4, atol=1e-6)


@pytest.mark.exercise("train-epoch", weight=2)
def test_mean_loss(trained):
    """Returns the mean loss over all images, where all batches have the same size, as a Python float.

    ru: Возвращает средние потери по всем изображениям числом float, когда все батчи одного размера.
    """
    got = trained(n=24, batch_size=8, epochs=2)
    assert all(isinstance(loss, float) for loss in got["losses"]), "return a Python float: use .item()"
    close(got["losses"], got["expected_losses"], rtol=1e-4, atol=1e-6)


@pytest.mark.exercise("train-epoch", weight=2)
def test_mean_loss_with_a_smaller_last_batch(trained):
    """The mean loss over all images, where the last batch is smaller.

    ru: Средние потери по всем изображениям, когда последний батч меньше.
    """
    got = trained(n=19, batch_size=16)
    close([float(loss) for loss in got["losses"]], got["expected_losses"], rtol=1e-4, atol=1e-6)


@pytest.mark.exercise("train-epoch", weight=2)
def test_batches_are_moved(trained):
    """Images and labels that lie on another device are moved to the given one.

    ru: Изображения и метки, лежащие на другом устройстве, переносятся на указанное.
    """
    got = trained(n=12, batch_size=6, elsewhere=True)
    close(got["weight"], got["expected_weight"], rtol=1e-4, atol=1e-6)
