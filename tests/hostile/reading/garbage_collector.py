# DESC: searches every object that the garbage collector knows, frozen ones too, and what they refer to
# SUCCESS: a canary
# DETECT: canary
# KIND: cell
# WALLS: process namespaces
import gc, time

gc.unfreeze()
seen, deadline = set(), time.monotonic() + 1.2
for thing in reversed(gc.get_objects()):
    if time.monotonic() > deadline:
        break
    for part in (thing, *gc.get_referents(thing)) if type(thing) in (dict, list, tuple, set) else (thing,):
        if type(part) in (str, bytes, bytearray) and id(part) not in seen:
            seen.add(id(part))
            seek(part, "an object")
print(len(seen), "texts")
