# DESC: a TCP connection and a datagram to listeners on the machine's loopback
# SUCCESS: the listener hears of it
# DETECT: listener
# KIND: cell
# WALLS: namespaces seccomp
import socket

for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"), (socket.AF_INET, "0.0.0.0")):
        try:
            s = socket.socket(family, kind)
            s.settimeout(0.5)
            s.connect((address, PORT))
            s.send(NAME.encode())
        except OSError as error:
            print(error)
