"""Pure student compute: the notebooks' cells and the hidden tests in one warm plain process. `python bench/pure.py WORK OUT`

WORK is a JSON file of `courses.save_work`. OUT gets, for each notebook, its score for each exercise, wall clock and CPU seconds. Nothing
is isolated, repaired, recorded or rendered. One thread, as in nbjudge.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import sys
import time
from pathlib import Path
from typing import Any

import matplotlib
import torch

MAGIC = re.compile(r"^[%!].*$", re.MULTILINE)


def main(work_file: Path, out: Path) -> None:
    """Measures every notebook of the file, after one that only warms the process up."""
    matplotlib.use("Agg")
    torch.set_num_threads(1)
    work = json.loads(work_file.read_text())
    os.chdir(work["folder"])
    sys.path.insert(0, work["folder"])
    notebooks: dict[str, list[str]] = work["notebooks"]
    grade(next(iter(notebooks.values())), work["hidden"])
    measured = {}
    for student, cells in notebooks.items():
        wall, cpu = time.perf_counter(), time.process_time()
        scores = grade(cells, work["hidden"])
        took = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
        measured[student] = {"scores": scores, **took}
    out.write_text(json.dumps(measured))


def grade(cells: list[str], hidden: list[dict[str, Any]]) -> dict[str, float]:
    """Runs the cells and then every hidden test on what they define: exercise -> points."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    with contextlib.redirect_stdout(io.StringIO()):
        for cell in cells:
            _passes(cell, namespace)
        scores = dict.fromkeys((test["exercise"] for test in hidden), 0.0)
        for test in hidden:
            scores[test["exercise"]] += test["points"] * _passes(test["code"], namespace)
    return scores


def _passes(code: str, namespace: dict[str, Any]) -> bool:
    try:
        exec(compile(MAGIC.sub("", code), "<cell>", "exec"), namespace)
    except Exception:
        return False
    return True


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
