"""A GPU that is not there: what moves to it, what stays, and what may not meet."""

import copy
from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from nbjudge.student.pretend_gpu import PretendGpu

MOVES: list[Callable[[torch.Tensor, torch.device], torch.Tensor]] = [
    lambda x, place: x.to(place),
    lambda x, place: x.to("cuda"),
    lambda x, place: x.to("cuda:0", non_blocking=True),
    lambda x, place: x.to(device=place, dtype=x.dtype),
    lambda x, place: x.to(place, torch.float32, True),
    lambda x, place: x.to(torch.ones(1, device=place)),
    lambda x, place: x.cuda(),
    lambda x, place: x.cuda(0),
    lambda x, place: x.type("torch.cuda.FloatTensor"),
    lambda x, place: x.type_as(torch.ones(1, device=place)),
    lambda x, place: torch.as_tensor(x, device=place),
    lambda x, place: torch.asarray(x, device=place),
    lambda x, place: torch.tensor(x.tolist(), device=place),
    lambda x, place: torch.zeros(1, device=place).new_tensor(x.tolist()),
    lambda x, place: x.new_ones(2, device=place),
    lambda x, place: torch.ones(2, device=place).copy_(x),
    lambda x, place: torch.zeros_like(x, device=place),
    lambda x, place: torch.stack([part.to(place) for part in x]),
    lambda x, place: x.pin_memory().to(place, non_blocking=True),
]


@pytest.mark.parametrize("move", MOVES)
def test_every_way_to_move_a_tensor(move: Callable[[torch.Tensor, torch.device], torch.Tensor]) -> None:
    with PretendGpu() as gpu:
        x = torch.ones(2)
        there = move(x, gpu.device)
        assert there.device == gpu.device and there.is_cuda and there.get_device() == 0
        assert x.device.type == "cpu" and not x.is_cuda
        assert (there + there).is_cuda and (there * 2)[0].is_cuda and there.float().is_cuda
        with pytest.raises(RuntimeError, match="same device"):
            there + x
        with pytest.raises(TypeError, match="cuda:0"):
            there.numpy()
        back = there.cpu()
        assert not back.is_cuda and torch.equal(back + x, back + 1) and back.numpy().shape == (2,)
        assert there.to("cpu").is_cpu and there.type(torch.FloatTensor).is_cpu
        assert there.to(gpu.device) is there and x.to("cpu") is x
    assert torch.equal(there.cpu(), back)


def test_a_model_learns_there() -> None:
    torch.manual_seed(0)
    X, y = torch.randn(12, 3), torch.randint(4, (12,))
    model = nn.Sequential(nn.Linear(3, 5), nn.BatchNorm1d(5), nn.Dropout(0.1), nn.Linear(5, 4))
    before = model[0].weight.detach().clone()
    with PretendGpu() as gpu:
        model.to(gpu.device)
        assert all(parameter.is_cuda for parameter in model.parameters())
        assert all(buffer.is_cuda for buffer in model.buffers())
        optimizers: list[torch.optim.Optimizer] = [
            torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9),
            torch.optim.Adam(model.parameters()),
            torch.optim.RMSprop(model.parameters()),
        ]
        for images, labels in DataLoader(TensorDataset(X, y), 4, shuffle=True):
            with pytest.raises(RuntimeError, match="same device"):
                model(images)
            logits = model(images.to(gpu.device))
            with pytest.raises(RuntimeError, match="same device"):
                F.cross_entropy(logits, labels)
            loss = F.cross_entropy(logits, labels.to(gpu.device))
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            for optimizer in optimizers:
                optimizer.step()
            assert loss.item() > 0 and logits.argmax(1).cpu().eq(labels).sum() >= 0
        total = torch.zeros(())
        total += loss.detach().cpu()
        kept = copy.deepcopy(model)
        assert all(parameter.is_cuda for parameter in kept.parameters())
        model.load_state_dict({name: value.cpu() for name, value in kept.state_dict().items()})
        assert not torch.equal(model.cpu()[0].weight, before)
        assert all(not parameter.is_cuda for parameter in model.parameters())
        assert nn.Linear(2, 2).to_empty(device="cuda").weight.is_cuda and nn.Linear(2, 2).cuda().bias.is_cuda


def test_numbers_and_indices_of_the_cpu_may_meet_it() -> None:
    with PretendGpu() as gpu:
        x = torch.arange(4.0, device=gpu.device)
        assert (x * torch.tensor(2.0)).is_cuda and x[torch.tensor([0, 1])].is_cuda
        assert torch.cat([torch.ones(1), torch.ones(2)]).is_cpu
        with pytest.raises(RuntimeError, match="same device"):
            torch.cat([torch.ones(1), x])
        with pytest.raises(RuntimeError, match="same device"):
            torch.ones(4)[x.long()]
        assert torch.ones(2, device="meta").device.type == "meta" and x.to("meta").device.type == "meta"
