"""docs/walls.md says what tests/support/walls_table.py found, and about the corpus that is there."""

import json
from typing import Any

from support.hostile_batch import read_attacks
from support.walls_table import CONFIGURATIONS, DATA, PAGE, TRIED, page

from nbjudge.sandbox.walls import WALLS

KEPT: dict[str, Any] = json.loads(DATA.read_text())
FOUND: dict[str, list[str]] = {name: found for name, found in KEPT.items() if name != TRIED}


def test_the_page_is_made_from_the_figures() -> None:
    assert PAGE.read_text() == page(KEPT)


def test_every_configuration_was_run() -> None:
    assert FOUND.keys() == CONFIGURATIONS.keys()


def test_the_figures_are_about_attacks_that_there_are() -> None:
    named = {attack for attacks in FOUND.values() for attack in attacks}
    assert named <= {attack.name for attack in read_attacks()}


def test_with_all_walls_nothing_gets_through() -> None:
    assert FOUND["nothing"] == FOUND["nothing, in a container"] == []


def test_the_walls_are_there_for_something() -> None:
    assert all(FOUND[wall] for wall in ("namespaces", "mounts", "limits", "identity", "seccomp"))


def test_a_container_alone_is_no_jail() -> None:
    """Why the walls are put up inside a container, too."""
    assert len(FOUND["all, in a container"]) > max(len(FOUND[wall]) for wall in WALLS)
