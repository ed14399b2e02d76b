# DESC: puts modules of its own in front of the helper files, for later tests and submissions
# SUCCESS: a neighbour loses points
# DETECT: neighbours, leftover
# KIND: cell
# WALLS: namespaces landlock
import os, sys

for name in ("lab_data.py", "torch.py", "random.py", "encodings.py"):
    try:
        os.path.lexists(name) and os.unlink(name)
        open(name, "w").write("raise SystemExit('left-by-" + NAME + "')")
    except OSError:
        pass
sys.path.insert(0, os.getcwd())
for name in ("random", "lab_data"):
    sys.modules.pop(name, None)
