# DESC: turns core dumps on, lets a child crash and looks for the core, its pattern and coredumpctl's folder
# SUCCESS: a core file
# DETECT: word
# KIND: cell
# WALLS: rlimits namespaces proc
import ctypes, glob, os, resource

try:
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY,) * 2)
    won("setrlimit")
except (OSError, ValueError):
    pass
if os.fork() == 0:
    ctypes.string_at(0)
os.wait()
for path in glob.glob("core*") + glob.glob("/tmp/core*") + glob.glob("/var/lib/systemd/coredump/*") + glob.glob("/cores/*"):
    won(path)
tried("core_pattern", open, "/proc/sys/kernel/core_pattern", "w")
