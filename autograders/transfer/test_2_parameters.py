import pytest

from nbjudge.testing import require

CHOOSE = """
import torch

class Block(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = torch.nn.Linear(5, 5)


class Small(torch.nn.Module):  # other layers may have names like the head's
    def __init__(self):
        super().__init__()
        self.fc_first = Block()
        self.first = torch.nn.Linear(4, 5)
        self.norm = torch.nn.BatchNorm1d(5)
        self.fc = torch.nn.Linear(5, 2)

model = Small()
names = {id(p): name for name, p in model.named_parameters()}
for head_only in calls:
    chosen = list(choose_parameters(model, head_only))
returned = sorted(names.get(id(p), "no parameter of the model") for p in chosen)
trained = sorted(name for name, p in model.named_parameters() if p.requires_grad)
unchanged = sorted(names.values()) == sorted(name for name, _ in model.named_parameters())
del model, names, chosen
"""
FIRST, FC = (
    "        self.first =",
    "        self.fc = torch.nn.Linear(5, 2)\n",
)  # a layer keeps its first place
HEAD = ["fc.bias", "fc.weight"]
BODY = ["fc_first.fc.weight", "fc_first.fc.bias", "first.weight", "first.bias", "norm.weight", "norm.bias"]
ALL = sorted([*HEAD, *BODY])


def check(student, calls, expected, code=CHOOSE):
    got = student.run(code, calls=calls)
    require(
        got["unchanged"],
        "the model's parameters have other names than before",
        ru="у параметров модели другие имена, чем раньше",
    )
    for what, russian in (("returned", "возвращены"), ("trained", "требуют градиента")):
        require(
            got[what] == expected,
            f"after head_only={calls[-1]}, {what}: {got[what]}, expected: {expected}",
            ru=f"после head_only={calls[-1]} {russian}: {got[what]}, ожидалось: {expected}",
        )


@pytest.mark.exercise("parameters", weight=3)
def test_only_the_head(student):
    """`head_only=True`: weight and bias of `fc` require a gradient and are returned, nothing else.

    ru: `head_only=True`: градиента требуют и возвращаются вес и свободный член `fc`, больше ничего.
    """
    check(student, [True], HEAD)


@pytest.mark.exercise("parameters", weight=3)
def test_everything(student):
    """`head_only=False`: all parameters require a gradient and are returned.

    ru: `head_only=False`: градиента требуют и возвращаются все параметры.
    """
    check(student, [False], ALL)


@pytest.mark.exercise("parameters", weight=2)
def test_thaw(student):
    """A model that was frozen is thawed again.

    ru: Замороженная модель снова размораживается.
    """
    check(student, [True, False], ALL)


@pytest.mark.exercise("parameters")
def test_freeze_again(student):
    """Back and forth: the last call counts.

    ru: Туда и обратно: действует последний вызов.
    """
    check(student, [False, True], HEAD)
    check(student, [True, False, True], HEAD)


@pytest.mark.exercise("parameters")
def test_a_frozen_head(student):
    """A head that came frozen is thawed by either choice, wherever it stands among the layers.

    ru: Замороженный последний слой размораживается при любом выборе, где бы среди слоёв он ни был объявлен.
    """
    frozen = CHOOSE.replace("model = Small()", "model = Small().requires_grad_(False)")
    for code in (frozen, frozen.replace(FIRST, FC + FIRST)):
        check(student, [True], HEAD, code)
        check(student, [False], ALL, code)
