"""Faults of the machine: whatever dies, fills up or goes away, submissions stay queued and nobody gets a 0 for it."""

import contextlib
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support import small_course as small
from support.tiny_course import HIDDEN, answer, make_course, submit

from nbjudge.app import grading, intake, reporting
from nbjudge.app.grading import Progress, Report
from nbjudge.app.intake import submit_file
from nbjudge.app.options import GradingOptions
from nbjudge.course import load_course
from nbjudge.errors import CourseError, SandboxError
from nbjudge.gradebook import graded_keys, open_gradebook, read_grades, save_assignment, tables
from nbjudge.intake.store import read_submissions
from nbjudge.model import Course
from nbjudge.results import load_result

RIGHT = {"double": 2, "total": 3, "essay": None}
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="mounts or limits of its own: needs root")
# For autograders that break the machine: the worker's zygote and the supervisor, seen from the judge that the worker forked.
FIND_ZYGOTE = """
import gc, os, signal, time
from pathlib import Path
from nbjudge.sandbox import Zygote  # noqa: E402

def find_zygote():
    # The supervisor's own is frozen, and get_objects does not list it.
    (zygote,) = (it for it in gc.get_objects() if isinstance(it, Zygote))
    return zygote._process.pid

def find_supervisor():
    return int(Path(f"/proc/{os.getppid()}/stat").read_text().rpartition(")")[2].split()[1])

def once(marker):
    try:
        os.close(os.open(marker, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True
"""


def scores(course: Course) -> dict[str, dict[str, float | None]]:
    return {row.student: row.exercises for row in reporting.grades(course) if row.submitted}


def graded(report: Report) -> list[str]:
    return [done.submission.student for done in report.graded]


def troubled(report: Report) -> dict[str, str]:
    return {trouble.submission.student: trouble.message for trouble in report.troubles}


def sabotage(root: Path, test: str, *, module: str = "") -> Course:
    """The tiny course with a hidden test (its body; `student` is there) that breaks something."""
    body = "".join(f"    {line}\n" for line in test.strip("\n").splitlines())
    hidden = f'@pytest.mark.exercise("double")\ndef test_fault(student):\n    """A fault."""\n{body}'
    return make_course(root, HIDDEN + FIND_ZYGOTE + module + "\n\n" + hidden)


# Processes


@pytest.mark.slow
@pytest.mark.parametrize("how", ["during", "between"])
def test_a_zygote_that_dies_is_replaced(tmp_path: Path, how: str) -> None:
    test = {
        "during": """
            if once("MARKER"):
                os.kill(find_zygote(), signal.SIGKILL)
            assert student.double(1) == 2
        """,
        "between": """
            assert student.double(1) == 2
            if once("MARKER"):
                judge, zygote = os.getpid(), find_zygote()
                if os.fork() == 0:
                    os.closerange(3, 1000)  # or the worker would wait for this process to close its pipe
                    while os.path.exists(f"/proc/{judge}"):
                        time.sleep(0.005)
                    os.kill(zygote, signal.SIGKILL)
                    os._exit(0)
        """,
    }[how]
    test = re.sub("^ {12}", "", test, flags=re.M).replace("MARKER", str(tmp_path / "marker"))
    course = sabotage(tmp_path, test)
    submit(course, **{name: answer(course) for name in ("anna", "boris", "vera")})
    report = grading.grade(course, "tiny", GradingOptions(jobs=1))
    assert (tmp_path / "marker").exists()
    assert troubled(report) == {}
    assert scores(course) == dict.fromkeys(("anna", "boris", "vera"), RIGHT)


