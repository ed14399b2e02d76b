"""Layouts: how a folder or archive tells which file is whose. A new one is a function, and a line in LAYOUTS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from nbjudge.errors import CourseError
from nbjudge.intake.archive import Entry
from nbjudge.intake.layouts.blackboard import blackboard, is_blackboard
from nbjudge.intake.layouts.by_student import are_repositories, by_student, files, folders, repositories
from nbjudge.intake.layouts.canvas import canvas, is_canvas
from nbjudge.intake.layouts.exchange import exchange, is_exchange
from nbjudge.intake.layouts.gradescope import gradescope, is_gradescope
from nbjudge.intake.layouts.handed_in import HandedIn, Refusal, Scene, Who
from nbjudge.intake.layouts.moodle import is_moodle, moodle
from nbjudge.intake.layouts.named import named

Read = Callable[[list[Entry], Scene], list[HandedIn | Refusal]]
Recognise = Callable[[list[Entry], Scene], bool]


@dataclass(frozen=True, slots=True)
class Layout:
    """One way in which folders and archives are laid out."""

    read: Read
    recognise: Recognise | None = None  # None: only by name
    dated: bool = True  # an entry's time is the file's own, not the moment of the download


# Recognised in this order.
LAYOUTS: dict[str, Layout] = {
    "gradescope": Layout(gradescope, is_gradescope, dated=False),
    "exchange": Layout(exchange, is_exchange),
    "moodle": Layout(moodle, is_moodle, dated=False),
    "blackboard": Layout(blackboard, is_blackboard, dated=False),
    "canvas": Layout(canvas, is_canvas, dated=False),
    "repositories": Layout(repositories, are_repositories, dated=False),
    "by-student": Layout(by_student, lambda entries, scene: True),
    "folders": Layout(folders),
    "files": Layout(files),
    "pattern": Layout(named),
}


def pick_layout(name: str | None, entries: list[Entry], scene: Scene) -> str:
    """The layout called `name`, else the first that recognises the names; CourseError lists the ones there are."""
    if name is None:
        if scene.pattern:
            return "pattern"
        return next(
            each for each, layout in LAYOUTS.items() if layout.recognise and layout.recognise(entries, scene)
        )
    if name not in LAYOUTS:
        raise CourseError(f"no layout {name!r}; there is: {', '.join(LAYOUTS)}")
    if (name == "pattern") != bool(scene.pattern):
        raise CourseError(
            "--pattern goes with no other --layout, and --layout pattern needs one: --pattern REGEX"
        )
    return name


__all__ = ["LAYOUTS", "HandedIn", "Layout", "Refusal", "Scene", "Who", "pick_layout"]
