# DESC: returns a text of 20,000 short lines, which pytest compares line by line, in cubic time
# SUCCESS: the judge is busy until it is given up: no grade
# DETECT: state, status
# KIND: cell
# CELL: greet_function
# SOLVED: others
# STATUS: failed timeout
# WALLS: judge


def greet(name):
    if not name:
        raise ValueError("empty")
    return "\n".join(f"Hello, {name} {i * 7919 % 1000}! " * 3 for i in range(400))
