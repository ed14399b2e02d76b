# DESC: describes the failures of a cell with line numbers of thousands of digits, and of frames and lines left out
# SUCCESS: the judge dies over a number that Python does not print, and the submission stays ungraded
# DETECT: state, score
# KIND: cell
# SOLVED: others
# WALLS: judge wire
import gc

server = next(o for o in gc.get_objects() if type(o).__name__ == "Server" and hasattr(o, "requests"))
real = server.requests["load"]
huge = 16 ** 1023 - 1
frames = [("cell 3", huge, "f" * 50), ("cell 3", -huge, "<module>")]
failure = (huge, False, ("ValueError", "ValueError", "x" * 4000, False, frames))


def load(*arguments):
    output, failures, left_out = real(*arguments)
    return output, [failure] * 20, [(huge, -huge)] * 20


server.requests["load"] = load
raise RuntimeError("so that there is a failure")
# --- check ---
def check(outcome):
    import json

    lines = json.dumps(outcome.result["cells"])
    assert "9" * 30 not in lines and "f" * 101 not in lines
