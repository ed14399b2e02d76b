"""The foreman's side: the autograder collected once, the nursery of zygotes, and a worker forked for each seat."""

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

from nbjudge.errors import CourseError, SandboxError
from nbjudge.grade.desk import Desk, environment
from nbjudge.grade.worker import die_with_parent, work
from nbjudge.slots import Slot

if TYPE_CHECKING:
    from nbjudge.judge import Judge
    from nbjudge.sandbox import Nursery, Zygote

LEAVING = 3.0  # seconds that workers get to clear up, once nobody wants them any more


def oversee(desk: Desk, connection: Connection, seats: Sequence[Slot | None], many: bool) -> None:
    """A foreman's life: collects the tests, starts the zygotes, and forks a worker for each hire, until `connection` closes.

    A hire is a seat's slot and then the descriptor of the new worker's connection. What goes wrong is said there:
    ("course", message) or ("sandbox", message). `many`: so many submissions are to come that a second of preparing pays.
    """
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl-C is the main process's; it ends us by closing the pipe
    die_with_parent()
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"  # the judge is forked: a second thread would hang its children
    from nbjudge.judge import open_judge
    from nbjudge.judge.passes import check_slots
    from nbjudge.sandbox import Nursery

    def run(judge: Judge) -> int:
        check_slots(judge.tests, desk.slots, desk.course.assignments[desk.assignment].limits)
        settle(desk, many=many)
        workers = []
        while (hired := _next_hire(connection)) is not None:
            workers.append(_hire(partial(work, desk, judge, many=many), nursery, *hired, connection))
        _see_off([pid for pid in workers if pid])
        return 0

    try:
        # The zygotes warm up while the tests are collected.
        with Nursery(desk.jail, desk.course.release(desk.assignment), seats, many=many) as nursery:
            open_judge(desk.course.autograder(desk.assignment), run, desk.exercises)
    except CourseError as error:
        _refuse(connection, "course", str(error))
    except SandboxError as error:
        _refuse(connection, "sandbox", str(error))
    except (OSError, MemoryError) as error:  # a full disk, no more processes, no more memory
        _refuse(connection, "sandbox", f"grading could not begin: {type(error).__name__}: {error}")


def settle(desk: Desk, *, many: bool) -> None:
    """Does what would cost each worker and judge, before any is forked."""
    from nbjudge.sandbox import linux

    environment(desk.jail)  # reads the libraries' metadata
    gc.collect()
    if many:
        linux.collapse_memory()
    gc.freeze()  # a collection in a judge would copy every page of what it shares with us


def _hire(
    begin: Callable[[Zygote, Connection], None],
    nursery: Nursery,
    slot: Slot | None,
    theirs: Connection,
    ours: Connection,
) -> int | None:
    """Forks a worker that talks on `theirs`; its pid, or None if it could not be given a zygote."""
    with theirs, contextlib.ExitStack() as undo:
        try:
            zygote = nursery.zygote(slot)
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
                nursery.forget()
                begin(zygote, theirs)
            except BaseException:  # the main process sees the connection close, and nothing of why
                traceback.print_exc()
            finally:
                os._exit(0)
        zygote.forget()
        return pid


def _next_hire(connection: Connection) -> tuple[Slot | None, Connection] | None:
    """The next seat to fill and its worker's connection; None if the main process wants no more."""
    with contextlib.suppress(EOFError, OSError):
        slot = connection.recv()
        assert slot is None or isinstance(slot, Slot)
        return slot, Connection(recv_handle(connection))
    return None


def _refuse(connection: Connection, kind: str, message: str) -> None:
    """Answers every hire with what is wrong."""
    while (hired := _next_hire(connection)) is not None:
        with hired[1], contextlib.suppress(OSError):
            hired[1].send((kind, message))


def _see_off(workers: Sequence[int]) -> None:
    """Waits for the workers, whose connections are closed by now; those still busy end with us."""
    deadline = time.monotonic() + LEAVING
    left = list(workers)
    while left and time.monotonic() < deadline:
        left = [pid for pid in left if os.waitpid(pid, os.WNOHANG)[0] == 0]
        time.sleep(0.01)
