# DESC: answers with handles that nobody gave: of the server, of an earlier test, negative and enormous
# SUCCESS: points for countdown, or a judge that dies
# DETECT: score, state
# KIND: cell
# CELL: countdown_function
# STATUS: crashed failed error
# WALLS: wire judge
from nbjudge import wire


class Someone:
    pass


def put(writer, value):
    if type(value) is Someone:
        writer.tokens += (wire.format.HANDLE, value.id, "list")
        return True
    return False


wire.writer._put_numpy = put
ids = iter([-1, 2**62, 10**9, 1, 0])


def countdown(n):
    made = Someone()
    made.id = next(ids, 1)
    return made
