"""Check helpers for autograders. Each raises an AssertionError that says what is wrong in the student's language."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from nbjudge.judge.faults import CheckFailed
from nbjudge.model import Note

if TYPE_CHECKING:
    import torch

SHOWN = 8  # values of a tensor in a message


def close(actual: Any, expected: Any, *, rtol: float | None = None, atol: float | None = None) -> bool:
    """`actual` is a tensor, array or number of `expected`'s kind, shape and dtype, with close values.

    Tolerances are those of torch.testing.assert_close: chosen by dtype unless both are given; one alone sets the
    other to 0. NaN is close to nothing, so an expected NaN is the test's mistake. Returns True.
    """
    import torch

    if (rtol is None) != (atol is None):
        rtol, atol = rtol or 0.0, atol or 0.0
    if _is_number(expected):
        if not _is_number(actual):
            raise CheckFailed(Note("not_a_number", {"got": _kind(actual)}))
        actual, expected = float(actual), float(expected)
    elif type(actual) is not (torch.Tensor if isinstance(expected, torch.Tensor) else type(expected)):
        raise CheckFailed(Note("other_kind", {"expected": _kind(expected), "got": _kind(actual)}))
    try:
        torch.testing.assert_close(actual, expected, rtol=rtol, atol=atol)
    except AssertionError as error:
        if not hasattr(expected, "reshape") or not expected.ndim:
            raise
        values = {"expected": _values(expected), "got": _values(actual), "details": str(error)}
        raise CheckFailed(Note("not_close", values)) from None
    return True


def is_tensor(value: Any, *, shape: Sequence[int] | None = None, dtype: torch.dtype | None = None) -> bool:
    """`value` is a torch tensor, of this shape and dtype where given. Returns True."""
    import torch

    if type(value) is not torch.Tensor:
        raise CheckFailed(Note("not_a_tensor", {"got": _kind(value)}))
    if shape is not None and tuple(value.shape) != tuple(shape):
        shapes = {"expected": str(list(shape)), "got": str(list(value.shape))}
        raise CheckFailed(Note("other_tensor_shape", shapes))
    if dtype is not None and value.dtype != dtype:
        raise CheckFailed(Note("other_dtype", {"expected": str(dtype), "got": str(value.dtype)}))
    return True


def same_shape(actual: Any, expected: Any) -> bool:
    """`actual` has the shape of `expected`, a tensor or an array. Returns True."""
    wanted, got = list(expected.shape), getattr(actual, "shape", None) if _is_plain(actual) else None
    if got is None:
        raise CheckFailed(Note("no_shape", {"expected": str(wanted), "got": _kind(actual)}))
    if list(got) != wanted:
        raise CheckFailed(Note("other_shape", {"expected": str(wanted), "got": str(list(got))}))
    return True


def finite(values: Any) -> bool:
    """Every number in a tensor, array or sequence of numbers is neither NaN nor infinite. Returns True."""
    for position, value in enumerate(_numbers(values)):
        if not math.isfinite(value):
            raise CheckFailed(Note("not_finite", {"position": position, "value": str(value)}))
    return True


def decreasing(values: Any, *, rises: int = 0) -> bool:
    """The numbers fall from each to the next, but for `rises` times; NaN never falls. Returns True."""
    numbers = list(_numbers(values))
    if len(numbers) < 2:
        raise CheckFailed(Note("too_few_values", {"got": len(numbers)}))
    risen = [i for i in range(1, len(numbers)) if not numbers[i] < numbers[i - 1]]
    if len(risen) > rises:
        i = risen[0]
        pair = {
            "value": f"{numbers[i]:.6g}",
            "before": f"{numbers[i - 1]:.6g}",
        }  # text, since they may be NaN
        raise CheckFailed(Note("not_falling", {"position": i, **pair}))
    return True


def _values(array: Any) -> str:
    """Shape and first values of a tensor or array: `float32 [2, 2]: 1, 0.5, 0.25, 0`."""
    flat = array.reshape(-1)
    shown = [f"{value:.6g}" if isinstance(value, float) else str(value) for value in flat[:SHOWN].tolist()]
    more = ", ..." if len(flat) > SHOWN else ""
    return f"{str(array.dtype).removeprefix('torch.')} {list(array.shape)}: {', '.join(shown)}{more}"


def _numbers(values: Any) -> Iterable[float]:
    if not _is_plain(values):
        raise CheckFailed(Note("not_numbers", {"got": _kind(values)}))
    flat = values.reshape(-1).tolist() if hasattr(values, "reshape") else values
    for value in flat:
        if not _is_number(value):
            raise CheckFailed(Note("not_a_number", {"got": _kind(value)}))
        yield float(value)


def _is_plain(value: Any) -> bool:
    import numpy as np
    import torch

    return type(value) in (torch.Tensor, np.ndarray, list, tuple)


def _is_number(value: Any) -> bool:
    import numpy as np
    import torch

    if type(value) is torch.Tensor or isinstance(value, np.ndarray):
        return False if value.ndim else value.dtype not in (torch.bool, np.bool_)
    return type(value) in (int, float) or isinstance(value, np.integer | np.floating)


def _kind(value: Any) -> str | Note:
    import torch

    if type(value) is torch.Tensor:
        return Note("a_tensor", {"dtype": str(value.dtype), "shape": str(list(value.shape))})
    if isinstance(value, int | float | str):
        return Note("a_plain_value", {"type": type(value).__name__, "value": str(value)[:80]})
    return f"{value!r}"[:200] if value is None else f"{type(value).__name__} ({value!r:.100})"
