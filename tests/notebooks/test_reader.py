"""The tolerant reader, cell roles and the checks of an instructor notebook."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from support import cells

from nbjudge.errors import CourseError
from nbjudge.model import Assignment, Limits
from nbjudge.notebooks.cells import cell_id, grade_id, normalise, role, tags
from nbjudge.notebooks.exercises import check_points, find_exercises
from nbjudge.notebooks.reader import MAX_CELLS, MAX_PARSED, NotANotebook, read_notebook, write_notebook

code = cells.cell


def solution(name):
    return cells.solution_cell(name, "f = 1", f"id-{name}")


def grade(name, points=1, **more):
    return cells.grade_cell(name, "assert f", points, f"id-{name}", **more)


def notebook(*made):
    return cells.notebook(made)


def as_bytes(value):
    return json.dumps(value).encode()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "the file is empty"),
        (b" \n\t ", "the file is empty"),
        (b"%PDF-1.7\n...", "this is a PDF, not a notebook"),
        (b"PK\x03\x04....", "ZIP archive"),
        (b"\xef\xbb\xbf<!DOCTYPE html><html>", "web page"),
        (b"\x89PNG\r\n", "PNG picture"),
        (b"\xd0\xcf\x11\xe0\xa1", "office document"),
        (b"print('hello')", "not JSON: Expecting value in line 1, column 1"),
        (b'{"cells": [', "not JSON"),
        (b"[1, 2]", "JSON, but not a notebook: a list"),
        (b"null", "JSON, but not a notebook: a NoneType"),
        (b'{"a": 1}', "JSON, but not a notebook: no list of cells"),
        (b'{"cells": 7}', "no list of cells"),
        (b'{"cells":' + b"[" * 5000 + b"]" * 5000 + b"}", "nested too deeply"),
        (b'{"cells":[{"x":' + b"[" * 200 + b"]" * 200 + b"}]}", "nested too deeply"),
        (as_bytes({"cells": [{}] * (MAX_CELLS + 1)}), "the limit is 5000"),
        (b'{"cells": [' + b"[]," * 3_000_000 + b"[]]}", "more than 5,000,000 values"),
        (b" " * (MAX_PARSED + 1), "the limit is 50 MB"),
    ],
    ids=lambda value: value[:24] if isinstance(value, bytes) else value,
)
def test_a_file_that_is_no_notebook_is_refused_in_one_line(data, reason):
    with pytest.raises(NotANotebook) as caught:
        read_notebook(data)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings_that_editors_write(encoding):
    text = json.dumps(notebook(code("a", "x = 'привет'")), ensure_ascii=False)
    assert read_notebook(text.encode(encoding))["cells"][0]["source"] == "x = 'привет'"


def test_a_stray_byte_does_not_cost_the_submission():
    data = as_bytes(notebook(code("a", "x = 1  # ?"))).replace(b"?", b"\xff")
    assert read_notebook(data)["cells"][0]["source"] == "x = 1  # \ufffd"


def test_values_that_cannot_be_written_again_are_mended():
    data = (
        b'{"metadata": {"n": 1' + b"0" * 6000 + b', "x": 1e999, "y": NaN, "bad\\ud800": "a\\u0000b"},'
        b' "cells": [{"cell_type": "code", "source": "s = \'\\udfff\'"}]}'
    )
    read = read_notebook(data)
    assert read["metadata"] == {"n": None, "x": None, "y": None, "bad\ufffd": "a\ufffdb"}
    assert read["cells"][0]["source"] == "s = '\ufffd'"
    assert read_notebook(write_notebook(read)) == read


def test_the_last_of_two_equal_keys_counts():
    assert (
        read_notebook(b'{"cells": [], "cells": [{}, {}]}')["cells"]
        == read_notebook(b'{"cells": [{}, {}]}')["cells"]
    )


def test_odd_cells_are_coerced_and_keep_their_positions():
    read = read_notebook(
        as_bytes(
            {
                "metadata": [],
                "cells": [
                    None,
                    {"cell_type": "video", "source": 3, "metadata": "x"},
                    {
                        "cell_type": "code",
                        "source": ["a = 1\r\n", 7, "b = 2"],
                        "outputs": "x",
                        "execution_count": "2",
                    },
                    {"cell_type": "code", "outputs": [1, {"output_type": "evil"}, {"output_type": "stream"}]},
                    {"cell_type": "markdown", "source": "text", "attachments": {"a": {}}},
                ],
            }
        )
    )
    assert [cell["cell_type"] for cell in read["cells"]] == ["raw", "raw", "code", "code", "markdown"]
    assert read["cells"][2]["source"] == "a = 1\nb = 2"
    assert (read["cells"][2]["outputs"], read["cells"][2]["execution_count"]) == ([], None)
    assert read["cells"][3]["outputs"] == [{"output_type": "stream"}]
    assert read["cells"][4]["attachments"] == {"a": {}}
    assert read["metadata"] == {}


def test_nbformat_3_is_read():
    old = {
        "nbformat": 3,
        "worksheets": [
            {
                "cells": [
                    {"cell_type": "heading", "source": "Title"},
                    {"cell_type": "code", "input": ["x = 1\n", "y"]},
                ]
            },
            {"cells": [{"cell_type": "code", "input": "z = 3"}]},
        ],
    }
    cells = read_notebook(as_bytes(old))["cells"]
    assert [(cell["cell_type"], cell["source"]) for cell in cells] == [
        ("markdown", "Title"),
        ("code", "x = 1\ny"),
        ("code", "z = 3"),
    ]


def test_written_bytes_read_back_equal_and_nbformat_accepts_them():
    import nbformat

    original = notebook(solution("a_f"), grade("a"), code("g", "x = 1\n\ny = 'ё'\n"))
    data = write_notebook(original)
    assert data.endswith(b"}\n")
    assert read_notebook(data) == original
    nbformat.validate(nbformat.reads(data.decode(), as_version=4))


@pytest.mark.parametrize(
    "garbage", [None, 1, "x", [], [1], {}, {"nbgrader": 1}, {"nbgrader": {"grade_id": 5}, "tags": "t"}]
)
def test_accessors_survive_garbage(garbage):
    cell = {"cell_type": "code", "metadata": garbage, "id": 5}
    assert (role(cell), grade_id(cell), cell_id(cell), tags(cell)) == ("given", None, None, ())


def test_colab_and_kaggle_keep_an_id_in_the_metadata():
    assert cell_id({"metadata": {"id": "abc"}}) == "abc"
    assert cell_id({"metadata": {"_cell_guid": "def"}}) == "def"


def test_roles():
    manual = code("m", "", grade_id="m", grade=True, solution=True, points=1)
    assert [
        role(cell)
        for cell in (solution("a_f"), grade("a"), manual, code("g", ""), code("l", "", locked=True))
    ] == [
        "solution",
        "grade",
        "manual",
        "given",
        "given",
    ]
    assert role({"cell_type": "markdown", "metadata": {}}) == "text"


def test_trailing_space_is_no_edit_but_indentation_is():
    assert normalise("\n\nx = 1  \ny\n") == normalise("x = 1\ny")
    assert normalise("  x") != normalise("x")


def test_exercises_in_the_notebooks_order():
    manual = code("id-report", "", grade_id="report", grade=True, solution=True, points=0.5)
    found = find_exercises(
        notebook(solution("b-2_g"), solution("b-2_f"), grade("b-2", 2), solution("a_f"), grade("a"), manual),
        "nb",
    )
    assert [(e.id, e.points, e.manual, e.solutions) for e in found] == [
        ("b-2", 2.0, False, ("b-2_g", "b-2_f")),
        ("a", 1.0, False, ("a_f",)),
        ("report", 0.5, True, ("report",)),
    ]


def tagged(cell, *names):
    return {**cell, "metadata": {**cell["metadata"], "tags": list(names)}}


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ([solution("a_f")], r"nb: solution cell 'a_f' has no grade cell: add one with the grade_id 'a'"),
        ([grade("a")], r"nb: grade cell 'a' has no solution cell: add one with the grade_id 'a_<part>'"),
        (
            [solution("a_f"), {**solution("a_f"), "id": "other"}, grade("a")],
            r"another cell has the grade_id 'a_f'",
        ),
        ([code("x", ""), code("x", "")], r"another cell has the id 'x'"),
        ([{**code("x", ""), "id": None}], r"cell 1\) has no cell id"),
        ([solution("A_f"), grade("A")], r"'A_f': name it <exercise>_<part>"),
        ([solution("a_"), grade("a")], r"'a_': name it <exercise>_<part>"),
        ([solution("a_f"), grade("a", points=-1)], r"'a': points must be a number from 0, not -1"),
        ([solution("a_f"), grade("a", points=True)], r"points must be a number"),
        ([solution("a_f"), grade("a", points=float("nan"))], r"points must be a number"),
        ([solution("a_f"), grade("a", task=True)], r"task cells are not supported"),
        ([solution("a_f"), grade("a", schema_version=2)], r"schema version 3: run `nbgrader update`"),
        ([tagged(solution("a_f"), "lang:en"), grade("a")], r"remove the lang tag"),
        ([tagged(code("x", ""), "lang:de")], r"unknown language tag 'lang:de'"),
        ([{**solution("a_f"), "cell_type": "markdown"}, grade("a")], r"a solution cell must be a code cell"),
    ],
)
def test_mistakes_in_the_source_name_the_cell_and_the_next_step(cells, message):
    with pytest.raises(CourseError, match=message) as caught:
        find_exercises(notebook(*cells), "nb")
    assert str(caught.value).startswith("nb: ")


def test_points_must_agree_with_the_configuration():
    deadline = datetime(2027, 1, 1, tzinfo=UTC)
    declared = Assignment("hw", {}, {"a": 1.0}, deadline, deadline, 0.5, "always", Limits())
    exercises = find_exercises(notebook(solution("a_f"), grade("a")), "nb")
    check_points(exercises, declared)
    for points, message in (
        ({"a": 2.0}, "'a' has 2 here and 1"),
        ({}, "add 'a': 1"),
        ({"a": 1.0, "b": 1}, "'b' is not in"),
    ):
        with pytest.raises(CourseError, match=message):
            check_points(exercises, replace(declared, points=points))
