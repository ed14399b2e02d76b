# DESC: the answer to `load` holds a number, a handle and None where the output must be
# SUCCESS: the submission is never graded
# DETECT: state
# KIND: cell
# SCORES: any
# WALLS: wire judge
import gc, itertools
from nbjudge.student.server import Server

answers = itertools.cycle([(3, None), (object(), None), None, ("x",), ("x", ()), ["x", None], ("x", ("a", "b", "c", False, [], 1))])
for thing in gc.get_objects():
    if type(thing) is Server:
        thing.requests["load"] = lambda *a: next(answers)