@pytest.mark.slow
@pytest.mark.parametrize("signal_", ["SIGKILL", "SIGSTOP"])
def test_a_submission_whose_zygote_always_dies_or_hangs_costs_nobody_else(
    tmp_path: Path, signal_: str
) -> None:
    test = f"if student.double(1) == 666: os.kill(find_zygote(), signal.{signal_})\nassert student.double(1) == 2"
    module = "import nbjudge.sandbox.host\nnbjudge.sandbox.host.ANSWER_SECONDS = 1.0\n"
    course = sabotage(tmp_path, test, module=module)
    bad = answer(course, double="def double(x):\n    return 666")
    submit(course, anna=answer(course), boris=bad, vera=answer(course))
    report = grading.grade(course, "tiny", GradingOptions(jobs=1))
    assert graded(report) == ["anna", "vera"] and list(troubled(report)) == ["boris"]
    assert [trouble.kind for trouble in report.troubles] == ["sandbox"]
    assert scores(course) == {"anna": RIGHT, "vera": RIGHT}


@pytest.mark.slow
def test_a_judge_that_dies_while_it_reports_is_no_result(tmp_path: Path) -> None:
    test = """
class Dying:
    def __init__(self, fd, mode):
        self.fd = fd
    def __enter__(self):
        return self
    def __exit__(self, *_):
        pass
    def write(self, data):
        os.write(self.fd, data[: len(data) // 2])
        os.kill(os.getpid(), signal.SIGKILL)
if student.double(1) == 666:
    os.fdopen = Dying
"""
    course = sabotage(tmp_path, test)
    submit(course, anna=answer(course), boris=answer(course, double="def double(x):\n    return 666"))
    report = grading.grade(course, "tiny", GradingOptions(jobs=1))
    assert graded(report) == ["anna"] and "without a result" in troubled(report)["boris"]
    assert "boris" not in scores(course)


@pytest.mark.slow
def test_a_worker_that_cannot_start_leaves_its_work_to_the_others(tmp_path: Path) -> None:
    module = f"""
from nbjudge.grading.executors.local import supervisor
real = supervisor.work
supervisor.work = lambda *given, **options: real(*given, **options) if once({str(tmp_path / "first")!r}) else os._exit(9)
"""
    course = sabotage(tmp_path, "assert student", module=module)
    students = {
        f"s{i}": answer(course, double="import time\ntime.sleep(0.3)\ndef double(x): return 2 * x")
        for i in range(4)
    }
    submit(course, **students)
    report = grading.grade(course, "tiny", GradingOptions(jobs=2))
    assert graded(report) == sorted(students) and troubled(report) == {}


@pytest.mark.slow
def test_where_no_worker_can_start_nothing_is_graded(tmp_path: Path) -> None:
    module = f"if os.path.exists({str(tmp_path / 'broken')!r}): os._exit(9)\n"
    course = sabotage(tmp_path, "assert student.double(1) == 2", module=module)
    submit(course, anna=answer(course))
    (tmp_path / "broken").touch()
    with pytest.raises(SandboxError, match="died while it started"):
        grading.grade(course, "tiny", GradingOptions(jobs=2))
    assert scores(course) == {}
    (tmp_path / "broken").unlink()
    assert graded(grading.grade(course, "tiny", GradingOptions(jobs=1))) == ["anna"]


@pytest.mark.slow
def test_a_worker_that_cannot_be_replaced_leaves_the_rest_in_the_queue(tmp_path: Path) -> None:
    flag = str(tmp_path / "broken")
    test = f"if student.double(1) == 666:\n    Path({flag!r}).touch()\n    os.kill(find_supervisor(), signal.SIGKILL)"
    course = sabotage(tmp_path, test, module=f"if os.path.exists({flag!r}): os._exit(9)\n")
    submit(
        course,
        anna=answer(course),
        boris=answer(course, double="def double(x):\n    return 666"),
        vera=answer(course),
    )
    report = grading.grade(course, "tiny", GradingOptions(jobs=1))
    assert graded(report) == ["anna"] and sorted(troubled(report)) == ["boris", "vera"]
    assert {trouble.kind for trouble in report.troubles} == {"no_worker"}
    assert list(scores(course)) == ["anna"]
    Path(flag).unlink()
    assert graded(grading.grade(course, "tiny", GradingOptions(students=("vera",), jobs=1))) == ["vera"]


