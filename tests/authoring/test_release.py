"""Releases: what students get, in both languages, the same bytes each time, and no secret in it."""

import base64
import json
import shutil

import pytest
from support.cells import cell, grade_cell, manual_cell, notebook, region, solution_cell, text_cell
from support.courses import assignment, write_course
from support.places import ROOT

from nbjudge.authoring.leaks import find_leaks
from nbjudge.authoring.release import build_release, check_release, write_release
from nbjudge.course import load_course
from nbjudge.errors import CourseError
from nbjudge.notebooks.cells import grade_id, role, tags
from nbjudge.notebooks.reader import read_notebook, write_notebook

SOLUTION = "total = sum(weight * value for weight, value in pairs)"
TESTS = '''
import pytest

@pytest.mark.exercise("mean")
def test_weights_that_do_not_sum_to_one(student):
    """The mean is right when the weights have any positive sum."""
    assert student.weighted_mean([(2, 3.0), (2, 5.0)]) == 4.0
'''


def source_cells():
    function = f"""def weighted_mean(pairs):
    \"\"\"Mean of values with weights.\"\"\"
    ### BEGIN SOLUTION
    {SOLUTION}
    return total / sum(weight for weight, _ in pairs)
    ### END SOLUTION
"""
    return [
        text_cell("title-en", "# Means", "lang:en"),
        text_cell("title-ru", "# Средние", "lang:ru"),
        text_cell("both", "$$\\bar x$$"),
        cell("given", "import math\nprint(math.pi)", tags=["skip-grading"]),
        cell("locked", "x = 1", grade_id="locked", locked=True),
        solution_cell("mean_inline", region("seven = 3 + 4\nout = seven"), "mean_inline"),
        solution_cell("mean_function", function, "mean_function"),
        grade_cell("mean", "assert weighted_mean([(1, 2)]) == 2", 2, "mean"),
        manual_cell("essay", "Weights need not sum to one, because we divide.", 1, id_="essay"),
    ]


def write_source(course, cells, metadata=None):
    (course.source("hw") / "hw.ipynb").write_bytes(write_notebook(notebook(cells, **metadata or {})))


@pytest.fixture
def course(tmp_path):
    deadlines = {"soft_deadline": "2027-01-01 00:00", "hard_deadline": "2027-01-02 00:00"}
    return write_course(
        tmp_path,
        {"hw": assignment("HW", {"mean": 2, "essay": 1}, **deadlines)},
        {
            "source/hw/helper.py": "def load():\n    return []\n",
            "source/hw/data/points.bin": bytes(range(256)),
            "source/hw/hw.ipynb": notebook(source_cells()),
            "autograders/hw/test_mean.py": TESTS,
            "autograders/hw/hidden_points.npz": b"hidden " * 30,
        },
        course_id="c",
        title="C",
        languages=("en", "ru"),
        timezone="UTC",
    )


def released(course, name="hw.ipynb"):
    return read_notebook(build_release(course, "hw")[name])


def by_id(notebook):
    return {each["id"]: each for each in notebook["cells"]}


def test_students_get_stubs_tests_and_helpers(course):
    files = build_release(course, "hw")
    assert list(files) == ["data/points.bin", "helper.py", "hw.ipynb", "hw.ru.ipynb"]
    cells = by_id(read_notebook(files["hw.ipynb"]))
    assert cells["mean_inline"]["source"] == "# YOUR CODE HERE\nraise NotImplementedError()"
    assert cells["mean_function"]["source"].endswith(
        "    # YOUR CODE HERE\n    raise NotImplementedError()\n"
    )
    assert cells["essay"]["source"] == "YOUR ANSWER HERE"
    assert cells["mean"]["source"] == "assert weighted_mean([(1, 2)]) == 2"
    assert cells["mean"]["metadata"]["editable"] is False
    assert cells["mean_inline"]["metadata"]["deletable"] is False
    assert tags(cells["given"]) == ("skip-grading",)


def test_each_language_has_its_texts_and_shares_everything_else(course):
    english, russian = by_id(released(course)), by_id(released(course, "hw.ru.ipynb"))
    assert english.keys() ^ russian.keys() == {"title-en", "title-ru"}
    shared = english.keys() & russian.keys()
    assert all(english[name] == russian[name] for name in shared)
    for language, name in (("en", "hw.ipynb"), ("ru", "hw.ru.ipynb")):
        assert released(course, name)["metadata"]["nbjudge"] == {"assignment": "hw", "language": language}


def test_nbgrader_accepts_the_release_and_sees_no_response_in_it(course):
    import nbformat
    from nbgrader.nbgraderformat import MetadataValidator
    from nbgrader.utils import compute_checksum

    for name in ("hw.ipynb", "hw.ru.ipynb"):
        node = nbformat.reads(build_release(course, "hw")[name].decode(), as_version=4)
        nbformat.validate(node)
        MetadataValidator().validate_nb(node)
        graded = [each for each in node.cells if "nbgrader" in each.metadata]
        assert len(graded) == 5
        assert all(each.metadata.nbgrader["checksum"] == compute_checksum(each) for each in graded)


