# DESC: objects that the judge drops kill the process when the next test begins
# SUCCESS: another exercise loses points
# DETECT: score
# KIND: cell
# CELL: double_function
# SOLVED: others
# WALLS: judge
import os


class Late:
    def __del__(self):
        os._exit(0)


def double(x):
    return Late()
