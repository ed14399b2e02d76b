import pytest
import torch
import torch.nn.functional as F

from nbjudge.testing import close, require

EARLIER = ("train_epoch", "evaluate", "snapshot")

FIT = """
model = Probe(weight, bias)
optimizer = torch.optim.SGD(model.parameters(), lr=lr)
scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: (factors + [0.0])[epoch])
train_loader, val_loader = make_loader(X, y, batch_size), make_loader(X_val, y_val, batch_size)
history = fit(model, train_loader, val_loader, optimizer, scheduler, len(factors), cpu)
weight, bias = model.weight.detach(), model.bias.detach()
del model, optimizer, scheduler, train_loader, val_loader
"""
LR, BATCH = 0.2, 8


@pytest.fixture
def story(case, train_by_hand):
    """story(factors, wanted): a problem whose epochs, with these rates, turn out as `wanted(losses, accuracies)` says.

    With `never_right` the validation labels are such that no epoch gets any of them right.

    Returns the inputs and what each epoch leaves: weights, biases, train_losses, val_losses, val_accuracies.
    """

    def find(factors, wanted, never_right=False):
        for _ in range(2000):
            inputs, validation = case(16), case(12)
            inputs |= {"X_val": validation["X"], "y_val": validation["y"]}
            start = {name: inputs[name] for name in ("X", "y", "weight", "bias")}
            epochs = list(train_by_hand(**start, rates=[LR * f for f in factors], batch_size=BATCH))
            logits = [inputs["X_val"] @ weight + bias for weight, bias, _ in epochs]
            best = [out.topk(2).values for out in logits]
            if min((two[:, 0] - two[:, 1]).min().item() for two in best) < 1e-3:
                continue  # rounding would decide
            if never_right:
                found = torch.stack([out.argmax(dim=1) for out in logits])  # [epochs, n]
                inputs["y_val"] = torch.tensor([min({0, 1, 2} - set(row)) for row in found.T.tolist()])
            losses = [F.cross_entropy(out, inputs["y_val"]).item() for out in logits]
            hits = [(out.argmax(dim=1) == inputs["y_val"]).double().mean().item() for out in logits]
            if wanted(losses, hits):
                weights, biases, train_losses = zip(*epochs, strict=True)
                return inputs, {
                    "weight": weights,
                    "bias": biases,
                    "train_loss": list(train_losses),
                    "val_loss": losses,
                    "val_accuracy": hits,
                }
        raise RuntimeError("no such story in 2000 random problems")

    return find


def last(values):
    """The last position of the maximum."""
    return max(range(len(values)), key=lambda i: (values[i], i))


def check_kept(run_with, inputs, epochs, factors):
    """The model is left with the weights of the first epoch of the highest accuracy."""
    got = run_with(EARLIER, FIT, **inputs, lr=LR, factors=factors, batch_size=BATCH)
    best = epochs["val_accuracy"].index(max(epochs["val_accuracy"]))
    for name in ("weight", "bias"):
        close(got[name], epochs[name][best], rtol=1e-3, atol=1e-4)


@pytest.mark.exercise("fit", weight=2)
def test_rates(run_with, story):
    """The rate of each epoch: the optimizer's own in the first, the scheduler's afterwards, one step per epoch.

    ru: Скорость каждой эпохи: в первой — исходная, затем — от планировщика, по одному шагу за эпоху.
    """
    factors = [1.0, 0.5, 0.5, 0.1]
    inputs, _ = story(factors, lambda losses, hits: True)
    got = run_with(EARLIER, FIT, **inputs, lr=LR, factors=factors, batch_size=BATCH)
    close([float(rate) for rate in got["history"]["rate"]], [LR * factor for factor in factors], rtol=1e-5)


@pytest.mark.exercise("fit", weight=3)
def test_history(run_with, story):
    """The history holds the losses and the accuracy of every epoch, trained with its own rate.

    ru: История хранит потери и точность каждой эпохи, обученной со своей скоростью.
    """
    factors = [1.0, 3.0, 0.1, 0.5, 2.0]
    inputs, epochs = story(factors, lambda losses, hits: len(set(hits)) > 2)
    got = run_with(EARLIER, FIT, **inputs, lr=LR, factors=factors, batch_size=BATCH)
    for name in ("train_loss", "val_loss", "val_accuracy"):
        require(
            not any(isinstance(value, torch.Tensor) for value in got["history"][name]),
            f"history[{name!r}] holds tensors, not floats",
            ru=f"в history[{name!r}] тензоры, а не числа float",
        )
        numbers = [float(value) for value in got["history"][name]]
        require(
            len(numbers) == 5,
            f"5 epochs give 5 numbers, history[{name!r}] has {len(numbers)}",
            ru=f"5 эпох дают 5 чисел, а в history[{name!r}] их {len(numbers)}",
        )
        close(numbers, epochs[name], rtol=1e-3, atol=1e-4)


@pytest.mark.exercise("fit", weight=4)
def test_best_epoch_in_the_middle(run_with, story):
    """The best epoch lies in the middle: its weights are kept.

    ru: Лучшая эпоха в середине: сохранены её веса.
    """
    factors = [1.0, 1.0, 1.0, -6.0, -6.0]  # uphill in the end
    inputs, epochs = story(factors, lambda losses, hits: 0 < hits.index(max(hits)) == last(hits) < 3)
    check_kept(run_with, inputs, epochs, factors)


@pytest.mark.exercise("fit", weight=2)
def test_first_or_last_epoch_is_best(run_with, story):
    """The best epoch is the first, the last, or the only one.

    ru: Лучшая эпоха — первая, последняя или единственная.
    """
    for factors, best in (([0.5, -3.0, -3.0], 0), ([1.0, 1.0, 1.0], 2), ([1.0], 0)):
        inputs, epochs = story(
            factors, lambda losses, hits, best=best: hits.index(max(hits)) == last(hits) == best
        )
        check_kept(run_with, inputs, epochs, factors)


@pytest.mark.exercise("fit")
def test_earliest_of_equal_epochs(run_with, story):
    """Of equally good epochs the earliest counts, even if none gets any image right.

    ru: Из одинаково хороших эпох берётся самая ранняя, даже если ни одна не угадала ни одного изображения.
    """
    factors = [1.0, 0.5, 0.5, -3.0]
    inputs, epochs = story(factors, lambda losses, hits: hits.index(max(hits)) < last(hits))
    check_kept(run_with, inputs, epochs, factors)
    inputs, epochs = story([1.0, 0.5], lambda losses, hits: max(hits) == 0, never_right=True)
    check_kept(run_with, inputs, epochs, [1.0, 0.5])


@pytest.mark.exercise("fit", weight=2)
def test_accuracy_decides(run_with, story):
    """The accuracy decides, not the loss.

    ru: Решает точность, а не потери.
    """
    factors = [2.0, 2.0, 2.0, 2.0, 2.0]
    inputs, epochs = story(
        factors, lambda losses, hits: hits.index(max(hits)) == last(hits) != losses.index(min(losses))
    )
    check_kept(run_with, inputs, epochs, factors)
