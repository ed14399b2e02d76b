"""Which kind of trouble a judge's failure becomes."""

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from nbjudge.errors import SandboxError
from nbjudge.grading.context import GradingContext, Job, SubmissionChanged
from nbjudge.grading.executors.local import worker
from nbjudge.grading.submission import _read_program
from nbjudge.model import Limits, Submission

CONTEXT = cast(
    GradingContext,
    SimpleNamespace(
        assignment="lab", course=SimpleNamespace(assignments={"lab": SimpleNamespace(limits=Limits())})
    ),
)

JOB = Job(cast(Submission, None), "key")


def raising(error: BaseException) -> Any:
    def judge_submission(*_: Any) -> None:
        raise error

    return judge_submission


@pytest.mark.parametrize(
    ("judge_submission", "kind", "message"),
    [
        (raising(SandboxError("no walls")), "sandbox", "no walls"),
        (raising(SubmissionChanged("lab.ipynb changed")), "submission_changed", "lab.ipynb changed"),
        (raising(ZeroDivisionError("in nbjudge")), "failed", "ZeroDivisionError: in nbjudge"),
        (lambda *_: os._exit(3), "no_result", "without a result"),
    ],
    ids=["sandbox", "submission_changed", "failed", "no_result"],
)
def test_the_kind_is_set_where_the_trouble_arises(
    monkeypatch: pytest.MonkeyPatch, judge_submission: Any, kind: str, message: str
) -> None:
    monkeypatch.setattr(worker, "judge_submission", judge_submission)
    judge = SimpleNamespace(seconds=lambda limits: 5)
    outcome = worker.judge_in_child(CONTEXT, cast(Any, judge), cast(Any, None), JOB)
    assert outcome[0] == "trouble" and isinstance(outcome[1], tuple)
    assert outcome[1][0] == kind and message in outcome[1][1]


def test_a_file_that_changed_meanwhile_is_not_judged(tmp_path: Path) -> None:
    path = tmp_path / "lab.ipynb"
    path.write_bytes(b"{}")
    submission = Submission("lab", "anna", path, cast(Any, None), "0" * 64)
    with pytest.raises(SubmissionChanged, match="changed while it was being graded"):
        _read_program(CONTEXT, submission)
