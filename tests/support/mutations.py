"""Damages notebooks at random: as people and tools do it, as JSON allows it, and byte by byte. Seeded."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Sequence
from typing import Any

Notebook = dict[str, Any]
ODD: tuple[Any, ...] = (
    None, True, 0, -1, 1e308, 10**30, "", "x", "\x00", "\ud800", "\u202e", "cell", "code", [], {}, [[]], [None],
    {"": None}, ["a\n", 1, None], {"nbgrader": {"grade_id": "double", "solution": True}},
)  # fmt: skip
SCRAPS = (
    "(", ")", "'", '"""', ":", "\n", "    ", "\t", "\\", "#", "\x0c", "\x00", "é", "я", "𝟙", "\u202e", "\ufeff", "0x", "9" * 5000,
    "!ls", "%matplotlib inline", "%%bash\nls", "?double", "await x", "yield", "return", "import os", "raise", "del double",
    "def double(x): return 1", "total = 3", "global x", "lambda", "async def f(): pass", "@", "=", "((" * 60, "f'{x!r:{w}}'",
    "exec('1')", "print('x' * 100)", "1/0", "from math import *", "import nosuchmodule", "class double: pass",
)  # fmt: skip
NAMES = (
    "double_function",
    "total_function",
    "double",
    "total",
    "essay",
    "imports",
    "c-double",
    "c-total-grade",
)
KEYS = (
    "cell_type",
    "source",
    "metadata",
    "outputs",
    "id",
    "execution_count",
    "nbgrader",
    "grade_id",
    "tags",
    "cells",
)
ENCODINGS = ("utf-16", "utf-8-sig", "cp1251", "latin-1", "utf-32")


def mutate(base: Notebook, dice: random.Random) -> bytes:
    """The bytes of a damaged copy of `base`."""
    notebook = copy.deepcopy(base)
    for _ in range(dice.choice((1, 1, 2, 3, 5, 8))):
        dice.choice(ON_CELLS)(notebook, dice)
    data = _written(notebook, dice)
    if dice.random() < 0.2:
        for _ in range(dice.choice((1, 1, 2, 10))):
            data = dice.choice(ON_BYTES)(data, dice)
    return data


def _written(notebook: Notebook, dice: random.Random) -> bytes:
    text = json.dumps(notebook, ensure_ascii=dice.random() < 0.5, indent=dice.choice((None, 1)))
    encoding = dice.choice(ENCODINGS) if dice.random() < 0.05 else "utf-8"
    return text.encode(encoding, "replace" if encoding in ("cp1251", "latin-1") else "surrogatepass")


# Cells


def _cells(notebook: Notebook) -> list[Any]:
    cells = notebook.get("cells")
    return cells if isinstance(cells, list) and cells else [{}]


def _drop(notebook: Notebook, dice: random.Random) -> None:
    cells = _cells(notebook)
    del cells[dice.randrange(len(cells))]


def _repeat(notebook: Notebook, dice: random.Random) -> None:
    cells = _cells(notebook)
    cells.insert(dice.randrange(len(cells) + 1), copy.deepcopy(dice.choice(cells)))


def _shuffle(notebook: Notebook, dice: random.Random) -> None:
    dice.shuffle(_cells(notebook))


def _add(notebook: Notebook, dice: random.Random) -> None:
    cells = _cells(notebook)
    source = "\n".join(dice.choices(SCRAPS, k=dice.randrange(1, 5)))
    cell = {"cell_type": dice.choice(("code", "markdown", "raw")), "metadata": {}, "source": source}
    cells.insert(dice.randrange(len(cells) + 1), cell)


def _strip(notebook: Notebook, dice: random.Random) -> None:
    lost = dice.choice(("metadata", "id", "both"))
    for cell in _cells(notebook):
        if isinstance(cell, dict):
            if lost != "id":
                cell["metadata"] = {}
            if lost != "metadata":
                cell.pop("id", None)


def _swap_names(notebook: Notebook, dice: random.Random) -> None:
    cell = dice.choice(_cells(notebook))
    if isinstance(cell, dict):
        wrong = {
            "nbgrader": {
                "grade_id": dice.choice(NAMES),
                "solution": dice.random() < 0.7,
                "grade": dice.random() < 0.5,
            }
        }
        cell["metadata"], cell["id"] = wrong, dice.choice(NAMES)


def _edit(notebook: Notebook, dice: random.Random) -> None:
    cell = dice.choice(_cells(notebook))
    if not isinstance(cell, dict) or not isinstance(cell.get("source"), str):
        return
    source = cell["source"]
    at, to = sorted((dice.randrange(len(source) + 1), dice.randrange(len(source) + 1)))
    lines = source.split("\n")
    cell["source"] = dice.choice(
        (
            source[:at] + dice.choice(SCRAPS) + source[at:],
            source[:at] + source[to:],
            source[:at] + source[at:to] * 2 + source[to:],
            "\n".join(dice.sample(lines, len(lines))),
            source.replace(" ", "\t"),
            source.splitlines(keepends=True),
            "\n".join("    " + line for line in lines),
        )
    )


def _odd_node(notebook: Notebook, dice: random.Random) -> None:
    """Puts something odd in the place of a node anywhere in the file."""
    node: Any = notebook
    for _ in range(dice.randrange(1, 7)):
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        if not keys:
            return
        key = dice.choice(keys)
        below = node[key]
        if isinstance(below, dict | list) and below and dice.random() < 0.8:
            node = below
            continue
        node[key] = copy.deepcopy(dice.choice(ODD))
        return


def _odd_key(notebook: Notebook, dice: random.Random) -> None:
    cell = dice.choice([notebook, *_cells(notebook)])
    if isinstance(cell, dict):
        cell[dice.choice(KEYS)] = copy.deepcopy(dice.choice(ODD))


def _deep(notebook: Notebook, dice: random.Random) -> None:
    value: Any = 1
    for _ in range(dice.choice((10, 90, 120, 400))):
        value = [value] if dice.random() < 0.5 else {"x": value}
    notebook["metadata"] = {"deep": value}


ON_CELLS: Sequence[Callable[[Notebook, random.Random], None]] = (
    _drop, _repeat, _shuffle, _add, _strip, _swap_names, _edit, _edit, _edit, _odd_node, _odd_node, _odd_key, _deep,
)  # fmt: skip


# Bytes


def _flip(data: bytes, dice: random.Random) -> bytes:
    if not data:
        return data
    at = dice.randrange(len(data))
    return data[:at] + bytes([dice.randrange(256)]) + data[at + 1 :]


def _cut(data: bytes, dice: random.Random) -> bytes:
    return data[: dice.randrange(len(data) + 1)]


def _remove(data: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(data) + 1)
    return data[:at] + data[at + dice.randrange(1, 40) :]


def _insert(data: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(data) + 1)
    scrap = dice.choice(
        (
            b"\xff",
            b"\x00",
            b'"',
            b"}",
            b"{",
            b"[",
            b",",
            b"\\u0000",
            b"\\ud800",
            b"NaN",
            b"\xed\xa0\x80",
            b"1e999",
        )
    )
    return data[:at] + scrap * dice.choice((1, 1, 1, 300)) + data[at:]


def _twice(data: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(data) + 1)
    return data[:at] + data[at : at + dice.randrange(1, 4000)] * 2 + data[at:]


ON_BYTES: Sequence[Callable[[bytes, random.Random], bytes]] = (
    _flip,
    _flip,
    _flip,
    _remove,
    _insert,
    _insert,
    _twice,
    _cut,
)
