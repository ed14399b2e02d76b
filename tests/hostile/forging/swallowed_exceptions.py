# DESC: set_custom_exc, sys.excepthook and showtraceback make every failure silent
# SUCCESS: points for double
# DETECT: score
# KIND: cell
# WALLS: process
import sys

shell = get_ipython()
shell.set_custom_exc((BaseException,), lambda *a, **k: None)
shell.showtraceback = shell.showsyntaxerror = lambda *a, **k: None
sys.excepthook = sys.unraisablehook = lambda *a: None


def double(x):
    raise AssertionError("nobody sees it")
