"""The jail, from inside: each test runs code in a real student process and looks at what it could do."""

import os
import signal
import socket
import subprocess
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.images import needs_image
from support.ordinary_user import NO_PYTHON, python_for_all
from support.places import ROOT

from nbjudge.errors import SandboxError
from nbjudge.judge import StudentCrashed, StudentMemory, StudentTimeout
from nbjudge.judge.connection import StudentConnection
from nbjudge.model import Limits
from nbjudge.sandbox import Isolation, Zygote, host, pick_jail

Run = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def helpers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("helpers")
    (folder / "course_data.py").write_text("ANSWER = 42\n")
    return folder


@pytest.fixture(scope="module", params=["namespaces", "clone", pytest.param("container", marks=needs_image)])
def zygote(helpers: Path, request: pytest.FixtureRequest) -> Iterator[Zygote]:
    """One that was started, as on GPU slots; one forked from it, as for the workers of a CPU; one in a container."""
    jail = pick_jail("container" if request.param == "container" else "namespaces")
    with Zygote(jail.isolation, helpers, image=jail.image) as zygote:
        zygote.wait_until_warm()
        zygote.reserve(Limits())
        if request.param == "clone":
            zygote.prepare_for_forking()
            with zygote.clone() as clone:
                yield clone
        else:
            yield zygote


@pytest.fixture
def proc(zygote: Zygote) -> None:
    if zygote.isolation == "container":
        pytest.skip("a container masks parts of proc, so students get an empty one")


@pytest.fixture
def run(zygote: Zygote) -> Iterator[Run]:
    """Runs code in a fresh student process and returns the names that it assigns."""
    connections: list[StudentConnection] = []

    def run(code: str, seconds: float = 20, limits: Limits | None = None) -> dict[str, Any]:
        limits = limits or Limits()
        connections.append(StudentConnection(zygote.spawn(limits), limits, {}))
        names: dict[str, Any] = connections[-1].request(
            "run_copy", ("test", textwrap.dedent(code), {}, False), seconds
        )
        return names

    yield run
    for connection in connections:
        connection.kill()


REFUSED = """
    import ctypes, os, socket
    libc = ctypes.CDLL(None, use_errno=True)
    def refused(call, *arguments):
        "True if the call fails; a call of libc's fails by returning -1."
        try:
            return call(*arguments) == -1
        except (OSError, ValueError):
            return True
"""


