"""Damaged submissions: what is found again, what counts, what the TA is told, and that nothing ever raises."""

import copy
import json
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.cells import cell, fill, grade_cell, manual_cell, solution_cell, text_cell
from support.places import ROOT

from nbjudge.course import load_course
from nbjudge.grading.repair import rejected_program, repair
from nbjudge.languages import english
from nbjudge.notebooks.cells import cell_id, role
from nbjudge.notebooks.reader import NotANotebook, read_notebook, write_notebook
from nbjudge.notebooks.released_form import load_released_form, make_released_form
from nbjudge.notes import Note

STUB = "# YOUR CODE HERE\nraise NotImplementedError()"


def solution(name, source):
    return solution_cell(name, source, f"id-{name}")


def lab(solved, language="en"):
    """A small assignment: solved, or as released."""
    text = "Exercise" if language == "en" else "Задание"
    return {
        "metadata": {} if solved else {"nbjudge": {"assignment": "hw", "language": language}},
        "cells": [
            text_cell(f"title-{language}", f"# {text} 1", f"lang:{language}"),
            cell("imports", "import math\n\nlimit = 10\nx = 2.0\nprint(limit)"),
            solution("double_inline", "out = x + x" if solved else STUB),
            solution("double_function", "def double(v):\n    return 2 * v" if solved else f"def double(v):\n    {STUB}"),
            grade_cell("double", "assert out == double(x)", 1, "id-double"),
            cell("helper", "def show(v):\n    print(v)\n    return v"),
            solution("halve_function", "def halve(v):\n    return v / 2" if solved else f"def halve(v):\n    {STUB}"),
            grade_cell("halve", "assert halve(4) == 2", 1, "id-halve"),
            cell("long", "run_for_an_hour()", tags=["skip-grading"]),
            text_cell(f"ask-plot-{language}", f"{text}: plot", f"lang:{language}"),
            manual_cell("plot", "plot()" if solved else STUB, 1, "code", "id-plot"),
            text_cell(f"ask-report-{language}", f"{text}: report", f"lang:{language}"),
            manual_cell("report", "42" if solved else "YOUR ANSWER HERE", id_="id-report"),
        ],
    }  # fmt: skip


TEMPLATE = make_released_form("hw", {"en": lab(False), "ru": lab(False, "ru")}, lab(True))
RELEASED = ["imports", "double_inline", "double_function", "helper", "halve_function"]
SOLUTIONS = ("double_inline", "double_function", "halve_function", "plot", "report")


def answer(language="en"):
    """What a student hands in who solved everything in their own way, metadata as released."""
    own = {"double_inline": "out = 2 * x", "double_function": "def double(v): return v + v",
           "halve_function": "def halve(v): return v * 0.5", "plot": "mine()", "report": "Mine."}  # fmt: skip
    return fill(lab(False, language), own)


def bare(notebook):
    """As from a tool that drops all metadata and ids."""
    kept = [
        {"cell_type": each["cell_type"], "metadata": {}, "source": each["source"]}
        for each in notebook["cells"]
    ]
    return {"cells": kept, "metadata": {}}


def index(notebook, name):
    for number, each in enumerate(notebook["cells"]):
        if name in (each.get("id"), each["metadata"].get("nbgrader", {}).get("grade_id")):
            return number
    raise AssertionError(name)


def sources(program):
    return {each.id: each.source for each in program.cells}


def said(program, *words):
    return any(all(word in sentence for word in words) for sentence in map(english, program.repairs))


def test_an_untouched_release_runs_as_it_is():
    program = repair(lab(False), TEMPLATE)
    assert [each.id for each in program.cells] == RELEASED
    assert [each.kind for each in program.cells] == ["given", "solution", "solution", "given", "solution"]
    assert [each.index for each in program.cells] == [2, 3, 4, 6, 7]
    assert [each.exercise for each in program.cells] == [None, "double", "double", None, "halve"]
    assert (program.missing, program.unchanged, program.repairs) == ((), SOLUTIONS, ())


