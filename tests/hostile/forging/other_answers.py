# DESC: looks for other students' notebooks and runs their answers
# SUCCESS: points for double
# DETECT: score, canary
# KIND: cell
# WALLS: process namespaces ids
import glob, json

for pattern in (COURSE + "/gradebook/**/*.ipynb", "/tmp/**/*.ipynb", "../**/*.ipynb", COURSE + "/../*.ipynb"):
    for path in glob.glob(pattern, recursive=True)[:500]:
        if path.startswith(COURSE):
            won(path)
        seek(open(path).read(), path)
