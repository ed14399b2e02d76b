"""The grader image of this machine's container engine, for the tests that need a real one."""

import contextlib

import pytest

from nbjudge.errors import SandboxError
from nbjudge.sandbox import Image
from nbjudge.sandbox.container import find_image


def real_image() -> Image | None:
    """The image, if there is an engine that has it."""
    with contextlib.suppress(SandboxError):
        return find_image()
    return None


needs_image = [
    pytest.mark.container,
    pytest.mark.skipif(
        real_image() is None, reason="no podman or docker with the image nbjudge-grader: make image"
    ),
]
