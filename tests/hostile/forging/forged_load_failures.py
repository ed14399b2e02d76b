# DESC: a patched server claims failures and lines left out in cells that are not its own to speak of: lines beyond 64 bits, below zero
# SUCCESS: a result or a page that cannot be made, or points
# DETECT: state, size of result
# KIND: cell
# SCORES: any
# WALLS: judge wire
import gc
from nbjudge.student.server import Server

server = next(thing for thing in gc.get_objects() if type(thing) is Server)
real = server.requests["load"]
LINES = (-1, 0, 10**6, 2**63 - 1, -(2**63), 2**200)


def load(*arguments):
    output, failures, left_out = real(*arguments)
    failures = [(line, line > 0, ("K", "ValueError", "<script>alert(1)</script>", False, [])) for line in LINES]
    return output, failures, [(line, cause) for line in LINES for cause in LINES]


server.requests["load"] = load
# --- check ---
def check(outcome):
    import json

    assert len(json.dumps(outcome.result)) < 1_000_000
