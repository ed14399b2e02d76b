# DESC: one line of 60,000 characters, 30,000 lines, and a word without end, in outputs and messages
# SUCCESS: a page that no browser can show
# DETECT: size of the page
# KIND: cell
# WALLS: sanitise judge
print("x" * 30_000)
print("\n" * 30_000)


def double(x):
    raise ValueError("y" * 100_000)


raise ValueError("\n" * 100_000)
# --- check ---
def check(outcome):
    assert len(outcome.page) < 300_000 and len(outcome.notebook) < 1_000_000
