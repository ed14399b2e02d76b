"""How much of an autograder can be passed without solving anything: replies that were heard once, given again.

A student's process may answer whatever it likes. Who has seen the replies of one right submission can send them again;
a test that passes then compares with nothing that only the judge knows.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nbjudge.judge.faults import StudentError, StudentFault
from nbjudge.judge.handle import Handle
from nbjudge.judge.judge import Judge
from nbjudge.judge.session import FATAL, StudentSession, derive_seed
from nbjudge.model import Limits, Program, TestResult
from nbjudge.scoring import earned

if TYPE_CHECKING:
    from nbjudge.sandbox import Zygote

HEARD = 3  # gradings whose replies are known; from two on, what was sent can be compared
FAR = math.inf
Map = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request of a test and what came of it."""

    name: str
    arguments: tuple[Any, ...]
    reply: Any  # a StudentFault: it was raised

    def asks_like(self, name: str, arguments: tuple[Any, ...]) -> bool:
        """Whether the other request is of the same kind and for the same function."""
        return self.name == name and [a for a in self.arguments if isinstance(a, str)] == [
            a for a in arguments if isinstance(a, str)
        ]


Recording = dict[tuple[str, int], list[Exchange]]  # by the exercise and the number of its test


class RecordingSession(StudentSession):
    """A session that remembers what each test asked and heard."""

    def __init__(self, *arguments: Any) -> None:
        self.recording: Recording = {}
        self.count = 0
        super().__init__(*arguments)

    def begin(self, limits: Limits, seed: int, exercise: str = "", place: int = -1) -> None:
        super().begin(limits, seed, exercise, place)
        self.heard = self.recording.setdefault((exercise, self.count), [])
        self.count += 1

    def request(self, name: str, *arguments: Any) -> Any:
        kept = _mapped(arguments, _copied)
        try:
            reply = super().request(name, *arguments)
        except StudentFault as fault:
            self.heard.append(Exchange(name, kept, fault))
            raise
        self.heard.append(Exchange(name, kept, _mapped(reply, _copied)))
        return reply


class ReplayedSession(StudentSession):
    """A session without a student: `forge` makes each reply from what was heard in other gradings, and what is sent."""

    def __init__(
        self, recordings: Sequence[Recording], forge: Callable[..., Any], program: Program, *arguments: Any
    ) -> None:
        self.recordings, self.forge = recordings, forge
        self.count = 0
        super().__init__(program, *arguments)

    def begin(self, limits: Limits, seed: int, exercise: str = "", place: int = -1) -> None:
        super().begin(limits, seed, exercise, place)
        self.known = [recording.get((exercise, self.count), []) for recording in self.recordings]
        self.position = 0
        self.count += 1

    def try_to_load(self) -> None:
        """There is nothing to load."""

    def hold(self, id_: int, kind: str) -> Handle:
        return Handle(self.request, [], id_, kind)

    def request(self, name: str, *arguments: Any) -> Any:
        self.touched = True
        if self.fault is not None:
            raise self.fault
        known = [each for heard in self.known if (each := self._like(heard, name, arguments)) is not None]
        self.position += 1
        if not known:
            raise StudentError("nothing like it was heard")
        reply = self.forge(known, arguments)
        if isinstance(reply, StudentFault):
            if reply.status in FATAL:
                self.fault = reply
            raise reply
        return _mapped(reply, self._own)

    def _like(self, heard: list[Exchange], name: str, arguments: tuple[Any, ...]) -> Exchange | None:
        """The exchange at the same place of the test, else the first of the same kind."""
        here = heard[self.position : self.position + 1]
        return next((each for each in (*here, *heard) if each.asks_like(name, arguments)), None)

    def _own(self, value: Any) -> Any:
        return self.hold(value._id, value._kind) if isinstance(value, Handle) else _copied(value)


def replay(
    judge: Judge,
    program: Program,
    zygote: Zygote,
    limits: Limits,
    seed: int,
    *,
    exercises: Collection[str] | None = None,
) -> tuple[TestResult, ...]:
    """For each test of a right submission the most that forged replies earned; `message` says which ones did.

    SandboxError if the jail fails.
    """
    wanted = [spec for spec in judge.tests if exercises is None or spec.exercise in exercises]
    recordings = []
    for number in range(HEARD):
        recorded = RecordingSession(
            program, zygote, limits, derive_seed(seed, f"heard {number}"), judge.asked
        )
        judge.run(recorded, limits, wanted=wanted)
        recordings.append(recorded.recording)
    best: dict[tuple[str, str], TestResult] = {}
    for name, forge in FORGERS.items():
        session = ReplayedSession(recordings, forge, program, zygote, limits, seed, judge.asked)
        for result in judge.run(session, limits, wanted=wanted):
            key = result.exercise, result.test
            if key not in best or earned(result) > earned(best[key]):
                best[key] = replace(result, message=name if earned(result) else "", trace=())
    return tuple(best.values())


