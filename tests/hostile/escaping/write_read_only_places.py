# DESC: writes to the interpreter, its libraries, helper files, /etc, /dev, /proc and /sys
# SUCCESS: a write succeeds
# DETECT: word
# KIND: cell
# WALLS: namespaces landlock ids
import os, sys

for folder in ("/", "/usr", "/usr/lib", "/bin", "/course", "/etc", "/dev", "/proc", "/sys", "/.spare", "/work", sys.prefix, sys.base_prefix, os.path.dirname(os.__file__), os.path.dirname(__import__("torch").__file__)):
    if folder == sys.prefix and folder.startswith("/tmp/"):
        continue  # an environment there: its parts are bound into the student's own /tmp, which is theirs to write
    for attempt in (lambda: open(f"{folder}/left-by-{NAME}", "w"), lambda: os.mkdir(f"{folder}/left-by-{NAME}"), lambda: os.chmod(folder, 0o777), lambda: os.utime(folder)):
        try:
            attempt()
            won(folder)
        except OSError:
            pass
for path in ("/course/lab_data.py", "/etc/passwd", os.__file__):
    for mode in ("r+", "a", "w"):
        tried(f"{path} {mode}", open, path, mode)
