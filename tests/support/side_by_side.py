"""Which tests stay together when pytest-xdist runs them in several processes (`make test`).

Not its `--dist=loadgroup`: pytest 9.2 made the node ids that version 3.8 renames unchangeable, so that groups are lost without a word.
"""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

# A module stays whole, for the fixtures of its own, but for these: each of their tests starts what it needs.
SINGLE = (
    "tests/authoring/test_check.py",
    "tests/cli/",
    "tests/grading/test_faults.py",
    "tests/grading/test_gpu.py",
    "tests/grading/test_grade.py",
    "tests/sandbox/test_slots.py",
)
TOGETHER = {
    "tests/judge/": "zygote",  # the one that tests/conftest.py starts
    "tests/student/": "zygote",
    "tests/sandbox/test_container.py": "containers",  # looks whether any container is left
    "tests/sandbox/test_sandbox.py": "containers",
}


def unit(nodeid: str) -> str:
    """The name of what runs in one process with this test; units with many tests come first, single tests fill the gaps."""
    for start, name in TOGETHER.items():
        if nodeid.startswith(start):
            return name
    return nodeid if nodeid.startswith(SINGLE) else nodeid.partition("::")[0]


class ByUnit(LoadScopeScheduling):
    """pytest-xdist's scheduler of modules, with our units in their place."""

    def _split_scope(self, nodeid: str) -> str:
        return unit(nodeid)
