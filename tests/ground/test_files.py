"""The bytes are those of the standard library's json, which readers of older files know."""

import json
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbjudge.files import dump_json

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)


@given(VALUES)
def test_as_json_writes_it(value: object) -> None:
    expected = json.dumps(value, ensure_ascii=False, indent=1)
    assert dump_json(value) == expected.encode("utf-8", "backslashreplace") + b"\n"


@given(st.dictionaries(st.text(), SCALARS))
def test_sorted_as_json_sorts(value: dict[str, object]) -> None:
    expected = json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True)
    assert dump_json(value, sort_keys=True) == expected.encode("utf-8", "backslashreplace") + b"\n"


def test_a_lone_surrogate_stays_json() -> None:
    assert json.loads(dump_json({"text": "a\udc80"})) == {"text": "a\udc80"}


@pytest.mark.parametrize("number", [nan, inf, -inf])
def test_no_number_that_json_does_not_know(number: float) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        dump_json([number])
