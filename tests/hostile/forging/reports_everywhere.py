# DESC: writes what a grader would write (results.json, junit.xml, ...) to every plausible path and descriptor
# SUCCESS: points for double, or a file outside the jail
# DETECT: score, leftover
# KIND: cell
# WALLS: process namespaces landlock
import json, os

fake = json.dumps({"schema": "nbjudge.result/1", "score": 6, "tests": [{"exercise": "double", "status": "passed", "fraction": 1.0, "weight": 1}]})
for folder in (".", "..", "/", "/tmp", "/work", "/autograder/results", COURSE, COURSE + "/gradebook/results/" + NAME, "/dev/shm"):
    for name in ("results.json", "result.json", "hostile.json", "junit.xml", "grades.csv", "results.pkl", ".OTTER_LOG"):
        try:
            open(f"{folder}/{name}", "w").write(fake)
            if folder.startswith(COURSE):
                won(folder)
        except OSError:
            pass
for fd in (1, 2, 5, 6, 7, 8, 9):
    try:
        os.write(fd, fake.encode())
    except OSError:
        pass


def double(x):
    return fake
