# DESC: the answer to `load` holds a number, a handle and None where the output must be
# SUCCESS: the submission is never graded
# DETECT: state
# KIND: cell
# SCORES: any
# WALLS: wire judge
import gc, random
from nbjudge.student.server import Server

server = next(thing for thing in gc.get_objects() if type(thing) is Server)
answers = [(3, None), (object(), None), None, ("x",), ("x", ()), ["x", None], ("x", ("a", "b", "c", False, [], 1)), ("x", ("a", "b", "c", 1, []))]
server.requests["load"] = lambda *a: random.choice(answers)
# --- check ---
def check(outcome):
    assert "crashed" in [cell["status"] for cell in outcome.result["cells"]]
    assert not any(value for name, value in outcome.scores.items())