@pytest.mark.slow
@pytest.mark.parametrize("where", ["supervisor", "worker"])
def test_no_more_processes_is_ours(tmp_path: Path, where: str) -> None:
    """fork() fails in the supervisor: nothing can be graded; in a worker: another one tries, then the submission stays."""
    module = f"""
real, supervisor = os.fork, os.getpid()
def fork():
    if supervisor == {"os.getpid()" if where == "supervisor" else "os.getppid()"}:
        raise BlockingIOError(11, "Resource temporarily unavailable")
    return real()
os.fork = fork
"""
    course = sabotage(tmp_path, "assert student", module=module)
    submit(course, anna=answer(course))
    if where == "supervisor":
        with pytest.raises(SandboxError, match="Resource temporarily unavailable"):
            grading.grade(course, "tiny", GradingOptions(jobs=1))
    else:
        report = grading.grade(course, "tiny", GradingOptions(jobs=1))
        assert "Resource temporarily unavailable" in troubled(report)["anna"]
    assert scores(course) == {}


@pytest.mark.slow
def test_a_warm_zygote_that_dies_takes_the_workers_along_and_costs_nobody(tmp_path: Path) -> None:
    """The one that all workers' zygotes are forked from."""
    test = f"""
if once({str(tmp_path / "marker")!r}):
    children = Path(f"/proc/{{find_supervisor()}}/task/{{find_supervisor()}}/children").read_text().split()
    (first,) = (pid for pid in children if "zygote" in Path(f"/proc/{{pid}}/cmdline").read_text())
    os.kill(int(first), signal.SIGKILL)
assert student.double(1) == 2
"""
    course = sabotage(tmp_path, test)
    submit(course, **{name: answer(course) for name in ("anna", "boris", "vera")})
    report = grading.grade(course, "tiny", GradingOptions(jobs=2))
    assert (tmp_path / "marker").exists() and troubled(report) == {}
    assert scores(course) == dict.fromkeys(("anna", "boris", "vera"), RIGHT)


@pytest.mark.slow
def test_output_that_nobody_reads_stops_no_grading(tmp_path: Path) -> None:
    course = make_course(tmp_path)
    submit(course, anna=answer(course))
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "nbjudge", "--course", str(tmp_path), "grade", "tiny", "--jobs", "1"]
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True)
    os.close(write)
    assert scores(course) == {"anna": RIGHT}
    assert "Traceback" not in done.stderr


# Clocks


@pytest.mark.slow
def test_a_clock_that_runs_backwards_while_grading_changes_no_verdict(tmp_path: Path) -> None:
    module = "backwards = iter(range(10**9, 0, -1000))\ntime.time = lambda: float(next(backwards))\n"
    course = sabotage(tmp_path, "time.time()\nassert student.double(1) == 2", module=module)
    hangs = answer(course, double="def double(x):\n    while True: pass")
    submit(course, anna=answer(course), boris=hangs)
    report = grading.grade(course, "tiny", GradingOptions(jobs=1))
    assert scores(course)["anna"] == RIGHT
    assert all(done.result.seconds >= 0 for done in report.graded)
    assert {test.status for test in report.graded[1].result.tests if test.exercise == "double"} == {"timeout"}


def test_a_clock_that_runs_backwards_between_submissions_loses_none(tmp_path: Path) -> None:
    course = make_course(tmp_path)
    noon = datetime(2030, 1, 1, 12, tzinfo=UTC)
    texts = [answer(course, double=f"def double(x):\n    return {i} * x") for i in range(4)]
    path = tmp_path / "anna.ipynb"
    for text, hours in zip(texts, (0, -5, -5, -10), strict=True):
        path.write_bytes(text)
        receipt = submit_file(course, "tiny", "anna", path, noon + timedelta(hours=hours))
    assert receipt.attempt == 4
    [current] = read_submissions(course, "tiny")
    assert current.path.read_bytes() == texts[3]  # what came last counts, whatever the clock says
    kept = {file.read_bytes() for file in (course.gradebook / "attempts/anna/tiny").glob("*/tiny.ipynb")}
    assert kept == set(texts[:3])
    path.write_bytes(texts[0])
    again = submit_file(course, "tiny", "anna", path, noon)  # as the first, at the same microsecond
    assert read_submissions(course, "tiny")[0].path.read_bytes() == texts[0] and again.timestamp == noon


