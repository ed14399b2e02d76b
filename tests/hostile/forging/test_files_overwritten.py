# DESC: replaces hidden tests, helper files and the interpreter's own pytest by files that always pass
# SUCCESS: points for double, or an honest student's loss
# DETECT: score, neighbours
# KIND: cell
# WALLS: namespaces landlock ids
import glob, sys

targets = glob.glob(COURSE + "/autograders/*/*.py") + glob.glob("/course/*") + glob.glob(sys.prefix + "/lib/python3*/site-packages/_pytest/python.py")
for path in [*targets, COURSE + "/autograders/hostile/test_hidden.py", COURSE + "/course_config.py", "/course/lab_data.py"]:
    try:
        open(path, "r+").write("#")
        won(path)
    except OSError as error:
        print(path, error.strerror)
