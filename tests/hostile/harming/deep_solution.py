# DESC: a solution cell itself is 50,000 operators deep
# SUCCESS: the judge dies, or never grades it
# DETECT: state
# KIND: notebook
# SOLVED: norms
# WALLS: repair judge
def transform(nb):
    for cell in nb["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "double_function":
            cell["source"] = "def double(x):\n    return x" + "+x" * 50_000
    return nb
