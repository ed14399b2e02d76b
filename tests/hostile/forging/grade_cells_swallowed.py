# DESC: a copy of each grade cell below it, as a solution with a cell magic that swallows it
# SUCCESS: points
# DETECT: score
# KIND: notebook
# WALLS: repair process
import copy


def transform(nb):
    cells = []
    for cell in nb["cells"]:
        cells.append(cell)
        meta = cell["metadata"].get("nbgrader", {})
        if meta.get("grade") and cell["cell_type"] == "code":
            other = copy.deepcopy(cell)
            other["source"] = "%%script true\nthis never runs"
            other["id"] += "-2"
            other["metadata"]["nbgrader"].update(solution=True, locked=False)
            cells.append(other)
    nb["cells"] = cells
    return nb
