"""Every sample submission, graded in one batch by the real pipeline: exact scores, and nothing outlives the run."""

import ctypes
import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest
from support.places import ROOT

from nbjudge.app import grading
from nbjudge.app.collect import collect
from nbjudge.authoring.samples import build_sample, read_expected, read_header, read_samples
from nbjudge.course import load_course
from nbjudge.errors import CourseError
from nbjudge.model import Exercise
from nbjudge.notebooks.cells import grade_id
from nbjudge.notebooks.released_form import load_notebook
from nbjudge.results import load_result

COURSE = load_course(ROOT)
SAMPLES = {sample.name: sample for sample in read_samples(COURSE, "intro")}
PR_SET_CHILD_SUBREAPER = 36
STRAY = [
    Path("/tmp/results.json"),
    Path("/tmp/grades.csv"),
]  # what cheats/prints_results.py writes, in its jail


def children():
    """Process ids of this process's children, orphans that it adopted included.

    Not counted: the resource tracker, which multiprocessing keeps until this process ends.
    """
    tasks = Path("/proc/self/task").glob("*/children")
    found = {int(pid) for task in tasks for pid in task.read_text().split()}
    return {pid for pid in found if b"resource_tracker" not in Path(f"/proc/{pid}/cmdline").read_bytes()}


def snapshot():
    """Size and time of every file of the course that a submission could be after."""
    folders = ("source", "release", "autograders")
    files = [path for name in folders for path in (ROOT / name).rglob("*") if "__pycache__" not in path.parts]
    return {path: (path.stat().st_size, path.stat().st_mtime_ns) for path in files if path.is_file()}


@pytest.fixture(scope="module")
def batch(tmp_path_factory):
    """All samples collected and graded: the report, and what was left behind."""
    state = tmp_path_factory.mktemp("gradebook")
    course = replace(COURSE, gradebook=state, database=f"sqlite:///{state / 'gradebook.db'}")
    handed_in = tmp_path_factory.mktemp("handed-in")
    for sample in SAMPLES.values():
        (handed_in / f"{sample.name}.ipynb").write_bytes(sample.data)
    for path in STRAY:
        path.unlink(missing_ok=True)
    # whatever loses its parent during the run becomes our child, and is seen
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    before, files = children(), snapshot()
    try:
        collect(course, "intro", handed_in)
        report = grading.grade(course, "intro")
    finally:
        left = children() - before
        for pid in left:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
    return {
        "course": course,
        "report": report,
        "processes": left,
        "changed": files.items() ^ snapshot().items(),
    }


@pytest.fixture(scope="module")
def graded(batch):
    return {done.submission.student: done for done in batch["report"].graded}


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.timeout(900)
def test_every_sample_ends_with_a_result(batch, graded):
    assert batch["report"].troubles == ()
    assert graded.keys() == SAMPLES.keys()


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", SAMPLES)
def test_score(graded, name):
    got = {e.exercise: e.score for e in graded[name].score.exercises if not e.manual}
    for exercise, (low, high) in SAMPLES[name].expected.items():
        assert got[exercise] is not None, f"{exercise} was not graded"
        assert low - 1e-6 <= got[exercise] <= high + 1e-6, exercise
    assert got.keys() == SAMPLES[name].expected.keys()


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.timeout(900)
def test_nothing_outlives_the_batch(batch):
    assert batch["processes"] == set()
    assert batch["changed"] == set()
    assert not any(path.exists() for path in STRAY)


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.timeout(900)
def test_no_test_is_the_authors_fault(graded):
    assert {
        t.test for done in graded.values() for t in done.result.tests if t.status == "broken_test"
    } == set()


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("name", "exercise", "status"),
    [
        ("sixty-gigabytes", "sin2-cos2", "memory"),
        ("endless-momentum", "optimizer", "timeout"),
        ("os-exit", "probabilities", "crashed"),
        ("segfault", "sin2-cos2", "crashed"),
        ("syntax-error", "gradient-descent", "not_found"),
        ("solution-deleted", "optimizer", "error"),
        ("tracked-update", "gradient-descent", "error"),
        ("wrong-sign", "gradient-descent", "failed"),
        ("wrong-names", "probabilities", "not_found"),
        ("untouched", "mnist-evaluate", "error"),
    ],
)
def test_status_says_what_went_wrong(graded, name, exercise, status):
    assert status in {t.status for t in graded[name].result.tests if t.exercise == exercise}


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.timeout(900)
def test_cells_of_the_release_load_without_its_solutions(graded):
    """Given cells never need a solution, or must be tagged skip-grading."""
    assert {r.id for r in graded["untouched"].result.cells if r.status != "ok"} == {"sin2-cos2_inline"}


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.timeout(900)
def test_every_test_is_failed_by_a_partial_sample(graded):
    """A hidden test that no wrong submission fails proves nothing."""
    wrong = [done for name, done in graded.items() if SAMPLES[name].verdict == "partial"]
    failed = {(t.exercise, t.test) for done in wrong for t in done.result.tests if t.status != "passed"}
    tests = {(t.exercise, t.test) for t in graded["reference"].result.tests}
    assert tests - failed == set()


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.timeout(900)
def test_results_are_stored(batch, graded):
    path = batch["course"].gradebook / "results" / "reference" / "intro.json"
    assert load_result(path.read_bytes()).tests == graded["reference"].result.tests


