# DESC: makes device nodes for memory and disks, and opens what devices there are
# SUCCESS: a device that is not harmless
# DETECT: word
# KIND: cell
# WALLS: ids namespaces
import os, stat

for name, major, minor in (("mem", 1, 1), ("disk", 8, 0), ("vda", 253, 0), ("loop", 7, 0), ("kvm", 10, 232), ("fuse", 10, 229)):
    try:
        os.mknod(f"/tmp/{name}", 0o600 | stat.S_IFBLK, os.makedev(major, minor))
        won(name)
    except OSError:
        pass
    try:
        os.mknod(f"/tmp/{name}", 0o600 | stat.S_IFCHR, os.makedev(major, minor))
        open(f"/tmp/{name}")
        won(name)
    except OSError:
        pass
extra = set(os.listdir("/dev")) - {"null", "zero", "full", "random", "urandom", "shm", "fd", "stdin", "stdout", "stderr"}
for name in extra:
    won(f"/dev/{name}")
