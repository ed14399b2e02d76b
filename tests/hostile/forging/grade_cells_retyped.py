# DESC: turns the grade cells into Markdown and raw cells
# SUCCESS: points
# DETECT: score
# KIND: notebook
# WALLS: repair process
def transform(nb):
    for i, cell in enumerate(nb["cells"]):
        if cell["metadata"].get("nbgrader", {}).get("grade") and cell["cell_type"] == "code":
            cell["cell_type"] = "markdown" if i % 2 else "raw"
            cell.pop("outputs"), cell.pop("execution_count")
    return nb
