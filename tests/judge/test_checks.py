"""close, is_tensor, same_shape, finite and decreasing."""

import numpy as np
import pytest
import torch
from support.judging import program

from nbjudge.languages import english
from nbjudge.notes import Note
from nbjudge.testing import close, decreasing, finite, is_tensor, require, same_shape


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
    for actual, expected, said in [
        (
            torch.tensor([1.0, 2.5]),
            torch.tensor([1.0, 2.0]),
            "1 of 2 numbers is wrong, at [1]: expected 2.0, got 2.5\nall expected: 1.0, 2.0\nall you gave: 1.0, 2.5",
        ),
        (
            np.eye(20)[:, :5],
            np.eye(20)[:, :5] + np.tri(20)[:, :5],
            "90 of 100 numbers are wrong, the first at [0, 0]: expected 2.0, got 1.0",
        ),
        (torch.ones(5, 5), torch.ones(5), "expected shape [5], got [5, 5]: somewhere [5, 1] meets [5], and"),
        (
            torch.ones(5, 5),
            torch.ones(5, 1),
            "expected shape [5, 1], got [5, 5]: somewhere [5, 1] meets [5], and",
        ),
        (torch.ones(2), torch.zeros(3), "expected shape [3], got [2]"),
        (torch.ones(2).long(), torch.zeros(2), "expected the type torch.float32, got torch.int64"),
        ([1.0, 2.0], [1.0], "expected 1 values, got 2"),
        ([1.0, 2.0], [1.0, 2.5], "1 of 2 numbers is wrong, at [1]: expected 2.5, got 2.0"),
        (7, 6, "expected 6.0, got 7.0"),
        (1.00000001, 1.0000005, "expected 1.0000005, got 1.00000001"),
        (torch.tensor(True), torch.tensor(False), "expected False, got True"),
        ([1.0, None], [1.0, 2.0], "the values are not those expected: "),
    ]:
        with pytest.raises(AssertionError) as caught:
            close(actual, expected)
        assert str(caught.value).startswith(said)


def test_require():
    assert require(1 < 2, "never seen")
    with pytest.raises(AssertionError, match="not less") as caught:
        require(2 < 1, "not less", ru="не меньше")
    assert caught.value.texts == {"": "not less", "ru": "не меньше"}


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


def test_unchanged(judge):
    results, _ = judge(
        """
        mark = pytest.mark.exercise("ex")
        x = torch.tensor([1.0, 2.0])

        @mark
        @pytest.mark.parametrize("name", ["keep", "add", "grow", "convert", "require"])
        def test_tensor(student, name):
            names = student.run(f"x = x.clone(); {name}(x); y = x", x=x)
            unchanged({"x": names["y"]}, x=x)

        @mark
        def test_list(student):
            unchanged(student.run("values.append(1)", values=[2]), values=[2])
        """,
        program(
            """
            def keep(x): return x + 1
            def add(x): x += 1
            def grow(x): x.resize_(3)
            def convert(x): x.data = x.data.double()
            def require(x): x.requires_grad_()
            """
        ),
    )
    said = {name: english(result.message) for name, result in results.items()}
    assert said.pop("test_tensor[grow]").startswith(
        "x is to stay as it is: expected torch.tensor([1.0, 2.0])"
    )
    assert said == {
        "test_tensor[keep]": "",
        "test_tensor[add]": "x is to stay as it is: expected torch.tensor([1.0, 2.0]), afterwards it was torch.tensor([2.0, 3.0])",
        "test_tensor[convert]": "x is to stay as it is: expected torch.tensor([1.0, 2.0]), afterwards it was "
        "torch.tensor([1.0, 2.0], dtype=torch.float64)",
        "test_tensor[require]": "x is to stay as it is, but its requires_grad has changed",
        "test_list": "values is to stay as it is: expected [2], afterwards it was [2, 1]",
    }