def test_it_is_nobody_without_capabilities(run: Run, proc: None) -> None:
    names = run(
        """
        import os
        ids = (os.getuid(), os.geteuid(), os.getgid(), os.getegid())
        groups = os.getgroups()
        pid, parent = os.getpid(), os.getppid()
        status = dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines() if ":\\t" in line)
        """
    )
    assert names["ids"] == (1000, 1000, 1000, 1000)
    assert (names["pid"], names["parent"]) == (1, 0)
    assert set(names["groups"]) <= {65534}  # the overflow group: nothing that the namespace knows
    status = names["status"]
    assert all(int(status[kind], 16) == 0 for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"))
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")


def test_its_files_are_the_interpreter_and_the_helpers(run: Run, proc: None) -> None:
    names = run(
        f"""
        import os, course_data
        top = set(os.listdir("/"))
        helper = course_data.ANSWER
        here = os.listdir()
        course = [p for p in ("autograders", "source", "gradebook", "nbjudge", "tests", ".git")
                  if os.path.exists({str(ROOT)!r} + "/" + p)]
        secrets = [p for p in ("/etc/shadow", "/etc/hostname", "/home", "/var", "/sys", "/run", "/boot") if os.path.exists(p)]
        mounts = open("/proc/self/mountinfo").read()
        """
    )
    assert names["helper"] == 42
    assert names["here"] == ["course_data.py"]
    assert names["course"] == [] and names["secrets"] == []
    assert "gradebook" not in names["mounts"] and "helpers" not in names["mounts"]
    assert {"proc", "tmp", "dev", "usr"} <= names["top"]


def test_no_frame_tells_where_the_helper_files_are(run: Run, helpers: Path) -> None:
    names = run(
        """
        import sys
        frame, seen = sys._getframe(), []
        while frame:
            seen.append(repr(frame.f_locals))
            frame = frame.f_back
        """
    )
    assert any("filter" in text for text in names["seen"])  # it did see the fork server's
    assert not any(str(helpers) in text for text in names["seen"])


def test_it_writes_to_its_own_tmp_only(run: Run) -> None:
    names = run(
        """
        import os, sys
        written = []
        for folder in ("/", "/usr", "/usr/lib", "/course", "/dev", "/proc", "/etc", sys.prefix, os.path.dirname(os.__file__)):
            try:
                open(folder + "/planted", "w").close()
                written.append(folder)
            except OSError:
                pass
        for folder in (".", "/tmp", "/dev/shm"):
            open(folder + "/planted", "w").close()
        try:
            open("/course/course_data.py", "a").close()
            written.append("helper")
        except OSError:
            pass
        """
    )
    assert names["written"] == []
    assert run("import os; left = os.path.exists('/tmp/planted'), os.listdir('/dev/shm')")["left"] == (
        False,
        [],
    )


def test_the_notebooks_folder_has_its_other_names_and_helpers_that_it_may_change(run: Run) -> None:
    names = run(
        """
        import os
        open("/content/state.pt", "w").close()
        os.makedirs("/kaggle/working/runs")
        for place in ("/content", "/kaggle", "/kaggle/working"):
            try:
                os.rename(place, "/tmp/moved")
            except OSError:
                continue
            raise AssertionError(place)
        here = sorted(os.listdir())
        open("course_data.py", "w").write("ANSWER = 43")
        """
    )
    assert names["here"] == ["course_data.py", "runs", "state.pt"]
    left = run("import os, course_data; left = os.listdir(), course_data.ANSWER")["left"]
    assert left == (["course_data.py"], 42)


def test_tmp_is_bounded(run: Run) -> None:
    names = run(
        """
        written = 0
        try:
            for i in range(64):
                with open(f"/tmp/{i}", "wb") as file:
                    written += file.write(bytes(1 << 20))
        except OSError as error:
            why = error.errno
        """,
        limits=Limits(disk=8 << 20),
    )
    import errno

    assert names["written"] <= 8 << 20
    assert names["why"] == errno.ENOSPC


def test_inodes_are_bounded(run: Run) -> None:
    names = run(
        """
        made = 0
        try:
            for i in range(100_000):
                open(f"/tmp/{i}", "w").close()
                made += 1
        except OSError:
            pass
        """
    )
    assert names["made"] < 20_000


def test_no_program_can_be_started(run: Run) -> None:
    names = run(
        REFUSED
        + """
    import subprocess, sys
    exec_ = refused(os.execv, sys.executable, [sys.executable])
    spawn = refused(subprocess.run, [sys.executable, "-c", "1"])
    try:
        subprocess.run([sys.executable])
    except FileNotFoundError:
        looks_uninstalled = True
    """
    )
    assert names["exec_"] and names["spawn"] and names["looks_uninstalled"]


@pytest.mark.parametrize(
    "family",
    ["AF_INET", "AF_INET6", "AF_NETLINK", "AF_PACKET", "AF_VSOCK", "AF_ALG"],
)
def test_no_network(run: Run, family: str) -> None:
    names = run(REFUSED + f"\n    no = refused(socket.socket, socket.{family}, socket.SOCK_STREAM)")
    assert names["no"]


def test_abstract_sockets_of_the_host_are_out_of_reach(run: Run) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("\0nbjudge-test")
        listener.listen()
        code = "\n    no = refused(socket.socket(socket.AF_UNIX).connect, '\\0nbjudge-test')"
        assert run(REFUSED + code)["no"]


@pytest.mark.parametrize(
    "call",
    [
        "libc.unshare(0x10000000)",
        "libc.unshare(0x00020000)",
        "libc.setns(0, 0)",
        "libc.mount(b'none', b'/tmp', b'tmpfs', 0, None)",
        "libc.umount2(b'/proc', 2)",
        "libc.ptrace(0, 0, 0, 0)",
        "libc.chroot(b'/tmp')",
        "libc.personality(0x0040000)",
        "libc.syscall(248, b'user', b'x', b'y', 1, -3)",  # add_key
        "libc.syscall(250, 0, -3, 0, 0, 0)",  # keyctl
        "libc.syscall(298, 0, 0, -1, -1, 0)",  # perf_event_open
        "libc.syscall(310, 1, 0, 0, 0, 0, 0)",  # process_vm_readv
        "libc.syscall(319, b'x', 0)",  # memfd_create
        "libc.syscall(321, 0, 0, 0)",  # bpf
        "libc.syscall(323, 0)",  # userfaultfd
        "libc.syscall(425, 1, 0)",  # io_uring_setup
        "libc.syscall(428, -100, b'/', 1)",  # open_tree
        "libc.syscall(435, ctypes.create_string_buffer(64), 64)",  # clone3
        "libc.syscall(438, 3, 0, 0)",  # pidfd_getfd
        "libc.syscall(29, 0, 4096, 0o1600)",  # shmget
        "libc.syscall(9999)",
        "libc.setuid(0)",
        "libc.sethostname(b'x', 1)",
    ],
)
@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the call numbers are x86-64's")
def test_refused_calls(run: Run, call: str) -> None:
    names = run(REFUSED + f"\n    no = refused(lambda: {call})")
    assert names["no"]


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="x32 is x86-64's")
def test_the_x32_door_is_deadly(run: Run) -> None:
    with pytest.raises(StudentCrashed, match=r"killed by signal 31 \(SIGSYS\)"):
        run(REFUSED + "\n    libc.syscall(0x40000000 + 39)")


