# DESC: claims at loading to have raised a BaseExceptionGroup with a trace of forged frames
# SUCCESS: the judge trips over it: the submission is never graded
# DETECT: state
# KIND: cell
# SOLVED: norms train inline
# WALLS: wire judge
from nbjudge.student.server import Server

Server.describe = lambda self, error: ("K", "BaseExceptionGroup", "m", False, [("cell 3", 1, "f"), ("cell 3", -(2**62), "<module>"), (3, 3, 3), None])
raise ValueError
