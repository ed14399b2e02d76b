# DESC: an exception whose message is megabytes, whose str() raises, whose traceback has 100,000 frames
# SUCCESS: results or pages grow by it, or the judge dies
# DETECT: size of result, status
# KIND: cell
# SOLVED: others
# STATUS: error memory crashed
# WALLS: wire judge
import sys


class Odd(Exception):
    def __str__(self):
        raise RuntimeError("no message")


Odd.__name__ = "<script>alert(1)</script>" * 1000


def deeper(n):
    if n == 0:
        raise ValueError("x" * 3_000_000)
    deeper(n - 1)


def double(x):
    if x == 3:
        sys.setrecursionlimit(20_000)
        deeper(5_000)
    raise Odd
# --- check ---
def check(outcome):
    assert all(len(str(test["message"])) < 10_000 and len(str(test["trace"])) < 10_000 for test in outcome.result["tests"])
