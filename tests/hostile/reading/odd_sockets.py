# DESC: raw, packet, netlink, vsock, crypto, bluetooth, CAN and every other address family
# SUCCESS: a socket that is not AF_UNIX
# DETECT: word
# KIND: cell
# WALLS: seccomp namespaces ids
import ctypes, socket

libc = ctypes.CDLL(None, use_errno=True)
for family in range(0, 64):
    for kind in (1, 2, 3, 4, 5, 10):
        if family != 1 and libc.socket(family, kind, 0) != -1:
            won(f"family {family} kind {kind}")
        pair = (ctypes.c_int * 2)()
        if family != 1 and libc.socketpair(family, kind, 0, pair) != -1:
            won(f"pair {family} kind {kind}")
