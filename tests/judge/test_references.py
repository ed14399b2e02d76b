"""An author's own code beside the student's: built-in names, and references in place of functions."""

from support.judging import program


def test_run_means_pythons_own_names(judge):
    results, _ = judge(
        """
        @pytest.mark.exercise("ex")
        def test_run(student):
            got = student.run("count = len(list(range(3)))\\ntotal = sum([1, f(2)])")
            assert (got["count"], got["total"]) == (3, 5)
            assert student.get("list") == [1, 2, 3]

        @pytest.mark.exercise("ex")
        def test_own(student):
            assert student.cell("ex_1")["n"] == 7  # their cell sees their names
            assert student.run("y = sum(3)", sum=student.get("sum"))["y"] == 4
        """,
        program(
            "list = [1, 2, 3]\\ndef sum(x): return x + 1\\nlen = None\\ndef f(x): return sum(x) + 1\\nn = sum(6)".replace(
                "\\n", "\n"
            )
        ),
    )
    assert {result.status for result in results.values()} == {"passed"}, results


def test_a_reference_is_called_as_the_students_function_is(judge):
    results, _ = judge(
        """
        REFERENCES = '''
        import math

        def mse(w, X, y):
            return 100 * w + 10 * X + y

        def twice(x):
            return math.floor(2 * mse(x, 0, 0))
        '''

        @pytest.mark.exercise("ex")
        def test_calls(student):
            import textwrap
            assert student.outer(1, 2, 3) == [321] * 7
            student.replace(textwrap.dedent(REFERENCES))
            assert student.outer(1, 2, 3) == [123] * 7
            assert student.twice(1) == 200
            assert student.run("a = mse(1, 2, y=3)")["a"] == 123

        @pytest.mark.exercise("ex")
        def test_the_next_test_has_the_students_own(student):
            assert student.outer(1, 2, 3) == [321] * 7

        SPY = '''calls = []
        original = mse

        def mse(*args, **kwargs):
            calls.append(len(args) + len(kwargs))
            return original(*args, **kwargs)
        '''

        @pytest.mark.exercise("ex")
        def test_spy(student):
            student.replace(SPY)
            assert student.outer(1, 2, 3) == [321] * 7
            assert student.get("calls") == [3, 4, 4, 3, 4, 5, 4]

        @pytest.mark.exercise("ex")
        def test_no_function(student):
            student.replace("def limit(x): return x\\nK = 5\\nnew = lambda: K")
            assert student.run("a = limit(1), K, new()")["a"] == (1, 5, 5)
        """,
        program(
            """
            limit = 3
            def mse(w, X, y, reduction="mean", *, verbose=False):
                return 100 * y + 10 * X + w
            def outer(w, X, y):
                return [
                    mse(w, X, y), mse(w, X, y, "sum"), mse(w, X, y=y, reduction="sum"), mse(w=w, X=X, y=y),
                    mse(w, X, y, verbose=True), mse(w, X, y, "sum", verbose=True), mse(y=y, w=w, X=X, verbose=True),
                ]
            """
        ),
    )
    assert {result.status for result in results.values()} == {"passed"}, results


def test_references_of_functions_that_take_anything_or_have_other_names(judge):
    results, _ = judge(
        """
        @pytest.mark.exercise("ex")
        @pytest.mark.parametrize("name", ["anything", "renamed", "Class", "another_default"])
        def test_calls(student, name):
            student.replace(f"def {name}(x, y=2): return x, y")
            assert student.run(f"a = {name}(1)")["a"] == (1, 5 if name == "another_default" else 2)
            assert student.run(f"a = {name}(1, 3)")["a"] == (1, 3)
            more = "verbose=True" if name != "Class" else "y=3"
            assert student.run(f"a = {name}(1, 3)" if name == "Class" else f"a = {name}(1, 3, {more})")["a"] == (1, 3)
        """,
        program(
            """
            def anything(*args, **kwargs): return 0
            def renamed(a, b=3, verbose=False): return 0
            def another_default(x, y=5, verbose=False): return 0
            class Class:
                def __init__(self, x, y=2): pass
            """
        ),
    )
    assert {result.status for result in results.values()} == {"passed"}, results
