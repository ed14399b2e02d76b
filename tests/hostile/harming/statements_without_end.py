# DESC: cells of the student's own with half a million statements, for whoever looks which of them are needed
# SUCCESS: minutes of the judge before it runs anything, and no result
# DETECT: state, seconds of the result
# KIND: notebook
# SCORES: any
# WALLS: judge
def transform(nb):
    for n in range(10):
        source = "\n".join(f"{i}" for i in range(30_000))
        nb["cells"].insert(2, {"cell_type": "code", "id": f"own-{n}", "metadata": {}, "source": source, "outputs": [], "execution_count": None})
    return nb
# --- check ---
def check(outcome):
    assert outcome.result["seconds"] < 60
