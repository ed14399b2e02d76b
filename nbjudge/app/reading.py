"""What a file that was handed in amounts to, found out in a bounded child: no notebook can cost the others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nbjudge.app.recording import reason_of
from nbjudge.bounded import BoundedChild, Bounds, OutOfBounds
from nbjudge.model import Course, Note, Program

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
        self._child = BoundedChild(self._read)
        self._last: tuple[bytes, Reading] | None = None

    def read(self, data: bytes) -> Reading:
        """What the file amounts to, or why that could not be found out; the last one is asked for several times."""
        if self._last is None or self._last[0] is not data:
            self._last = data, self._ask(data)
        return self._last[1]

    def _ask(self, data: bytes) -> Reading:
        import msgspec

        bounds = Bounds()
        try:
            return msgspec.json.decode(self._child.ask(data, bounds), type=Reading)
        except OutOfBounds as error:
            nothing = Program(
                language=self.course.languages[0], cells=(), missing=(), unchanged=(), repairs=()
            )
            return Reading(nothing, unread=(Note("not_looked_into", {"reason": reason_of(error, bounds)}),))

    def close(self) -> None:
        """Ends the child."""
        self._child.close()

    def _read(self, data: bytes) -> bytes:
        import msgspec

        from nbjudge.grading.repair import read_program
        from nbjudge.intake.notices import notices_of, place_of

        program = read_program(data, self.form, self.course.languages[0])
        notices = notices_of(program, place_of(self.course, self.form.assignment))
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
