# DESC: asks the judge's socket for credentials, pidfd, security label, and for descriptors that come along
# SUCCESS: a descriptor or a process of the judge's
# DETECT: word
# KIND: cell
# WALLS: process namespaces seccomp
import array, os, socket, struct

channel = socket.socket(fileno=os.dup(3))
pid = struct.unpack("iII", channel.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
if pid not in (0, 1):
    try:
        os.kill(pid, 0)
        won(f"peer {pid}")
    except OSError:
        pass
try:
    fd = channel.getsockopt(socket.SOL_SOCKET, 77)  # SO_PEERPIDFD
    import signal

    signal.pidfd_send_signal(fd, 0)
    won("pidfd of the judge")
except OSError:
    pass
try:
    data, more, flags, _ = channel.recvmsg(64, 1024, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    if more:
        won(f"ancillary data {more}")
except OSError:
    pass
seek(repr((channel.getsockname(), channel.getpeername())), "names")
