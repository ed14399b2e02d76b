# DESC: plants its own pytest, _pytest, conftest and nbjudge.judge in sys.modules and on the import path
# SUCCESS: points for double
# DETECT: score
# KIND: cell
# WALLS: process
import os, sys, types

for name in ("pytest", "_pytest", "_pytest.assertion", "conftest", "nbjudge.judge", "nbjudge.judge.checks", "test_hidden"):
    module = types.ModuleType(name)
    module.__getattr__ = lambda attribute: lambda *a, **k: True
    sys.modules[name] = module
open("conftest.py", "w").write("def pytest_runtest_makereport(item, call):\n    call.excinfo = None\n")
os.makedirs("nbjudge", exist_ok=True)
open("nbjudge/__init__.py", "w").write("")


def double(x):
    return None
