"""The two sides of bench/fidelity.py: a notebook in a Jupyter kernel, and in nbjudge's student process."""

from __future__ import annotations

import ast
import base64
import io
import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nbjudge.judge.connection import StudentConnection
from nbjudge.judge.faults import StudentFault
from nbjudge.model import Cell, Limits, Program
from nbjudge.sandbox import Zygote
from nbjudge.student.warm import MODULES
from nbjudge.threads import ONE_THREAD

PROBE = Path(__file__).with_name("fidelity_probe.py")
LOADING = 8  # times the seconds of a cell: what all cells of a notebook may take together
FILE = 2 << 20  # bytes of a file beside a notebook that both sides get
OUT_OF_TIME = "out of time"

UNSHARE: tuple[str, ...] = ("unshare", "--net", "--mount", "--pid", "--ipc", "--fork", "--kill-child")
UNSHARE += () if os.geteuid() == 0 else ("--map-root-user",)
# A file system of which only the notebook's folder and /tmp can be written, no network, no other process in sight, no
# rights. `$1` is the folder; the rest is the command.
SEALED = """
mount --bind "$1" /mnt && mount -t tmpfs tmp /tmp && mkdir -p "$1" && mount --bind /mnt "$1" && umount /mnt &&
mount -o remount,bind,ro / && mount -t proc proc /proc && mount -t tmpfs shm /dev/shm && cd "$1/work" && shift &&
exec setpriv --bounding-set=-all --inh-caps=-all --no-new-privs "$@"
"""


@dataclass(frozen=True, slots=True)
class End:
    """How one cell ended, and what it left."""

    status: str  # "ok", the type of the exception, or what happened to the process
    message: str
    names: dict[str, str | None]  # new or changed names -> kind and shape; None: the name is gone