def test_a_solved_notebook_runs_the_students_solutions():
    program = repair(answer(), TEMPLATE)
    assert [each.id for each in program.cells] == RELEASED
    assert sources(program)["double_inline"] == "out = 2 * x"
    assert (program.missing, program.unchanged, program.repairs) == ((), (), ())


def test_the_authors_tag_decides_what_is_skipped_and_not_the_students():
    submitted = answer()
    submitted["cells"][index(submitted, "imports")]["metadata"]["tags"] = ["skip-grading", "skip-execution"]
    submitted["cells"][index(submitted, "long")]["metadata"]["tags"] = []
    assert [each.id for each in repair(submitted, TEMPLATE).cells] == RELEASED


def test_without_metadata_cells_are_found_by_their_ids():
    submitted = answer()
    for each in submitted["cells"]:
        each["metadata"] = {}
    program = repair(submitted, TEMPLATE)
    assert [each.id for each in program.cells] == RELEASED
    assert program.missing == ()
    assert said(program, "nbgrader metadata is gone")


def test_one_cell_without_metadata_is_named():
    submitted = answer()
    submitted["cells"][index(submitted, "halve_function")]["metadata"] = {}
    assert said(repair(submitted, TEMPLATE), "Cell 7 had lost", "'halve_function'")


def test_without_metadata_and_ids_cells_are_found_by_content_and_names():
    program = repair(bare(answer()), TEMPLATE)
    assert [each.id for each in program.cells] == RELEASED
    assert program.missing == ()
    assert said(program, "Cell 11 was taken as 'plot', because of its place")
    assert said(program, "Cell 4 was taken as 'double_function'", "defines double")


def test_ids_of_the_nbformat_4_4_kind_that_colab_writes():
    submitted = answer()
    for each in submitted["cells"]:
        each["metadata"] = {"id": each.pop("id"), "colab": {"base_uri": "x"}, "outputId": "y"}
    assert [each.id for each in repair(submitted, TEMPLATE).cells] == RELEASED


@pytest.mark.parametrize("version", [3, 4])
def test_notebooks_that_old_jupyter_versions_saved(version):
    import nbformat

    submitted = {**answer(), "nbformat": 4, "nbformat_minor": 5}
    node = nbformat.reads(write_notebook(submitted).decode(), as_version=4)
    for each in node.cells:  # nbformat 4.4 and older have no cell ids
        del each["id"]
    node.nbformat_minor = 4
    data = nbformat.writes(node if version == 4 else nbformat.convert(node, 3)).encode()
    read = read_notebook(data)
    assert not any(cell_id(each) for each in read["cells"])
    program = repair(read, TEMPLATE)
    assert [each.id for each in program.cells] == RELEASED
    assert sources(program)["halve_function"] == "def halve(v): return v * 0.5"
    assert (program.missing, program.unchanged) == ((), ())


def test_deleted_given_cells_are_restored_without_a_position():
    submitted = answer()
    del submitted["cells"][index(submitted, "imports")]
    program = repair(submitted, TEMPLATE)
    assert program.cells[0].source.startswith("import math")
    assert (program.cells[0].id, program.cells[0].index) == ("imports", None)
    assert said(program, "'imports' was deleted")


def test_a_deleted_solution_is_missing_and_a_deleted_test_cell_changes_nothing():
    submitted = answer()
    del submitted["cells"][index(submitted, "id-halve")]
    del submitted["cells"][index(submitted, "halve_function")]
    program = repair(submitted, TEMPLATE)
    assert program.missing == ("halve_function",)
    assert "halve_function" not in sources(program)
    assert said(program, "Test cells were deleted", "halve")


