# DESC: mounts and writes control groups, release_agent, core_pattern, uevent_helper, binfmt_misc
# SUCCESS: a write that succeeds
# DETECT: word
# KIND: cell
# WALLS: namespaces proc ids
import glob

for path in ["/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe", "/proc/sys/fs/binfmt_misc/register", "/sys/kernel/uevent_helper", "/proc/sysrq-trigger", "/proc/self/attr/current", "/proc/1/oom_score_adj", *glob.glob("/sys/fs/cgroup/**/release_agent", recursive=True), *glob.glob("/sys/fs/cgroup/**/cgroup.procs", recursive=True), *glob.glob("/proc/sys/*/*")[:50]]:
    try:
        open(path, "w").write("1")
        won(path)
    except OSError:
        pass
