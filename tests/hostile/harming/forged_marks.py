# DESC: points at another line of its cell each time before it ends the process, so that the cell is loaded again and again
# SUCCESS: minutes of the judge's time, or cells of other exercises left out
# DETECT: state, score, time of the result
# KIND: cell
# SOLVED: others
# WALLS: judge
import gc, mmap, os, random

for thing in gc.get_objects():
    if type(thing) is mmap.mmap and len(thing) > 1 << 26:
        thing[-8:] = random.choice((1, 2, 3, 5, 10**6, 2**64 - 1)).to_bytes(8, "little")
os._exit(1)
# --- check ---
def check(outcome):
    reports = outcome.result["cells"]
    assert [cell["status"] for cell in reports].count("crashed") == 1
