"""What hidden tests import: checks with messages that students understand, and a reader of data files.

The fixtures `student`, `credit` and `device` and the markers come by themselves; docs/writing-autograders.md has examples.
"""

from __future__ import annotations

from nbjudge.files import read_arrays
from nbjudge.judge.checks import close, decreasing, finite, is_tensor, require, same_shape, unchanged
from nbjudge.judge.faults import (
    NotFound,
    StudentCrashed,
    StudentError,
    StudentFault,
    StudentGpuMemory,
    StudentMemory,
    StudentTimeout,
)
from nbjudge.judge.source import calls, uses

__all__ = [
    "NotFound",
    "StudentCrashed",
    "StudentError",
    "StudentFault",
    "StudentGpuMemory",
    "StudentMemory",
    "StudentTimeout",
    "calls",
    "close",
    "decreasing",
    "finite",
    "is_tensor",
    "read_arrays",
    "require",
    "same_shape",
    "unchanged",
    "uses",
]
