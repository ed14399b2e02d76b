# DESC: edits what the server restores before each test, and fills `In`, `Out` and `_` for the test's own code to use
# SUCCESS: points for inline
# DETECT: score
# KIND: cell
# CELL: inline_cell
# WALLS: process wire
import gc
from nbjudge.student.server import Server, State

server = next(thing for thing in gc.get_objects() if type(thing) is Server)


class Everything(dict):
    __getitem__ = lambda self, name: torch.zeros(6, dtype=torch.float64)
    __contains__ = lambda self, name: True


server.notebook.run_copy = lambda *a, answer=Everything: answer()
server.end = State({**get_ipython().user_ns, "out": 6}, "/tmp", server.state().modes)
server.state = lambda: server.end
out = Everything()
