"""Which jail student code is graded in: namespaces of this machine, a container, or none."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal

from nbjudge.errors import SandboxError
from nbjudge.sandbox import linux
from nbjudge.sandbox.container import IMAGE, Image, find_image

Isolation = Literal["namespaces", "container", "none"]


@dataclass(frozen=True, slots=True)
class Jail:
    """What stands around the student processes of one grading run."""

    isolation: Isolation
    image: Image | None = None  # of a container
    without: tuple[str, ...] = ()  # walls left out, to show what each is for: walls.WALLS

    def __str__(self) -> str:
        return " without ".join([self.isolation, *([", ".join(self.without)] if self.without else [])])


def pick_jail(
    isolation: Isolation | None = None, image: str | None = None, without: tuple[str, ...] = ()
) -> Jail:
    """The jail asked for; by default namespaces where this machine allows them, else a container.

    SandboxError if there is neither, or no such image.
    """
    if isolation is None and image is None and namespaces_work():
        isolation = "namespaces"
    if isolation not in (None, "container"):
        return Jail(isolation, None, without)
    try:
        return Jail("container", find_image(image or IMAGE), without)
    except SandboxError as error:
        if isolation or image:
            raise
        raise SandboxError(
            f"this machine allows no user namespaces (`nbjudge doctor` says why), and there is no container to use:\n{error}"
        ) from None


def namespaces_work() -> bool:
    """Whether this user may make the namespaces that the jail is built of."""
    child = os.fork()
    if child == 0:
        try:
            linux.unshare(linux.CLONE_NEWUSER | linux.CLONE_NEWNS | linux.CLONE_NEWPID | linux.CLONE_NEWNET)
            os._exit(0)
        except BaseException:
            os._exit(1)
    return os.waitpid(child, 0)[1] == 0