def test_device_nodes_cannot_be_made(run: Run) -> None:
    names = run(REFUSED + "\n    no = refused(os.mknod, '/tmp/mem', 0o20666, os.makedev(1, 1))")
    assert names["no"]


def test_only_its_own_descriptors_are_open(run: Run, proc: None) -> None:
    names = run(
        """
        import os
        kinds = {int(fd): os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd") if int(fd) < 5}
        others = {os.readlink(f"/proc/self/fd/{fd}") for fd in range(5, 1024) if os.path.exists(f"/proc/self/fd/{fd}")}
        import asyncio
        loop = asyncio.get_event_loop()  # this process made it: its selector, and two ends of a pair to wake it
        mine = [loop._selector.fileno(), loop._ssock.fileno(), loop._csock.fileno()]
        others -= {os.readlink(f"/proc/self/fd/{fd}") for fd in mine}
        """
    )
    kinds = names["kinds"]
    assert [kinds[0], kinds[1]] == ["/dev/null", "/dev/null"]
    assert kinds[2].startswith("/memfd:log") and kinds[4].startswith("/memfd:arena")
    assert kinds[3].startswith("socket:")
    assert names["others"] <= {kinds[4]}  # Python's mmap keeps a duplicate


def test_environment_is_clean(run: Run) -> None:
    found = run("import os; names = dict(os.environ)")["names"]
    assert set(found) == {
        "CUDA_VISIBLE_DEVICES",
        "HOME",
        "LANG",
        "MPLBACKEND",
        "OMP_NUM_THREADS",
        "PATH",
    }
    assert found["PATH"] == os.defpath  # not the host's


def test_its_ids_have_names(run: Run) -> None:
    """torch's CUDA builds ask for the zygote's when they are imported."""
    names = run("import pwd; names = [pwd.getpwuid(id_).pw_name for id_ in (0, 1000)]")
    assert names["names"] == ["root", "student"]


def test_processes_are_bounded(run: Run) -> None:
    names = run(
        """
        import os, time
        made = 0
        try:
            while made < 500:
                if os.fork() == 0:
                    os.setsid()
                    time.sleep(600)
                    os._exit(0)
                made += 1
        except OSError:
            pass
        """,
        limits=Limits(processes=20),
    )
    assert 0 < names["made"] <= 24
    # The first process is still alive, with its children: a second one sees nothing of them.
    pids = run("import os; pids = [p for p in os.listdir('/proc') if p.isdigit()]")["pids"]
    assert pids in (["1"], [])  # in a container proc is empty


def test_its_children_are_gone_after_a_kill(zygote: Zygote) -> None:
    if zygote.isolation == "container":
        pytest.skip("a container's processes are not below this one: test_container looks for them")
    limits = Limits()
    before = _processes()
    connection = StudentConnection(zygote.spawn(limits), limits, {})
    connection.request(
        "run_copy", ("test", "import os, time\nif os.fork() == 0: time.sleep(600)", {}, False), 10
    )
    assert len(_processes() - before) >= 2
    connection.kill()
    assert _processes() - before == set()


def test_signals_stay_inside(run: Run) -> None:
    names = run(
        """
        import os, signal
        reached = []
        for pid in [*range(2, 200), -1]:
            try:
                os.kill(pid, signal.SIGTERM)
                reached.append(pid)
            except (ProcessLookupError, PermissionError):
                pass
        """
    )
    assert names["reached"] == []


