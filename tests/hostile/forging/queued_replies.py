# DESC: after each call it queues many more answers on the socket, with the nonce just used and with those after it
# SUCCESS: points for double, by an answer to a later call
# DETECT: score
# KIND: cell
# SCORES: any
# WALLS: wire
import gc, socket, os
from nbjudge import wire
from nbjudge.student.server import Server

server = next(thing for thing in gc.get_objects() if type(thing) is Server)
channel = socket.socket(fileno=os.dup(3))
real = Server.answer


def answer(self, packet):
    reply = real(self, packet)
    channel.send(reply)
    magic, length, total, nonce = wire.PACKET.unpack(reply)
    for step in range(1, 50):
        channel.send(wire.PACKET.pack(magic, length, total, (nonce + step) % 2**64), socket.MSG_DONTWAIT)
    return reply


def double(x):
    Server.answer = answer
    return 6
# --- check ---
def check(outcome):
    # 6 is the right answer to the first test; what was queued answers nothing
    assert (outcome.scores["double"] or 0) <= 1
    assert not any(outcome.scores[name] for name in ("norms", "train", "inline", "greet", "countdown"))