def test_outputs_and_the_authors_tools_leave_no_trace(course):
    cells = source_cells()
    cells[3] |= {
        "outputs": [{"output_type": "stream", "name": "stdout", "text": "3.14"}],
        "execution_count": 7,
    }
    cells[3]["metadata"] |= {"execution": {"iopub": 1}, "vscode": {"languageId": "python"}, "scrolled": True}
    write_source(course, cells, {"widgets": {"a": 1}, "authors": ["me"], "kernelspec": {"name": "my-env"}})
    notebook = released(course)
    given = by_id(notebook)["given"]
    assert (given["outputs"], given["execution_count"]) == ([], None)
    assert set(given["metadata"]) == {"tags"}
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    assert set(notebook["metadata"]) == {"kernelspec", "language_info", "nbjudge"}


def test_the_same_source_gives_the_same_bytes(course):
    first = build_release(course, "hw")
    assert build_release(course, "hw") == first
    assert write_notebook(read_notebook(first["hw.ipynb"])) == first["hw.ipynb"]


def test_stale_missing_and_extra_files_are_found_and_mended(course):
    assert check_release(course, "hw") == [
        "release/hw/data/points.bin: missing",
        "release/hw/helper.py: missing",
        "release/hw/hw.ipynb: missing",
        "release/hw/hw.ru.ipynb: missing",
    ]
    write_release(course, "hw")
    assert check_release(course, "hw") == []
    folder = course.release("hw")
    (folder / "old.py").write_text("")
    (folder / "helper.py").unlink()
    (folder / "hw.ipynb").write_text("{}")
    expected = ["release/hw/helper.py: missing", "release/hw/hw.ipynb: stale", "release/hw/old.py: extra"]
    assert check_release(course, "hw") == expected
    assert write_release(course, "hw") == expected
    assert write_release(course, "hw") == []
    assert sorted(path.name for path in folder.parent.iterdir()) == ["hw"]


def test_a_release_that_fails_leaves_the_old_one(course):
    write_release(course, "hw")
    before = (course.release("hw") / "hw.ipynb").read_bytes()
    write_source(course, [*source_cells(), cell("bad", f"# {SOLUTION}")])
    with pytest.raises(CourseError):
        write_release(course, "hw")
    assert (course.release("hw") / "hw.ipynb").read_bytes() == before


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("### BEGIN SOLUTION\nx", "'mean_inline': ### BEGIN SOLUTION without ### END SOLUTION after it"),
        ("x\n### END SOLUTION", "'mean_inline': ### END SOLUTION without ### BEGIN SOLUTION before it"),
        ("### BEGIN SOLUTION\n### BEGIN SOLUTION\n### END SOLUTION", "inside a solution region"),
    ],
)
def test_a_broken_region_names_its_cell(course, source, message):
    cells = source_cells()
    cells[5]["source"] = source
    write_source(course, cells)
    with pytest.raises(CourseError, match=message):
        build_release(course, "hw")


def test_mistakes_around_the_notebook(course):
    (course.source("hw") / "extra.ipynb").write_text("{}")
    with pytest.raises(CourseError, match="one notebook per assignment"):
        build_release(course, "hw")
    (course.source("hw") / "extra.ipynb").unlink()
    (course.source("hw") / "link.py").symlink_to("/etc/hostname")
    with pytest.raises(CourseError, match=r"link\.py: helper files must be plain files"):
        build_release(course, "hw")
    (course.source("hw") / "link.py").unlink()
    write_source(course, [*source_cells(), cell("x", "### BEGIN SOLUTION\ny\n### END SOLUTION")])
    with pytest.raises(CourseError, match="'x': a solution region outside a solution cell"):
        build_release(course, "hw")
    (course.source("hw") / "hw.ipynb").unlink()
    with pytest.raises(CourseError, match=r"hw\.ipynb is missing: create"):
        build_release(course, "hw")


def attachment(text):
    made = cell("leak", "![](attachment:a)", "markdown")
    return made | {"attachments": {"a": {"text/plain": base64.b64encode(text.encode()).decode()}}}


def in_metadata(text):
    made = cell("leak", "y = 1")
    made["metadata"]["nbjudge"] = {"note": [text]}
    return made


LEAKS = {
    "as a comment": cell("leak", f"y = 1\n#   {SOLUTION}"),
    "with other spaces": cell("leak", SOLUTION.replace(" * ", "*")),
    "in markdown": cell("leak", f"For example `{SOLUTION}`.", "markdown"),
    "in one language": cell("leak", f"Например `{SOLUTION}`.", "markdown", ["lang:ru"]),
    "in an attachment": attachment(SOLUTION),
    "in metadata": in_metadata(SOLUTION),
    "a short solution as a whole": cell(
        "leak", "total = 0\nseven = 3 + 4\nout = seven", grade_id="leak", locked=True
    ),
    "a manual answer": cell(
        "leak", "weights need not... Weights need not sum to one, because we divide.", "raw"
    ),
    "a hidden test's name": cell("leak", "# test_weights_that_do_not_sum_to_one"),
    "a hidden test's title": cell(
        "leak", "The mean is right when the weights have any positive sum.", "markdown"
    ),
    "a hidden test's call": cell("leak", "assert student.weighted_mean([(2,3.0), (2,5.0)]) == 4.0"),
    "an autograder's path": cell("leak", "see autograders/hw", "markdown"),
    "an autograder's file": cell("leak", "np.load('hidden_points.npz')"),
}


