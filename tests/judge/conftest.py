"""What the tests of the judge grade with."""

from collections.abc import Callable
from pathlib import Path

import pytest
from support.judging import Judged, judge_with

from nbjudge.sandbox import Zygote


@pytest.fixture
def judge(tmp_path: Path, zygote: Zygote) -> Callable[..., Judged]:
    """judge(tests, program, limits, seed): the results by test name, and the cell reports."""
    return judge_with(tmp_path, zygote)
