"""Which jail student code is graded in: namespaces of this machine, a container, or none."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal

from nbjudge import log
from nbjudge.errors import SandboxError
from nbjudge.model import Course
from nbjudge.sandbox import linux
from nbjudge.sandbox.container import IMAGE, Image, find_image
from nbjudge.sandbox.ids import id_maps
from nbjudge.sandbox.root import shown_by_binds

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


def check_hidden(course: Course) -> None:
    """SandboxError if the namespaces' jail would show the course, its tests, sources or gradebook to students."""
    secrets = [course.gradebook, course.root / "autograders", course.root / "source"]
    if (shown := shown_by_binds(course.root, secrets)) is not None:
        place, bind = shown
        raise SandboxError(
            f"students' code could read {place}: the jail shows {bind}, which Python needs. Move the course, or make the "
            "environment in a folder of its own (`python3 -m venv`) and install nbjudge there"
        )


def default_workers(jail: Jail) -> int:
    """One for each core; one alone where the students of all would share a user id, for which the kernel counts."""
    if jail.isolation == "namespaces" and not id_maps(os.getpid()).many:
        log.warning(
            "one worker by default", reason="no subordinate user ids: see `nbjudge doctor`, or give --jobs"
        )
        return 1
    return os.cpu_count() or 1


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
