"""A GPU that is not there, for tests of code that moves tensors: everything is computed on the CPU.

An author's code in the student's process imports it. The warm-up loads it, since the jail does not show these files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch.multiprocessing.reductions import StorageWeakRef
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves

HOST = torch.device("cpu")
# These may be given tensors of both places.
ACROSS = (
    torch.Tensor.copy_,
    torch.Tensor.data.__set__,  # type: ignore[attr-defined]
    torch.Tensor.grad.__set__,  # type: ignore[union-attr]
    torch._has_compatible_shallow_copy_type,
)


class PretendGpu(TorchFunctionMode):
    """Inside `with PretendGpu() as gpu:` tensors may be moved to `gpu.device` and back; mixing both places fails.

    A tensor is there if its storage was made there, so views, parameters and their copies are where they belong. What
    moves: to, cpu, cuda, type, type_as, to_empty, copy_, and `device=` of whatever makes a tensor.
    """

    def __init__(self) -> None:
        super().__init__()
        self.device = torch.device("cuda", 0)
        self._there: dict[int, StorageWeakRef] = {}  # address of a storage -> what keeps the address taken

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        keywords = dict(kwargs or {})
        if (special := SPECIAL.get(func)) is not None:
            return special(self, *args, **keywords)
        if keywords.get("device") is not None:
            return self._made(func, args, keywords)
        tensors = [leaf for leaf in tree_leaves((args, keywords)) if isinstance(leaf, torch.Tensor)]
        there = [tensor for tensor in tensors if self.holds(tensor)]
        if there and func not in ACROSS and not self._index(func, args):
            self._refuse_mixture(tensors, there)
        result = func(*args, **keywords)
        if there and func not in ACROSS:
            self._put_there(result)
        return result

    def holds(self, tensor: torch.Tensor) -> bool:
        """Whether the tensor lies on the pretended GPU."""
        storage = _storage(tensor)
        return storage is not None and storage._cdata in self._there

    def _put_there(self, value: Any) -> Any:
        for leaf in tree_leaves(value):
            if isinstance(leaf, torch.Tensor) and (storage := _storage(leaf)) is not None:
                self._there.setdefault(storage._cdata, StorageWeakRef(storage))  # type: ignore[no-untyped-call]
        return value

    def _refuse_mixture(self, tensors: Iterable[torch.Tensor], there: list[torch.Tensor]) -> None:
        """RuntimeError, as PyTorch raises it; a number without dimensions may stay on the CPU."""
        known = {id(tensor) for tensor in there}
        if any(id(tensor) not in known and tensor.ndim for tensor in tensors):
            raise RuntimeError(
                "Expected all tensors to be on the same device, but found at least two devices, "
                f"{self.device} and cpu!"
            )

    def _index(self, func: Callable[..., Any], args: tuple[Any, ...]) -> bool:
        """A tensor of the GPU may be indexed by one of the CPU."""
        return func is torch.Tensor.__getitem__ and self.holds(args[0])

    def _made(self, func: Callable[..., Any], args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """What a function with `device=` makes: `zeros`, `as_tensor`, `new_zeros`, `empty_like`."""
        place = torch.device(keywords.pop("device"))
        if place.type not in ("cpu", "cuda"):
            return func(*args, device=place, **keywords)
        result = func(*args, **keywords)
        return self._at(result, place) if isinstance(result, torch.Tensor) else result

    def _at(self, tensor: torch.Tensor, place: torch.device) -> torch.Tensor:
        """The tensor itself if it is in that place, else a copy there."""
        if self.holds(tensor) == (place.type == "cuda"):
            return tensor
        copy = tensor.clone() if tensor.grad_fn or tensor.requires_grad else tensor.detach().clone()
        if place.type == "cuda":
            self._put_there(copy)
        return copy

    def _to(self, tensor: torch.Tensor, *args: Any, **keywords: Any) -> torch.Tensor:
        values = [*args, *(keywords.get(name) for name in ("device", "other", "dtype"))]
        place = self.device if self.holds(tensor) else HOST
        dtype = tensor.dtype
        for value in values:
            if isinstance(value, torch.Tensor):
                place, dtype = (self.device if self.holds(value) else HOST), value.dtype
            elif isinstance(value, torch.dtype):
                dtype = value
            elif isinstance(value, str | torch.device) or type(value) is int:
                place = torch.device(value)
        if place.type not in ("cpu", "cuda"):
            return tensor.to(*args, **keywords)
        moved = self._at(tensor, place)
        changed = moved.to(dtype, copy=bool(keywords.get("copy")) and moved is tensor)
        return changed if not self.holds(moved) else self._put_there(changed)

    def _cpu(self, tensor: torch.Tensor, *_: Any, **__: Any) -> torch.Tensor:
        return self._at(tensor, HOST)

    def _cuda(self, tensor: torch.Tensor, *_: Any, **__: Any) -> torch.Tensor:
        return self._at(tensor, self.device)

    def _type(self, tensor: torch.Tensor, dtype: Any = None, *_: Any, **__: Any) -> Any:
        if dtype is None:
            return tensor.type().replace("torch.", "torch.cuda.") if self.holds(tensor) else tensor.type()
        if isinstance(dtype, torch.dtype):
            return self._to(tensor, dtype)
        name = dtype if isinstance(dtype, str) else f"{dtype.__module__}.{dtype.__name__}"
        place = self.device if ".cuda." in name else HOST
        return self._to(self._at(tensor, place), tensor.type(name.replace(".cuda.", ".")).dtype)

    def _where(self, tensor: torch.Tensor, *_: Any) -> torch.device:
        return self.device if self.holds(tensor) else tensor.device

    def _is_cuda(self, tensor: torch.Tensor, *_: Any) -> bool:
        return self.holds(tensor)

    def _is_cpu(self, tensor: torch.Tensor, *_: Any) -> bool:
        return not self.holds(tensor)

    def _number(self, tensor: torch.Tensor) -> int:
        return 0 if self.holds(tensor) else -1

    def _numpy(self, tensor: torch.Tensor, *args: Any, **keywords: Any) -> Any:
        if self.holds(tensor):
            raise TypeError(
                f"can't convert {self.device} device type tensor to numpy. "
                "Use Tensor.cpu() to copy the tensor to host memory first."
            )
        return tensor.numpy(*args, **keywords)

    def _array(self, tensor: torch.Tensor, dtype: Any = None, **_: Any) -> Any:
        array = self._numpy(tensor)
        return array if dtype is None else array.astype(dtype)

    def _pinned(self, tensor: torch.Tensor, *_: Any, **__: Any) -> torch.Tensor:
        return tensor


def _storage(tensor: torch.Tensor) -> torch.UntypedStorage | None:
    try:
        return tensor.untyped_storage()
    except (NotImplementedError, RuntimeError):  # a sparse tensor has none
        return None


SPECIAL: dict[Any, Callable[..., Any]] = {
    torch.Tensor.to: PretendGpu._to,
    torch.Tensor.cpu: PretendGpu._cpu,
    torch.Tensor.cuda: PretendGpu._cuda,
    torch.Tensor.type: PretendGpu._type,
    torch.Tensor.type_as: PretendGpu._to,
    torch.Tensor.device.__get__: PretendGpu._where,
    torch.Tensor.is_cuda.__get__: PretendGpu._is_cuda,  # type: ignore[attr-defined]
    torch.Tensor.is_cpu.__get__: PretendGpu._is_cpu,  # type: ignore[attr-defined]
    torch.Tensor.get_device: PretendGpu._number,
    torch.Tensor.numpy: PretendGpu._numpy,
    torch.Tensor.__array__: PretendGpu._array,
    torch.Tensor.pin_memory: PretendGpu._pinned,
}
