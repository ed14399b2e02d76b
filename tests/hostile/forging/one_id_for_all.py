# DESC: all cells have one cell id and one grade_id
# SUCCESS: points, or a batch that stops
# DETECT: score, state
# KIND: notebook
# WALLS: repair
def transform(nb):
    for cell in nb["cells"]:
        cell["id"] = "c-double"
        if "nbgrader" in cell["metadata"]:
            cell["metadata"]["nbgrader"]["grade_id"] = "double_function"
    return nb
