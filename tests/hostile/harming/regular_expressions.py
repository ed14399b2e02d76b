# DESC: a line of 300,000 spaces, of word characters, of question marks, for patterns that backtrack
# SUCCESS: collecting or judging takes minutes
# DETECT: state
# KIND: notebook
# WALLS: repair
def transform(nb):
    for i, source in enumerate([" " * 300_000, "a" * 300_000 + "!", "a = " * 60_000, "?" * 300_000, "\n" * 300_000, "%%time\n" * 40_000, "```\n" * 60_000 + "x", "a " * 150_000 + "="]):
        for kind in ("code", "markdown"):
            cell = {"cell_type": kind, "id": f"own-{kind}-{i}", "metadata": {}, "source": source}
            nb["cells"].append(cell | ({"outputs": [], "execution_count": None} if kind == "code" else {}))
    return nb
