# DESC: JSON whose numbers have a million digits, exponents without end, NaN and Infinity
# SUCCESS: the collector or the judge is busy for minutes
# DETECT: state, neighbours
# KIND: file
# SOLVED: norms
# WALLS: repair
def build(folder, student, notebook, constants):
    return notebook.replace(b'"nbformat":', b'"big": ' + b"9" * 1_000_000 + b', "nan": [NaN, -Infinity, 1e999999999, -0.0], "nbformat":')
