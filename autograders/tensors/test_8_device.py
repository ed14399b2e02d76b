import pytest
import torch

from nbjudge.testing import close, require

pytestmark = pytest.mark.limits(seconds=5)  # each call takes milliseconds

# A GPU that comes and goes: where there is none, torch.device("cuda") can be made all the same. The functions'
# code is exchanged, not their names: who wrote `from torch.cuda import is_available` asks the same function.
PICK = """
import torch
asked = [torch.cuda.is_available, torch.cuda.device_count]
kept = [function.__code__ for function in asked]
answers = [lambda: True, lambda: 1] if there else [lambda: False, lambda: 0]
try:
    for function, answer in zip(asked, answers):
        function.__code__ = answer.__code__
    device = pick_device()
finally:
    for function, code in zip(asked, kept):
        function.__code__ = code
del asked, kept, answers, function, answer, code
"""

# "meta" is another device on every machine. Its tensors hold no numbers, so only their places come back.
MOVE = """
import torch
batch = {"images": images, "labels": labels, **others}
tensors = dict(batch)
moved = move_batch(batch, torch.device(device))
places = {name: moved[name].device.type for name in ("images", "labels")}
types = {name: str(moved[name].dtype) for name in ("images", "labels")}
others = {name: moved[name] for name in others}
keys, another = list(moved), moved is not batch
originals = [batch[name] is tensors[name] and batch[name].device.type for name in ("images", "labels")]
values = moved["images"] if places["images"] == "cpu" else None
del moved, batch, tensors
"""


OTHERS = {"name": "first", "count": 3, "nothing": None, "sizes": [2, 3], "share": 0.5}


def move(student, device):
    inputs = {"images": torch.randn(2, 3), "labels": torch.randint(9, (2,))}
    return student.run(MOVE, **inputs, others=OTHERS, device=device)


def make_a_new_one(names):
    require(
        names["another"],
        "move_batch returned the given dictionary: make a new one",
        ru="move_batch вернула исходный словарь: создайте новый",
    )


@pytest.mark.exercise("device")
@pytest.mark.parametrize("there", [True, False], ids=["gpu", "no_gpu"])
def test_pick_device(student, there):
    """`pick_device` prefers CUDA where there is a GPU, and takes the CPU where there is none.

    ru: `pick_device` выбирает CUDA там, где есть видеокарта, и CPU там, где её нет.
    """
    device = student.run(PICK, there=there)["device"]
    kind = type(device).__name__
    require(
        isinstance(device, torch.device),
        f"return a torch.device, not a {kind}",
        ru=f"верните torch.device, а не {kind}",
    )
    expected = "cuda" if there else "cpu"
    require(
        device.type == expected,
        f"is_available() is {there}, so the device is {expected}, not {device}",
        ru=f"is_available() равно {there}, поэтому устройство — {expected}, а не {device}",
    )


@pytest.mark.exercise("device", weight=2)
def test_move_batch(student):
    """`move_batch` gives all tensors on the device, and the other values as they were.

    ru: `move_batch` возвращает все тензоры на устройстве, а остальные значения без изменений.
    """
    names = move(student, "meta")
    require(
        sorted(names["keys"]) == sorted(["images", "labels", "name", "count", "nothing", "sizes", "share"]),
        f"the keys are {names['keys']}",
        ru=f"ключи: {names['keys']}",
    )
    require(
        names["places"] == {"images": "meta", "labels": "meta"},
        f"the tensors are on {names['places']}",
        ru=f"тензоры находятся на {names['places']}",
    )
    require(
        names["types"] == {"images": "torch.float32", "labels": "torch.int64"},
        f"the types are {names['types']}",
        ru=f"типы: {names['types']}",
    )
    require(
        names["others"] == OTHERS,
        f"the other values are {names['others']}, not {OTHERS}",
        ru=f"остальные значения — {names['others']}, а не {OTHERS}",
    )


@pytest.mark.exercise("device")
def test_the_original_stays(student):
    """The given dictionary still holds the same tensors, on the CPU.

    ru: В исходном словаре остаются те же тензоры, на CPU.
    """
    names = move(student, "meta")
    require(names["originals"] == ["cpu", "cpu"], "the given batch was changed", ru="исходный батч изменён")
    make_a_new_one(names)
    require(names["places"]["images"] == "meta", "nothing was moved", ru="ничего не перенесено")


@pytest.mark.exercise("device")
def test_move_to_where_it_is(student):
    """A batch that is on the device already comes back with the same numbers.

    ru: Батч, который уже на устройстве, возвращается с теми же числами.
    """
    names = move(student, "cpu")
    require(
        names["places"] == {"images": "cpu", "labels": "cpu"},
        f"the tensors are on {names['places']}",
        ru=f"тензоры находятся на {names['places']}",
    )
    close(names["values"], names["images"])
    make_a_new_one(names)
