# DESC: connects to an abstract socket of the machine
# SUCCESS: the listener hears of it
# DETECT: listener
# KIND: cell
# WALLS: namespaces landlock
import socket

try:
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(0.5)
    s.connect("\0" + ABSTRACT)
    s.send(NAME.encode())
except OSError as error:
    print(error)
