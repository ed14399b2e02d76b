"""A worker's side: a warm zygote to itself, and a judge forked for each submission."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
import traceback
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

from nbjudge import log
from nbjudge.errors import SandboxError
from nbjudge.grading.context import GradingContext, Job, SubmissionChanged
from nbjudge.grading.submission import judge_submission
from nbjudge.model import Limits, TroubleKind
from nbjudge.results import dump_result

if TYPE_CHECKING:
    from nbjudge.judge import Judge
    from nbjudge.sandbox import Zygote

TROUBLES: dict[bytes, TroubleKind] = {b"S": "sandbox", b"C": "submission_changed", b"F": "failed"}
COMPLETE = b"\0"  # last byte of what a judge says: without it, it died while it spoke
READING = 120.0  # seconds to read and repair a notebook, at most, on a machine however busy; the judge bounds the rest
EXPENDABLE = "500"  # of 1000: when memory runs out, students (1000) go first, then judges, and then the rest


def work(
    context: GradingContext, judge: Judge, zygote: Zygote, connection: Connection, *, many: bool = False
) -> None:
    """A worker's life: judges what comes, until the connection closes. It alone uses the zygote, which ends with it.

    `many`: so much is to come that preparing for it pays.
    """
    started = time.monotonic()
    try:
        with zygote:
            zygote.wait_until_warm()
            zygote.reserve(judge.largest(context.course.assignments[context.assignment].limits))
            if zygote.slot:  # or a GPU that does not work would cost each submission its turn
                zygote.spawn(Limits()).kill()
            if many:
                judge.warm_up(zygote)
                zygote.reset()
            log.info("worker ready", seconds=time.monotonic() - started)
            connection.send(("ready", None))
            while (job := _next_job(connection)) is not None:
                with log.about(job.submission):
                    started = time.monotonic()
                    outcome = judge_in_child(context, judge, zygote, job)
                    log.info("judge ended", answer=outcome[0], seconds=time.monotonic() - started)
                try:
                    zygote.reset()
                except SandboxError:  # the zygote died, and this worker ends with it
                    if outcome[0] in ("result", "dry"):  # the judge was done by then
                        connection.send(outcome)
                    raise
                connection.send(outcome)
    except SandboxError as error:
        connection.send(("sandbox", str(error)))
    except (OSError, MemoryError) as error:  # a full disk, no more processes, no more memory
        connection.send(("sandbox", f"a grading worker could not go on: {type(error).__name__}: {error}"))


def _next_job(connection: Connection) -> Job | None:
    """The next submission to grade; None if the main process wants no more."""
    with contextlib.suppress(EOFError, OSError):
        job = connection.recv()
        assert isinstance(job, Job)
        return job
    return None


def judge_in_child(
    context: GradingContext, judge: Judge, zygote: Zygote, job: Job
) -> tuple[str, bytes | tuple[TroubleKind, str]]:
    """Forks a judge for one submission, so that nothing of it stays: ("result", JSON) or ("trouble", (kind, message))."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        _judge_and_exit(context, judge, zygote, job, write)
    os.close(write)
    log.info("judge forked", judge=child)
    limits = context.course.assignments[context.assignment].limits
    payload = _read_until(read, time.monotonic() + READING + judge.seconds(limits) * job.gradings)
    os.close(read)
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    if payload[:1] in (b"R", b"D") and payload.endswith(COMPLETE):
        return "result" if payload[:1] == b"R" else "dry", payload[1:-1]
    if payload[:1] in TROUBLES and payload.endswith(COMPLETE):
        return "trouble", (TROUBLES[payload[:1]], payload[1:-1].decode(errors="replace"))
    return (
        "trouble",
        (
            "no_result",
            "the judge process ended without a result (a test that never returns, or too little memory?)",
        ),
    )


def _judge_and_exit(context: GradingContext, judge: Judge, zygote: Zygote, job: Job, write: int) -> None:
    try:
        die_with_parent()
        with contextlib.suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text(EXPENDABLE)
        result, done = judge_submission(context, judge, zygote, job)
        payload = (b"R" if done else b"D") + dump_result(result)
    except SubmissionChanged as error:
        payload = b"C" + str(error).encode()
    except SandboxError as error:
        payload = b"S" + str(error).encode()
    except BaseException:
        payload = b"F" + f"nbjudge failed on this submission:\n{traceback.format_exc(limit=-5)}".encode()
    try:
        with os.fdopen(write, "wb") as pipe:
            pipe.write(payload + COMPLETE)
    finally:
        os._exit(0)


def _read_until(fd: int, deadline: float) -> bytes:
    chunks: list[bytes] = []
    while (left := deadline - time.monotonic()) > 0:
        if select.select([fd], [], [], left)[0]:
            chunk = os.read(fd, 1 << 20)
            if not chunk:
                return b"".join(chunks)
            chunks.append(chunk)
    return b""


def die_with_parent() -> None:
    """SIGKILL for this process when its parent ends."""
    from nbjudge.sandbox import linux

    linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)
