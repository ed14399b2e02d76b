"""A handle: an object that stays in the student's process, as the tests hold it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from nbjudge.judge.faults import StudentError, clean

MAX_ITEMS = 100_000  # of one iteration
MAX_LENGTH = 10_000_000  # list() reserves memory for what len() says

Ask = Callable[..., Any]  # request name, arguments -> value


class Handle:
    """An object that does not cross by value and so stays in the student's process.

    Calls, attributes, indices, len and iteration are asked there.

    The student's code never decides a comparison: `==` and truth raise TypeError, hash is identity, and there is
    no array or torch protocol. Compare the plain values that its methods return.
    """

    __slots__ = ("_ask", "_dropped", "_id", "_kind")

    def __init__(self, ask: Ask, dropped: list[int], id_: int, kind: str) -> None:
        object.__setattr__(self, "_ask", ask)
        object.__setattr__(self, "_dropped", dropped)
        object.__setattr__(self, "_id", id_)
        object.__setattr__(self, "_kind", clean(kind, 100))

    def __del__(self) -> None:
        self._dropped.append(self._id)

    def __repr__(self) -> str:
        return f"<your {self._kind}>"  # students read it in messages

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        raise TypeError(f"{self!r} cannot be compared: compare plain values")

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = object.__hash__

    def __bool__(self) -> bool:
        raise TypeError(f"{self!r} is neither true nor false")

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        return self._ask("call", self, arguments, keywords)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"{self!r}: {name} is not asked for")
        return self._ask("attribute", self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._ask("set_attribute", self, name, value)

    def __getitem__(self, key: Any) -> Any:
        return self._ask("item", self, key)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._ask("set_item", self, key, value)

    def __len__(self) -> int:
        length = self._ask("length", self)
        if type(length) is not int or not 0 <= length <= MAX_LENGTH:
            raise StudentError(f"len() of {self!r} is {clean(repr(length), 100)}")
        return length

    def __iter__(self) -> Iterator[Any]:
        iterator = self._ask("iterate", self)
        for _ in range(MAX_ITEMS):
            item = self._ask("next_item", iterator)
            if type(item) is not tuple or len(item) != 1:
                return
            yield item[0]
        raise StudentError(f"{self!r} gives more than {MAX_ITEMS:,} items: it may never end")
