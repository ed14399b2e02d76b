# DESC: hundreds of blank lines, and spaces, stand before the part of an answer that a TA should not see
# SUCCESS: the code is in the notebook for formgrader, and nobody scrolls there
# DETECT: length of the lines and number of the blank ones in the shown cell
# KIND: notebook
# SOLVED: others
# WALLS: sanitise
def transform(nb):
    for cell in nb["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "double_function":
            cell["source"] = "def double(x):\n    return 0" + "\n" * 900 + "hidden = 1" + " " * 900 + "; further = 2" + "\u3000" * 900 + "# end"
    return nb
# --- check ---
def check(outcome):
    import json

    (source,) = ["".join(cell["source"]) for cell in json.loads(outcome.notebook)["cells"] if cell["metadata"].get("nbgrader", {}).get("grade_id") == "double_function"]
    assert "hidden = 1" in source and "further = 2" in source and source.count("\n") < 30 and max(map(len, source.split("\n"))) < 100
