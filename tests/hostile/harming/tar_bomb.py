# DESC: a gzipped tar of sparse files and of a header that claims terabytes
# SUCCESS: the collector runs out of memory or disk
# DETECT: neighbours, state
# KIND: file
# STATE: refused
# WALLS: archive
import gzip, tarfile


def build(folder, student, notebook, constants):
    folder.mkdir(parents=True)
    path = folder / "bomb.tgz"
    header = tarfile.TarInfo(f"{student}.ipynb")
    header.size = 1 << 42
    with gzip.open(path, "wb") as file:
        file.write(header.tobuf(tarfile.GNU_FORMAT) + bytes(10 << 20))
    return path
