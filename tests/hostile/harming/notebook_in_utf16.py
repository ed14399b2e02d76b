# DESC: the notebook in UTF-16 and UTF-32, with a lying byte order mark
# SUCCESS: a file that stops the batch
# DETECT: state, neighbours
# KIND: file
# WALLS: repair
def build(folder, student, notebook, constants):
    return b"\xff\xfe" + notebook.decode().encode("utf-32-le")
