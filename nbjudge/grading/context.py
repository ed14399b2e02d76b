"""What is to be graded and with what: jobs, and the context that all workers share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbjudge.errors import SandboxError
from nbjudge.model import Course, Result, Submission, TroubleKind
from nbjudge.notebooks.released_form import ReleasedForm
from nbjudge.sandbox.gpu_cards import Slot

if TYPE_CHECKING:
    from nbjudge.sandbox import Jail

REPLAY_GRADINGS = 10  # one for each recording and each forger


@dataclass(frozen=True, slots=True)
class Job:
    """One submission to grade."""

    submission: Submission
    key: str  # of `result_key`
    exercises: frozenset[str] | None = None  # run only their tests
    stop: bool = False  # at the first lost point
    replay: bool = False  # forged replies in place of the submission's: nbjudge.judge.replay
    dry: Result | None = None  # of its dry run on the CPU: what is left needs a GPU slot

    @property
    def gradings(self) -> int:
        """How often its tests run."""
        return REPLAY_GRADINGS if self.replay else 1


@dataclass(frozen=True, slots=True)
class Trouble:
    """A failure of nbjudge or of its machine to grade one submission: no score, it stays in the queue."""

    submission: Submission
    kind: TroubleKind
    message: str


class SubmissionChanged(SandboxError):
    """The submitted file is not the one that was to be graded."""


@dataclass(frozen=True, slots=True)
class GradingContext:
    """What a worker needs to grade one assignment."""

    course: Course
    assignment: str
    form: ReleasedForm
    jail: Jail
    exercises: frozenset[str]  # ids of the automatic ones
    slots: tuple[Slot, ...] = ()  # GPU slots; a test that asks for one runs there
    all_on_slots: bool = False  # every test, and no dry run
