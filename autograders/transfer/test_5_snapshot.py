import pytest
import torch

from nbjudge.testing import close, require

SNAPSHOT = """
import torch


class Counter(torch.nn.Module):  # a buffer that no list of known names holds
    def __init__(self):
        super().__init__()
        self.register_buffer("images", torch.zeros(()))

    def forward(self, x):
        if self.training:
            self.images += len(x)
        return x


model = torch.nn.Sequential(
    torch.nn.Linear(3, 40), torch.nn.BatchNorm1d(40), torch.nn.Linear(40, 30), Counter()
)
model(X)
model.eval()
before = model(X).detach()
names = list(model.state_dict())
kept = snapshot(model)
values = {name: value.detach().clone() for name, value in model.state_dict().items()}
kept_names = list(kept)
# further training: every parameter and every buffer moves
model.train()
optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
for _ in range(3):
    optimizer.zero_grad()
    model(X + 1).square().mean().backward()
    optimizer.step()
model.eval()
after = model(X).detach()
still = {name: kept[name].detach().clone() for name in kept_names if name in values}
model.load_state_dict(kept)
model.eval()
restored = model(X).detach()
del model, optimizer, kept
"""
PARAMETERS = ["0.weight", "0.bias", "1.weight", "1.bias", "2.weight", "2.bias"]


def check_values(got, names):
    for name in names:
        require(name in got["still"], f"{name} is missing from the snapshot", ru=f"в снимке нет {name}")
        close(got["still"][name], got["values"][name])


@pytest.fixture
def taken(student):
    """What a snapshot held before and after further training, and what the model computed."""
    got = student.run(SNAPSHOT, X=torch.randn(16, 3))
    require(
        not torch.allclose(got["before"], got["after"]),
        "the model has not learned: calling snapshot froze it",
        ru="модель не обучилась: вызов snapshot её заморозил",
    )
    return got


@pytest.mark.exercise("snapshot", weight=4)
def test_parameters_stay(taken):
    """Later training does not change the parameters in the snapshot.

    ru: Дальнейшее обучение не меняет параметры в снимке.
    """
    check_values(taken, PARAMETERS)


@pytest.mark.exercise("snapshot", weight=2)
def test_statistics_stay(taken):
    """Later training does not change the statistics of batch normalisation, or any other buffer, in the snapshot.

    ru: Дальнейшее обучение не меняет в снимке ни статистику batch normalization, ни другие буферы.
    """
    check_values(taken, ["1.running_mean", "1.running_var", "1.num_batches_tracked", "3.images"])


@pytest.mark.exercise("snapshot")
def test_names(taken):
    """The names are those of the state_dict.

    ru: Имена те же, что в state_dict.
    """
    names, kept = sorted(taken["names"]), sorted(taken["kept_names"])
    require(kept == names, f"expected {names}, got {kept}", ru=f"ожидались {names}, получены {kept}")


@pytest.mark.exercise("snapshot", weight=3)
def test_brings_the_model_back(taken):
    """`load_state_dict(snapshot)` brings back the model's outputs.

    ru: `load_state_dict(snapshot)` возвращает прежние выходы модели.
    """
    close(taken["restored"], taken["before"])
