# DESC: added cells that each sleep at loading for as long as one cell may
# SUCCESS: minutes of the judge's time
# DETECT: state, time of the result
# KIND: notebook
# WALLS: judge
def transform(nb):
    for i in range(12):
        source = f"class C{i}:\n    import time\n    time.sleep(1.9)"
        nb["cells"].append({"cell_type": "code", "id": f"own-{i}", "metadata": {}, "source": source, "outputs": [], "execution_count": None})
    return nb
# --- check ---
def check(outcome):
    cut = [cell["status"] for cell in outcome.result["cells"] if cell["status"] in ("skipped", "timeout")]
    assert len(cut) > 2, "all of them ran"
