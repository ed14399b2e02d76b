"""Submission -> Result: a judge process for each submission, in a pool of workers that outlives all of them.

    main process            worker (one per job)                    judge (forked per submission)
    jobs, results   <-->    autograder collected once, zygote  -->  runs the tests  <-- wire -->  student (jailed)

A judge that hangs or dies costs its own submission a `Trouble`; a worker that dies, or whose zygote does, is replaced and
its submission tried once more. Whatever goes wrong on our side, the submission's score stays unknown.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import multiprocessing
import os
import platform
import select
import signal
import time
import traceback
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import version
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TYPE_CHECKING

from nbjudge import __version__
from nbjudge.errors import CourseError, SandboxError
from nbjudge.model import Course, Limits, Program, Result, Submission
from nbjudge.notebook import NotANotebook, read_notebook
from nbjudge.repair import rejected_program, repair
from nbjudge.results import dump_result, load_result
from nbjudge.slots import Slot, one_per_card
from nbjudge.template import Template

if TYPE_CHECKING:
    from nbjudge.judge import Judge
    from nbjudge.sandbox import Jail, Zygote

COMPLETE = b"\0"  # last byte of what a judge says: without it, it died while it spoke
TRIES = 2  # a submission whose worker died is graded once more, then left in the queue
READING = 60.0  # seconds to read and repair a notebook, at most; the judge bounds the rest by itself
UNREAD = {"submissions", "__pycache__", "proof.json", "equivalent_mutants.toml"}  # of an autograder's folder
LIBRARIES = ("torch", "numpy", "scikit-learn", "nbgrader", "pytest")


@dataclass(frozen=True, slots=True)
class Job:
    """One submission to grade."""

    submission: Submission
    key: str  # of `result_key`
    exercises: frozenset[str] | None = None  # run only their tests
    stop: bool = False  # at the first lost point
    dry: Result | None = None  # of its dry run on the CPU: what is left needs a GPU slot


@dataclass(frozen=True, slots=True)
class Trouble:
    """Our own failure to grade one submission: no score, it stays in the queue."""

    submission: Submission
    message: str


@dataclass(frozen=True, slots=True)
class Desk:
    """What a worker needs to grade one assignment."""

    course: Course
    assignment: str
    template: Template
    jail: Jail
    exercises: frozenset[str]  # ids of the automatic ones
    slots: tuple[Slot, ...] = ()  # GPU slots; a test that asks for one runs there
    all_on_slots: bool = False  # every test, and no dry run


def environment(jail: Jail, gpu: Mapping[str, str] | None = None) -> dict[str, str]:
    """Versions and device that a result depends on; recorded with it. `gpu`: facts of its slot."""
    image = {"image": f"{jail.image.name} {jail.image.id[:12]}"} if jail.image else {}
    return {
        "nbjudge": __version__,
        "python": platform.python_version(),
        **_versions(),
        "device": "cpu",
        "isolation": str(jail),
        **image,
        **(gpu or {}),
    }


@cache
def _versions() -> dict[str, str]:
    return {name: version(name) for name in LIBRARIES}


def fingerprint(desk: Desk) -> str:
    """Hash of all that a result depends on besides the submission: tests, notebooks, settings, versions."""
    course, name = desk.course, desk.assignment
    digest = hashlib.sha256(repr(sorted(environment(desk.jail).items())).encode())
    digest.update(repr(course.assignments[name]).encode())
    gpus = sorted({(slot.card.name, slot.card.driver) for slot in desk.slots})
    digest.update(repr((gpus, desk.all_on_slots)).encode() if gpus else b"")
    for folder in (course.autograder(name), course.source(name), course.release(name)):
        for path in sorted(folder.rglob("*")):
            inside = path.relative_to(folder)
            if path.is_file() and not UNREAD & set(inside.parts):
                digest.update(f"{inside}\0{path.stat().st_size}\0".encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()


def result_key(submission: Submission, desk_fingerprint: str) -> str:
    """Equal keys: grading again would give the same result."""
    text = (
        f"{submission.student}\0{submission.sha256}\0{submission.timestamp.isoformat()}\0{desk_fingerprint}"
    )
    return hashlib.sha256(text.encode()).hexdigest()


def grade_all(desk: Desk, jobs: Iterable[Job], workers: int) -> Generator[Result | Trouble, None, None]:
    """Grades every job, in any order; each yields exactly one Result or Trouble.

    On the CPU first; then what needs a GPU slot; then, one to a card, what a neighbour there may have spoilt.
    CourseError if the autograder itself can't be loaded; SandboxError if no worker can be started. Later, a worker
    that can't be started leaves its work to the others, and the last one leaves a Trouble for each job.
    """
    passes: list[Sequence[Slot | None]] = [desk.slots, one_per_card(desk.slots)]
    if not desk.all_on_slots:
        passes.insert(0, [None] * workers)
    waiting = list(jobs)
    for seats in passes:
        now, waiting = waiting, []
        with contextlib.closing(_grade_pool(desk, now, seats)) as outcomes:
            try:
                for outcome in outcomes:
                    if isinstance(outcome, Job):
                        waiting.append(outcome)
                    else:
                        yield outcome
            except SandboxError as error:
                if seats is passes[0]:
                    raise
                yield from (Trouble(job.submission, str(error)) for job in now)


def _grade_pool(
    desk: Desk, jobs: Sequence[Job], seats: Sequence[Slot | None]
) -> Generator[Result | Trouble | Job, None, None]:
    """One worker for each seat, at most; a Job comes back that must be graded in the next pass."""
    queue = deque((job, 1) for job in jobs)
    free = list(seats)
    workers = min(len(free), len(queue))
    pool: dict[Connection, _Worker] = {}
    begun = False
    try:
        while queue or any(worker.job for worker in pool.values()):
            while queue and len(pool) < workers:
                started = _start_worker(desk, free.pop(0))
                pool[started.connection] = started
            for ready in wait(list(pool)):
                assert isinstance(ready, Connection)
                worker = pool[ready]
                try:
                    for outcome in _hear(worker, queue):
                        begun = True
                        yield outcome
                except SandboxError as error:
                    worker.alive, workers = False, len(pool) - 1
                    if not workers and not begun:
                        raise
                    while queue and not workers:
                        yield Trouble(queue.popleft()[0].submission, str(error))
                if worker.job is None and (not queue or not worker.alive):
                    pool.pop(ready).stop()
                    free.append(worker.slot)
                elif worker.job is None:
                    worker.give(*queue.popleft())
    finally:
        for worker in pool.values():
            worker.stop()


class _Worker:
    """One worker process as the main process sees it."""

    def __init__(self, process: BaseProcess, connection: Connection, slot: Slot | None) -> None:
        self.process = process
        self.connection = connection
        self.slot = slot
        self.job: Job | None = None
        self.tries = 0
        self.ready = False
        self.alive = True

    def give(self, job: Job, tries: int) -> None:
        self.job, self.tries = job, tries
        with contextlib.suppress(OSError):  # a dead worker is noticed on the next wait
            self.connection.send(job)

    def stop(self) -> None:
        self.connection.close()
        self.process.join(timeout=2)
        self.process.kill()
        self.process.join()


def _start_worker(desk: Desk, slot: Slot | None) -> _Worker:
    # spawn, not fork: the worker must not inherit the gradebook or threads of the main process.
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(desk, theirs, slot), daemon=True)
    process.start()
    theirs.close()
    return _Worker(process, ours, slot)


def _hear(worker: _Worker, queue: deque[tuple[Job, int]]) -> Iterator[Result | Trouble | Job]:
    """What the worker has to say: ready, a result, a job for the next pass, trouble, or its death."""
    job = worker.job
    try:
        kind, payload = worker.connection.recv()
    except (EOFError, OSError):
        worker.alive = False
        if not worker.ready:
            raise SandboxError(
                "a grading worker died while it started; try --jobs 1, or `nbjudge doctor`"
            ) from None
        yield from _try_again(worker, queue, "the grading worker died twice on this submission")
        return
    if kind == "ready":
        worker.ready = True
    elif kind == "course":
        raise CourseError(payload)
    elif kind == "sandbox":
        if not worker.ready:
            raise SandboxError(payload)
        worker.alive = False
        yield from _try_again(worker, queue, payload)
    elif job is not None:
        worker.job = None
        yield _outcome(worker, job, kind, payload)


def _outcome(worker: _Worker, job: Job, kind: str, payload: bytes) -> Result | Trouble | Job:
    if kind == "dry":
        return replace(job, dry=load_result(payload))
    crowded = worker.slot is not None and worker.slot.crowded
    if kind != "result":
        return job if crowded else Trouble(job.submission, str(payload))
    result = load_result(payload)
    if crowded:
        from nbjudge.judge.passes import is_unsure

        return job if is_unsure(result, job.dry) else result
    return result


def _try_again(worker: _Worker, queue: deque[tuple[Job, int]], reason: str) -> Iterator[Trouble]:
    """Puts the submission of a worker that ended back at the head of the queue, unless it has had its tries."""
    job, worker.job = worker.job, None
    if job and worker.tries < TRIES:
        queue.appendleft((job, worker.tries + 1))
    elif job:
        yield Trouble(job.submission, reason)


def _work(desk: Desk, connection: Connection, slot: Slot | None) -> None:
    """A worker's life: collect the tests, start the zygote, judge what comes."""
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl-C is the main process's; it ends us by closing the pipe
    _die_with_parent()
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"  # the judge is forked: a second thread would hang its children
    from nbjudge.judge import open_judge
    from nbjudge.judge.passes import check_slots
    from nbjudge.sandbox import Zygote

    def run(judge: Judge) -> int:
        check_slots(judge.tests, desk.slots, desk.course.assignments[desk.assignment].limits)
        zygote.wait_until_warm()
        environment(desk.jail)  # reads the libraries' metadata once, and not in each judge
        gc.collect()
        gc.freeze()  # a collection in a judge would copy every page of what it shares with us
        zygote.reserve(judge.largest(desk.course.assignments[desk.assignment].limits))
        if slot:
            zygote.spawn(Limits()).kill()  # or a GPU that does not work would cost each submission its turn
        connection.send(("ready", None))
        while (job := _next_job(connection)) is not None:
            outcome = _judge_in_child(desk, judge, zygote, job)
            try:
                zygote.reset()
            except SandboxError:  # the zygote died, and this worker ends with it
                if outcome[0] in ("result", "dry"):  # the judge was done by then
                    connection.send(outcome)
                raise
            connection.send(outcome)
        return 0

    try:
        # The zygote warms up while the tests are collected.
        jail, helpers = desk.jail, desk.course.release(desk.assignment)
        with Zygote(jail.isolation, helpers, image=jail.image, without=jail.without, slot=slot) as zygote:
            open_judge(desk.course.autograder(desk.assignment), run, desk.exercises)
    except CourseError as error:
        connection.send(("course", str(error)))
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


