"""`student` without a jail: the hidden tests of a course of nbjudge, called in the notebook's own process.

So that nbgrader, otter and a plain script can do the very work that nbjudge does, its tests as they are. Values are copied on
their way in and out, as they are when they cross to nbjudge's student process.
"""

from __future__ import annotations

import importlib
import inspect
import random
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FunctionType, ModuleType
from typing import Any

import torch

from nbjudge.judge import Source

SEED = 20_270_314


class Student:
    """The names that the notebook defined; `texts` holds the source of its solution cells by grade_id."""

    def __init__(self, namespace: dict[str, Any], texts: dict[str, str]) -> None:
        self._namespace, self._texts = namespace, texts

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*arguments: Any, **keywords: Any) -> Any:
            positional = [sent(value) for value in arguments]
            named = {key: sent(value) for key, value in keywords.items()}
            return received(self._namespace[name](*positional, **named))

        return call

    def cell(self, id: str, /, **inputs: Any) -> dict[str, Any]:
        """Runs a solution cell in a copy of the namespace; the names that it assigns, and the inputs."""
        return self.run(self._texts[id], **inputs)

    def run(self, code: str, /, **inputs: Any) -> dict[str, Any]:
        """Runs the author's code in a copy of the namespace; the names that it assigns, and the inputs."""
        known = self._namespace
        names = {**known, **{name: sent(value) for name, value in inputs.items()}}
        exec(compile(code, "<autograder>", "exec"), names)
        new = [name for name in names if name not in known or names[name] is not known[name]]
        return {name: received(names[name]) for name in new if name != "__builtins__"}

    def source(self, id: str, /) -> Source:
        """The text of the solution cells of an exercise."""
        found = [text for name, text in self._texts.items() if id in (name, name.partition("_")[0])]
        return Source("\n\n".join(found), self._texts.values())


def check(namespace: dict[str, Any], texts: dict[str, str], module: str, test: str) -> None:
    """Runs one hidden test on the notebook with this namespace; AssertionError or whatever it raises if it fails.

    A test that gives part of its points counts as failed: the graders compared here know no such thing.
    """
    random.seed(SEED)
    torch.manual_seed(SEED)
    given = {"student": Student(namespace, texts), "credit": credit}
    # Warnings: nbgrader gives nothing to a cell that writes to stderr.
    with _kept(namespace), warnings.catch_warnings(action="ignore"):
        _call(importlib.import_module(module), test, given)


@contextmanager
def _kept(namespace: dict[str, Any]) -> Iterator[None]:
    """Puts the notebook's names back afterwards: a test may replace an earlier function, and graders differ in their order.

    `namespace` may be a copy, as in otter; the notebook's functions know the one they live in.
    """
    functions = [value for value in namespace.values() if isinstance(value, FunctionType)]
    homes = [function.__globals__ for function in functions if function.__module__ == "__main__"]
    before = [(home, dict(home)) for home in {id(home): home for home in (namespace, *homes)}.values()]
    try:
        yield
    finally:
        for home, names in before:
            for name in home.keys() - names.keys():
                del home[name]
            home.update(names)


def credit(value: float, *, full: float, none: float) -> None:
    """The fixture `credit` for graders without partial credit: full or nothing."""
    assert value >= full, f"{value} is below {full}"


def sent(value: Any) -> Any:
    """A copy of a tensor, or of the tensors in a container, as the student's code gets it: a leaf."""
    return _copied(value, lambda tensor: tensor.detach().clone().requires_grad_(tensor.requires_grad))


def received(value: Any) -> Any:
    """A copy of a tensor, or of the tensors in a container, as a test gets it: without history, with its `origin`."""
    return _copied(value, _with_origin)


def _with_origin(tensor: torch.Tensor) -> torch.Tensor:
    copy = tensor.detach().clone()
    copy.origin = tensor
    return copy


def _copied(value: Any, copy: Callable[[torch.Tensor], torch.Tensor]) -> Any:
    if isinstance(value, torch.Tensor):
        return copy(value)
    if type(value) in (list, tuple):
        return type(value)(_copied(item, copy) for item in value)
    return {key: _copied(item, copy) for key, item in value.items()} if type(value) is dict else value


def _call(module: ModuleType, name: str, given: dict[str, Any]) -> Any:
    """Calls a test or a fixture of its module or of conftest.py, its own fixtures first."""
    if name in given:
        return given[name]
    home = module if hasattr(module, name) else importlib.import_module("conftest")
    function = inspect.unwrap(getattr(home, name))
    return function(
        **{needed: _call(module, needed, given) for needed in inspect.signature(function).parameters}
    )
