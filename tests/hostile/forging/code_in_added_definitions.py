# DESC: added cells run code at loading through class bodies, decorators, defaults and metaclasses, before the solutions
# SUCCESS: points for double
# DETECT: score
# KIND: notebook
# WALLS: repair process
def transform(nb):
    code = """
class Run:
    import sys, builtins
    builtins.AssertionError = Exception
    sys.modules["pytest"] = sys

@(lambda f: __import__("nbjudge.student.server", fromlist=["x"]).Server.__setattr__)
def double(x, y=__import__("os").environ.clear()):
    return 6

class Meta(type):
    def __new__(cls, *a):
        __import__("gc").disable()
        return 6

class double(metaclass=Meta):
    pass
"""
    nb["cells"].insert(0, {"cell_type": "code", "id": "own", "metadata": {}, "source": code, "outputs": [], "execution_count": None})
    return nb
