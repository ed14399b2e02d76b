# DESC: a dictionary of 100,000 integers that all have one hash, which costs whoever builds it minutes
# SUCCESS: the judge is busy until its deadline and the submission is never graded
# DETECT: state, status
# KIND: cell
# STATUS: crashed failed
# WALLS: wire


def double(x):
    return {i * (2**61 - 1): 0 for i in range(1, 2000)} if x == 3 else {float("nan"): 1, float("-nan"): 2}
