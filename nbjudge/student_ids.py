"""Which texts are student ids, and when two of them are one: one rule for every way in and for every path."""

from __future__ import annotations

import unicodedata

MAX_CHARACTERS = 64
MAX_BYTES = 200  # of UTF-8: an id is a folder's name
MARKS = frozenset("._@+-")
LETTERS = ("L", "M", "Nd")  # Unicode's letters, what combines with them, and digits
RULE = "use 1-64 letters and digits of any script and . _ @ + -, no space and no leading dot"


def is_student_id(text: str) -> bool:
    """Whether `text` can be a student's id, and so the name of a folder; RULE says what can."""
    return (
        0 < len(text) <= MAX_CHARACTERS
        and not text.startswith(".")
        and text == canonical(text)
        and all(one in MARKS or unicodedata.category(one).startswith(LETTERS) for one in text)
        and len(text.encode()) <= MAX_BYTES
    )


def canonical(text: str) -> str:
    """The one spelling of a name: composed (NFC, where macOS decomposes), no space around it."""
    return unicodedata.normalize("NFC", text).strip()


def fold(text: str) -> str:
    """What two spellings of one name have in common: neither case nor composition tells students apart."""
    return unicodedata.normalize("NFKC", canonical(text).casefold())