@pytest.mark.parametrize("code", ["import torch; torch.ones(16_000_000_000)", "bytearray(60 << 30)"])
def test_a_large_allocation_is_out_of_memory(run: Run, code: str) -> None:
    with pytest.raises(StudentMemory):
        run(code)


def test_shared_memory_and_many_processes_count_too(run: Run) -> None:
    with pytest.raises((StudentMemory, StudentCrashed)):
        run(
            """
            import mmap, os, time
            for _ in range(6):
                if os.fork() == 0:
                    shared = mmap.mmap(-1, 150 << 20)
                    for page in range(0, len(shared), 4096):
                        shared[page] = 1
                    time.sleep(60)
            time.sleep(60)
            """,
            limits=Limits(memory=256 << 20),
        )


def test_a_hang_times_out_with_a_trace(run: Run) -> None:
    started = time.monotonic()
    with pytest.raises(StudentTimeout):
        run("while True: pass", seconds=0.5)
    assert time.monotonic() - started < 10


def test_death_is_a_crash(run: Run) -> None:
    with pytest.raises(StudentCrashed):
        run("import os; os._exit(0)")
    with pytest.raises(StudentCrashed):
        run("import ctypes; ctypes.string_at(0)")


KILLS = {
    "kill": "os.kill(1, 9)",
    "thread": "signal.pthread_kill(threading.get_ident(), 9)",
    "pidfd": "signal.pidfd_send_signal(os.pidfd_open(1), 9)",
    "limit": "resource.setrlimit(resource.RLIMIT_CPU, (1, 1))",
    "prlimit": "resource.prlimit(0, resource.RLIMIT_CPU, (1, 1))",
    # si_code SI_KERNEL: as if the kernel had sent it
    "queue": "libc.syscall(129, 1, 9, kernel)",
    "thread queue": "libc.syscall(297, 1, 1, 9, kernel)",
    "pidfd queue": "libc.syscall(424, os.pidfd_open(1), 9, kernel, 0)",
    "timer": "libc.timer_create(0, struct.pack('<qii48x', 0, 9, 0), timer); "
    "libc.timer_settime(ctypes.c_void_p.from_buffer(timer), 0, struct.pack('<4q', 0, 0, 0, 1), None); time.sleep(.1)",
    "child": "os.waitpid(libc.syscall(56, 9, 0, 0, 0, 0) or os._exit(0), 0x40000000)",
}


@pytest.mark.parametrize("how", KILLS)
@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the call numbers are x86-64's")
def test_it_cannot_look_as_if_the_machine_had_killed_it(run: Run, how: str) -> None:
    code = f"""
        import contextlib, ctypes, os, resource, signal, struct, threading, time
        libc = ctypes.CDLL(None, use_errno=True)
        kernel, timer = struct.pack("<iii", 9, 0, 0x80).ljust(128, bytes(1)), ctypes.create_string_buffer(8)
        with contextlib.suppress(OSError, ValueError):
            {KILLS[how]}
        end = time.process_time() + 1.5
        while {how!r} in ("limit", "prlimit") and time.process_time() < end: pass
        alive = True
    """
    assert run(code)["alive"]


def test_threads_and_parallel_libraries_work(run: Run) -> None:
    names = run(
        """
        import multiprocessing, threading, torch
        total = []
        threads = [threading.Thread(target=lambda i=i: total.append(i)) for i in range(8)]
        [t.start() for t in threads]; [t.join() for t in threads]
        with multiprocessing.get_context("fork").Pool(2) as pool:
            squares = pool.map(abs, [-1, -2])
        x = torch.ones(300, 300)
        torch.set_num_threads(2)
        product = (x @ x)[0, 0].item()
        loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.arange(8.0)), batch_size=4, num_workers=2)
        batches = [batch[0].sum().item() for batch in loader]
        """
    )
    assert len(names["total"]) == 8
    assert names["squares"] == [1, 2]
    assert names["product"] == 300
    assert sorted(names["batches"]) == [6, 22]


def test_the_zygote_never_ran_student_code(run: Run) -> None:
    run("import torch, builtins; torch.ones = None; builtins.planted = True")
    names = run("import torch, builtins; clean = callable(torch.ones) and not hasattr(builtins, 'planted')")
    assert names["clean"]


def test_random_numbers_differ_between_processes(run: Run) -> None:
    code = "import random, numpy, torch; drawn = (random.random(), float(numpy.random.rand()), torch.rand(1).item())"
    assert not set(run(code)["drawn"]) & set(run(code)["drawn"])


