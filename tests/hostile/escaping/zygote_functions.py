# DESC: calls the fork server's own code again: raise_walls, build_root, spawn, with another plan
# SUCCESS: it succeeds in mounting or in making a process without walls
# DETECT: word
# KIND: cell
# WALLS: seccomp ids namespaces
import sys

linux = sys.modules["nbjudge.sandbox.linux"]
walls = sys.modules.get("nbjudge.sandbox.walls")
root = sys.modules.get("nbjudge.sandbox.root")
for what, call, arguments in (
    ("unshare", linux.unshare, (linux.CLONE_NEWUSER,)),
    ("mount", linux.mount, ("none", "/tmp", "tmpfs")),
    ("protect", linux.protect_mount, ("/", 0)),
    ("root", linux.change_root, ("/tmp",)),
    ("hide_tmp", root.hide_tmp, ([], 1 << 30)),
    ("build_root", root.build_root, ("/tmp/r", [], None)),
):
    try:
        call(*arguments)
        won(what)
    except OSError as error:
        print(what, error.strerror)
