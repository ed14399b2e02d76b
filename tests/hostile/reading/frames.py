# DESC: walks all frames of the process, the fork server's too, for paths and secrets
# SUCCESS: a canary: in the tests, the environment or the course's path
# DETECT: canary
# KIND: cell
# WALLS: process namespaces
import sys

frame = sys._getframe()
while frame:
    for scope in (frame.f_locals, frame.f_globals):
        for name, value in list(scope.items()):
            try:
                seek(repr(value)[:100_000], f"{frame.f_code.co_name}.{name}")
            except Exception:
                pass
    frame = frame.f_back
