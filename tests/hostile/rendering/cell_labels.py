# DESC: names of cells, cell ids and grade_ids that are markup, paths and control characters
# SUCCESS: markup in the page, or a file elsewhere
# DETECT: page, leftover
# KIND: notebook
# WALLS: sanitise repair
def transform(nb):
    for i, cell in enumerate(list(nb["cells"])):
        if cell["cell_type"] == "code":
            own = {"cell_type": "code", "id": f"<script>{i}</script>/../../left-by-cell_labels", "metadata": {"nbgrader": {"grade_id": "<img src=x onerror=alert(1)>\x1b[31m", "solution": True, "grade": False, "schema_version": 3, "locked": False, "task": False}},
                   "source": f"class C{i}:\n    raise ValueError('<b>')", "outputs": [], "execution_count": None}
            nb["cells"].append(own)
    return nb
# --- check ---
def check(outcome):
    assert "<script>" not in outcome.page and "<img" not in outcome.page and "\x1b" not in outcome.page
