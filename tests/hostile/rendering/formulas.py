# DESC: a student id that a spreadsheet takes for a formula, in an archive of submissions
# SUCCESS: a cell of the CSV that begins with =, +, - or @
# DETECT: csv
# KIND: file
# STATE: refused
# WALLS: sanitise archive
import zipfile


def build(folder, student, notebook, constants):
    folder.mkdir(parents=True)
    path = folder / "formulas.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("+1+cmd", "-2+3", "@SUM", "=1+1", "+A1@B"):
            archive.writestr(f"{name}.ipynb", notebook)
    return path
# --- check ---
def check(outcome):
    import csv, io

    rows = list(csv.reader(io.StringIO(batch.csv)))
    assert any("cmd" in row[0] for row in rows)
    assert [cell for row in rows for cell in row if cell[:1] in ("=", "+", "-", "@", "\t", "\r")] == []
