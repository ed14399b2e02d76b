"""What both sides of the wire know: tags, limits, the packet, and the error."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

MAGIC = b"NBJ1"
PACKET = struct.Struct("<4sIQQ")  # magic, bytes of header, bytes in all, nonce
MARK = struct.Struct("<Q")  # at the arena's end: the line of the statement that a cell is running
ARENA = 256 << 20  # bytes of the shared memory; sparse
MAX_HEADER = 4 << 20  # bytes
MAX_TOKENS = 1 << 20  # tags and scalars in one header
MAX_DEPTH = 32  # levels of nesting
MAX_DIMS = 16
MAX_INT_BITS = 4096
MAX_MESSAGE = 4000  # characters of any text about an exception or a test
MAX_FRAMES = 20  # of a traceback
ALIGN = 64

(NONE, TRUE, FALSE, INT, BIGINT, FLOAT, COMPLEX, STR, BYTES, LIST, TUPLE, DICT, SET, FROZENSET, SLICE,
 ELLIPSIS, ARRAY, SCALAR, TENSOR, DTYPE, DEVICE, SIZE, HANDLE) = range(23)  # fmt: skip

INTS = tuple(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))
ARRAY_DTYPES = frozenset(("bool", *INTS, "float16", "float32", "float64", "complex64", "complex128"))
TENSOR_DTYPES = ARRAY_DTYPES | {"bfloat16"}
DEVICE_NAME = re.compile(r"(cpu|cuda|mps|meta)(:\d{1,3})?")


class WireError(ValueError):
    """A value that cannot be sent, or a message that breaks the protocol."""


@dataclass(frozen=True, slots=True)
class TensorOrigin:
    """What a tensor was in the process that sent it; claims, not facts, when that is the student's."""

    requires_grad: bool
    grad_fn: str | None  # name of the autograd node, such as "MulBackward0"
    is_leaf: bool
    device: str


def align(offset: int) -> int:
    """Where the next buffer may begin."""
    return -(-offset // ALIGN) * ALIGN
