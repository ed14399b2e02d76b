# DESC: source that nests brackets, operators, attributes and lambdas 10,000 deep, for whoever parses it
# SUCCESS: the collector or the judge dies of a stack overflow
# DETECT: state, neighbours
# KIND: notebook
# WALLS: repair judge
def transform(nb):
    n = 10_000
    sources = ["(" * n, "-" * n + "1", "not " * n + "1", "a" + ".a" * n, "lambda:" * n + "1", "f" + "()" * n, "1" + "+1" * n,
               "[" * n + "]" * n, "x=" * n + "1", "if 1:\n" + "".join(" " * i + "if 1:\n" for i in range(1, 99)) + " " * 99 + "pass",
               "1" + "**1" * n, "a[" * n, "f'" + "{" * n, "def double(x):\n    return x" + " if x else x" * n, "await " * n,
               "*" * n, "'" + "\\N{" * n, "\t" * n + "x", "\\\n" * n, "@a\n" * n + "def f(): pass"]
    for i, source in enumerate(sources):
        nb["cells"].append({"cell_type": "code", "id": f"own-{i}", "metadata": {}, "source": source, "outputs": [], "execution_count": None})
    return nb
