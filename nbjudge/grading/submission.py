"""One submission, read, repaired and judged in this process."""

from __future__ import annotations

import contextlib
import hashlib
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from nbjudge import log
from nbjudge.bounded import memory_ceiling
from nbjudge.grading.context import GradingContext, Job, SubmissionChanged
from nbjudge.grading.repair import read_program, rejected_program
from nbjudge.grading.result_key import environment
from nbjudge.model import Program, Result, Submission
from nbjudge.notebooks.reaches import find_reaches
from nbjudge.notes import Note

if TYPE_CHECKING:
    from nbjudge.judge import Judge
    from nbjudge.sandbox import Zygote

READING_SECONDS, READING_MEMORY = (
    20,
    2 << 30,
)  # of computing, bytes; the largest honest notebook takes a tenth


def judge_submission(context: GradingContext, judge: Judge, zygote: Zygote, job: Job) -> tuple[Result, bool]:
    """Reads, repairs and judges one submission in this process, and whether that is all; SandboxError if the jail fails.

    It is not, if tests are left that need a GPU slot.
    """
    from nbjudge.grading.gpu_passes import run_pass

    started = time.monotonic()
    submission = job.submission
    program = _read_program(context, submission)
    zygote.beside = _read_beside(submission)
    log.info("submission read", cells=len(program.cells), rejected=program.rejected is not None)
    seed = int(submission.sha256[:16], 16)  # 64 bits: a student must not search for a lucky one
    result = Result(
        assignment=submission.assignment,
        student=submission.student,
        sha256=submission.sha256,
        timestamp=submission.timestamp,
        language=program.language,
        key=job.key,
        tests=(),
        repairs=program.repairs,
        missing=program.missing,
        unchanged=program.unchanged,
        rejected=program.rejected,
        found=program.found,
        seed=seed,
        environment=environment(context.jail),
        reaches=find_reaches(program.cells),
    )
    done = True
    limits = context.course.assignments[context.assignment].limits
    if job.replay:
        from nbjudge.judge.replay import replay

        result = replace(result, tests=replay(judge, program, zygote, limits, seed, exercises=job.exercises))
    elif program.rejected is None:
        result, done = run_pass(
            judge,
            program,
            zygote,
            limits,
            result,
            exercises=job.exercises,
            slots=context.slots,
            dry=job.dry,
            stop=job.stop,
        )
        result = replace(result, environment=environment(context.jail, zygote.facts))
    log.info("submission judged", tests=len(result.tests), seconds=time.monotonic() - started)
    seconds = time.monotonic() - started + (job.dry.seconds if job.dry else 0)
    return replace(result, seconds=seconds), done


def _read_beside(submission: Submission) -> dict[str, bytes]:
    """The declared files that were handed in with the notebook; SubmissionChanged if one is no longer that."""
    files = {}
    for name, sha256 in submission.extra:
        path = Path(submission.path).with_name(name)
        files[name] = path.read_bytes()
        if hashlib.sha256(files[name]).hexdigest() != sha256:
            raise SubmissionChanged(f"{path} changed while it was being graded; run `nbjudge grade` again")
    return files


def _read_program(context: GradingContext, submission: Submission) -> Program:
    data = Path(submission.path).read_bytes()
    if hashlib.sha256(data).hexdigest() != submission.sha256:
        raise SubmissionChanged(
            f"{submission.path} changed while it was being graded; run `nbjudge grade` again"
        )
    language = context.course.languages[0]
    try:
        with memory_ceiling(READING_MEMORY), _cpu_alarm(READING_SECONDS):
            return read_program(data, context.form, language)
    except MemoryError:
        return rejected_program(Note("over_memory", {"limit": READING_MEMORY >> 20}), language)
    except _TooLong:
        return rejected_program(Note("over_time", {"limit": READING_SECONDS}), language)


class _TooLong(BaseException):
    """Reading a notebook takes more computing than any honest one."""


@contextlib.contextmanager
def _cpu_alarm(seconds: int) -> Iterator[None]:
    """Raises _TooLong after so many seconds of computing, however busy the machine is."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(*_: object) -> None:
        raise _TooLong

    before = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
