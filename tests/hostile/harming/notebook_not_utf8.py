# DESC: NUL, lone surrogates, overlong and invalid UTF-8, a byte order mark in sources, ids and metadata
# SUCCESS: a file that stops the batch, or a database that can't be written
# DETECT: state, neighbours
# KIND: file
# SOLVED: norms
# WALLS: repair
def build(folder, student, notebook, constants):
    return b"\xef\xbb\xbf" + notebook.replace(b"# Hostile lab", b"\\u0000\\ud800 \xff\xfe\xc0\x80\xed\xa0\x80 \\udfff").replace(b"raise NotImplementedError", b"x = '\\u0000\\ud83d'\\n\x00raise NotImplementedError")
