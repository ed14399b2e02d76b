import pytest
import torch
import torch.nn.functional as F

from nbjudge.testing import close, finite, is_tensor, require

EARLIER = ("predict", "evaluate")

# Without a hidden layer (or without a nonlinear function behind it) differences of log-probabilities are linear in X.
NET = """
model = Net()
model.eval()
with torch.no_grad():
    log_probs, mirrored, middle = model(X), model(1 - X), model(X * 0 + 0.5)
count = len(list(model.parameters()))
"""

EPOCHS = """
model = Probe(weight, bias)
model.eval()
optimizer = torch.optim.SGD(model.parameters(), lr=lr)
logs = [train_epoch(model, optimizer, X, y, batch_size=batch_size) for _ in range(epochs)]
modes, sizes, pixels, after = model.modes, model.sizes, model.pixels, model.weight.detach()
"""

# The first pixel tells validation images from the others.
NETWORK = """
model = Net()
seen, trained_on_validation = 0, False


def note(module, inputs):
    global seen, trained_on_validation
    if module.training or torch.is_grad_enabled():
        seen += len(inputs[0])
        trained_on_validation = trained_on_validation or bool((inputs[0].flatten(1)[:, 0] > 0.4).any())


hook = model.register_forward_pre_hook(note)
history = train_network(model, X_train, y_train, X_val, y_val, epochs=epochs)
hook.remove()
del hook, note
model.eval()
with torch.no_grad():
    log_probs = model(X_test)
del X_train, y_train, X_val, y_val, X_test  # or they would be sent back
"""

# What the student's own train_epoch logs, epoch by epoch: who counts right answers there has lost points for that already.
SPY = """
logs = []
original_train_epoch = train_epoch


def train_epoch(*args, **kwargs):
    result = tuple(original_train_epoch(*args, **kwargs))
    logs.append(tuple([float(value) for value in values] for values in result))
    return result
"""


def train_by_hand(X, y, weight, bias, lr, steps):
    """Full-batch SGD on a linear classifier: the weight [784, 10] after it, and losses and accuracies before each step."""
    weight, bias = weight.clone().requires_grad_(), bias.clone().requires_grad_()
    losses, accuracies = [], []
    for _ in range(steps):
        log_probs = torch.log_softmax(X @ weight + bias, dim=-1)
        loss = F.nll_loss(log_probs, y)
        grads = torch.autograd.grad(loss, (weight, bias))
        losses.append(loss.item())
        accuracies.append((log_probs.argmax(dim=-1) == y).double().mean().item())
        with torch.no_grad():
            weight -= lr * grads[0]
            bias -= lr * grads[1]
    return weight.detach(), losses, accuracies


def batch(n):
    """Random images and labels, and the weights of a linear classifier."""
    return {
        "X": torch.rand(n, 784),
        "y": torch.randint(10, (n,)),
        "weight": 0.05 * torch.randn(784, 10),
        "bias": torch.zeros(10),
    }


@pytest.mark.exercise("mnist-train", weight=2)
def test_net_returns_log_probabilities(run_with):
    """Net turns [n, 784] into log-probabilities [n, 10], by way of a hidden layer.

    ru: Net превращает [n, 784] в логарифмы вероятностей [n, 10] с помощью скрытого слоя.
    """
    X = torch.rand(9, 784)
    got = run_with((), NET, X=X)
    is_tensor(got["log_probs"], shape=(9, 10), dtype=torch.float32)
    close(got["log_probs"].exp().sum(dim=-1), torch.ones(9), rtol=1e-3, atol=1e-3)
    require(
        got["count"] > 0, "Net has no parameters to train", ru="у Net нет параметров, которые можно обучать"
    )
    require(
        (got["log_probs"] != got["log_probs"][0]).any(),
        "Net gives the same answer for every image",
        ru="Net отвечает одно и то же на любое изображение",
    )
    here, mirrored, middle = (got[name] - got[name][:, :1] for name in ("log_probs", "mirrored", "middle"))
    bend = ((here + mirrored) / 2 - middle).abs().max()
    require(
        bend > 1e-4 * here.abs().max(),
        "Net is linear but for the log_softmax: it has no hidden layer, or nothing nonlinear behind it",
        ru="Net линейна, если не считать log_softmax: скрытого слоя нет, или за ним нет нелинейной функции",
    )


