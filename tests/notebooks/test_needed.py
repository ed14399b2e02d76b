"""Which statements of the student's own cells run: each kind of statement, at each place, needed and not."""

import ast
import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbjudge.model import Cell, Program
from nbjudge.notebooks.needed import asked_names, unneeded_lines
from nbjudge.notebooks.statements import binds, names_of

HEAD = "import torch\nimport matplotlib.pyplot as plt\nimport torch.nn as nn\nimport os, warnings"
# Each binds or changes `target` in another way.
KINDS = {
    "assignment": "target = nn.Linear(1, 1)",
    "call of the notebook's": "target = make(3)",
    "chain": "first = make(3)\ntarget = first + 1",
    "annotated": "target: object = make(3)",
    "tuple": "other, target = make(3), 4",
    "starred": "other, *target = make(3)",
    "nested tuple": "(other, (target, third)) = make(3)",
    "subscript": "target = table['x']",
    "comprehension": "target = [d for d in range(3)]",
    "walrus": "print(target := make(3))",
    "augmented": "target = 1\ntarget += make(3)",
    "for": "for target in range(3):\n    pass",
    "loop that fills": "target = []\nfor d in range(3):\n    target.append(d)",
    "while": "target = 0\nwhile target < 3:\n    target += 1",
    "with": "with torch.no_grad() as target:\n    other = 1",
    "inside with": "with torch.no_grad():\n    target = make(3)",
    "if": "if torch.cuda.is_available():\n    target = 'cuda'\nelse:\n    target = 'cpu'",
    "try": "try:\n    import google.colab\n    target = True\nexcept ImportError:\n    target = False",
    "guarded function": "try:\n    from tqdm.auto import tqdm as target\nexcept ImportError:\n    def target(x): return x",
    "match": "match make(3):\n    case [target]:\n        pass",
    "attribute": "target = make(3)\ntarget.backward = make",
    "item": "target = {}\ntarget['lr'] = make(3)",
    "deep item": "target = make(3)\ntarget.groups[0]['lr'] = 0.1",
    "method": "target = make(3)\ntarget.load_state_dict(make(4))",
    "handed to a function": "target = make(3)\nchange(target)",
    "trained": "target = nn.Linear(1, 1)\noptimizer = torch.optim.SGD(target.parameters())\nloss = target(make(1))\n"
    "loss.backward()\noptimizer.step()",
    "training loop": "target = nn.Linear(1, 1)\nfor _ in range(3):\n    loss = target(make(1))\n    loss.backward()",
    "global": "def set_it():\n    global target\n    target = 3\nset_it()",
    "filled by a function": "target = []\ndef fill():\n    target.append(3)\nfill()",
    "item set by a function": "target = {}\ndef fill():\n    target['a'] = 3\nfill()",
    "filled by a function's function": "target = []\ndef add():\n    target.append(3)\ndef fill():\n    add()\nfill()",
    "timed": "%time target = make(3)",
    "measured": "%memit target = make(3)",
    "cell measured": "%%memit\ntarget = make(3)",
    "cell timed": "%%time\ntarget = make(3)",
    "deleted": "target = make(3)\ndel target",
    "lambda": "target = lambda x: x",
    "import": "import math as target",
    "loaded from the disk": "with open('x.txt', 'w') as file:\n    file.write('1')\ntarget = open('x.txt').read()",
}
READERS = {
    "a function's body": "def solution(x):\n    return target",
    "the top level": "result = target",
    "a default": "def solution(x=target):\n    return x",
    "an inner function": "def solution():\n    def inner():\n        return target\n    return inner()",
    "a method": "class Net:\n    def forward(self, x):\n        return target(x)",
    "a comprehension": "def solution(xs):\n    return [target for x in xs]",
    "an attribute": "def solution(x):\n    return target.value[0]",
}


def program(*cells: tuple[str, str], unchanged: tuple[str, ...] = ()) -> Program:
    made = [Cell(f"c{n}", kind, source, None, n) for n, (kind, source) in enumerate(cells)]
    return Program("en", tuple(made), (), unchanged, ())


def left_out(source: str, *others: tuple[str, str], asked: tuple[str, ...] = ()) -> list[str]:
    """The statements of an added cell, behind the imports, that nothing in the other cells needs."""
    cells = (("given", HEAD), ("added", source), *others)
    lines = unneeded_lines(program(*cells), asked).get(1, ())
    return [source.split("\n")[line - 1] for line in lines]


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(sorted(KINDS)),
    st.sampled_from(sorted(READERS)),
    st.sampled_from(["added before", "added after", "asked", "given", "through a helper"]),
)
def test_what_something_needs_runs(kind: str, reader: str, place: str) -> None:
    source = KINDS[kind]
    others = {
        "added before": [("solution", READERS[reader])],
        "added after": [],
        "asked": [],
        "given": [("given", READERS[reader])],
        "through a helper": [("added", f"def helper():\n    return target\n{READERS[reader]}"),
                             ("solution", "def f(x):\n    return helper()")],
    }[place]  # fmt: skip
    before = [("solution", "def other(x):\n    return target")] if place == "added after" else []
    cells = [("given", HEAD), *before, ("added", source), *others]
    asked = ("target",) if place == "asked" else ()
    assert unneeded_lines(program(*cells), asked).get(1 + len(before), ()) == ()