# The builder of patches

SOURCE = load_notebook(COURSE.source("intro") / "intro.ipynb", "")
RELEASE = load_notebook(COURSE.release("intro") / "intro.ipynb", "")
HEAD = "# base: {}\n# expected: all\n"


def build(blocks, base="solution"):
    return build_sample(HEAD.format(base) + blocks, SOURCE, RELEASE)["cells"]


def text_of(cells, name):
    return next(cell["source"] for cell in cells if name in (grade_id(cell), cell.get("id")))


def test_base_solution_fills_every_solution_cell_and_no_more():
    cells, released = build(""), RELEASE["cells"]
    changed = {grade_id(a) for a, b in zip(cells, released, strict=True) if a["source"] != b["source"]}
    assert changed == {
        grade_id(cell) for cell in released if (cell["metadata"].get("nbgrader") or {}).get("solution")
    }
    assert "SOLUTION" not in "".join(cell["source"] for cell in cells)


def test_base_release_changes_nothing_and_leaves_the_release_alone():
    cells = build("", "release")
    assert cells == RELEASE["cells"]
    build("# %% probabilities_classes\nx = 1\n", "release")
    assert cells == RELEASE["cells"]


def test_blocks():
    cells = build(
        "# %% probabilities_classes\n\npredict = None\n\n# %% + after imports\nimport math\n# %% given minibatches\n"
        "minibatches = 1\n# %% drop data\n# %% twice optimizer_momentum\n# %% last mnist-evaluate\n"
    )
    assert text_of(cells, "probabilities_classes") == "predict = None"
    names = [cell.get("id") for cell in cells]
    assert cells[names.index("imports") + 1]["source"] == "import math"
    assert text_of(cells, "minibatches") == "minibatches = 1"
    assert "data" not in names
    assert names.count("optimizer_momentum") == 2
    assert grade_id(cells[-1]) == "mnist-evaluate"


def test_strip_removes_all_marks():
    cells = build("# %% strip\n")
    assert all(not cell["metadata"] and "id" not in cell for cell in cells)
    assert [cell["source"] for cell in cells] == [cell["source"] for cell in build("")]


@pytest.mark.parametrize(
    ("patch", "message"),
    [
        ("# base: solution\n# %% x\n", "no '# expected: ...' line"),
        ("# expected: all\n", "no '# base: ...' line"),
        ("# base: solved\n# expected: all\n", "base is 'solution' or 'release', not 'solved'"),
        (HEAD.format("release") + "# %% no-such_cell\n", "no cell 'no-such_cell'"),
        (
            HEAD.format("release") + "# %% remove imports\n",
            "'# %% remove imports' is not a block that nbjudge knows",
        ),
    ],
)
def test_a_wrong_patch_is_named(patch, message):
    with pytest.raises(CourseError) as caught:
        build_sample(patch, SOURCE, RELEASE, "partial/x.py")
    assert str(caught.value).startswith("partial/x.py: ") and message in str(caught.value)


def test_expected_words():
    exercises = [Exercise("a", 2, False, ()), Exercise("b-c", 1, False, ()), Exercise("plots", 1, True, ())]
    assert read_expected("all b-c=0.25..0.5", exercises, "x") == {"a": (2, 2), "b-c": (0.25, 0.5)}
    assert read_expected("none a=1", exercises, "x") == {"a": (1, 1), "b-c": (0, 0)}
    for words in ("", "a=1", "all plots=1", "all a=full", "everything"):
        with pytest.raises(CourseError, match=r"^x: expected: "):
            read_expected(words, exercises, "x")


def test_header_ends_at_the_first_block():
    patch = "# base: solution\n# expected: all\n# %% a\n# expected: none\n"
    assert read_header(patch, "x") == ("solution", "all")


def test_names_do_not_collide_and_every_verdict_has_samples():
    assert {sample.verdict for sample in SAMPLES.values()} == {
        "full_marks",
        "partial",
        "zero",
        "times_out",
        "crashes",
        "damaged",
        "cheats",
    }
    for name, points in COURSE.assignments["intro"].points.items():
        if name not in ("plots", "report"):
            partial = [s for s in SAMPLES.values() if s.verdict == "partial" and s.expected[name][1] < points]
            assert partial, f"no partial sample gets {name} wrong"
    for sample in SAMPLES.values():
        if sample.verdict == "partial":
            lost = [
                n
                for n, (low, high) in sample.expected.items()
                if high < COURSE.assignments["intro"].points[n]
            ]
            assert len(lost) == 1, (
                f"{sample.path}: a wrong answer to one exercise must cost points there only"
            )