@pytest.mark.exercise("mnist-train", weight=2)
def test_epoch_passes_all_data_in_training_mode(run_with):
    """One epoch passes every sample once, shuffled, in training mode, and logs a loss and an accuracy per mini-batch.

    ru: Одна эпоха проходит каждый пример один раз, вперемешку, в режиме обучения, и записывает потери и точность каждого мини-батча.
    """
    inputs = batch(40)
    got = run_with(EARLIER, EPOCHS, **inputs, lr=0.1, batch_size=16, epochs=1)
    require(got["modes"], "the model was never called", ru="модель ни разу не вызвана")
    require(all(got["modes"]), "the model was called in evaluation mode", ru="модель вызвана в режиме оценки")
    require(
        sorted(got["sizes"]) == [8, 16, 16],
        f"40 samples in batches of 16 are 16, 16 and 8, not {got['sizes']}",
        ru=f"40 примеров батчами по 16 — это 16, 16 и 8, а не {got['sizes']}",
    )
    pixels = inputs["X"][:, 0].tolist()  # tell the samples apart
    require(
        sorted(got["pixels"]) == sorted(pixels),
        "not every sample was passed once",
        ru="не каждый пример прошёл ровно один раз",
    )
    require(
        got["pixels"] != pixels,
        "the samples came in their old order: shuffle them",
        ru="примеры шли в прежнем порядке: перемешайте их",
    )
    losses, accuracies = got["logs"][0]
    require(
        len(losses) == len(accuracies) == 3,
        f"3 mini-batches, but {len(losses)} losses, {len(accuracies)} accuracies",
        ru=f"мини-батчей 3, а значений потерь {len(losses)}, точности {len(accuracies)}",
    )


@pytest.mark.exercise("mnist-train", weight=3)
def test_epochs_make_the_right_steps(run_with):
    """Three epochs of one mini-batch each lead where three steps of SGD lead.

    ru: Три эпохи по одному мини-батчу приводят туда же, куда три шага SGD.
    """
    inputs = batch(30)
    got = run_with(EARLIER, EPOCHS, **inputs, lr=0.05, batch_size=30, epochs=3)
    expected, _, _ = train_by_hand(**inputs, lr=0.05, steps=3)
    close(got["after"], expected, rtol=1e-3, atol=1e-4)


@pytest.mark.exercise("mnist-train")
def test_epoch_logs_are_right(run_with):
    """The logged losses and accuracies are those of the mini-batch before its step.

    ru: Записанные потери и точность относятся к мини-батчу до шага.
    """
    inputs = batch(30)
    got = run_with(EARLIER, EPOCHS, **inputs, lr=0.05, batch_size=30, epochs=1)
    _, expected_losses, expected_accuracies = train_by_hand(**inputs, lr=0.05, steps=1)
    losses, accuracies = got["logs"][0]
    close([float(loss) for loss in losses], expected_losses, rtol=1e-3)
    close([float(accuracy) for accuracy in accuracies], expected_accuracies, rtol=1e-3)


