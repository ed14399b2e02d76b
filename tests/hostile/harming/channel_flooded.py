# DESC: fills the channel with packets, never reads a request, half closes it
# SUCCESS: the judge blocks on its own send
# DETECT: status
# KIND: cell
# SOLVED: others
# STATUS: crashed
# WALLS: wire judge
import os, socket


def double(x):
    channel = socket.socket(fileno=os.dup(3))
    channel.setblocking(False)
    for size in (24, 0, 1, 60_000):
        try:
            while True:
                channel.send(b"NBJ1" + bytes(size))
        except OSError:
            pass
    channel.shutdown(socket.SHUT_RD)
    return 6
