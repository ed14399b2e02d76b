"""One submission, read, repaired and judged in this process."""

from __future__ import annotations

import hashlib
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from nbjudge import log
from nbjudge.grading.context import GradingContext, Job, SubmissionChanged
from nbjudge.grading.repair import read_program
from nbjudge.grading.result_key import environment
from nbjudge.model import Program, Result, Submission

if TYPE_CHECKING:
    from nbjudge.judge import Judge
    from nbjudge.sandbox import Zygote


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
    return read_program(data, context.form, context.course.languages[0])
