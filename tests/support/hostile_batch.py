"""Grades the corpus of attacks in one batch and writes down everything that came of it, for the tests to judge.

A program of its own, so that it can run as another user: `python tests/support/hostile_batch.py FOLDER [ATTACK ...]`.
See tests/hostile/README.md for the format of an attack.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from support.hostile_course import HIDDEN, NAME, POINTS, Canaries, answers, make_course
from support.places import TESTS

from nbjudge.app import grading, intake, reporting
from nbjudge.app.collect import collect
from nbjudge.app.options import GradingOptions
from nbjudge.model import Course

CORPUS = TESTS / "hostile"
HEADER = re.compile(r"# ([A-Z]+): (.*)")
CHECK = "# --- check ---\n"
HONEST_EACH = 12  # attackers between two honest students
WEAK = HIDDEN.replace("assert student.double(3) == 6", "student.double(3), '@KEY@'")
PRELUDE = '''
NAME, PORT, ABSTRACT, MARKER, COURSE = {constants}
PREFIX = "CAN" + "ARY-"


def won(what):
    """Says that the attack succeeded; the test looks for this word in everything that is recorded."""
    print("WOR" + "KED: " + str(what)[:300])


def tried(what, call, *arguments):
    """Calls something that must be refused; a libc call is refused by -1."""
    try:
        value = call(*arguments)
    except BaseException as error:
        print(what, "refused:", type(error).__name__)
        return None
    if type(value) is int and value == -1:
        print(what, "refused")
        return None
    won(f"{{what}} -> {{str(value)[:100]}}")
    return value


def seek(data, where=""):
    """Prints each canary in some text or bytes."""
    if isinstance(data, (bytes, bytearray)):
        data = bytes(data).decode("latin-1")
    at = data.find(PREFIX)
    while at >= 0:
        print("LOOT", where, data[at : at + 40])
        at = data.find(PREFIX, at + 1)
'''


@dataclass(frozen=True)
class Attack:
    """One file of the corpus."""

    path: Path
    headers: dict[str, str]
    body: str  # what is submitted, or what makes it
    check: str = ""  # run by the test

    @property
    def name(self) -> str:
        return f"{self.path.parent.name}/{self.path.stem}"

    @cached_property
    def solved(self) -> tuple[str, ...]:
        """Exercises that the attacker solves honestly, and must get in full."""
        words = self.headers.get("SOLVED", "").split()
        target = self.cell.split("_")[0]
        return tuple(name for name in POINTS if name != target) if words == ["others"] else tuple(words)

    @property
    def cell(self) -> str:
        return self.headers.get("CELL", "double_function")


def read_attacks(names: Sequence[str] = ()) -> list[Attack]:
    """The corpus, or the attacks named "aim/name", in a fixed order."""
    order = ("lingering", "forging", "harming", "escaping", "reading", "rendering")
    paths = [path for aim in order for path in sorted((CORPUS / aim).glob("*.py"))]
    found = [read_attack(path) for path in paths]
    return [attack for attack in found if not names or attack.name in names]


def read_attack(path: Path) -> Attack:
    """One file: header lines, the attack, and perhaps a check."""
    text = path.read_text("utf-8")
    lines = text.splitlines(keepends=True)
    headers = {}
    while lines and lines[0].startswith("# ") and (match := HEADER.match(lines[0])):
        headers[match[1]] = match[2].strip()
        lines.pop(0)
    body, _, check = "".join(lines).partition(CHECK)
    return Attack(path, headers, body, check)


@dataclass
class Outcome:
    """What came of one student's submission."""

    student: str
    state: str = "missing"  # graded, trouble, refused; missing: in none of the lists
    states: int = 0  # in how many of the lists it is
    scores: dict[str, float | None] = field(default_factory=dict)
    result: dict[str, Any] | None = None  # results/*.json
    page: str = ""  # feedback
    notebook: str = ""  # autograded/, for formgrader
    row: str = ""  # of the CSV
    notes: list[str] = field(default_factory=list)  # refusals, troubles
    others: list[str] = field(default_factory=list)  # other student ids that its archive brought in

    def said(self) -> str:
        """All that the student may come to see or cause to be seen: outputs, messages, traces, page, notebook."""
        result = json.loads(json.dumps(self.result or {}))
        for test in result.get("tests", []):
            if test.get("hidden"):
                test["message"] = ""  # the judge's own, not for students
            if isinstance(test.get("hidden"), str):
                test["title"] = ""
        return "\n".join(
            [json.dumps(result, ensure_ascii=False), self.page, self.notebook, self.row, *self.notes]
        )

    def outputs(self) -> str:
        """What its cells printed and its exceptions said, without any source line."""
        result = self.result or {}
        texts = [
            text for cell in result.get("cells", []) for text in (cell.get("output"), cell.get("message"))
        ]
        texts += [test.get("message") for test in result.get("tests", [])]
        return "\n".join(text if isinstance(text, str) else json.dumps(text) for text in texts if text)

    def statuses(self, exercise: str) -> list[str]:
        """The status of each test of an exercise."""
        tests = (self.result or {}).get("tests", [])
        return [test["status"] for test in tests if test["exercise"] == exercise]


