# DESC: a patched server claims megabytes of output and of error text for every cell
# SUCCESS: a result of tens of megabytes, or a judge without memory
# DETECT: size of result, state
# KIND: cell
# WALLS: judge wire
import gc
from nbjudge.student.server import Server

text = "x" * (4_000_000)
for thing in gc.get_objects():
    if type(thing) is Server:
        thing.requests["load"] = lambda *a: (text[:900_000], [(n, False, ("K", "ValueError", text[:60_000], False, [("cell 3", 1, "f" * 1000)] * 3)) for n in range(40)], [(n, n) for n in range(50)])
# --- check ---
def check(outcome):
    import json

    assert len(json.dumps(outcome.result)) < 3_000_000
