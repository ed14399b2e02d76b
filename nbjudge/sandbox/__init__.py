"""The jail: a fork server and the walls around each student process.

Theory of operation
-------------------
The judge starts a *zygote* (host.py). The zygote (zygote.py) builds its own root (root.py): a tmpfs with read-only
binds of the interpreter, its libraries and the assignment's helper files. It enters new user, mount, pid, network, ipc,
uts and cgroup namespaces, imports torch and friends once, and waits. Each worker has a zygote to itself: a clone
(zygote_pool.py), forked from the first one, that enters namespaces again. For each submission the judge sends it a spawn
request with three descriptors: the channel (SOCK_SEQPACKET), the arena (a sealed memfd) and a log.
The zygote forks; the child puts up its walls (walls.py: namespaces again, private /tmp, rlimits, its own uid, no
capabilities, no_new_privs, Landlock, seccomp from filter.py) and only then runs student code, as pid 1 of its pid
namespace: when it dies, everything that it started dies.

Two kinds of trouble stay apart. "The student's program failed" is an `Exit`, or a fault that the judge saw on the
channel. "The sandbox broke" is a SandboxError: no walls, no zygote, no answer; it quotes what a dead zygote
wrote to stderr. It never becomes a score.

What the zygote holds in memory, every student can read. So it holds no test, no secret and no path of the course.
"""

from nbjudge.sandbox.container import Image
from nbjudge.sandbox.host import LOG, Zygote
from nbjudge.sandbox.jail import Isolation, Jail, check_hidden, default_workers, pick_jail
from nbjudge.sandbox.process import Exit, StudentProcess
from nbjudge.sandbox.zygote_pool import ZygotePool

__all__ = [
    "LOG",
    "Exit",
    "Image",
    "Isolation",
    "Jail",
    "StudentProcess",
    "Zygote",
    "ZygotePool",
    "check_hidden",
    "default_workers",
    "pick_jail",
]
