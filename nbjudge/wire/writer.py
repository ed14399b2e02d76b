"""Values -> tokens and buffers, for either side."""

from __future__ import annotations

import sys
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from nbjudge.wire.format import (
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
    LONG_TEXT,
    MAX_DEPTH,
    MAX_DIMS,
    MAX_HANDLES,
    MAX_HEADER,
    MAX_INT_BITS,
    MAX_TOKENS,
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
    WireError,
    check_shape,
)

NOT_UNICODE = "a text holds characters that are not Unicode"
_encoder = msgspec.msgpack.Encoder()


def encode_tokens(tokens: list[Any]) -> bytes:
    """The header; WireError if it is too large, or a text not Unicode."""
    if len(tokens) > MAX_TOKENS:
        raise WireError("the value has too many parts: use a tensor or an array")
    try:
        header = _encoder.encode(tokens)
    except UnicodeEncodeError:
        raise WireError(NOT_UNICODE) from None
    if len(header) > MAX_HEADER:
        raise WireError(f"text and numbers take more than {MAX_HEADER >> 20} MiB: use a tensor or an array")
    return header


class Writer:
    """Turns one value into tokens and buffers."""

    def __init__(self, handle: Callable[[object], tuple[int, str]], long_texts: bool) -> None:
        self.tokens: list[Any] = []
        self.buffers: list[memoryview | bytes] = []
        self.handle = handle
        self.long_texts = long_texts
        self.handles_left = MAX_HANDLES

    def put(self, value: Any, depth: int) -> None:
        """Adds a value; WireError if it is nested too deep or too large."""
        if depth > MAX_DEPTH:
            raise WireError(f"the value is nested deeper than {MAX_DEPTH} levels, or contains itself")
        if (put := _PUT.get(type(value))) is not None:  # exact types: a subclass may mean anything
            put(self, value, depth)
        elif not (_put_numpy(self, value) or _put_torch(self, value)):
            self.handles_left -= 1
            if self.handles_left < 0:
                raise WireError(f"the value holds more than {MAX_HANDLES:,} objects that are no plain values")
            self.tokens += (HANDLE, *self.handle(value))

    def put_all(self, tag: int, values: Iterable[Any], count: int, depth: int) -> None:
        """Adds a container of `count` values."""
        self.tokens += (tag, count)
        for value in values:
            self.put(value, depth + 1)


def _put_int(writer: Writer, value: int, _: int) -> None:
    if value.bit_length() < 64:
        writer.tokens += (INT, value)
    elif value.bit_length() <= MAX_INT_BITS:
        writer.tokens += (BIGINT, f"{value:x}")
    else:
        raise WireError(f"an integer has more than {MAX_INT_BITS} bits")


def _put_str(writer: Writer, value: str, _: int) -> None:
    if not writer.long_texts or len(value) < LONG_TEXT:
        writer.tokens += (STR, value)
        return
    try:
        data = value.encode()
    except UnicodeEncodeError:
        raise WireError(NOT_UNICODE) from None
    writer.tokens += (TEXT, len(data))
    writer.buffers.append(data)


def _put_bytes(writer: Writer, value: bytes, _: int) -> None:
    writer.tokens += (BYTES, len(value))
    writer.buffers.append(value)


def _put_dict(writer: Writer, value: dict[Any, Any], depth: int) -> None:
    items = list(value.items())  # another thread of the student may be changing it
    writer.put_all(DICT, (part for item in items for part in item), len(items), depth)


def _put_sequence(tag: int) -> Callable[[Writer, Any, int], None]:
    def put(writer: Writer, value: Any, depth: int) -> None:
        values = list(value)
        writer.put_all(tag, values, len(values), depth)

    return put


_PUT: dict[type, Callable[[Writer, Any, int], None]] = {
    type(None): lambda writer, value, depth: writer.tokens.append(NONE),
    bool: lambda writer, value, depth: writer.tokens.append(TRUE if value else FALSE),
    int: _put_int,
    float: lambda writer, value, depth: writer.tokens.extend((FLOAT, value)),
    complex: lambda writer, value, depth: writer.tokens.extend((COMPLEX, value.real, value.imag)),
    str: _put_str,
    bytes: _put_bytes,
    list: _put_sequence(LIST),
    tuple: _put_sequence(TUPLE),
    dict: _put_dict,
    OrderedDict: _put_dict,
    defaultdict: _put_dict,
    set: _put_sequence(SET),
    frozenset: _put_sequence(FROZENSET),
    slice: lambda writer, value, depth: writer.put_all(
        SLICE, (value.start, value.stop, value.step), 3, depth
    ),
    type(...): lambda writer, value, depth: writer.tokens.append(ELLIPSIS),
}


def _put_numpy(writer: Writer, value: Any) -> bool:
    np = sys.modules.get("numpy")
    if np is None:
        return False
    if type(value) is np.ndarray and value.dtype.name in ARRAY_DTYPES and value.ndim <= MAX_DIMS:
        check_shape(value.shape)
        array = np.ascontiguousarray(value, dtype=value.dtype.newbyteorder("="))
        writer.tokens += (ARRAY, array.dtype.name, value.ndim, *value.shape)
        writer.buffers.append(memoryview(array.reshape(-1).view(np.uint8)))
        return True
    if isinstance(value, np.generic) and type(value) is value.dtype.type and value.dtype.name in ARRAY_DTYPES:
        writer.tokens += (SCALAR, value.dtype.name)
        writer.buffers.append(value.tobytes())
        return True
    return False


def _put_torch(writer: Writer, value: Any) -> bool:
    torch = sys.modules.get("torch")
    if torch is None:
        return False
    if type(value) is torch.Tensor or type(value) is torch.nn.Parameter:
        return _put_tensor(writer, value)
    if type(value) is torch.dtype and (name := str(value).removeprefix("torch.")) in TENSOR_DTYPES:
        writer.tokens += (DTYPE, name)
    elif type(value) is torch.device and DEVICE_NAME.fullmatch(str(value)):
        writer.tokens += (DEVICE, str(value))
    elif type(value) is torch.Size and all(type(n) is int for n in value):
        writer.tokens += (SIZE, len(value), *value)
    else:
        return False
    return True


def _put_tensor(writer: Writer, value: Any) -> bool:
    import torch

    name = str(value.dtype).removeprefix("torch.")
    plain = value.layout is torch.strided and value.device.type != "meta" and not value.is_quantized
    if not plain or name not in TENSOR_DTYPES or value.dim() > MAX_DIMS:
        return False
    check_shape(value.shape)
    try:
        data = value.detach().cpu().resolve_conj().resolve_neg().contiguous()
        raw = memoryview(data.reshape(-1).view(torch.uint8).numpy())
    except RuntimeError:  # without storage of its own: inside vmap, a functional or fake tensor
        return False
    grad_fn = None if value.grad_fn is None else value.grad_fn.name()
    writer.tokens += (TENSOR, name, value.dim(), *value.shape)
    writer.tokens += (value.requires_grad, grad_fn, value.is_leaf, str(value.device))
    writer.buffers.append(raw)
    return True
