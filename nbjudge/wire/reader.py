"""Tokens and buffers -> values. In the judge all of them come from the student's side, and nothing is believed unchecked."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from nbjudge.wire.format import (
    ARENA,
    ARRAY,
    ARRAY_DTYPES,
    BIGINT,
    BYTES,
    COMPLEX,
    DEVICE,
    DEVICE_NAME,
    DICT,
    DTYPE,
    ELLIPSIS,
    FALSE,
    FLOAT,
    FROZENSET,
    HANDLE,
    INT,
    LIST,
    MAX_DEPTH,
    MAX_DIMS,
    MAX_HANDLES,
    MAX_INT_BITS,
    NONE,
    SCALAR,
    SET,
    SIZE,
    SLICE,
    STR,
    TENSOR,
    TENSOR_DTYPES,
    TEXT,
    TRUE,
    TUPLE,
    TensorOrigin,
    WireError,
    align,
    check_shape,
)

if TYPE_CHECKING:
    import numpy as np
    import torch


class Reader:
    """Builds one value from tokens and buffers, checking each against what is left of both."""

    def __init__(
        self,
        tokens: list[Any],
        view: memoryview,
        end: int,
        handle: Callable[[int, str], object],
        tensor: Callable[[torch.Tensor, TensorOrigin], torch.Tensor],
        long_texts: bool,
    ) -> None:
        self.tokens, self.view, self.end, self.handle, self.tensor = tokens, view, end, handle, tensor
        self.long_texts = long_texts
        self.position = 0
        self.handles_left = MAX_HANDLES

    def take(self, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise WireError("the message is nested too deep")
        take = _TAKE.get(self.token(int))
        if take is None:
            raise WireError("the message has an unknown tag")
        return take(self, depth)

    def token(self, kind: type) -> Any:
        """The next token, which must be exactly of type `kind`."""
        if self.position >= len(self.tokens):
            raise WireError("the message ends too early")
        value = self.tokens[self.position]
        if type(value) is not kind:
            raise WireError(f"the message has {type(value).__name__} where {kind.__name__} must be")
        self.position += 1
        return value

    def maybe_text(self) -> str | None:
        if self.position < len(self.tokens) and self.tokens[self.position] is None:
            self.position += 1
            return None
        return self.short_text()

    def short_text(self) -> str:
        text: str = self.token(str)
        if len(text) > 200:
            raise WireError("a name in the message is too long")
        return text

    def count(self, limit: int) -> int:
        count: int = self.token(int)
        if not 0 <= count <= limit:
            raise WireError("a length in the message cannot be")
        return count

    def items(self, depth: int, each: int = 1) -> list[Any]:
        count = self.count((len(self.tokens) - self.position) // each)
        return [self.take(depth + 1) for _ in range(count * each)]

    def buffer(self, size: int) -> bytearray:
        """A copy of the next `size` bytes of the arena."""
        start = align(self.end)
        if start + size > len(self.view):
            raise WireError("the message has fewer bytes than its shapes need")
        self.end = start + size
        return bytearray(self.view[start : self.end])

    def shape(self) -> tuple[int, ...]:
        return tuple(self.count(1 << 40) for _ in range(self.count(MAX_DIMS)))

    def raw(self, dtypes: frozenset[str], shaped: bool) -> tuple[str, tuple[int, ...], bytearray]:
        name = self.short_text()
        if name not in dtypes:
            raise WireError("the message has an unknown dtype")
        shape = self.shape() if shaped else ()
        check_shape(shape)
        return name, shape, self.sized(name, math.prod(shape))

    def sized(self, name: str, count: int) -> bytearray:
        data = self.buffer(count * _item_size(name))
        if name == "bool" and data.translate(None, b"\0\1"):
            raise WireError("a boolean is neither 0 nor 1")  # sum() and mean() would count it as up to 255
        return data


def _item_size(name: str) -> int:
    return 1 if name == "bool" else int(re.sub(r"\D", "", name)) // 8


def _take_bigint(reader: Reader, _: int) -> int:
    text = reader.token(str)
    if not re.fullmatch(rf"-?[0-9a-f]{{1,{MAX_INT_BITS // 4}}}", text):
        raise WireError("an integer in the message is malformed")
    return int(text, 16)


def _take_dict(reader: Reader, depth: int) -> dict[Any, Any]:
    parts = reader.items(depth, each=2)
    keys = parts[::2]
    _check_keys(keys)
    made: dict[Any, Any] = _unique(dict(zip(keys, parts[1::2], strict=True)), len(keys))
    return made


def _take_set(kind: type[Any]) -> Callable[[Reader, int], Any]:
    def take(reader: Reader, depth: int) -> Any:
        values = reader.items(depth)
        _check_keys(values)
        return _unique(kind(values), len(values))

    return take


def _unique(made: Any, count: int) -> Any:
    if len(made) != count:
        raise WireError("a dictionary or set in the message has the same key twice")
    return made


def _check_keys(keys: list[Any]) -> None:
    try:
        hashes = [hash(key) for key in keys]
    except TypeError:
        raise WireError("a key in the message cannot be hashed") from None
    # Integers hash to themselves modulo 2**61 - 1: with equal hashes, n keys would cost n**2 comparisons.
    if len(hashes) > 64 and max(Counter(hashes).values()) > 16:
        raise WireError("too many keys in the message share one hash")


def _take_array(reader: Reader, _: int) -> np.ndarray[Any, Any]:
    import numpy as np

    name, shape, data = reader.raw(ARRAY_DTYPES, shaped=True)
    try:
        return np.frombuffer(data, dtype=name).reshape(shape)
    except ValueError:
        raise WireError("the message has an impossible shape") from None


def _take_scalar(reader: Reader, _: int) -> Any:
    import numpy as np

    name, _shape, data = reader.raw(ARRAY_DTYPES, shaped=False)
    return np.frombuffer(data, dtype=name)[0]


def _take_tensor(reader: Reader, _: int) -> torch.Tensor:
    import torch

    name, shape, data = reader.raw(TENSOR_DTYPES, shaped=True)
    requires_grad, grad_fn, is_leaf = reader.token(bool), reader.maybe_text(), reader.token(bool)
    origin = TensorOrigin(requires_grad, grad_fn, is_leaf, _device_name(reader))
    dtype = getattr(torch, name)
    try:
        made = torch.frombuffer(data, dtype=dtype).reshape(shape) if data else torch.empty(shape, dtype=dtype)
    except (RuntimeError, ValueError):
        raise WireError("the message has an impossible shape") from None
    return reader.tensor(made, origin)


def _take_dtype(reader: Reader, _: int) -> torch.dtype:
    import torch

    name = reader.short_text()
    if name not in TENSOR_DTYPES:
        raise WireError("the message has an unknown dtype")
    dtype: torch.dtype = getattr(torch, name)
    return dtype


def _take_device(reader: Reader, _: int) -> torch.device:
    import torch

    return torch.device(_device_name(reader))


def _device_name(reader: Reader) -> str:
    name = reader.short_text()
    if not DEVICE_NAME.fullmatch(name):
        raise WireError("the message has an unknown device")
    return name


def _take_size(reader: Reader, _: int) -> torch.Size:
    import torch

    return torch.Size(reader.shape())


def _take_slice(reader: Reader, depth: int) -> slice:
    parts = reader.items(depth)
    if len(parts) != 3:
        raise WireError("a slice in the message is malformed")
    return slice(*parts)


def _take_text(reader: Reader, _: int) -> str:
    if not reader.long_texts:
        raise WireError("the message has a text that is too long")
    try:
        return reader.buffer(reader.count(ARENA)).decode()
    except UnicodeDecodeError:
        raise WireError("a text in the message is not UTF-8") from None


def _take_handle(reader: Reader, _: int) -> object:
    reader.handles_left -= 1
    if reader.handles_left < 0:
        raise WireError(f"the message names more than {MAX_HANDLES:,} objects")
    return reader.handle(reader.count(1 << 62), reader.short_text())


_TAKE: dict[int, Callable[[Reader, int], Any]] = {
    NONE: lambda reader, depth: None,
    TRUE: lambda reader, depth: True,
    FALSE: lambda reader, depth: False,
    INT: lambda reader, depth: reader.token(int),
    BIGINT: _take_bigint,
    FLOAT: lambda reader, depth: reader.token(float),
    COMPLEX: lambda reader, depth: complex(reader.token(float), reader.token(float)),
    STR: lambda reader, depth: reader.token(str),
    BYTES: lambda reader, depth: bytes(reader.buffer(reader.count(ARENA))),
    LIST: lambda reader, depth: reader.items(depth),
    TUPLE: lambda reader, depth: tuple(reader.items(depth)),
    DICT: _take_dict,
    SET: _take_set(set),
    FROZENSET: _take_set(frozenset),
    SLICE: _take_slice,
    ELLIPSIS: lambda reader, depth: ...,
    ARRAY: _take_array,
    SCALAR: _take_scalar,
    TENSOR: _take_tensor,
    DTYPE: _take_dtype,
    DEVICE: _take_device,
    SIZE: _take_size,
    HANDLE: _take_handle,
    TEXT: _take_text,
}
