# DESC: raises through the server and reads the frames of its traceback, and asks faulthandler for all threads
# SUCCESS: a canary
# DETECT: canary
# KIND: cell
# WALLS: process namespaces
import faulthandler, sys, traceback

with open("dump", "w+") as file:
    faulthandler.dump_traceback(file)
    file.seek(0)
    seek(file.read(), "faulthandler")
for frame in sys._current_frames().values():
    for entry in traceback.walk_stack(frame):
        seek(repr(entry[0].f_locals)[:50_000], entry[0].f_code.co_filename)
        seek(entry[0].f_code.co_filename, "file name")
