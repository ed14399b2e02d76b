"""Grading with GPU slots where there is no GPU: the scheduling is real, and on each slot the CPU stands for the card."""

from pathlib import Path

import pytest
from support.tiny_course import HIDDEN, answer, make_course, submit

from nbjudge.app import grading
from nbjudge.app.check import check_assignment
from nbjudge.app.options import CheckOptions, GradingOptions
from nbjudge.errors import CourseError
from nbjudge.grading import gpu_passes
from nbjudge.grading.context import REPLAY_GRADINGS
from nbjudge.grading.gpu_passes import check_slots, left_for_slot, merge, verdict_on
from nbjudge.judge.outcome import TestSpec
from nbjudge.languages import english, words
from nbjudge.model import CellReport, Course, Limits, Result, TestResult
from nbjudge.notes import Note
from nbjudge.sandbox.gpu_cards import Card, Slot

GIB = 1 << 30
# Between the others, so that the outcomes must be put back in order. `log` tells how often a slot ran it.
ON_SLOTS = '''
@pytest.mark.exercise("double")
def test_first(student, device):
    """Runs on a slot."""
    open({log!r}, "a").write("x")
    assert student.double(5) == 10


''' + HIDDEN.split("import pytest")[1]
SPECS = tuple(
    TestSpec(exercise, name, {"": name}, 1.0, False, device=device)
    for exercise, name, device in (
        ("double", "cheap", "cpu"),
        ("double", "on_gpu", "cuda"),
        ("total", "either", "any"),
        ("total", "last", "cpu"),
    )
)


def with_slots(monkeypatch: pytest.MonkeyPatch, count: int = 1) -> None:
    cards = tuple(Card(i, (), f"GPU-{i}", "A stand-in", 24 * GIB, "1.2") for i in range(count))
    monkeypatch.setattr(gpu_passes, "find_cards", lambda: cards)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    (tmp_path / "log").touch()
    return tmp_path / "log"


@pytest.fixture
def course(tmp_path: Path, log: Path) -> Course:
    (tmp_path / "course").mkdir()
    return make_course(tmp_path / "course", "import pytest\n" + ON_SLOTS.format(log=str(log)))


def graded(report: grading.Report) -> dict[str, Result]:
    assert report.troubles == ()
    return {done.submission.student: done.result for done in report.graded}


