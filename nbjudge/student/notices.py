"""What a cell asked for and did not get, said in its output, once for each cell however often it asks."""

from __future__ import annotations

import sys


def say(text: str) -> None:
    """Prints the notice in brackets, unless this cell's output has it already."""
    said = getattr(sys.stdout, "said", None)
    if isinstance(said, set):
        if text in said:
            return
        said.add(text)
    print(f"[{text}]")


def say_not_run(what: str) -> None:
    """The notice about something that grading leaves out."""
    say(f"{what} is not run while grading")