def code_cells(notebook: Path) -> list[str]:
    """The sources of a notebook's code cells."""
    cells = json.loads(notebook.read_bytes())["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def probe(notebook: Path, lenient: bool) -> str:
    """The first cell, which brings along the small files that lie beside the notebook."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(notebook.parent.rglob("*")):
            if path.is_file() and path != notebook and path.stat().st_size <= FILE:
                archive.write(path, path.relative_to(notebook.parent))
    text = notebook.read_text(errors="replace")
    given = {
        "FILES": base64.b64encode(packed.getvalue()).decode(),
        "LENIENT": lenient,
        "WARM": [module for module in MODULES if module.partition(".")[0] in text],
    }
    return "".join(f"{name} = {value!r}\n" for name, value in given.items()) + PROBE.read_text()


def in_kernel(cells: Sequence[str], first: str, seconds: float, folder: Path) -> list[End]:
    """The ends of the cells in a real kernel; shorter than `cells` if time or the kernel came to an end."""
    with _kernel(folder) as (manager, client):
        ends: list[End] = []
        left = LOADING * seconds
        for source in (first, *cells):
            started = time.monotonic()
            reply = _execute(manager, client, source, min(seconds, left) if ends else 120)
            left -= time.monotonic() - started if ends else 0
            if reply is None or reply["status"] == "aborted":
                return [*ends[1:], End(OUT_OF_TIME, "", {})]
            looked = _execute(manager, client, "", 60, look="_fidelity_look()")
            found = ((looked or {}).get("user_expressions") or {}).get("look", {})
            if found.get("status") != "ok":
                return [*ends[1:], End("the kernel died", str(found)[:200], {})]
            names = json.loads(ast.literal_eval(found["data"]["text/plain"]))
            ends.append(End(reply.get("ename", "ok"), reply.get("evalue", "")[:300], names))
            assert len(ends) > 1 or ends[0].status == "ok", ends[0]
        return ends[1:]


def _execute(manager: Any, client: Any, source: str, seconds: float, look: str = "") -> dict[str, Any] | None:
    """The kernel's reply; None if there was none in time."""
    message = client.execute(
        source, silent=bool(look), store_history=not look, allow_stdin=False, stop_on_error=False,
        user_expressions={"look": look} if look else None,
    )  # fmt: skip
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and manager.is_alive():
        with suppress(queue.Empty):
            reply = client.get_shell_msg(timeout=min(1, max(0.01, deadline - time.monotonic())))
            if reply["parent_header"].get("msg_id") == message:
                content: dict[str, Any] = reply["content"]
                return content
        with suppress(queue.Empty):  # outputs, which nobody reads
            while True:
                client.get_iopub_msg(timeout=0)
    return None


@contextmanager
def _kernel(folder: Path) -> Iterator[tuple[Any, Any]]:
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import KernelManager

    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix="k") as name:
        home = Path(name)
        for part in ("work", "spec/sealed"):
            (home / part).mkdir(parents=True)
        python = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        spec = {"argv": [*UNSHARE, "sh", "-ec", SEALED, "sh", name, *python], "display_name": "sealed"}
        (home / "spec/sealed/kernel.json").write_text(json.dumps({**spec, "language": "python"}))
        manager = KernelManager(
            kernel_name="sealed",
            transport="ipc",
            kernel_spec_manager=KernelSpecManager(
                kernel_dirs=[str(home / "spec")], ensure_native_kernel=False
            ),
            connection_file=str(home / "kernel.json"),
            ip=str(home / "s"),
        )
        environment = {key: os.environ[key] for key in ("PATH", "LANG") if key in os.environ}
        environment |= {
            **ONE_THREAD,
            "HOME": str(home / "work"),
            "PYTHONHASHSEED": "0",
            "IPYTHONDIR": "/tmp/ipython",
        }
        environment |= {"PYTHONDONTWRITEBYTECODE": "1", "MPLCONFIGDIR": "/tmp", "CUDA_VISIBLE_DEVICES": ""}
        manager.start_kernel(env=environment, cwd="/", stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        client = manager.blocking_client()
        try:
            client.start_channels()
            client.wait_for_ready(timeout=120)
            yield manager, client
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
            shutil.rmtree(home / "work", ignore_errors=True)


def in_jail(
    cells: Sequence[str], first: str, seconds: float, zygote: Zygote, unneeded: dict[int, tuple[int, ...]]
) -> tuple[list[End], dict[str, str]]:
    """The ends of the cells in a student process, as solution cells are loaded; and all names at the end.

    `unneeded`: position of a cell -> lines of statements to leave out.
    """
    limits = Limits(seconds=seconds, memory=4 << 30, disk=1 << 30)
    made = [Cell(f"c{i}", "solution", source, "ex", i) for i, source in enumerate(cells, 1)]
    connection = StudentConnection(
        zygote.spawn(limits), limits, {f"cell {cell.index}": cell for cell in made}
    )
    ends: list[End] = []
    left = LOADING * seconds
    try:
        connection.request("load", ("the probe", first, (120.0,), 1000), 120)
        for i, source in enumerate(cells):
            started = time.monotonic()
            orders = min(seconds, max(left, 0.1)), unneeded.get(i, ())
            reply = connection.request("load", (f"cell {i + 1}", source, orders, 1000), 1.5 * seconds + 0.5)
            left -= time.monotonic() - started
            _, failures, _ = reply
            _, slow, (kind, _, message, *_) = failures[0] if failures else (0, False, ("ok", "", ""))
            names = json.loads(connection.request("call_name", ("_look", (), {}), 60))
            ends.append(End(OUT_OF_TIME if slow else kind, message[:300], {} if slow else names))
            if slow:
                break
        return ends, json.loads(connection.request("call_name", ("_look", (True,), {}), 60))
    except StudentFault as fault:
        status = OUT_OF_TIME if fault.status == "timeout" else fault.status
        return [*ends, End(status, str(fault)[:300], {})], {}
    finally:
        connection.kill()


def as_added(cells: Sequence[str]) -> Program:
    """The cells as a student's own."""
    made = tuple(Cell(f"c{i}", "added", source, None, i) for i, source in enumerate(cells, 1))
    return Program("en", made, (), (), ())


def dumped(ends: Collection[End]) -> str:
    """The ends as JSON."""
    return json.dumps([asdict(end) for end in ends], indent=0)


def read(text: str) -> list[End]:
    """The ends that `dumped` wrote."""
    return [End(**end) for end in json.loads(text)]
