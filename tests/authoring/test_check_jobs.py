"""What the check would grade, and what it makes of the results: no grading here."""

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.tiny_course import HIDDEN, make_course

from nbjudge.app.check import record_report
from nbjudge.authoring.check.answers import ORDER, answer, answer_flaw
from nbjudge.authoring.check.jobs import RELEASE, SOLUTION, CheckJob, CheckPlan, plan_check, results_of
from nbjudge.authoring.check.kernel import KernelRun
from nbjudge.authoring.check.report import CheckReport
from nbjudge.authoring.check.staging import FlawError, stage_assignment
from nbjudge.errors import CourseError
from nbjudge.model import Course, Result, TestResult

FULL_MARKS = "# base: solution\n# expected: all\n# %% double_function\ndef double(x):\n    return x + x\n"
REPORT = CheckReport("tiny", "0" * 64, ())
RUN = KernelRun(1.0, None)


def result(job: CheckJob, *tests: TestResult) -> Result:
    return Result("tiny", str(job), "0" * 64, datetime(2026, 1, 1, tzinfo=UTC), "en", "key", tests)


def tried(exercise: str, fraction: float) -> TestResult:
    status = "passed" if fraction else "failed"
    return TestResult(exercise, "test_it", "It", 1, status, fraction)


@pytest.fixture
def course(tmp_path: Path) -> Course:
    made = make_course(tmp_path, HIDDEN)
    folder = made.autograder("tiny") / "submissions/full_marks"
    folder.mkdir(parents=True)
    (folder / "added.py").write_text(FULL_MARKS)
    return made


@pytest.fixture
def plan(course: Course, tmp_path_factory: pytest.TempPathFactory) -> CheckPlan:
    return plan_check(stage_assignment(course, "tiny", tmp_path_factory.mktemp("staged")), (), 5)


def test_staging_leaves_the_course_alone(course: Course, tmp_path_factory: pytest.TempPathFactory) -> None:
    before = {path: path.read_bytes() for path in course.root.rglob("*") if path.is_file()}
    folder = tmp_path_factory.mktemp("staged")
    staged = stage_assignment(course, "tiny", folder)
    assert staged.course.root == folder and staged.automatic == ("double", "total")
    assert not (folder / "release").is_symlink() and (folder / "source").is_symlink()
    assert (staged.course.release("tiny") / "tiny.ipynb").is_file()
    assert before == {path: path.read_bytes() for path in course.root.rglob("*") if path.is_file()}


def test_every_job_is_told_apart(plan: CheckPlan) -> None:
    assert len(set(plan.jobs)) == len({str(job) for job in plan.jobs}) == len(plan.jobs)
    kinds = Counter(job.kind for job in plan.jobs)
    assert kinds == {
        "solution": 1, "release": 1, "variant": 1, "variant trial": 5, "empty": 2, "replay": 1, "trial": 5,
        "mutant": len(plan.mutants),
    }  # fmt: skip
    assert {SOLUTION, RELEASE, CheckJob("variant", "added"), CheckJob("empty", "total")} <= set(plan.whole)
    assert len({job.notebook for job in plan.others}) == len(plan.others)  # each with its own seed
    assert all(json.loads(job.notebook)["cells"] for job in plan.jobs)


def test_a_job_runs_no_more_than_it_needs(plan: CheckPlan) -> None:
    asked = {job.kind: (job.exercises, job.stop) for job in plan.jobs if job.about != "total"}
    assert asked["solution"] == asked["variant"] == (None, False)
    assert asked["empty"] == (frozenset(["double"]), False)
    assert asked["trial"] == (frozenset(["double", "total"]), False)
    owners = {mutant.id: mutant.exercise for mutant in plan.mutants}
    for job in plan.others:
        if job.kind == "mutant":
            assert job.exercises == {owners[job.about]} and job.stop


def test_some_exercises_only(course: Course, tmp_path_factory: pytest.TempPathFactory) -> None:
    staged = stage_assignment(course, "tiny", tmp_path_factory.mktemp("staged"))
    plan = plan_check(staged, ("total",), 2)
    assert {mutant.exercise for mutant in plan.mutants} == {"total"}
    assert {job.exercises for job in plan.others} == {frozenset(["total"])}
    assert [job.about for job in plan.jobs if job.kind == "empty"] == ["total"]
    with pytest.raises(CourseError, match="no exercise 'essay' with tests; there is: double, total"):
        plan_check(staged, ("essay",), 2)


