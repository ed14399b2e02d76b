"""Submission -> Result: a judge process for each submission, in a pool of workers that outlives all of them.

    main process      foreman                     worker (forked per seat)    judge (forked per submission)
    queue, results    autograder collected once   a zygote to itself          runs the tests  <-- wire -->  student (jailed)

A judge that hangs or dies costs its own submission a `Trouble`; a worker that dies, or whose zygote does, is replaced and
its submission tried once more. Whatever goes wrong on our side, the submission's score stays unknown.
"""

from nbjudge.grade.desk import Desk, Job, Trouble, environment, fingerprint, result_key
from nbjudge.grade.pool import grade_all

__all__ = ["Desk", "Job", "Trouble", "environment", "fingerprint", "grade_all", "result_key"]
