# DESC: a zip whose names lead outside, hold drive letters, control characters, other students' ids and two files of one name
# SUCCESS: a file outside the store, or somebody else's submission replaced
# DETECT: marker, neighbours, terminal
# KIND: file
# STATE: refused
# WALLS: archive
import warnings, zipfile


def build(folder, student, notebook, constants):
    folder.mkdir(parents=True)
    path = folder / "names.zip"
    with zipfile.ZipFile(path, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in (f"../{student}.ipynb", f"{constants['marker']}/archive_names", f"C:\\{student}.ipynb", f"{student}/../../x.ipynb", f"a/{student}\x1b[31m.ipynb", f"{student}\u202e.ipynb", f"{student}\x9b31m.ipynb", "a\nb.ipynb", "=1+1.ipynb", "..ipynb", ".hidden.ipynb", f"{student}.ipynb", f"{student}.ipynb"):
            archive.writestr(name, notebook)
    return path
# --- check ---
def check(outcome):
    assert outcome.others == [], outcome.others
