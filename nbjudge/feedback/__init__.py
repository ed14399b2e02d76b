"""What students and TAs read about a graded submission. Pure: result and score in, text out.

`page` makes the students' HTML, `notebook` what formgrader shows; `shown` decides what of a test a
student may see, `sanitise` makes their own content safe.
"""

from nbjudge.feedback.notebook import annotate_notebook, without_pictures
from nbjudge.feedback.page import exercise_titles, feedback_is_open, render_feedback

__all__ = ["annotate_notebook", "exercise_titles", "feedback_is_open", "render_feedback", "without_pictures"]
