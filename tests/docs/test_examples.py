"""The examples of README and docs/ run: hidden tests on the shipped course, commands against the real command line."""

from __future__ import annotations

import ast
import contextlib
import io
import re
import runpy
import shlex
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

import pytest
from support.markdown import Block, blocks, pages
from support.places import ROOT

from nbjudge.authoring.samples import build_sample
from nbjudge.cli import main
from nbjudge.course import load_course
from nbjudge.grading.repair import repair
from nbjudge.judge import open_judge
from nbjudge.model import TestResult
from nbjudge.notebooks.reader import read_notebook, write_notebook
from nbjudge.notebooks.released_form import load_notebook, load_released_form
from nbjudge.sandbox import Zygote

COURSE = load_course(ROOT)
PAGES = [page for page in pages() if page == "README.md" or page.startswith("docs/")]
EXERCISE = re.compile(r'^@pytest\.mark\.exercise\("([^"]+)"', re.MULTILINE)
EXAMPLES = [block for page in PAGES for block in blocks(page, "python")]
HIDDEN_TESTS = [block for block in EXAMPLES if EXERCISE.search(block.text) and block.not_run is None]
COMMANDS = [block for page in pages() for block in blocks(page, "sh")]
FUNCTION = re.compile(r"^def (test_\w+)", re.MULTILINE)
HEADER = "import pytest\nimport torch\nfrom nbjudge.testing import *\n"
HELPERS = COURSE.release("intro")  # the other assignments that examples are about have none
PROGRAMS = (".", "python", "pytest", "jupyter", "pip", "docker", "make", "export", "git")


def of(name: str) -> str:
    """The assignment that has the exercise `name`: intro, which most examples are about, before the others."""
    return next(a for a in ("intro", *COURSE.assignments) if name in COURSE.assignments[a].points)


def name_of(test: str, block: Block) -> str:
    """What the judge calls a test: two pages may have one of the same name. Line numbers would change its seed."""
    return f"{test}_{crc32(block.page.encode()):08x}"


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], TestResult]:
    """Each example's result for the solution and for the untouched release: ("solution", test) and ("release", test)."""
    folder = tmp_path_factory.mktemp("course") / "autograders/intro"
    folder.mkdir(parents=True)
    (folder.parents[1] / "source").symlink_to(ROOT / "source")
    for name in ("conftest.py", "hidden_digits.npz"):
        (folder / name).symlink_to(COURSE.autograder("intro") / name)
    for block in HIDDEN_TESTS:
        text = FUNCTION.sub(lambda found, block=block: f"def {name_of(found[1], block)}", block.text)
        (folder / f"{name_of('test', block)}_{block.line}.py").write_text(HEADER + text)
    found: dict[tuple[str, str], TestResult] = {}

    def run(judge) -> int:
        for assignment in sorted({of(spec.exercise) for spec in judge.tests}):
            wanted = [spec for spec in judge.tests if of(spec.exercise) == assignment]
            for base, program in programs(assignment):
                limits = COURSE.assignments[assignment].limits
                results, _ = judge.grade(program, zygote, limits, seed=1, wanted=wanted)
                found.update({(base, result.test): result for result in results})
        return 0

    with Zygote("none", HELPERS) as zygote:
        assert open_judge(folder, run) == 0
    return found


def programs(assignment: str) -> Iterator[tuple[str, object]]:
    """What the solution and the untouched release amount to."""
    source = load_notebook(COURSE.source(assignment) / f"{assignment}.ipynb", "")
    release = load_notebook(COURSE.release(assignment) / f"{assignment}.ipynb", "")
    form = load_released_form(COURSE, assignment)
    for base in ("solution", "release"):
        notebook = build_sample(f"# base: {base}\n# expected: all\n", source, release)
        yield base, repair(read_notebook(write_notebook(notebook)), form)


@pytest.mark.parametrize("block", EXAMPLES, ids=str)
def test_an_example_is_a_hidden_test_or_a_setting_or_says_why_it_does_not_run(block: Block) -> None:
    assert block.not_run or (block in HIDDEN_TESTS and FUNCTION.search(block.text)) or is_setting(block.text)


