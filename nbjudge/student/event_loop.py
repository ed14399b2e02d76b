"""The notebook's one event loop: as in a Jupyter kernel, it seems to run all the time, and tasks outlive their cell.

Cells run outside it. `asyncio.run`, top-level `await` and `loop.run_until_complete` make it run until they are done,
one within the other if need be, which Jupyter allows after `nest_asyncio.apply()` alone.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from typing import Any

ROUNDS = 10  # of the loop after a cell, for tasks that it started


class NotebookLoop(asyncio.SelectorEventLoop):
    """An event loop that is the running one of its thread even while it does nothing."""

    entered = False

    def is_running(self) -> bool:
        """What a cell in Jupyter sees."""
        return self.entered

    def _check_running(self) -> None:
        """Nothing forbids another run: `run_until_complete` nests."""

    def run_until_complete(self, future: Any) -> Any:
        """As any loop's; called by a task of this loop, it lets the loop go on until `future` is done."""
        task = asyncio.current_task(self)
        if task is None:
            try:
                return super().run_until_complete(future)
            finally:
                asyncio._set_running_loop(self)
        future = asyncio.ensure_future(future, loop=self)
        ready: Any = self._ready  # type: ignore[attr-defined]
        waiting = len(ready)
        asyncio.tasks._leave_task(self, task)
        try:
            while not future.done():
                self._run_once()  # type: ignore[attr-defined]
        finally:
            asyncio.tasks._enter_task(self, task)
            # The round that called us goes on to take as many as it counted.
            while len(ready) < waiting:
                self.call_soon(_nothing)
        return future.result()

    def close(self) -> None:
        """A notebook's loop can't be closed: the next cell needs it."""

    def settle(self) -> None:
        """Lets tasks that a cell started go on to where they wait, as between two cells of Jupyter."""
        for _ in range(ROUNDS):
            if not self._ready:  # type: ignore[attr-defined]
                return
            super().run_until_complete(asyncio.sleep(0))
            asyncio._set_running_loop(self)


def enter_loop() -> NotebookLoop:
    """Makes this thread's loop. After the fork alone: its descriptors are this process's."""
    loop = NotebookLoop()
    loop.entered = True
    asyncio.set_event_loop(loop)
    asyncio._set_running_loop(loop)
    return loop


def let_run_nest() -> None:
    """`asyncio.run` uses the notebook's loop where there is one; in other threads and processes it stays as it is."""
    asyncio.run = asyncio.runners.run = _nesting(asyncio.run)


def _nesting(run: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(run)
    def run_here(main: Any, **options: Any) -> Any:
        loop = asyncio._get_running_loop()
        if isinstance(loop, NotebookLoop) and asyncio.iscoroutine(main):
            return loop.run_until_complete(main)
        return run(main, **options)

    return run_here


def _nothing() -> None:
    return None
