"""The parts of the check that need no grading: statistics, near copies, plots, changes, the skeleton."""

import json
from datetime import date
from pathlib import Path

import pytest
from support import cells
from support import small_course as small
from support.courses import write_course
from support.places import ROOT
from support.tiny_course import make_course

from nbjudge import cli
from nbjudge.authoring.check.findings import quantities_of
from nbjudge.authoring.check.near_copies import near_copies, telling_names
from nbjudge.authoring.check.page import plot, render_report
from nbjudge.authoring.check.report import CheckReport, Finding, MutantOutcome, Section, dump_report
from nbjudge.authoring.check.statistics import measure, t_tail
from nbjudge.authoring.new_assignment import write_skeleton
from nbjudge.authoring.release_diff import describe_changes
from nbjudge.course import load_course
from nbjudge.errors import CourseError
from nbjudge.model import Credit
from nbjudge.notebooks.cells import Notebook
from nbjudge.notebooks.reader import write_notebook
from nbjudge.notebooks.released_form import load_notebook


@pytest.mark.parametrize(
    ("t", "freedom", "tail"),
    [
        (0, 5, 0.5),
        (1, 1, 0.25),
        (12.706, 1, 0.025),
        (2.093, 19, 0.025),
        (3.579, 19, 0.001),
        (3.098, 1000, 0.001),
    ],
)  # from tables of Student's t
def test_students_t(t: float, freedom: int, tail: float) -> None:
    assert t_tail(t, freedom) == pytest.approx(tail, rel=2e-3)
    assert t_tail(-t, freedom) == pytest.approx(1 - tail, rel=2e-3)


def test_a_margin_is_counted_in_deviations() -> None:
    values = [0.93 + 0.01 * step for step in (-1, 0, 1) * 7]
    safe = measure("e", "t", 0.85, 0.5, values)
    assert safe.margin == pytest.approx(0.08 / safe.deviation) and safe.probability < 1e-3
    tight = measure("e", "t", 0.91, 0.5, values)
    assert tight.margin is not None and 2 < tight.margin < 3 and tight.probability > 1e-3
    loss = measure("e", "t", 1.01, 5.0, values)  # full below none: smaller is better
    assert loss.margin == pytest.approx(0.08 / loss.deviation) and loss.probability < 1e-3


def test_what_never_varies_needs_no_margin() -> None:
    assert measure("e", "t", 1.0, 0.0, [1.0] * 20).probability == 0
    assert measure("e", "t", 1.0, 0.0, [0.9] * 20).probability == 1
    assert measure("e", "t", 1.0, 0.0, [1.0, 0.5, 1.0, 1.0]).probability >= 0.25


def test_few_trials_prove_little() -> None:
    few, many = [0.92, 0.94], [0.92, 0.94] * 10
    assert (
        measure("e", "t", 0.88, 0.5, few).probability
        > 1e-2
        > 1e-3
        > measure("e", "t", 0.88, 0.5, many).probability
    )


def test_the_quantities_of_trials_are_their_credits() -> None:
    trials = [
        small.make_result(
            tests=(
                small.passed("square", credits=(Credit(value, 0.9, 0.5, 1.0), Credit(-1e-7, 0.0, 2.5, 1.0))),
                small.failed("scale", credits=(Credit(None, 0.9, 0.5, 0.0),)),
            )
        )
        for value in (0.931251234, 0.95)
    ]
    first, second = quantities_of(trials)
    assert (first.exercise, first.full, first.none) == ("square", 0.9, 0.5)
    assert first.mean == pytest.approx((0.931251234 + 0.95) / 2, abs=1e-12)
    assert (second.mean, second.full, second.none) == (-1e-7, 0.0, 2.5)


SOLUTION = """
def fit(X, y, steps, lr):
    ### BEGIN SOLUTION
    w = torch.zeros(X.shape[1], requires_grad=True)
    for _ in range(steps):
        loss = ((X @ w - y) ** 2).mean()
        loss.backward()
        with torch.no_grad():
            w -= lr * w.grad
        w.grad.zero_()
    return w.detach()
    ### END SOLUTION
"""
RENAMED = """
theta = torch.zeros(data.shape[1], requires_grad=True)   # start
for i in range(n):
    error = ((data @ theta - target) ** 2).mean()
    error.backward()
    with torch.no_grad():
        theta -= rate * theta.grad
    theta.grad.zero_()
"""


def notebook(first: str, *others: str) -> Notebook:
    given = [cells.cell(f"c{number}", source) for number, source in enumerate(others, start=1)]
    return cells.notebook([cells.solution_cell("fit_loop", first, "c0"), *given])


def test_a_solution_with_other_names_is_a_near_copy() -> None:
    source, stub = notebook(SOLUTION), "def fit(X, y, steps, lr):\n    raise NotImplementedError"
    (found,) = near_copies(source, notebook(stub, "import torch", RENAMED), {})
    assert "cell 'c2'" in found and "'fit_loop'" in found
    (found,) = near_copies(
        source, notebook(stub), {"tools.py": RENAMED.encode(), "data.npz": b"PK\0" + RENAMED.encode()}
    )
    assert "helper file 'tools.py'" in found
    other = "model = Net()\nfor images, labels in batches:\n    loss = F.nll_loss(model(images), labels)\n"
    assert near_copies(source, notebook(stub, other * 3), {}) == []


