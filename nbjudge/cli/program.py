"""The program `nbjudge`: its commands, what they share, and how every error ends."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import click

from nbjudge import __version__
from nbjudge.cli.options import Place
from nbjudge.errors import CourseError, SandboxError

# The name of each command is its module's too, imported when the command is called: `nbjudge --help` loads none.
COMMANDS = {
    "new": "Add an assignment with one exercise, to start from",
    "check": "Prove an assignment's autograder before its release",
    "release": "Make the students' version of assignments",
    "roster": "The course's students: list, import, add, remove",
    "submit": "Take in one student's notebook",
    "collect": "Take in a folder or archive of notebooks",
    "grade": "Grade what is new or changed",
    "status": "What is graded, what waits, what went wrong",
    "feedback": "Write a page of feedback for each student",
    "extend": "Give a student or a group more time",
    "extensions": "Who got more time, and why",
    "grades": "Show or export the gradebook",
    "export": "Write grades for Moodle, Canvas or a spreadsheet",
    "receipt": "Show and verify signed receipts",
    "demo": "Grade an assignment's sample submissions",
    "doctor": "What isolation this machine offers, and what is missing",
}
EPILOG = "Exit codes: 0 done, 1 something needs a person (stale release, refused file, trouble), 2 an error."


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; returns the exit code. Every error is one clear message on stderr."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        with program.make_context("nbjudge", arguments) as context:
            return int(program.invoke(context) or 0)
    except click.exceptions.Exit as done:  # --help, --version
        return done.exit_code
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx else "nbjudge"
        message = f"{error.format_message().rstrip('.')} (see `{path} --help`)"
    except click.ClickException as error:
        message = error.format_message()
    except CourseError as error:
        message = str(error)
    except SandboxError as error:
        message = f"nothing was graded, no score was changed.\n{error}"
    except OSError as error:  # a full disk, no permission, nobody who reads the output
        message = f"{error}; what was stored before stays, run it again for the rest"
    except KeyboardInterrupt:
        message = "interrupted; what was graded is recorded, run it again for the rest"
    print(f"nbjudge: {message}", file=sys.stderr)
    return 2


class Commands(click.Group):
    """A group that imports a command's module when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands' names in the order of a course's life."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name; None if there is none."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"nbjudge.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Lists the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=Commands,
    epilog=EPILOG,
    no_args_is_help=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, message="nbjudge %(version)s")
@click.option(
    "--course",
    type=click.Path(path_type=Path),
    default=Path(),
    metavar="DIR",
    help="The course's folder (default: here or above).",
)
@click.option(
    "--gradebook",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Keep the state in DIR (default: gradebook/ of the course).",
)
@click.option("-v", "--verbose", is_flag=True, help="Say on stderr what is being done, step by step.")
@click.pass_context
def program(context: click.Context, course: Path, gradebook: Path | None, verbose: bool) -> None:
    """Auto-graded exercises for PyTorch courses."""
    from nbjudge import log

    log.configure(verbose)
    context.obj = Place(course, gradebook)
