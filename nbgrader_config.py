"""nbgrader's view of the course, for `jupyter lab` (formgrader) and `nbgrader export` in this folder.

Every setting comes from course_config.py; see docs/gradebook.md.
"""

from pathlib import Path

from nbjudge.course import load_course
from nbjudge.gradebook.formgrader import configure

configure(get_config(), load_course(Path(__file__).parent))  # noqa: F821  (traitlets puts it here)
