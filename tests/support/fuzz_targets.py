"""What the fuzzers call: bytes in; an AssertionError or any exception that escapes is a finding."""

from __future__ import annotations

import io
import json
import mmap
import re
import struct
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from support.cells import fill
from support.places import TESTS

from nbjudge import wire
from nbjudge.errors import CourseError
from nbjudge.grading.repair import repair
from nbjudge.intake.archive import Unreadable, open_entries
from nbjudge.languages import english
from nbjudge.notebooks.exercises import find_exercises
from nbjudge.notebooks.reader import NotANotebook, read_notebook, write_notebook
from nbjudge.notebooks.released_form import ReleasedForm, make_released_form

CORPORA = TESTS / "fuzz"
NONCE = 0xFEDCBA9876543210
ARENA = 1 << 20
LENGTH = struct.Struct("<H")


def wire_message(data: bytes) -> Any:
    """Decodes a message: 2 bytes (length of its header), header, then what stands behind it in the arena.

    A value that is accepted must be within the bounds, and cross the wire again unchanged.
    """
    if len(data) <= LENGTH.size or len(data) - LENGTH.size > ARENA:
        return None
    (header,) = LENGTH.unpack_from(data)
    body = data[LENGTH.size :]
    arena = _arena()
    arena[: len(body)] = body
    packet = wire.PACKET.pack(wire.format.MAGIC, header, len(body), NONCE)
    try:
        value = _take(packet, arena)
    except wire.WireError:
        return None
    again = _take(wire.encode(value, arena, NONCE, _handle_out), arena)
    assert _same(value, again), (value, again)
    return value


def raw_packet(data: bytes) -> Any:
    """Decodes `data`, a packet of any kind, over an arena that holds the rest."""
    arena = _arena()
    body = data[wire.PACKET.size :][:ARENA]
    arena[: len(body)] = body
    try:
        return _take(data[: wire.PACKET.size], arena)
    except wire.WireError:
        return None


def notebook_file(data: bytes) -> Any:
    """Reads and repairs a student's file; what is read must survive being written and read again."""
    try:
        notebook = read_notebook(data)
    except NotANotebook as error:
        assert str(error) and "\n" not in str(error)
        return None
    form = lab_template()
    program = repair(notebook, form)
    positions = [position for found in program.found.values() for position in found]
    assert set(positions) <= {*range(1, len(notebook["cells"]) + 1)}
    again = read_notebook(write_notebook(notebook))
    assert repair(again, form) == program
    ids = [cell.id for cell in program.cells]
    assert len(ids) == len(set(ids))
    said = [english(note) for note in program.repairs]
    assert all("\n" not in sentence and sentence.isprintable() for sentence in said)
    json.dumps([cell.source for cell in program.cells], ensure_ascii=False).encode()
    return program


def archive_file(data: bytes) -> Any:
    """Lists and reads an archive; names must stay inside and be printable."""
    with tempfile.NamedTemporaryFile(dir="/dev/shm") as file:
        file.write(data)
        file.flush()
        try:
            with open_entries(Path(file.name)) as (entries, refused):
                for entry in entries:
                    assert entry.parts and ".." not in entry.parts and "" not in entry.parts
                    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028-\u202e\ud800-\udfff]", entry.name)
                    try:
                        entry.read()
                    except Unreadable as error:
                        assert str(error)
                return len(entries), len(refused)
        except CourseError:
            return None


TARGETS: dict[str, Callable[[bytes], Any]] = {
    "wire": wire_message,
    "packet": raw_packet,
    "notebook": notebook_file,
    "archive": archive_file,
}


def seeds(target: str) -> list[bytes]:
    """What a fuzzer of `target` begins with: honest input of every kind."""
    makers: dict[str, Callable[[], list[bytes]]] = {
        "wire": _wire_seeds,
        "packet": lambda: [_packet(seed) for seed in _wire_seeds()],
        "notebook": _notebook_seeds,
        "archive": _archive_seeds,
    }
    return makers[target]()


def corpus(target: str) -> list[Path]:
    """The files that a long run kept, one for each way through the code."""
    return sorted(path for path in (CORPORA / target).iterdir() if path.is_file())


@cache
def lab_template() -> ReleasedForm:
    """The form of a small lab with every kind of cell."""
    released, solved = _lab(solved=False), _lab(solved=True)
    find_exercises(solved, "lab")
    return make_released_form("lab", {"en": released}, solved)


@cache
def _arena() -> mmap.mmap:
    return mmap.mmap(-1, ARENA)


def _take(packet: bytes, arena: mmap.mmap) -> Any:
    return wire.decode(packet, arena, NONCE, handle=Handle, tensor=lambda tensor, origin: tensor)


