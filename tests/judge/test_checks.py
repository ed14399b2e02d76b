"""close, is_tensor, same_shape, finite and decreasing."""

import numpy as np
import pytest
import torch

from nbjudge.model import Note
from nbjudge.testing import close, decreasing, finite, is_tensor, same_shape


def test_close():
    assert (
        close(torch.ones(2), torch.ones(2))
        and close(1, 1.0)
        and close(np.float32(1), 1)
        and close(torch.tensor(1.0), 1)
    )
    assert close([1.0, 2], [1.0, 2]) and close(np.ones(2), np.ones(2)) and close(1.05, 1.0, rtol=0, atol=0.1)
    assert close(torch.ones(1), torch.nn.Parameter(torch.ones(1)).detach()) and close(1.09, 1.0, rtol=0.1)
    for actual, expected in [
        (torch.ones(2), torch.ones(3)),
        (torch.ones(2), torch.ones(2, dtype=torch.float64)),
        (torch.ones(2, 1), torch.ones(2)),
        (np.ones(2), torch.ones(2)),
        (None, 1.0),
        (True, 1.0),
        ("1", 1.0),
        (torch.ones(2), 1.0),
        (float("nan"), float("nan")),
        (torch.tensor([float("nan")]), torch.tensor([float("nan")])),
        (1.1, 1.0),
        ([1.0], [1.0, 1.0]),
    ]:
        with pytest.raises(AssertionError):
            close(actual, expected)
    with pytest.raises(
        AssertionError, match=r"expected a tensor of torch.float32 with shape \[2\], got None"
    ) as caught:
        close(None, torch.ones(2))
    expected = Note("a_tensor", {"dtype": "torch.float32", "shape": "[2]"})
    assert caught.value.note == Note("other_kind", {"expected": expected, "got": "None"})


def test_what_a_check_quotes_is_clean():
    with pytest.raises(AssertionError) as caught:
        close("\x1b[31m\u202ered", 1.0)
    assert caught.value.note.values["got"] == Note("a_plain_value", {"type": "str", "value": "red"})
    assert str(caught.value) == "expected a number, got the str red"


def test_close_says_what_was_expected_and_what_came():
    with pytest.raises(AssertionError) as caught:
        close(torch.tensor([1.0, 2.5]), torch.tensor([1.0, 2.0]))
    assert "expected float32 [2]: 1, 2\ngot      float32 [2]: 1, 2.5\n" in str(caught.value)
    with pytest.raises(AssertionError, match=r"expected float64 \[20, 1\]: 0, 0, 0, 0, 0, 0, 0, 0, \.\.\."):
        close(np.ones((20, 1)), np.zeros((20, 1)))


def test_is_tensor_and_same_shape():
    assert is_tensor(torch.ones(2, 3), shape=(2, 3), dtype=torch.float32) and same_shape(
        np.ones(2), torch.ones(2)
    )
    for value, options in [
        (1, {}),
        (torch.ones(2), {"shape": (2, 1)}),
        (torch.ones(2), {"dtype": torch.int64}),
    ]:
        with pytest.raises(AssertionError):
            is_tensor(value, **options)
    for value in (torch.ones(3), [1, 2], None):
        with pytest.raises(AssertionError):
            same_shape(value, torch.ones(2))


def test_finite_and_decreasing():
    assert finite(torch.ones(2, 2)) and finite([1, 2.0]) and finite(np.ones(1))
    assert decreasing([3, 2, 1]) and decreasing(torch.tensor([2.0, 1.0])) and decreasing([3, 4, 1], rises=1)
    for values in ([1, float("nan")], [float("inf")], torch.tensor([float("nan")]), ["1"], "12", None, 5):
        with pytest.raises(AssertionError):
            finite(values)
    for values in ([1, 1], [1, 2], [2, float("nan")], [float("nan"), 1], [1], [], [3, 4, 5, 1]):
        with pytest.raises(AssertionError):
            decreasing(values)
