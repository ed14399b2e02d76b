"""Sample submissions: small patches of the released notebook, each with the score that it must get.

They stand in autograders/<assignment>/submissions/<verdict>/. A `.py` file is a patch:

    # Forgets to zero the gradients.          what this student did, in words
    # base: solution                          or: release; add a language for another one: "solution ru"
    # expected: all gradient-descent=0.5      or: none; a range is 0.2..1.6; later words win
    # %% gradient-descent_fit                 the new source of this solution cell
    def fit_linear(X, y, steps=100, lr=0.1):
        ...

Other blocks: `# %% + after ID` adds a code cell; `# %% given ID` changes a given cell; `# %% drop ID`,
`# %% twice ID` and `# %% last ID` delete, repeat and move one; `# %% strip` removes every metadata and cell id,
as Colab does. ID is a grade_id or a cell id. Any other file is submitted as it is, and a file of the same name
with `.expected` added holds its `expected` words.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from nbjudge.errors import CourseError
from nbjudge.files import is_litter
from nbjudge.model import Course, Exercise, Language
from nbjudge.notebooks.cells import Notebook, NotebookCell, cell_id, grade_id
from nbjudge.notebooks.exercises import find_exercises
from nbjudge.notebooks.reader import write_notebook
from nbjudge.notebooks.regions import without_markers
from nbjudge.notebooks.released_form import load_releases, load_source

HEADER = re.compile(r"#\s*(base|expected):\s*(.*?)\s*")
BLOCK = re.compile(r"# %% *(.*?)\s*")
SCORE = re.compile(r"([a-z0-9-]+)=(\d+(?:\.\d+)?)(?:\.\.(\d+(?:\.\d+)?))?")

Expected = dict[str, tuple[float, float]]  # exercise -> lowest and highest right score


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample submission; `name` serves as the student's id."""

    name: str
    verdict: str  # the folder
    path: Path
    data: bytes  # the file to submit
    expected: Expected  # of the automatically graded exercises


def read_samples(course: Course, assignment: str) -> list[Sample]:
    """Every sample of `assignment`, sorted by verdict and name; CourseError names a file that is wrong."""
    source = load_source(course, assignment)
    exercises = find_exercises(source, str(course.source(assignment) / f"{assignment}.ipynb"))
    return make_samples(course, assignment, source, exercises, load_releases(course, assignment))


def make_samples(
    course: Course,
    assignment: str,
    source: Notebook,
    exercises: tuple[Exercise, ...],
    released: Mapping[Language, Notebook],
) -> list[Sample]:
    """`read_samples` from an assignment's notebooks that were read before."""
    folder = course.autograder(assignment) / "submissions"
    samples = [
        _read_sample(path, source, exercises, released, course)
        for path in sorted(folder.glob("[!.]*/*"))
        if path.is_file() and path.suffix != ".expected" and not is_litter(path.name)
    ]
    names = [sample.name for sample in samples]
    for sample in samples:
        if names.count(sample.name) > 1:
            raise CourseError(f"{sample.path}: another sample has the same name: rename one")
    return samples


def build_sample(patch: str, source: Notebook, release: Notebook, where: str = "patch") -> Notebook:
    """The notebook that a student with this patch would hand in; CourseError begins with `where`."""
    base, _ = read_header(patch, where)
    notebook = copy.deepcopy(release)
    if base.split()[0] == "solution":
        _solve(notebook, source)
    for command, text in _blocks(patch):
        _apply(notebook, command, text, where)
    return notebook


def read_header(patch: str, where: str) -> tuple[str, str]:
    """The words after `base:` and `expected:`."""
    head = patch.split("\n# %%", 1)[0].splitlines()
    found = {match[1]: match[2] for line in head if (match := HEADER.fullmatch(line))}
    for name in ("base", "expected"):
        if not found.get(name):
            raise CourseError(f"{where}: no '# {name}: ...' line before the first '# %%'")
    if found["base"].split()[0] not in ("solution", "release"):
        raise CourseError(f"{where}: base is 'solution' or 'release', not {found['base']!r}")
    return found["base"], found["expected"]


