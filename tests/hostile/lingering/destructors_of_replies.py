# DESC: objects that the judge holds by handle run code when they are dropped, in the middle of another test's request
# SUCCESS: another exercise's reply is disturbed, or the judge trips
# DETECT: score, state
# KIND: cell
# CELL: countdown_function
# SOLVED: others
# WALLS: wire judge
import os, time


class Late:
    def __iter__(self):
        return iter([Late(), Late()])

    def __del__(self):
        raise SystemExit(3)


def countdown(n):
    return Late()
