"""nbgrader's database and the files beside it: reads and writes grades, decides nothing.

`opening` opens the database, `book` writes (one transaction per submission), `grades` reads, `late` knows extensions and
lateness, `troubles` keeps what could not be graded, `students` keeps its students as the roster says, `tables` is the schema,
`queries` what `book` asks, `formgrader` is what a stock Jupyter server needs to work on it.
"""

from nbjudge.gradebook.book import FiledNotebook, filed, graded_keys, record, save_assignment, store_feedback
from nbjudge.gradebook.grades import read_grades, read_marks
from nbjudge.gradebook.late import (
    Times,
    grant,
    read_extensions,
    read_lateness,
    read_times,
    refresh,
)
from nbjudge.gradebook.opening import Gradebook, open_gradebook, read_gradebook
from nbjudge.gradebook.students import forget_student, read_students, save_students
from nbjudge.gradebook.troubles import forget_troubles, read_troubles, record_trouble

__all__ = [
    "FiledNotebook",
    "Gradebook",
    "Times",
    "filed",
    "forget_student",
    "forget_troubles",
    "graded_keys",
    "grant",
    "open_gradebook",
    "read_extensions",
    "read_gradebook",
    "read_grades",
    "read_lateness",
    "read_marks",
    "read_students",
    "read_times",
    "read_troubles",
    "record",
    "record_trouble",
    "refresh",
    "save_assignment",
    "save_students",
    "store_feedback",
]