@pytest.mark.parametrize("place", LEAKS)
def test_a_planted_leak_is_found_and_its_cell_is_named(course, place):
    write_source(course, [*source_cells(), LEAKS[place]])
    with pytest.raises(CourseError, match=r"release/hw/hw.*: cell 'leak' \(cell \d+\) still holds"):
        build_release(course, "hw")


def test_a_leak_in_the_same_cell_outside_the_region(course):
    cells = source_cells()
    cells[6]["source"] += f"# hint: {SOLUTION}\n"
    write_source(course, cells)
    with pytest.raises(
        CourseError,
        match=r"cell 'mean_function' .* still holds a line of the solution of 'mean_function': .*"
        "put it between ### BEGIN SOLUTION and ### END SOLUTION",
    ):
        build_release(course, "hw")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("helper.py", f"def cheat(pairs):\n    {SOLUTION}\n"),
        ("notes.txt", "run test_weights_that_do_not_sum_to_one"),
        ("copy.bin", "hidden " * 30),
        ("helper.py", "### BEGIN SOLUTION\n### END SOLUTION"),
    ],
)
def test_a_leak_in_a_helper_file_is_named(course, name, text):
    (course.source("hw") / name).write_text(text)
    with pytest.raises(CourseError, match=rf"helper file '{name}'"):
        build_release(course, "hw")


def test_an_output_in_a_release_is_a_leak(course):
    source = read_notebook((course.source("hw") / "hw.ipynb").read_bytes())
    bad = released(course)
    given = by_id(bad)["given"]
    given["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "3"}]
    assert find_leaks(source, bad, {}, {}, where="r") == [
        "r: cell 'given' (cell 3) holds the output of a run: clear it"
    ]
    given["outputs"], given["execution_count"] = [], 4
    assert len(find_leaks(source, bad, {}, {}, where="r")) == 1


def test_common_lines_are_no_leaks(course):
    cells = source_cells()
    cells[6]["source"] = """def weighted_mean(pairs):
    ### BEGIN SOLUTION
    loss = 0
    for weight, value in sorted(pairs, key=lambda pair: pair[0]):
        with torch.no_grad():
            loss.backward()
            loss += value
    import torch.nn.functional as functional
    return loss
    ### END SOLUTION
"""
    shown = """loss = 0
for weight, value in sorted(pairs, key=lambda pair: pair[0]):
    loss.backward()
with torch.no_grad():
    pass
import torch.nn.functional as functional
return loss"""
    write_source(course, [*cells, cell("shown", shown)])
    assert "hw.ipynb" in build_release(course, "hw")


def test_the_sample_submissions_of_the_autograder_are_no_secret_and_not_read(course):
    folder = course.autograder("hw") / "submissions" / "full_marks"
    folder.mkdir(parents=True)
    (folder / "import math").write_text("print(math.pi)")
    (folder / "broken.py").write_text("def (")
    assert build_release(course, "hw")


def test_the_committed_release_of_the_lab_is_up_to_date_and_solves_nothing():
    course = load_course(ROOT)
    files = build_release(course, "intro")
    for name in ("intro.ipynb", "intro.ru.ipynb"):
        notebook = read_notebook(files[name])
        stubs = [each for each in notebook["cells"] if role(each) in ("solution", "manual")]
        assert len(stubs) == 13
        assert all(
            "YOUR CODE HERE" in each["source"] or "YOUR ANSWER HERE" in each["source"] for each in stubs
        )
        assert len({each["id"] for each in notebook["cells"]}) == len(notebook["cells"])
        text = json.dumps(notebook, ensure_ascii=False)
        source = read_notebook((course.source("intro") / "intro.ipynb").read_bytes())
        assert "torch.sin(x) ** 2 + torch.cos(x) ** 2" in json.dumps(source)
        assert "torch.sin(x) ** 2 + torch.cos(x) ** 2" not in text
        assert {grade_id(each) for each in stubs} == {
            grade_id(each) for each in source["cells"] if role(each) in ("solution", "manual")
        }
    assert check_release(course, "intro") == []


def test_copies_of_a_release_keep_nothing_hidden(course, tmp_path):
    (course.source("hw") / "__pycache__").mkdir()
    (course.source("hw") / "__pycache__" / "helper.pyc").write_bytes(b"x")
    (course.source("hw") / ".ipynb_checkpoints").mkdir()
    shutil.copy(course.source("hw") / "hw.ipynb", course.source("hw") / ".ipynb_checkpoints" / "hw.ipynb")
    assert list(build_release(course, "hw")) == ["data/points.bin", "helper.py", "hw.ipynb", "hw.ru.ipynb"]
