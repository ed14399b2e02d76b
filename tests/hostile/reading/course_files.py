# DESC: knows the course's real path and reads tests, submissions, results, gradebook and configuration there
# SUCCESS: a canary
# DETECT: canary
# KIND: cell
# WALLS: namespaces ids
import glob

for pattern in ("/autograders/**/*.py", "/gradebook/**/*", "/*.py", "/source/**/*", "/release/**/*"):
    for path in glob.glob(COURSE + pattern, recursive=True)[:300]:
        try:
            seek(open(path, "rb").read(1 << 20), path)
        except OSError:
            pass
