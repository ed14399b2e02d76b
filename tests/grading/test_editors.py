"""What today's editors and tools do to a notebook: copies that keep their ids, git's conflicts, files that are too large."""

from __future__ import annotations

import copy
import json
import time
from typing import Any

import pytest
from support import small_course as small
from support.cells import cell

from nbjudge.grading.repair import repair
from nbjudge.languages import available, words
from nbjudge.model import Program
from nbjudge.notebooks.cells import Notebook
from nbjudge.notebooks.large_files import without_outputs
from nbjudge.notebooks.reader import MAX_PARSED, NOTES, NotANotebook, read_notebook, write_notebook
from nbjudge.notebooks.released_form import make_released_form

FORM = make_released_form("lab", {"en": small.released()}, small.released(), {"other", "third"})
SOLVED = {"square_function": "def square(x): return x * x", "scale_inline": "k = factor",
          "scale_function": "def scale(x): return k * x", "plots": "plot()", "report": "Because."}  # fmt: skip


def solved(**answers: str) -> Notebook:
    return small.submitted(**{**SOLVED, **answers})


def at(notebook: Notebook, id_: str) -> int:
    return next(n for n, each in enumerate(notebook["cells"]) if each["id"] == id_)


def kinds(program: Program) -> list[str]:
    return [note.kind for note in program.repairs]


def ran(program: Program) -> list[str]:
    return [each.id for each in program.cells]


# Copies that kept their ids


@pytest.mark.parametrize("id_", ["c-square-grade", "given"])
@pytest.mark.parametrize("before", [True, False])
def test_a_copy_with_text_of_its_own_is_an_added_cell(id_: str, before: bool) -> None:
    notebook = solved()
    own = copy.deepcopy(notebook["cells"][at(notebook, id_)]) | {"source": "def helper(x):\n    return x"}
    notebook["cells"].insert(at(notebook, id_) + (not before), own)
    program = repair(notebook, FORM)
    position = notebook["cells"].index(own) + 1
    assert f"added-{position}" in ran(program)
    assert [each.source for each in program.cells if each.kind == "given"] == ["factor = 3"]
    assert kinds(program) == ["copy_is_own"]
    assert program.missing == ()


@pytest.mark.parametrize("id_", ["c-square-grade", "given"])
def test_an_exact_copy_is_left_out(id_: str) -> None:
    notebook = solved()
    notebook["cells"].append(copy.deepcopy(notebook["cells"][at(notebook, id_)]))
    program = repair(notebook, FORM)
    assert ran(program) == ran(repair(solved(), FORM))
    assert kinds(program) == ["test_repeated" if "grade" in id_ else "given_repeated"]


def test_of_two_edited_copies_the_likest_is_the_tests() -> None:
    notebook = solved()
    grade = notebook["cells"][at(notebook, "c-square-grade")]
    other = copy.deepcopy(grade) | {"source": "x = square(3)\nprint(x)"}
    grade["source"] += "\nprint(1)"
    notebook["cells"].insert(0, other)
    program = repair(notebook, FORM)
    assert kinds(program) == ["copy_is_own", "test_edited"]
    assert ran(program)[0] == "added-1"


def test_a_solution_in_a_copied_test_cell_is_found() -> None:
    notebook = solved(square_function="# YOUR CODE HERE")
    own = copy.deepcopy(notebook["cells"][at(notebook, "c-square-grade")]) | {
        "source": SOLVED["square_function"]
    }
    notebook["cells"].insert(at(notebook, "c-square-grade"), own)
    program = repair(notebook, FORM)
    sources = {each.id: each.source for each in program.cells}
    assert "def square" in sources.get("square_function", "") or "def square" in sources.get("added-4", "")


# Another assignment's notebook


def other(name: str = "other") -> Notebook:
    cells = [cell("given", "factor = 3"), cell("a", "def f(): pass", grade_id="a_f", solution=True)]
    return {"cells": cells, "metadata": {"nbjudge": {"assignment": name}}}


def test_another_assignments_notebook_is_rejected_with_its_name() -> None:
    program = repair(other(), FORM)
    assert program.rejected is not None
    assert (program.rejected.kind, program.rejected.values) == ("another_assignment", {"assignment": "other"})
    assert program.cells == ()
    for language in available():
        assert "other" in words(language).message(program.rejected)


def test_an_unknown_name_or_work_of_this_assignment_is_not_rejected() -> None:
    assert repair(other("EVIL"), FORM).rejected is None
    notebook = solved()
    notebook["metadata"]["nbjudge"]["assignment"] = "other"
    program = repair(notebook, FORM)
    assert (program.rejected, kinds(program)) == (None, ["other_assignment"])


# git


def conflicted(mine: Notebook, theirs: Notebook) -> bytes:
    """Both files merged line by line, as git leaves them where they differ."""
    import difflib

    first, second = (write_notebook(each).decode().splitlines(keepends=True) for each in (mine, theirs))
    lines: list[str] = []
    for tag, a, b, c, d in difflib.SequenceMatcher(None, first, second, autojunk=False).get_opcodes():
        if tag == "equal":
            lines += first[a:b]
        else:
            lines += ["<<<<<<< HEAD\n", *first[a:b], "=======\n", *second[c:d], ">>>>>>> origin/main\n"]
    return "".join(lines).encode()


