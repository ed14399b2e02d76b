# DESC: an archive that unpacks to gigabytes, one that lies about sizes, and thousands of entries
# SUCCESS: the collector runs out of memory or disk
# DETECT: neighbours, state
# KIND: file
# STATE: refused
# WALLS: archive
import zipfile


def build(folder, student, notebook, constants):
    folder.mkdir(parents=True)
    path = folder / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open(f"{student}.ipynb", "w") as file:
            for _ in range(300):
                file.write(bytes(1 << 20))
    return path
