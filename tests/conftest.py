"""Makes the helper modules of this folder importable, and the environment's programs callable, from the tests."""

import os
import sys
from pathlib import Path

collect_ignore = ["hostile"]  # attacks, graded by test_hostile.py; some are called test_*.py
sys.path.insert(0, str(Path(__file__).parent))
# nbgrader calls alembic by name; pytest may have been called by its path.
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
