# DESC: the answer to `load` holds a number, a handle and None where the output must be
# SUCCESS: the submission is never graded
# DETECT: state
# KIND: cell
# SCORES: any
# WALLS: wire judge
import gc, random
from nbjudge.student.server import Server

server = next(thing for thing in gc.get_objects() if type(thing) is Server)
good = ("K", "ValueError", "m", False, [])
answers = [
    (3, [], []), (object(), [], []), None, ("x",), ("x", []), ["x", [], []], ("x", (), ()), ("x", [()], []), ("x", [(1, good)], []),
    ("x", [("1", False, good)], []), ("x", [(1, 0, good)], []), ("x", [(1, False, list(good))], []), ("x", [], [1]), ("x", [], [(1, "2")]),
    ("x", [(1, False, good)] * 101, []), ("x", [], [(1, 2)] * 101),
]
server.requests["load"] = lambda *a: random.choice(answers)
# --- check ---
def check(outcome):
    assert "crashed" in [cell["status"] for cell in outcome.result["cells"]]
    assert not any(value for name, value in outcome.scores.items())
