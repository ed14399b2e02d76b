"""Submitted notebook -> Program: finds the released cells again and mends what editors and students did to them.

docs/repair.md says the rules in plain words.
"""

from nbjudge.grading.repair.program import read_program, rejected_program, repair

__all__ = ["read_program", "rejected_program", "repair"]
