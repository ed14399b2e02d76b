"""Solutions that stand in a release in other words: variables renamed, comments and layout changed."""

from __future__ import annotations

import builtins
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from keyword import kwlist

from nbjudge.notebooks.cells import Notebook, cell_id, grade_id, role
from nbjudge.notebooks.regions import solution_lines

N = 8  # tokens in a row
LEAST = 14  # different rows that a solution must have to be recognised
SHARE = 0.7  # of the solution's rows in one place
TOKEN = re.compile(r"[^\W\d]\w*|\d+(?:\.\d*)?(?:[eE][-+]?\d+)?|[^\w\s]")
COMMENT = re.compile(r"#[^\n]*|\"\"\".*?\"\"\"|'''.*?'''", re.DOTALL)
WORD = re.compile(r"[^\W\d]\w*")
KEPT = frozenset((*kwlist, *dir(builtins), "self", "F", "nn", "np", "torch"))
TELLING = re.compile(
    r"(?:^|[/_.-])(?:solutions?|solved|answers?|hidden|secret|reference|решени[ея]|ответы?)(?=$|[/_.-])",
    re.IGNORECASE,
)


def near_copies(source: Notebook, released: Notebook, helpers: Mapping[str, bytes]) -> list[str]:
    """One sentence for each released cell or helper file that mostly holds a solution; [] if there is none.

    A place holds a solution if SHARE of the solution's rows of N tokens are found in it, names of variables apart.
    """
    places = [(place, _rows(text)) for place, text in _places(released, helpers)]
    found = []
    for cell in source["cells"]:
        if role(cell) != "solution":
            continue
        name, wanted = str(grade_id(cell)), _rows(_solution(cell["source"]))
        if len(wanted) < LEAST:
            continue
        for place, rows in places:
            share = sum((wanted & rows).values()) / wanted.total()
            if share >= SHARE:
                found.append(
                    f"{place} holds {share:.0%} of the solution of {name!r}, names of variables apart:"
                    " students could copy it; take it out or ask for something else"
                )
    return found


def telling_names(helpers: Mapping[str, bytes]) -> list[str]:
    """One sentence for each helper file whose name promises a solution."""
    return [
        f"helper file {name!r}: its name promises a solution: rename it, or take it out of source/"
        for name in helpers
        if TELLING.search(name)
    ]


def _places(released: Notebook, helpers: Mapping[str, bytes]) -> Iterator[tuple[str, str]]:
    for position, cell in enumerate(released["cells"], 1):
        yield f"cell {grade_id(cell) or cell_id(cell)!r} (cell {position})", cell["source"]
    for name, data in helpers.items():
        if b"\0" not in data[:4096]:
            yield f"helper file {name!r}", data.decode(errors="replace")


def _solution(source: str) -> str:
    lines = source.split("\n")
    return "\n".join(lines[number - 1] for number in sorted(solution_lines(source)))


def _rows(text: str) -> Counter[tuple[str, ...]]:
    """Every N tokens in a row, the variables among them numbered in the order of their first appearance there."""
    tokens = TOKEN.findall(COMMENT.sub("", text))
    named = [
        WORD.fullmatch(token) and token not in KEPT and (i == 0 or tokens[i - 1] != ".")
        for i, token in enumerate(tokens)
    ]
    rows: Counter[tuple[str, ...]] = Counter()
    for start in range(len(tokens) - N + 1):
        numbers: dict[str, str] = {}
        row = [
            numbers.setdefault(token, f"${len(numbers)}") if is_name else token
            for token, is_name in zip(tokens[start : start + N], named[start : start + N], strict=True)
        ]
        rows[tuple(row)] += 1
    return rows
