"""What the check found out: records, and their JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Literal

SCHEMA = "nbjudge.check/1"
Outcome = Literal["killed", "survived", "equivalent", "unknown"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that must change before the assignment may be released."""

    message: str  # names the test, cell or file, and the next step
    exercise: str = ""
    diff: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """One of the check's questions."""

    id: str
    title: str  # what holds if there is no finding
    findings: tuple[Finding, ...] = ()
    summary: str = ""  # figures, for those who read on
    ran: bool = True  # False: an earlier section's findings made it pointless

    @property
    def passed(self) -> bool:
        """Whether the question was asked and nothing was found."""
        return self.ran and not self.findings


@dataclass(frozen=True, slots=True)
class MutantOutcome:
    """What the hidden tests made of one mutant."""

    id: str
    exercise: str
    cell: str
    line: int
    operator: str
    diff: str
    outcome: Outcome
    by: str = ""  # the test that killed it, with its status; of an equivalent one the reason


@dataclass(frozen=True, slots=True)
class Quantity:
    """The values that one `credit` call got for the solution, over many seeds."""

    exercise: str
    test: str
    full: float
    none: float
    values: tuple[float, ...]
    mean: float
    deviation: float  # sample standard deviation
    margin: float | None  # from the mean to the full threshold, in deviations; None: no deviation
    probability: float  # that a correct solution gets less than full credit


@dataclass(frozen=True, slots=True)
class Forged:
    """What one test gives to replies that were forged."""

    exercise: str
    test: str
    points: float
    possible: float  # that it gives to the solution
    by: str  # how the best ones were made, a key of nbjudge.judge.replay.FORGERS; "" if none earned anything


@dataclass(frozen=True, slots=True)
class TestTime:
    """How long the solution's code ran in one test."""

    __test__ = False

    exercise: str
    test: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Times:
    """What grading costs."""

    submission: float = 0.0  # seconds for the solution, all in all
    tests: tuple[TestTime, ...] = ()  # slowest first
    notebook: float | None = None  # seconds for the source notebook in a fresh kernel

    @property
    def per_hour(self) -> float:
        """Submissions an hour on one core."""
        return 3600 / self.submission if self.submission else 0.0


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The whole answer of `nbjudge check`."""

    assignment: str
    content: str  # hash of all that was proved, see proof.py
    sections: tuple[Section, ...]
    mutants: tuple[MutantOutcome, ...] = ()
    quantities: tuple[Quantity, ...] = ()
    forged: tuple[Forged, ...] = ()
    times: Times = Times()
    trials: int = 0
    seconds: float = 0.0
    environment: Mapping[str, str] = field(default_factory=dict)
    partial: bool = False  # only some exercises, or fewer trials than a proof needs

    @property
    def passed(self) -> bool:
        """Whether every section holds."""
        return bool(self.sections) and all(section.passed for section in self.sections)

    @property
    def score(self) -> float:
        """Mutants killed, of all that are not equivalent; 1 where there are none."""
        return mutation_score(self.mutants)


def mutation_score(mutants: tuple[MutantOutcome, ...] | list[MutantOutcome]) -> float:
    """Killed / (all - equivalent)."""
    counted = [mutant for mutant in mutants if mutant.outcome != "equivalent"]
    return sum(mutant.outcome == "killed" for mutant in counted) / len(counted) if counted else 1.0


def dump_report(report: CheckReport) -> str:
    """JSON of the report, with what its properties say."""
    document = {"schema": SCHEMA, "passed": report.passed, "mutation_score": report.score, **asdict(report)}
    for shown, section in zip(document["sections"], report.sections, strict=True):
        shown["passed"] = section.passed
    document["times"]["submissions_per_core_hour"] = report.times.per_hour
    return json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1) + "\n"
