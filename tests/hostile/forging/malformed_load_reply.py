# DESC: the answer to `load` is well formed on the wire, but its description of the error is not one
# SUCCESS: the submission is never graded
# DETECT: state
# KIND: cell
# SOLVED: inline
# WALLS: wire judge
from nbjudge.student.server import Server

real = Server.load


def load(self, label, *rest):
    real(self, label, *rest)
    return ("output", ("not", "a", "description"))


import gc

for thing in gc.get_objects():
    if type(thing) is Server:
        thing.requests["load"] = lambda *a: load(thing, *a)
# --- check ---
def check(outcome):
    assert outcome.state == "graded"
