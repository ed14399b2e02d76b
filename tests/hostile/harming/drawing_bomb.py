# DESC: saved drawings of 7 MB, each of more than a million empty groups, in every text as attachments and in an answer
# SUCCESS: the batch waits for a minute
# DETECT: state, what the notebook for formgrader says of them
# KIND: notebook
# SOLVED: others
# WALLS: sanitise
def transform(nb):
    svg = '<svg xmlns="http://www.w3.org/2000/svg">' + "<g/>" * 1_700_000 + "</svg>"
    for cell in nb["cells"]:
        if cell["cell_type"] == "markdown" and "nbgrader" in cell["metadata"]:
            cell["source"] = "".join(f"![x](attachment:{n})\n" for n in range(3))
            cell["attachments"] = {str(n): {"image/svg+xml": svg} for n in range(3)}
    return nb
# --- check ---
def check(outcome):
    assert "cannot be shown" in outcome.notebook and "<g" not in outcome.notebook
