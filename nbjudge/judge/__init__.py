"""The judge: runs an autograder's pytest tests against a student's process."""

from nbjudge.judge.checks import close, decreasing, finite, is_tensor, require, same_shape, unchanged
from nbjudge.judge.faults import (
    MisuseError,
    NotFound,
    StudentCrashed,
    StudentError,
    StudentFault,
    StudentGpuMemory,
    StudentMemory,
    StudentTimeout,
)
from nbjudge.judge.handle import Handle
from nbjudge.judge.judge import Judge
from nbjudge.judge.outcome import TestSpec
from nbjudge.judge.plugin import open_judge
from nbjudge.judge.source import Source, calls, uses

__all__ = [
    "Handle",
    "Judge",
    "MisuseError",
    "NotFound",
    "Source",
    "StudentCrashed",
    "StudentError",
    "StudentFault",
    "StudentGpuMemory",
    "StudentMemory",
    "StudentTimeout",
    "TestSpec",
    "calls",
    "close",
    "decreasing",
    "finite",
    "is_tensor",
    "open_judge",
    "require",
    "same_shape",
    "unchanged",
    "uses",
]
