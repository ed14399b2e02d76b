# DESC: command lines, environments, memory, roots and descriptors of every process in /proc
# SUCCESS: a canary, or any process but its own
# DETECT: canary, word
# KIND: cell
# WALLS: process namespaces proc ids
import os

for pid in [*range(1, 400), "self", os.getppid()]:
    for name in ("cmdline", "environ", "mem", "maps", "root/etc/shadow", "cwd/course_config.py", "fd/3", "status", "stack"):
        try:
            data = open(f"/proc/{pid}/{name}", "rb").read(1 << 20)
            seek(data, f"/proc/{pid}/{name}")
            if pid not in (1, "self", 0):
                won(f"/proc/{pid}/{name}")
        except (OSError, ValueError):
            pass
