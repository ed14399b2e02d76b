# DESC: JSON nested 100,000 levels deep
# SUCCESS: the collector or the judge dies
# DETECT: state, neighbours
# KIND: file
# WALLS: repair
def build(folder, student, notebook, constants):
    return b'{"cells": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
