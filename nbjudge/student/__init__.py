"""What runs inside the jail: `load_libraries` once in the zygote, `serve` in each student process.

Before many students the zygote also does `warm_up`. The judge trusts nothing here: the student's code shares the
process and may replace any of it.
"""

# Eagerly: once the zygote has changed its root, this package's files cannot be read any more.
from nbjudge.student import libraries as libraries
from nbjudge.student import worlds as worlds
from nbjudge.student.server import serve
from nbjudge.student.warm import load_libraries, warm_up

__all__ = ["load_libraries", "serve", "warm_up"]
