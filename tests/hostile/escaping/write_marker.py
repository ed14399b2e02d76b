# DESC: writes a file at a path of the host that it knows, by open, link, rename and mkdir
# SUCCESS: the file stands outside the jail
# DETECT: marker, word
# KIND: cell
# WALLS: namespaces landlock ids
import os

try:
    open(f"{MARKER}/{NAME}", "w").write(NAME)
    won(MARKER)
except OSError as error:
    print(error)
open("own", "w").close()
for call, arguments in ((os.link, ("own", f"{MARKER}/{NAME}")), (os.rename, ("own", f"{MARKER}/{NAME}")), (os.mkdir, (f"{MARKER}/{NAME}",)), (os.symlink, ("/", f"{MARKER}/{NAME}"))):
    try:
        call(*arguments)
        won(call)
    except OSError:
        pass
