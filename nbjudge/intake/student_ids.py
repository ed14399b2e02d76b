"""Which texts are student ids: one rule for every way in."""

from __future__ import annotations

import re

STUDENT = re.compile(r"(?!\.)[A-Za-z0-9._@+-]{1,64}")
RULE = "use 1-64 letters, digits and . _ @ + - and no leading dot"


def is_student_id(text: str) -> bool:
    """Whether `text` can be a student's id; RULE says what can."""
    return STUDENT.fullmatch(text) is not None
