# DESC: an inline cell that assigns 200,000 names, some of them no identifiers
# SUCCESS: a judge that is busy or dies
# DETECT: status, state
# KIND: cell
# CELL: inline_cell
# SOLVED: others
# STATUS: failed error not_found crashed
# WALLS: wire judge
class Names(dict):
    pass


for i in range(200_000):
    globals()[f"name{i}"] = i
globals().update({"": 1, "a b": 2, "\x1b[31m": 3, "x" * 100_000: 4})
out = 0
