"""The fork server's process: warms up once inside the jail, then forks a student process for each request.

Started by `nbjudge.sandbox.Zygote` with a control socket, on the host or as a container's only program. It holds no
test, no secret and no path of the judge's, because every student process inherits its memory.
"""

from __future__ import annotations

import contextlib
import faulthandler
import fcntl
import gc
import json
import os
import select
import signal
import socket
import traceback
from typing import Any, NoReturn

from nbjudge.sandbox import linux
from nbjudge.sandbox.cgroup import Events, own_events
from nbjudge.sandbox.container import code_hash
from nbjudge.sandbox.memory import own_memory, tree_memory
from nbjudge.sandbox.memory_files import lay_beside, unpack_files
from nbjudge.sandbox.root import build_root, list_binds
from nbjudge.sandbox.walls import Plan, enter_work, limit, raise_walls

KEPT = ("LANG", "MPLBACKEND", "OMP_NUM_THREADS")  # of the zygote's environment, for the student
STUDENT_FDS = 4  # channel, arena, output; the files beside the notebook, if there are any
PACKET = 1 << 16
PROC_FLAGS = linux.MS_NOSUID | linux.MS_NODEV | linux.MS_NOEXEC
NO_GPU = {"CUDA_VISIBLE_DEVICES": ""}  # without walls, a student without a slot would find one
NEW = linux.CLONE_NEWNS | linux.CLONE_NEWPID | linux.CLONE_NEWNET | linux.CLONE_NEWIPC | linux.CLONE_NEWUTS


def main(rendezvous: str) -> NoReturn:
    """Sets the jail up, warms up, serves until the judge closes the control socket.

    `rendezvous` is the socket's descriptor, or the path where the judge waits for a call.
    """
    linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)
    faulthandler.enable(all_threads=False)  # to stderr, which the judge keeps
    control = _reach_judge(rendezvous)
    packet, fds, _, _ = socket.recv_fds(control, PACKET, 1)
    setup = json.loads(packet)
    setup["binds"] = [*list_binds(), *setup["libraries"]]
    events = own_events() if setup["isolation"] == "container" else None
    try:
        from nbjudge.student import load_libraries  # before the root changes: this package is not inside

        code = code_hash()
        if setup["isolation"] != "none" and "jail" not in setup["without"]:
            _enter_jail(control, setup, fds[0] if fds else None)
        load_libraries()
        threads = len(os.listdir("/proc/self/task"))
        if threads != 1:
            raise RuntimeError(f"the zygote has {threads} threads; a forked child would hang")
    except BaseException:
        _send(control, {"error": traceback.format_exc(limit=-4)})
        os._exit(1)
    gc.collect()
    gc.freeze()
    _send(control, {"ready": True, "code": code, **own_memory()})
    _serve(control, setup, events)


def _reach_judge(rendezvous: str) -> socket.socket:
    if rendezvous.isdigit():
        return socket.socket(fileno=int(rendezvous))
    control = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    control.connect(rendezvous)
    return control


def _enter_jail(control: socket.socket, setup: dict[str, Any], helpers: int | None) -> None:
    contained = setup["isolation"] == "container"
    privileged = os.geteuid() == 0 and not contained
    ids = os.geteuid(), os.getegid()
    folder = "/tmp/root" if contained else setup["folder"]
    os.makedirs(folder, exist_ok=True)
    if privileged:
        # Root builds the root with the host's rights, then gives them up: the binds become locked mounts.
        linux.unshare(linux.CLONE_NEWNS)
        build_root(folder, setup["binds"], helpers, setup["nodes"])
    linux.unshare(linux.CLONE_NEWUSER)
    if contained:
        _map_one(*ids)
    else:
        _ask_for_maps(control)
    os.setresgid(0, 0, 0)
    os.setresuid(0, 0, 0)
    linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)  # new ids cleared it
    linux.prctl(linux.PR_SET_DUMPABLE, 1)
    linux.unshare(NEW | linux.CLONE_NEWCGROUP)
    if not privileged:
        build_root(folder, setup["binds"], helpers, setup["nodes"])
    _become_first()


def _become_first() -> None:
    """Goes on as pid 1 of the new pid namespace, with its own proc."""
    alive, held = os.pipe()  # the parent holds one end until it dies
    child = os.fork()
    if child:
        os.close(alive)
        _, status = os.waitpid(child, 0)
        os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
    os.close(held)
    linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)
    # It may have died before; pid 1 can't tell by its parent's number, which is 0 from here.
    if select.select([alive], [], [], 0)[0]:
        os._exit(1)
    os.close(alive)
    # In a container the kernel refuses a fresh proc, whose parts would not be masked: the container's stays.
    with contextlib.suppress(PermissionError):
        linux.mount("proc", "/proc", "proc", PROC_FLAGS)


