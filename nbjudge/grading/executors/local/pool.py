"""The main process's side: the supervisor, the workers, the queue, the passes, and what happens when one dies."""

from __future__ import annotations

import contextlib
import multiprocessing
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import replace
from multiprocessing.connection import Connection, wait
from multiprocessing.reduction import send_handle
from typing import Any

from nbjudge import log
from nbjudge.errors import CourseError, SandboxError
from nbjudge.grading.context import GradingContext, Job, Trouble
from nbjudge.grading.executors.local.supervisor import LEAVING, run_supervisor
from nbjudge.grading.gpu_passes import one_per_card
from nbjudge.model import Result, TroubleKind
from nbjudge.results import load_result
from nbjudge.sandbox.gpu_cards import Slot

MANY = 50  # submissions; from there on a second that the supervisor spends on preparing pays
TRIES = 2  # a submission whose worker died is graded once more, then left in the queue


def grade_all(
    context: GradingContext, jobs: Iterable[Job], workers: int
) -> Generator[Result | Trouble, None, None]:
    """Grades every job, in any order; each yields exactly one Result or Trouble.

    On the CPU first; then what needs a GPU slot; then, one to a card, what a neighbour there may have spoilt.
    CourseError if the autograder itself can't be loaded; SandboxError if no worker can be started. Later, a worker
    that can't be started leaves its work to the others, and the last one leaves a Trouble for each job.
    """
    passes: list[Sequence[Slot | None]] = [context.slots, one_per_card(context.slots)]
    if not context.all_on_slots:
        passes.insert(0, [None] * workers)
    waiting = list(jobs)
    for placements in passes:
        now, waiting = waiting, []
        if not now:
            break
        with contextlib.closing(_grade_pool(context, now, placements)) as outcomes:
            try:
                for outcome in outcomes:
                    if isinstance(outcome, Job):
                        waiting.append(outcome)
                    else:
                        yield outcome
            except SandboxError as error:
                if placements is passes[0]:
                    raise
                yield from (Trouble(job.submission, "no_slot", str(error)) for job in now)


def _grade_pool(
    context: GradingContext, jobs: Sequence[Job], placements: Sequence[Slot | None]
) -> Generator[Result | Trouble | Job, None, None]:
    """One worker for each placement, at most; a Job comes back that must be graded in the next pass."""
    queue = deque((job, 1) for job in jobs)
    free = list(placements)
    workers = min(len(free), len(queue))
    pool: dict[Connection, _Worker] = {}
    begun = False
    supervisor = _Supervisor(context, free[:workers], many=len(queue) >= MANY)
    try:
        while queue or any(worker.job for worker in pool.values()):
            while queue and len(pool) < workers:
                started = supervisor.start_worker(free.pop(0))
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
                        yield Trouble(queue.popleft()[0].submission, "no_worker", str(error))
                if worker.job is None and (not queue or not worker.alive):
                    pool.pop(ready).stop()
                    free.append(worker.slot)
                elif worker.job is None:
                    worker.give(*queue.popleft())
    finally:
        for worker in pool.values():
            worker.stop()
        supervisor.stop()


class _Supervisor:
    """The process that forks workers, as the main process sees it; started anew when it dies."""

    def __init__(self, context: GradingContext, placements: Sequence[Slot | None], *, many: bool) -> None:
        self._arguments = context, placements, many
        self._start()

    def start_worker(self, slot: Slot | None) -> _Worker:
        """A new worker; what keeps it from working, it says itself."""
        if not self._process.is_alive():
            log.warning("supervisor died", supervisor=self._process.pid, exit=self._process.exitcode)
            self.stop()
            self._start()
        ours, theirs = multiprocessing.Pipe()
        with theirs, contextlib.suppress(OSError):  # a dead supervisor is noticed on the next wait
            self._connection.send(slot)
            send_handle(self._connection, theirs.fileno(), self._process.pid)
        return _Worker(ours, slot)

    def stop(self) -> None:
        """Ends it, with the workers that are left."""
        self._connection.close()
        self._process.join(timeout=LEAVING + 2)
        self._process.kill()
        self._process.join()

    def _start(self) -> None:
        # spawn, not fork: it must not inherit the gradebook or threads of the main process.
        spawn = multiprocessing.get_context("spawn")
        context, placements, many = self._arguments
        self._connection, theirs = spawn.Pipe()
        self._process = spawn.Process(
            target=run_supervisor,
            args=(context, theirs, placements),
            kwargs={"many": many, "log_setting": log.setting()},
            daemon=True,
        )
        self._process.start()
        log.info("supervisor started", supervisor=self._process.pid, assignment=context.assignment)
        theirs.close()


class _Worker:
    """One worker process as the main process sees it."""

    def __init__(self, connection: Connection, slot: Slot | None) -> None:
        self.connection = connection
        self.slot = slot
        self.job: Job | None = None
        self.tries = 0
        self.ready = False
        self.alive = True

    def give(self, job: Job, tries: int) -> None:
        self.job, self.tries = job, tries
        log.info("submission given out", submission=log.submission_id(job.submission), tries=tries)
        with contextlib.suppress(OSError):  # a dead worker is noticed on the next wait
            self.connection.send(job)

    def stop(self) -> None:
        """Lets it go; its supervisor reaps it."""
        self.connection.close()


def _hear(worker: _Worker, queue: deque[tuple[Job, int]]) -> Iterator[Result | Trouble | Job]:
    """What the worker has to say: ready, a result, a job for the next pass, trouble, or its death."""
    job = worker.job
    try:
        kind, payload = worker.connection.recv()
    except (EOFError, OSError):
        worker.alive = False
        log.warning("worker died", **_about(job))
        if not worker.ready:
            raise SandboxError(
                "a grading worker died while it started; try --jobs 1, or `nbjudge doctor`"
            ) from None
        yield from _try_again(
            worker, queue, "worker_died", "the grading worker died twice on this submission"
        )
        return
    if kind == "ready":
        worker.ready = True
    elif kind == "course":
        raise CourseError(payload)
    elif kind == "sandbox":
        if not worker.ready:
            raise SandboxError(payload)
        worker.alive = False
        log.warning("worker lost its jail", **_about(job))
        yield from _try_again(worker, queue, "sandbox", payload)
    elif job is not None:
        worker.job = None
        log.info("worker answered", answer=kind, **_about(job))
        yield _outcome(worker, job, kind, payload)


def _outcome(worker: _Worker, job: Job, kind: str, payload: Any) -> Result | Trouble | Job:
    if kind == "dry":
        return replace(job, dry=load_result(payload))
    crowded = worker.slot is not None and worker.slot.crowded
    if kind != "result":
        return job if crowded else Trouble(job.submission, *payload)
    result = load_result(payload)
    if crowded:
        from nbjudge.grading.gpu_passes import is_unsure

        return job if is_unsure(result, job.dry) else result
    return result


def _about(job: Job | None) -> dict[str, str]:
    return {"submission": log.submission_id(job.submission)} if job else {}


def _try_again(
    worker: _Worker, queue: deque[tuple[Job, int]], kind: TroubleKind, reason: str
) -> Iterator[Trouble]:
    """Puts the submission of a worker that ended back at the head of the queue, unless it has had its tries."""
    job, worker.job = worker.job, None
    if job and worker.tries < TRIES:
        queue.appendleft((job, worker.tries + 1))
    elif job:
        yield Trouble(job.submission, kind, reason)
