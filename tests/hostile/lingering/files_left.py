# DESC: leaves files in every place that the next submission might read, compiled modules and start-up files among them
# SUCCESS: a file that is still there after it
# DETECT: leftover, neighbours
# KIND: cell
# WALLS: namespaces landlock
import os, sys

for folder in ("/tmp", "/dev/shm", "/var/tmp", ".", "~", "~/.ipython/profile_default/startup", "~/.config/matplotlib", "~/.local/lib/python3.11/site-packages", "/course", "/course/__pycache__", sys.prefix, "/etc", "/"):
    folder = os.path.expanduser(folder)
    for name in (f"left-by-{NAME}", f"left-by-{NAME}.py", "sitecustomize.py", "torch.py", "00-start.py"):
        if folder.startswith(("/tmp", "/dev/shm", "/var/tmp")) and not name.startswith("left"):
            continue
        try:
            os.makedirs(folder, exist_ok=True) if "/." in folder and folder.startswith("/tmp") else None
            if name.startswith("left") or folder.startswith("/tmp/"):
                open(f"{folder}/{name}", "w").write("raise SystemExit")
        except OSError:
            pass