@dataclass
class Batch:
    """Everything that one run of the corpus left."""

    canaries: dict[str, str]
    outcomes: dict[str, Outcome]  # by attack
    honest: list[Outcome]
    contacts: list[str]  # what the listeners heard
    markers: list[str]  # files in the marker folder, outside the jail
    leftovers: list[str]  # files that attackers left in shared places
    processes: list[str]  # that outlived the batch
    terminal: str  # what the commands print
    csv: str
    seconds: float

    @classmethod
    def load(cls, path: Path) -> Batch:
        data = json.loads(path.read_text())
        outcomes = {name: Outcome(**value) for name, value in data.pop("outcomes").items()}
        return cls(outcomes=outcomes, honest=[Outcome(**value) for value in data.pop("honest")], **data)


def run_batch(
    folder: Path,
    attacks: Sequence[Attack],
    *,
    isolation: Any = "namespaces",
    without: tuple[str, ...] = (),
    hidden: str = HIDDEN,
) -> Batch:
    """Submits, collects and grades every attack between honest students; `folder` is empty and ours."""
    started = time.monotonic()
    canaries = Canaries.new()
    real = folder / f"course-{canaries.path}"
    real.mkdir()
    (folder / "course").symlink_to(real)
    (folder / "markers").mkdir()
    os.environ["TEACHERS_PASSWORD"] = canaries.env
    course = make_course(real, canaries, hidden)
    students = {attack.name: f"{i:03}-{attack.path.stem}"[:60] for i, attack in enumerate(attacks)}
    honest = [f"{i:03}-honest" for i in range(0, len(attacks) + HONEST_EACH, HONEST_EACH)]
    before, printed = processes(), io.StringIO()
    with _listeners() as (port, abstract, contacts), contextlib.redirect_stdout(printed):
        for student in honest:
            _submit(course, folder, student, json.dumps(_honest(course, canaries)).encode())
        constants = {
            "port": port,
            "abstract": abstract,
            "marker": folder / "markers",
            "course": folder / "course",
        }
        receipts = {
            attack.name: _hand_in(course, folder, attack, students[attack.name], constants)
            for attack in attacks
        }
        report = grading.grade(course, NAME, GradingOptions(isolation=isolation, without=without, jobs=2))
        from nbjudge.cli.grade import show_report
        from nbjudge.cli.grades import show_grades

        show_report(report)
        reporting.feedback(course, NAME)
        rows = reporting.grades(course)
        show_grades(rows)
    csv = reporting.grades_csv(rows)

    def outcome(student: str, notes: Sequence[Any] = ()) -> Outcome:
        return _outcome(course, student, report, rows, csv, notes)

    return Batch(
        canaries=asdict(canaries),
        outcomes={name: outcome(student, receipts[name]) for name, student in students.items()},
        honest=[outcome(student) for student in honest],
        contacts=contacts,
        markers=sorted(path.name for path in (folder / "markers").iterdir()),
        leftovers=_leftovers(folder),
        processes=_outlived(before),
        terminal=printed.getvalue(),
        csv=csv,
        seconds=time.monotonic() - started,
    )


