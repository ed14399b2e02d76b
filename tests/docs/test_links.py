"""What the pages point to is there: links to files and headings, paths in sentences, and the map of the house."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.markdown import anchors, inline_code, links, pages
from support.places import ROOT

from nbjudge.course import load_course

HISTORY = ("CHANGELOG.md", "docs/decisions/")  # speaks of what was
TOP = {path.name for path in ROOT.iterdir() if path.is_dir()} - {
    "gradebook"
}  # its folders come with the first grade
PLACEHOLDER = re.compile(r"/[A-Z]+(/|$)")  # autograders/NAME/proof.json
PATH = re.compile(r"[\w.-]+(/[\w.-]+)*/?")


def check_link(page: str, target: str) -> None:
    path, _, anchor = target.partition("#")
    file = (ROOT / page).parent / path.replace("\\_", "_") if path else ROOT / page
    assert file.exists(), f"{page}: {target} is not there"
    if anchor:
        assert anchor in anchors(file), f"{page}: {target}: the page has no such heading"


@pytest.mark.parametrize("page", pages())
def test_links_lead_somewhere(page: str) -> None:
    for target in links(page):
        check_link(page, target)


@pytest.mark.parametrize(
    "target", ["docs/no-such-page.md", "docs/design.md#no-such-heading", "#no-such-heading"]
)
def test_a_dead_link_is_found(target: str) -> None:
    with pytest.raises(AssertionError):
        check_link("README.md", target)


@pytest.mark.parametrize("page", [page for page in pages() if not page.startswith(HISTORY)])
def test_paths_in_sentences_exist(page: str) -> None:
    named = {code for code in inline_code(page) if PATH.fullmatch(code) and "/" in code}
    real = {path for path in named if path.partition("/")[0] in TOP and not PLACEHOLDER.search(path)}
    assert {path for path in real if not (ROOT / path).exists()} == set()


def test_the_map_of_the_house_shows_every_room() -> None:
    rooms = {
        path.name.removesuffix(".py")
        for path in (ROOT / "nbjudge").iterdir()
        if not path.name.startswith("_")
    }
    shown = " ".join(inline_code("docs/design.md"))
    assert {
        room for room in rooms - {"py.typed", "templates"} if not re.search(rf"\b{room}\b", shown)
    } == set()


def test_every_page_of_the_documentation_can_be_reached_from_the_front_page() -> None:
    reached, waiting = set(), ["README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached:
            continue
        reached.add(page)
        for target in links(page):
            path = ((ROOT / page).parent / target.partition("#")[0]).resolve()
            inside = path.relative_to(ROOT).as_posix()
            if path.is_dir() and (path / "README.md").exists():
                inside += "/README.md"
            if inside.endswith(".md"):
                waiting.append(inside)
    docs = {page for page in pages() if page.startswith("docs/") and Path(page).parent.name != "decisions"}
    assert docs - reached == set()


def test_the_front_page_describes_the_course_that_ships() -> None:
    page, course = (ROOT / "README.md").read_text(), load_course(ROOT)
    assert re.findall(r"^\| `([a-z-]+)` \|", page.partition("## The course")[2], re.MULTILINE) == [
        *course.assignments
    ]
    points = sum(sum(assignment.points.values()) for assignment in course.assignments.values())
    assert f"{points:g} points" in page
