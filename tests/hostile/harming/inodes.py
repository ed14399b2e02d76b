# DESC: makes as many files, folders, links and fifos as it can
# SUCCESS: more than 50,000, or a neighbour that can't write
# DETECT: word, neighbours
# KIND: cell
# WALLS: namespaces rlimits
import os, time

made, deadline = 0, time.monotonic() + 1
for folder in ("/tmp", "/dev/shm"):
    try:
        while time.monotonic() < deadline:
            os.mkfifo(f"{folder}/left-by-{NAME}-{made}")
            made += 1
    except OSError as error:
        print(error)
if made > 50_000:
    won(made)
