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


# Answers that were merged into one cell, or written where nothing of the student's was asked for


def without(notebook: Notebook, *ids: str) -> Notebook:
    notebook["cells"] = [each for each in notebook["cells"] if each["id"] not in ids]
    return notebook


BOTH = {"square_function": "def square(x): return x * x\n\nk = factor\ndef scale(x): return k * x"}


@pytest.mark.parametrize("stub", [True, False])
def test_two_answers_in_one_cell_answer_both(stub: bool) -> None:
    """As after "merge cells", or if the other cell was left alone; its stub must not take the answer's name back."""
    notebook = solved(**BOTH, scale_function="def scale(x):\n    raise NotImplementedError")
    form = make_released_form("lab", {"en": with_stub()}, solved())
    notebook = notebook if stub else without(notebook, "c-scale")
    program = repair(notebook, form)
    assert (program.missing, program.unchanged) == ((), ())
    assert program.merged == {"scale_function": "square_function"}
    assert program.parts["scale_function"].split("\n")[-1] == "def scale(x): return k * x"
    assert program.parts["square_function"] == "def square(x): return x * x\n\nk = factor"
    assert "scale_function" not in ran(program)
    assert program.found["scale_function"] == program.found["square_function"]
    assert kinds(program) == ["answers_merged"]


def with_stub() -> Notebook:
    return small.submitted(scale_function="def scale(x):\n    raise NotImplementedError")


def test_the_first_of_two_merged_cells_may_be_the_one_that_is_gone() -> None:
    source = BOTH["square_function"]
    notebook = without(solved(scale_function=source), "c-square")
    program = repair(notebook, make_released_form("lab", {"en": with_stub()}, solved()))
    assert program.merged == {"square_function": "scale_function"}
    assert [each.source for each in program.cells if each.id == "scale_function"] == [source]


def test_a_name_that_an_answer_shares_with_an_exercise_left_alone_answers_nothing() -> None:
    author = solved(scale_function="def scale(x): return k * x\ndef unscale(x): return x / k")
    release = small.submitted(scale_function="def scale(x): pass\ndef unscale(x): pass")
    mine = solved(square_function="def scale(x): return x\ndef square(x): return scale(x) * x")
    mine["cells"][at(mine, "c-scale")]["source"] = "def scale(x): pass\ndef unscale(x): pass"
    program = repair(mine, make_released_form("lab", {"en": release}, author))
    assert program.unchanged == ("scale_function",)
    assert program.merged == {}


@pytest.mark.parametrize("id_", ["c-square-grade", "given"])
def test_an_answer_in_a_given_or_a_test_cell_is_found_there(id_: str) -> None:
    notebook = without(solved(), "c-scale")
    place = notebook["cells"][at(notebook, id_)]
    place["source"] = f"{SOLVED['scale_function']}\n{place['source']}"
    program = repair(notebook, make_released_form("lab", {"en": with_stub()}, solved()))
    added = f"added-{at(notebook, id_) + 1}"
    assert (program.missing, program.merged) == ((), {"scale_function": added})
    assert [each.source for each in program.cells if each.id == added] == [SOLVED["scale_function"]]


def test_what_was_added_to_a_test_cell_runs_without_its_asserts() -> None:
    notebook = solved()
    place = notebook["cells"][at(notebook, "c-square-grade")]
    place["source"] = f"import math\n{place['source']}\nassert square(3) == 9\nprint(1)\nroot = math.sqrt"
    program = repair(notebook, FORM)
    assert [each.source.split() for each in program.cells if each.kind == "added"] == [
        ["import", "math", "root", "=", "math.sqrt"]
    ]
    assert kinds(program) == ["test_edited", "test_additions_kept"]


def test_an_answer_in_a_text_cell_with_prose_around_it() -> None:
    notebook = solved()
    source = (
        f"My answer:\n\n```python\n{SOLVED['square_function']}\n```\n\nand so\n\n```\ndone = 1\n```\nThe end."
    )
    notebook["cells"][at(notebook, "c-square")] |= {"cell_type": "markdown", "source": source}
    program = repair(notebook, FORM)
    sources = {each.id: each.source for each in program.cells}
    assert sources["square_function"] == f"{SOLVED['square_function']}\ndone = 1"
    assert kinds(program) == ["code_in_text"]


@pytest.mark.parametrize("text", [
    f"So:\n\n~~~python\n{SOLVED['square_function']}\n~~~", "So:\n\n    def square(x):\n        return x * x\n\nThe end.",
    "def square(x):\n    return x * x", "```\ndef square(x):\n\treturn x * x\n```",
])  # fmt: skip
def test_code_that_markdown_marks_as_such(text: str) -> None:
    notebook = solved()
    notebook["cells"][at(notebook, "c-square")] |= {"cell_type": "markdown", "source": text}
    (source,) = [each.source for each in repair(notebook, FORM).cells if each.id == "square_function"]
    compile(source, "cell", "exec")
    assert source.startswith("def square")


def test_a_copy_of_the_stub_that_was_touched_is_not_the_answer() -> None:
    notebook = solved(scale_function=SOLVED["scale_function"])
    stub = copy.deepcopy(notebook["cells"][at(notebook, "c-scale")])
    stub["source"] = "def scale(x):\n    # TODO\n    raise NotImplementedError"
    notebook["cells"].insert(at(notebook, "c-scale") + 1, stub)
    program = repair(notebook, make_released_form("lab", {"en": with_stub()}, solved()))
    assert [each.source for each in program.cells if each.id == "scale_function"] == [
        SOLVED["scale_function"]
    ]


# Ids that are gone


def test_one_sentence_says_that_the_ids_of_many_cells_are_gone() -> None:
    names = [f"part{n}" for n in range(6)]
    author = [cell(name, f"def {name}(): return 1", grade_id=f"all_{name}", solution=True) for name in names]
    release = [cell(name, f"def {name}(): pass", grade_id=f"all_{name}", solution=True) for name in names]
    form = make_released_form(
        "many", {"en": {"cells": release, "metadata": {}}}, {"cells": author, "metadata": {}}
    )
    mine = [cell(f"x{n}", f"def {name}(): return 2") for n, name in enumerate(names)]
    program = repair({"cells": mine, "metadata": {}}, form)
    assert program.missing == ()
    (note,) = program.repairs
    assert note.kind == "many_found_by_names"
    for language in available():
        said = words(language).message(note)
        assert "6" in said and all(f"all_{name}" in said for name in names)
    few = repair({"cells": mine[:3], "metadata": {}}, form)
    assert [note.kind for note in few.repairs] == ["found_by_names"] * 3
    beside = repair({"cells": [*release, *mine], "metadata": {}}, form)
    assert [note.kind for note in beside.repairs] == ["found_by_names"] * 6


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
