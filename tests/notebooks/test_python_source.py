"""What a cell defines, read without running it."""

import ast

import pytest

from nbjudge.notebooks.python_source import (
    additions,
    code_start,
    defined_names,
    is_foreign,
    parse,
    plain_python,
    without_line_magics,
)


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("def f(x):\n    y = 1\nclass C: z = 2\na, (b, *c) = 1, (2, 3)\nd: int = 4", "f C a b c d"),
        ("async def f(): pass", "f"),
        (
            "if True:\n    a = 1\nelse:\n    b = 2\ntry:\n    c = 3\nexcept E:\n    d = 4\nwith x as e:\n    pass",
            "a b c d e",
        ),
        ("for i in range(3):\n    j = i", "i j"),
        ("import torch\nfrom a import b", ""),
        ("x[0] = 1\no.attr = 2\ny += 1\nprint(z)", ""),
        (
            "%matplotlib inline\n!pip install x\nfiles = !ls\n?help\nf?\nout = %timeit 1\n\nx = 1",
            "files out x",
        ),
        ("%%time\nx = 1", "x"),
        ("%%capture out\nx = 1", "out x"),
        ("%%timeit\nx = 1", ""),
        ("%time x = f()\nif y:\n    %time z = 1\n%time f(x)", "x z"),
        ("%prun -l 5 x = f()\ny = %time f()", "x y"),
        ("%%bash\nx=1", ""),
        ("%%writefile helper.py\ndef f(): pass", ""),
        ("def f(x:\n    return\ny = (1\nclass D", "f y D"),
        ("x == 1", ""),
        ("\x00", ""),
        ("(" * 5000 + ")" * 5000, ""),
        ("-" * 100_000 + "1\nx = 1", "x"),
        ("x = " + "1 + " * 30_000 + "1", "x"),
        ("x = 1\n" + "#" * 300_000, "x"),
        ("", ""),
    ],
    ids=lambda value: value[:20],
)
def test_defined_names(source, names):
    assert defined_names(source) == frozenset(names.split())


def test_ipython_syntax_keeps_line_numbers():
    source = "%%time\nif x:\n    !ls\n    %cd /tmp\ny = 1"
    assert plain_python(source).count("\n") == source.count("\n")
    tree = parse(source)
    assert tree is not None
    assert tree.body[-1].lineno == 5


@pytest.mark.parametrize(
    ("line", "python"),
    [
        ("    %cd /tmp", "    pass"),
        ("!ls", "pass"),
        ("?help", "pass"),
        ("torch.nn??", "pass"),
        ("files[0] = !ls", "files[0] = None"),
        ("model.time, x = %timeit f()", "model.time, x = None"),
        ("x = y % 2", "x = y % 2"),
        ("    %time x = f()", "    x = f()"),
        ("x = %time f()", "x = f()"),
        ("%time", "pass"),
    ],
)
def test_a_magic_line_becomes_python_that_does_nothing(line, python):
    assert without_line_magics(f"a\n{line}\nb") == f"a\n{python}\nb"


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("%%time\nx = 1", "x = 1"),
        ("\n  \n%%capture out\n\n%%time\nx = 1", "x = 1"),
        ("%%time\n%%timeit -n 1\nx = 1", "%%timeit -n 1\nx = 1"),
        ("%%timer\nx = 1", "%%timer\nx = 1"),
        ("x = 1\n%%time", "x = 1\n%%time"),
        ("", ""),
    ],
)
def test_where_the_code_of_a_cell_begins(source, code):
    assert source[code_start(source) :] == code


@pytest.mark.parametrize(
    ("source", "foreign"),
    [
        ("\n%%bash\nls", True),
        ("%%html\n<b>", True),
        ("%%python3\nx = 1", True),
        ("%%bashful\n", False),
        ("%%time\nx", False),
        ("ls", False),
    ],
)
def test_cells_in_another_language(source, foreign):
    assert is_foreign(source) is foreign


def test_a_modulo_at_a_line_start_is_python():
    source = "x = (a\n% b)"
    tree = parse(source)
    assert tree is not None
    assert ast.unparse(tree) == "x = a % b"


def test_what_a_student_added_to_a_given_cell_keeps_its_lines():
    original = "import torch\nn = 3\ndef given(): return 1"
    edited = "import torch\nimport math\nn = 99\nprint(n)\n@cache\ndef mine():\n    return math.pi\ndef given(): return 2"
    assert additions(edited, original) == "\nimport math\n\n\n@cache\ndef mine():\n    return math.pi"
    assert additions(original, original) == ""
    assert additions("def broken(", original) == ""


@pytest.mark.parametrize(
    "added",
    [
        "sigmoid = nn.Sigmoid()",
        "torch.manual_seed(0)",
        "cfg['lr'] = 1",
        "try:\n    import x\nexcept E:\n    x = 1",
    ],
)
def test_any_statement_may_be_added_to_a_given_cell(added):
    original = "import torch\ncfg = {}"
    assert additions(f"{original}\n{added}", original) == f"\n\n{added}"


def test_a_given_cell_that_does_not_run_brings_what_binds_names():
    original = "plt.plot(x)"
    edited = "def smooth(x): return x\nplt.plot(smooth(x))\nstyle = dict(lw=2)"
    assert additions(edited, original, calls=False) == "def smooth(x): return x\n\nstyle = dict(lw=2)"


def test_a_statement_too_deep_to_compare_is_no_addition_to_stumble_over():
    deep = "x = " + "+".join("1" * 900)
    assert additions(f"{deep}\ny = 2", deep) in ("\ny = 2", f"{deep}\ny = 2")


@pytest.mark.parametrize("source", [
    ">>> def f(x):\n...     return x\n", "In [1]: def f(x):\n   ...:     return x", "    def f(x):\n        return x\n\n    f(1)", "\n\n  x = f = 1",
])  # fmt: skip
def test_what_was_pasted_with_prompts_or_indented_is_code(source: str) -> None:
    assert "f" in defined_names(source)
    assert plain_python(source).count("\n") == source.count("\n")


def test_magics_that_were_added_to_a_given_cell_are_kept() -> None:
    edited = "%matplotlib inline\nimport torch\n!mkdir out\n%cd out\nprint(n := 3)\nprint(n)"
    assert additions(edited, "%matplotlib inline\nimport torch") == "\n\n!mkdir out\n%cd out\nprint(n := 3)"
    assert additions(edited, "%matplotlib inline\nimport torch", calls=False) == ""
