# DESC: walks the whole file system and reads each small file of a likely kind
# SUCCESS: a canary, or a folder of the course
# DETECT: canary, word
# KIND: cell
# WALLS: namespaces ids
import os, time

deadline, read = time.monotonic() + 1.2, 0
for top in ("/tmp", "/course", "/work", "/home", "/root", "/var", "/dev", "/etc", "/.spare", "/opt", "/srv", "/mnt", "/run", "/"):
    for folder, folders, files in os.walk(top):
        folders[:] = [f for f in folders if f not in ("site-packages", "lib", "proc", "lib64", "include")]
        if {"gradebook", "autograders"} & {*folders, *files}:
            won(folder)
        for name in files:
            if name.endswith((".py", ".ipynb", ".json", ".txt", ".db", ".html", ".csv")) and time.monotonic() < deadline:
                try:
                    seek(open(os.path.join(folder, name), "rb").read(1 << 20), name)
                    read += 1
                except OSError:
                    pass
print(read, "files")
