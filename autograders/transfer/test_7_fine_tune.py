import pytest
import torch

from nbjudge.testing import finite, is_tensor, require

EARLIER = ("choose_parameters", "train_epoch", "evaluate", "snapshot", "fit")

TUNE = """
model = load_backbone()
model.fc = torch.nn.Linear(model.fc.in_features, 4)
before = {name: p.detach().clone() for name, p in model.named_parameters()}
train_loader, val_loader, _ = load_images()
if few:  # enough to see what learns
    train_loader = make_loader(*train_loader.dataset[:32], 16)
    val_loader = make_loader(*val_loader.dataset[:15], 5)
seen = []  # training mode? how many images?
hook = model.register_forward_pre_hook(lambda module, inputs: seen.append((module.training, len(inputs[0]))))
history = fine_tune(model, train_loader, val_loader, cpu, **options)
hook.remove()
moved = [name for name, p in model.named_parameters() if not torch.equal(p, before[name])]
names = list(before)
model.eval()
with torch.no_grad():
    logits = model(images)
del model, hook, before, train_loader, val_loader, images
"""

pytestmark = pytest.mark.limits(seconds=120)


@pytest.fixture
def tuned(run_with, hidden):
    """tuned(few, head_only=True): what fine_tune left of the pretrained network; `logits` [400, 4] of the hidden images."""

    def tune(few=True, **options):
        return run_with(EARLIER, TUNE, images=hidden.images[: 1 if few else 400], few=few, options=options)

    return tune


@pytest.mark.exercise("fine-tune", weight=6)
def test_fine_tuned_network_recognises_unseen_images(tuned, hidden, credit):
    """Accuracy on 400 images that the notebook never held: 0.50 gives nothing, 0.90 everything.

    ru: Точность на 400 изображениях, которых не было в блокноте: 0,50 не даёт ничего, 0,90 даёт всё.
    """
    logits = tuned(few=False)["logits"]
    is_tensor(logits, shape=(400, 4), dtype=torch.float32)
    credit(
        (logits.argmax(dim=1) == hidden.labels).double().mean().item(),
        full=0.90,
        none=0.50,
        what="accuracy on images that the notebook never held",
        ru="точность на изображениях, которых не было в блокноте",
    )


@pytest.mark.exercise("fine-tune")
def test_history(tuned):
    """Returns the history of at most 30 epochs, with the loss lower at the end than in the beginning.

    ru: Возвращает историю не более чем из 30 эпох; потери в конце ниже, чем в начале.
    """
    history = tuned()["history"]
    losses = [float(loss) for loss in history["train_loss"]]
    require(
        1 < len(losses) <= 30,
        f"2 to 30 epochs, not {len(losses)}",
        ru=f"от 2 до 30 эпох, а не {len(losses)}",
    )
    finite(losses)
    require(
        losses[-1] < losses[0],
        f"the training loss was {losses[0]:.3f} first and {losses[-1]:.3f} at the end",
        ru=f"потери при обучении были {losses[0]:.3f} сначала и {losses[-1]:.3f} в конце",
    )


@pytest.mark.exercise("fine-tune")
def test_all_layers_learn(tuned):
    """Without `head_only` all layers learn.

    ru: Без `head_only` обучаются все слои.
    """
    got = tuned()
    still = sorted(set(got["names"]) - set(got["moved"]))
    require(not still, f"these have not learned: {still}", ru=f"не обучались: {still}")


@pytest.mark.exercise("fine-tune", weight=2)
def test_learns_from_the_training_images(tuned):
    """The network learns from the training images only, and is validated on the validation images.

    ru: Сеть учится только на обучающих изображениях, а проверяется на валидационных.
    """
    seen = tuned()["seen"]  # training images come in batches of 16, validation images in batches of 5
    learned, validated = ({size for training, size in seen if training is mode} for mode in (True, False))
    require(
        learned == {16},
        f"in training mode the network saw batches of {sorted(learned)} images, not of 16",
        ru=f"в режиме обучения сеть видела батчи из {sorted(learned)} изображений, а не из 16",
    )
    require(
        5 in validated,
        "the validation images were never passed in evaluation mode",
        ru="валидационные изображения ни разу не прошли через сеть в режиме оценки",
    )


@pytest.mark.exercise("fine-tune", weight=2)
def test_only_the_head_learns(tuned):
    """With `head_only=True` only `fc` learns.

    ru: С `head_only=True` обучается только `fc`.
    """
    got = tuned(head_only=True)
    moved = sorted(got["moved"])
    require(moved == ["fc.bias", "fc.weight"], f"these learned: {moved}", ru=f"обучались: {moved}")
