"""The import order of design: records flow one way, stages never import each other."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from support.places import ROOT

from nbjudge.sandbox.container import SHARED_CODE

PACKAGE = ROOT / "nbjudge"

# Lowest first; a module may import from lower ranks, and from its own room. Same rank: never.
RANKS = [
    {"lateness", "notes"},
    {"errors", "model", "student_ids", "threads", "wire"},
    {"bounded", "files", "languages", "log"},
    {"course", "receipts", "results", "roster", "scoring"},
    {"notebooks"},
    {"student"},
    {"sandbox"},
    {"judge"},
    {"testing"},
    {"authoring", "intake", "grading", "gradebook", "feedback", "reporting"},
    {"app"},
    {"cli"},
]
RANK = {name: rank for rank, names in enumerate(RANKS) for name in names}
HEAVY = (
    "torch",
    "numpy",
    "nbgrader",
    "nbformat",
    "IPython",
    "sklearn",
    "matplotlib",
    "sqlalchemy",
    "rich",
    "babel",
    "cryptography",
    "openpyxl",
)


def room(path: Path) -> str:
    """The stage that a file belongs to: its folder or its own name."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_modules(path: Path) -> set[str]:
    """Every module that a file imports, at any depth of indentation."""
    modules: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            inside = [f"nbjudge.{alias.name}" for alias in node.names]
            modules.update(inside if node.module == "nbjudge" else [node.module])
        elif isinstance(node, ast.Import):
            modules.update(alias.name for alias in node.names)
    return modules


def imported_rooms(path: Path) -> set[str]:
    """Every `nbjudge.<room>` that a file imports."""
    names = {name for name in imported_modules(path) if name.startswith("nbjudge.")}
    return {name.split(".")[1] for name in names} - {"__version__"}


FILES = sorted(
    path
    for path in PACKAGE.rglob("*.py")
    if path.parent != PACKAGE or path.name not in ("__init__.py", "__main__.py")
)


def test_every_room_has_a_rank() -> None:
    assert {room(path) for path in FILES} == set(RANK)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_down(path: Path) -> None:
    own = room(path)
    allowed = {name for name, rank in RANK.items() if rank < RANK[own]} | {own}
    assert imported_rooms(path) <= allowed


@pytest.mark.parametrize("path", sorted((PACKAGE / "student").glob("*.py")), ids=lambda path: path.name)
def test_the_student_side_knows_the_wire_and_how_to_read_python_alone(path: Path) -> None:
    assert imported_rooms(path) <= {"wire", "student", "notebooks"}
    modules = {name for name in imported_modules(path) if name.startswith("nbjudge.notebooks")}
    assert modules <= {"nbjudge.notebooks.python_source", "nbjudge.notebooks.statements"}


@pytest.mark.parametrize("name", ["python_source", "statements"])
def test_what_the_student_side_shares_needs_only_the_standard_library(name: str) -> None:
    tops = {name.split(".")[0] for name in imported_modules(PACKAGE / f"notebooks/{name}.py")}
    assert tops <= sys.stdlib_module_names


def test_the_code_of_both_sides_is_compared() -> None:
    shared = {path for pattern in SHARED_CODE for path in PACKAGE.glob(pattern)}
    assert shared >= {
        *PACKAGE.glob("wire/*.py"),
        *PACKAGE.glob("student/*.py"),
        *PACKAGE.glob("sandbox/*.py"),
    }
    for path in PACKAGE.glob("student/*.py"):
        files = {PACKAGE.parent / f"{name.replace('.', '/')}.py" for name in imported_modules(path)}
        assert {file for file in files if file.is_relative_to(PACKAGE) and file.exists()} <= shared


@pytest.mark.parametrize(
    "path", sorted((PACKAGE / "authoring").rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_authoring_grades_nothing_by_itself(path: Path) -> None:
    assert not imported_rooms(path) & {"sandbox", "judge", "student"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_the_command_line_talks_to_people(path: Path) -> None:
    if room(path) == "cli":
        return
    nodes = list(ast.walk(ast.parse(path.read_text())))
    imported = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}
    assert not {"argparse", "click", "rich"} & {name.partition(".")[0] for name in imported}
    if room(path) in ("app", "intake", "grading", "gradebook", "feedback", "reporting"):
        called = [node.func for node in nodes if isinstance(node, ast.Call)]
        assert "print" not in {name.id for name in called if isinstance(name, ast.Name)}


def test_the_command_line_calls_use_cases_only() -> None:
    """Of the stages it knows two records to show, the check's report and a refusal, and no function but a report's JSON."""
    rooms = set().union(*(imported_rooms(path) for path in FILES if room(path) == "cli"))
    assert not rooms & {"grading", "gradebook", "feedback"}


def test_help_loads_nothing_heavy() -> None:
    code = "import sys, nbjudge.cli as c; assert c.main(['--help']) == 0; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not set(HEAVY) & set(loaded)


def test_a_use_case_loads_no_stage_before_it_is_needed() -> None:
    code = "import sys, nbjudge.app.grading; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not (set(HEAVY) | {"nbjudge.grading", "nbjudge.gradebook", "nbjudge.feedback"}) & set(loaded)
