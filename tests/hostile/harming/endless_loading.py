# DESC: a cell that never ends while the notebook is loaded
# SUCCESS: the batch waits, or other exercises are not graded
# DETECT: score, state
# KIND: cell
# SOLVED: others
# STATUS: not_found
# WALLS: judge
while True:
    pass
