"""Result files: round trip, schema, damage."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from math import inf, nan
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import small_course as small
from support.places import ROOT

from nbjudge.errors import CourseError
from nbjudge.model import CellReport, Credit, Frame, Result
from nbjudge.notes import Note
from nbjudge.results import SCHEMA, dump_result, load_result, result_schema

DOCS = ROOT / "docs" / "results.md"
FULL = small.make_result(
    tests=(
        small.passed(
            "square",
            0.3,
            credits=(Credit(0.5, 1.0, 0.25, 1 / 3), Credit(None, 1.0, 0.0, 0.0)),
            seconds=0.25,
            hidden=True,
        ),
        small.failed(
            "scale",
            message="Ж < \u202e",
            trace=(Frame("given", 2, "f", "x \u202e"), Frame(1, 2, "", "y")),
            hidden="a name",
        ),
    ),
    cells=(
        CellReport(
            "given", 3, "timeout", Note("cell_too_slow", {"seconds": 0.5}), (Frame(3, 1, "", "z"),), "printed"
        ),
        CellReport("x", None, "ok"),
    ),
    repairs=(Note("parts_joined", {"cells": (3, 4), "id": "scale_inline"}), Note("nothing_found")),
    missing=("scale_inline",),
    unchanged=("plots",),
    found={"scale_function": (3, 4), "given": (2,)},
    seed=2**31,
    seconds=1.5,
    environment={"python": "3.11"},
)


def test_round_trip() -> None:
    assert load_result(dump_result(FULL)) == FULL
    rejected = Note("rejected", {"reason": Note("not_json", {"error": "odd", "line": 1, "column": 2})})
    assert load_result(dump_result(replace(FULL, rejected=rejected))).rejected == rejected


BYTES = st.characters(min_codepoint=0xDC80, max_codepoint=0xDCFF, categories=["Cs"])  # of surrogateescape


@given(st.text(st.characters(categories=["Cc", "Cf", "Lu", "Zl", "Sm"])), st.text(BYTES))
def test_any_text_survives(message: str, output: str) -> None:
    reason = Note("not_json", {"error": output})
    result = replace(FULL, tests=(small.failed("square", message=message),), rejected=reason)
    assert load_result(dump_result(result)) == result


@pytest.mark.parametrize("number", [nan, inf, -inf])
def test_there_is_no_nan_in_a_file(number: float) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        dump_result(replace(FULL, tests=(small.passed("square", number),)))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"[" * 100_000,
        b'{"schema": "nbjudge.result/1"}',
        dump_result(FULL)[:-40],
        dump_result(FULL).replace(b'"passed"', b'"perfect"'),
        dump_result(FULL).replace(b'"nothing_found"', b'"nothing_to_find"'),
        dump_result(FULL).replace(b'"fraction": 0.3', b'"fraction": "0.3"'),
        dump_result(FULL).replace(b'"fraction": 0.3', b'"fraction": NaN'),
    ],
)
def test_a_damaged_file_is_refused_with_a_cure(data: bytes) -> None:
    with pytest.raises(CourseError, match="grade again with --force"):
        load_result(data)


def documented() -> Any:
    match = re.search(r"```json\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
    assert match is not None
    return json.loads(match[1])


def test_the_documented_schema_is_the_real_one() -> None:
    assert documented() == result_schema()


def test_files_follow_the_documented_schema() -> None:
    from jsonschema import Draft202012Validator, ValidationError

    validator = Draft202012Validator(documented())
    validator.validate(json.loads(dump_result(FULL)))
    for field in ("schema", "tests", "key"):
        broken = json.loads(dump_result(FULL))
        del broken[field]
        with pytest.raises(ValidationError):
            validator.validate(broken)


def test_the_table_names_every_field() -> None:
    text = DOCS.read_text("utf-8")
    names = {"schema", *(name for name in Result.__dataclass_fields__)}
    table = text.split("## JSON Schema")[0]
    assert {name for name in names if f"`{name}`" not in table} == set()
    assert f"`{SCHEMA}`" in table
