"""Work in a bounded child: what comes back, and what is said when it does not."""

from __future__ import annotations

import os
import resource
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nbjudge.bounded import BoundedChild, Bounds, OutOfBounds

SMALL = Bounds(memory=64 << 20, cpu=1, wall=10.0, output=1000)
Work = Callable[[], bytes]


def do(name: str) -> bytes:
    """What the child does for a job of this name."""
    return JOBS[name]()


def busy() -> bytes:
    while True:
        pass


def hoard() -> bytes:
    HELD.append(bytes(40 << 20))
    return str(os.getpid()).encode()


HELD: list[bytes] = []
JOBS: dict[str, Work] = {
    "who": lambda: str(os.getpid()).encode(),
    "nothing": lambda: b"",
    "swell": lambda: bytes(1 << 30),
    "busy": busy,
    "sleep": lambda: time.sleep(60) or b"",
    "long": lambda: bytes(1001),
    "much": lambda: bytes(50 << 20),
    "wrong": lambda: str(1 / 0).encode(),
    "abort": lambda: os.kill(os.getpid(), signal.SIGABRT) or b"",
    "hoard": hoard,
    "write": lambda: str(Path(os.environ["TARGET"]).write_bytes(b"x")).encode(),
}


@pytest.fixture
def child() -> Iterator[BoundedChild[str]]:
    with BoundedChild(do) as made:
        yield made


def refused(child: BoundedChild[str], job: str, bounds: Bounds = SMALL) -> OutOfBounds:
    """How a job ends that comes to no answer."""
    with pytest.raises(OutOfBounds) as caught:
        child.ask(job, bounds)
    return caught.value


def test_one_child_answers_many_jobs(child: BoundedChild[str]) -> None:
    first = child.ask("who", SMALL)
    assert first != str(os.getpid()).encode()
    assert child.ask("nothing", SMALL) == b""
    assert child.ask("who", SMALL) == first


def test_memory_time_size_and_failures_are_told_apart_and_the_next_job_is_done(
    child: BoundedChild[str],
) -> None:
    assert refused(child, "swell").reason == "memory"
    assert refused(child, "busy").reason == "time"
    assert refused(child, "sleep", Bounds(wall=0.2)).reason == "time"
    assert refused(child, "long").reason == "size"
    assert refused(child, "much", Bounds(output=1 << 20)).reason == "size"
    assert refused(child, "abort").reason == "memory"
    failed = refused(child, "wrong")
    assert (failed.reason, failed.details) == ("failed", "ZeroDivisionError: division by zero")
    assert child.ask("nothing", SMALL) == b""


def test_no_process_is_left(child: BoundedChild[str]) -> None:
    pid = int(child.ask("who", SMALL))
    child.close()
    with pytest.raises(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    child.close()


def test_a_child_that_keeps_its_memory_is_replaced(child: BoundedChild[str]) -> None:
    assert child.ask("hoard", SMALL) != child.ask("hoard", SMALL) != child.ask("who", SMALL)
    roomy = Bounds(memory=1 << 30)
    assert child.ask("hoard", roomy) == child.ask("who", roomy)


def test_it_writes_no_file(child: BoundedChild[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TARGET", str(tmp_path / "left"))
    assert refused(child, "write").reason == "failed"
    assert (tmp_path / "left").read_bytes() == b""


def test_it_holds_no_descriptor_of_the_parents(child: BoundedChild[str]) -> None:
    read, write = os.pipe()
    child.ask("nothing", SMALL)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        assert pipe.read() == b""  # the end of the file: nobody else could write
    assert child.ask("nothing", SMALL) == b""


def test_the_parent_keeps_its_own_limits_and_handlers(child: BoundedChild[str]) -> None:
    before = [resource.getrlimit(kind) for kind in (resource.RLIMIT_DATA, resource.RLIMIT_CPU)]
    child.ask("nothing", SMALL)
    assert [resource.getrlimit(kind) for kind in (resource.RLIMIT_DATA, resource.RLIMIT_CPU)] == before
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