def read_expected(text: str, exercises: Iterable[Exercise], where: str) -> Expected:
    """Scores from words such as `all gradient-descent=0.5 mnist-train=0..1.9`."""
    points = {exercise.id: exercise.points for exercise in exercises if not exercise.manual}
    expected: Expected = {}
    for word in text.split():
        match = SCORE.fullmatch(word)
        if word in ("all", "none"):
            expected = {name: (most, most) if word == "all" else (0.0, 0.0) for name, most in points.items()}
        elif match and match[1] in points:
            expected[match[1]] = (float(match[2]), float(match[3] or match[2]))
        else:
            raise CourseError(
                f"{where}: expected: {word!r} is not 'all', 'none' or 'EXERCISE=SCORE' with one of {', '.join(points)}"
            )
    if expected.keys() != points.keys():
        raise CourseError(f"{where}: expected: no score for {', '.join(points.keys() - expected.keys())}")
    return expected


def _read_sample(
    path: Path,
    source: Notebook,
    exercises: tuple[Exercise, ...],
    released: Mapping[Language, Notebook],
    course: Course,
) -> Sample:
    where = str(path.relative_to(course.root))
    if path.suffix == ".py":
        patch = path.read_text(encoding="utf-8")
        base, words = read_header(patch, where)
        language = next((lang for lang in course.languages if lang in base.split()), course.languages[0])
        data = write_notebook(build_sample(patch, source, released[language], where))
    else:
        data, beside = path.read_bytes(), path.with_name(path.name + ".expected")
        if not beside.is_file():
            raise CourseError(
                f"{where}: no {beside.name} beside it: write its expected scores there, or 'none'"
            )
        words = beside.read_text(encoding="utf-8")
    name = path.stem.replace("_", "-")
    return Sample(name, path.parent.name, path, data, read_expected(words, exercises, where))


def _solve(notebook: Notebook, source: Notebook) -> None:
    solved = {grade_id(cell): without_markers(cell["source"]) for cell in source["cells"]}
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("solution"):
            cell["source"] = solved[grade_id(cell)]


def _blocks(patch: str) -> Iterator[tuple[list[str], str]]:
    command: list[str] | None = None
    lines: list[str] = []
    for line in [*patch.splitlines(), "# %%"]:
        if match := BLOCK.fullmatch(line):
            if command is not None:
                yield command, "\n".join(lines).strip("\n")
            command, lines = match[1].split(), []
        else:
            lines.append(line)


def _apply(notebook: Notebook, command: list[str], text: str, where: str) -> None:
    cells: list[NotebookCell] = notebook["cells"]
    match command:
        case [name] if name != "strip":
            cells[_find(cells, name, where)]["source"] = text
        case ["given", name]:
            cells[_find(cells, name, where)]["source"] = text
        case ["+", "after", name]:
            cells.insert(_find(cells, name, where) + 1, _new_cell(text, f"added-{len(cells)}"))
        case ["drop", name]:
            del cells[_find(cells, name, where)]
        case ["twice", name]:
            position = _find(cells, name, where)
            cells.insert(position, copy.deepcopy(cells[position]))
        case ["last", name]:
            cells.append(cells.pop(_find(cells, name, where)))
        case ["strip"]:
            _strip(notebook)
        case _:
            raise CourseError(
                f"{where}: '# %% {' '.join(command)}' is not a block that nbjudge knows: see nbjudge/authoring/samples.py"
            )


def _find(cells: list[NotebookCell], name: str, where: str) -> int:
    for position, cell in enumerate(cells):
        if name in (grade_id(cell), cell_id(cell)):
            return position
    raise CourseError(f"{where}: no cell {name!r} in the notebook: use a grade_id or a cell id")


def _new_cell(source: str, name: str) -> NotebookCell:
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": name,
        "metadata": {},
        "outputs": [],
        "source": source,
    }


def _strip(notebook: Notebook) -> None:
    notebook["metadata"] = {}
    notebook["nbformat_minor"] = 0  # before 4.5 there were no cell ids
    for cell in notebook["cells"]:
        cell["metadata"] = {}
        cell.pop("id", None)