def _judge_in_child(desk: Desk, judge: Judge, zygote: Zygote, job: Job) -> tuple[str, bytes | str]:
    """Forks a judge for one submission, so that nothing of it stays: ("result", JSON) or ("trouble", message)."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        _judge_and_exit(desk, judge, zygote, job, write)
    os.close(write)
    limits = desk.course.assignments[desk.assignment].limits
    payload = _read_until(read, time.monotonic() + READING + judge.seconds(limits))
    os.close(read)
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    if payload[:1] in (b"R", b"D") and payload.endswith(COMPLETE):
        return "result" if payload[:1] == b"R" else "dry", payload[1:-1]
    if payload[:1] == b"T" and payload.endswith(COMPLETE):
        return "trouble", payload[1:-1].decode(errors="replace")
    return (
        "trouble",
        "the judge process ended without a result (a test that never returns, or too little memory?)",
    )


def _judge_and_exit(desk: Desk, judge: Judge, zygote: Zygote, job: Job, write: int) -> None:
    try:
        _die_with_parent()
        result, done = judge_submission(desk, judge, zygote, job)
        payload = (b"R" if done else b"D") + dump_result(result)
    except SandboxError as error:
        payload = b"T" + str(error).encode()
    except BaseException:
        payload = b"T" + f"nbjudge failed on this submission:\n{traceback.format_exc(limit=-5)}".encode()
    try:
        with os.fdopen(write, "wb") as pipe:
            pipe.write(payload + COMPLETE)
    finally:
        os._exit(0)


def judge_submission(desk: Desk, judge: Judge, zygote: Zygote, job: Job) -> tuple[Result, bool]:
    """Reads, repairs and judges one submission in this process, and whether that is all; SandboxError if the jail fails.

    It is not, if tests are left that need a GPU slot.
    """
    from nbjudge.judge.passes import run_pass

    started = time.monotonic()
    submission = job.submission
    program = _read_program(desk, submission)
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
        seed=seed,
        environment=environment(desk.jail),
    )
    done = True
    if program.rejected is None:
        limits = desk.course.assignments[desk.assignment].limits
        result, done = run_pass(
            judge,
            program,
            zygote,
            limits,
            result,
            exercises=job.exercises,
            slots=desk.slots,
            dry=job.dry,
            stop=job.stop,
        )
        result = replace(result, environment=environment(desk.jail, zygote.facts))
    seconds = time.monotonic() - started + (job.dry.seconds if job.dry else 0)
    return replace(result, seconds=seconds), done


def _read_program(desk: Desk, submission: Submission) -> Program:
    data = Path(submission.path).read_bytes()
    if hashlib.sha256(data).hexdigest() != submission.sha256:
        raise SandboxError(f"{submission.path} changed while it was being graded; run `nbjudge grade` again")
    try:
        return repair(read_notebook(data), desk.template)
    except NotANotebook as error:
        return rejected_program(str(error))


def _read_until(fd: int, deadline: float) -> bytes:
    chunks: list[bytes] = []
    while (left := deadline - time.monotonic()) > 0:
        if select.select([fd], [], [], left)[0]:
            chunk = os.read(fd, 1 << 20)
            if not chunk:
                return b"".join(chunks)
            chunks.append(chunk)
    return b""


def _die_with_parent() -> None:
    from nbjudge.sandbox import linux

    linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)