def test_a_file_with_merge_conflicts_is_read_from_both_sides() -> None:
    theirs = small.submitted(report="Theirs.")
    theirs["cells"].append(cell("extra", "extra = 1"))
    data = conflicted(solved(report="Mine."), theirs)
    with pytest.raises(ValueError, match="Expecting"):
        json.loads(data)
    notebook = read_notebook(data)
    program = repair(notebook, FORM)
    sources = {each.id: each.source for each in program.cells}
    assert sources["square_function"] == SOLVED["square_function"]
    assert sources["scale_function"] == SOLVED["scale_function"]
    assert "merge_conflicts" in kinds(program)
    reports = [notebook["cells"][n - 1]["source"] for n in program.found["report"]]
    assert sorted(reports) == ["Mine.", "Theirs.", "extra = 1"]
    assert "extra = 1" in sources.values()
    assert program.unchanged == program.missing == ()


def test_where_both_sides_solved_it_the_first_counts() -> None:
    data = conflicted(solved(), solved(square_function="def square(x): return 0"))
    sources = {each.id: each.source for each in repair(read_notebook(data), FORM).cells}
    assert sources["square_function"] == SOLVED["square_function"]


def test_conflicts_of_windows_and_with_a_common_ancestor() -> None:
    data = conflicted(solved(), solved(report="x")).replace(
        b"=======\n", b"||||||| base\nnonsense {\n=======\n"
    )
    assert repair(read_notebook(data.replace(b"\n", b"\r\n")), FORM).missing == ()


@pytest.mark.parametrize(
    "marks",
    ["\n=======\n", "\n<<<<<<< a\n", "\n>>>>>>> a\n", "\n<<<<<<< a\n=======\n", "\n=======\n<<<<<<< a\n"],
)
def test_marks_that_make_no_sense_are_not_json(marks: str) -> None:
    data = write_notebook(solved()).decode().replace("\n", marks, 1)
    with pytest.raises(NotANotebook, match="not JSON"):
        read_notebook(data.encode())


def test_marks_in_a_cells_text_are_text() -> None:
    text = "<<<<<<< HEAD\na\n=======\nb\n>>>>>>> x"
    notebook = solved(report=text)
    assert read_notebook(write_notebook(notebook)) == notebook


def test_a_student_cannot_write_a_note_into_the_file() -> None:
    notebook = {**solved(), NOTES: [{"kind": "merge_conflicts", "values": {"n": 1}}]}
    assert repair(read_notebook(json.dumps(notebook).encode()), FORM).repairs == ()
    assert repair(notebook, FORM).repairs == ()


# Files that are too large


def picture(size: int, mark: str = "") -> dict[str, Any]:
    return {"output_type": "display_data", "data": {"image/png": mark + "A" * size}, "metadata": {}}


def with_outputs(*outputs: dict[str, Any]) -> Notebook:
    notebook = solved()
    notebook["cells"][at(notebook, "c-plots")]["outputs"] = list(outputs)
    return notebook


@pytest.mark.parametrize("indent", [None, 1, 2])
def test_an_output_that_is_too_large_is_left_out_and_the_code_is_graded(indent: int | None) -> None:
    data = json.dumps(with_outputs(picture(MAX_PARSED), picture(9)), indent=indent).encode()
    notebook = read_notebook(data)
    program = repair(notebook, FORM)
    assert kinds(program) == ["outputs_dropped"]
    assert program.repairs[0].values["n"] == 1
    assert [each.source for each in program.cells] == [each.source for each in repair(solved(), FORM).cells]
    assert notebook["cells"][at(notebook, "c-plots")]["outputs"][-1] == picture(9)


def test_the_first_and_the_last_pictures_stay() -> None:
    data = write_notebook(with_outputs(*(picture(3 << 20, f"{n}-") for n in range(20))))
    kept = read_notebook(data)["cells"][at(solved(), "c-plots")]["outputs"]
    assert [output["data"]["image/png"].partition("-")[0] for output in kept] == ["0", "1", "2", "18", "19"]


def test_other_cells_keep_their_outputs() -> None:
    notebook = with_outputs(picture(20))
    notebook["cells"][at(notebook, "c-square")]["outputs"] = [picture(MAX_PARSED)]
    read = read_notebook(write_notebook(notebook))
    assert read["cells"][at(notebook, "c-plots")]["outputs"] == [picture(20)]
    assert read["cells"][at(notebook, "c-square")]["outputs"] == []


@pytest.mark.parametrize(
    "data",
    [
        b'\n "outputs": [\n  ' * 60_000,
        (b'\n "outputs": [\n  x' * 30_000 + b"\n ]"),
        b"".join(b"\n" + b" " * (n % 90 + 1) + b'"outputs": [\n  ' for n in range(20_000)),
        b'"' * (1 << 20),
        b'"\\' * (1 << 19),
        b'\n "outputs": [\n  {\n  },\n' + b"  {\n  },\n" * 100_000 + b"\n ]",
    ],
    ids=["never closed", "nested", "all indents", "quotes", "escapes", "many outputs"],
)
def test_a_hostile_file_costs_no_more_than_its_size(data: bytes) -> None:
    started = time.process_time()
    without_outputs(data, 1000)
    assert time.process_time() - started < 5
