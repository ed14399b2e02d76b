# DESC: hundreds of added cells whose class bodies print as much as one cell may
# SUCCESS: a result of tens of megabytes
# DETECT: size of result and page
# KIND: notebook
# WALLS: judge
def transform(nb):
    for i in range(150):
        source = f"class C{i}:\n    print('x' * 65_000)"
        nb["cells"].append({"cell_type": "code", "id": f"own-{i}", "metadata": {}, "source": source, "outputs": [], "execution_count": None})
    return nb
# --- check ---
def check(outcome):
    import json

    assert len(json.dumps(outcome.result)) < 2_000_000, f"{len(json.dumps(outcome.result)):,} characters"
    assert len(outcome.page) < 2_000_000 and len(outcome.notebook) < 5_000_000