def test_an_edited_given_cell_is_restored_but_its_new_imports_stay():
    submitted = answer()
    edited = submitted["cells"][index(submitted, "imports")]
    edited["source"] = "import math\nimport numpy as np\nlimit = 99\nx = 3.0\nprint(limit)"
    program = repair(submitted, TEMPLATE)
    assert program.cells[0].source == lab(False)["cells"][1]["source"]
    assert (program.cells[1].id, program.cells[1].kind, program.cells[1].index) == ("added-2", "added", 2)
    assert program.cells[1].source == "\nimport numpy as np"
    assert said(program, "Cell 2 (given) was edited")
    assert said(program, "what was added to it counts as a cell of your own")


def test_an_edited_given_cell_without_ids_is_no_added_cell():
    submitted = bare(answer())
    submitted["cells"][1]["source"] = "import math\n\nlimit = 10\nx = 3.0\nprint(limit)"
    program = repair(submitted, TEMPLATE)
    assert [each.id for each in program.cells] == RELEASED
    assert said(program, "Cell 2 (given) was edited")


def test_the_restored_order():
    submitted = answer()
    submitted["cells"].reverse()
    program = repair(submitted, TEMPLATE)
    assert [each.id for each in program.cells] == RELEASED
    assert said(program, "another order")


def test_of_two_copies_the_last_changed_one_counts():
    submitted = answer()
    at = index(submitted, "halve_function")
    second = copy.deepcopy(submitted["cells"][at]) | {
        "id": "copy-1",
        "source": "def halve(v): return v / 2.0",
    }
    stub = copy.deepcopy(lab(False)["cells"][6]) | {"id": "copy-2"}
    submitted["cells"][at + 1 : at + 1] = [second, stub]
    program = repair(submitted, TEMPLATE)
    assert sources(program)["halve_function"] == "def halve(v): return v / 2.0"
    assert [each.id for each in program.cells] == RELEASED
    assert said(program, "'halve_function'", "cell 8, counts; left out: 7 and 9")


def test_a_split_cell_is_joined_in_order():
    submitted = answer()
    at = index(submitted, "double_inline")
    first = submitted["cells"][at] | {"source": "twice = 2 * x"}
    second = copy.deepcopy(first) | {"id": "new", "source": "out = twice"}
    submitted["cells"][at : at + 1] = [first, second]
    program = repair(submitted, TEMPLATE)
    assert sources(program)["double_inline"] == "twice = 2 * x\n\nout = twice"
    assert said(program, "Cells 3 and 4 are parts of 'double_inline'")


def test_a_function_split_in_its_middle_is_joined():
    submitted = answer()
    at = index(submitted, "halve_function")
    first = submitted["cells"][at] | {"source": "def halve(v):\n    half = v / 2"}
    second = copy.deepcopy(first) | {"id": "new", "source": "    return half"}
    submitted["cells"][at : at + 1] = [first, second]
    joined = sources(repair(submitted, TEMPLATE))["halve_function"]
    scope = {}
    exec(joined, scope)
    assert scope["halve"](5) == 2.5


@pytest.mark.parametrize("after", [True, False])
def test_an_added_cell_beside_that_defines_the_name_belongs_to_the_solution(after):
    submitted = answer()
    at = index(submitted, "double_inline")
    submitted["cells"][at]["source"] = "twice = 2 * x" if after else "print(out)"
    extra = cell("mine", "out = twice" if after else "out = 2 * x")
    submitted["cells"].insert(at + after, extra)
    program = repair(submitted, TEMPLATE)
    assert [each.id for each in program.cells] == RELEASED
    assert sources(program)["double_inline"] == (
        "twice = 2 * x\n\nout = twice" if after else "out = 2 * x\n\nprint(out)"
    )


def test_a_solution_written_beside_the_untouched_stub_is_found():
    submitted = answer()
    at = index(submitted, "halve_function")
    submitted["cells"][at]["source"] = lab(False)["cells"][6]["source"]
    submitted["cells"].append(cell("mine", "def halve(v):\n    return v / 2"))
    program = repair(submitted, TEMPLATE)
    assert sources(program)["halve_function"] == "def halve(v):\n    return v / 2"
    assert program.unchanged == ()
    assert said(program, "Cell 14 was taken as 'halve_function'")


