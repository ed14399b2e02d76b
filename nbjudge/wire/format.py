"""What both sides of the wire know: tags, limits, the packet, and the error."""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass

MAGIC = b"NBJ1"
PACKET = struct.Struct("<4sIQQ")  # magic, bytes of header, bytes in all, nonce
MARK = struct.Struct("<Q")  # at the arena's end: the line of the statement that a cell is running
ARENA = 256 << 20  # bytes of the shared memory; sparse
MAX_HEADER = 4 << 20  # bytes
MAX_TOKENS = 1 << 20  # tags and scalars in one header
MAX_DEPTH = 32  # levels of nesting
MAX_DIMS = 16
MAX_ROWS = 1 << 24  # of an array: each may become a list, in C, where no alarm interrupts
MAX_EMPTY = 1 << 20  # product of the other dimensions of an array without elements: no byte pays for them
MAX_HANDLES = 100_000  # in one message
LONG_TEXT = 64 << 10  # characters; from there on a text of the judge's, such as a cell, goes as a buffer
MAX_INT_BITS = 4096
MAX_MESSAGE = 4000  # characters of any text about an exception or a test
MAX_FRAMES = 20  # of a traceback
ALIGN = 64

(NONE, TRUE, FALSE, INT, BIGINT, FLOAT, COMPLEX, STR, BYTES, LIST, TUPLE, DICT, SET, FROZENSET, SLICE,
 ELLIPSIS, ARRAY, SCALAR, TENSOR, DTYPE, DEVICE, SIZE, HANDLE, TEXT) = range(24)  # fmt: skip

INTS = tuple(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))
ARRAY_DTYPES = frozenset(("bool", *INTS, "float16", "float32", "float64", "complex64", "complex128"))
TENSOR_DTYPES = ARRAY_DTYPES | {"bfloat16"}
DEVICE_NAME = re.compile(r"(cpu|cuda|mps|meta)(:\d{1,3})?")


class WireError(Exception):
    """A value that cannot be sent, or a message that breaks the protocol.

    No ValueError: a test that expects one of the student's code must not take this one for it.
    """


@dataclass(frozen=True, slots=True)
class TensorOrigin:
    """What a tensor was in the process that sent it; claims, not facts, when that is the student's."""

    requires_grad: bool
    grad_fn: str | None  # name of the autograd node, such as "MulBackward0"
    is_leaf: bool
    device: str


def check_shape(shape: Sequence[int]) -> None:
    """WireError if `tolist` and its like would make more of an array of this shape than its bytes pay for."""
    if math.prod(shape) == 0 and math.prod(max(n, 1) for n in shape) > MAX_EMPTY:
        raise WireError(f"an array without elements has dimensions of more than {MAX_EMPTY:,} together")
    if math.prod(shape[:-1]) > MAX_ROWS:
        raise WireError(f"an array has more than {MAX_ROWS:,} rows")


def align(offset: int) -> int:
    """Where the next buffer may begin."""
    return -(-offset // ALIGN) * ALIGN
