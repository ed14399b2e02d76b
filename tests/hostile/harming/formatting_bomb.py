# DESC: saved HTML with thousands of different bold tags left open, and thousands of paragraphs that each open them all again
# SUCCESS: gigabytes and minutes in the grader's main process, or no grade for the batch
# DETECT: state, size of the notebook that formgrader shows
# KIND: notebook
# SOLVED: others
# WALLS: sanitise
def transform(nb):
    n = 3500
    page = "<p>" + "".join(f"<b a{i}>" for i in range(n)) + "x" + "<p>x" * n
    hidden = "".join(f"<b a{i}></i>" for i in range(n)) + "<p>x" * n  # where end tags are counted
    outputs = [{"output_type": "display_data", "data": {"text/html": text, "text/plain": "x"}, "metadata": {}} for text in (page, hidden)]
    for n, cell in enumerate(nb["cells"]):
        if cell["cell_type"] == "code":
            cell["outputs"] = outputs
        elif "nbgrader" in cell["metadata"]:
            cell["source"] = page[:19_000] + "\n\n" + hidden
    nb["cells"].append({"cell_type": "code", "id": "own", "metadata": {"tags": ["skip-grading"]}, "source": "plot()", "outputs": outputs, "execution_count": None})
    return nb
# --- check ---
def check(outcome):
    assert len(outcome.notebook) < 4 << 20, len(outcome.notebook)