@pytest.mark.parametrize("kind", ["raw", "markdown"])
@pytest.mark.parametrize("with_ids", [True, False])
def test_a_retyped_solution_is_code_again(kind, with_ids):
    submitted = answer()
    at = index(submitted, "halve_function")
    source = submitted["cells"][at]["source"]
    submitted["cells"][at] |= {"cell_type": kind, "source": f"```python\n{source}\n```"}
    program = repair(submitted if with_ids else bare(submitted), TEMPLATE)
    assert sources(program)["halve_function"] == source
    assert said(program, "Cell 7", "'halve_function'")


def test_prose_that_mentions_a_name_is_no_solution():
    submitted = bare(answer())
    del submitted["cells"][6]
    submitted["cells"].append(
        {"cell_type": "markdown", "metadata": {}, "source": "halve = is what I could not do"}
    )
    assert "halve_function" in repair(submitted, TEMPLATE).missing


def test_added_cells_follow_the_released_cell_before_them():
    submitted = answer()
    submitted["cells"].insert(index(submitted, "helper") + 1, cell("double_inline", "import json"))
    submitted["cells"].insert(0, cell("mine", "K = 1"))
    submitted["cells"].append(cell("empty", "  \n"))
    program = repair(submitted, TEMPLATE)
    assert [each.id for each in program.cells] == [
        "added-1",
        "imports",
        "double_inline",
        "double_function",
        "helper",
        "added-8",
        "halve_function",
    ]
    assert program.cells[5].kind == "added"


def test_a_cell_that_claims_a_test_cell_never_runs_as_a_solution():
    submitted = answer()
    submitted["cells"][index(submitted, "id-halve")]["source"] = "def halve(v): return 'cheat'"
    submitted["cells"].append(cell("x", "print('I am a test')", grade_id="halve", solution=True))
    program = repair(submitted, TEMPLATE)
    assert [each.id for each in program.cells] == [*RELEASED, "added-8", "added-14"]
    assert [each.kind for each in program.cells if "cheat" in each.source] == ["added"]
    assert said(program, "Cell 8 (test) was edited")
    assert said(program, "Cell 14 has the id of 'halve'")


def test_two_notebooks_merged_into_one_file():
    submitted = lab(False)
    submitted["cells"] += answer()["cells"]
    program = repair(submitted, TEMPLATE)
    assert [each.id for each in program.cells] == RELEASED
    assert sources(program)["halve_function"] == "def halve(v): return v * 0.5"
    assert program.unchanged == ()


def test_one_cell_with_two_solutions_answers_both():
    submitted = answer()
    at = index(submitted, "double_inline")
    submitted["cells"][at]["source"] = "def double(v): return v + v\nout = double(x)"
    del submitted["cells"][at + 1]
    program = repair(submitted, TEMPLATE)
    assert "def double" in sources(program)["double_inline"]
    assert (program.missing, program.unchanged) == ((), ())
    assert program.merged == {"double_function": "double_inline"}
    assert said(program, f"Cell {at + 1} counts as 'double_function' too")


def test_manual_cells_are_never_run_but_told_apart():
    submitted = answer()
    submitted["cells"][index(submitted, "plot")]["source"] = STUB
    del submitted["cells"][index(submitted, "report")]
    program = repair(submitted, TEMPLATE)
    assert (program.missing, program.unchanged) == (("report",), ("plot",))
    assert program.found["plot"] == (11,)


def test_the_text_after_a_deleted_answer_is_not_taken_for_it():
    submitted = bare(answer())
    del submitted["cells"][10]
    assert repair(submitted, TEMPLATE).missing == ("plot",)


