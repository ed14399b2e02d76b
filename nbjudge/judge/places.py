"""Where in the notebook an exercise is judged: after its own cells, and a second time after another attempt below them."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from nbjudge.model import Program
from nbjudge.notebooks.cells import exercise_of
from nbjudge.notebooks.python_source import parse
from nbjudge.notebooks.statements import Names, names_of

END = -1  # after the last cell


@dataclass(frozen=True, slots=True)
class Place:
    """Positions in the program after whose cells an exercise's tests see the notebook."""

    own: int  # of the last cell of the exercise's own
    second: int | None = None  # where the student's own cells below have replaced something of it


AT_END = Place(END)


def places_of(program: Program) -> dict[str, Place]:
    """Where each exercise of the program is judged; one that is not there is judged at the end.

    A second attempt is looked for in the added cells below the exercise's own and above the next exercise's, and anywhere
    below if a cell of it is still as released, or lost.
    """
    own: dict[str, list[int]] = {}
    for position, cell in enumerate(program.cells):
        if cell.kind == "solution" and cell.exercise is not None:
            own.setdefault(cell.exercise, []).append(position)
        for name in (name for name, host in program.merged.items() if host == cell.id):
            own.setdefault(exercise_of(name), []).append(position)
    own = {exercise: sorted({*positions}) for exercise, positions in own.items()}
    reader, end = _Reader(program), len(program.cells) - 1
    return {
        exercise: Place(END if positions[-1] == end else positions[-1], reader.second(exercise, positions))
        for exercise, positions in own.items()
    }


class _Reader:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.known: dict[int, Names] = {}

    def second(self, exercise: str, positions: list[int]) -> int | None:
        cells = self.program.cells
        last = positions[-1]
        stubs = {*self.program.missing, *self.program.unchanged}
        unsolved = any(exercise_of(id) == exercise for id in stubs)
        end = last
        while end + 1 < len(cells) and (unsolved or cells[end + 1].kind != "solution"):
            end += 1
        later = [position for position in range(last + 1, end + 1) if cells[position].kind != "given"]
        if not later:
            return None
        touched: set[str] = set()
        for position in positions:
            names = self.names(position)
            touched |= names.bound | names.used
        if any(self.names(position).bound & touched for position in later):
            return END if end + 1 == len(cells) else later[-1]
        return None

    def names(self, position: int) -> Names:
        """What a cell's statements but its imports touch, all together; nothing if it can't be read."""
        if position not in self.known:
            names = self.known[position] = Names()
            tree = parse(self.program.cells[position].source)
            try:
                for node in tree.body if tree else ():
                    if isinstance(node, ast.Import | ast.ImportFrom):
                        continue  # what is imported twice is no attempt
                    one = names_of(node)
                    names.bound |= one.bound
                    names.used |= one.used
            except RecursionError:
                pass
        return self.known[position]
