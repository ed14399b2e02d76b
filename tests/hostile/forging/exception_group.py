# DESC: raises an ExceptionGroup, whose constructor differs from every other builtin exception's
# SUCCESS: the judge trips over it: the tests are blamed, or the submission is never graded
# DETECT: status
# KIND: cell
# STATUS: error
# WALLS: judge


def double(x):
    raise ExceptionGroup("several", [ValueError("one"), AssertionError("two")])


raise ExceptionGroup("while loading", [ValueError("one")])
