# DESC: searches all readable memory of the process, byte by byte: what the fork server once held and freed is there, too
# SUCCESS: a canary
# DETECT: canary
# KIND: cell
# WALLS: process namespaces
import re, time

needle = bytes(PREFIX, "ascii")
found, deadline, size = set(), time.monotonic() + 1.2, 0
with open("/proc/self/mem", "rb", 0) as memory:
    for line in open("/proc/self/maps"):
        start, end = (int(part, 16) for part in line.split()[0].split("-"))
        private = ".so" not in line and "site-packages" not in line
        if time.monotonic() < deadline and " r" in line and "[v" not in line and private and end - start < 1 << 28:
            try:
                memory.seek(start)
                data = memory.read(end - start)
                size += len(data)
            except (OSError, ValueError, MemoryError, OverflowError):
                continue
            found.update(re.findall(needle + rb"[A-Z]+-[0-9a-f]{16}", data))
for text in found:
    seek(text, "memory")
print("searched", size >> 20, "MB")
# --- check ---
def check(outcome):
    # In a container there is no /proc/self/mem to search.
    assert "searched" in outcome.outputs() or "/proc/self/mem" in outcome.outputs(), outcome.outputs()[:300]