@pytest.mark.slow
def test_a_dry_run_on_the_cpu_then_what_needs_a_slot(
    course: Course, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_slots(monkeypatch)
    submit(
        course,
        right=answer(course),
        absent=answer(course, double="def doubled(x):\n    return 2 * x"),
        dies=answer(course, double="import os\ndef double(x):\n    os._exit(0)"),
        untouched=course.release("tiny").joinpath("tiny.ipynb").read_bytes(),
        wants_cuda=answer(course, double='raise RuntimeError("Found no NVIDIA driver on your system")'),
        garbage=b"%PDF-1.7",
    )
    results = graded(grading.grade(course, "tiny", GradingOptions(jobs=2)))
    order = ["test_first", "test_doubles", "test_doubles_negative", "test_total", "test_total_of_nothing"]
    assert all(
        [test.test for test in result.tests] == order for name, result in results.items() if name != "garbage"
    )
    assert len(log.read_text()) == 2  # right, and the one that could not say on the CPU
    assert {name for name, result in results.items() if "gpu" in result.environment} == {
        "right",
        "wants_cuda",
    }
    assert [test.status for test in results["right"].tests] == ["passed"] * 5
    assert results["right"].environment["gpu"] == "A stand-in"
    assert results["right"].environment["gpu_driver"] == "1.2"
    first = {
        name: (result.tests[0].status, english(result.tests[0].message))
        for name, result in results.items()
        if result.tests
    }
    assert first["absent"] == ("not_found", "your notebook does not define 'double'")
    assert first["dies"] == ("crashed", "your code ended its own process, with exit status 0")
    assert first["untouched"][0] == "error" and first["wants_cuda"][0] == "not_found"
    assert results["garbage"].rejected


@pytest.mark.slow
def test_what_a_neighbour_may_have_spoilt_is_graded_once_more_alone(
    course: Course, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_slots(monkeypatch)
    hangs = "def double(x):\n    while x == 5: pass\n    return 2 * x"
    submit(course, right=answer(course), hangs=answer(course, double=hangs))
    results = graded(grading.grade(course, "tiny", GradingOptions(jobs=1, gpu_slots=2)))
    assert [test.status for test in results["hangs"].tests] == ["timeout", *["passed"] * 4]
    assert len(log.read_text()) == 3  # right once, hangs twice
    assert results["right"].environment["gpu_slots"] == "2"
    again = grading.grade(course, "tiny", GradingOptions(jobs=1, gpu_slots=2))
    assert again.graded == () and len(again.unchanged) == 2
    monkeypatch.setattr(
        gpu_passes, "find_cards", lambda: (Card(0, (), "GPU-0", "A stand-in", 24 * GIB, "1.3"),)
    )
    assert (
        len(grading.grade(course, "tiny", GradingOptions(jobs=1)).graded) == 2
    )  # another driver may mean another result


@pytest.mark.slow
def test_every_test_on_slots(course: Course, log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_slots(monkeypatch, 2)
    submit(course, anna=answer(course), boris=answer(course))
    results = graded(grading.grade(course, "tiny", GradingOptions(all_on_slots=True)))
    assert len(log.read_text()) == 2
    assert all(len(result.tests) == 5 and result.environment["gpu"] for result in results.values())
    monkeypatch.setattr(gpu_passes, "find_cards", lambda: ())
    with pytest.raises(CourseError, match="no GPU"):
        grading.grade(course, "tiny", GradingOptions(all_on_slots=True))


@pytest.mark.slow
def test_without_a_gpu_the_device_is_the_cpu_and_a_test_that_needs_one_stops_it_all(
    course: Course, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gpu_passes, "find_cards", lambda: ())
    submit(course, anna=answer(course))
    (result,) = graded(grading.grade(course, "tiny", GradingOptions(jobs=1))).values()
    assert [test.status for test in result.tests] == ["passed"] * 5 and result.environment["device"] == "cpu"
    assert "gpu" not in result.environment and log.read_text() == "x"

    path = course.autograder("tiny") / "test_tiny.py"
    path.write_text(
        path.read_text().replace(
            '@pytest.mark.exercise("total"', '@pytest.mark.gpu\n@pytest.mark.exercise("total"'
        )
    )
    with pytest.raises(CourseError, match=r"need a GPU.*test_total, test_total_of_nothing.*nbjudge doctor"):
        grading.grade(course, "tiny", GradingOptions(jobs=2))
    assert log.read_text() == "x"


@pytest.mark.slow
def test_a_course_without_gpu_tests_never_looks_for_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never() -> tuple[Card, ...]:
        raise AssertionError("asked for GPUs")

    monkeypatch.setattr(gpu_passes, "find_cards", never)
    course = make_course(tmp_path)
    submit(course, anna=answer(course))
    (result,) = graded(grading.grade(course, "tiny", GradingOptions(jobs=1))).values()
    assert result.environment["device"] == "cpu"


@pytest.mark.slow
def test_the_check_uses_slots_too(course: Course, log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_slots(monkeypatch)
    report = check_assignment(course, "tiny", CheckOptions(seeds=1, exercises=("double",), jobs=2))
    sections = {section.id: section for section in report.sections}
    assert sections["structure"].passed and sections["solution"].passed, sections
    assert {mutant.outcome for mutant in report.mutants} == {"killed"}
    # The solution, its one trial, and functions that return None; forged replies, on the CPU. What the dry run killed
    # took no slot.
    assert len(log.read_text()) == 3 + REPLAY_GRADINGS


def dry(*tests: TestResult, cells: tuple[CellReport, ...] = (), **rest: object) -> Result:
    from datetime import UTC, datetime

    values = {"language": "en", "key": "k", "tests": tests, "cells": cells, **rest}
    return Result("tiny", "anna", "0" * 64, datetime.now(UTC), **values)


def outcome(spec: TestSpec, status: str, fraction: float = 0.0) -> TestResult:
    return TestResult(spec.exercise, spec.name, spec.name, 1.0, status, fraction, message=f"it {status}")


def left(result: Result) -> list[str]:
    return [spec.name for spec in left_for_slot(SPECS, result)]


CELL = CellReport("double_function", 1, "ok")


def test_what_the_dry_run_leaves_for_a_slot() -> None:
    cheap, last = SPECS[0], SPECS[3]
    fine = outcome(last, "passed", 1)
    assert left(dry(outcome(cheap, "passed", 1), fine, cells=(CELL,))) == ["on_gpu", "either"]
    assert left(dry(outcome(cheap, "failed"), fine, cells=(CELL,))) == ["on_gpu", "either"]
    for status in ("not_found", "timeout", "memory", "crashed"):
        assert left(dry(outcome(cheap, status), fine, cells=(CELL,))) == ["either"]
    assert left(dry(outcome(cheap, "error"), fine, cells=(CELL,))) == ["on_gpu", "either"]
    assert left(dry(outcome(cheap, "error"), fine, cells=(CELL,), unchanged=("double_function",))) == [
        "either"
    ]
    assert left(dry(outcome(cheap, "broken_test"), fine, cells=(CELL,))) == ["on_gpu", "either"]
    assert left(dry(rejected=Note("no_cells"))) == []


@pytest.mark.parametrize(
    "cell",
    [
        CellReport("x", 1, "timeout"),
        CellReport("x", 1, "error", "AssertionError: Torch not compiled with CUDA enabled"),
        CellReport("x", 1, "error", "RuntimeError: Found no NVIDIA driver on your system"),
    ],
)
def test_where_cells_lacked_a_gpu_the_slot_runs_everything(cell: CellReport) -> None:
    assert left(dry(outcome(SPECS[0], "not_found"), cells=(CELL, cell))) == [spec.name for spec in SPECS]


def test_both_passes_come_back_in_order() -> None:
    first = dry(outcome(SPECS[0], "crashed"), outcome(SPECS[3], "passed", 1), cells=(CELL,))
    merged = merge(SPECS, first, [outcome(SPECS[2], "passed", 1)])
    assert [(test.test, test.status) for test in merged] == [
        ("cheap", "crashed"), ("on_gpu", "crashed"), ("either", "passed"), ("last", "passed"),
    ]  # fmt: skip
    assert merged[1].message == "it crashed" and merged[1].fraction == 0
    verdict = verdict_on("double", first)
    assert verdict is not None and verdict.test == "cheap"


def test_more_memory_than_a_slot_has_is_refused_before_grading() -> None:
    card = Card(0, ("/dev/nvidia0",), memory=24 * GIB)
    needs = (TestSpec("double", "big", {"": "b"}, 1.0, False, {"gpu_memory": "15GB"}, "cuda"),)
    check_slots(needs, [Slot(card)], Limits())
    with pytest.raises(CourseError, match=r"big: gpu_memory is 15360 MiB, and 2 slots"):
        check_slots(needs, [Slot(card, 2)], Limits())
    with pytest.raises(CourseError, match="gpu_memory is 20480 MiB"):
        check_slots(SPECS, [Slot(card, 2)], Limits(gpu_memory=20 * GIB))
    check_slots(SPECS, [Slot(card, 2)], Limits(gpu_memory=4 * GIB))


def test_out_of_gpu_memory_has_words_of_its_own() -> None:
    for language in ("en", "ru"):
        say = words(language)
        assert say.outcome("gpu_memory") != say.outcome("memory")
