# DESC: the answer to `load` is well formed on the wire, but its description of the error is not one
# SUCCESS: the submission is never graded
# DETECT: state
# KIND: cell
# WALLS: wire judge
import gc
from nbjudge.student.server import Server

server = next(thing for thing in gc.get_objects() if type(thing) is Server)
real = server.requests["load"]


def load(*arguments):
    real(*arguments)
    return ("output", [(1, False, ("not", "a", "description"))], [])


server.requests["load"] = load
# --- check ---
def check(outcome):
    assert "crashed" in [cell["status"] for cell in outcome.result["cells"]]
