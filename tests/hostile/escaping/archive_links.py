# DESC: a tar whose entries are symbolic and hard links to the gradebook, followed by files that go through them
# SUCCESS: a file outside the store, or a secret inside a submission
# DETECT: marker, canary, state
# KIND: file
# STATE: refused
# WALLS: archive
import io, tarfile


def build(folder, student, notebook, constants):
    folder.mkdir(parents=True)
    path = folder / "links.tar"
    with tarfile.open(path, "w") as archive:
        def add(name, kind, link="", data=b""):
            info = tarfile.TarInfo(name)
            info.type, info.linkname, info.size, info.mode = kind, link, len(data), 0o6777
            archive.addfile(info, io.BytesIO(data))

        add(f"{student}.ipynb", tarfile.SYMTYPE, f"{constants['course']}/gradebook/notes.txt")
        add("x", tarfile.SYMTYPE, str(constants["marker"]))
        add("x/archive_links", tarfile.REGTYPE, data=b"out")
        add("h.ipynb", tarfile.LNKTYPE, "/etc/shadow")
        add("fifo.ipynb", tarfile.FIFOTYPE)
        add("disk.ipynb", tarfile.BLKTYPE)
        add("../../" + student + ".ipynb", tarfile.REGTYPE, data=notebook)
        add(str(constants["marker"]) + "/archive_links", tarfile.REGTYPE, data=b"out")
    return path
# --- check ---
def check(outcome):
    assert len(outcome.notes) >= 6, outcome.notes
    assert outcome.others == []
