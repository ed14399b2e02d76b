"""The protocol between the judge and the student's process: plain values, tensors, handles. See docs/wire.md.

One message is a packet of fixed size on the socket plus bytes in a shared arena: a header from offset 0
(msgpack: one flat list of scalars, in which every value is preceded by its tag), then the raw bytes of arrays,
tensors and `bytes`, in the order of the values, each at the next multiple of 64. No offset or length of a buffer
is ever sent: both sides derive them from dtype and shape, so none can be forged.

The other side may write to the arena while we read it. So `decode` copies the header once and each buffer once,
and checks and uses nothing but the copies.
"""

from __future__ import annotations

import math
import mmap
import re
import struct
import sys
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    import numpy as np
    import torch

MAGIC = b"NBJ1"
PACKET = struct.Struct("<4sIQQ")  # magic, bytes of header, bytes in all, nonce
ARENA = 256 << 20  # bytes of the shared memory; sparse
MAX_HEADER = 4 << 20  # bytes
MAX_TOKENS = 1 << 20  # tags and scalars in one header
MAX_DEPTH = 32  # levels of nesting
MAX_DIMS = 16
MAX_INT_BITS = 4096
ALIGN = 64

(NONE, TRUE, FALSE, INT, BIGINT, FLOAT, COMPLEX, STR, BYTES, LIST, TUPLE, DICT, SET, FROZENSET, SLICE,
 ELLIPSIS, ARRAY, SCALAR, TENSOR, DTYPE, DEVICE, SIZE, HANDLE) = range(23)  # fmt: skip

INTS = tuple(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))
ARRAY_DTYPES = frozenset(("bool", *INTS, "float16", "float32", "float64", "complex64", "complex128"))
TENSOR_DTYPES = ARRAY_DTYPES | {"bfloat16"}
DEVICE_NAME = re.compile(r"(cpu|cuda|mps|meta)(:\d{1,3})?")

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[bool | int | float | str | None])  # no maps, extensions or nesting


class WireError(ValueError):
    """A value that cannot be sent, or a message that breaks the protocol."""


@dataclass(frozen=True, slots=True)
class TensorOrigin:
    """What a tensor was in the process that sent it; claims, not facts, when that is the student's."""

    requires_grad: bool
    grad_fn: str | None  # name of the autograd node, such as "MulBackward0"
    is_leaf: bool
    device: str


def encode(value: object, arena: mmap.mmap, nonce: int, handle: Callable[[object], tuple[int, str]]) -> bytes:
    """Writes `value` into the arena and returns the packet to send.

    `handle` gives id and type name for each object that does not cross by value. WireError: `value` is nested too
    deep, too large or not text; then nothing was written.
    """
    writer = _Writer(handle)
    writer.put(value, 0)
    header = _encode_tokens(writer.tokens)
    end = len(header)
    for buffer in writer.buffers:
        end = _align(end) + len(buffer)
    if end > len(arena):
        raise WireError(f"the value is larger than {len(arena) >> 20} MiB")
    arena[: len(header)] = header
    end = len(header)
    for buffer in writer.buffers:
        start = _align(end)
        end = start + len(buffer)
        arena[start:end] = buffer
    return PACKET.pack(MAGIC, len(header), end, nonce)


def decode(
    packet: bytes,
    arena: mmap.mmap,
    nonce: int,
    *,
    handle: Callable[[int, str], object],
    tensor: Callable[[torch.Tensor, TensorOrigin], torch.Tensor],
) -> Any:
    """The value of the message that `packet` announces, made of fresh objects; WireError if anything is amiss.

    `handle` makes the object for an id and a (claimed) type name; `tensor` receives each new plain tensor.
    """
    magic, length, total, got = _unpack(packet)
    if magic != MAGIC or got != nonce:
        raise WireError("this is not the answer to the last call")
    if not 0 < length <= min(MAX_HEADER, total) or total > len(arena):
        raise WireError("the sizes in the packet cannot be")
    try:
        tokens = _decoder.decode(arena[:length])
    except (msgspec.MsgspecError, ValueError, MemoryError) as error:
        raise WireError(f"the header is malformed: {error}") from None
    if len(tokens) > MAX_TOKENS:
        raise WireError("the header has too many values")
    with memoryview(arena) as view:
        reader = _Reader(tokens, view[:total], length, handle, tensor)
        try:
            value = reader.take(0)
        finally:
            reader.view.release()
    if reader.position != len(tokens) or reader.end != total:
        raise WireError("the message has surplus bytes")
    return value


