"""The protocol between the judge and the student's process: plain values, tensors, handles. See docs/wire.md.

One message is a packet of fixed size on the socket plus bytes in a shared arena: a header from offset 0
(msgpack: one flat list of scalars, in which every value is preceded by its tag), then the raw bytes of arrays,
tensors and `bytes`, in the order of the values, each at the next multiple of 64. No offset or length of a buffer
is ever sent: both sides derive them from dtype and shape, so none can be forged.

The other side may write to the arena while we read it. So `decode` copies the header once and each buffer once,
and checks and uses nothing but the copies.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from nbjudge.wire.format import (
    ARENA,
    MAGIC,
    MARK,
    MAX_FRAMES,
    MAX_HEADER,
    MAX_MESSAGE,
    MAX_TOKENS,
    PACKET,
    TensorOrigin,
    WireError,
    align,
)
from nbjudge.wire.reader import Reader
from nbjudge.wire.writer import Writer, encode_tokens

if TYPE_CHECKING:
    import torch

__all__ = [
    "ARENA",
    "MARK",
    "MAX_FRAMES",
    "MAX_MESSAGE",
    "PACKET",
    "TensorOrigin",
    "WireError",
    "decode",
    "encode",
    "nonce_of",
]
_decoder = msgspec.msgpack.Decoder(list[bool | int | float | str | None])  # no maps, extensions or nesting


def encode(
    value: object,
    arena: mmap.mmap,
    nonce: int,
    handle: Callable[[object], tuple[int, str]],
    *,
    long_texts: bool = False,
) -> bytes:
    """Writes `value` into the arena and returns the packet to send.

    `handle` gives id and type name for each object that does not cross by value. `long_texts`: the other side takes
    texts of any length, as the student's does. WireError: `value` is nested too deep, too large or not text; then
    nothing was written.
    """
    writer = Writer(handle, long_texts)
    writer.put(value, 0)
    header = encode_tokens(writer.tokens)
    end = len(header)
    for buffer in writer.buffers:
        end = align(end) + len(buffer)
    if end > len(arena):
        raise WireError(f"the value is larger than {len(arena) >> 20} MiB")
    arena[: len(header)] = header
    end = len(header)
    for buffer in writer.buffers:
        start = align(end)
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
    long_texts: bool = True,
) -> Any:
    """The value of the message that `packet` announces, made of fresh objects; WireError if anything is amiss.

    `handle` makes the object for an id and a (claimed) type name; `tensor` receives each new plain tensor.
    `long_texts`: whether a text may be longer than a header.
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
        reader = Reader(tokens, view[:total], length, handle, tensor, long_texts)
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