def test_what_it_writes_to_its_log_is_bounded(zygote: Zygote) -> None:
    limits = Limits()
    student = zygote.spawn(limits)
    connection = StudentConnection(student, limits, {})
    code = """
import os
try:
    while True:
        os.write(2, b"x" * 4096)
except OSError:
    pass
"""
    connection.request("run_copy", ("test", code, {}, False), 10)
    assert 0 < len(student.log()) <= host.LOG
    connection.kill()


def test_it_cannot_shrink_or_grow_the_arena(run: Run) -> None:
    names = run(REFUSED + "\n    no = [refused(os.ftruncate, 4, size) for size in (0, 1 << 40)]")
    assert names["no"] == [True, True]


def test_walls_that_cannot_be_made_are_ours(zygote: Zygote, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "build_filter", lambda **_: b"\xff" * 8)
    with Zygote("namespaces") as broken, pytest.raises(SandboxError, match="seccomp"):
        broken.spawn(Limits())


def test_a_zygote_that_dies_is_ours(helpers: Path) -> None:
    with Zygote("namespaces", helpers) as zygote:
        zygote._process.kill()
        zygote._process.wait()
        with pytest.raises(SandboxError):
            zygote.spawn(Limits())


@pytest.mark.parametrize("isolation", ["namespaces", "none"])
def test_what_a_dying_zygote_writes_is_told_and_nothing_of_its_students(isolation: Isolation) -> None:
    with Zygote(isolation) as zygote:
        zygote.wait_until_warm()
        student = zygote.spawn(Limits())
        connection = StudentConnection(student, Limits(), {})
        code = "import os, sys\nos.write(2, b'a student wrote this')\nos.write(1, b'and this')"
        connection.request("run_copy", ("test", code, {}, False), 10)
        assert student.log() == "a student wrote this"
        os.kill(zygote._process.pid, signal.SIGSEGV)
        zygote._process.wait()
        with pytest.raises(SandboxError) as caught:
            zygote.spawn(Limits())
    first, *others = str(caught.value).splitlines()
    assert first.startswith("the zygote") and others
    assert all(line.startswith("zygote's stderr | ") for line in others)
    assert "Segmentation fault" in "".join(others) and "this" not in "".join(others)


def test_what_a_zygote_writes_is_bounded() -> None:
    with Zygote("namespaces") as zygote:
        zygote.wait_until_warm()
        descriptor = os.open(f"/proc/{zygote._process.pid}/fd/2", os.O_WRONLY)
        with pytest.raises(OSError, match="not permitted"):
            while True:
                os.write(descriptor, b"\x1b[31m" + b"x" * 4096 + b"\n")
        os.close(descriptor)
        zygote._process.kill()
        zygote._process.wait()
        with pytest.raises(SandboxError) as caught:
            zygote.spawn(Limits())
    assert len(str(caught.value)) < 2 * host.LAST_WORDS and "\x1b" not in str(caught.value)


def test_an_answer_that_comes_too_late_answers_nothing_else(helpers: Path) -> None:
    """A judge that gave up waiting, as under a fork bomb, must not cost the submissions after it."""
    with Zygote("namespaces", helpers) as zygote:
        zygote.wait_until_warm()
        zygote._send({"op": "memory", "pid": 1, "enough": 0, "id": 1})  # nobody reads the answer
        limits = Limits()
        connection = StudentConnection(zygote.spawn(limits), limits, {})
        zygote._send({"op": "memory", "pid": 1, "enough": 0, "id": 2})
        assert connection.request("run_copy", ("test", "x = 1", {}, False), 10)["x"] == 1
        assert not connection.process.over_memory()
        end = connection.kill()
        assert end is not None and end.signal == signal.SIGKILL
        zygote._send({"op": "memory", "pid": 1, "enough": 0, "id": 3})
        zygote.reset()
        assert zygote.ask({"op": "reset"})["ready"] is True


