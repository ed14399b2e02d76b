"""The check's questions in their order, answered from what was graded. Pure."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from nbjudge.authoring.check import findings
from nbjudge.authoring.check.findings import section
from nbjudge.authoring.check.forgeable import forged_points
from nbjudge.authoring.check.jobs import RELEASE, REPLAY, SOLUTION, CheckJob, CheckPlan, results_of
from nbjudge.authoring.check.kernel import KernelRun
from nbjudge.authoring.check.near_copies import near_copies, telling_names
from nbjudge.authoring.check.report import CheckReport, Finding, Forged, MutantOutcome, Section
from nbjudge.authoring.check.staging import FlawError, StagedAssignment
from nbjudge.model import Result
from nbjudge.notebooks.cells import exercise_of, grade_id, role
from nbjudge.notebooks.python_source import parse

ORDER = (
    "structure",
    "leaks",
    "solution",
    "release",
    "notebook",
    "variants",
    "mutants",
    "thresholds",
    "replay",
)


def answer(
    report: CheckReport,
    plan: CheckPlan,
    results: Mapping[CheckJob, Result],
    troubles: Sequence[str],
    run: KernelRun,
) -> CheckReport:
    """`report` with every question's answer; what a finding made pointless to ask stays unasked.

    `troubles`: a sentence for each job without a result.
    """
    found = [Finding(trouble) for trouble in troubles]
    whole = [*found, *_defined_twice(plan.staged)]
    sections = [section("structure", whole, _summary(plan.staged)), _leaks(plan.staged)]
    if SOLUTION not in results or RELEASE not in results:
        return with_sections(report, [*sections, section("solution", found)])
    sections += [
        findings.judge_solution(results[SOLUTION]),
        findings.judge_release(results[RELEASE], results_of("empty", results)),
        findings.judge_notebook(run),
        findings.judge_variants(results_of("variant", results), results_of("variant trial", results)),
    ]
    report = replace(report, times=findings.judge_time(results[SOLUTION], run))
    if not all(section.passed for section in sections if section.id == "solution"):
        return with_sections(report, sections)  # the rest asks how far from the solution it may be
    outcomes, tried = _outcomes(plan, results), list(results_of("trial", results).values())
    quantities = findings.quantities_of(tried)
    sections += [
        findings.judge_mutants(outcomes, plan.stale),
        findings.judge_trials(tried, quantities),
    ]
    forged: tuple[Forged, ...] = ()
    if REPLAY in results:
        points = {exercise.id: exercise.points for exercise in plan.staged.exercises if not exercise.manual}
        forged = forged_points(results[REPLAY], points)
        sections.append(findings.judge_replay(forged, plan.accepted))
    report = replace(report, mutants=outcomes, quantities=quantities, trials=len(tried), forged=forged)
    return with_sections(report, sections)


def answer_flaw(report: CheckReport, flaw: FlawError) -> CheckReport:
    """`report` on an assignment that can't be graded: one section with findings, the others unasked."""
    return with_sections(report, [section(flaw.section, map(Finding, str(flaw).splitlines()))])


def with_sections(report: CheckReport, sections: Sequence[Section]) -> CheckReport:
    """`report` with these sections in the check's order, and the others as not asked."""
    asked = {section.id: section for section in sections}
    return replace(report, sections=tuple(asked.get(id_) or section(id_, ran=False) for id_ in ORDER))


def _outcomes(plan: CheckPlan, results: Mapping[CheckJob, Result]) -> tuple[MutantOutcome, ...]:
    graded = results_of("mutant", results)
    return tuple(
        findings.mutant_outcome(mutant, graded.get(mutant.id), plan.equivalents) for mutant in plan.mutants
    )


def _summary(staged: StagedAssignment) -> str:
    points, count = sum(exercise.points for exercise in staged.exercises), len(staged.exercises)
    return f"{points:g} points; exercises: {count}, {len(staged.automatic)} of them graded by tests"


def _defined_twice(staged: StagedAssignment) -> Iterator[Finding]:
    """Functions and classes that the solution cells of two exercises define: the stub of one replaces the other's answer."""
    owners: dict[str, str] = {}
    for cell in staged.source["cells"]:
        tree = parse(cell["source"]) if role(cell) == "solution" else None
        for node in tree.body if tree else ():
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                exercise = exercise_of(str(grade_id(cell)))
                first = owners.setdefault(node.name, exercise)
                if first != exercise:
                    yield Finding(
                        f"{node.name} is defined twice, in {first!r} and in cell {grade_id(cell)!r}: in the release the second"
                        " is a stub that replaces an answer to the first; define it once",
                        exercise,
                    )


def _leaks(staged: StagedAssignment) -> Section:
    lines = [*near_copies(staged.source, staged.released, staged.helpers), *telling_names(staged.helpers)]
    return section("leaks", map(Finding, lines), f"{len(staged.helpers)} helper files")
