"""The records that flow through the stages. Frozen, plain, and free of behaviour that belongs to a stage."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Literal

from nbjudge.lateness import Lateness, LatePolicy
from nbjudge.notes import Note

Language = str  # the name of a catalogue in nbjudge/languages: "en", "ru"

Status = Literal[
    "passed",  # the judge saw it pass (with `credit`, fraction may still be below 1)
    "failed",  # wrong answer: an assertion, or a value that the test could not use
    "error",  # the student's code raised
    "timeout",  # the call ran out of time
    "memory",  # the call ran out of memory
    "gpu_memory",  # the call ran out of GPU memory
    "crashed",  # the student's process died: os._exit, a signal
    "not_found",  # the name or the cell that the test wanted is not in the submission
    "broken_test",  # the test itself is broken: the exercise is not graded and flagged
]


@dataclass(frozen=True, slots=True)
class Frame:
    """Where in the student's notebook something happened."""

    cell: int | str  # 1-based position in the student's notebook; the id of a cell that was restored
    line: int  # of the cell, from 1
    function: str  # "" at the cell's top level
    source: str  # the line itself, as the judge ran it


@dataclass(frozen=True, slots=True)
class Credit:
    """One `credit` call of a test: points from `none` (nothing) to `full` (all)."""

    value: float | None  # None: not a finite number
    full: float
    none: float
    fraction: float  # 0..1
    what: str = ""  # what the value is, in the notebook's language


@dataclass(frozen=True, slots=True)
class Limits:
    """What the student's code may use in one cell, or in all calls of one test."""

    seconds: float = 20.0  # wall clock of loading one cell, or of all calls of one test
    memory: int = 2 << 30  # bytes above the warm process's own
    processes: int = 64  # processes and threads
    disk: int = 256 << 20  # bytes in the private /tmp
    output: int = 1 << 20  # bytes of stdout and stderr kept
    gpu_memory: int = 0  # bytes for tensors on the GPU; 0: the share of its slot


@dataclass(frozen=True, slots=True)
class Assignment:
    """One assignment as course_config.py declares it."""

    name: str
    title: dict[str, str]  # language -> title
    points: dict[str, float]  # exercise id -> points, in the notebook's order
    late: LatePolicy
    feedback: Literal["always", "after_hard_deadline"]
    limits: Limits
    counts: Literal["last", "last_in_time", "best"] = "last"  # which of a student's attempts
    extra_files: tuple[str, ...] = ()  # patterns of what students may hand in beside the notebook
    extra_bytes: int = 10 << 20  # of all of them together

    @property
    def soft_deadline(self) -> datetime:
        """Aware; full points until the end of this minute."""
        return self.late.soft

    @property
    def hard_deadline(self) -> datetime:
        """Aware; no points after the end of this minute."""
        return self.late.hard


@dataclass(frozen=True, slots=True)
class Course:
    """course_config.py, read and checked; every path of the course comes from here."""

    root: Path
    id: str
    title: dict[str, str]
    languages: tuple[Language, ...]
    database: str  # SQLAlchemy URL, absolute
    assignments: dict[str, Assignment]
    gradebook: Path  # the git-ignored state folder
    zone: tzinfo = UTC  # of deadlines, and of times that are written without a zone
    notes: tuple[str, ...] = ()  # what reading the configuration had to decide, a sentence each
    late_days: int = 0  # the bank of each student, for all assignments together

    def source(self, assignment: str) -> Path:
        """The folder of the instructor's notebook and of the helper files that students get."""
        return self.root / "source" / assignment

    def release(self, assignment: str) -> Path:
        """The folder of the generated student versions."""
        return self.root / "release" / assignment

    def autograder(self, assignment: str) -> Path:
        """The folder of the hidden tests."""
        return self.root / "autograders" / assignment


@dataclass(frozen=True, slots=True)
class Exercise:
    """One graded task: a grade cell, and the solution cells whose grade_id starts with `<id>_`."""

    id: str  # the grade cell's grade_id: lower case, digits and hyphens
    points: float
    manual: bool  # graded by hand (nbgrader: grade and solution in one cell)
    solutions: tuple[str, ...]  # grade_ids of its solution cells; a manual exercise's own id


@dataclass(frozen=True, slots=True)
class Cell:
    """One code cell to run in the student's process, after repair."""

    id: str  # grade_id of a solution cell, else the cell's nbformat id
    kind: Literal["given", "solution", "added"]
    source: str
    exercise: str | None  # of a solution cell
    index: int | None  # 1-based position in the student's notebook; None: restored, it was deleted


