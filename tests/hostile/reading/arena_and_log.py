# DESC: reads the arena and the log as they were before its first cell, and beyond what was written
# SUCCESS: bytes of the judge's or of an earlier submission
# DETECT: canary, word
# KIND: cell
# WALLS: process wire
import mmap, os

for fd in (2, 4):
    size = os.fstat(fd).st_size
    with mmap.mmap(fd, size) as memory:
        seek(memory[: 4 << 20], f"fd {fd}")
        for needle in (b"def test_", b"left-by", b"assert "):
            at = memory.find(needle)
            own = memory[: 1 << 16].find(b"own marker: arena_and_log")  # the request that carried this cell
            if at >= 1 << 16:
                won(f"{needle} at {at} of {fd}")
