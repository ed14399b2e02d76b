# DESC: a handed-in folder with symbolic links to secrets, a loop of links, a FIFO, a socket and a setuid file
# SUCCESS: a secret inside a submission, or a collector that waits for ever
# DETECT: canary, state
# KIND: file
# STATE: refused
# WALLS: archive
import os, socket


def build(folder, student, notebook, constants):
    inside = folder / student
    inside.mkdir(parents=True)
    (inside / "hostile.ipynb").symlink_to(constants["course"] / "gradebook/notes.txt")
    (inside / "loop").symlink_to(inside)
    os.mkfifo(inside / "fifo.ipynb")
    (folder / "other").symlink_to(constants["course"])
    (inside / "note.txt").write_text("x")
    os.chmod(inside / "note.txt", 0o6777)
    return folder
