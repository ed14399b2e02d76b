"""What a file that was handed in amounts to, found out in a bounded child: no notebook can cost the others."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nbjudge.app.recording import reason_of
from nbjudge.bounded import BoundedChild, Bounds, OutOfBounds
from nbjudge.model import Course, Program
from nbjudge.notes import Note

if TYPE_CHECKING:
    from nbjudge.notebooks.released_form import ReleasedForm


@dataclass(frozen=True, slots=True)
class Reading:
    """A file as one assignment's notebook."""

    program: Program  # without its cells
    notices: tuple[Note, ...] = ()  # what its text says at once
    unread: tuple[Note, ...] = ()  # why nothing is known of it; then the program is empty


class Reader:
    """Reads files as notebooks of one assignment; close it."""

    def __init__(self, course: Course, form: ReleasedForm) -> None:
        self.course, self.form = course, form
        self._child: BoundedChild[tuple[bytes, tuple[str, ...]]] = BoundedChild(self._read)
        self._last: tuple[bytes, tuple[str, ...], Reading] | None = None

    def read(self, data: bytes, beside: Collection[str] = ()) -> Reading:
        """What the file amounts to, or why that could not be found out; `beside`: names of files that came with it."""
        names = tuple(beside)
        if self._last is None or self._last[0] is not data or self._last[1] != names:
            self._last = data, names, self._ask(data, names)
        return self._last[2]

    def _ask(self, data: bytes, beside: tuple[str, ...]) -> Reading:
        import msgspec

        bounds = Bounds()
        try:
            return msgspec.json.decode(self._child.ask((data, beside), bounds), type=Reading)
        except OutOfBounds as error:
            nothing = Program(
                language=self.course.languages[0], cells=(), missing=(), unchanged=(), repairs=()
            )
            return Reading(nothing, unread=(Note("not_looked_into", {"reason": reason_of(error, bounds)}),))

    def close(self) -> None:
        """Ends the child."""
        self._child.close()

    def _read(self, job: tuple[bytes, tuple[str, ...]]) -> bytes:
        import msgspec

        from nbjudge.grading.repair import read_program
        from nbjudge.intake.notices import notices_of, place_of

        data, beside = job
        program = read_program(data, self.form, self.course.languages[0])
        place = place_of(self.course, self.form.assignment)
        modules = place.modules | {name.removesuffix(".py") for name in beside}
        notices = notices_of(program, replace(place, modules=modules))
        automatic = {cell.id for cell in self.form.cells if cell.role == "solution"}
        if program.rejected is None and automatic <= {*program.missing}:
            notices = (*notices, *self._another_assignment(data))
        return msgspec.json.encode(Reading(replace(program, cells=()), notices))

    def _another_assignment(self, data: bytes) -> tuple[Note, ...]:
        """What a notebook without any cell of this assignment may be, if nothing in it says so."""
        from nbjudge.errors import CourseError
        from nbjudge.grading.repair import read_program
        from nbjudge.notebooks.released_form import load_released_form

        for other in sorted(self.form.others):
            try:
                form = load_released_form(self.course, other)
            except CourseError:  # not released yet
                continue
            program = read_program(data, form, self.course.languages[0])
            found = program.found.keys() - {*program.missing}
            if program.rejected is None and 2 * len(program.missing) < len(found):
                return (Note("like_another_assignment", {"assignment": other}),)
        return ()
