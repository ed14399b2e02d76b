# DESC: fills /tmp, /dev/shm and the working directory, with files, sparse files and unlinked open files
# SUCCESS: more than the limit written, or a neighbour that can't write
# DETECT: word, neighbours
# KIND: cell
# WALLS: namespaces rlimits
import os

written, kept = 0, []
for folder in ("/tmp", "/dev/shm", "."):
    try:
        for i in range(200):
            path = f"{folder}/left-by-{NAME}-{i}"
            file = open(path, "wb", 0)
            kept.append(file)
            os.unlink(path)
            written += file.write(bytes(1 << 20))
            os.posix_fallocate(file.fileno(), 0, 4 << 20)
    except OSError as error:
        print(error)
if written > 150 << 20:
    won(f"{written >> 20} MB")
