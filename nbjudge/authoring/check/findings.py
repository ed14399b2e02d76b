"""From results to findings: what each of the check's questions got for an answer. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from nbjudge.authoring.check.forgeable import Accepted, forgeable_share
from nbjudge.authoring.check.kernel import KernelRun
from nbjudge.authoring.check.mutants.equivalent import Equivalent
from nbjudge.authoring.check.mutants.make import Mutant
from nbjudge.authoring.check.report import (
    Finding,
    Forged,
    MutantOutcome,
    Quantity,
    Section,
    TestTime,
    Times,
    mutation_score,
)
from nbjudge.authoring.check.statistics import MAX_FAILURE, measure
from nbjudge.languages import english, words
from nbjudge.model import Result, TestResult
from nbjudge.notes import Note
from nbjudge.scoring import earned

LEAST_SCORE = 0.95  # of mutants killed
STUB = "NotImplementedError"
TITLES = {
    "structure": "The assignment is whole",
    "leaks": "Nothing leaks",
    "solution": "The solution gets full marks",
    "release": "The release gets nothing",
    "notebook": "The source notebook runs top to bottom",
    "variants": "Correct variants get full marks",
    "mutants": "Mistakes cost points",
    "thresholds": "Thresholds hold for every seed",
    "replay": "Forged replies get no more than is allowed",
}


def section(id_: str, findings: Iterable[Finding] = (), summary: str = "", *, ran: bool = True) -> Section:
    """A section with its title."""
    return Section(id_, TITLES[id_], tuple(findings), summary, ran)


def judge_solution(result: Result) -> Section:
    """The instructor's own solution passes every test in full, and every cell of it loads."""
    findings = [_failed(test, "the solution") for test in result.tests if earned(test) < 1]
    findings += [
        Finding(f"cell {cell.id!r} of the solution does not load ({cell.status}): {_first(cell.message)}")
        for cell in result.cells
        if cell.status not in ("ok", "skipped")
    ]
    return section("solution", findings, f"tests: {len(result.tests)}")


def judge_release(result: Result, emptied: Mapping[str, Result]) -> Section:
    """The untouched release earns nothing and loads; and no test passes on a solution with nothing in it."""
    findings = [
        Finding(
            f"{test.test} gives points to the untouched release: make it ask for something that the stub lacks",
            test.exercise,
        )
        for test in result.tests
        if earned(test) > 0
    ]
    findings += [
        Finding(
            f"cell {cell.id!r} of the untouched release fails with {_first(cell.message) or cell.status}:"
            " students see this before they have done anything; tag it skip-grading if it needs their solution"
        )
        for cell in result.cells
        if cell.status not in ("ok", "skipped") and STUB not in english(cell.message)
    ]
    given = {(test.exercise, test.test) for test in result.tests if earned(test) > 0}
    findings += [
        Finding(
            f"{test.test} passes although every function of the exercise returns None: it checks nothing",
            exercise,
        )
        for exercise, empty in emptied.items()
        for test in empty.tests
        if test.exercise == exercise and earned(test) > 0 and (exercise, test.test) not in given
    ]
    return section("release", findings, f"exercises also tried with empty functions: {len(emptied)}")


def judge_notebook(run: KernelRun) -> Section:
    """The source notebook ran in a fresh kernel."""
    findings = [Finding(f"source notebook: {run.error}")] if run.error else []
    return section("notebook", findings, f"{run.seconds:.0f} s in a fresh kernel")


def judge_variants(results: Mapping[str, Result], trials: Mapping[str, Result]) -> Section:
    """Every sample in submissions/full_marks/ gets full marks, whatever the seed.

    `results` by the sample's name, `trials` by its name and the seed.
    """
    tried = [(repr(name), result) for name, result in results.items()] + [*trials.items()]
    failed: dict[tuple[str, str], Finding] = {}  # the first of each variant and test
    for about, result in tried:
        for test in result.tests:
            if earned(test) < 1:
                key = about.rpartition(", seed")[0] or about, f"{test.exercise} {test.test}"
                failed.setdefault(key, _failed(test, f"the correct variant {about}"))
    findings = list(failed.values())
    findings += [
        Finding(f"the correct variant {name!r} is rejected: {english(result.rejected)}")
        for name, result in results.items()
        if result.rejected
    ]
    summary = f"variants in submissions/full_marks/: {len(results)}, trials with other seeds: {len(trials)}"
    return section("variants", findings, summary)


def mutant_outcome(mutant: Mutant, result: Result | None, equivalents: Iterable[Equivalent]) -> MutantOutcome:
    """What the tests made of one mutant; None: it could not be graded."""
    reason = next((entry.reason for entry in equivalents if entry.fits(mutant)), None)
    lost = next((test for test in (result.tests if result else ()) if _costs_points(test, mutant)), None)
    outcome, by = "survived", ""
    if reason is not None:
        outcome, by = "equivalent", reason
    elif result is None:
        outcome = "unknown"
    elif result.rejected is not None or lost is not None:
        outcome, by = "killed", f"{lost.test} ({lost.status})" if lost else "the notebook is rejected"
    values: dict[str, Any] = {"outcome": outcome, "by": by}
    return MutantOutcome(
        mutant.id, mutant.exercise, mutant.cell, mutant.line, mutant.operator, mutant.diff, **values
    )


