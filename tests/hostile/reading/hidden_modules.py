# DESC: imports and inspects modules that a grader might leave importable: tests, conftest, judge, gradebook
# SUCCESS: a canary, or a module of the judge's side
# DETECT: canary, word
# KIND: cell
# WALLS: process namespaces
import importlib, inspect, sys

sys.path[:0] = [COURSE, COURSE + "/autograders/hostile", "/course", "/work"]
for name in ("test_hidden", "conftest", "autograders", "course_config", "nbjudge.judge.plugin", "nbjudge.grade", "nbjudge.gradebook", "hostile_course", "tests.hostile_course"):
    try:
        module = importlib.import_module(name)
        if name.startswith("nbjudge") and not any(part in module.__file__ for part in ("site-packages", "nbjudge")):
            won(name)
        seek(inspect.getsource(module), name)
        if name in ("test_hidden", "course_config", "hostile_course"):
            won(name)
    except BaseException as error:
        print(name, type(error).__name__)