def _map_one(uid: int, gid: int) -> None:
    """Makes this process root of its new user namespace: all that it may do without another's help."""
    for name, text in (("setgroups", "deny"), ("gid_map", f"0 {gid} 1"), ("uid_map", f"0 {uid} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def _ask_for_maps(control: socket.socket) -> None:
    _send(control, {"map": True})
    if control.recv(PACKET) != b"mapped":
        raise RuntimeError("the judge could not write the id maps")


def _serve(control: socket.socket, setup: dict[str, Any], events: Events | None) -> NoReturn:
    children: dict[int, int] = {}  # pid -> pid in /proc, which in a container is another namespace's
    while True:
        packet, fds, _, _ = socket.recv_fds(control, PACKET, STUDENT_FDS)
        if not packet:
            os._exit(0)  # as pid 1 of its namespace it takes every student along
        request = json.loads(packet)
        if request["op"] == "spawn":
            _spawn(control, setup, request, fds, children, _kills(events))
        elif request["op"] == "kill":
            answer = _kill(request["pid"], children) | _kills(events)
            if "namespaces" in setup["without"] and os.getpid() == 1:
                _kill_the_rest()
            _answer(control, request, answer)
        elif request["op"] == "memory":
            root = children.get(request["pid"], 0)
            _answer(control, request, {"bytes": tree_memory(root, request["enough"])})
        elif request["op"] == "dump":
            if request["pid"] in children:
                os.kill(request["pid"], signal.SIGUSR1)
            _answer(control, request, {})
        elif request["op"] == "reset":
            for pid in tuple(children):
                _kill(pid, children)
            _answer(control, request, {"ready": True})
        elif request["op"] == "prepare_for_forking":
            _prepare_for_forking()
            _answer(control, request, {})
        elif request["op"] == "clone":
            _make_clone(control, setup, request, fds[0])
        for fd in fds:
            os.close(fd)


def _spawn(
    control: socket.socket,
    setup: dict[str, Any],
    request: dict[str, Any],
    fds: list[int],
    children: dict[int, int],
    kills: dict[str, Any],
) -> None:
    jailed = setup["isolation"] != "none"
    plan = Plan(
        **request["plan"],
        binds=setup["binds"],
        filter=bytes.fromhex(setup["filter"]),
        many_uids=setup["many_uids"],
        without=setup["without"],
    )
    own_pids = jailed and "namespaces" not in plan.without
    own = os.open("/proc/self/ns/pid", os.O_RDONLY) if own_pids else -1
    read, write = os.pipe()
    if own_pids:
        linux.unshare(linux.CLONE_NEWPID)  # the next child is pid 1 of a new namespace
    pid = os.fork()
    if pid == 0:
        _become_student(plan, jailed, request.get("work"), setup.get("helpers"), fds, write)
    os.close(write)
    if own_pids:
        linux.setns(own, linux.CLONE_NEWPID)
        os.close(own)
    handle = os.pidfd_open(pid)
    children[pid] = linux.pid_of(handle)
    problem = b""
    while chunk := os.read(read, PACKET):
        problem += chunk
    os.close(read)
    if problem == b"ok":
        reply = {"pid": pid, "id": request["id"], **kills}
        socket.send_fds(control, [json.dumps(reply).encode()], [handle])
    else:
        _kill(pid, children)
        error = problem.decode(errors="replace") or "the student process died in its walls"
        _answer(control, request, {"error": error})
    os.close(handle)


def _become_student(
    plan: Plan, jailed: bool, work: str | None, helpers: str | None, fds: list[int], report: int
) -> NoReturn:
    from nbjudge.student import serve

    try:
        faulthandler.disable()
        beside = unpack_files(fds[3]) if fds[3:] else {}
        _arrange_descriptors(fds[:3], report)
        if jailed:
            raise_walls(plan)
        else:
            linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)
            os.setsid()
            enter_work(work or ".", helpers or "")
            limit(plan)
        kept = {name: os.environ[name] for name in KEPT}
        os.environ.clear()
        os.environ.update(kept, HOME=os.getcwd())
        os.environ.update(plan.gpu["environment"] if plan.gpu else NO_GPU)
        lay_beside(beside)  # with every wall up: as the student's own code could
    except BaseException:
        os.write(5, traceback.format_exc(limit=-3).encode()[:PACKET])
        os._exit(1)
    os.write(5, b"ok")
    os.close(5)
    serve(3, 4, plan.gpu)


def _arrange_descriptors(fds: list[int], report: int) -> None:
    """0, 1: /dev/null; 2: log; 3: channel; 4: arena; 5: report; everything else closed."""
    sources = [os.open("/dev/null", os.O_RDWR), *fds, report]
    # Out of the way first: a source may sit on a number that is another's target.
    null, channel, arena, log, report = (fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 64) for fd in sources)
    for source, target in ((null, 0), (null, 1), (log, 2), (channel, 3), (arena, 4), (report, 5)):
        os.dup2(source, target)
    linux.close_from(6)


