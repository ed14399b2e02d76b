"""The command line: parses arguments and calls one pipeline function per command."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from nbjudge import __version__
from nbjudge.errors import CourseError, SandboxError

if TYPE_CHECKING:
    from nbjudge.model import Course

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
EPILOG = "Exit codes: 0 done, 1 something needs a person (stale release, refused file, trouble), 2 an error."


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; returns the exit code."""
    arguments = build_parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except CourseError as error:
        print(f"nbjudge: {error}", file=sys.stderr)
    except SandboxError as error:
        print(f"nbjudge: nothing was graded, no score was changed.\n{error}", file=sys.stderr)
    except OSError as error:  # a full disk, no permission, nobody who reads the output
        print(f"nbjudge: {error}; what was stored before stays, run it again for the rest", file=sys.stderr)
    except KeyboardInterrupt:
        print("nbjudge: interrupted; what was graded is recorded, run it again for the rest", file=sys.stderr)
    return 2


def build_parser() -> argparse.ArgumentParser:
    """Every command and option; docs/cli.md is generated from it."""
    parser = argparse.ArgumentParser(
        prog="nbjudge",
        description="Auto-graded exercises for PyTorch courses.",
        epilog=EPILOG,
    )
    parser.add_argument("--version", action="version", version=f"nbjudge {__version__}")
    parser.add_argument(
        "--course",
        type=Path,
        default=Path(),
        metavar="DIR",
        help="the course's folder (default: here or above)",
    )
    parser.add_argument(
        "--gradebook",
        type=Path,
        metavar="DIR",
        help="keep the state in DIR (default: gradebook/ of the course)",
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_new(commands)
    _add_check(commands)
    _add_release(commands)
    _add_submit(commands)
    _add_collect(commands)
    _add_grade(commands)
    _add_feedback(commands)
    _add_grades(commands)
    _add_demo(commands)
    _add_doctor(commands)
    return parser


def _add_new(commands: Commands) -> None:
    command = commands.add_parser("new", help="add an assignment with one exercise, to start from")
    command.add_argument("assignment", metavar="ASSIGNMENT")
    command.set_defaults(run=_new)


def _add_check(commands: Commands) -> None:
    command = commands.add_parser(
        "check", help="the check: prove an assignment's autograder before its release"
    )
    command.add_argument("assignment", metavar="ASSIGNMENT")
    command.add_argument(
        "--exercise",
        action="append",
        default=[],
        metavar="ID",
        help="mutants of this one only; no proof (repeatable)",
    )
    command.add_argument(
        "--seeds",
        type=int,
        default=20,
        metavar="N",
        help="seeds to try the solution with (default: 20; fewer: no proof)",
    )
    command.add_argument("--jobs", type=int, metavar="N", help="worker processes (default: one per core)")
    command.add_argument(
        "--json", type=Path, metavar="FILE", help="write the report here too (- for standard output)"
    )
    _add_gpu_slots(command)
    _add_isolation(command)
    command.set_defaults(run=_check)


def _add_release(commands: Commands) -> None:
    command = commands.add_parser("release", help="make the students' version of assignments")
    command.add_argument("assignments", nargs="*", metavar="ASSIGNMENT", help="default: all")
    command.add_argument("--check", action="store_true", help="write nothing; exit 1 if a release is stale")
    command.add_argument(
        "--diff", action="store_true", help="write nothing; show what students would see change"
    )
    command.add_argument(
        "--unproved", action="store_true", help="release although `nbjudge check` has not passed; recorded"
    )
    command.set_defaults(run=_release)


def _add_submit(commands: Commands) -> None:
    command = commands.add_parser("submit", help="take in one student's notebook")
    command.add_argument("file", type=Path, metavar="FILE")
    command.add_argument("--student", required=True, metavar="ID")
    command.add_argument("--assignment", metavar="NAME", help="default: the course's only assignment")
    command.set_defaults(run=_submit)


def _add_collect(commands: Commands) -> None:
    command = commands.add_parser("collect", help="take in a folder or archive of notebooks")
    command.add_argument("assignment", metavar="ASSIGNMENT")
    command.add_argument("path", type=Path, metavar="FOLDER_OR_ARCHIVE")
    command.set_defaults(run=_collect)


def _add_grade(commands: Commands) -> None:
    command = commands.add_parser("grade", help="grade what is new or changed")
    command.add_argument("assignment", metavar="ASSIGNMENT")
    command.add_argument(
        "--student", action="append", default=[], metavar="ID", help="only this one (repeatable)"
    )
    command.add_argument("--jobs", type=int, metavar="N", help="worker processes (default: one per core)")
    command.add_argument("--force", action="store_true", help="grade again what has not changed")
    _add_gpu_slots(command)
    _add_isolation(command)
    command.set_defaults(run=_grade)


def _add_gpu_slots(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--gpu-slots",
        type=int,
        default=1,
        metavar="N",
        help="submissions at once on each GPU, for tests that ask for one (default: 1; 0: no GPU)",
    )


def _add_isolation(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--isolation",
        choices=("namespaces", "container", "none"),
        help="walls around student code (default: namespaces, where the machine has none a container);"
        " none: no walls at all, marked on every result",
    )
    command.add_argument(
        "--image", metavar="NAME", help="grade in containers of this image (default: nbjudge-grader)"
    )


def _add_feedback(commands: Commands) -> None:
    command = commands.add_parser("feedback", help="write a page of feedback for each student")
    command.add_argument("assignment", metavar="ASSIGNMENT")
    command.add_argument(
        "--student", action="append", default=[], metavar="ID", help="only this one (repeatable)"
    )
    command.set_defaults(run=_feedback)


def _add_grades(commands: Commands) -> None:
    command = commands.add_parser("grades", help="show or export the gradebook")
    command.add_argument("assignment", nargs="?", metavar="ASSIGNMENT", help="default: all")
    command.add_argument("--csv", type=Path, metavar="FILE", help="write CSV (- for standard output)")
    command.set_defaults(run=_grades)


def _add_demo(commands: Commands) -> None:
    command = commands.add_parser("demo", help="grade an assignment's sample submissions")
    command.add_argument("assignment", nargs="?", metavar="ASSIGNMENT", help="default: the course's first")
    command.add_argument(
        "--sample", action="append", default=[], metavar="NAME", help="only this one (repeatable)"
    )
    _add_isolation(command)
    command.set_defaults(run=_demo)


def _add_doctor(commands: Commands) -> None:
    command = commands.add_parser("doctor", help="what isolation this machine offers, and what is missing")
    command.set_defaults(run=_doctor)


def _new(arguments: argparse.Namespace) -> int:
    from nbjudge.app import authoring
    from nbjudge.cli import terminal

    course = _course(arguments)
    terminal.show_new(course, arguments.assignment, authoring.new_assignment(course, arguments.assignment))
    return 0


def _check(arguments: argparse.Namespace) -> int:
    from nbjudge.app.check import check_assignment, record_report
    from nbjudge.app.options import CheckOptions
    from nbjudge.authoring.check.report import dump_report
    from nbjudge.cli import terminal
    from nbjudge.files import write_atomically

    _at_least("--jobs", arguments.jobs, 1)
    _at_least("--seeds", arguments.seeds, 1)
    _at_least("--gpu-slots", arguments.gpu_slots, 0)
    course = _course(arguments)
    options = CheckOptions(
        exercises=tuple(arguments.exercise),
        seeds=arguments.seeds,
        jobs=arguments.jobs,
        isolation=arguments.isolation,
        image=arguments.image,
        gpu_slots=arguments.gpu_slots,
    )
    with terminal.bar(f"Checking {arguments.assignment}") as watch:
        report = check_assignment(course, arguments.assignment, options, watch=watch)
    written = record_report(course, report)
    printed = str(arguments.json) == "-"
    if printed:
        print(dump_report(report), end="")
    elif arguments.json:
        write_atomically(arguments.json, dump_report(report).encode())
        written.append(arguments.json)
    terminal.show_check(report, written, quiet=printed)
    return 0 if report.passed else 1


def _release(arguments: argparse.Namespace) -> int:
    from nbjudge.app import authoring
    from nbjudge.cli import terminal

    course = _course(arguments)
    stale = False
    for name in arguments.assignments or course.assignments:
        if arguments.diff:
            terminal.show_changes(name, authoring.release_changes(course, name))
            continue
        changes = authoring.release(course, name, check=arguments.check, unproved=arguments.unproved)
        terminal.show_release(name, changes, check=arguments.check, lacks=authoring.proof_lacks(course, name))
        stale = stale or bool(changes)
    return 1 if stale and arguments.check else 0


def _submit(arguments: argparse.Namespace) -> int:
    from nbjudge.app import intake
    from nbjudge.cli import terminal

    course = _course(arguments)
    name = arguments.assignment
    if name is None:
        if len(course.assignments) != 1:
            raise CourseError(f"--assignment: name one of {', '.join(course.assignments)}")
        name = next(iter(course.assignments))
    terminal.show_receipt(intake.submit_file(course, name, arguments.student, arguments.file))
    return 0


def _collect(arguments: argparse.Namespace) -> int:
    from nbjudge.app import intake
    from nbjudge.cli import terminal

    refused = terminal.show_collected(
        intake.collect(_course(arguments), arguments.assignment, arguments.path)
    )
    return 1 if refused else 0


def _grade(arguments: argparse.Namespace) -> int:
    from nbjudge.app import grading
    from nbjudge.cli import terminal

    _at_least("--jobs", arguments.jobs, 1)
    _at_least("--gpu-slots", arguments.gpu_slots, 0)
    course = _course(arguments)
    with terminal.progress(f"Grading {arguments.assignment}") as watch:
        report = grading.grade(
            course,
            arguments.assignment,
            students=arguments.student,
            jobs=arguments.jobs,
            force=arguments.force,
            isolation=arguments.isolation,
            image=arguments.image,
            gpu_slots=arguments.gpu_slots,
            watch=watch,
        )
    terminal.show_report(report)
    return 1 if report.troubles else 0


def _feedback(arguments: argparse.Namespace) -> int:
    from nbjudge.app import reporting
    from nbjudge.cli import terminal

    course = _course(arguments)
    terminal.show_pages(course, reporting.feedback(course, arguments.assignment, arguments.student))
    return 0


def _grades(arguments: argparse.Namespace) -> int:
    from nbjudge.app import reporting
    from nbjudge.cli import terminal

    rows = reporting.grades(_course(arguments), arguments.assignment)
    if arguments.csv:
        terminal.write_grades(rows, arguments.csv)
    else:
        terminal.show_grades(rows)
    return 0


def _demo(arguments: argparse.Namespace) -> int:
    from nbjudge.app.demo import grade_samples
    from nbjudge.cli import terminal

    course = _course(arguments)
    name = arguments.assignment or next(iter(course.assignments))
    with terminal.progress(f"Grading the samples of {name}") as watch:
        demo = grade_samples(
            course,
            name,
            only=arguments.sample,
            isolation=arguments.isolation,
            image=arguments.image,
            watch=watch,
        )
    return 0 if terminal.show_demo(demo) else 1


def _doctor(arguments: argparse.Namespace) -> int:
    from nbjudge.cli import terminal
    from nbjudge.sandbox.probe import probe

    return 0 if terminal.show_findings(probe()) else 1


def _at_least(option: str, value: int | None, least: int) -> None:
    if value is not None and value < least:
        raise CourseError(f"{option} {value}: at least {least}")


def _course(arguments: argparse.Namespace) -> Course:
    from nbjudge.course import find_root, load_course

    return load_course(find_root(arguments.course), arguments.gradebook)
