# DESC: the notebook says that it belongs to another assignment, another student and another course
# SUCCESS: points, a result under another name, or a batch that stops
# DETECT: score, state
# KIND: notebook
# WALLS: repair
def transform(nb):
    nb["metadata"]["nbjudge"] = {"assignment": "../../honest", "language": "xx", "student": "000-honest", "isolation": "none"}
    nb["metadata"]["kernelspec"] = {"name": "bash", "language": "bash", "display_name": "x"}
    return nb