def test_another_notebook_is_called_one():
    other = {"cells": [cell("a", "print(1)")], "metadata": {"nbjudge": {"assignment": "other"}}}
    program = repair(other, TEMPLATE)
    assert program.missing == SOLUTIONS
    assert said(program, "another assignment")
    assert said(program, "No solution cell")
    assert [each.id for each in program.cells if each.kind == "given"] == ["imports", "helper"]


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_language_survives_the_loss_of_all_metadata(language):
    assert repair(answer(language), TEMPLATE).language == language
    assert repair(bare(answer(language)), TEMPLATE).language == language
    rewritten = bare(answer(language))
    for each in rewritten["cells"]:
        each["source"] = "Мой ответ" if language == "ru" else "My answer"
    assert repair(rewritten, TEMPLATE).language == language


@pytest.mark.parametrize("first", ["en", "ru", "de"])
def test_where_nothing_tells_the_language_it_is_the_courses_first(first):
    releases = {language: lab(False, "ru" if language == "ru" else "en") for language in (first, "en", "ru")}
    form = make_released_form("hw", releases, lab(True))
    for source in ("", "42", "\u4f60\u597d"):  # nothing, no letters, letters of none of them
        submitted = {"cells": [cell(None, source, "markdown")], "metadata": {}}
        assert repair(submitted, form).language == first


def test_any_two_languages_are_told_apart_by_their_letters():
    english, german = lab(False), lab(False)
    for notebook, text in (
        (english, "The answer to the question that we had put"),
        (german, "Über die größte Lösung"),
    ):
        notebook["cells"][0] |= {"id": text[:3], "source": text}
    form = make_released_form("hw", {"de": german, "en": english}, lab(True))
    for language, prose in (
        ("de", "Für große Zahlen lässt sich das lösen"),
        ("en", "What we thought at that point"),
    ):
        submitted = {"cells": [cell(None, prose, "markdown")], "metadata": {}}
        assert repair(submitted, form).language == language


def test_no_text_of_the_students_gets_into_a_repair():
    submitted = answer()
    for each in submitted["cells"]:
        each["id"] = "EVIL" + each["id"]
        each["metadata"] = {}
    submitted["cells"].append(cell("EVIL", "def EVIL(): pass", grade_id="EVIL"))
    submitted["metadata"] = {"nbjudge": {"assignment": "EVIL", "language": "EVIL"}}
    assert "EVIL" not in str(repair(submitted, TEMPLATE).repairs)


def test_a_rejected_file():
    program = rejected_program(Note("empty_file"), "ru")
    assert (program.rejected, program.language, program.cells) == (Note("empty_file"), "ru", ())
    assert repair({"cells": None}, TEMPLATE).rejected == Note("no_cells")


def test_the_real_lab_finds_every_solution_by_names_alone():
    template = load_released_form(load_course(ROOT), "intro")
    source = read_notebook((ROOT / "source/intro/intro.ipynb").read_bytes())
    program = repair(bare(source), template)
    automatic = {slot.id for slot in template.cells if slot.role == "solution"}
    assert automatic <= {each.id for each in program.cells}
    solved = {each["id"]: each["source"] for each in source["cells"] if role(each) == "solution"}
    cells = {slot.id: slot.cell for slot in template.cells}
    assert all(sources(program)[name] == solved[cells[name]] for name in automatic)


# Fuzzing: whatever happens to the file, repair answers, the same each time, and keeps its promises.

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
KEYS = ("id", "cell_type", "source", "metadata", "outputs")
META = ("nbgrader", "tags", "id", "grade_id", "solution", "grade")


