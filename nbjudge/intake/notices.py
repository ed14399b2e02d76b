"""What a receipt says at once about a notebook, while there is time to mend it: read from its text, nothing of it is run."""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from nbjudge.files import counting_files
from nbjudge.model import Cell, Course, Program
from nbjudge.notebooks.needed import asked_names, unneeded_lines
from nbjudge.notebooks.python_source import is_foreign, parse, plain_python
from nbjudge.notebooks.statements import first_line
from nbjudge.notes import Note
from nbjudge.student.worlds import PARTS, WATCHING, catches_missing

MAX_NOTICES = 20
MAX_NAME = 60  # characters of a package's name
FETCHING = re.compile(
    r"^[ \t]*(?:[!%]+[ \t]*(?:sx|system)?[ \t]*)(wget|curl|gdown|aria2c|kaggle|git[ \t]+clone)\b",
    re.MULTILINE,
)
FETCHING_IN_SHELL = re.compile(r"^[ \t]*(wget|curl|gdown|aria2c|kaggle|git[ \t]+clone)\b", re.MULTILINE)
WRITTEN_FILE = re.compile(r"^\s*%%(?:writefile|file)[ \t]+(?:-a[ \t]+)?(\w+)\.py\b")
DOWNLOADS = frozenset(
    (
        *("urlretrieve", "urlopen", "load_state_dict_from_url", "download_url", "download_and_extract_archive"),
        *("hf_hub_download", "snapshot_download", "from_pretrained", "load_dataset", "fetch_openml", "fetch_lfw_people"),
        *("fetch_california_housing", "fetch_20newsgroups", "fetch_olivetti_faces", "fetch_covtype", "dataset_download"),
        *("requests.get", "requests.post", "hub.load", "gdown.download", "wget.download", "nltk.download"),
        *("download_file_from_google_drive", "download_file_from_hf"),
    )
)  # fmt: skip
URL = re.compile(r"(?:https?|ftp)://")
URL_READERS = re.compile(r"read_\w+|imread|get|open|download\w*|load\w*|loadtxt|genfromtxt")
WITH_GPU = re.compile(r"\bmark\.gpu\b|^\s*(?:async )?def \w+\([^)]*\bdevice\b", re.MULTILINE)
CHECKPOINT = re.compile(r"-checkpoint\.ipynb$", re.IGNORECASE)
CUDA = re.compile(r"cuda(?::\d+)?")


@dataclass(frozen=True, slots=True)
class Place:
    """Where the notebook is to be graded."""

    asked: frozenset[str] | None = None  # names that the tests may ask for; None: not known
    modules: frozenset[str] = frozenset()  # Python modules that lie beside the notebook there
    gpu: bool = False  # tests may ask for a GPU


@dataclass(frozen=True, slots=True)
class Found:
    """A node of a cell that runs, and what stands around it."""

    cell: int
    node: ast.AST
    guarded: bool  # within a `try` that a missing package does not end
    chosen: bool  # within an `if` or a conditional expression


def place_of(course: Course, assignment: str) -> Place:
    """Where notebooks of the assignment are graded, as the course's files say."""
    given = (course.source(assignment), course.release(assignment))
    names = {inside.partition("/")[0] for folder in given for inside, _ in counting_files(folder)}
    tests = [
        path
        for inside, path in counting_files(course.autograder(assignment))
        if inside.endswith(".py") and not inside.startswith("submissions/")
    ]
    asked, gpu = _read_tests(tuple((path, path.stat().st_mtime_ns) for path in tests))
    modules = frozenset(name.removesuffix(".py") for name in names)
    return Place(asked if tests else None, modules, gpu)


@lru_cache(maxsize=64)
def _read_tests(files: tuple[tuple[Path, int], ...]) -> tuple[frozenset[str], bool]:
    """What the tests may ask for, and whether for a GPU; `files` with the time of their last change."""
    texts = [path.read_text("utf-8", "replace") for path, _ in files]
    return asked_names(texts), any(map(WITH_GPU.search, texts))


def notices_of_name(file_name: str) -> tuple[Note, ...]:
    """What the name that a file was handed in under says."""
    return (Note("checkpoint_file"),) if CHECKPOINT.search(file_name) else ()


def notices_of(program: Program, place: Place) -> tuple[Note, ...]:
    """What a student should hear of the program at once: broken cells, missing packages, downloads, questions, GPUs,
    and answers that are not there; at most MAX_NOTICES of them.
    """
    notices = [*_unanswered(program)]
    cells = {position: cell for position, cell in enumerate(program.cells) if _is_own(program, cell)}
    trees = {position: tree for position, cell in cells.items() if (tree := parse(cell.source)) is not None}
    notices += [note for position, cell in cells.items() if position not in trees for note in _broken(cell)]
    left_out = unneeded_lines(program, place.asked) if place.asked is not None else {}
    found = [
        one
        for position, tree in trees.items()
        for one in _walk(cells[position], tree, frozenset(left_out.get(position, ())))
    ]
    written = {match[1] for cell in program.cells if (match := WRITTEN_FILE.match(cell.source))}
    used = {name for tree in trees.values() for name in _used(tree)}
    seen: set[tuple[str, object]] = set()
    for note in (
        *_packages(found, used, place.modules | written),
        *(note for one in found for note in _unavailable(one, place)),
        *(note for cell in cells.values() for note in _fetched(cell)),
    ):
        key = (note.kind, note.values.get("package", note.values["cell"]))
        if key not in seen:  # one for each package, and one of a kind for each cell
            seen.add(key)
            notices.append(note)
    return tuple(notices[:MAX_NOTICES])


