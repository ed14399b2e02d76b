"""Where a grading run's zygotes come from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from nbjudge.errors import SandboxError
from nbjudge.sandbox.gpu_cards import Slot
from nbjudge.sandbox.host import Zygote
from nbjudge.sandbox.jail import Jail


class ZygotePool:
    """Zygotes for the workers: forked from one warm one; in containers and on GPU slots, each started by itself."""

    def __init__(
        self, jail: Jail, helpers: Path, placements: Sequence[Slot | None], *, many: bool = False
    ) -> None:
        """Starts what the `placements` (one for each worker) will need, and does not wait for it.

        `many`: so many students are to come that it pays to prepare for them (Zygote.prepare_for_forking).
        """
        self._jail, self._helpers, self._many = jail, helpers, many
        self._parent: Zygote | None = None
        self._started: list[Zygote] = []  # single ones that nobody has asked for yet
        try:
            if jail.image is None and None in placements:
                self._parent = self._start(None)
            self._started += [self._start(slot) for slot in placements if jail.image or slot]
        except BaseException:
            self.close()
            raise

    def zygote(self, slot: Slot | None) -> Zygote:
        """One for a worker; it is the caller's from now on. SandboxError if it can't be made."""
        for zygote in self._started:
            if zygote.slot == slot:
                self._started.remove(zygote)
                return zygote
        if self._parent is None or slot:
            return self._start(slot)
        try:
            return self._parent.clone()
        except SandboxError:  # it died, and what it had forked with it
            self._parent.close()
            self._parent = None  # if it can't be made again
            self._parent = self._start(None)
            return self._parent.clone()

    def release_handles(self) -> None:
        """Lets go of everything without ending it: for a process that was forked with a copy of this object."""
        for zygote in self._all():
            zygote.release_handles()

    def close(self) -> None:
        """Ends the zygotes that are still here; those that were forked end with their parent."""
        for zygote in self._all():
            zygote.close()

    def _all(self) -> list[Zygote]:
        return [*self._started, *([self._parent] if self._parent else [])]

    def _start(self, slot: Slot | None) -> Zygote:
        jail = self._jail
        zygote = Zygote(jail.isolation, self._helpers, image=jail.image, without=jail.without, slot=slot)
        if self._many:
            zygote.prepare_for_forking()
        return zygote

    def __enter__(self) -> ZygotePool:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()
