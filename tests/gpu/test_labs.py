"""This course's labs with every test on a GPU slot: the same scores as on the CPU."""

from dataclasses import replace
from pathlib import Path

import pytest
from support.places import ROOT

from nbjudge.app import grading
from nbjudge.app.collect import collect
from nbjudge.app.options import GradingOptions
from nbjudge.authoring.samples import read_samples
from nbjudge.course import load_course

COURSE = load_course(ROOT)


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", ["intro", "transfer"])
def test_every_sample_gets_its_score(name: str, tmp_path: Path) -> None:
    samples = {sample.name: sample for sample in read_samples(COURSE, name)}
    course = replace(
        COURSE, gradebook=tmp_path / "state", database=f"sqlite:///{tmp_path / 'state/gradebook.db'}"
    )
    handed_in = tmp_path / "handed-in"
    handed_in.mkdir()
    for sample in samples.values():
        (handed_in / f"{sample.name}.ipynb").write_bytes(sample.data)
    collect(course, name, handed_in)
    report = grading.grade(course, name, GradingOptions(all_on_slots=True))
    assert report.troubles == ()
    assert {done.submission.student for done in report.graded} == samples.keys()
    wrong = []
    for done in report.graded:
        expected = samples[done.submission.student].expected
        for part in done.score.exercises:
            if not part.manual:
                low, high = expected[part.exercise]
                if part.score is None or not low - 1e-6 <= part.score <= high + 1e-6:
                    wrong.append((done.submission.student, part.exercise, part.score, (low, high)))
        if done.result.rejected is None:
            assert done.result.environment["device"] == "cuda"
    assert wrong == []