def nonce_of(packet: bytes) -> int:
    """The nonce of a request, for its reply."""
    return int(_unpack(packet)[3])


def _unpack(packet: bytes) -> tuple[bytes, int, int, int]:
    try:
        return PACKET.unpack(packet)
    except struct.error:
        raise WireError(f"a packet has {PACKET.size} bytes, not {len(packet)}") from None


def _align(offset: int) -> int:
    return -(-offset // ALIGN) * ALIGN


def _encode_tokens(tokens: list[Any]) -> bytes:
    if len(tokens) > MAX_TOKENS:
        raise WireError("the value has too many parts: use a tensor or an array")
    try:
        header = _encoder.encode(tokens)
    except UnicodeEncodeError:
        raise WireError("a text holds characters that are not Unicode") from None
    if len(header) > MAX_HEADER:
        raise WireError(f"text and numbers take more than {MAX_HEADER >> 20} MiB: use a tensor or an array")
    return header


class _Writer:
    """Turns one value into tokens and buffers."""

    def __init__(self, handle: Callable[[object], tuple[int, str]]) -> None:
        self.tokens: list[Any] = []
        self.buffers: list[memoryview | bytes] = []
        self.handle = handle

    def put(self, value: Any, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise WireError(f"the value is nested deeper than {MAX_DEPTH} levels, or contains itself")
        if (put := _PUT.get(type(value))) is not None:  # exact types: a subclass may mean anything
            put(self, value, depth)
        elif not (_put_numpy(self, value) or _put_torch(self, value)):
            self.tokens += (HANDLE, *self.handle(value))

    def put_all(self, tag: int, values: Iterable[Any], count: int, depth: int) -> None:
        self.tokens += (tag, count)
        for value in values:
            self.put(value, depth + 1)


def _put_int(writer: _Writer, value: int, _: int) -> None:
    if value.bit_length() < 64:
        writer.tokens += (INT, value)
    elif value.bit_length() <= MAX_INT_BITS:
        writer.tokens += (BIGINT, f"{value:x}")
    else:
        raise WireError(f"an integer has more than {MAX_INT_BITS} bits")


def _put_bytes(writer: _Writer, value: bytes, _: int) -> None:
    writer.tokens += (BYTES, len(value))
    writer.buffers.append(value)


def _put_dict(writer: _Writer, value: dict[Any, Any], depth: int) -> None:
    items = list(value.items())  # another thread of the student may be changing it
    writer.put_all(DICT, (part for item in items for part in item), len(items), depth)


def _put_sequence(tag: int) -> Callable[[_Writer, Any, int], None]:
    def put(writer: _Writer, value: Any, depth: int) -> None:
        values = list(value)
        writer.put_all(tag, values, len(values), depth)

    return put


_PUT: dict[type, Callable[[_Writer, Any, int], None]] = {
    type(None): lambda writer, value, depth: writer.tokens.append(NONE),
    bool: lambda writer, value, depth: writer.tokens.append(TRUE if value else FALSE),
    int: _put_int,
    float: lambda writer, value, depth: writer.tokens.extend((FLOAT, value)),
    complex: lambda writer, value, depth: writer.tokens.extend((COMPLEX, value.real, value.imag)),
    str: lambda writer, value, depth: writer.tokens.extend((STR, value)),
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


def _put_numpy(writer: _Writer, value: Any) -> bool:
    np = sys.modules.get("numpy")
    if np is None:
        return False
    if type(value) is np.ndarray and value.dtype.name in ARRAY_DTYPES and value.ndim <= MAX_DIMS:
        array = np.ascontiguousarray(value, dtype=value.dtype.newbyteorder("="))
        writer.tokens += (ARRAY, array.dtype.name, value.ndim, *value.shape)
        writer.buffers.append(memoryview(array.reshape(-1).view(np.uint8)))
        return True
    if isinstance(value, np.generic) and type(value) is value.dtype.type and value.dtype.name in ARRAY_DTYPES:
        writer.tokens += (SCALAR, value.dtype.name)
        writer.buffers.append(value.tobytes())
        return True
    return False


def _put_torch(writer: _Writer, value: Any) -> bool:
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


def _put_tensor(writer: _Writer, value: Any) -> bool:
    import torch

    name = str(value.dtype).removeprefix("torch.")
    plain = value.layout is torch.strided and value.device.type != "meta" and not value.is_quantized
    if not plain or name not in TENSOR_DTYPES or value.dim() > MAX_DIMS:
        return False
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


class _Reader:
    """Builds one value from tokens and buffers, checking each against what is left of both."""

    def __init__(
        self,
        tokens: list[Any],
        view: memoryview,
        end: int,
        handle: Callable[[int, str], object],
        tensor: Callable[[torch.Tensor, TensorOrigin], torch.Tensor],
    ) -> None:
        self.tokens, self.view, self.end, self.handle, self.tensor = tokens, view, end, handle, tensor
        self.position = 0

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
        start = _align(self.end)
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
        return name, shape, self.sized(name, math.prod(shape))

    def sized(self, name: str, count: int) -> bytearray:
        data = self.buffer(count * _item_size(name))
        if name == "bool" and data.translate(None, b"\0\1"):
            raise WireError("a boolean is neither 0 nor 1")  # sum() and mean() would count it as up to 255
        return data


def _item_size(name: str) -> int:
    return 1 if name == "bool" else int(re.sub(r"\D", "", name)) // 8


def _take_bigint(reader: _Reader, _: int) -> int:
    text = reader.token(str)
    if not re.fullmatch(rf"-?[0-9a-f]{{1,{MAX_INT_BITS // 4}}}", text):
        raise WireError("an integer in the message is malformed")
    return int(text, 16)


def _take_dict(reader: _Reader, depth: int) -> dict[Any, Any]:
    parts = reader.items(depth, each=2)
    keys = parts[::2]
    _check_keys(keys)
    made: dict[Any, Any] = _unique(dict(zip(keys, parts[1::2], strict=True)), len(keys))
    return made


def _take_set(kind: type[Any]) -> Callable[[_Reader, int], Any]:
    def take(reader: _Reader, depth: int) -> Any:
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


def _take_array(reader: _Reader, _: int) -> np.ndarray[Any, Any]:
    import numpy as np

    name, shape, data = reader.raw(ARRAY_DTYPES, shaped=True)
    try:
        return np.frombuffer(data, dtype=name).reshape(shape)
    except ValueError:
        raise WireError("the message has an impossible shape") from None


def _take_scalar(reader: _Reader, _: int) -> Any:
    import numpy as np

    name, _shape, data = reader.raw(ARRAY_DTYPES, shaped=False)
    return np.frombuffer(data, dtype=name)[0]


def _take_tensor(reader: _Reader, _: int) -> torch.Tensor:
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


def _take_dtype(reader: _Reader, _: int) -> torch.dtype:
    import torch

    name = reader.short_text()
    if name not in TENSOR_DTYPES:
        raise WireError("the message has an unknown dtype")
    dtype: torch.dtype = getattr(torch, name)
    return dtype


def _take_device(reader: _Reader, _: int) -> torch.device:
    import torch

    return torch.device(_device_name(reader))


def _device_name(reader: _Reader) -> str:
    name = reader.short_text()
    if not DEVICE_NAME.fullmatch(name):
        raise WireError("the message has an unknown device")
    return name


def _take_size(reader: _Reader, _: int) -> torch.Size:
    import torch

    return torch.Size(reader.shape())


def _take_slice(reader: _Reader, depth: int) -> slice:
    parts = reader.items(depth)
    if len(parts) != 3:
        raise WireError("a slice in the message is malformed")
    return slice(*parts)


_TAKE: dict[int, Callable[[_Reader, int], Any]] = {
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
    HANDLE: lambda reader, depth: reader.handle(reader.count(1 << 62), reader.short_text()),
}
