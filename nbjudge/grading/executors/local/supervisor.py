"""The supervisor's side: the autograder collected once, the pool of zygotes, and a worker forked for each placement."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import time
import traceback
from collections.abc import Callable, Sequence
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.reduction import recv_handle
from typing import TYPE_CHECKING

from nbjudge import log
from nbjudge.errors import CourseError, SandboxError
from nbjudge.grading.context import GradingContext
from nbjudge.grading.executors.local.worker import die_with_parent, work
from nbjudge.grading.result_key import environment
from nbjudge.sandbox.gpu_cards import Slot
from nbjudge.threads import ONE_THREAD

if TYPE_CHECKING:
    from nbjudge.judge import Judge
    from nbjudge.sandbox import Zygote, ZygotePool

LEAVING = 3.0  # seconds that workers get to clear up, once nobody wants them any more


def run_supervisor(
    context: GradingContext,
    connection: Connection,
    placements: Sequence[Slot | None],
    *,
    many: bool,
    log_setting: str,
) -> None:
    """A supervisor's life: collects the tests, starts the zygotes, and forks a worker for each request, until `connection` closes.

    A request is a placement's slot and then the descriptor of the new worker's connection. What goes wrong is said there:
    ("course", message) or ("sandbox", message). `many`: so many submissions are to come that preparing for a second pays.
    `log_setting`: log.setting() of the main process.
    """
    # Ctrl-C is the main process's, which ends this one by closing the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with_parent()
    log.set_up(log_setting)
    started = time.monotonic()
    os.environ.update(ONE_THREAD)
    from nbjudge.grading.gpu_passes import check_slots
    from nbjudge.judge import open_judge
    from nbjudge.sandbox import ZygotePool

    def run(judge: Judge) -> int:
        check_slots(judge.tests, context.slots, context.course.assignments[context.assignment].limits)
        prepare_for_forking(context, many=many)
        log.info("tests collected", tests=len(judge.tests), seconds=time.monotonic() - started)
        workers = []
        while (request := _next_request(connection)) is not None:
            workers.append(
                _start_worker(partial(work, context, judge, many=many), pool, *request, connection)
            )
        _see_off([pid for pid in workers if pid])
        return 0

    try:
        # The zygotes warm up while the tests are collected.
        with ZygotePool(
            context.jail, context.course.release(context.assignment), placements, many=many
        ) as pool:
            open_judge(context.course.autograder(context.assignment), run, context.exercises)
    except CourseError as error:
        _refuse(connection, "course", str(error))
    except SandboxError as error:
        _refuse(connection, "sandbox", str(error))
    except (OSError, MemoryError) as error:  # a full disk, no more processes, no more memory
        _refuse(connection, "sandbox", f"grading could not begin: {type(error).__name__}: {error}")


def prepare_for_forking(context: GradingContext, *, many: bool) -> None:
    """Does what would cost each worker and judge, before any is forked."""
    from nbjudge.sandbox import linux

    environment(context.jail)  # reads the libraries' metadata
    gc.collect()
    if many:
        linux.collapse_memory()
    gc.freeze()  # a collection in a judge would copy every page that it shares with this process


def _start_worker(
    begin: Callable[[Zygote, Connection], None],
    pool: ZygotePool,
    slot: Slot | None,
    theirs: Connection,
    ours: Connection,
) -> int | None:
    """Forks a worker that talks on `theirs`; its pid, or None if it could not be given a zygote."""
    with theirs, contextlib.ExitStack() as undo:
        try:
            zygote = pool.zygote(slot)
            undo.callback(zygote.close)
            pid = os.fork()
        except (SandboxError, OSError, MemoryError) as error:  # no more processes, no more memory
            with contextlib.suppress(OSError):
                theirs.send(("sandbox", f"no grading worker could be started: {error}"))
            return None
        undo.pop_all()
        if pid == 0:
            try:
                die_with_parent()
                ours.close()
                pool.release_handles()
                begin(zygote, theirs)
            except BaseException:  # the main process sees the connection close, and nothing of why
                traceback.print_exc()
            finally:
                os._exit(0)
        zygote.release_handles()
        log.info("worker forked", worker=pid, gpu=slot.card.index if slot else "none")
        return pid


def _next_request(connection: Connection) -> tuple[Slot | None, Connection] | None:
    """The next placement to fill and its worker's connection; None if the main process wants no more."""
    with contextlib.suppress(EOFError, OSError):
        slot = connection.recv()
        assert slot is None or isinstance(slot, Slot)
        return slot, Connection(recv_handle(connection))
    return None


def _refuse(connection: Connection, kind: str, message: str) -> None:
    """Answers every request with what is wrong."""
    while (request := _next_request(connection)) is not None:
        with request[1], contextlib.suppress(OSError):
            request[1].send((kind, message))


def _see_off(workers: Sequence[int]) -> None:
    """Waits for the workers, whose connections are closed by now; those still busy end with this process."""
    deadline = time.monotonic() + LEAVING
    left = list(workers)
    while left and time.monotonic() < deadline:
        left = [pid for pid in left if os.waitpid(pid, os.WNOHANG)[0] == 0]
        time.sleep(0.01)
