"""The course that ships: every assignment's samples get exactly their scores, and its proof holds for what is there."""

from collections.abc import Iterator

import pytest
from support.places import ROOT

from nbjudge.app import authoring
from nbjudge.app.demo import Demo, grade_samples, meets
from nbjudge.authoring.samples import read_samples
from nbjudge.course import load_course

COURSE = load_course(ROOT)
# tests/course/test_samples.py looks at intro's closely
OTHERS = {name: read_samples(COURSE, name) for name in COURSE.assignments if name != "intro"}


@pytest.fixture(scope="module", params=OTHERS)
def demo(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Demo]]:
    yield request.param, grade_samples(COURSE, request.param, folder=tmp_path_factory.mktemp("demo"))


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.timeout(900)
def test_every_sample_gets_exactly_its_score(demo: tuple[str, Demo]) -> None:
    name, graded = demo
    assert graded.report.troubles == ()
    scores = {done.submission.student: done.score for done in graded.report.graded}
    assert scores.keys() == {sample.name for sample in OTHERS[name]}
    assert [sample.name for sample in OTHERS[name] if not meets(sample, scores[sample.name])] == []


@pytest.mark.parametrize("name", COURSE.assignments)
def test_the_proof_holds_for_what_is_there(name: str) -> None:
    assert authoring.proof_lacks(COURSE, name) is None, f"run `nbjudge check {name}` and commit proof.json"


@pytest.mark.parametrize("name", COURSE.assignments)
def test_titles_are_in_every_language(name: str) -> None:
    assert COURSE.assignments[name].title.keys() == set(COURSE.languages)


def test_samples_of_the_typical_verdicts_are_there() -> None:
    for name, samples in OTHERS.items():
        verdicts = {sample.verdict for sample in samples}
        assert {"full_marks", "partial", "zero"} <= verdicts, name
        assert sum(sample.verdict == "full_marks" for sample in samples) >= 2, name
