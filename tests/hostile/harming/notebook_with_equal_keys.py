# DESC: JSON in which each key stands twice: one reader sees the first cells, another the last
# SUCCESS: points for an exercise that only one reader sees; a batch that stops
# DETECT: score, state
# KIND: file
# WALLS: repair
def build(folder, student, notebook, constants):
    return b'{"cells": [], "nbformat": 4, "metadata": {"nbjudge": {}}, ' + notebook[1:-1] + b', "nbformat": 99, "metadata": []}'
