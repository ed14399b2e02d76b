"""The wire: round trips of every kind of value, and one forged message for each check of the reader."""

import contextlib
import math
import mmap
import os
import struct
from collections import OrderedDict

import msgspec
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nbjudge import wire
from nbjudge.wire import PACKET, WireError

NONCE = 0xFEDCBA9876543210


@pytest.fixture(scope="module")
def arena():
    fd = os.memfd_create("arena")
    os.truncate(fd, 8 << 20)
    with mmap.mmap(fd, 8 << 20) as memory:
        yield memory
    os.close(fd)


class Thing:
    pass


def no_handle(value):
    raise AssertionError(f"{value!r} became a handle")


def keep_origin(tensor, origin):
    tensor.origin = origin
    return tensor


def take(packet, arena, nonce=NONCE):
    return wire.decode(packet, arena, nonce, handle=lambda id_, kind: (id_, kind), tensor=keep_origin)


def send(value, arena, handle=no_handle):
    return take(wire.encode(value, arena, NONCE, handle), arena)


def forge(
    arena, tokens, extra=b"", *, raw=None, header=None, total=None, nonce=NONCE, magic=wire.format.MAGIC
):
    """A hand-made message: the tokens (or raw header bytes), then `extra` at the next multiple of 64."""
    data = msgspec.msgpack.encode(tokens) if raw is None else raw
    end = -(-len(data) // 64) * 64 + len(extra) if extra else len(data)
    arena[: len(data)] = data
    arena[end - len(extra) : end] = extra
    return PACKET.pack(magic, len(data) if header is None else header, end if total is None else total, nonce)


def same(one, other):
    """Equality that tells 1 from True and 1.0, and holds for NaN and tensors."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return len(one) == len(other) and all(
            same(a, b) and same(one[a], other[b]) for a, b in zip(one, other, strict=True)
        )
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(same(a, b) for a, b in zip(one, other, strict=True))
    if isinstance(one, float):
        return struct.pack("d", one) == struct.pack("d", other)
    return one == other


hashable = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(1 << 4000), 1 << 4000)
    | st.floats()
    | st.text()
    | st.binary(max_size=200)
    | st.just(...),
    lambda inner: st.lists(inner, max_size=4).map(tuple),
    max_leaves=8,
)
values = st.recursive(
    hashable,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(hashable, inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=300, deadline=None)
@given(value=values)
def test_plain_values_come_back_equal_and_of_the_same_type(value, arena):
    assert same(send(value, arena), value)


@pytest.mark.parametrize(
    "value",
    [complex(1, -2), {1, 2, 3}, frozenset({"a"}), slice(1, None, 2), slice(None)],
    ids=repr,
)
def test_other_plain_values(value, arena):
    got = send(value, arena)
    assert type(got) is type(value) and got == value


def test_ordered_dict_arrives_as_dict(arena):
    assert type(send(OrderedDict(a=1), arena)) is dict


@pytest.mark.parametrize("name", sorted(wire.format.TENSOR_DTYPES))
@pytest.mark.parametrize("shape", [(), (0, 3), (2, 3)])
def test_tensors(name, shape, arena):
    dtype = getattr(torch, name)
    tensor = torch.arange(math.prod(shape)).reshape(shape).to(dtype)
    got = send(tensor, arena)
    assert type(got) is torch.Tensor and got.dtype == dtype and got.shape == tensor.shape
    assert torch.equal(got, tensor)


@pytest.mark.parametrize("name", sorted(wire.format.ARRAY_DTYPES))
def test_arrays_and_scalars(name, arena):
    array = np.arange(6).reshape(2, 3).astype(name)
    for value in (array, array.T, array[0, 1], np.zeros((), name), np.zeros((0, 2), name)):
        got = send(value, arena)
        assert type(got) is type(value) and got.dtype == value.dtype and got.shape == value.shape
        assert np.array_equal(got, value)


def test_big_endian_array_is_converted(arena):
    assert send(np.array([1, 2], dtype=">i4"), arena).tolist() == [1, 2]


def test_tensor_origin(arena):
    weight = torch.ones(2, requires_grad=True)
    got = send(weight * 2, arena)
    assert got.requires_grad is False and got.grad_fn is None
    assert got.origin == wire.TensorOrigin(True, "MulBackward0", False, "cpu")
    assert send(torch.nn.Parameter(torch.ones(2)), arena).origin.is_leaf


def test_views_are_made_contiguous(arena):
    base = torch.arange(12.0).reshape(3, 4)
    assert torch.equal(send(base.T[1:, ::2], arena), base.T[1:, ::2])
    lazy = torch.tensor([1 + 2j]).conj()
    assert torch.equal(send(lazy, arena), torch.tensor([1 - 2j]))


def test_torch_dtype_device_size(arena):
    for value in (torch.bfloat16, torch.device("cuda:1"), torch.Size([2, 3])):
        got = send(value, arena)
        assert type(got) is type(value) and got == value


def test_what_has_no_plain_form_becomes_a_handle(arena):
    class Dict(dict):
        pass

    class Tensor(torch.Tensor):
        pass

    things = [
        Thing(),
        Dict(a=1),
        torch.ones(2).as_subclass(Tensor),
        torch.ones(2).to_sparse(),
        torch.ones(2, device="meta"),
        np.array([object()]),
        np.array(["text"]),
        len,
    ]
    got = send(things, arena, handle=lambda value: (7, type(value).__name__))
    assert got == [(7, type(thing).__name__) for thing in things]


def test_message_does_not_alias_the_arena(arena):
    packet = wire.encode([torch.ones(1000), np.ones(1000), b"x" * 100], arena, NONCE, no_handle)
    tensor, array, raw = take(packet, arena)
    arena[:] = b"\xff" * len(arena)
    assert tensor.sum() == 1000 and array.sum() == 1000 and raw == b"x" * 100


def test_too_deep_too_large_or_not_text(arena):
    cycle = []
    cycle.append(cycle)
    with pytest.raises(WireError, match="contains itself"):
        send(cycle, arena)
    with pytest.raises(WireError, match="larger than 8 MiB"):
        send(torch.zeros(8 << 20, dtype=torch.uint8), arena)
    with pytest.raises(WireError, match="too many parts"):
        send([0] * (1 << 20), arena)
    with pytest.raises(WireError, match="MiB: use a tensor"):
        send("x" * (5 << 20), arena)
    with pytest.raises(WireError, match="Unicode"):
        send("\ud800", arena)
    with pytest.raises(WireError, match="bits"):
        send(1 << 5000, arena)


ONES = struct.pack("<2f", 1, 1)
TENSOR_END = [False, None, True, "cpu"]
FORGERIES = {
    "unknown tag": [99],
    "negative tag": [-1],
    "tag of the wrong type": ["x"],
    "boolean as tag": [True],
    "no tokens": [],
    "token of the wrong type": [wire.format.INT, "1"],
    "float as int": [wire.format.INT, 1.0],
    "boolean as int": [wire.format.INT, True],
    "value missing": [wire.format.INT],
    "surplus token": [wire.format.INT, 1, 2],
    "list shorter than told": [wire.format.LIST, 3, wire.format.NONE],
    "list of huge length": [wire.format.LIST, 1 << 62],
    "list of negative length": [wire.format.LIST, -1],
    "dict of huge length": [wire.format.DICT, 1 << 40],
    "dict with odd parts": [wire.format.DICT, 1, wire.format.NONE],
    "dict with the same key twice": [wire.format.DICT, 2, *[wire.format.INT, 1, wire.format.NONE] * 2],
    "dict with 1 and True": [
        wire.format.DICT,
        2,
        wire.format.INT,
        1,
        wire.format.NONE,
        wire.format.TRUE,
        wire.format.NONE,
    ],
    "set with the same value twice": [wire.format.SET, 2, *[wire.format.INT, 1] * 2],
    "list as key": [wire.format.DICT, 1, wire.format.LIST, 0, wire.format.NONE],
    "list in a set": [wire.format.SET, 1, wire.format.LIST, 0],
    "big integer too long": [wire.format.BIGINT, "f" * 1025],
    "big integer with other characters": [wire.format.BIGINT, "1_0"],
    "big integer empty": [wire.format.BIGINT, ""],
    "slice of two": [wire.format.SLICE, 2, wire.format.NONE, wire.format.NONE],
    "bytes without buffer": [wire.format.BYTES, 10],
    "negative bytes": [wire.format.BYTES, -1],
    "unknown dtype": [wire.format.TENSOR, "object", 0, *TENSOR_END],
    "dtype that is an attribute of torch": [wire.format.TENSOR, "load", 0, *TENSOR_END],
    "array of objects": [wire.format.ARRAY, "object", 1, 1],
    "array of bfloat16": [wire.format.ARRAY, "bfloat16", 1, 0],
    "dtype attribute": [wire.format.DTYPE, "nn"],
    "tensor without buffer": [wire.format.TENSOR, "float32", 1, 2, *TENSOR_END],
    "negative dimension": [wire.format.TENSOR, "float32", 1, -1, *TENSOR_END],
    "too many dimensions": [wire.format.TENSOR, "float32", 17, *[1] * 17, *TENSOR_END],
    "shape whose product wraps round": [wire.format.TENSOR, "uint8", 4, *[1 << 16] * 4, *TENSOR_END],
    "empty shape with huge strides": [wire.format.ARRAY, "float32", 5, 0, *[1 << 40] * 4],
    "requires_grad of the wrong type": [wire.format.TENSOR, "float32", 1, 0, 1, None, True, "cpu"],
    "grad_fn too long": [wire.format.TENSOR, "float32", 1, 0, False, "x" * 201, True, "cpu"],
    "unknown device": [wire.format.DEVICE, "xla"],
    "device with an injection": [wire.format.TENSOR, "float32", 1, 0, False, None, True, "cpu\n"],
    "handle with a text as id": [wire.format.HANDLE, "1", "x"],
    "handle with a negative id": [wire.format.HANDLE, -1, "x"],
    "handle with a huge name": [wire.format.HANDLE, 1, "x" * 201],
    "too deep": [*[wire.format.LIST, 1] * 40, wire.format.NONE],
}


@pytest.mark.parametrize("tokens", FORGERIES.values(), ids=FORGERIES.keys())
def test_forged_values_are_refused(tokens, arena):
    with pytest.raises(WireError):
        take(forge(arena, tokens), arena)


def test_honest_forgery_is_accepted(arena):
    """The forger above does make good messages."""
    got = take(forge(arena, [wire.format.TENSOR, "float32", 1, 2, *TENSOR_END], ONES), arena)
    assert torch.equal(got, torch.ones(2))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xc1",
        b"\xdd\xff\xff\xff\xff",  # a list of four thousand million
        b"\x91\xdb\xff\xff\xff\xff",  # a text of four gigabytes
        b"\x91\x80",  # a map
        b"\x91\x91\xc0",  # a nested list
        b"\x91\xd6\xff\0\0\0\0",  # an extension: a timestamp
        b"\x91\xc4\x01x",  # binary
        b"\x92\x07\xa1\xff",  # not UTF-8
        b"\x91\x00\x00",  # a second value behind
        b"\x91" * 100_000 + b"\xc0",
    ],
    ids=range(11),
)
def test_malformed_headers_are_refused(raw, arena):
    with pytest.raises(WireError):
        take(forge(arena, [], raw=raw), arena)


@pytest.mark.parametrize(
    "fields",
    [
        {"nonce": NONCE + 1},
        {"magic": b"NBJ0"},
        {"header": 0},
        {"header": 1 << 31},
        {"total": 0},
        {"total": 1},
        {"total": 1 << 60},
        {"total": 65},
    ],
    ids=repr,
)
def test_forged_packets_are_refused(fields, arena):
    with pytest.raises(WireError):
        take(forge(arena, [wire.format.NONE], **fields), arena)


@pytest.mark.parametrize("packet", [b"", b"x" * (PACKET.size - 1), b"x" * (PACKET.size + 1)])
def test_packets_of_another_size_are_refused(packet, arena):
    with pytest.raises(WireError):
        take(packet, arena)


def test_surplus_bytes_are_refused(arena):
    with pytest.raises(WireError, match="surplus"):
        take(forge(arena, [wire.format.TENSOR, "float32", 1, 2, *TENSOR_END], ONES + b"\0"), arena)


def test_boolean_tensor_counts_at_most_one_per_element(arena):
    forged = forge(arena, [wire.format.TENSOR, "bool", 1, 2, *TENSOR_END], b"\x01\xff")
    with pytest.raises(WireError, match="boolean"):
        take(forged, arena)
    with pytest.raises(WireError, match="boolean"):
        take(forge(arena, [wire.format.SCALAR, "bool"], b"\x02"), arena)


def test_keys_that_share_a_hash_are_refused(arena):
    keys = [i * ((1 << 61) - 1) for i in range(1, 2000)]
    with pytest.raises(WireError, match="share one hash"):
        send(dict.fromkeys(keys), arena)
    assert len(send(dict.fromkeys(range(20000)), arena)) == 20_000


def test_header_is_read_once(arena):
    """What the other side writes after the header was copied changes nothing."""
    packet = wire.encode([Thing(), torch.ones(4)], arena, NONCE, lambda value: (1, "Thing"))

    def overwrite(id_, kind):
        arena[:64] = msgspec.msgpack.encode(
            [wire.format.LIST, 1, wire.format.TENSOR, "float32", 1, 1 << 30]
        ).ljust(64)
        return "handle"

    got = wire.decode(packet, arena, NONCE, handle=overwrite, tensor=keep_origin)
    assert got[0] == "handle" and torch.equal(got[1], torch.ones(4))


@settings(max_examples=300, deadline=None)
@given(
    tokens=st.lists(
        st.integers(-2, 30) | st.integers() | st.booleans() | st.none() | st.floats() | st.text(max_size=3)
        | st.sampled_from(["float32", "bool", "cpu", "int64"]),
        max_size=30,
    ).filter(lambda tokens: all(type(t) is not int or -(1 << 63) <= t < 1 << 64 for t in tokens)),
    extra=st.binary(max_size=200),
)  # fmt: skip
def test_any_message_gives_a_value_or_a_wire_error(tokens, extra, arena):
    with contextlib.suppress(WireError):
        take(forge(arena, tokens, extra), arena)


@settings(max_examples=200, deadline=None)
@given(value=values, position=st.integers(0, 10_000), byte=st.integers(0, 255))
def test_any_changed_byte_gives_a_value_or_a_wire_error(value, position, byte, arena):
    packet = wire.encode(value, arena, NONCE, no_handle)
    arena[position % PACKET.unpack(packet)[2]] = byte
    with contextlib.suppress(WireError):
        take(packet, arena)
