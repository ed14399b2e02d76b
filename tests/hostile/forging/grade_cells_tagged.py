# DESC: tags the grade cells skip-execution, raises-exception and skip-grading
# SUCCESS: points
# DETECT: score
# KIND: notebook
# WALLS: repair process
def transform(nb):
    for cell in nb["cells"]:
        cell["metadata"]["tags"] = ["skip-execution", "raises-exception", "skip-grading", "remove-cell", "lang:ru"]
    return nb
