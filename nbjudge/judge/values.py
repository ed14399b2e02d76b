"""Values as messages for students write them: short, and where they are small, as one would type them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nbjudge.notes import Note

SHOWN = 8  # numbers of a tensor, items of a list
LONGEST = 200  # characters of one value
CALL = 500  # characters of a call with its arguments


def call_text(name: str, arguments: tuple[Any, ...], keywords: Mapping[str, Any]) -> str:
    """A call as one would type it, with large arguments by their shape: `fit(float32 [50, 3], steps=7)`."""
    given = [value_text(value) for value in arguments]
    given += [f"{key}={value_text(value)}" for key, value in keywords.items()]
    return f"{name}({', '.join(given)})"[:CALL]


def inputs_text(inputs: Mapping[str, Any]) -> str:
    """Names with their values, one a line; large tensors by their shape."""
    return "\n".join(f"{name} = {value_text(value)}" for name, value in inputs.items())[:CALL]


def value_text(value: Any) -> str:
    """One value; a tensor of a few numbers as a call that makes it, a larger one by type and shape."""
    try:
        return _text(value)
    except Exception:  # a number of more digits than Python prints, for one
        return f"<{type(value).__name__}>"


def _text(value: Any) -> str:
    import numpy as np
    import torch

    if type(value) is torch.Tensor:
        kind = f"{str(value.dtype).removeprefix('torch.')} {list(value.shape)}"
        if value.numel() > SHOWN:
            return kind
        dtype = "" if value.dtype in (torch.float32, torch.int64, torch.bool) else f", dtype={value.dtype}"
        return f"torch.tensor({_nested(value.tolist())}{dtype})" if value.numel() else kind
    if isinstance(value, np.ndarray):
        return (
            f"np.array({_nested(value.tolist())})"
            if value.size <= SHOWN
            else f"{value.dtype} {list(value.shape)}"
        )
    if isinstance(value, float):
        return number_text(value)
    if type(value) in (list, tuple):
        items = [value_text(item) for item in value[:SHOWN]] + ["..."] * (len(value) > SHOWN)
        ends = "[]" if type(value) is list else "()"
        comma = "," if type(value) is tuple and len(value) == 1 else ""
        return f"{ends[0]}{', '.join(items)}{comma}{ends[1]}"[:LONGEST]
    if type(value) is dict:
        pairs = [f"{key!r:.40}: {value_text(item)}" for key, item in list(value.items())[:SHOWN]]
        return f"{{{', '.join([*pairs, *['...'] * (len(value) > SHOWN)])}}}"[:LONGEST]
    if type(value) in (str, bytes):
        return f"{value[:LONGEST]!r}"
    return f"{value!r:.{LONGEST}}"


def number_text(value: Any, digits: int = 6) -> str:
    """A number with so many significant digits; a float is seen to be one."""
    if not isinstance(value, float):
        return str(value)
    text = f"{value:.{digits}g}"
    return text if any(sign in text for sign in ".en") else f"{text}.0"


def pair_text(expected: Any, got: Any) -> tuple[str, str]:
    """Two numbers, with as many digits as it takes to tell them apart."""
    for digits in (6, 10, 17):
        texts = number_text(expected, digits), number_text(got, digits)
        if texts[0] != texts[1]:
            break
    return texts


def kind_of(value: Any) -> str | Note:
    """What kind of value it is, for a message that expected another kind."""
    import torch

    if type(value) is torch.Tensor:
        return Note("a_tensor", {"dtype": str(value.dtype), "shape": str(list(value.shape))})
    if isinstance(value, int | float | str):
        return Note("a_plain_value", {"type": type(value).__name__, "value": str(value)[:80]})
    return f"{value!r}"[:LONGEST] if value is None else f"{type(value).__name__} ({value!r:.100})"


def _nested(values: Any) -> str:
    if isinstance(values, list):
        return f"[{', '.join(map(_nested, values))}]"
    return number_text(values)
