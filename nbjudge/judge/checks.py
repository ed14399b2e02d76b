"""Check helpers for autograders. Each raises an AssertionError that says what is wrong in the student's language."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nbjudge.judge.faults import CheckFailed, Required
from nbjudge.judge.values import SHOWN, kind_of, number_text, pair_text, value_text
from nbjudge.notes import Note

if TYPE_CHECKING:
    import torch


def require(condition: Any, message: str, /, **languages: str) -> bool:
    """`condition` holds; else students read `message`, or what stands for their language: `ru="..."`. Returns True."""
    if not condition:
        raise Required({"": message, **languages})
    return True


def close(actual: Any, expected: Any, *, rtol: float | None = None, atol: float | None = None) -> bool:
    """`actual` is a tensor, array, number or list of numbers like `expected`, of its shape and dtype, with close values.

    Tolerances are those of torch.testing.assert_close: chosen by dtype unless both are given; one alone sets the
    other to 0. NaN is close to nothing, so an expected NaN is the test's mistake. Returns True.
    """
    import torch

    if (rtol is None) != (atol is None):
        rtol, atol = rtol or 0.0, atol or 0.0
    if _is_number(expected):
        if not _is_number(actual):
            raise CheckFailed(Note("not_a_number", {"got": kind_of(actual)}))
        actual, expected = float(actual), float(expected)
    elif type(actual) is not (torch.Tensor if isinstance(expected, torch.Tensor) else type(expected)):
        raise CheckFailed(Note("other_kind", {"expected": kind_of(expected), "got": kind_of(actual)}))
    _same_form(actual, expected)
    try:
        torch.testing.assert_close(actual, expected, rtol=rtol, atol=atol)
    except AssertionError as error:
        raise CheckFailed(_difference(actual, expected, rtol, atol) or _details(error)) from None
    return True


def is_tensor(value: Any, *, shape: Sequence[int] | None = None, dtype: torch.dtype | None = None) -> bool:
    """`value` is a torch tensor, of this shape and dtype where given. Returns True."""
    import torch

    if type(value) is not torch.Tensor:
        raise CheckFailed(Note("not_a_tensor", {"got": kind_of(value)}))
    if shape is not None and tuple(value.shape) != tuple(shape):
        raise CheckFailed(_other_shape("other_tensor_shape", shape, value.shape))
    if dtype is not None and value.dtype != dtype:
        raise CheckFailed(Note("other_dtype", {"expected": str(dtype), "got": str(value.dtype)}))
    return True


def same_shape(actual: Any, expected: Any) -> bool:
    """`actual` has the shape of `expected`, a tensor or an array. Returns True."""
    wanted, got = list(expected.shape), getattr(actual, "shape", None) if _is_plain(actual) else None
    if got is None:
        raise CheckFailed(Note("no_shape", {"expected": str(wanted), "got": kind_of(actual)}))
    if list(got) != wanted:
        raise CheckFailed(_other_shape("other_shape", wanted, got))
    return True


def unchanged(names: Mapping[str, Any], **before: Any) -> bool:
    """After `run`, the arguments are as they were sent: numbers, shape, type, and whether a gradient is required."""
    import torch

    for name, value in before.items():
        after = names[name]
        if isinstance(value, torch.Tensor):
            same = type(after) is torch.Tensor and after.shape == value.shape and after.dtype == value.dtype
            if not (same and torch.equal(after, value)):
                values = {"name": name, "expected": value_text(value), "got": value_text(after)}
                raise CheckFailed(Note("argument_changed", values))
            if after.origin.requires_grad != value.requires_grad:
                raise CheckFailed(Note("requires_grad_changed", {"name": name}))
        elif type(after) is not type(value) or after != value:
            values = {"name": name, "expected": value_text(value), "got": value_text(after)}
            raise CheckFailed(Note("argument_changed", values))
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


def _same_form(actual: Any, expected: Any) -> None:
    """CheckFailed for another shape, type or length, before any number is looked at."""
    if hasattr(expected, "shape"):
        if tuple(actual.shape) != tuple(expected.shape):
            raise CheckFailed(_other_shape("other_shape", expected.shape, actual.shape))
        if actual.dtype != expected.dtype:
            raise CheckFailed(
                Note("other_dtype", {"expected": str(expected.dtype), "got": str(actual.dtype)})
            )
    elif isinstance(expected, list | tuple) and len(actual) != len(expected):
        raise CheckFailed(Note("other_length", {"expected": len(expected), "got": len(actual)}))


def _other_shape(kind: Any, expected: Sequence[int], got: Sequence[int]) -> Note:
    shapes = {"expected": str(list(expected)), "got": str(list(got))}
    wanted = [size for size in expected if size != 1]
    # What a column minus a row gives, as [n, 1] - [n] does.
    if len(wanted) == 1 and wanted[0] > 1 and list(got) == wanted * 2:
        return Note("broadcast_shape", {**shapes, "n": wanted[0]})
    return Note(kind, shapes)


def _difference(actual: Any, expected: Any, rtol: float | None, atol: float | None) -> Note | None:
    """Where two of one form differ; None if they are nothing that has numbers."""
    try:
        got, wanted = _as_tensor(actual), _as_tensor(expected)
        wrong = ~_near(got, wanted, rtol, atol)
    except (TypeError, ValueError, RuntimeError):
        return None
    places = wrong.nonzero()
    if not len(places) or got.shape != wanted.shape:
        return None
    at = tuple(places[0].tolist())
    pair = pair_text(wanted[at].item(), got[at].item())
    if wanted.numel() == 1:
        return Note("not_close_number", {"expected": pair[0], "got": pair[1]})
    values: dict[str, str | int] = {"n": len(places), "of": wanted.numel(), "at": str(list(at))}
    values |= {"expected": pair[0], "got": pair[1]}
    if wanted.numel() > SHOWN:
        return Note("not_close", values)
    return Note("not_close_few", {**values, "all_expected": _few(wanted), "all_got": _few(got)})


def _as_tensor(values: Any) -> torch.Tensor:
    import torch

    plain = not hasattr(values, "shape")
    return torch.tensor(values, dtype=torch.float64) if plain else torch.as_tensor(values)


def _near(got: torch.Tensor, wanted: torch.Tensor, rtol: float | None, atol: float | None) -> torch.Tensor:
    import torch

    if rtol is None or atol is None:
        precise = {torch.float16: (1e-3, 1e-5), torch.bfloat16: (1.6e-2, 1e-5), torch.float32: (1.3e-6, 1e-5)}
        rtol, atol = precise.get(wanted.dtype, (1e-7, 1e-7))
    if not wanted.is_floating_point() and not wanted.is_complex():
        got, wanted = got.double(), wanted.double()
    return torch.isclose(got, wanted, rtol=rtol, atol=atol)


def _few(values: torch.Tensor) -> str:
    return ", ".join(number_text(value) for value in values.reshape(-1).tolist())


def _details(error: AssertionError) -> Note:
    return Note("not_close_details", {"details": str(error)})


def _numbers(values: Any) -> Iterable[float]:
    if not _is_plain(values):
        raise CheckFailed(Note("not_numbers", {"got": kind_of(values)}))
    flat = values.reshape(-1).tolist() if hasattr(values, "reshape") else values
    for value in flat:
        if not _is_number(value):
            raise CheckFailed(Note("not_a_number", {"got": kind_of(value)}))
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
