# DESC: returns 270,000 plain objects for each call, so that the list of handles to let go of outgrows a message
# SUCCESS: the test ends as the author's, or expects an error and takes the wire's own for it
# DETECT: score, statuses
# KIND: cell
# CELL: greet_function
# SOLVED: others
# STATUS: failed error memory crashed
# WALLS: wire judge
def greet(name):
    thing = type("o", (), {})
    things = [thing() for _ in range(270_000 // 7)]
    return [list(things) for _ in range(7)]
