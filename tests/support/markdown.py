"""The project's own pages: their code blocks, headings and links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from support.places import ROOT

FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
NOT_RUN = re.compile(r"<!-- not run: (.+) -->\n\Z")
LINK = re.compile(r"(?<!!)\[[^]]*\]\(([^)\s]+)\)|!\[[^]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block of a page."""

    page: str  # relative to the repository
    line: int  # of its first line of text, from 1
    language: str
    text: str
    not_run: str | None  # why it can't run, from the comment above it

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> list[str]:
    """Every page of the project, relative to the repository."""
    found = [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/**/*.md"),
        ROOT / "gradebook/README.md",
        *ROOT.glob("tests/**/*.md"),
    ]
    return sorted(path.relative_to(ROOT).as_posix() for path in found)


def blocks(page: str, language: str) -> Iterator[Block]:
    """The fenced blocks of `page` in `language`."""
    text = (ROOT / page).read_text()
    for match in FENCE.finditer(text):
        if match[1] == language:
            above = NOT_RUN.search(text[: match.start()])
            line = text.count("\n", 0, match.start(2)) + 1
            yield Block(page, line, language, match[2], above[1] if above else None)


def links(page: str) -> list[str]:
    """The targets of `page`'s links to files of the repository and to headings, as they are written."""
    targets = [match[1] or match[2] for match in LINK.finditer(_prose(ROOT / page))]
    return [target for target in targets if not re.match(r"[a-z]+:", target)]


def anchors(path: Path) -> set[str]:
    """What `#...` may name on a page: its headings, as GitHub spells them."""
    found: set[str] = set()
    for heading in HEADING.findall(_prose(path)):
        text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower()
        slug = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
        number = 0
        while (slug if not number else f"{slug}-{number}") in found:
            number += 1
        found.add(slug if not number else f"{slug}-{number}")
    return found


def inline_code(page: str) -> set[str]:
    """The `code` in the sentences of `page`."""
    return set(re.findall(r"`([^`\n]+)`", _prose(ROOT / page)))


def _prose(path: Path) -> str:
    return FENCE.sub("", path.read_text())
