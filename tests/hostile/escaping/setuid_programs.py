# DESC: makes files setuid, looks for setuid programs and runs them
# SUCCESS: a program runs
# DETECT: word
# KIND: cell
# WALLS: seccomp ids namespaces
import os, shutil

try:
    shutil.copy("/bin/sh", "shell")
    os.chmod("shell", 0o6755)
except OSError as error:
    print(error)
for path in ("./shell", "/bin/su", "/usr/bin/sudo", "/usr/bin/newuidmap", "/usr/bin/passwd", "/usr/bin/mount", "/usr/bin/pkexec", "/usr/bin/fusermount3"):
    child = os.fork()
    if child == 0:
        try:
            os.execv(path, [path, "-c", "exit 7"])
        except OSError:
            pass
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        won(path)
