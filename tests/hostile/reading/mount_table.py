# DESC: looks for host paths in the mount table, cgroup paths and uid maps
# SUCCESS: the course's path
# DETECT: canary
# KIND: cell
# WALLS: namespaces proc
for name in ("mountinfo", "mounts", "mountstats", "cgroup", "uid_map", "gid_map", "limits", "smaps", "numa_maps", "autogroup", "sessionid", "loginuid"):
    try:
        text = open(f"/proc/self/{name}").read()
        seek(text, name)
        if COURSE in text or "pytest" in text:
            won(name)
    except OSError:
        pass
