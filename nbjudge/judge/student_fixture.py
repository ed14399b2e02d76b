"""What a test's `student` fixture is: the only way to the student's code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbjudge.judge.definitions import counting_source, defined_again
from nbjudge.judge.faults import NAME, MisuseError, NotFound, StudentCrashed, one_line
from nbjudge.judge.handle import Handle
from nbjudge.judge.session import StudentSession, label_of
from nbjudge.judge.source import Source
from nbjudge.judge.values import call_text, inputs_text
from nbjudge.model import Cell
from nbjudge.notebooks.cells import exercise_of
from nbjudge.notes import Note

if TYPE_CHECKING:
    import torch

SNIPPET = "autograder"  # label of the author's own code; its frames are not the student's


class StudentCode:
    """The student's code: `student.NAME(...)` calls what the notebook defines, in the student's process."""

    def __init__(self, session: StudentSession) -> None:
        self._session = session

    def __repr__(self) -> str:
        return "your notebook"  # students read it in messages

    def __getattr__(self, name: str) -> Function:
        if name.startswith("__"):
            raise AttributeError(name)
        return Function(self._session, name)

    def cell(self, id: str, /, **inputs: Any) -> Names:
        """Runs a solution cell in a copy of the namespace, with these inputs in place of the values there.

        Returns the names that the cell assigns, and the inputs. NotFound if the cell was deleted.
        """
        cell = self._find(id)
        return self._run(label_of(cell), cell.source, inputs, True)

    def run(self, code: str, /, **inputs: Any) -> Names:
        """Runs the author's own code in a copy of the namespace, where the student can read it and its inputs.

        Returns the names that the code assigns, and the inputs: so a test sees what a function changed in place.
        """
        return self._run(SNIPPET, code, inputs, False)

    def set(self, **names: Any) -> None:
        """Replaces globals of the notebook until the test ends."""
        self._session.request("set", names)

    def replace(self, code: str, /) -> None:
        """Runs the author's own definitions and puts them in place of the notebook's until the test ends.

        A function that replaces one of the student's may be called as theirs is: arguments that they added are left out.
        A function of an earlier exercise that the cells of this one define anew stays the student's.
        """
        session = self._session
        kept = defined_again(session.program.cells, session.exercise)
        session.request("replace", SNIPPET, code, kept)

    def get(self, name: str, /) -> Any:
        """A global of the notebook: a plain value or a handle. NotFound if there is none."""
        return self._session.request("get", name)

    def has(self, name: str, /) -> bool:
        """Whether the notebook defines the name."""
        return self._session.request("has", name) is True

    def place(self, tensor: torch.Tensor, /) -> Handle:
        """Sends a tensor to where the student's code computes (the `device` fixture): a handle to the copy there."""
        match self._session.request("place", tensor):
            case (int(id_), str(kind)):
                return self._session.hold(id_, kind)
        raise StudentCrashed(Note("protocol_broken"))

    def source(self, id: str, /) -> Source:
        """The text of a solution cell, or of all solution cells of an exercise, for checks such as `uses`.

        A function that the notebook defines again, where the test sees it, is read from there; an answer that was merged
        into another cell is read there.
        """
        program = self._session.program
        texts: dict[int, list[str]] = {}
        for position, cell in enumerate(program.cells):
            if cell.kind == "solution" and id in (cell.id, cell.exercise):
                texts.setdefault(position, []).append(program.parts.get(cell.id, cell.source))
            gone = (name for name, host in program.merged.items() if host == cell.id)
            for name in gone:
                if id in (name, exercise_of(name)):
                    texts.setdefault(position, []).append(program.parts[name])
        if not texts:
            raise self._missing(id)
        self._session.touched = True
        own = {position: "\n\n".join(parts) for position, parts in texts.items()}
        return counting_source(program.cells, own, self._session.place)

    def _run(self, label: str, code: str, inputs: dict[str, Any], drop: bool) -> Names:
        self._session.call = inputs_text(inputs)
        names = self._session.request("run_copy", label, code, inputs, drop)
        if type(names) is not dict or not all(type(name) is str for name in names):
            raise StudentCrashed(Note("protocol_broken"))
        return Names(names)

    def _find(self, id: str) -> Cell:
        holder = self._session.program.merged.get(id, id)
        for cell in self._session.program.cells:
            if cell.id == holder and (cell.kind == "solution" or holder != id):
                return cell
        raise self._missing(id)

    def _missing(self, id: str) -> NotFound | MisuseError:
        """NotFound for a cell or an exercise that the student deleted; MisuseError for one that never was."""
        program = self._session.program
        if not any(id in (missing, missing.split("_")[0]) for missing in program.missing):
            known = ", ".join(cell.id for cell in program.cells if cell.kind == "solution")
            return MisuseError(f"no solution cell {id!r} in this assignment; there is: {known or 'none'}")
        self._session.touched = True
        return NotFound(Note("cell_missing", {"id": id}))


class Function:
    """A name of the notebook that can be called; nothing is asked before the call."""

    def __init__(self, session: StudentSession, name: str) -> None:
        self._session, self._name = session, name

    def __repr__(self) -> str:
        return self._name

    def __bool__(self) -> bool:
        raise MisuseError(f"student.{self._name} is always there: use student.has({self._name!r})")

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        self._session.call = call_text(self._name, arguments, keywords)
        return self._session.request("call_name", self._name, arguments, keywords)


class Names(dict[str, Any]):
    """The names that a piece of code assigned, by value or handle: `names["out"]` or `names.out`."""

    def __missing__(self, name: str) -> Any:
        raise NotFound(Note("name_not_assigned", {"name": one_line(name, NAME)}))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self[name]