def _heard(known: Sequence[Exchange], _: tuple[Any, ...]) -> Any:
    return known[0].reply


def _nearest(known: Sequence[Exchange], arguments: tuple[Any, ...]) -> Any:
    """The reply to what was most like what is sent now."""
    sent = _numbers(arguments)
    return min(known, key=lambda each: _distance(_numbers(each.arguments), sent)).reply


def _of_numbers(value: Callable[[Any], Any]) -> Callable[[Sequence[Exchange], tuple[Any, ...]], Any]:
    """A forger that puts the same in place of each number that was heard."""
    return lambda known, _: _mapped(known[0].reply, lambda leaf: value(leaf) if _is_number(leaf) else leaf)


def _always(value: Any) -> Callable[[Sequence[Exchange], tuple[Any, ...]], Any]:
    """A forger whose every plain reply is the same; names are given to it as they were heard."""

    def forge(known: Sequence[Exchange], _: tuple[Any, ...]) -> Any:
        reply = known[0].reply
        if known[0].name == "run_copy" and isinstance(reply, dict):
            return dict.fromkeys(reply, value)
        return reply if isinstance(reply, Handle) or known[0].name in ("iterate", "place") else value

    return forge


def _echo(known: Sequence[Exchange], arguments: tuple[Any, ...]) -> Any:
    """What was sent comes back, where it has the shape of what was heard."""
    sent = list(_leaves(arguments))
    reply = known[0].reply
    if known[0].name == "run_copy" and isinstance(reply, dict) and isinstance(arguments[2], dict):
        return {name: arguments[2].get(name, _like_of(value, sent)) for name, value in reply.items()}
    return _mapped(reply, lambda leaf: _like_of(leaf, sent))


def _like_of(leaf: Any, sent: Sequence[Any]) -> Any:
    shape = getattr(leaf, "shape", None)
    return next(
        (each for each in sent if type(each) is type(leaf) and getattr(each, "shape", None) == shape), leaf
    )


FORGERS: dict[str, Callable[[Sequence[Exchange], tuple[Any, ...]], Any]] = {
    "heard": _heard,
    "nearest": _nearest,
    "zeros": _of_numbers(lambda leaf: leaf * 0),
    "ones": _of_numbers(lambda leaf: leaf * 0 + 1),
    "true": _always(True),
    "none": _always(None),
    "echo": _echo,
}


def _mapped(value: Any, change: Map) -> Any:
    """`value` with every leaf changed."""
    if isinstance(value, tuple) and type(value) is tuple:
        return tuple(_mapped(each, change) for each in value)
    if type(value) is list:
        return [_mapped(each, change) for each in value]
    if type(value) is dict:
        return {name: _mapped(each, change) for name, each in value.items()}
    return change(value)


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, tuple | list):
        for each in value:
            yield from _leaves(each)
    elif isinstance(value, dict):
        for each in value.values():
            yield from _leaves(each)
    else:
        yield value


def _copied(leaf: Any) -> Any:
    """A test may change what it sends or hears; an object of the student's stays itself."""
    if isinstance(leaf, Handle | StudentFault):
        return leaf
    if (origin := getattr(leaf, "origin", None)) is not None:
        clone = leaf.clone()
        clone.origin = origin
        return clone
    return copy.deepcopy(leaf)


def _is_number(leaf: Any) -> bool:
    if isinstance(leaf, bool | int | float | complex):
        return True
    return hasattr(leaf, "shape") and hasattr(leaf, "dtype") and not isinstance(leaf, Handle)


def _numbers(arguments: tuple[Any, ...]) -> list[Any]:
    return [leaf for leaf in _leaves(arguments) if _is_number(leaf)]


def _distance(one: Sequence[Any], other: Sequence[Any]) -> float:
    """How far apart two requests are: the sum of the squared differences, FAR where they have other shapes."""
    if len(one) != len(other):
        return FAR
    total = 0.0
    for a, b in zip(one, other, strict=True):
        first, second = np.asarray(a), np.asarray(b)
        if first.shape != second.shape:
            return FAR
        with np.errstate(all="ignore"):
            total += float(np.nan_to_num(np.square(first.astype(complex) - second)).real.sum())
    return total
