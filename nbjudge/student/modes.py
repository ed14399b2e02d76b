"""What one cell can switch on for all others: kept as it stands at an exercise's place, set again before its tests."""

from __future__ import annotations

import builtins
import sys
import warnings
from typing import Any

leaving: list[
    Any
] = []  # the guard that switches inference mode off, or on again; it holds as long as it lives


def read_modes() -> dict[str, Any]:
    """The modes of Python, and of those libraries that are there."""
    modes: dict[str, Any] = {"filters": warnings.filters[:], "builtins": vars(builtins).copy()}
    if (torch := sys.modules.get("torch")) is not None:
        c = torch._C
        device = getattr(torch._GLOBAL_DEVICE_CONTEXT, "device_context", None)
        modes["torch"] = {
            "grad": torch.is_grad_enabled(),
            "inference": torch.is_inference_mode_enabled(),
            "dtype": torch.get_default_dtype(),
            "device": device and device.device,
            "anomaly": (c.is_anomaly_enabled(), c.is_anomaly_check_nan_enabled()),
            "deterministic": (c._get_deterministic_algorithms(), c._get_deterministic_algorithms_warn_only()),
        }
    if (numpy := sys.modules.get("numpy")) is not None:
        modes["numpy"] = numpy.geterr()
    if (matplotlib := sys.modules.get("matplotlib")) is not None:
        modes["matplotlib"] = dict(dict.items(matplotlib.rcParams))  # past its checks
    return modes


def set_modes(modes: dict[str, Any]) -> None:
    """Sets what `read_modes` read; what was imported later keeps its own."""
    if warnings.filters != modes["filters"]:
        warnings.filters[:] = modes["filters"]  # type: ignore[index]
        warnings._filters_mutated()  # type: ignore[attr-defined]
    own = vars(builtins)
    if own != modes["builtins"]:
        own.clear()
        own.update(modes["builtins"])
    if "torch" in modes:
        _set_torch(sys.modules["torch"], modes["torch"])
    if "numpy" in modes:
        sys.modules["numpy"].seterr(**modes["numpy"])
    if "matplotlib" in modes:
        parameters = sys.modules["matplotlib"].rcParams
        if dict.__ne__(parameters, modes["matplotlib"]):
            dict.update(parameters, modes["matplotlib"])  # checked when the notebook set it


def _set_torch(torch: Any, modes: dict[str, Any]) -> None:
    if torch.is_inference_mode_enabled() != modes["inference"]:
        leaving.clear()
        if torch.is_inference_mode_enabled() != modes["inference"]:
            leaving.append(torch._C._InferenceMode(modes["inference"]))
    torch.set_grad_enabled(modes["grad"])
    torch.set_default_dtype(modes["dtype"])
    device = getattr(torch._GLOBAL_DEVICE_CONTEXT, "device_context", None)
    if (device and device.device) != modes["device"]:
        torch.set_default_device(modes["device"])
    torch._C.set_anomaly_enabled(*modes["anomaly"])
    deterministic, warn_only = modes["deterministic"]
    torch._C._set_deterministic_algorithms(deterministic, warn_only=warn_only)