def _make_clone(control: socket.socket, setup: dict[str, Any], request: dict[str, Any], fd: int) -> None:
    """Forks a zygote as warm as this one, in new namespaces; it announces itself on the control socket `fd`."""
    rendezvous, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pid = os.fork()
    if pid == 0:
        rendezvous.close()
        control.close()
        _become_clone(socket.socket(fileno=fd), setup, theirs)
    theirs.close()
    answer = {}
    with rendezvous:  # closed, it ends a child that waits for its maps
        if rendezvous.recv(PACKET):
            try:
                _copy_maps(pid)
                rendezvous.send(b"mapped")
            except OSError as error:
                answer = {"error": f"the id maps could not be copied: {error}"}
    _answer(control, request, answer)


def _become_clone(control: socket.socket, setup: dict[str, Any], rendezvous: socket.socket) -> NoReturn:
    try:
        linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)
        if setup["isolation"] != "none":
            # A user namespace, too: what the kernel counts for each user, it counts for each namespace.
            linux.unshare(linux.CLONE_NEWUSER)
            rendezvous.send(b"map")
            if rendezvous.recv(PACKET) != b"mapped":
                raise RuntimeError("the id maps could not be copied")
            linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)
            linux.prctl(linux.PR_SET_DUMPABLE, 1)
            linux.unshare(NEW | linux.CLONE_NEWCGROUP)
            _become_first()
        rendezvous.close()
        own = os.pidfd_open(os.getpid())
    except BaseException:
        _send(control, {"error": traceback.format_exc(limit=-3)})
        os._exit(1)
    socket.send_fds(control, [json.dumps({"ready": True, **own_memory()}).encode()], [own])
    os.close(own)
    _serve(control, setup, None)


def _copy_maps(pid: int) -> None:
    """Gives the user namespace of `pid` the ids that this one has, under the same numbers."""
    handle = os.pidfd_open(pid)
    folder = f"/proc/{linux.pid_of(handle)}"  # in a container, proc numbers processes as the container does
    os.close(handle)
    for name in ("gid_map", "uid_map"):
        with open(f"/proc/self/{name}") as file:
            firsts = [(line.split()[0], line.split()[2]) for line in file]
        with open(f"{folder}/{name}", "w") as file:
            file.write("\n".join(f"{first} {first} {count}" for first, count in firsts))


def _prepare_for_forking() -> None:
    """Prepares, for about a second, so that every later fork costs less."""
    from nbjudge.student import warm_up  # long imported: this package is not inside

    warm_up()
    gc.unfreeze()
    gc.collect()
    linux.collapse_memory()
    gc.freeze()


def _kill(pid: int, children: dict[int, int]) -> dict[str, Any]:
    """Kills a student process, with its namespace all that it started, and reaps it."""
    if pid not in children:
        return {"error": f"no student process {pid}"}
    os.kill(pid, signal.SIGKILL)  # no other process gets its number before it is reaped
    _, status = os.waitpid(pid, 0)
    del children[pid]
    return {"status": os.waitstatus_to_exitcode(status)}


def _kills(events: Events | None) -> dict[str, Any]:
    return {"kills": events.read()} if events else {}


def _kill_the_rest() -> None:
    """What the death of a pid namespace does by itself: kills and reaps all that a student left in this one.

    Only as pid 1 of the zygote's namespace: elsewhere -1 is every process of the machine.
    """
    with contextlib.suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _answer(control: socket.socket, request: dict[str, Any], answer: dict[str, Any]) -> None:
    """Sends the answer with the request's id, so that one that comes too late answers no later request."""
    _send(control, {**answer, "id": request["id"]})


def _send(control: socket.socket, message: dict[str, Any]) -> None:
    control.send(json.dumps(message).encode())
