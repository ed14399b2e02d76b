"""The command line: one file for each command (its options, one call into `nbjudge.app`, what it prints)."""

from nbjudge.cli.program import main

__all__ = ["main"]
