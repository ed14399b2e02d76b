# DESC: writes shared memory and then drops it from its page tables: it stays allocated, and no resident size shows it
# SUCCESS: more than two gigabytes of it, with a limit of 384 MB and of 48 processes
# DETECT: word
# KIND: cell
# WALLS: cgroup rlimits judge
import mmap, os, time

read, write = os.pipe()
for child in range(6):
    if os.fork() == 0:
        kept = []
        try:
            while len(kept) < 30:
                kept.append(mmap.mmap(-1, 16 << 20))
                kept[-1].write(b"x" * (16 << 20))
                kept[-1].madvise(mmap.MADV_DONTNEED)
                os.write(write, b".")
        except (OSError, MemoryError):
            pass
        time.sleep(30)
        os._exit(0)
os.set_blocking(read, False)
total, deadline = 0, time.monotonic() + 1.5
while time.monotonic() < deadline:
    try:
        total += len(os.read(read, 1000))
    except BlockingIOError:
        time.sleep(0.02)
if total * 16 > 2048:
    won(f"{total * 16} MB")
print(total * 16, "MB")
