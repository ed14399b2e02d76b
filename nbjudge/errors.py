"""The two errors that never cost a student points: the author's and the grader's. The student's faults are TestResults."""


class CourseError(Exception):
    """The course is at fault: the message names the file, cell or option and the next step."""


class SandboxError(Exception):
    """The grader is at fault: the score stays unknown and the submission stays in the queue."""
