# DESC: searches all readable memory of the process, byte by byte: what the fork server once held and freed is there, too
# SUCCESS: a canary
# DETECT: canary
# KIND: cell
# SLOW: half a second
# WALLS: process namespaces
import re

needle = bytes(PREFIX, "ascii")
here = id(needle)
found = set()
with open("/proc/self/mem", "rb", 0) as memory:
    for line in open("/proc/self/maps"):
        start, end = (int(part, 16) for part in line.split()[0].split("-"))
        private = ".so" not in line and "site-packages" not in line
        if " r" in line and "[v" not in line and private and end - start < 1 << 28:
            try:
                memory.seek(start)
                data = memory.read(end - start)
            except (OSError, ValueError, MemoryError, OverflowError):
                continue
            found.update(re.findall(needle + rb"[A-Z]+-[0-9a-f]{16}", data))
for text in found:
    seek(text, "memory")
print("searched")
# --- check ---
def check(outcome):
    assert "searched" in outcome.outputs(), outcome.outputs()[:300]
