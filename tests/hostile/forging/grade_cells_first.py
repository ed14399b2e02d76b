# DESC: every cell claims to be the grade cell of an exercise, worth a thousand points, passed already
# SUCCESS: points, or more points than there are
# DETECT: score
# KIND: notebook
# WALLS: repair process
def transform(nb):
    names = ["double", "norms", "train", "inline", "greet", "countdown"]
    for i, cell in enumerate(nb["cells"]):
        meta = {"grade_id": names[i % 6], "grade": True, "solution": False, "locked": False, "points": 1000, "schema_version": 3, "task": False, "score": 1000}
        cell["metadata"] = {"nbgrader": meta, "nbjudge": {"score": 1000, "passed": True}}
        cell["cell_type"] = "code"
        cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "1000"}]
    return nb
