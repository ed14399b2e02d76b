# DESC: claims, one after the other, to have raised the builtins whose constructors are odd (a patched describe)
# SUCCESS: the judge trips over a constructor: the tests are blamed, or the submission is never graded
# DETECT: status
# KIND: cell
# SOLVED: inline
# STATUS: error failed
# WALLS: wire judge
import itertools
from nbjudge.student.server import Server

names = itertools.cycle(
    ["ExceptionGroup", "BaseExceptionGroup", "UnicodeDecodeError", "UnicodeTranslateError", "StopAsyncIteration", "StopIteration", "OSError",
     "BlockingIOError", "SyntaxError", "ImportError", "SystemExit", "Warning", "type", "object", "__import__", "", "x" * 200, "AssertionError"]
)
Server.describe = lambda self, error: ("Kind", next(names), "message", False, [])


def double(x):
    if x == 3:
        raise ValueError
    return 0


raise ValueError
# --- check ---
def check(outcome):
    assert outcome.statuses("inline") == ["passed"]