def mutate(data, notebook):
    cells = notebook["cells"]
    at = data.draw(st.integers(0, max(len(cells) - 1, 0)))
    to = data.draw(st.integers(0, len(cells)))
    what = data.draw(
        st.sampled_from(["delete", "copy", "move", "retype", "strip", "edit", "garbage", "meta", "steal"])
    )
    if not cells or (what == "garbage" and not data.draw(st.booleans())):
        notebook[data.draw(st.sampled_from(["cells", "metadata", "nbformat"]))] = data.draw(json_values)
        return
    if what == "delete":
        del cells[at]
    elif what == "copy":
        cells.insert(to, copy.deepcopy(cells[at]))
    elif what == "move":
        cells.insert(to, cells.pop(at))
    elif not isinstance(cells[at], dict):
        cells[at] = data.draw(json_values)
    elif what == "retype":
        cells[at]["cell_type"] = data.draw(st.sampled_from(["code", "raw", "markdown", "?"]))
    elif what == "strip":
        cells[at]["metadata"] = {}
    elif what == "edit":
        cells[at]["source"] = data.draw(
            st.sampled_from(["halve = 1", "def double(", "%%bash", "\x00", "x" * 9, ""])
        )
    elif what == "garbage":
        cells[at][data.draw(st.sampled_from(KEYS))] = data.draw(json_values)
    elif isinstance(cells[at].get("metadata"), dict):
        meta = cells[at]["metadata"]
        grader = meta.get("nbgrader")
        target = grader if isinstance(grader, dict) and data.draw(st.booleans()) else meta
        names = st.sampled_from([slot.id for slot in TEMPLATE.cells])
        value = data.draw(names if what == "steal" else json_values)
        target[data.draw(st.sampled_from(META))] = value


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_no_mutation_of_a_notebook_makes_repair_raise_or_lie(data):
    notebook = data.draw(st.sampled_from([lab(False), answer(), answer("ru"), bare(answer())]))
    notebook = copy.deepcopy(notebook)
    for _ in range(data.draw(st.integers(1, 12))):
        if not isinstance(notebook.get("cells"), list):
            break
        mutate(data, notebook)
    before = json.dumps(notebook)
    program = repair(notebook, TEMPLATE)
    assert program == repair(notebook, TEMPLATE)
    assert json.dumps(notebook) == before
    check_promises(program, notebook)
    try:
        tidied = read_notebook(json.dumps(notebook).encode())
    except NotANotebook:
        return
    assert repair(read_notebook(write_notebook(tidied)), TEMPLATE) == repair(tidied, TEMPLATE)


def check_promises(program, notebook):
    if program.rejected:
        assert program.cells == ()
        return
    ids = [each.id for each in program.cells]
    assert len(ids) == len(set(ids))
    assert [name for name in ids if not name.startswith("added-")] == [
        name for name in RELEASED if name not in program.missing and name not in program.merged
    ]
    assert {*program.merged.values()} <= {*ids}
    given = {each.id: each.source for each in program.cells if each.kind == "given"}
    assert given == {
        slot.id: slot.source for slot in TEMPLATE.cells if slot.role == "given" and not slot.skip
    }
    assert set(program.missing).isdisjoint(program.unchanged)
    assert {*program.missing, *program.unchanged} <= set(SOLUTIONS)
    count = len(notebook["cells"]) if isinstance(notebook["cells"], list) else 0
    assert all(each.index is None or 1 <= each.index <= count for each in program.cells)
    said = [english(note) for note in program.repairs]
    assert all(len(sentence) < 500 and "\n" not in sentence for sentence in said)
    positions = [position for found in program.found.values() for position in found]
    assert set(positions) <= {*range(1, count + 1)}
    assert {*SOLUTIONS} - {*program.missing} == {*SOLUTIONS} & program.found.keys()


@settings(max_examples=100, deadline=None)
@given(json_values)
def test_any_json_is_answered(value):
    notebook = value if isinstance(value, dict) else {"cells": value}
    program = repair(notebook, TEMPLATE)
    assert program.rejected or not re.search("[^ -~]", "".join(map(english, program.repairs)))


def test_a_huge_notebook_is_answered_too():
    one = "\n".join(f"def f{number}(v): return {number}" for number in range(50))
    submitted = {"cells": [cell(None, one) for _ in range(3_000)] + answer()["cells"], "metadata": {}}
    program = repair(submitted, TEMPLATE)
    assert program.missing == ()
    assert len(program.cells) == 3_000 + len(RELEASED)
    doubled = {"cells": answer()["cells"] * 300, "metadata": {}}
    repairs = repair(doubled, TEMPLATE).repairs
    assert len(repairs) == 101 and repairs[-1].kind == "more_repairs"
