"""Printed text as a terminal leaves it: progress bars as one line, colours gone. Pure."""

from __future__ import annotations

import re

MAX_SCREEN = 1 << 20  # characters that are looked at; of more, the first and the last
# Colours and moves; titles and links; any other escape; what moves the cursor; text.
PIECE = re.compile(
    r"\x1b\[([0-9;:<=>?]*)[ -/]*([@-~])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[ -/]*[0-Z\\^-~]?|[\n\r\x08]|[^\n\r\x08\x1b]+"
)


def as_on_screen(text: str) -> str:
    """The text after its carriage returns, backspaces and escape sequences have done their work."""
    text = text.replace("\r\n", "\n")
    if not re.search("[\r\x08\x1b]", text):
        return text
    if len(text) > MAX_SCREEN:
        text = f"{text[: MAX_SCREEN // 2]}\n{text[-(MAX_SCREEN // 2) :]}"
    rows: list[list[str]] = [[]]
    row = column = 0
    for match in PIECE.finditer(text):
        piece = match[0]
        if piece == "\n":
            row, column = row + 1, 0
            if row == len(rows):
                rows.append([])
        elif piece == "\r":
            column = 0
        elif piece == "\x08":
            column = max(column - 1, 0)
        elif piece[0] != "\x1b":
            rows[row][column : column + len(piece)] = piece
            column += len(piece)
        elif match[2]:
            row, column = _moved(rows, row, column, match[1], match[2])
    return "\n".join(map("".join, rows))


def _moved(rows: list[list[str]], row: int, column: int, number: str, letter: str) -> tuple[int, int]:
    """The cursor after a control sequence; only what progress bars use has an effect."""
    n = int(number) if re.fullmatch("[0-9]{1,6}", number) else None
    if letter == "K":
        if n == 2:
            rows[row].clear()
        elif not n:
            del rows[row][column:]
    elif letter == "A":
        row = max(row - (n or 1), 0)
    elif letter == "B":
        row = min(row + (n or 1), len(rows) - 1)
    elif letter == "C":
        column += n or 1
    elif letter == "D":
        column = max(column - (n or 1), 0)
    elif letter == "G":
        column = max((n or 1) - 1, 0)
    return row, min(column, len(rows[row]))  # a short text must not make long blank lines
