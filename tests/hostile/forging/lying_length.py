# DESC: handles whose len() is negative, enormous, no number or raises, and whose items never end
# SUCCESS: a judge that hangs, or points for countdown
# DETECT: score, state
# KIND: cell
# CELL: countdown_function
# STATUS: error failed timeout
# WALLS: judge


class Long:
    def __len__(self):
        return 2**62

    def __getitem__(self, i):
        return 4 - i % 4


def countdown(n):
    return Long()
