# DESC: replaces its own process by another program that holds the channel
# SUCCESS: a program runs
# DETECT: word, status
# KIND: cell
# WALLS: seccomp judge
import os, subprocess, sys

for call, arguments in ((os.execv, ("/bin/sh", ["sh", "-c", "true"])), (os.execve, (sys.executable, ["python", "-c", "1"], {})), (os.system, ("true",)), (os.posix_spawn, ("/bin/true", ["true"], {})), (subprocess.run, (["true"],))):
    value = None
    try:
        value = call(*arguments)
    except OSError as error:
        print(error)
    if value in (0,) or getattr(value, "returncode", None) == 0:
        won(call)
