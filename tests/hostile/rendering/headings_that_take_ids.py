# DESC: Markdown headings in quotes, lists and definitions, drawings and formulas, each with the id of an exercise's score box
# SUCCESS: formgrader finds the student's element where it looks for the box, and a TA's points are lost or go elsewhere
# DETECT: no Markdown of the student's is left in the notebook for formgrader, and no id
# KIND: notebook
# SOLVED: others
# WALLS: sanitise
def transform(nb):
    text = "> # double\n\n- # norms\n\n1. # train\n\n> essay\n> =====\n\n$\\cssId{greet}{x}$\n\n<b id=inline>x</b>"
    drawing = '<svg xmlns="http://www.w3.org/2000/svg"><g id="essay"/></svg>'
    data = {"text/markdown": text, "image/svg+xml": drawing}
    for cell in nb["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "essay":
            cell["source"] = text
    nb["cells"].insert(0, {"cell_type": "markdown", "id": "own", "metadata": {}, "source": text})
    nb["cells"].append({"cell_type": "code", "id": "own-2", "metadata": {}, "source": "x = 1", "execution_count": None, "outputs": [{"output_type": "display_data", "data": data, "metadata": {}}]})
    return nb
# --- check ---
def check(outcome):
    import json, re

    cells = json.loads(outcome.notebook)["cells"]
    for cell in cells:
        source = "".join(cell["source"])
        if cell["id"].startswith("added-") and cell["cell_type"] == "markdown" or cell["metadata"].get("nbgrader", {}).get("grade_id") == "essay":
            assert source.startswith("<div>") and "\n" not in source, source
        assert not re.search(r"\bid=|\\cssId|&#92;cssId", source), source