@pytest.mark.parametrize("source", [
    "print(make(3))", "make(3)", "x = make(3)", "plt.plot([1, 2])\nplt.show()", "history = train(Net())\nplt.plot(history)",
    "for epoch in range(100):\n    loss = model(x)\n    loss.backward()", "with torch.no_grad():\n    print(make(1))",
    "assert make(3) == 4", "model = Net()\nopt = torch.optim.SGD(model.parameters())\nloss = model(1)\nloss.backward()\nopt.step()",
    "torch.testing.assert_close(make(1), 1)", "[make(i) for i in range(3)]", "x = 1", "fig, ax = plt.subplots()\nax.plot([1])",
    "if make(3):\n    print('yes')", "await make(3)", "%time history = train(3)", "raise SystemExit", "time.sleep(100)",
])  # fmt: skip
def test_what_is_for_show_does_not_run(source: str) -> None:
    expected = [source.split("\n")[node.lineno - 1] for node in ast.parse(source.replace("%time ", "")).body]
    assert left_out(source, ("solution", "def f(model, x):\n    return model(x)"), asked=("f",)) == expected


@pytest.mark.parametrize("source", [
    "torch.manual_seed(0)", "torch.set_default_dtype(torch.float64)", "plt.style.use('ggplot')", "warnings.filterwarnings('ignore')",
    "os.environ['X'] = '1'", "os.makedirs('out', exist_ok=True)", "torch.backends.cudnn.deterministic = True",
    "plt.rcParams['figure.dpi'] = 100", "import sys\nsys.path.append('src')", "import seaborn as sns\nsns.set_theme()",
    "import helper_module\nhelper_module.prepare(3)", "for name in 'ab':\n    os.makedirs(name)",
    "if True:\n    torch.manual_seed(0)", "def seed_all(n):\n    torch.manual_seed(n)\nseed_all(3)", "%cd data", "!mkdir out",
    "import random\nrandom.seed(1)", "try:\n    torch.manual_seed(1)\nexcept Exception:\n    print('no')",
])  # fmt: skip
def test_what_everything_after_may_depend_on_runs(source: str) -> None:
    assert left_out(source, ("solution", "def f(x):\n    return x")) == []


MADE = "target = nn.Linear(1, 1)\n"


@pytest.mark.parametrize("source", [
    "net = target\nnet.fc = make(3)", "fc = target.fc\nfc.requires_grad_(False)", "for part in [target, make(3)]:\n    part.eval()",
    "for p in target.parameters():\n    p.requires_grad = False", "with target as inner:\n    inner.append(3)", "table = {'x': target}\ntable['x'].add(1)",
    "def fit():\n    loss = target(1)\n    loss.backward()\nfit()", "def fit():\n    change(target)\nfit()", "def fit(x=target):\n    x.add(1)\nfit()",
    "opt = torch.optim.SGD(target.parameters())\ndef fit():\n    for x in range(3):\n        target(x).backward()\n        opt.step()\nfit()",
    "class Trainer:\n    def fit(self):\n        target.load_state_dict(make(3))\nTrainer().fit()",
    "class Trainer:\n    def __init__(self, model):\n        self.model = model\n    def fit(self):\n        self.model.train()\nt = Trainer(target)\nt.fit()",
    "def inner():\n    target.add(1)\ndef outer():\n    inner()\nouter()", "def the():\n    return target\nthe().add(1)", "change = lambda: target.add(1)\nchange()",
    "lines = iter(target)\nfor line in lines:\n    break", "[part.add(1) for part in target]", "(make(3) or target).add(1)",
])  # fmt: skip
def test_what_an_object_goes_through_under_another_name_runs(source: str) -> None:
    solution = "def solution(x):\n    return target" + (", lines" if "lines" in source else "")
    assert left_out(MADE + source, ("solution", solution)) == []


@pytest.mark.parametrize("source", [
    "device = 'cuda' if torch.cuda.is_available() else 'cpu'\nhistory = train(Net(), device)", "lr = 0.1\nhistory = train(Net(), lr)",
    "device = torch.device('cpu')\ndef fit(model, x):\n    model.step(x.to(device))\nfit(Net(), 3)", "n = 3\nfor i in range(n):\n    train(n)",
])  # fmt: skip
def test_a_number_can_not_be_changed_by_whoever_gets_it(source: str) -> None:
    name = source.partition(" ")[0]
    assert left_out(source, ("solution", f"def solution(x):\n    return x.to({name})")) == [
        line for line in source.split("\n")[-2:] if line.startswith(("history", "for", "fit"))
    ]


def test_a_name_of_a_functions_own_needs_nothing() -> None:
    """A parameter `model` and a loop's `i` are not the notebook's."""
    solution = (
        "def f(model, *, lr=1):\n    for i in range(3):\n        model(i, lr)\n    return [j for j in model]"
    )
    source = "model = make()\ni = make()\nj = make()\nlr = make()"
    assert left_out(source, ("solution", solution)) == source.split("\n")