class Handle:
    """What stands for an object of the student's."""

    def __init__(self, id_: int, kind: str) -> None:
        self.id, self.kind = id_, kind


def _handle_out(value: object) -> tuple[int, str]:
    assert isinstance(value, Handle), f"a {type(value).__name__} became a handle"
    return value.id, value.kind


def _same(one: Any, other: Any) -> bool:
    """Equal in type and bits, NaN included."""
    import numpy as np
    import torch

    if type(one) is not type(other):
        return False
    if isinstance(one, torch.Tensor):
        return one.dtype == other.dtype and one.shape == other.shape and _bits(one) == _bits(other)
    if isinstance(one, np.ndarray | np.generic):
        return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()
    if isinstance(one, dict):
        return _same(list(one.items()), list(other.items()))
    if isinstance(one, set | frozenset):
        return len(one) == len(other)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, slice):
        return _same((one.start, one.stop, one.step), (other.start, other.stop, other.step))
    if isinstance(one, Handle):
        return (one.id, one.kind) == (other.id, other.kind)
    if isinstance(one, float | complex):
        return repr(one) == repr(other)
    return bool(one == other)


def _bits(tensor: Any) -> bytes:
    import torch

    return bytes(tensor.reshape(-1).view(torch.uint8).numpy())


def _wire_seeds() -> list[bytes]:
    import numpy as np
    import torch

    values: list[Any] = [
        [None, True, False, 0, -1, 2**63, -(2**70), 1.5, float("nan"), 1j, "text", b"bytes", ...],
        {"a": 1, 2: (3, [4]), (5, None): {6}, True: frozenset({7.0})},
        slice(1, None, 2),
        np.arange(6, dtype="float32").reshape(2, 3),
        [np.float64(1), np.array(True), np.zeros((0, 3), dtype="int8"), np.array([1 + 1j])],
        torch.arange(6, dtype=torch.bfloat16).reshape(3, 2),
        [torch.tensor(True), torch.zeros(2, 0), torch.ones(1, requires_grad=True) * 2],
        [torch.float16, torch.device("cuda:0"), torch.Size([2, 3])],
        ("ok", Handle(3, "Net")),
        ("error", "E", "ValueError", "boo", False, [("cell 3", 4, "f")]),
    ]
    return [_message(value) for value in values]


def _message(value: object) -> bytes:
    arena = _arena()
    _, header, total, _ = wire.PACKET.unpack(wire.encode(value, arena, NONCE, _handle_out))
    return LENGTH.pack(header) + arena[:total]


def _packet(seed: bytes) -> bytes:
    body = seed[LENGTH.size :]
    return wire.PACKET.pack(wire.format.MAGIC, LENGTH.unpack_from(seed)[0], len(body), NONCE) + body


def _notebook_seeds() -> list[bytes]:
    solved = _lab(solved=True)
    bare = {"cells": [{"cell_type": cell["cell_type"], "source": cell["source"]} for cell in solved["cells"]]}
    old = {
        "worksheets": [
            {"cells": [{"cell_type": cell["cell_type"], "input": cell["source"]} for cell in solved["cells"]]}
        ]
    }
    return [
        write_notebook(solved),
        write_notebook(_lab(solved=False)),
        *(json.dumps(value).encode() for value in (solved, bare, old)),
        json.dumps(solved).encode("utf-16"),
    ]


def _archive_seeds() -> list[bytes]:
    import tarfile
    import zipfile

    files = {"ivanov.ipynb": b"{}", "petrov/lab.ipynb": b'{"cells": []}', "a/b/c.txt": b"x" * 3000}
    made = []
    for compression in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", compression) as archive:
            for name, data in files.items():
                archive.writestr(name, data)
        made.append(stream.getvalue())
    for mode, kind in (("w", tarfile.PAX_FORMAT), ("w:gz", tarfile.GNU_FORMAT), ("w", tarfile.USTAR_FORMAT)):
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode=mode, format=kind) as archive:  # type: ignore[call-overload]
            for name, data in {**files, "x" * 101 + "я.ipynb": b"1"}.items():
                if kind == tarfile.USTAR_FORMAT and len(name) > 100:
                    continue
                info = tarfile.TarInfo(name)
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
        made.append(stream.getvalue())
    return made


def _lab(solved: bool) -> dict[str, Any]:
    from support import tiny_course

    notebook = tiny_course.source()
    if not solved:
        fill(notebook, dict.fromkeys(tiny_course.SOLUTIONS, "# YOUR CODE HERE\nraise NotImplementedError()"))
    for cell in notebook["cells"]:
        cell["metadata"].pop("tags", None)
    return notebook