def _is_own(program: Program, cell: Cell) -> bool:
    return cell.kind != "given" and cell.index is not None and cell.id not in program.unchanged


def _unanswered(program: Program) -> Iterator[Note]:
    nothing = any(note.kind == "nothing_found" for note in program.repairs)  # which says it all
    if program.missing and not nothing:
        yield Note("answers_missing", {"ids": program.missing, "n": len(program.missing)})
    if program.unchanged:
        yield Note("answers_untouched", {"ids": program.unchanged, "n": len(program.unchanged)})


def _broken(cell: Cell) -> Iterator[Note]:
    try:
        ast.parse(plain_python(cell.source))
    except SyntaxError as error:
        yield Note("cell_not_python", {"cell": cell.index or 0, "line": error.lineno or 1})
    except (ValueError, RecursionError, MemoryError):  # it may run all the same
        return


def _walk(cell: Cell, tree: ast.Module, left_out: Collection[int]) -> Iterator[Found]:
    """Every node of the statements that run."""
    todo: list[tuple[ast.AST, bool, bool]] = [
        (node, False, False) for node in reversed(tree.body) if first_line(node) not in left_out
    ]
    while todo:
        node, guarded, chosen = todo.pop()
        yield Found(cell.index or 0, node, guarded, chosen)
        if isinstance(node, ast.Try) and any(map(catches_missing, node.handlers)):
            todo += [(part, True, True) for part in (*node.body, *node.handlers)]
            todo += [(part, guarded, chosen) for part in (*node.orelse, *node.finalbody)]
            continue
        inside = chosen or isinstance(node, ast.If | ast.IfExp | ast.BoolOp)
        todo += [(part, guarded, inside) for part in reversed(list(ast.iter_child_nodes(node)))]


def _used(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield node.id


def _packages(found: Collection[Found], used: Collection[str], modules: Collection[str]) -> Iterator[Note]:
    for one in found:
        if one.guarded:
            continue
        for full, name in _imported(one.node):
            package = full.partition(".")[0]
            if name and name not in used:
                continue
            if (
                package not in modules
                and full not in PARTS
                and package not in WATCHING
                and not _is_there(package)
            ):
                yield Note("package_missing", {"cell": one.cell, "package": package[:MAX_NAME]})


def _imported(node: ast.AST) -> Iterator[tuple[str, str]]:
    """Module, and the name that it is used under; "" for any."""
    if isinstance(node, ast.Import):
        yield from ((alias.name, alias.asname or alias.name.partition(".")[0]) for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        for alias in node.names:
            yield node.module, "" if alias.name == "*" else alias.asname or alias.name


@cache
def _is_there(package: str) -> bool:
    """Whether the package can be imported here; where PyTorch can't, this is no place like the grader's."""
    try:
        here = importlib.util.find_spec("torch") is None or importlib.util.find_spec(package) is not None
    except (ImportError, ValueError):
        return True
    return here


def _unavailable(one: Found, place: Place) -> Iterator[Note]:
    node = one.node
    if not isinstance(node, ast.Call):
        return
    line, dotted = node.lineno, _dotted(node.func)
    last = dotted.rpartition(".")[2]
    if dotted == "input":
        yield Note("asks_for_input", {"cell": one.cell, "line": line})
    elif what := _download(node, dotted, last):
        yield Note("downloads", {"cell": one.cell, "line": line, "what": what})
    elif not place.gpu and not one.chosen and _wants_gpu(node, last):
        yield Note("needs_gpu", {"cell": one.cell, "line": line})


def _download(node: ast.Call, dotted: str, last: str) -> str:
    """What downloads there, in words of ours; "" if nothing does."""
    two = ".".join(dotted.split(".")[-2:])
    for name in (last, two):
        if name in DOWNLOADS:
            return f"{name}()"
    for keyword in node.keywords:
        if (
            keyword.arg in ("download", "pretrained")
            and isinstance(keyword.value, ast.Constant)
            and keyword.value.value is True
        ):
            return f"{keyword.arg}=True"
    first = node.args[0] if node.args else None
    if isinstance(first, ast.Constant) and isinstance(first.value, str) and URL.match(first.value):
        return "https://" if URL_READERS.fullmatch(last) else ""
    return ""


def _wants_gpu(node: ast.Call, last: str) -> bool:
    if isinstance(node.func, ast.Attribute) and last == "cuda":
        return True
    values = [*node.args, *(keyword.value for keyword in node.keywords if keyword.arg == "device")]
    asks = any(
        isinstance(value, ast.Constant) and isinstance(value.value, str) and CUDA.fullmatch(value.value)
        for value in values
    )
    return asks and (
        last in ("device", "to", "set_default_device") or any(key.arg == "device" for key in node.keywords)
    )


def _fetched(cell: Cell) -> Iterator[Note]:
    pattern = FETCHING_IN_SHELL if is_foreign(cell.source) else FETCHING
    for match in pattern.finditer(cell.source):
        line = cell.source.count("\n", 0, match.start(1)) + 1
        yield Note("downloads", {"cell": cell.index or 0, "line": line, "what": " ".join(match[1].split())})


def _dotted(node: ast.AST) -> str:
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    parts.append(node.id if isinstance(node, ast.Name) else "")
    return ".".join(reversed(parts))