def test_a_finished_solution_is_not_replaced_by_a_value() -> None:
    solution = ("solution", "def mse(w):\n    return w\n\ndef other(w):\n    return mse(w)")
    later = ("added", "mse = mse(3)\nother = 4")
    assert unneeded_lines(program(solution, later), ("mse", "other")) == {1: (1, 2)}
    assert unneeded_lines(program(solution, later, unchanged=("c0",)), ("mse", "other")) == {}


def test_a_value_that_a_later_cell_reads_is_made_anew() -> None:
    cells = [
        ("solution", "model = Net()"),
        ("added", "model = train(model)"),
        ("solution", "def f(): return model"),
    ]
    assert unneeded_lines(program(*cells), ()) == {}
    again = [cells[0], ("added", "model = make(3)")]
    assert unneeded_lines(program(*again), ("model",)) == {1: (1,)}


def test_whoever_looks_at_all_names_needs_all() -> None:
    assert left_out("x = make(3)", ("solution", "def f():\n    return globals()['x']")) == []


@pytest.mark.parametrize("source", [
    "def setup():\n    global target\n    target = make(3)\nsetup()\nchange(target)", "from helpers import *\nchange(target)",
    "%run helpers.py\nchange(target)", "target = None\ntarget = make(3)\nchange(target)",
])  # fmt: skip
def test_what_is_handed_to_a_function_may_be_changed_however_it_was_made(source: str) -> None:
    assert left_out(source, ("solution", READERS["a function's body"])) == []


@pytest.mark.parametrize("source", [
    "exec('target = 1')", "globals()['target'] = 1", "globals().update(target=1)", "vars()['target'] = 1", "get_ipython().run_line_magic('cd', 'data')",
    "get_ipython().system('mkdir x')",
])  # fmt: skip
def test_what_may_bind_any_name_runs(source: str) -> None:
    assert left_out(source, ("solution", READERS["a function's body"])) == []


def test_the_last_output_has_a_name() -> None:
    assert left_out("x = 3\nmake(x)", ("solution", "value = _")) == []


def test_captured_output_needs_the_cell() -> None:
    cell = "%%capture out\nprint(1)\nplt.plot([1])"
    assert left_out(cell, ("solution", "text = out.stdout")) == []
    assert left_out(cell, ("solution", "text = 1")) == cell.splitlines()


def test_a_cell_that_writes_a_file_runs() -> None:
    assert left_out("%%writefile helper.py\nprint(1)") == []


def test_a_cell_that_is_no_python_is_left_as_it_is() -> None:
    assert left_out("x = make(\nprint(1)") == []
    assert left_out("%%bash\nrm -rf x") == []


def test_what_tests_may_ask_for() -> None:
    test = textwrap.dedent('''
        """The prose is about a loss."""
        def test_f(student):
            """Words of a title."""
            names = student.run("y = double(x)", x=1)
            assert student.get("grid") == names.out, "the value must be large"
            student.fit(3, steps=2)
            student.run(f"z = {names}.first")
    ''')
    names = asked_names([test])
    assert {"double", "x", "grid", "out", "fit", "steps", "z"} <= names
    assert not {"prose", "loss", "Words", "title", "value", "large", "student", "y"} & names


@pytest.mark.parametrize(
    ("source", "bound", "now", "later"),
    [
        ("def f(a, b=c): return a + d", {"f"}, {"c"}, {"d"}),
        ("class A(B):\n    x = y\n    def f(self): return self.z + w + x", {"A"}, {"B", "y"}, {"w", "x"}),
        ("a = [b for b in b if c]", {"a"}, {"b", "c"}, set()),
        ("f = lambda x, y=z: x + q", {"f"}, {"z"}, {"q"}),
        ("@d(e)\ndef f(x: T) -> R: pass", {"f"}, {"d", "e", "T", "R"}, set()),
        ("x += y", {"x"}, {"x", "y"}, set()),
        ("x: int", set(), {"int"}, set()),
        ("x.y[z] = w", set(), {"x", "z", "w"}, set()),
        ("import a.b, c as d", {"a", "d"}, set(), set()),
        ("try: pass\nexcept E as e: print(e)", {"e"}, {"E", "print", "e"}, set()),
        ("def f():\n    global g\n    g = h", {"f"}, set(), {"h"}),
        ("def f():\n    def inner(): return a\n    a = 1\n    return b", {"f"}, set(), {"b"}),
    ],
)
def test_names_of_a_statement(source: str, bound: set[str], now: set[str], later: set[str]) -> None:
    names = names_of(ast.parse(source).body[0])
    assert (names.bound, names.used_now, names.used - names.used_now) == (bound, now, later)


@pytest.mark.parametrize(
    ("source", "expected"),
    [("f(x)", False), ("x.y = 1", True), ("del x", True), ("assert x", False), ("if a:\n    b = 1", True)],
)
def test_whether_a_statement_leaves_something(source: str, expected: bool) -> None:
    assert binds(ast.parse(source).body[0]) is expected