def is_setting(text: str) -> bool:
    """Whether `text` sets plain values that course_config.py sets, too."""
    names = []
    for line in ast.parse(text).body:
        if not (isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name)):
            return False
        ast.literal_eval(line.value)
        names.append(line.targets[0].id)
    return set(names) <= runpy.run_path(str(ROOT / "course_config.py")).keys()


def test_the_front_page_has_a_hidden_test_that_runs() -> None:
    assert [block for block in HIDDEN_TESTS if block.page == "README.md"]


@pytest.mark.slow
@pytest.mark.parametrize("block", HIDDEN_TESTS, ids=str)
def test_an_example_passes_on_the_solution_and_fails_on_the_release(
    block: Block, outcomes: dict[tuple[str, str], TestResult]
) -> None:
    for name in FUNCTION.findall(block.text):
        test = name_of(name, block)
        solved, released = outcomes["solution", test], outcomes["release", test]
        assert (solved.status, solved.fraction, solved.message) == ("passed", 1.0, "")
        assert released.status in ("error", "failed", "not_found")
        assert solved.title != test, "an example has a title"


# Commands


def help_of(*command: str) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.suppress(SystemExit):
        main([*command, "--help"])
    return out.getvalue()


OVERALL = help_of()
COMMAND_NAMES = re.findall(r"^ +([a-z]+) {2,}", OVERALL, re.MULTILINE)


def check_nbjudge(words: list[str]) -> None:
    """The command and every option are in the command line's own help."""
    position = next(i for i, word in enumerate(words) if word in COMMAND_NAMES)
    name, rest = [words[position]], words[position + 1 :]
    if "Commands:" in help_of(*name):  # `roster add`: options are the inner command's
        name.append(rest.pop(0))
    for options, text in ((words[:position], OVERALL), (rest, help_of(*name))):
        known = set(re.findall(r"--[a-z][a-z-]*", text))
        given = {word.partition("=")[0] for word in options if word.startswith("--")}
        assert given <= known, f"{words[position]} knows no {given - known}"


def check_command(line: str) -> None:
    """A command line of a page: nbjudge's own, or one that names files and targets that exist."""
    words = shlex.split(line, comments=True)
    while words and re.fullmatch(r"[A-Z_]+=.*|nice|-n|\d+", words[0]):
        words.pop(0)
    program = words[0].removeprefix(".venv/bin/")
    if program == "nbjudge":
        return check_nbjudge(words[1:])
    assert program in PROGRAMS, f"{program}: add it to PROGRAMS, with a check of its arguments"
    if program == "make":
        targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
        assert {word for word in words[1:] if "=" not in word} <= set(targets)
    if program in ("python", "pytest"):
        for word in words[1:]:
            assert (
                not re.fullmatch(r"[\w/-]+\.py(::\w+)?", word) or (ROOT / word.partition("::")[0]).is_file()
            )
    if program == "docker":
        assert (ROOT / words[words.index("-f") + 1]).is_file()
        if "grader" in words:
            check_nbjudge(words[words.index("grader") + 1 :])
    return None


@pytest.mark.parametrize(
    ("block", "line"),
    [
        pytest.param(block, line, id=f"{block}-{number}")
        for block in COMMANDS
        if block.not_run is None
        for number, line in enumerate(block.text.splitlines())
        if line and not line.startswith("#")
    ],
)
def test_a_command_exists_with_its_options(block: Block, line: str) -> None:
    check_command(line)


@pytest.mark.parametrize(
    "line",
    [
        "nbjudge grade intro --jobz 3",
        "nbjudge --jobs 3 grade intro",
        "make dmeo",
        "python tools/no_such.py",
        "rm x",
    ],
)
def test_a_wrong_command_is_found(line: str) -> None:
    with pytest.raises(AssertionError):
        check_command(line)


def test_an_unknown_command_is_found() -> None:
    with pytest.raises(StopIteration):
        check_nbjudge(["grad", "intro"])


def test_every_command_is_found_in_the_help(tmp_path: Path) -> None:
    assert {
        "new",
        "check",
        "release",
        "roster",
        "submit",
        "collect",
        "grade",
        "feedback",
        "grades",
        "demo",
        "doctor",
    } <= set(COMMAND_NAMES)


def test_a_setting_is_one_of_the_course_configuration() -> None:
    assert is_setting('languages = ("en", "ru")\n')
    assert not is_setting('langauges = ("en", "ru")\n') and not is_setting("print()\n")
