"""Grading in containers: what an engine can do wrong, and, where an engine has the grader image, the real thing."""

import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.images import needs_image
from support.tiny_course import answer, make_course, submit

from nbjudge.app import grading
from nbjudge.app.options import GradingOptions
from nbjudge.errors import SandboxError
from nbjudge.judge import StudentMemory
from nbjudge.judge.connection import StudentConnection
from nbjudge.model import Limits
from nbjudge.sandbox import Image, Zygote, container, host, jail, pick_jail
from nbjudge.sandbox.container import find_image

Engine = Callable[[str], Path]


def real(test: Callable[..., None]) -> Callable[..., None]:
    """Marks a test that needs an engine with the grader image."""
    for mark in (*needs_image, pytest.mark.slow):
        test = mark(test)
    return test


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Puts a `podman` that runs a shell script in front of everything on PATH."""

    def make(script: str) -> Path:
        path = tmp_path / "bin/podman"
        path.parent.mkdir()
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        monkeypatch.setenv("PATH", f"{path.parent}:/bin:/usr/bin")
        return path

    return make


def test_an_engine_that_hangs_is_ours(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    engine("exec sleep 600")
    monkeypatch.setattr(container, "ANSWER_SECONDS", 0.3)
    with pytest.raises(SandboxError, match="podman image: no answer within"):
        pick_jail("container")


def test_an_engine_that_hangs_when_it_starts_a_container_is_ours(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = engine(f'echo "$@" >> {tmp_path}/calls\nexec sleep 600')
    monkeypatch.setattr(container, "START_SECONDS", 0.5)
    deep = tmp_path / ("a-folder-with-a-name" * 5)  # no path of a socket may be as long
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    with pytest.raises(SandboxError, match="did not start nbjudge-grader within"):
        Zygote("container", image=Image(str(path), "nbjudge-grader", "abc"))
    words = (tmp_path / "calls").read_text().split()
    assert {"--network=none", "--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges"} <= set(
        words
    )
    assert list(deep.iterdir()) == []


def test_an_engine_that_refuses_is_quoted(engine: Engine) -> None:
    path = engine("echo 'Error: crun: something is wrong with cgroups' >&2; exit 126")
    with pytest.raises(SandboxError, match="did not start x: Error: crun: something is wrong with cgroups"):
        Zygote("container", image=Image(str(path), "x", "abc"))


def test_a_missing_image_says_how_to_build_it(engine: Engine) -> None:
    engine("echo 'Error: no such image' >&2; exit 125")
    with pytest.raises(SandboxError, match=r"no image lab: build it with `make image`.*\n.*no such image"):
        pick_jail(image="lab")


def test_no_engine_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(SandboxError, match="neither podman nor docker is installed"):
        pick_jail("container")


def test_namespaces_are_the_default_where_they_work(monkeypatch: pytest.MonkeyPatch) -> None:
    assert pick_jail().isolation == "namespaces"
    monkeypatch.setattr(jail, "namespaces_work", lambda: False)
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(
        SandboxError,
        match=r"no user namespaces .*there is no container to use:\nisolation container: neither",
    ):
        pick_jail()
    assert pick_jail("none").isolation == "none"


def test_without_namespaces_the_container_is_the_default(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = engine("echo sha256:0123456789abcdef")
    monkeypatch.setattr(jail, "namespaces_work", lambda: False)
    assert pick_jail() == jail.Jail("container", Image(str(path), "nbjudge-grader", "0123456789abcdef"))


def test_namespaces_that_a_system_forbids_are_noticed() -> None:
    code = "from nbjudge.sandbox.jail import namespaces_work as work; raise SystemExit(10 + work())"
    forbid = f"echo 0 > /proc/sys/user/max_user_namespaces && exec {sys.executable} -c '{code}'"
    command = ["unshare", "--user", "--map-root-user", "sh", "-c", forbid]
    assert subprocess.run(command).returncode == 10


# With a real engine and image


def containers() -> list[str]:
    """Names of all containers that grade."""
    command = [find_image().engine, "ps", "--all", "--format={{.Names}}"]
    names = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return [name for name in names if re.fullmatch(r"nbjudge-\d+-\d+", name)]


def gone() -> bool:
    """Waits until no container of ours is left; whether that is so."""
    deadline = time.monotonic() + 15
    while containers() and time.monotonic() < deadline:
        time.sleep(0.2)
    return containers() == []


# Threads, not processes: hundreds of forks may take as long as the time limit, and then either may be the verdict.
MANY = """import threading, time
def double(x):
    while True:
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
"""


@real
def test_scores_are_those_of_the_jail_on_the_host(tmp_path: Path) -> None:
    course = make_course(tmp_path)
    submit(
        course,
        right=answer(course),
        wrong=answer(course, double="def double(x):\n    return x + 3"),
        hangs=answer(course, double="def double(x):\n    while True: pass"),
        exits=answer(course, double="import os\ndef double(x):\n    os._exit(0)"),
        greedy=answer(course, double="def double(x):\n    return bytearray(60 << 30)"),
        many=answer(course, double=MANY),
        garbage=b"%PDF-1.7",
    )

    def verdicts(report: grading.Report) -> list[tuple[str, list[str], float]]:
        return [
            (done.submission.student, [test.status for test in done.result.tests], done.score.score)
            for done in report.graded
        ]

    inside = grading.grade(course, "tiny", GradingOptions(jobs=2, isolation="container"))
    assert inside.troubles == () and len(inside.graded) == 7
    recorded = inside.graded[0].result.environment
    image = find_image()
    assert recorded["isolation"] == "container" and recorded["image"] == f"nbjudge-grader {image.id[:12]}"
    outside = grading.grade(course, "tiny", GradingOptions(jobs=2, isolation="namespaces"))
    assert verdicts(inside) == verdicts(outside)
    assert ("many", ["error", "error", "passed", "passed"], 3.0) in verdicts(inside)
    assert gone()


@real
def test_a_run_that_is_killed_leaves_no_container(tmp_path: Path) -> None:
    course = make_course(tmp_path)
    submit(course, anna=answer(course, double="import time\ndef double(x):\n    time.sleep(60)"))
    command = [sys.executable, "-m", "nbjudge", "--course", str(tmp_path), "grade", "tiny"]
    process = subprocess.Popen([*command, "--isolation", "container"], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not containers() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert containers()
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert gone()


@real
def test_a_container_that_dies_is_replaced(tmp_path: Path) -> None:
    course = make_course(tmp_path)
    slow = "import time\ndef double(x):\n    time.sleep(0.2)\n    return 2 * x"
    submit(course, **{f"s{i}": answer(course, double=slow) for i in range(6)})
    killed = []

    def watch(now: grading.Progress) -> None:
        if now.done == 2:
            killed.extend(containers())
            subprocess.run([find_image().engine, "kill", *killed], check=True, capture_output=True)

    report = grading.grade(course, "tiny", GradingOptions(jobs=1, isolation="container"), watch=watch)
    assert len(killed) == 1
    assert report.troubles == () and {done.score.score for done in report.graded} == {5}


@real
def test_an_image_with_other_code_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "code_hash", lambda: "another")
    with (
        Zygote("container", image=find_image()) as zygote,
        pytest.raises(SandboxError, match="build it again"),
    ):
        zygote.spawn(Limits())


@real
def test_memory_that_no_process_holds_is_bounded_by_the_container() -> None:
    """Files of a private /tmp are nobody's pages: the container's limit ends it, and that is the student's fault."""
    limits = Limits(memory=64 << 20, disk=2 << 30)
    with Zygote("container", image=find_image()) as zygote:
        zygote.wait_until_warm()
        zygote.reserve(Limits(memory=64 << 20, disk=0))
        connection = StudentConnection(zygote.spawn(limits), limits, {})
        code = "for i in range(8):\n    open(f'/tmp/{i}', 'wb').write(bytes(1 << 28))"
        with pytest.raises(StudentMemory):
            connection.request("run_copy", ("test", code, {}, False), 60)
        zygote.reset()
        connection = StudentConnection(zygote.spawn(limits), limits, {})
        assert connection.request("run_copy", ("test", "x = 1", {}, False), 20)["x"] == 1
        connection.kill()


@real
def test_the_container_shows_nothing_of_the_host(tmp_path: Path) -> None:
    """What a student could see with no wall inside: only the image and the rendezvous place."""
    without = ("namespaces", "mounts", "limits", "identity", "landlock", "seccomp", "jail")
    with Zygote("container", image=find_image(), without=without) as zygote:
        connection = StudentConnection(zygote.spawn(Limits()), Limits(), {})
        code = """
import os
status = dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines() if ":\\t" in line)
links = os.listdir("/sys/class/net")
course = os.listdir("/course")
rendezvous = os.listdir("/run/nbjudge")
ids = os.getuid(), os.getgid()
try:
    open("/opt/planted", "w")
    writable = True
except OSError:
    writable = False
"""
        names = connection.request("run_copy", ("test", code, {}, False), 20)
        connection.kill()
    assert all(int(names["status"][kind], 16) == 0 for kind in ("CapEff", "CapBnd", "CapPrm"))
    assert names["status"]["NoNewPrivs"] == "1"
    assert names["course"] == []
    assert names["links"] == ["lo"] and names["rendezvous"] == ["control"] and not names["writable"]
    assert 0 not in names["ids"]