def judge_mutants(outcomes: Sequence[MutantOutcome], stale: Iterable[Equivalent]) -> Section:
    """Enough mutants died, and every survivor is listed; entries that fit no mutant any more are findings too."""
    score = mutation_score(list(outcomes))
    survivors = [mutant for mutant in outcomes if mutant.outcome == "survived"]
    unknown = [mutant for mutant in outcomes if mutant.outcome == "unknown"]
    findings = [
        Finding(
            f"{mutant.cell}, line {mutant.line}: survives ({mutant.operator}, {mutant.id})",
            mutant.exercise,
            mutant.diff,
        )
        for mutant in survivors
        if score < LEAST_SCORE
    ]
    findings += [Finding(f"mutant {mutant.id} could not be graded", mutant.exercise) for mutant in unknown]
    findings += [
        Finding(
            f"equivalent_mutants.toml: no mutant fits {entry.id or entry.after!r} any more: remove the entry"
        )
        for entry in stale
    ]
    equal = sum(mutant.outcome == "equivalent" for mutant in outcomes)
    killed = sum(mutant.outcome == "killed" for mutant in outcomes)
    summary = (
        f"{killed} of {len(outcomes) - equal} killed ({score:.1%}, needed {LEAST_SCORE:.0%}),"
        f" {len(survivors)} survive, {equal} equivalent"
    )
    return section("mutants", findings, summary)


def quantities_of(results: Sequence[Result]) -> tuple[Quantity, ...]:
    """The distribution of every `credit` call over the trials, in the tests' order."""
    values: dict[tuple[str, str, int, float, float], list[float]] = {}
    for result in results:
        for test in result.tests:
            for position, credit in enumerate(test.credits):
                if credit.value is not None:
                    key = (test.exercise, test.test, position, credit.full, credit.none)
                    values.setdefault(key, []).append(credit.value)
    return tuple(
        measure(exercise, test, full, none, numbers)
        for (exercise, test, _, full, none), numbers in values.items()
    )


def judge_trials(results: Sequence[Result], quantities: Iterable[Quantity]) -> Section:
    """No test fails the solution in any trial, and no credited quantity comes near its threshold."""
    failures: dict[tuple[str, str], list[TestResult]] = {}
    for result in results:
        for test in result.tests:
            if earned(test) < 1:
                failures.setdefault((test.exercise, test.test), []).append(test)
    findings = [
        Finding(
            f"{name} fails the solution in {len(tests)} of {len(results)} trials:"
            f" {_first(tests[0].message) or tests[0].status or 'less than full credit'}",
            exercise,
        )
        for (exercise, name), tests in failures.items()
    ]
    findings += [
        Finding(
            f"{quantity.test}: a correct solution misses full credit at {quantity.full:g} with probability"
            f" {quantity.probability:.2g} (mean {quantity.mean:.4g}, deviation {quantity.deviation:.2g}):"
            " move `full` away, or make the quantity steadier",
            quantity.exercise,
        )
        for quantity in quantities
        if quantity.probability > MAX_FAILURE and (quantity.exercise, quantity.test) not in failures
    ]
    return section("thresholds", findings, f"trials of the solution, each with its own seed: {len(results)}")


def judge_replay(forged: Sequence[Forged], accepted: Accepted) -> Section:
    """Who sends replies that were heard in another grading gets no more than the share that is accepted."""
    share = forgeable_share(forged)
    points, possible = sum(test.points for test in forged), sum(test.possible for test in forged)
    summary = f"{points:.2f} of {possible:g} points ({share:.1%}, allowed {accepted.share:.0%})"
    if accepted.reason:
        summary += f": {accepted.reason}"
    findings = [
        Finding(
            f"{test.test} gives {test.points:.2f} points to forged replies ({test.by}): compare with something that"
            " only the judge draws",
            test.exercise,
        )
        for test in forged
        if test.points > 0 and share > accepted.share
    ]
    return section("replay", findings, summary)


def judge_time(solution: Result, run: KernelRun | None) -> Times:
    """What grading the solution costs, slowest test first."""
    tests = sorted(solution.tests, key=lambda test: -test.seconds)
    return Times(
        submission=solution.seconds,
        tests=tuple(TestTime(test.exercise, test.test, test.seconds) for test in tests),
        notebook=run.seconds if run else None,
    )


def full_marks(result: Result) -> bool:
    """Whether every test passed in full."""
    return all(earned(test) == 1 for test in result.tests)


def _costs_points(test: TestResult, mutant: Mutant) -> bool:
    """A test that is itself broken by a mutant costs nobody a point."""
    return test.exercise == mutant.exercise and earned(test) < 1 and test.status != "broken_test"


def _failed(test: TestResult, who: str) -> Finding:
    credits = f" ({'; '.join(map(words('en').credit, test.credits))})" if test.credits else ""
    reason = _first(test.message) or test.status
    return Finding(
        f"{test.test} fails {who}: {reason}{credits}",
        test.exercise,
    )


def _first(message: str | Note) -> str:
    lines = english(message).strip().splitlines()
    return lines[0] if lines else ""
