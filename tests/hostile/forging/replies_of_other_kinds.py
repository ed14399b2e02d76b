# DESC: replies ("passed", 1.0), ("credit", 1), ("ok", 1, 2), ["ok", 6] and other kinds that the judge has not
# SUCCESS: points for double
# DETECT: score
# KIND: cell
# STATUS: crashed
# WALLS: wire judge
import itertools
from nbjudge import wire
from nbjudge.student.server import Server

kinds = itertools.cycle([("passed", 1.0), ("credit", 1.0), ("ok",), ("ok", 1, 2), ["ok", 6], {"ok": 6}, None, ("error",), ("missing", 6)])
real = Server.answer


def answer(self, packet):
    nonce = wire.nonce_of(packet)
    name, *_ = wire.decode(packet, self.arena, nonce, handle=lambda i, k: None, tensor=lambda t, o: t)
    return wire.encode(next(kinds), self.arena, nonce, self.hold) if name == "call_name" else real(self, packet)


Server.answer = answer
