import pytest
import torch

from nbjudge.testing import finite, is_tensor, require

REPLACED = """
import torch
body = torch.nn.Linear(5, features)
model = torch.nn.ModuleDict({"body": body, "fc": torch.nn.Linear(features, 6)})
model.fc = model["fc"]
kept = body.weight.detach().clone()
old = model.fc
result = replace_head(model, n_classes)
same, new = result is model, model.fc is not old
is_linear = isinstance(model.fc, torch.nn.Linear)
body_stays = model["body"] is body and torch.equal(body.weight, kept) and body.weight.requires_grad
copied = any(torch.equal(row, other) for row in model.fc.weight for other in old.weight)
sizes = model.fc.in_features, model.fc.out_features
trainable = all(p.requires_grad for p in model.fc.parameters())
del model, result, old, body
"""
STILL_OLD = "fc is still the old layer", "fc — всё ещё прежний слой"
CLASSIFY = """
model = replace_head(load_backbone(), n_classes)
model.eval()
logits = model(images).detach()
del model
"""


@pytest.mark.exercise("head", weight=4)
def test_sizes(student):
    """The new layer takes as many features as the old one and has one output per class.

    ru: Новый слой принимает столько же признаков, сколько прежний, и имеет по выходу на класс.
    """
    for features, n_classes in ((7, 3), (20, 5), (12, 1)):
        got = student.run(REPLACED, features=features, n_classes=n_classes)
        require(got["is_linear"], "fc is no nn.Linear", ru="fc — не nn.Linear")
        found = tuple(got["sizes"])
        require(
            found == (features, n_classes),
            f"fc maps {found[0]} features to {found[1]} classes, expected {features} to {n_classes}",
            ru=f"fc переводит {found[0]} признаков в {found[1]} классов, ожидалось: {features} в {n_classes}",
        )


@pytest.mark.exercise("head", weight=2)
def test_returns_the_same_model(student):
    """The given model is changed and returned.

    ru: Изменяется и возвращается та же модель.
    """
    got = student.run(REPLACED, features=4, n_classes=2)
    require(got["new"], STILL_OLD[0], ru=STILL_OLD[1])
    require(got["same"], "return the model that was given", ru="верните ту же модель, что получили")


@pytest.mark.exercise("head", weight=2)
def test_other_layers_stay(student):
    """The other layers keep their weights and stay trainable; the new one is untrained, and trainable too.

    ru: Остальные слои сохраняют веса и остаются обучаемыми; новый слой необученный и тоже обучаемый.
    """
    got = student.run(REPLACED, features=9, n_classes=4)
    require(got["new"], STILL_OLD[0], ru=STILL_OLD[1])
    require(got["body_stays"], "a layer before fc has changed", ru="изменился слой перед fc")
    require(
        not got["copied"],
        "the new layer holds weights of the old one: it is to be untrained",
        ru="в новом слое веса прежнего: он должен быть необученным",
    )
    require(
        got["trainable"],
        "the new layer does not require a gradient",
        ru="новый слой не требует градиента",
    )


@pytest.mark.exercise("head", weight=2)
def test_backbone_with_a_new_head(student):
    """The pretrained network classifies images into the new classes.

    ru: Предобученная сеть относит изображения к новым классам.
    """
    logits = student.run(CLASSIFY, n_classes=4, images=torch.rand(6, 1, 28, 28))["logits"]
    is_tensor(logits, shape=(6, 4))
    finite(logits)
