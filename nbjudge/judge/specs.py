"""What the author says of a test: markers and docstring -> TestSpec."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import Any, Literal

import pytest

from nbjudge.course import parse_limits
from nbjudge.errors import CourseError
from nbjudge.judge.outcome import TestSpec, Texts

TITLE = re.compile(r"([a-z]{2,3}(?:-\w+)?): +(.+)")  # "ru: ...", "pt-BR: ..."
MARKERS = (
    "exercise(id, weight=1, hidden=False): the exercise that the test scores, and how much",
    "limits(seconds=, memory=): for this test instead of the assignment's",
    "gpu: the test needs CUDA; `device` instead takes a GPU where there is one",
)


def spec_of(item: pytest.Item) -> TestSpec:
    """What its markers and docstring say; CourseError names the test and what to write instead."""
    where = f"{item.path}: {item.name}"
    if not isinstance(item, pytest.Function):
        raise CourseError(f"{where}: tests must be functions")
    exercise = _exercise_of(item, where)
    marker = item.get_closest_marker("limits")
    limits = dict(marker.kwargs) if marker else {}
    parse_limits(limits, f"{where}: limits")
    if marker and marker.args:
        raise CourseError(f"{where}: write @pytest.mark.limits(seconds=..., memory=...)")
    device: Literal["cpu", "any", "cuda"] = "any" if "device" in item.fixturenames else "cpu"
    if item.get_closest_marker("gpu"):
        device = "cuda"
    return TestSpec(titles=_titles_of(item), limits=limits, name=item.name, device=device, **exercise)


def _exercise_of(item: pytest.Item, where: str) -> dict[str, Any]:
    marker = item.get_closest_marker("exercise")
    if marker is None:
        raise CourseError(f'{where}: mark it with @pytest.mark.exercise("the exercise\'s id")')
    unknown = set(marker.kwargs) - {"weight", "hidden"}
    if unknown or len(marker.args) != 1 or not isinstance(marker.args[0], str):
        raise CourseError(f'{where}: write @pytest.mark.exercise("id", weight=1, hidden=False)')
    weight, hidden = marker.kwargs.get("weight", 1), marker.kwargs.get("hidden", False)
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 < weight < float("inf"):
        raise CourseError(f"{where}: weight must be a number above 0, not {weight!r}")
    return {"exercise": marker.args[0], "weight": float(weight), "hidden": _hidden(hidden, where)}


def _hidden(value: Any, where: str) -> bool | str | Texts:
    """Of a mapping, the first name stands for the languages that have none."""
    if isinstance(value, bool) or (isinstance(value, str) and value):
        return value
    if isinstance(value, dict) and value and all(isinstance(name, str) and name for name in value.values()):
        return {"": next(iter(value.values())), **value}
    raise CourseError(
        f'{where}: hidden must be True, False, a name, or names by language such as {{"en": "...", "ru": "..."}}, '
        f"not {value!r}"
    )


def _titles_of(item: pytest.Function) -> dict[str, str]:
    """The docstring's first line, for every language; and of lines such as "ru: ..." the title in that language."""
    lines = [line.strip() for line in (item.function.__doc__ or "").strip().splitlines()] or [
        item.originalname
    ]
    titles = {"": lines[0]} | {match[1]: match[2] for line in lines[1:] if (match := TITLE.fullmatch(line))}
    case = f" [{item.callspec.id}]" if hasattr(item, "callspec") else ""
    return {language: title + case for language, title in titles.items()}


def check_tests(folder: Path, tests: tuple[TestSpec, ...], exercises: Collection[str] | None) -> None:
    """CourseError if two tests have one name, or if they and the notebook's `exercises` do not match."""
    seen: set[tuple[str, str]] = set()
    for test in tests:
        if (test.exercise, test.name) in seen:
            raise CourseError(f"{folder}: two tests of {test.exercise!r} are called {test.name}: rename one")
        seen.add((test.exercise, test.name))
        if exercises is not None and test.exercise not in exercises:
            known = ", ".join(sorted(exercises))
            raise CourseError(
                f"{folder}: {test.name}: no exercise {test.exercise!r} with tests; there is: {known}"
            )
    for missing in sorted(set(exercises or ()) - {test.exercise for test in tests}):
        raise CourseError(f"{folder}: exercise {missing!r} has no test: add one, or remove its grade cell")
