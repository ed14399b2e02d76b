"""What must not be in a release, and where it was found: solution text, outputs of a solution run, hidden tests.

Text is compared without white space, comment signs and quotes around it, so that a solution left behind as a
comment, in Markdown or in a cell's metadata is found as well. A single line counts if it is too long to be
a coincidence; a shorter solution counts as a whole.
"""

from __future__ import annotations

import ast
import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from nbjudge.errors import CourseError
from nbjudge.notebooks.cells import Notebook, NotebookCell, cell_id, grade_id
from nbjudge.notebooks.regions import BEGIN, END, solution_regions

LONG = 24  # squeezed characters that make a single line tell-tale
WHOLE = 12  # the same for a whole solution region
MARKERS = (BEGIN, END, "BEGIN HIDDEN TESTS", "END HIDDEN TESTS", "BEGIN MARK SCHEME", "END MARK SCHEME")
# Headers and imports say little about a solution and occur everywhere.
STRUCTURE = re.compile(
    r"\s*(?:(?:async|def|class|for|while|with|if|elif|else|try|except|finally)\b.*:|(?:import|from)\s.*|@.*)\s*"
)
TRAILING_COMMENT = re.compile(r"\s#.*$")
JUDGE_CALL = re.compile(r"\bstudent\.|\bcredit\(")
COMMON_FILES = ("conftest.py", "__init__.py", "README.md")


class LeakError(CourseError):
    """The release would give something away: one sentence a line."""


@dataclass(frozen=True, slots=True)
class _Secret:
    """A text that may not be released."""

    needle: str  # squeezed
    what: str  # "a line of the solution of 'optimizer_rmsprop'"
    shown: str
    cure: str


def find_leaks(
    source: Notebook,
    released: Notebook,
    tests: Mapping[str, bytes],
    helpers: Mapping[str, bytes],
    *,
    where: str,
) -> list[str]:
    """One sentence for each secret in the release, naming the cell or file and the next step; [] if it gives nothing away.

    `tests` holds the files of the autograder's folder, `helpers` those that students get beside the notebook;
    `where` names the released notebook in the sentences.
    """
    secrets = [*_solution_secrets(source), *_test_secrets(tests, helpers)]
    leaks = list(_outputs(released, where))
    for place, text in _places(released, helpers, where):
        leaks += [
            f"{place} still holds {BEGIN!r} or another marker: close the region" for _ in _markers(text)
        ]
        squeezed = _squeeze(text)
        leaks += [
            f"{place} still holds {secret.what}: {secret.shown!r}: {secret.cure}"
            for secret in secrets
            if secret.needle in squeezed
        ]
    hidden = {data: name for name, data in tests.items() if len(data) > LONG}
    leaks += [
        f"{where}: helper file {name!r} is the autograder's file {hidden[data]!r}: remove it from the source folder"
        for name, data in helpers.items()
        if data in hidden
    ]
    return list(dict.fromkeys(leaks))


def _solution_secrets(source: Notebook) -> Iterator[_Secret]:
    for cell in source["cells"]:
        name = str(grade_id(cell) or cell_id(cell))
        what, cure = (
            f"a line of the solution of {name!r}",
            "put it between ### BEGIN SOLUTION and ### END SOLUTION",
        )
        for region in solution_regions(cell, "source"):
            lines = [TRAILING_COMMENT.sub("", line) for line in region]
            whole = _squeeze("\n".join(lines))
            if len(whole) >= WHOLE:
                yield _Secret(whole, f"the whole solution of {name!r}", lines[0].strip(), cure)
            for line in filter(_is_telling, lines):
                yield _Secret(_squeeze(line), what, line.strip(), cure)


def _test_secrets(tests: Mapping[str, bytes], helpers: Mapping[str, bytes]) -> Iterator[_Secret]:
    cure = "hidden tests stay in autograders/: remove it"
    yield _Secret("autograders/", "a path of the autograders", "autograders/", cure)
    for path, data in tests.items():
        name = path.rpartition("/")[2]
        if name not in COMMON_FILES and name not in helpers:
            yield _Secret(_squeeze(name), f"the name of the autograder's file {path}", name, cure)
        if path.endswith(".py"):
            yield from _python_secrets(data.decode(errors="replace"), path, cure)


def _python_secrets(text: str, path: str, cure: str) -> Iterator[_Secret]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError) as error:
        raise CourseError(f"autograders: {path} is not Python: {error}") from None
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            what = f"text of the hidden test {node.name}"
            yield _Secret(_squeeze(node.name), f"the name of the hidden test {node.name}", node.name, cure)
            doc = ast.get_docstring(node) or ""
            start = node.body[1 if doc and len(node.body) > 1 else 0].lineno
            body = text.split("\n")[start - 1 : node.end_lineno]
            judged = [line for line in body if JUDGE_CALL.search(line)]
            for line in filter(_is_telling, [*doc.split("\n"), *judged]):
                yield _Secret(_squeeze(line), what, line.strip(), cure)
            if len(_squeeze("\n".join(body))) >= LONG:
                yield _Secret(_squeeze("\n".join(body)), what, body[0].strip(), cure)


def _outputs(released: Notebook, where: str) -> Iterator[str]:
    for position, cell in enumerate(released["cells"], 1):
        if cell.get("outputs") or cell.get("execution_count") is not None:
            yield f"{_place(where, cell, position)} holds the output of a run: clear it"


def _places(released: Notebook, helpers: Mapping[str, bytes], where: str) -> Iterator[tuple[str, str]]:
    """Every text of the release with its place; binary helper files are only compared as a whole."""
    for position, cell in enumerate(released["cells"], 1):
        yield _place(where, cell, position), "\n".join(_strings(cell))
    yield f"{where}: the notebook's metadata", "\n".join(_strings(released["metadata"]))
    for name, data in helpers.items():
        try:
            yield f"{where}: helper file {name!r}", data.decode()
        except UnicodeDecodeError:
            continue


def _place(where: str, cell: NotebookCell, position: int) -> str:
    return f"{where}: cell {grade_id(cell) or cell_id(cell)!r} (cell {position})"


def _strings(value: object) -> Iterator[str]:
    """All strings in a JSON value, keys included; what is base64 also decoded."""
    if isinstance(value, str):
        yield value
        yield from _decoded(value)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


def _decoded(text: str) -> Iterator[str]:
    if len(text) >= LONG and " " not in text.strip():
        try:
            yield base64.b64decode(text, validate=False).decode()
        except (binascii.Error, ValueError):
            return


def _markers(text: str) -> Iterable[str]:
    return [marker for marker in MARKERS if marker in text][:1]


def _is_telling(line: str) -> bool:
    squeezed = _squeeze(line)
    return len(squeezed) >= LONG and len(re.findall(r"\w+", line)) >= 3 and not STRUCTURE.fullmatch(line)


def _squeeze(text: str) -> str:
    return "".join(text.split()).replace("#", "")
