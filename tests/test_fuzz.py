"""The fuzzers' corpora again, short runs of the same targets, and a batch of damaged notebooks. See docs/fuzzing.md."""

import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.fuzz_targets import TARGETS, corpus, seeds
from support.places import ROOT

sys.path.insert(0, str(ROOT / "bench"))

edits = st.lists(
    st.tuples(st.integers(0, 1 << 16), st.integers(0, 8), st.binary(max_size=8)), min_size=1, max_size=8
)


def edited(data: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
    """`data` with some stretches replaced."""
    for position, length, new in changes:
        at = position % (len(data) + 1)
        data = data[:at] + new + data[at + length :]
    return data


@pytest.mark.parametrize("target", TARGETS)
def test_the_corpus_holds_no_finding(target: str) -> None:
    paths = corpus(target)
    assert len(paths) >= 10
    for path in paths:
        TARGETS[target](path.read_bytes())


@pytest.mark.parametrize("target", TARGETS)
def test_honest_input_gets_through(target: str) -> None:
    """Else the fuzzers would try refusals only."""
    assert all(TARGETS[target](seed) is not None for seed in seeds(target))


@pytest.mark.parametrize("target", TARGETS)
def test_edited_input_is_taken_or_refused(target: str) -> None:
    honest = seeds(target)

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(honest), edits)
    def check(seed: bytes, changes: list[tuple[int, int, bytes]]) -> None:
        TARGETS[target](edited(seed, changes))

    check()


@pytest.mark.slow
def test_damaged_notebooks_each_get_a_result(tmp_path: Path) -> None:
    from mutate_notebooks import run

    outcome = run(70, jobs=1, seed=7, folder=tmp_path)
    assert outcome.troubles == () and outcome.results == 70
    assert 7 < outcome.rejected < 35 < outcome.repaired + outcome.rejected
    assert outcome.tests["passed"] > 35 and outcome.cells["ok"] > 175
    assert {"failed", "error", "not_found"} <= outcome.tests.keys()
