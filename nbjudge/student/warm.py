"""The zygote's warm-up: everything that is slow the first time, and nothing that starts a thread."""

from __future__ import annotations

import importlib
import importlib.util
import linecache
import mmap
import os
import sys
from pathlib import Path
from typing import Any, NoReturn

from nbjudge import wire

QUIET = {
    "TQDM_DISABLE": "1",  # read when tqdm is imported
    # Otherwise torch.cuda.is_available() calls cuInit, and no child could use CUDA any more.
    "PYTORCH_NVML_BASED_CUDA_CHECK": "1",
    # An optimizer's step asks whether CUDA is there, and if so whether its stream is captured: that would be cuInit.
    "CUDA_VISIBLE_DEVICES": "",
}
MODULES = (
    "asyncio",
    "matplotlib.pyplot",
    "numpy",
    "sklearn.datasets",
    "sklearn.metrics",
    "sklearn.model_selection",
    "sklearn.preprocessing",
    "torch.nn.functional",
    "torch.utils.data",
    "tqdm.auto",
)

# What authors' code may import needs torch, which is imported in the jail; the jail does not show this package's files.
PRETEND_GPU = "nbjudge.student.pretend_gpu"
SPEC: Any = importlib.util.find_spec(PRETEND_GPU)
CODE = SPEC.loader.get_code(PRETEND_GPU)


def load_libraries() -> None:
    """Imports the libraries, makes the shell, and takes one step of each common optimizer."""
    os.environ.update(QUIET)
    for name in MODULES:
        importlib.import_module(name)
    sys.modules[PRETEND_GPU] = importlib.util.module_from_spec(SPEC)
    exec(CODE, vars(sys.modules[PRETEND_GPU]))  # noqa: S102
    _quiet_libraries()
    _warm_optimizers()
    from nbjudge.student.event_loop import let_run_nest
    from nbjudge.student.libraries import adapt_libraries
    from nbjudge.student.shell import make_shell
    from nbjudge.student.worlds import install_worlds

    make_shell()
    let_run_nest()
    install_worlds()
    adapt_libraries()
    _check_one_thread()
    check_no_cuda()


def warm_up() -> list[str]:
    """Does once what every student process does, on an example notebook: all of it is faster the second time.

    Nothing of it stays but caches. The kinds of the replies say whether it went as it should.
    """
    import torch

    from nbjudge.student.device import Device
    from nbjudge.student.server import Server

    def refuse(value: object) -> NoReturn:
        raise TypeError(value)

    with mmap.mmap(-1, 1 << 20) as arena:
        server = Server(arena, Device(None))
        names = server.notebook.names
        before = dict(names)
        kinds = []
        for request, *arguments in _example(torch.ones(2, 3)):
            reply = server.answer(wire.encode((request, tuple(arguments), []), arena, 1, refuse))
            kinds.append(wire.decode(reply, arena, 1, handle=_nothing, tensor=_nothing)[0])
        names.clear()
        names.update(before)
        for name in server.notebook.labels:
            linecache.cache.pop(name, None)
    _check_one_thread()
    return kinds


def _nothing(*_: object) -> Any:
    return None


def _example(tensor: Any) -> list[tuple[Any, ...]]:
    source = "import torch\n\ndef double(x):\n    return 2 * x\n\ndef fail(x):\n    raise ValueError(x)\n"
    return [
        ("seed", 1),
        ("load", "cell 1", source, (10.0,), 1000),
        ("load", "cell 2", "double(torch.zeros(1))", (10.0,), 1000),
        ("keep", 1),
        ("begin", 1, 1),
        ("call_name", "double", (tensor,), {}),
        ("call_name", "double", ([1, 2.5],), {}),
        ("call_name", "fail", ("message",), {}),
        ("call_name", "missing", (), {}),
        ("run_copy", "<autograder>", "y = double(x)", {"x": tensor}, False),
        ("begin", 2, -1),
    ]


def _quiet_libraries() -> None:
    import matplotlib
    import matplotlib.pyplot as plt
    import torch
    import tqdm  # type: ignore[import-untyped]

    torch.set_num_threads(1)
    matplotlib.use("Agg")
    plt.show = lambda *args, **kwargs: None
    tqdm.tqdm.monitor_interval = 0  # or the first bar starts a thread, although it is disabled


def _warm_optimizers() -> None:
    """Loads the modules that torch.optim imports at its first use, without autograd.

    The gradients are set by hand: a first backward() on a CUDA build starts threads.
    """
    import torch

    weight = torch.nn.Parameter(torch.ones(2))
    for kind in (torch.optim.SGD, torch.optim.Adam, torch.optim.RMSprop):
        weight.grad = torch.ones(2)
        optimizer = kind([weight])
        optimizer.step()
        optimizer.zero_grad()


def _check_one_thread() -> None:
    threads = [(task / "comm").read_text().strip() for task in Path("/proc/self/task").iterdir()]
    if len(threads) != 1:
        raise RuntimeError(f"the warm-up started threads, so forking would be unsafe: {threads}")


def check_no_cuda(descriptors: Path = Path("/proc/self/fd")) -> None:
    """RuntimeError if this process has used CUDA or holds a GPU open: no process that it forks could use one."""
    import torch

    targets = [os.readlink(path) for path in descriptors.iterdir() if path.is_symlink()]
    opened = [target for target in targets if target.startswith("/dev/nvidia")]
    if torch.cuda.is_initialized() or opened:  # type: ignore[no-untyped-call]
        raise RuntimeError(f"the warm-up touched CUDA, so no student process could use it: {opened}")
