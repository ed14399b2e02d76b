"""Solution regions: what is inside, and what is wrong with them."""

import pytest

from nbjudge.errors import CourseError
from nbjudge.notebooks.regions import solution_lines, solution_regions, without_markers

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
TWO = f"def f():\n    {BEGIN}\n    a = 1\n    b = 2\n    {END}\n    given()\n    {BEGIN}\n    {END}\n    return a"


def cell(source, solution=True):
    meta = {"nbgrader": {"grade_id": "task_f", "solution": solution, "grade": False}}
    return {"cell_type": "code", "id": "c", "metadata": meta if solution else {}, "source": source}


def test_regions_and_lines_agree():
    assert solution_regions(cell(TWO), "lab") == (("    a = 1", "    b = 2"), ())
    assert solution_lines(TWO) == {3, 4}
    assert without_markers(TWO) == "def f():\n    a = 1\n    b = 2\n    given()\n    return a"


def test_without_regions_all_of_a_solution_cell_is_one():
    assert solution_regions(cell("a\nb"), "lab") == (("a", "b"),)
    assert solution_lines("a\nb") == {1, 2}
    assert solution_regions(cell("a\nb", solution=False), "lab") == ()


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (f"{BEGIN}\n{BEGIN}\n{END}", "inside a solution region"),
        (f"x\n{END}", f"{END} without {BEGIN}"),
        (f"{BEGIN}\n{END}\n{END}", f"{END} without {BEGIN}"),
        (f"{BEGIN}\nx", f"{BEGIN} without {END}"),
    ],
)
def test_a_region_that_is_not_well_formed(source, message):
    with pytest.raises(CourseError, match=f"lab: cell 'task_f'.*{message}"):
        solution_regions(cell(source), "lab")


def test_a_region_outside_a_solution_cell():
    with pytest.raises(CourseError, match="outside a solution cell"):
        solution_regions(cell(TWO, solution=False), "lab")