@pytest.mark.exercise("mnist-train", weight=2)
@pytest.mark.limits(seconds=60)
def test_history(student, run_with, digits):
    """The history holds one number per epoch, and the validation numbers are those of the trained network.

    ru: История хранит по числу на эпоху, и числа валидации относятся к обученной сети.
    """
    # Other labels than the notebook's, and as many epochs as no cell of it asks for.
    X_val, y_val = digits.X_val.clone(), (digits.y_val + 3) % 10
    X_val[:, 0] = 0.5
    inputs = {"X_train": digits.X_train[:960], "y_train": (digits.y_train[:960] + 3) % 10}
    student.replace(SPY)
    got = run_with(EARLIER, NETWORK, **inputs, X_val=X_val, y_val=y_val, X_test=X_val, epochs=4)
    logs = student.get("logs")
    for name in ("train_loss", "train_accuracy", "val_loss", "val_accuracy"):
        numbers = [float(value) for value in got["history"][name]]
        require(
            len(numbers) == 4,
            f"history[{name!r}] has {len(numbers)} numbers after 4 epochs",
            ru=f"в history[{name!r}] после 4 эпох чисел {len(numbers)}",
        )
        finite(numbers)
    require(
        not got["trained_on_validation"],
        "the network was trained on the validation data too",
        ru="сеть обучалась и на валидационных данных",
    )
    require(
        got["seen"] == 4 * 960,
        f"4 epochs over 960 images are {4 * 960} to learn from, not {got['seen']}: use the arguments",
        ru=f"4 эпохи по 960 изображений — это {4 * 960} для обучения, а не {got['seen']}: "
        "используйте аргументы",
    )
    loss = F.nll_loss(got["log_probs"], y_val).item()
    predicted = got["log_probs"].argmax(dim=-1)
    accuracy = (predicted == y_val).double().mean().item()
    require(
        accuracy > (predicted == digits.y_val).double().mean().item(),
        "the network has learned other labels than the given ones: use the arguments",
        ru="сеть выучила не те метки, которые ей дали: используйте аргументы",
    )
    # any epoch will do: who goes back to the best weights at the end is right too
    logged = list(zip(got["history"]["val_loss"], got["history"]["val_accuracy"], strict=True))
    said = "; ".join(f"{float(x):.4f}, {float(a):.4f}" for x, a in logged)
    require(
        any(abs(float(x) - loss) < 1e-3 and abs(float(a) - accuracy) < 1e-3 for x, a in logged),
        f"on the validation data the network has the loss {loss:.4f} and the accuracy {accuracy:.4f}, the history "
        f"says: {said}",
        ru=f"на валидационных данных потери сети {loss:.4f}, точность {accuracy:.4f}, а в истории: {said}",
    )
    for part, name in enumerate(("train_loss", "train_accuracy")):
        found = [float(value) for value in got["history"][name]]
        means = [sum(log[part]) / len(log[part]) for log in logs]
        require(
            not logs or (len(means) == 4 and max(map(abs, map(float.__sub__, found, means))) < 1e-3),
            f"history[{name!r}] is to hold the means over the mini-batches of each epoch, as train_epoch gives them: "
            f"{[round(mean, 4) for mean in means]}, not {[round(value, 4) for value in found]}",
            ru=f"в history[{name!r}] должны быть средние по мини-батчам каждой эпохи из train_epoch: "
            f"{[round(mean, 4) for mean in means]}, а не {[round(value, 4) for value in found]}",
        )
    last_loss = float(got["history"]["train_loss"][-1])
    first_loss = float(got["history"]["train_loss"][0])
    require(
        last_loss < first_loss,
        f"the training loss must fall, but it goes from {first_loss:.4f} to {last_loss:.4f}",
        ru=f"потери при обучении должны падать, а они идут от {first_loss:.4f} к {last_loss:.4f}",
    )


@pytest.mark.exercise("mnist-train", weight=10)
@pytest.mark.limits(seconds=120)
def test_trained_network_recognises_unseen_digits(run_with, digits, credit):
    """Accuracy on 1,000 digits that the notebook never held, after 8 epochs: 0.50 gives nothing, 0.86 everything.

    ru: Точность на 1000 цифр, которых не было в ноутбуке, после 8 эпох: 0,50 не даёт ничего, 0,86 даёт всё.
    """
    public = {name: getattr(digits, name) for name in ("X_train", "y_train", "X_val", "y_val")}
    got = run_with(EARLIER, NETWORK, **public, X_test=digits.hidden_images, epochs=8)
    is_tensor(got["log_probs"], shape=(1000, 10))
    accuracy = (got["log_probs"].argmax(dim=-1) == digits.hidden_labels).double().mean().item()
    credit(
        accuracy,
        full=0.86,
        none=0.50,
        what="accuracy on digits that the notebook never held",
        ru="точность на цифрах, которых не было в ноутбуке",
    )