def test_an_equivalent_mutant_is_not_graded(
    course: Course, plan: CheckPlan, tmp_path_factory: pytest.TempPathFactory
) -> None:
    first = plan.mutants[0]
    path = course.autograder("tiny") / "equivalent_mutants.toml"
    entries = [("id", first.id), ("id", "0123456789ab")]
    path.write_text("".join(f'[[mutant]]\n{key} = "{id_}"\nreason = "so it is"\n' for key, id_ in entries))
    again = plan_check(stage_assignment(course, "tiny", tmp_path_factory.mktemp("again")), (), 5)
    assert first in again.mutants and CheckJob("mutant", first.id) not in again.jobs
    assert [entry.id for entry in again.stale] == ["0123456789ab"]
    path.write_text("[[mutant]]\nreason = 'of what?'\n")
    with pytest.raises(FlawError, match="name the mutant") as caught:
        plan_check(stage_assignment(course, "tiny", tmp_path_factory.mktemp("broken")), (), 5)
    assert caught.value.section == "structure"


def test_results_are_found_by_what_they_are_about(plan: CheckPlan) -> None:
    results = {job: result(job) for job in plan.jobs}
    assert list(results_of("variant", results)) == ["added"]
    assert results_of("empty", results)["total"] is results[CheckJob("empty", "total")]


def test_every_question_is_answered_in_order(plan: CheckPlan) -> None:
    fraction = {"release": 0.0, "empty": 0.0, "mutant": 0.0}
    results = {
        job: result(job, *(tried(exercise, fraction.get(job.kind, 1.0)) for exercise in ("double", "total")))
        for job in plan.jobs
    }
    report = answer(REPORT, plan, results, [], RUN)
    assert [section.id for section in report.sections] == list(ORDER)
    assert report.passed and report.score == 1 and report.trials == 5


def test_a_variant_that_fails_with_another_seed_is_named_once(plan: CheckPlan) -> None:
    fraction = {"release": 0.0, "empty": 0.0, "mutant": 0.0, "variant trial": 0.0}
    results = {
        job: result(job, *(tried(exercise, fraction.get(job.kind, 1.0)) for exercise in ("double", "total")))
        for job in plan.jobs
    }
    report = answer(REPORT, plan, results, [], RUN)
    [variants] = [section for section in report.sections if section.id == "variants"]
    assert not report.passed
    assert [finding.exercise for finding in variants.findings] == ["double", "total"]
    assert all("the correct variant 'added', seed 0" in finding.message for finding in variants.findings)


def test_a_solution_that_lost_a_point_leaves_the_rest_unasked(plan: CheckPlan) -> None:
    results = {job: result(job, tried("double", 0.0)) for job in plan.whole}
    report = answer(REPORT, plan, results, [], RUN)
    asked = {section.id: section for section in report.sections}
    assert not asked["solution"].passed and not asked["mutants"].ran and not asked["thresholds"].ran
    assert asked["variants"].ran


def test_what_could_not_be_graded_is_a_finding(plan: CheckPlan) -> None:
    report = answer(REPORT, plan, {}, ["the solution could not be graded: no jail"], RUN)
    asked = {section.id: section for section in report.sections}
    assert (
        "no jail" in asked["structure"].findings[0].message
        and "no jail" in asked["solution"].findings[0].message
    )
    assert not asked["release"].ran and not report.passed


def test_a_function_in_the_solutions_of_two_exercises_is_found(plan: CheckPlan) -> None:
    cells = [dict(cell) for cell in plan.staged.source["cells"]]
    for cell in cells:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "total_function":
            cell["source"] += "\n\ndef double(x):\n    return x + x"
    source = {**plan.staged.source, "cells": cells}
    twice = replace(plan, staged=replace(plan.staged, source=source))
    results = {job: result(job, tried("double", 1.0)) for job in plan.whole}
    structure = answer(REPORT, twice, results, [], RUN).sections[0].findings
    (finding,) = structure
    assert "double is defined twice, in 'double' and in cell 'total_function'" in finding.message
    assert answer(REPORT, plan, results, [], RUN).sections[0].findings == ()


def test_a_flaw_is_told_line_by_line() -> None:
    report = answer_flaw(REPORT, FlawError("leaks", "one\ntwo"))
    asked = {section.id: section for section in report.sections}
    assert [finding.message for finding in asked["leaks"].findings] == ["one", "two"]
    assert [section.id for section in report.sections if section.ran] == ["leaks"]


def test_recording_prints_nothing(course: Course, capfd: pytest.CaptureFixture[str]) -> None:
    written = record_report(course, replace(REPORT, content="0" * 64))
    assert [path.name for path in written] == ["tiny.html", "tiny.json"]
    assert json.loads(written[1].read_text())["assignment"] == "tiny"
    assert capfd.readouterr() == ("", "")
