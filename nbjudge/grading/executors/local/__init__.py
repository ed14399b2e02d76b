"""Submission -> Result: a judge process for each submission, in a pool of workers that outlives all of them.

    main process      supervisor                   worker (one per placement)   judge (one per submission)
    queue, results    autograder collected once    a zygote to itself           runs the tests <-- wire --> student (jailed)

A judge that hangs or dies costs its own submission a `Trouble`; a worker that dies, or whose zygote does, is replaced and
its submission tried once more. Whatever goes wrong in the platform, the submission's score stays unknown.
"""

from nbjudge.grading.context import GradingContext, Job, Trouble
from nbjudge.grading.executors.local.pool import grade_all
from nbjudge.grading.result_key import environment, fingerprint, result_key

__all__ = ["GradingContext", "Job", "Trouble", "environment", "fingerprint", "grade_all", "result_key"]
