"""`nbjudge receipt`."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from rich.markup import escape

from nbjudge.app import receipts
from nbjudge.cli.options import Place, with_course
from nbjudge.cli.tables import console
from nbjudge.errors import CourseError
from nbjudge.model import Course

PATH = click.Path(path_type=Path)


@click.group("receipt")
def command() -> None:
    """Shows and verifies signed receipts: who handed in what, and when."""


@command.command("show")
@click.argument("student", metavar="STUDENT")
@click.argument("assignment", metavar="ASSIGNMENT")
@click.option("--sha256", metavar="HASH", help="Of the attempt with this hash (default: the current one).")
@with_course
def show(course: Course, student: str, assignment: str, sha256: str | None) -> int:
    """Prints the signed receipt of what a student handed in."""
    click.echo(receipts.signed_receipt(course, assignment, student, sha256))
    return 0


@command.command("verify")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True), metavar="FILE")
@click.option(
    "--key", type=PATH, metavar="FILE", help="The course's public key (default: that of the course here)."
)
@click.option("--notebook", type=PATH, metavar="FILE", help="Also check that the receipt is about this file.")
@click.pass_obj
def verify(place: Place, file: Path, key: Path | None, notebook: Path | None) -> int:
    """Checks a receipt, or a mail or feedback page that holds one; needs nothing but the course's public key.

    Exit code 1 if it is not genuine.
    """
    text = sys.stdin.read() if str(file) == "-" else file.read_text("utf-8", "replace")
    public = key or receipts.public_key(place.load())
    try:
        facts = receipts.verify_receipt(text, public, notebook)
    except CourseError as error:
        console.print(f"[red]not verified[/]: {escape(str(error))}", soft_wrap=True)
        return 1
    console.print(
        f"[green]genuine[/]: {escape(facts.student)} handed in {escape(facts.assignment)}"
        f" of {escape(facts.course)}, attempt {facts.attempt}, at {facts.received:%Y-%m-%d %H:%M:%S} UTC",
        soft_wrap=True,
    )
    console.print(f"  sha256 {escape(facts.sha256)}", soft_wrap=True)
    return 0


@command.command("key")
@with_course
def key(course: Course) -> int:
    """Prints where the public key lies, for the students' page; makes the pair at first use."""
    click.echo(receipts.public_key(course))
    return 0
