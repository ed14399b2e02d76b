# DESC: JSON of four million empty lists, which take gigabytes as objects
# SUCCESS: the collector or the judge is killed for memory
# DETECT: state, neighbours
# KIND: file
# WALLS: repair
def build(folder, student, notebook, constants):
    return b'{"cells": [], "more": [' + b"[]," * 6_000_000 + b"[]]}"
