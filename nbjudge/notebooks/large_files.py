"""A notebook file that is too large because of its saved outputs: made small enough to parse, its code untouched."""

from __future__ import annotations

import re

CELL_OUTPUTS = 16 << 20  # bytes that the outputs of one cell keep, the first and the last of them
MAX_STRINGS = 5_000_000
LONG_STRING = 1 << 20
# As Jupyter, Colab and VS Code indent a file; within a text there are no real line breaks.
OUTPUTS = re.compile(rb'\n([ \t]+)"outputs": \[\r?\n([ \t]+)')
STRING = re.compile(
    rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?'
)  # one that never ends, too, or each quote in it would be tried


def without_outputs(data: bytes, limit: int) -> tuple[bytes, int]:
    """The file with outputs left out until it has at most `limit` bytes, and how many were; it may still be too large.

    The largest cells lose first, and keep their first and last outputs while that is enough.
    """
    dropped = 0
    for budget in (CELL_OUTPUTS, 0):
        spans = sorted(_spans(data), key=lambda span: span[0] - span[1])  # the longest first
        cuts: list[tuple[int, int, bytes]] = []
        size = len(data)
        for start, end, indent in spans:
            if size <= limit:
                break
            kept, lost = _shortened(data[start:end], indent, budget)
            cuts.append((start, end, kept))
            size -= end - start - len(kept)
            dropped += lost
        parts, last = [], 0
        for start, end, kept in sorted(cuts):
            parts += [data[last:start], kept]
            last = end
        data = b"".join([*parts, data[last:]])
    if len(data) > limit and data.count(b'"') <= 2 * MAX_STRINGS:  # a file without line breaks
        data, lost = _without_long_strings(data)
        dropped += lost
    return data, dropped


def _spans(data: bytes) -> list[tuple[int, int, bytes]]:
    """Where each cell's outputs begin and end, and how they are indented."""
    spans, position = [], 0
    while match := OUTPUTS.search(data, position):
        end = data.find(b"\n" + match[1] + b"]", match.end())
        if end < 0:
            break
        spans.append((match.start(2), end + 1, match[2]))
        position = end
    return spans


def _shortened(block: bytes, indent: bytes, budget: int) -> tuple[bytes, int]:
    """The first and the last outputs of a cell, at most `budget` bytes, and how many others there were."""
    closing = b"\n" + indent + b"}"
    outputs = block.removesuffix(b"\n").removesuffix(closing).split(closing + b",\n")
    kept: set[int] = set()
    for step in range((len(outputs) + 1) // 2):
        for index in dict.fromkeys((step, len(outputs) - 1 - step)):
            if len(outputs[index]) <= budget:
                budget -= len(outputs[index])
                kept.add(index)
    text = (closing + b",\n").join(outputs[index] for index in sorted(kept))
    return text + closing + b"\n" if kept else b"", len(outputs) - len(kept)


def _without_long_strings(data: bytes) -> tuple[bytes, int]:
    parts, last, dropped = [], 0, 0
    for match in STRING.finditer(data):
        if match.end() - match.start() > LONG_STRING:
            parts += [data[last : match.start()], b'""']
            last, dropped = match.end(), dropped + 1
    return b"".join([*parts, data[last:]]), dropped