def _honest(course: Course, canaries: Canaries) -> dict[str, Any]:
    from support.hostile_course import SOLUTIONS

    double = f"# {canaries.work}\n{SOLUTIONS['double_function']}"
    return answers(course, POINTS, double_function=double, essay=f"Mine. {canaries.work}")


def _hand_in(
    course: Course, folder: Path, attack: Attack, student: str, constants: dict[str, Any]
) -> list[Any]:
    """Submits or collects one attack; the refusals, and receipts of a collected archive."""
    from nbjudge.errors import CourseError

    kind = attack.headers["KIND"]
    notebook = answers(course, attack.solved)
    if kind == "cell":
        values = (
            attack.path.stem,
            constants["port"],
            constants["abstract"],
            str(constants["marker"]),
            str(constants["course"]),
        )
        source = PRELUDE.format(constants=repr(values)) + attack.body
        notebook = answers(course, attack.solved, **{attack.cell: source})
        return _submit(course, folder, student, json.dumps(notebook).encode())
    maker: dict[str, Any] = {"__name__": attack.name}
    exec(compile(attack.body, str(attack.path), "exec"), maker)
    if kind == "notebook":
        return _submit(course, folder, student, json.dumps(maker["transform"](notebook)).encode())
    made = maker["build"](folder / "archives" / student, student, json.dumps(notebook).encode(), constants)
    if isinstance(made, bytes):
        return _submit(course, folder, student, made)
    try:
        collected = collect(course, NAME, made)
        from nbjudge.cli.collect import show_collected

        show_collected(collected, course)
        return [*collected.receipts, *collected.refusals]
    except CourseError as error:
        return [str(error)]


def _submit(course: Course, folder: Path, student: str, data: bytes) -> list[Any]:
    from nbjudge.errors import CourseError

    path = folder / f"{student}.ipynb"
    path.write_bytes(data)
    try:
        from nbjudge.cli.submit import show_receipt

        show_receipt(intake.submit_file(course, NAME, student, path))
    except CourseError as error:
        return [str(error)]
    return []


def _outcome(course: Course, student: str, report: Any, rows: Any, csv: str, notes: Sequence[Any]) -> Outcome:
    outcome = Outcome(student)
    for note in notes:
        name = getattr(note, "student", None)
        if name is None:
            outcome.notes.append(note if isinstance(note, str) else f"{note.name}: {note.reason}")
        elif name != student:
            outcome.others.append(name)
    graded = [done for done in report.graded if done.submission.student == student]
    troubles = [trouble for trouble in report.troubles if trouble.submission.student == student]
    outcome.states = len(graded) + len(troubles)
    outcome.state = (
        "graded" if graded else "trouble" if troubles else "refused" if outcome.notes else "missing"
    )
    outcome.notes += [trouble.message for trouble in troubles]
    outcome.scores = next((dict(row.exercises) for row in rows if row.student == student), {})
    outcome.row = next((line for line in csv.splitlines() if student in line), "")
    book = course.gradebook
    for field_name, path in {
        "page": book / "feedback" / student / NAME / f"{NAME}.html",
        "notebook": book / "autograded" / student / NAME / f"{NAME}.ipynb",
        "result": book / "results" / student / f"{NAME}.json",
    }.items():
        if path.is_file():
            text = path.read_text()
            setattr(outcome, field_name, json.loads(text) if field_name == "result" else text)
    return outcome