def test_the_courses_own_releases_hold_no_near_copies() -> None:
    source = load_notebook(ROOT / "source/intro/intro.ipynb", "")
    released = load_notebook(ROOT / "release/intro/intro.ipynb", "")
    assert near_copies(source, released, {}) == []
    assert near_copies(source, source, {})


@pytest.mark.parametrize(
    ("name", "telling"),
    [
        ("solution.py", True),
        ("data/answers.npz", True),
        ("lab-solutions.ipynb.txt", True),
        ("решение.py", True),
        ("course_data.py", False),
        ("resolution.csv", False),
        ("reference_frames_of_physics.txt", True),
    ],
)
def test_names_that_promise_a_solution(name: str, telling: bool) -> None:
    assert bool(telling_names({name: b""})) is telling


def test_the_page_shows_everything_and_escapes_it() -> None:
    report = CheckReport(
        "lab",
        "0" * 64,
        (Section("leaks", "Nothing leaks", (Finding("<b>bold</b>", "sin", "-x\n+<y>"),)),),
        mutants=(MutantOutcome("m1", "sin", "sin_f", 3, "sign", "-a\n+b", "survived"),),
        quantities=(measure("sin", "test_loss", 0.5, 2.0, [0.3, 0.35, 0.31, 0.35]),),
    )
    page = render_report(report)
    assert "&lt;b&gt;bold" in page and "<b>bold" not in page and "&lt;y&gt;" in page
    assert page.count('class="dot"') == 4 and "did not pass" in page and "Survivors: 1" in page
    assert json.loads(dump_report(report))["sections"][0]["passed"] is False


def test_dots_of_a_plot_do_not_hide_each_other() -> None:
    shown = plot(measure("e", "t", 0.9, 0.5, [0.95] * 5 + [0.93]))
    assert len(set(shown.dots)) == 6
    assert min(x for x, _ in shown.dots) > shown.threshold
    assert shown.good_left == shown.threshold  # more is better
    below = plot(measure("e", "t", 0.5, 0.9, [0.4, 0.3]))
    assert below.good_left == 0 and max(x for x, _ in below.dots) < below.threshold


def released(*texts: tuple[str, str]) -> bytes:
    return write_notebook(cells.notebook(cells.text_cell(*each) for each in texts))


def test_changes_are_told_by_cell() -> None:
    old = {
        "a.ipynb": released(("x", "one\ntwo"), ("y", "gone"), ("z", "same")),
        "d.bin": b"\xff",
        "t.py": b"a = 1\n",
    }
    new = {
        "a.ipynb": released(("z", "same"), ("x", "one\nthree"), ("n", "new text")),
        "d.bin": b"\xfe\xff",
        "t.py": b"a = 2\n",
        "u.py": b"",
    }
    told = "\n".join(describe_changes(old, new))
    for line in (
        "a.ipynb: cell 'y': removed", "a.ipynb: cell 'x' (cell 2)", "-two", "+three", "a.ipynb: cell 'n' (cell 3): new",
        "+new text", "a.ipynb: cells in another order", "d.bin: changed, 1 -> 2 bytes", "-a = 1", "+a = 2",
        "u.py: new, 0 bytes",
    ):  # fmt: skip
        assert line in told
    assert "same" not in told
    assert describe_changes(new, new) == []
    assert describe_changes({"x": b""}, {}) == ["x: removed"]


def test_release_diff_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    course = make_course(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert cli.main(["release", "--diff"]) == 0
    assert "students see no change" in capsys.readouterr().out
    path = course.source("tiny") / "tiny.ipynb"
    path.write_text(path.read_text().replace("# Tiny lab", "# A tiny lab"))
    before = {file: file.read_bytes() for file in course.release("tiny").iterdir()}
    assert cli.main(["release", "tiny", "--diff"]) == 0
    assert "+# A tiny lab" in capsys.readouterr().out
    assert before == {file: file.read_bytes() for file in course.release("tiny").iterdir()}


def test_a_skeleton_is_added_to_the_configuration(tmp_path: Path) -> None:
    course = make_course(tmp_path)
    files = write_skeleton(course, "second-lab", date(2030, 1, 1))
    assert all(file.is_file() for file in files)
    again = load_course(tmp_path)
    assert list(again.assignments) == ["tiny", "second-lab"]
    assert again.assignments["second-lab"].soft_deadline.date() == date(2030, 1, 15)
    with pytest.raises(CourseError, match="already"):
        write_skeleton(again, "second-lab", date(2030, 1, 1))


@pytest.mark.parametrize(
    "config", ["assignments = dict()", 'assignments = {"tiny": {}}', "assignments = {\n**{}\n}"]
)
def test_a_configuration_that_cannot_be_extended_stays_as_it_is(tmp_path: Path, config: str) -> None:
    course = make_course(tmp_path)
    path = tmp_path / "course_config.py"
    path.write_text(config)
    with pytest.raises(CourseError, match=r"course_config\.py"):
        write_skeleton(course, "second", date(2030, 1, 1))
    assert path.read_text() == config and not course.source("second").exists()


@pytest.mark.slow
def test_a_skeleton_passes_the_check_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_course(tmp_path, {}, {})
    monkeypatch.chdir(tmp_path)
    assert cli.main(["new", "first-steps"]) == 0
    assert cli.main(["check", "first-steps", "--jobs", "1"]) == 0, capsys.readouterr().out
    assert cli.main(["release", "first-steps"]) == 0
    assert "Новая" not in (tmp_path / "release/first-steps/first-steps.ipynb").read_text()
