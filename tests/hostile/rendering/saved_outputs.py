# DESC: outputs saved in the notebook that claim to be HTML, JavaScript, widgets, SVG, LaTeX and errors with escape codes
# SUCCESS: a live element in the notebook that formgrader renders
# DETECT: notebook
# KIND: notebook
# WALLS: sanitise
def transform(nb):
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    data = {kind: evil for kind in ("text/html", "application/javascript", "image/svg+xml", "text/latex", "text/markdown", "application/vnd.jupyter.widget-view+json", "application/pdf", "image/png", "application/vnd.plotly.v1+json")}
    outputs = [{"output_type": "display_data", "data": data, "metadata": {"isolated": False}},
               {"output_type": "execute_result", "execution_count": 1, "data": data, "metadata": {}},
               {"output_type": "error", "ename": evil, "evalue": evil, "traceback": ["\x1b[31m" + evil]},
               {"output_type": "stream", "name": evil, "text": evil}]
    for cell in nb["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = outputs
            cell["metadata"]["tags"] = ["skip-grading"]
    nb["metadata"]["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": {"x": evil}}}
    nb["metadata"]["language_info"] = {"name": evil, "pygments_lexer": evil}
    return nb
# --- check ---
def check(outcome):
    import json

    notebook = json.loads(outcome.notebook)
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            assert output["output_type"] in ("stream", "display_data")
            assert "<script" not in json.dumps(output.get("data", {}))
    assert "<script" not in json.dumps(notebook["metadata"])
