"""Logging, for those who ask for it: `--verbose`."""

from __future__ import annotations

import logging


def configure(verbose: bool) -> None:
    """Sends what the package logs to stderr: warnings, or everything that is being done."""
    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING)