def test_twins_share_no_namespace_and_no_count(helpers: Path) -> None:
    """Two workers' students, side by side, as far apart as those of two zygotes that were started."""
    kinds = ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts")
    with Zygote("namespaces", helpers) as first, first.clone() as one, first.clone() as other:
        looks = [
            {kind: os.readlink(f"/proc/{zygote._process.pid}/ns/{kind}") for kind in kinds}
            for zygote in (first, one, other)
        ]
        assert all(len({look[kind] for look in looks}) == 3 for kind in kinds)
        if first._group:
            assert len({zygote._group for zygote in (first, one, other)}) == 3
        crowded = Limits(processes=8)
        bomb, quiet = (StudentConnection(zygote.spawn(crowded), crowded, {}) for zygote in (one, other))
        names = bomb.request("run_copy", ("test", FILL, {}, False), 20)
        assert 0 < names["forked"] < 8
        names = quiet.request("run_copy", ("test", FILL, {}, False), 20)
        assert 0 < names["forked"] < 8, "the neighbour's processes count here"
        bomb.kill()
        quiet.kill()


FILL = """
import os, time
forked = 0
try:
    while True:
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
        forked += 1
except BlockingIOError:
    pass
"""


def test_a_twin_ends_with_its_parent_and_not_the_other_way_round(helpers: Path) -> None:
    before = _processes()
    first = Zygote("namespaces", helpers)
    with first.clone() as one:
        one.spawn(Limits())
    other = first.clone()
    other.spawn(Limits())
    first.close()
    other._process.wait(timeout=5)
    with pytest.raises(SandboxError):
        other.spawn(Limits())
    other.close()
    deadline = time.monotonic() + 5
    while (left := _processes() - before) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert left == set()


def test_warming_up_leaves_no_name_to_the_students(helpers: Path) -> None:
    code = "names = sorted(globals()); cells = [n for n in __import__('linecache').cache if n.startswith('<cell')]"
    seen = []
    with Zygote("namespaces", helpers) as zygote:
        for _ in range(2):
            connection = StudentConnection(zygote.spawn(Limits()), Limits(), {})
            seen.append(connection.request("run_copy", ("test", code, {}, False), 10))
            connection.kill()
            zygote.prepare_for_forking()
    assert seen[0] == seen[1]
    assert seen[0]["cells"] == []


def test_nothing_is_left_behind(helpers: Path) -> None:
    before = _processes()
    zygote = Zygote("namespaces", helpers)
    zygote.spawn(Limits())
    folder = zygote._folder
    zygote.close()
    deadline = time.monotonic() + 5
    while (left := _processes() - before) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert left == set()
    assert not folder.exists()
    group = zygote._group
    assert group is None or not any(folder.exists() for folder in (group.memory, group.pids, group.cpu))


def test_without_isolation_limits_hold(helpers: Path) -> None:
    with Zygote("none", helpers) as zygote:
        limits = Limits()
        connection = StudentConnection(zygote.spawn(limits), limits, {})
        code = "import course_data\nanswer = course_data.ANSWER"
        assert connection.request("run_copy", ("test", code, {}, False), 10)["answer"] == 42
        with pytest.raises(StudentMemory):
            connection.request("run_copy", ("test", "bytearray(60 << 30)", {}, False), 10)
        connection.kill()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become an ordinary user")
def test_an_ordinary_user_gets_the_same_jail() -> None:
    python = python_for_all()
    if python is None:
        pytest.skip(NO_PYTHON)
    code = textwrap.dedent(
        """
        from nbjudge.judge.connection import StudentConnection
        from nbjudge.model import Limits
        from nbjudge.sandbox import Zygote
        with Zygote() as first, first.clone() as clone:
            for zygote in (first, clone):
                c = StudentConnection(zygote.spawn(Limits()), Limits(), {})
                text = "import os\\nstatus = open('/proc/self/status').read()\\nids = os.getuid(), os.getpid()\\ntop = os.listdir('/')"
                names = c.request("run_copy", ("test", text, {}, False), 10)
                assert names["ids"] == (1000, 1), names["ids"]
                assert "CapEff:\\t0000000000000000" in names["status"] and "Seccomp:\\t2" in names["status"]
                assert not {"home", "root", "var", "sys"} & set(names["top"]), names["top"]
                c.kill()
        print("jailed")
        """
    )
    command = [str(python), "-c", code]
    done = subprocess.run(
        command, user=65534, group=65534, extra_groups=[], cwd="/", capture_output=True, text=True
    )
    assert done.stdout == "jailed\n", done.stderr


def _processes() -> set[int]:
    """Every process below this one."""
    found, queue = set(), [os.getpid()]
    while queue:
        for task in Path(f"/proc/{queue.pop()}/task").glob("*/children"):
            try:
                children = [int(pid) for pid in task.read_text().split()]
            except OSError:
                continue
            found.update(children)
            queue.extend(children)
    return found