# The disk


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 4 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "none", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(disk: Path, leave: int) -> Path:
    """Fills the disk but for `leave` bytes."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 4096)
    os.truncate(filler, max(0, filler.stat().st_size - leave))
    return filler


def complete(folder: Path) -> None:
    """Every file below is whole, and none is a temporary one."""
    for path in folder.rglob("*"):
        if path.is_file() and path.name not in ("filler", ".submissions.lock"):
            assert not path.name.startswith(".") and path.stat().st_size > 0, path
            if path.suffix in (".ipynb", ".json") and "submitted" not in path.parts:
                json.loads(path.read_bytes())


@needs_root
@pytest.mark.parametrize("leave", [0, 4096, 8192, 16384, 32768])
def test_a_full_disk_while_recording_leaves_the_old_state(
    tmp_path: Path, small_disk: Path, leave: int
) -> None:
    course = small.make_course(tmp_path)
    course = replace(course, gradebook=small_disk, database=f"sqlite:///{small_disk}/gradebook.db")
    with open_gradebook(course) as book:
        save_assignment(book, course.assignments["lab"], small.released())
        small.grade(book, small.make_result())
        keys, rows = graded_keys(book, "lab"), read_grades(book)
        filler = fill(small_disk, leave)
        many = [small.make_result(student=f"s{i:02}", sha256=f"{i:064}", key=f"k{i}") for i in range(12)]
        recorded = []
        for result in many:
            with contextlib.suppress(Exception):
                small.grade(book, result)
                recorded.append(result.student)
        assert len(recorded) < len(many)
        assert graded_keys(book, "lab").keys() == {"anna", *recorded}
        assert [row for row in read_grades(book) if row.student == "anna"] == rows
        assert graded_keys(book, "lab")["anna"] == keys["anna"]
        for path in small_disk.glob("results/*/lab.json"):
            load_result(path.read_bytes())
        complete(small_disk / "results")
        complete(small_disk / "autograded")
        filler.unlink()
        for result in many:
            small.grade(book, result)
        assert {row.score for row in read_grades(book)} == {5}


@needs_root
@pytest.mark.slow
def test_a_disk_that_fills_up_during_a_batch_leaves_the_rest_in_the_queue(
    tmp_path: Path, small_disk: Path
) -> None:
    course = make_course(tmp_path)
    course = replace(course, gradebook=small_disk, database=f"sqlite:///{small_disk}/gradebook.db")
    submit(course, **{name: answer(course) for name in ("anna", "boris", "vera")})

    def watch(now: Progress) -> None:
        if now.done == 1:
            fill(small_disk, 0)

    report = grading.grade(course, "tiny", GradingOptions(jobs=1), watch=watch)
    assert graded(report) == ["anna"] and sorted(troubled(report)) == ["boris", "vera"]
    assert all("No space left" in text or "full" in text for text in troubled(report).values())
    assert list(scores(course)) == ["anna"]
    complete(small_disk)
    late = tmp_path / "late.ipynb"
    late.write_bytes(answer(course))
    with pytest.raises(OSError, match="No space left"):
        intake.submit_file(course, "tiny", "late", late)
    (small_disk / "filler").unlink()
    assert [each.student for each in read_submissions(course, "tiny")] == ["anna", "boris", "vera"]
    assert graded(grading.grade(course, "tiny", GradingOptions(jobs=1))) == ["boris", "vera"]
    assert scores(course) == dict.fromkeys(("anna", "boris", "vera"), RIGHT)


@needs_root
def test_a_full_disk_is_one_clear_error(tmp_path: Path, small_disk: Path) -> None:
    course = make_course(tmp_path)
    fill(small_disk, 0)
    path = tmp_path / "anna.ipynb"
    path.write_bytes(answer(course))
    command = [sys.executable, "-m", "nbjudge", "--course", str(tmp_path), "--gradebook", str(small_disk)]
    for rest in (["submit", str(path), "--student", "anna"], ["grade", "tiny"]):
        done = subprocess.run([*command, *rest], capture_output=True, text=True)
        assert done.returncode == 2 and "Traceback" not in done.stderr, done.stderr
        assert re.search("No space left|full", done.stderr)


# The database


@contextlib.contextmanager
def locked(course: Course) -> Iterator[None]:
    """Another process in the middle of a write."""
    hold = (
        "import sqlite3, sys\n"
        "c = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "c.execute('BEGIN EXCLUSIVE')\nprint('held', flush=True)\nsys.stdin.read()\n"
    )
    database = course.database.removeprefix("sqlite:///")
    holder = subprocess.Popen(
        [sys.executable, "-c", hold, database], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None and holder.stdin is not None
    assert holder.stdout.readline() == b"held\n"
    try:
        yield
    finally:
        holder.communicate()


@pytest.mark.slow
def test_a_database_that_stays_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "BUSY", 0.2)
    course = make_course(tmp_path)
    submit(course, **{name: answer(course) for name in ("anna", "boris", "vera")})
    with open_gradebook(course):
        pass
    with locked(course), pytest.raises(CourseError, match="database is locked"):
        grading.grade(course, "tiny", GradingOptions(jobs=1))
    with contextlib.ExitStack() as stack:

        def watch(now: Progress) -> None:
            if now.done == 1:
                stack.enter_context(locked(course))
            if now.done == 2:
                stack.close()

        report = grading.grade(course, "tiny", GradingOptions(jobs=1), watch=watch)
    assert graded(report) == ["anna", "vera"] and "database is locked" in troubled(report)["boris"]
    assert [trouble.kind for trouble in report.troubles] == ["not_recorded"]
    assert sorted(scores(course)) == ["anna", "vera"]
    assert graded(grading.grade(course, "tiny", GradingOptions(jobs=1))) == ["boris"]


@pytest.mark.slow
def test_a_database_that_goes_away_during_a_batch(tmp_path: Path) -> None:
    course = make_course(tmp_path)
    submit(course, anna=answer(course), boris=answer(course))
    database = Path(course.database.removeprefix("sqlite:///"))

    def watch(now: Progress) -> None:
        if now.done == 1:
            database.rename(tmp_path / "elsewhere.db")

    report = grading.grade(course, "tiny", GradingOptions(jobs=1), watch=watch)
    assert graded(report) == ["anna"] and "not recorded" in troubled(report)["boris"]
    (tmp_path / "elsewhere.db").rename(database)
    assert list(scores(course)) == ["anna"]
    assert graded(grading.grade(course, "tiny", GradingOptions(jobs=1))) == ["boris"]
    database.unlink()  # for good: everything is graded again, from the submissions
    assert graded(grading.grade(course, "tiny", GradingOptions(jobs=1))) == ["anna", "boris"]
    assert scores(course) == {"anna": RIGHT, "boris": RIGHT}


@pytest.mark.parametrize("damage", ["garbage", "cut", "page"])
def test_a_damaged_database_is_said_to_be_and_not_overwritten(tmp_path: Path, damage: str) -> None:
    course = small.make_course(tmp_path)
    with open_gradebook(course) as book:
        save_assignment(book, course.assignments["lab"], small.released())
        small.grade(book, small.make_result())
    database = Path(course.database.removeprefix("sqlite:///"))
    data = database.read_bytes()
    with sqlite3.connect(database) as connection:
        [(page,)] = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'grade'")
    size = int.from_bytes(data[16:18])
    damaged = {
        "garbage": b"not a database at all" * 1000,
        "cut": data[: len(data) // 3],
        "page": data[: (page - 1) * size] + b"\xff" * size + data[page * size :],
    }[damage]
    database.write_bytes(damaged)
    with pytest.raises(CourseError, match=r"can't be (opened|used).*(not a database|malformed|corrupt)"):  # noqa: SIM117
        with open_gradebook(course) as book:
            small.grade(book, small.make_result(student="boris"))
    assert database.read_bytes() == damaged
    database.write_bytes(data)
    with open_gradebook(course) as book:
        assert [row.student for row in read_grades(book)] == ["anna"]


@needs_root
def test_a_read_only_gradebook(tmp_path: Path, small_disk: Path) -> None:
    course = small.make_course(tmp_path)
    course = replace(course, gradebook=small_disk, database=f"sqlite:///{small_disk}/gradebook.db")
    with open_gradebook(course) as book:
        save_assignment(book, course.assignments["lab"], small.released())
        small.grade(book, small.make_result())
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with open_gradebook(course) as book:
        assert [row.score for row in read_grades(book)] == [5]
    with pytest.raises(CourseError, match="readonly"), open_gradebook(course) as book:
        save_assignment(book, course.assignments["lab"], small.released())


# Memory


def memory_group(name: str) -> Path | None:
    """A control group (v1 or v2) for a whole run, below our own, if we may make one."""
    if os.geteuid() != 0:
        return None
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, own = line.split(":", 2)
        if "memory" in controllers.split(","):
            folder = Path("/sys/fs/cgroup/memory", own.lstrip("/"), name)
            with contextlib.suppress(OSError):
                folder.mkdir()
                return folder
    return None


def remove_group(folder: Path) -> None:
    for _ in range(100):  # a killed process leaves its group a moment later
        for left in (*folder.glob("nbjudge-*"), folder):
            with contextlib.suppress(OSError):
                left.rmdir()
        if not folder.exists():
            return
        time.sleep(0.05)


@pytest.mark.slow
def test_a_host_short_of_memory_blames_no_student(tmp_path: Path) -> None:
    """The kernel kills a student's process that kept its limit: that is no verdict on the student."""
    folder = memory_group(f"nbjudge-host-{os.getpid()}")
    if folder is None:
        pytest.skip("needs root and the memory controller (cgroup v1)")
    hungry = "data = None\ndef double(x):\n    global data\n    data = bytearray(400 << 20)\n    return 2 * x"
    child = """
        import os
        def double(x):
            pid = os.fork()
            if pid == 0:
                data = b"x" * (400 << 20)
                os._exit(0)
            return 2 * x if os.waitpid(pid, 0)[1] == 0 else 0
    """
    config = make_course(tmp_path).root / "course_config.py"
    config.write_text(
        config.read_text().replace('"seconds": 2', '"seconds": 30')
    )  # reclaiming memory is slow
    course = load_course(tmp_path)
    submit(
        course,
        anna=answer(course),
        boris=answer(course, double=hungry),
        gleb=answer(course, double=child),
        vera=answer(course),
    )
    (folder / "memory.limit_in_bytes").write_text(str(700 << 20))
    grade = f"{sys.executable} -m nbjudge --course {tmp_path} grade tiny --jobs 1"
    try:
        command = f"echo $$ > {folder}/cgroup.procs && exec {grade}"
        done = subprocess.run(["sh", "-c", command], capture_output=True, text=True)
    finally:
        remove_group(folder)
    print(done.stdout, done.stderr)
    got = scores(course)
    assert all(row == RIGHT for row in got.values()), got
    assert done.returncode in (
        1,
        2,
        -signal.SIGKILL,
    )  # some stay in the queue, all do, or the run itself was killed
    assert grading.grade(course, "tiny", GradingOptions(jobs=1)).troubles == ()
    assert scores(course) == dict.fromkeys(("anna", "boris", "gleb", "vera"), RIGHT)
