"""Runs the instructor's notebook top to bottom in a fresh kernel, public asserts included, in a separate process."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from nbjudge.threads import ONE_THREAD

CELL_SECONDS = 600


@dataclass(frozen=True, slots=True)
class KernelRun:
    """How the run ended."""

    seconds: float
    error: str | None  # which cell failed, and how


class FreshKernel:
    """The run, going on beside the grading: start it, do other things, then ask for its end."""

    def __init__(self, folder: Path, notebook: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="nbjudge-kernel-")
        copy = Path(self._folder.name, folder.name)
        shutil.copytree(folder, copy)  # what the notebook writes must not land in source/
        self._started = time.monotonic()
        self._process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "nbjudge.authoring.check.kernel", str(copy / notebook)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **ONE_THREAD, "MPLBACKEND": "agg"},
        )

    def __enter__(self) -> FreshKernel:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.terminate()
            self._process.wait()  # the kernel sees that and ends too; it still holds the pipes for a second
        self._folder.cleanup()

    def result(self) -> KernelRun:
        """Waits for the end."""
        out, err = self._process.communicate()
        try:
            done = json.loads(out.decode().strip().splitlines()[-1])
            return KernelRun(done["seconds"], done["error"])
        except (ValueError, LookupError, TypeError):
            lines = err.decode(errors="replace").strip().splitlines() or ["no message"]
            return KernelRun(time.monotonic() - self._started, f"the kernel did not start: {lines[-1]}")


def run_notebook(path: Path) -> KernelRun:
    """Executes every cell in this process's child kernel; the first failure ends the run."""
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    notebook = nbformat.read(path, 4)
    client = NotebookClient(
        notebook,
        timeout=CELL_SECONDS,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
    )
    started, error = time.monotonic(), None
    try:
        client.execute()
    except CellExecutionError as failure:
        error = f"{_failed_cell(notebook)}: {failure.ename}: {failure.evalue}"
    except (CellTimeoutError, DeadKernelError) as failure:
        error = f"{_failed_cell(notebook)}: {str(failure).strip().splitlines()[0]}"
    return KernelRun(time.monotonic() - started, error)


def _failed_cell(notebook: object) -> str:
    """The last cell that was begun."""
    cells = notebook.cells  # type: ignore[attr-defined]
    ran = [(i, cell) for i, cell in enumerate(cells, 1) if cell.get("execution_count") is not None]
    outputs = [(i, cell) for i, cell in ran if any(o.output_type == "error" for o in cell.outputs)]
    position, cell = (outputs or ran or [(0, {"id": "?", "metadata": {}})])[-1]
    name = cell["metadata"].get("nbgrader", {}).get("grade_id") or cell["id"]
    return f"cell {name!r} (cell {position})"


if __name__ == "__main__":
    run = run_notebook(Path(sys.argv[1]))
    print(json.dumps({"seconds": run.seconds, "error": run.error}))
