"""What the figures were made on."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

CORES = os.cpu_count() or 1
PACKAGES = ("nbjudge", "nbgrader", "torch", "pytest")


def describe() -> str:
    """Cores, memory and kernel in one line."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    kernel = platform.release().partition("-")[0]
    return f"{CORES} cores ({models[0] if models else platform.machine()}), {memory:.0f} GiB, Linux {kernel}"


def versions() -> dict[str, str]:
    """Of Python and the packages that matter."""
    return {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}
