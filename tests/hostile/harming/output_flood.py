# DESC: prints 200 MB, in one piece, in many lines, and past sys.stdout
# SUCCESS: results, pages or the judge's memory grow by it
# DETECT: size of result and page
# KIND: cell
# SOLVED: others
# WALLS: judge
import os, sys

for _ in range(40):
    print("x" * 5_000_000)
for stream in (sys.__stdout__, sys.__stderr__):
    try:
        stream.write("y" * 1_000_000)
    except (OSError, AttributeError):
        pass
for fd in (1, 2):
    try:
        os.write(fd, b"z" * 1_000_000)
    except OSError:
        pass
# --- check ---
def check(outcome):
    assert max(len(cell["output"]) for cell in outcome.result["cells"]) <= 70_000
    assert len(outcome.page) < 300_000
