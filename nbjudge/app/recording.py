"""What of a submission goes into the gradebook's folder, made in a bounded child: no notebook can cost the batch.

Reading, matching and cleaning take what a student makes them take. The main process holds the bytes, and never looks
into them.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import TYPE_CHECKING

from nbjudge import log
from nbjudge.app.opened import OpenedAssignment
from nbjudge.bounded import BoundedChild, Bounds, OutOfBounds
from nbjudge.model import Result, Score, Submission
from nbjudge.notes import Note, NoteKind

if TYPE_CHECKING:
    from nbjudge.gradebook import FiledNotebook

GROWTH, SPARE = (
    4,
    1 << 20,
)  # what is filed is at most so many times what was handed in, and so many bytes more
CHANGED = b"changed"


@dataclass(frozen=True, slots=True)
class _Job:
    """One notebook to make."""

    submission: Submission
    result: Result
    points: Score
    texts_only: bool = False
    lost: Note | None = None  # why that is


class NotebookMaker:
    """Makes the notebooks of one assignment, for as long as it is open."""

    def __init__(self, opened: OpenedAssignment) -> None:
        self._opened = opened
        self._child = BoundedChild(partial(_annotated, opened))

    def make(self, submission: Submission, result: Result, points: Score) -> FiledNotebook:
        """The annotated notebook of a result; what can't be shown within bounds is left out of it, and it says so.

        SubmissionChanged if the file is not the one that was graded.
        """
        warm_up()
        bounds = bounds_for(self._opened, result, 0 if result.rejected else submission.path.stat().st_size)
        lost: Note | None = None
        for texts_only in (False, True):
            try:
                job = _Job(submission, result, points, texts_only, lost)
                return _unpack(self._child.ask(job, bounds), submission)
            except OutOfBounds as error:
                log.warning("not shown", submission=log.submission_id(submission), reason=str(error))
                lost = Note("outputs_not_shown", {"reason": reason_of(error, bounds)})
        return self._bare(submission, result, points, lost)

    def _bare(
        self, submission: Submission, result: Result, points: Score, lost: Note | None
    ) -> FiledNotebook:
        """Without a word of the student's."""
        from nbjudge.feedback import annotate_notebook
        from nbjudge.gradebook import filed

        lost = replace(lost, kind="answers_not_shown") if lost else None
        bare = filed(annotate_notebook(self._opened.released[result.language], None, result, points, lost))
        # Nobody has seen the answers: a mark for the attempt before is not a mark for these.
        return replace(bare, manual=dict.fromkeys(bare.manual, submission.sha256))

    def close(self) -> None:
        """Ends the child."""
        self._child.close()


@cache
def warm_up() -> None:
    """Imports what a child will need, so that none does it anew."""
    from nbjudge import gradebook  # noqa: F401
    from nbjudge.feedback import annotate_notebook  # noqa: F401
    from nbjudge.feedback.outputs import clean_outputs
    from nbjudge.languages import words
    from nbjudge.notebooks.reader import read_notebook  # noqa: F401

    html = {"text/html": "<b>x</b>", "text/markdown": "# *x* [x](y)"}
    clean_outputs([{"output_type": "display_data", "data": html}])
    words("en").number(0.5)


def bounds_for(opened: OpenedAssignment, result: Result, size: int) -> Bounds:
    """What making the notebook may take: its size follows from that of all that goes into it, `size` of the file."""
    from nbjudge.notebooks.reader import write_notebook
    from nbjudge.results import dump_result

    released = len(write_notebook(opened.released[result.language]))
    return Bounds(output=GROWTH * (size + len(dump_result(result)) + released) + SPARE)


def reason_of(error: OutOfBounds, bounds: Bounds) -> Note:
    """Why a child came to no answer, as a note."""
    kinds: dict[str, tuple[NoteKind, int]] = {
        "memory": ("over_memory", bounds.memory >> 20),
        "time": ("over_time", bounds.cpu),
        "size": ("over_size", bounds.output >> 20),
    }
    if error.reason not in kinds:
        return Note("work_failed", {"error": error.details.partition(":")[0]})
    kind, limit = kinds[error.reason]
    return Note(kind, {"limit": limit})


def _annotated(opened: OpenedAssignment, job: _Job) -> bytes:
    """In the child: the hashes of manual cells on a line, then the notebook; or CHANGED."""
    from nbjudge.feedback import annotate_notebook, without_pictures
    from nbjudge.gradebook import filed
    from nbjudge.notebooks.reader import read_notebook

    submitted = None
    if not job.result.rejected:
        data = job.submission.path.read_bytes()
        if hashlib.sha256(data).hexdigest() != job.submission.sha256:
            return CHANGED
        submitted = read_notebook(data)
        if job.texts_only:
            submitted = without_pictures(submitted)
    released = opened.released[job.result.language]
    made = filed(annotate_notebook(released, submitted, job.result, job.points, job.lost))
    return json.dumps(made.manual).encode() + b"\n" + made.data


def _unpack(said: bytes, submission: Submission) -> FiledNotebook:
    from nbjudge.gradebook import FiledNotebook
    from nbjudge.grading.context import SubmissionChanged

    if said == CHANGED:
        raise SubmissionChanged(f"{submission.path} changed after it was graded; run `nbjudge grade` again")
    manual, _, data = said.partition(b"\n")
    return FiledNotebook(data, json.loads(manual))
