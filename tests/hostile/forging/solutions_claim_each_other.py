# DESC: one solved exercise's cell claims the ids of all the others
# SUCCESS: points for more than the solved exercise
# DETECT: score
# KIND: notebook
# SCORES: any
# WALLS: repair judge
import copy


def transform(nb):
    solved = next(c for c in nb["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == "double_function")
    solved["source"] = "def double(x):\n    return x * 2\n"
    for i, cell in enumerate(list(nb["cells"])):
        if cell["metadata"].get("nbgrader", {}).get("solution"):
            other = copy.deepcopy(solved)
            other["metadata"]["nbgrader"]["grade_id"] = cell["metadata"]["nbgrader"]["grade_id"]
            other["id"] = cell["id"]
            nb["cells"].append(other)
    return nb
# --- check ---
def check(outcome):
    assert outcome.scores["double"] in (0, 2)
    assert [name for name in ("norms", "train", "inline", "greet", "countdown") if outcome.scores[name]] == []
