# DESC: five megabytes of text in a solution cell, more than the header of a message holds
# SUCCESS: the judge dies of its own transport, and the submission stays ungraded
# DETECT: state, score
# KIND: notebook
# SOLVED: double norms train inline greet countdown
# WALLS: wire
def transform(nb):
    for cell in nb["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "double_function":
            cell["source"] += "\n\nWEIGHTS = '" + "A" * 5_000_000 + "'\n"
    return nb
