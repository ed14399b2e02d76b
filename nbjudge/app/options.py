"""How to grade and how to check: what the command line and the web ask for, in place of many keywords."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbjudge.sandbox import Isolation

SEEDS = 20  # that a proof needs


@dataclass(frozen=True, slots=True)
class GradingOptions:
    """What to grade, with what walls, on how many processes."""

    students: tuple[str, ...] = ()  # only these; (): everybody
    force: bool = False  # grade again what has not changed
    jobs: int | None = None  # worker processes; None: one per core
    isolation: Isolation | None = None  # see sandbox.pick_jail
    image: str | None = None  # of the container
    without: tuple[str, ...] = ()  # walls to leave out, to show what each is for; results say so
    gpu_slots: int = 1  # submissions at once on each GPU, for tests that ask for one
    all_on_slots: bool = False  # every test needs a slot


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """How thoroughly to check an autograder, with what walls, on how many processes."""

    exercises: tuple[str, ...] = ()  # mutants of these only, and no proof; (): of all
    seeds: int = SEEDS  # that the solution is tried with; fewer: no proof
    jobs: int | None = None
    isolation: Isolation | None = None
    image: str | None = None
    gpu_slots: int = 1
