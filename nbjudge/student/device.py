"""The student process's GPU, if it has one: context, budget, reproducible arithmetic. The zygote runs none of it."""

from __future__ import annotations

import ctypes
import sys
from typing import Any

SIZE = 64  # of the matrices of the first product


class Device:
    """What this process computes on; `gpu` is its slot (sandbox.gpu.plan_gpu) with a budget, None: the CPU."""

    def __init__(self, gpu: dict[str, Any] | None) -> None:
        self.gpu = gpu
        self.name = "cuda" if gpu else "cpu"

    def prepare(self) -> dict[str, str]:
        """Makes the context, bounds PyTorch's share of the card and multiplies two matrices; versions and flags.

        RuntimeError if the driver, the card or cuBLAS does not do its work.
        """
        assert self.gpu is not None
        for path in self.gpu["libraries"]:  # the jail has no ld.so.cache that would find them
            if path.rpartition("/")[2].startswith("libcuda.so"):
                ctypes.CDLL(path, mode=ctypes.RTLD_GLOBAL)
        import torch

        self.be_reproducible()
        card = torch.cuda.get_device_properties(0)
        budget = self.gpu["budget"] or card.total_memory // self.gpu["share"] - self.gpu["context"]
        torch.cuda.set_per_process_memory_fraction(min(1.0, budget / card.total_memory), 0)
        ones = torch.ones(SIZE, SIZE, device="cuda")
        if (ones @ ones).sum().item() != SIZE**3:
            raise RuntimeError("the product of two matrices is wrong")
        return {
            "gpu": card.name,
            "gpu_budget": f"{budget >> 20} MiB",
            "cuda": str(torch.version.cuda),
            "cudnn": str(torch.backends.cudnn.version()),  # type: ignore[no-untyped-call]
            "determinism": "deterministic algorithms (warn only), cuBLAS workspace :4096:8, TF32 off",
        }

    def be_reproducible(self) -> None:
        """Sets the flags by which the same submission gets the same grade; no-op on the CPU."""
        if self.gpu is None:
            return
        import torch

        # torch.use_deterministic_algorithms does this too, after 3 s of importing the compiler's settings.
        torch._C._set_deterministic_algorithms(True, warn_only=True)
        torch.backends.cudnn.deterministic = True
        torch.backends.cudnn.benchmark = False
        torch.backends.cudnn.allow_tf32 = False
        torch.backends.cuda.matmul.allow_tf32 = False


def synchronise() -> None:
    """Waits for the GPU, so that its time and its errors are this request's; no-op where CUDA was never used."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.synchronize()
