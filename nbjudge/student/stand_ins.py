"""A test's own function in place of the student's, called as the student's may be."""

from __future__ import annotations

import functools
import inspect
from typing import Any


def stand_in(reference: Any, replaced: Any) -> Any:
    """`reference`, which also takes the arguments that the student's function of that name takes besides.

    Whoever gives `fit` an argument `verbose=True` calls it with `verbose=False` elsewhere. What the reference does not
    know is left out; a default that the student has changed holds. Anything but a function is given back as it is.
    """
    if not inspect.isfunction(reference):
        return reference
    own = inspect.signature(reference).parameters
    if any(one.kind in (one.VAR_POSITIONAL, one.VAR_KEYWORD) for one in own.values()):
        return reference  # it takes anything by itself
    try:
        theirs = inspect.signature(replaced)
    except (TypeError, ValueError):  # nothing that can be called, or nothing that says how
        return reference

    @functools.wraps(reference)
    def call(*arguments: Any, **keywords: Any) -> Any:
        try:
            given = theirs.bind(*arguments, **keywords)
        except TypeError:
            return reference(*arguments, **keywords)
        given.apply_defaults()
        if own.keys() <= given.arguments.keys():
            return reference(**{name: given.arguments[name] for name in own})
        known = {name: value for name, value in keywords.items() if name in own}
        return reference(*arguments[: len(own)], **known)

    return call
