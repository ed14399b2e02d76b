"""The benchmark's own parts: the same work in every form, the arithmetic, the page. No times."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from support.places import ROOT

BENCH = ROOT / "bench"
sys.path.insert(0, str(BENCH))

import courses  # noqa: E402
import graders  # noqa: E402
import light  # noqa: E402
import measure  # noqa: E402
import page  # noqa: E402
import pure  # noqa: E402
import student_in_kernel  # noqa: E402
from baseline import Baseline, Void  # noqa: E402
from figures import Figure, Report, Scale, extrapolate, further, growth  # noqa: E402
from targets import targets  # noqa: E402

BOTH = 4 + 9 + 27  # the number of a student with a mistake in four exercises


def figure(count: int, wall: float, grader: str = "nbgrader", **rest: object) -> Figure:
    values = {"assignment": "light", "cores": 1, "cpu": wall, "peak": 300 << 20, "pure": 0.01 * count, **rest}
    return Figure(grader=grader, count=count, wall=wall, **values)


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> courses.Work:
    """Students 0 (all right) and BOTH of the light assignment."""
    whole = courses.light_work(tmp_path_factory.mktemp("course"), BOTH + 1)
    chosen = ("s0000", f"s{BOTH:04d}")
    return replace(
        whole,
        submissions={student: whole.submissions[student] for student in chosen},
        cells={student: whole.cells[student] for student in chosen},
        distinct=2,
    )


def points(student: int) -> dict[str, float]:
    answers = zip(light.EXERCISES, light.answers_of(student), strict=True)
    return {exercise.id: float(answer.passes) for exercise, answer in answers}


def test_every_answer_passes_what_it_is_said_to_pass(work: courses.Work) -> None:
    hidden = [{"exercise": t.exercise, "points": t.points, "code": t.code} for t in work.hidden]
    for exercise in light.EXERCISES:
        for answer in exercise.answers:
            scores = pure.grade([light.IMPORTS, exercise.source(answer.body)], hidden)
            assert scores[exercise.id] == answer.passes, answer


def test_no_two_submissions_are_alike(work: courses.Work) -> None:
    assert len(set(work.submissions.values())) == len(work.submissions)
    assert points(0) != points(BOTH)


@pytest.mark.slow
def test_nbjudge_and_the_plain_process_agree(work: courses.Work, tmp_path: Path) -> None:
    baseline = Baseline(work, tmp_path)
    assert baseline.seconds(work) > 0
    grader = graders.Nbjudge.prepare(work, tmp_path / "nbjudge")
    grader.grade()
    assert grader.scores() == {"s0000": points(0), f"s{BOTH:04d}": points(BOTH)}
    baseline.compare("nbjudge", grader.scores())
    wrong = {student: {**scores, "slope": 0.5} for student, scores in grader.scores().items()}
    with pytest.raises(Void, match=r"got 0\.5 for slope"):
        baseline.compare("somebody", wrong)


@pytest.mark.slow
def test_nbgraders_release_hides_the_tests(work: courses.Work, tmp_path: Path) -> None:
    graders.Nbgrader.prepare(work, tmp_path)
    source, release = (
        (tmp_path / folder / "light/light.ipynb").read_text() for folder in ("source", "release")
    )
    assert source.count("BEGIN HIDDEN TESTS") == len(work.hidden)
    assert "assert_close" in source
    assert "assert_close" not in release


def test_otters_test_files_hold_every_hidden_test(work: courses.Work) -> None:
    texts = [
        graders.otter_tests(exercise.id, [test for test in work.hidden if test.exercise == exercise.id])
        for exercise in light.EXERCISES
    ]
    assert sum(text.count("@test_case(points=1.0") for text in texts) == len(work.hidden)
    for text in texts:
        compile(text, "test", "exec")


def test_the_labs_hidden_tests_are_all_there_with_their_points() -> None:
    work = courses.intro_work(3)
    totals: dict[str, float] = {}
    for test in work.hidden:
        totals[test.exercise] = totals.get(test.exercise, 0.0) + test.points
    automatic = {
        k: v for k, v in work.course.assignments["intro"].points.items() if k not in ("plots", "report")
    }
    assert totals == pytest.approx(automatic)
    files = "".join(path.read_text() for path in work.course.autograder("intro").glob("test_*.py"))
    assert len(work.hidden) == files.count("\ndef test_")
    assert len(set(work.submissions.values())) == 3


def test_a_command_is_measured() -> None:
    code = "import time; block = bytearray(b'1') * (200 << 20); time.sleep(1.5)"
    usage = measure.run([sys.executable, "-c", code])
    assert usage.wall > 1.5
    assert 0 < usage.cpu < usage.wall
    assert 190 << 20 < usage.peak < 400 << 20
    assert usage.samples


def test_a_command_that_fails_says_how() -> None:
    with pytest.raises(measure.CommandFailed, match="exit 3\nno luck"):
        measure.run([sys.executable, "-c", "print('no luck'); raise SystemExit(3)"])


def test_extrapolated_along_a_line() -> None:
    guess = extrapolate([figure(1, 8.0), figure(10, 53.0)], 100, pure=1.0)
    assert (guess.wall, guess.pure, guess.extrapolated) == (503.0, 1.0, True)
    with pytest.raises(ValueError, match="two figures"):
        extrapolate([figure(1, 8.0)], 100, pure=1.0)


def test_start_up_falls_out_of_further_submissions() -> None:
    small, large = (figure(n, 6 + 0.05 * n, "nbjudge", cores=2) for n in (10, 110))
    assert further(small, large) == pytest.approx(2 * 0.05 - 0.01)


def test_memory_that_grows_is_seen() -> None:
    flat = [measure.Sample(float(n), 1000 if n > 5 else 100, 10) for n in range(100)]
    growing = [measure.Sample(float(n), 1000 + 10 * n, 10) for n in range(100)]
    assert growth(flat) == pytest.approx(0)
    assert growth(growing) > 0.2


@pytest.fixture
def report() -> Report:
    ours = [figure(n, 6 + 0.03 * n, "nbjudge", cores=2) for n in (1, 10, 100)]
    theirs = [figure(1, 8.0), figure(10, 53.0)]
    memory = tuple(measure.Sample(float(n), 1 << 30, 1 << 26) for n in range(40))
    thousand = figure(1000, 36.0, "nbjudge", cores=2)
    return Report(
        date="2027-01-01",
        machine="2 cores",
        load=0.1,
        cores=2,
        versions={"python": "3.11"},
        command="python bench/compare.py",
        figures=(*ours, *theirs, extrapolate(theirs, 100, 1.0), replace(ours[0], wall=0.5, unchanged=True)),
        scale=Scale(thousand, replace(thousand, wall=1.5, unchanged=True), memory, help_seconds=0.1),
    )


def test_the_page_marks_what_is_extrapolated(report: Report) -> None:
    text = page.render(report)
    assert "| nbgrader | *100* | *503.0* |" in text
    assert "| nbjudge | 100 | 9.0 |" in text
    assert "| nbjudge | 1 | 0.5 |" in text.partition("Graded again")[2]


def test_a_busy_machine_is_told(report: Report) -> None:
    assert "busy with other work" not in page.render(report)
    assert "load average 7.5" in page.render(replace(report, load=7.5))


def test_a_missed_target_is_called_missed(report: Report) -> None:
    met = {target.name: target.met for target in targets(report)}
    assert all(met.values())
    assert report.scale is not None
    slow = replace(report.scale, help_seconds=0.4)
    missed = [target.name for target in targets(replace(report, scale=slow)) if not target.met]
    assert missed == ["`nbjudge --help`"]
    assert "| **no** |" in page.render(replace(report, scale=slow))


def test_the_page_comes_with_plot_and_figures(report: Report, tmp_path: Path) -> None:
    page.write(report, tmp_path / "benchmarks.md")
    assert {path.name for path in tmp_path.iterdir()} == {
        "benchmarks.md",
        "benchmarks.json",
        "benchmarks.svg",
    }
    assert "<svg" in (tmp_path / "benchmarks.svg").read_text()


def test_a_hidden_test_leaves_no_names_to_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test of a later exercise may replace an earlier function, and otter runs them by the alphabet."""
    (tmp_path / "replacing.py").write_text(
        "def test_later(student):\n"
        "    student.run(\"helper.__globals__['f'] = lambda: 2; helper.__globals__['g'] = 3\")\n"
        "def test_earlier(student):\n"
        "    assert student.f() == 1\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    kernel = {"__name__": "__main__"}
    exec("def f(): return 1\ndef helper(): pass", kernel)
    names = dict(kernel)
    student_in_kernel.check(dict(kernel), {}, "replacing", "test_later")
    student_in_kernel.check(dict(kernel), {}, "replacing", "test_earlier")
    assert kernel == names
