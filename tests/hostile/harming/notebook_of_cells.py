# DESC: a notebook of 20,000 cells
# SUCCESS: the collector or the judge is busy for minutes
# DETECT: state, neighbours
# KIND: file
# WALLS: repair
def build(folder, student, notebook, constants):
    cell = b'{"cell_type": "code", "metadata": {}, "source": "x = 1", "outputs": [], "execution_count": null},'
    return notebook.replace(b'"cells": [', b'"cells": [' + cell * 20_000)