@contextlib.contextmanager
def _listeners() -> Iterator[tuple[int, str, list[str]]]:
    """A TCP, a UDP and an abstract socket on this machine that write down whoever comes."""
    contacts: list[str] = []
    abstract = f"nbjudge-hostile-{os.getpid()}"
    tcp = socket.create_server(("127.0.0.1", 0))
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(tcp.getsockname())
    unix = socket.socket(socket.AF_UNIX)
    unix.bind("\0" + abstract)
    unix.listen()

    def accept(listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                client.settimeout(2)
                with client, contextlib.suppress(OSError):
                    contacts.append(client.recv(200).decode(errors="replace") or "somebody")

    def receive() -> None:
        with contextlib.suppress(OSError):
            while True:
                contacts.append(udp.recv(200).decode(errors="replace"))

    jobs: list[Callable[[], None]] = [lambda: accept(tcp), lambda: accept(unix), receive]
    for job in jobs:
        threading.Thread(target=job, daemon=True).start()
    try:
        yield tcp.getsockname()[1], abstract, contacts
    finally:
        time.sleep(0.2)
        for listener in (tcp, udp, unix):
            listener.close()


def _leftovers(folder: Path) -> list[str]:
    """Files that name an attacker, in the places that programs share; those found are removed."""
    found = []
    for place in (
        Path("/tmp"),
        Path("/dev/shm"),
        Path("/var/tmp"),
        Path(sys.prefix),
        Path.home(),
        folder / "course",
        Path(),
        Path("/"),
    ):
        for path in place.glob("*left-by-*"):
            found.append(str(path))
            with contextlib.suppress(OSError):
                path.unlink()
    return found


def processes() -> dict[int, int]:
    """Every process of the machine that can be seen, with its parent."""
    parents = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(status.parent.name)] = int(status.read_text().rsplit(")", 1)[1].split()[1])
    return parents


def _outlived(before: dict[int, int]) -> list[str]:
    """New processes below this one (it adopts its orphans) that are still there after five seconds."""
    deadline = time.monotonic() + 5
    while True:
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:  # dead, and ours to bury since we adopt orphans
                pass
        now = processes()
        new = now.keys() - before.keys()
        left = [pid for pid in new if _is_ours(pid, now) and "resource_tracker" not in _command(pid)]
        if not left or time.monotonic() > deadline:
            break
        time.sleep(0.1)
    told = []
    for pid in left:
        with contextlib.suppress(OSError):
            told.append(f"{pid}: {_command(pid)[:200]}")
            os.kill(pid, signal.SIGKILL)
    return told


def _is_ours(pid: int, parents: dict[int, int]) -> bool:
    while pid > 1:
        pid = parents.get(pid, 1)
        if pid == os.getpid():
            return True
    return False


def _command(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text()
    return ""


def _adopt_orphans() -> None:
    """Makes this process the parent of every descendant whose own parent dies."""
    import ctypes

    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER


def main() -> None:
    """FOLDER [--weak] [--isolation=NAME] [--without=WALL,WALL] [ATTACK ...]: runs the corpus in FOLDER and writes
    FOLDER/batch.json.

    --weak: without any wall, and with tests that ask next to nothing: the detectors must notice.
    --isolation: of `nbjudge grade`. --without: the jail without these walls (sandbox.walls.WALLS).
    """
    folder, *names = sys.argv[1:]
    options: dict[str, Any] = {"isolation": "none", "hidden": WEAK} if "--weak" in names else {}
    for name in names:
        if name.startswith("--isolation="):
            options["isolation"] = name.removeprefix("--isolation=")
        if name.startswith("--without="):
            options["without"] = tuple(name.removeprefix("--without=").split(","))
    attacks = read_attacks([name for name in names if not name.startswith("--")])
    _adopt_orphans()
    batch = run_batch(Path(folder), attacks, **options)
    Path(folder, "batch.json").write_text(json.dumps(asdict(batch)))


if __name__ == "__main__":
    main()
