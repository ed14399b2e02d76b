"""nbgrader's database and the files beside it: reads and writes grades, decides nothing.

`book` writes (one transaction per submission), `grades` reads, `tables` is the schema, `queries` what `book` asks, `formgrader`
is what a stock Jupyter server needs to work on it.
"""

from nbjudge.gradebook.book import (
    Gradebook,
    graded_keys,
    open_gradebook,
    record,
    save_assignment,
    store_feedback,
)
from nbjudge.gradebook.grades import GradeRow, harmless, read_grades, read_marks, write_csv

__all__ = [
    "GradeRow",
    "Gradebook",
    "graded_keys",
    "harmless",
    "open_gradebook",
    "read_grades",
    "read_marks",
    "record",
    "save_assignment",
    "store_feedback",
    "write_csv",
]