@dataclass(frozen=True, slots=True)
class Program:
    """What a submitted notebook amounts to: the code cells to run, in order, and what was mended."""

    language: Language
    cells: tuple[Cell, ...]
    missing: tuple[str, ...]  # grade_ids of solution cells that could not be found
    unchanged: tuple[str, ...]  # grade_ids of solution cells still equal to the release
    repairs: tuple[Note, ...]
    rejected: Note | None = None  # why the file is not a notebook at all; then cells is empty
    # Released cell's id -> the 1-based positions of the student's cells that stand for it, several if it was split.
    found: dict[str, tuple[int, ...]] = field(default_factory=dict)
    # grade_id of a solution without a cell of its own -> id of the cell above that defines what it should.
    merged: dict[str, str] = field(default_factory=dict)
    # grade_id of each solution in such a cell -> the lines of it that are its own.
    parts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Submission:
    """One collected attempt of one student."""

    assignment: str
    student: str
    path: Path  # the notebook file, gradebook/submitted/<student>/<assignment>/<assignment>.ipynb
    timestamp: datetime  # aware, UTC; where nobody knows it, one that is in time
    sha256: str  # of the file's bytes
    time_known: bool = True
    problem: str = ""  # why it can't be graded as it lies there; one line that names the file
    extra: tuple[tuple[str, str], ...] = ()  # name and SHA-256 of each declared file beside the notebook


@dataclass(frozen=True, slots=True)
class TestResult:
    """What one hidden test says of one submission."""

    __test__ = False  # or pytest would collect it

    exercise: str
    test: str  # the function's name
    title: str  # first line of its docstring, else the name
    weight: float
    status: Status
    fraction: float  # 0..1 of the weight
    message: str | Note = ""  # expected and got, or the error; may quote hidden values: see `hidden`
    trace: tuple[Frame, ...] = ()  # outermost first; the student's own frames, never the judge's
    hidden: bool | str = False  # True: show title and outcome only; a name: show nothing but the name
    credits: tuple[Credit, ...] = ()
    call: str = ""  # of a failed test: its last call into the student's code, with the arguments
    seconds: float = 0.0  # wall clock of the calls into the student's process


@dataclass(frozen=True, slots=True)
class CellReport:
    """How one cell of the submission loaded."""

    id: str
    index: int | None
    status: Literal["ok", "error", "timeout", "memory", "gpu_memory", "crashed", "skipped"]
    message: str | Note = ""
    trace: tuple[Frame, ...] = ()
    output: str = ""  # what it printed, cut at Limits.output
    notes: tuple[Note, ...] = ()  # what else failed in it, and which lines were not run because of a failure


@dataclass(frozen=True, slots=True)
class Result:
    """Everything that grading found out about one submission; what results/*.json holds."""

    assignment: str
    student: str
    sha256: str
    timestamp: datetime
    language: Language
    key: str  # hash of all that the result depends on; equal key: no need to grade again
    tests: tuple[TestResult, ...]
    cells: tuple[CellReport, ...] = ()
    repairs: tuple[Note, ...] = ()
    missing: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()  # grade_ids of solution cells still equal to the release
    rejected: Note | None = None
    found: dict[str, tuple[int, ...]] = field(default_factory=dict)  # as in Program
    seed: int = 0
    seconds: float = 0.0  # wall clock of the whole submission
    environment: dict[str, str] = field(default_factory=dict)  # library versions, device, isolation
    reaches: tuple[
        Note, ...
    ] = ()  # lines that a person should look at; no verdict, and not on the student's page


@dataclass(frozen=True, slots=True)
class Mark:
    """What a person gave one exercise in formgrader."""

    score: float | None  # extra credit included; None: only a comment
    comment: str = ""


@dataclass(frozen=True, slots=True)
class ExerciseScore:
    """One exercise's points."""

    exercise: str
    points: float  # the maximum
    score: float | None  # None: not graded yet (by hand, or the author's test is broken)
    manual: bool


@dataclass(frozen=True, slots=True)
class Score:
    """A submission's points: automatic part, before and after the late penalty."""

    exercises: tuple[ExerciseScore, ...]
    score: float  # sum of what is graded, before the penalty
    points: float  # the maximum
    factor: float  # of the late policy: 1 in time, 0 too late
    complete: bool  # no exercise waits for a person
    late: Lateness | None = None  # how the factor came about

    @property
    def final(self) -> float:
        """Points after the late penalty."""
        return self.score * self.factor


@dataclass(frozen=True, slots=True)
class GradeRow:
    """One student's grade for one assignment, as the gradebook has it now."""

    student: str
    assignment: str
    submitted: datetime | None  # aware, UTC
    exercises: dict[str, float | None]  # points; None: not graded yet
    score: float  # what is graded so far, before the penalty
    penalty: float  # for lateness, in points
    final: float
    points: float  # the maximum
    status: Literal["graded", "needs manual grading", "not graded", "not submitted"]


TroubleKind = Literal[
    "sandbox",  # the jail could not be made, or broke
    "worker_died",  # the grading worker ended twice on this submission
    "no_worker",  # no worker was left to grade it
    "no_slot",  # no worker could be started on a GPU
    "no_result",  # the judge process ended or hung before it reported
    "failed",  # an error in nbjudge itself
    "submission_changed",  # the file changed while it was being graded
    "not_recorded",  # graded, but the gradebook could not be written
    "bad_timestamp",  # its timestamp.txt says no time that can be read
]


@dataclass(frozen=True, slots=True)
class StoredTrouble:
    """Why a submission could not be graded, as the gradebook remembers it until it is graded or handed in anew."""

    student: str
    assignment: str
    sha256: str  # of the submission that it is about
    kind: TroubleKind
    message: str  # of the last try
    since: datetime  # aware, UTC: the first try that ended so
    last: datetime  # aware, UTC: the last one
    tries: int
