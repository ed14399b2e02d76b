"""The benchmark of `collect`, on a small course: it loses nothing and says how long it took."""

import runpy
from pathlib import Path

import pytest
from support.places import ROOT


@pytest.mark.slow
def test_two_downloads_of_a_small_course(tmp_path: Path) -> None:
    run = runpy.run_path(str(ROOT / "bench/collect.py"))["run"]
    assert [stored for _, _, stored in run(tmp_path, 20)] == [20, 5]
