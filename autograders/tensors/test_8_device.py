import pytest
import torch

from nbjudge.testing import close

pytestmark = pytest.mark.limits(seconds=5)  # each call takes milliseconds

# A GPU that comes and goes: where there is none, torch.device("cuda") can be made all the same.
PICK = """
import torch
kept = torch.cuda.is_available, torch.cuda.device_count
torch.cuda.is_available, torch.cuda.device_count = lambda: there, lambda: int(there)
try:
    device = pick_device()
finally:
    torch.cuda.is_available, torch.cuda.device_count = kept
del kept
"""

# "meta" is another device on every machine. Its tensors hold no numbers, so only their places come back.
MOVE = """
import torch
batch = {"images": images, "labels": labels, "name": "first", "count": 3, "nothing": None}
tensors = dict(batch)
moved = move_batch(batch, torch.device(device))
places = {name: moved[name].device.type for name in ("images", "labels")}
types = {name: str(moved[name].dtype) for name in ("images", "labels")}
others = {name: moved[name] for name in ("name", "count", "nothing")}
keys, another = list(moved), moved is not batch
originals = [batch[name] is tensors[name] and batch[name].device.type for name in ("images", "labels")]
values = moved["images"] if places["images"] == "cpu" else None
del moved, batch, tensors
"""


def move(student, device):
    return student.run(MOVE, images=torch.randn(2, 3), labels=torch.randint(9, (2,)), device=device)


@pytest.mark.exercise("device")
@pytest.mark.parametrize("there", [True, False], ids=["gpu", "no_gpu"])
def test_pick_device(student, there):
    """`pick_device` prefers CUDA where there is a GPU, and takes the CPU where there is none.

    ru: `pick_device` выбирает CUDA там, где есть видеокарта, и CPU там, где её нет.
    """
    device = student.run(PICK, there=there)["device"]
    assert isinstance(device, torch.device), f"return a torch.device, not a {type(device).__name__}"
    expected = "cuda" if there else "cpu"
    assert device.type == expected, f"is_available() is {there}, so the device is {expected}, not {device}"


@pytest.mark.exercise("device", weight=2)
def test_move_batch(student):
    """`move_batch` gives all tensors on the device, and the other values as they were.

    ru: `move_batch` возвращает все тензоры на устройстве, а остальные значения без изменений.
    """
    names = move(student, "meta")
    assert names["keys"] == ["images", "labels", "name", "count", "nothing"], f"the keys are {names['keys']}"
    assert names["places"] == {"images": "meta", "labels": "meta"}, f"the tensors are on {names['places']}"
    assert names["types"] == {"images": "torch.float32", "labels": "torch.int64"}, (
        f"the types are {names['types']}"
    )
    assert names["others"] == {"name": "first", "count": 3, "nothing": None}, f"others: {names['others']}"


@pytest.mark.exercise("device")
def test_the_original_stays(student):
    """The given dictionary still holds the same tensors, on the CPU.

    ru: В исходном словаре остаются те же тензоры, на CPU.
    """
    names = move(student, "meta")
    assert names["originals"] == ["cpu", "cpu"], "the given batch was changed"
    assert names["another"], "move_batch returned the given dictionary: make a new one"
    assert names["places"]["images"] == "meta", "nothing was moved"


@pytest.mark.exercise("device")
def test_move_to_where_it_is(student):
    """A batch that is on the device already comes back with the same numbers.

    ru: Батч, который уже на устройстве, возвращается с теми же числами.
    """
    names = move(student, "cpu")
    assert names["places"] == {"images": "cpu", "labels": "cpu"}, f"the tensors are on {names['places']}"
    close(names["values"], names["images"])
    assert names["another"], "move_batch returned the given dictionary: make a new one"
