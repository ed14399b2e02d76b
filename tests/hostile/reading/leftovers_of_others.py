# DESC: looks for what earlier submissions left in /tmp, /dev/shm, the working directory, caches and home
# SUCCESS: a file of somebody else's
# DETECT: word
# KIND: cell
# WALLS: namespaces root
import os

for top in ("/tmp", "/dev/shm", "/var/tmp", ".", os.path.expanduser("~"), "/dev/mqueue", "/run"):
    for folder, folders, files in os.walk(top):
        # The interpreter may live below /tmp: what is mounted there is not a leftover.
        folders[:] = [name for name in folders if not os.path.ismount(os.path.join(folder, name))]
        for name in [*folders, *files]:
            if "left-by" in name or name.endswith(".pyc") or name.startswith(("torch_", "pymp-", "psm_", "sem.")):
                won(os.path.join(folder, name))
