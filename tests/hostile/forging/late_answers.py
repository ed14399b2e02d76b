# DESC: a thread goes on answering after the call returned: it takes the requests off the socket before the server does
# SUCCESS: points for double; another exercise's request answered wrongly costs points only in this notebook
# DETECT: score
# KIND: cell
# SCORES: any
# WALLS: wire
import gc, os, socket, threading
from nbjudge import wire
from nbjudge.student.server import Server

server = next(thing for thing in gc.get_objects() if type(thing) is Server)


def serve():
    channel = socket.socket(fileno=os.dup(3))
    while True:
        packet = channel.recv(64)
        channel.send(wire.encode(("ok", 6), server.arena, wire.nonce_of(packet), server.hold))


def double(x):
    threading.Thread(target=serve, daemon=True).start()
    return 6
# --- check ---
def check(outcome):
    # 6 is the right answer to the first test, and to nothing else
    assert (outcome.scores["double"] or 0) <= 1
    assert [score for name, score in outcome.scores.items() if name not in ("double", "essay") and score] == []
