"""Mutants: each operator on the mistake it stands for, and what all mutants have in common."""

import ast
import textwrap
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import cells
from support.places import ROOT

from nbjudge.authoring.check.mutants.equivalent import read_equivalents
from nbjudge.authoring.check.mutants.make import Mutant, empty_solution, make_mutants, mutant_id, with_cells
from nbjudge.errors import CourseError
from nbjudge.notebooks.cells import Notebook
from nbjudge.notebooks.regions import solution_lines
from nbjudge.notebooks.released_form import load_notebook


def notebook(source: str, name: str = "task_function") -> Notebook:
    return cells.notebook([cells.solution_cell(name, textwrap.dedent(source), "c")])


def mutants(body: str) -> list[Mutant]:
    """The mutants of a function with this body in a solution region."""
    lines = textwrap.indent(textwrap.dedent(body).strip("\n"), "    ")
    return make_mutants(
        notebook(f"def f(x, y, lr=0.1):\n    ### BEGIN SOLUTION\n{lines}\n    ### END SOLUTION\n")
    )


@pytest.mark.parametrize(
    ("operator", "before", "after"),
    [
        ("arithmetic", "return x + y", "return x - y"),
        ("arithmetic", "return x @ y", "return x * y"),
        ("arithmetic", "x -= lr * y", "x += lr * y"),
        ("accumulation", "x += y", "x = y"),
        ("comparison", "return x < y", "return x <= y"),
        ("comparison", "return x in y", "return x not in y"),
        ("off by one", "return x[1:]", "return x[2:]"),
        ("constant", "return x * 1", "return x * 2"),
        ("constant", "return f(x, keepdim=True)", "return f(x, keepdim=False)"),
        ("boolean", "return x and y", "return x or y"),
        ("boolean", "return not x", "return x"),
        ("sign", "return -x", "return x"),
        ("condition", "return x if y else lr", "return lr if y else x"),
        ("condition", "if x > y:\n    return y", "if not x > y:"),
        ("argument order", "return g(x, y)", "return g(y, x)"),
        ("argument order", "return x - y", "return y - x"),
        ("dropped keyword", "return SGD(x, lr=lr)", "return SGD(x)"),
        ("removed statement", "opt.zero_grad()", "pass"),
        ("removed statement", "x.grad.zero_()", "pass"),
        ("removed statement", "x[0] = y", "pass"),
        ("off by one", "for i in range(x):\n    y(i)", "for i in range(x - 1):"),
        ("off by one", "for i in range(1, x):\n    y(i)", "for i in range(2, x):"),
        ("off by one", "for i in x:\n    y(i)", "for i in list(x)[:-1]:"),
        ("off by one", "return x[:y]", "return x[:y - 1]"),
        ("returned", "return x, y", "return (y, x)"),
        ("returned", "return x", "return None"),
        ("jump", "for i in x:\n    break", "continue"),
        ("unwrapped", "return relu(x)", "return x"),
        ("unwrapped", "return x.detach()", "return x"),
        ("swapped function", "return x.mean()", "return x.sum()"),
        ("swapped function", "model.eval()", "model.train()"),
        ("reduction", 'return loss(x, reduction="sum")', "return loss(x, reduction='mean')"),
        ("dim", "return x.sum(dim=-1)", "return x.sum(dim=0)"),
        ("keepdim", "return x.sum(dim=-1)", "return x.sum(dim=-1, keepdim=True)"),
        ("tracking", "with torch.no_grad():\n    x -= y", "with torch.enable_grad():"),
        ("detached", "loss = x @ y\nloss.backward()", "loss = (x @ y).detach()"),
        ("in place", "x.mul_(y)", "x.mul(y)"),
        ("in place", "return x.exp()", "return x.exp_()"),
        ("in place", "x -= y", "x = x - y"),
        ("in place", "x = x - y", "x -= y"),
        ("swapped data", "X_val = 1\nreturn g(X_train, X_val)\nX_train = 2", "return g(X_val, X_val)"),
        ("dtype", "return x.long()", "return x.int()"),
        ("dtype", "return zeros(3, dtype=torch.float32)", "return zeros(3, dtype=torch.float64)"),
    ],
)
def test_operator(operator: str, before: str, after: str) -> None:
    made = {(mutant.operator, mutant.after.strip()) for mutant in mutants(before)}
    assert (operator, after) in made, sorted(made)


def test_a_forgotten_device_is_no_mutant() -> None:  # on a CPU nobody can see it
    assert make_mutants(notebook("y = x.to(device)\n")) == []


def test_only_the_solution_is_mutated() -> None:
    source = notebook(
        '''
        def f(x):
            """x + 1 of x > 0"""
            given = x + 1
            ### BEGIN SOLUTION
            return given * 2
            ### END SOLUTION
        assert f(1) == 4
        '''
    )
    found = make_mutants(source)
    assert found and {mutant.line for mutant in found} == {6}
    assert all("given = x + 1" in mutant.source and "assert f(1) == 4" in mutant.source for mutant in found)
    assert all("SOLUTION" not in mutant.source for mutant in found)


def test_ids_stay_when_other_lines_change() -> None:
    one = {mutant.id for mutant in mutants("z = x + y\nreturn z")}
    two = {mutant.id for mutant in mutants("unused = 'a line more'\nz = x + y\nreturn z")}
    assert one <= two


def test_equal_lines_have_mutants_of_their_own() -> None:
    found = mutants("x = x + y\nx = x + y\nreturn x")
    ids = [mutant.id for mutant in found]
    assert len(set(ids)) == len(ids) and {mutant.line for mutant in found} >= {3, 4}


def test_text_around_a_mutant_keeps_its_form() -> None:
    (mutant,) = [
        m for m in mutants("z = (x  +  y)   # a comment, ещё\nreturn z") if m.operator == "arithmetic"
    ]
    assert "(x - y)   # a comment, ещё" in mutant.source


def test_magics_and_broken_cells_are_left_alone() -> None:
    assert make_mutants(notebook("def f(:\n    return 1 + 1\n")) == []
    assert [m.after for m in make_mutants(notebook("%matplotlib inline\nx = -y\n")) if m.operator == "sign"]


EXPRESSIONS = st.recursive(
    st.sampled_from(["x", "y", "-x", "1", "0.5", "True", "x.T", "x.sum(dim=0)", "f(x, y)", "x[1:]"]),
    lambda inner: st.builds(
        "({} {} {})".format,
        inner,
        st.sampled_from(["+", "-", "*", "/", "@", "**", "and", "<", "==", "if x else"]),
        inner,
    ),
    max_leaves=8,
)


@given(EXPRESSIONS)
@settings(max_examples=60, deadline=None)
def test_every_mutant_is_another_program_that_compiles(expression: str) -> None:
    source = f"def f(x, y):\n    z = {expression}\n    return z"
    found = make_mutants(notebook(source))
    programs = {ast.dump(ast.parse(mutant.source)) for mutant in found}
    assert len(programs) == len(found)
    assert ast.dump(ast.parse(source)) not in programs
    assert make_mutants(notebook(source)) == found


def test_mutants_of_the_introductory_lab_have_unique_ids_and_readable_diffs() -> None:
    found = make_mutants(load_notebook(ROOT / "source/intro/intro.ipynb", ""))
    assert len(found) > 150 and len({mutant.id for mutant in found}) == len(found)
    assert all(mutant.before and mutant.after and len(mutant.diff.split("\n")) < 6 for mutant in found)
    assert {mutant.exercise for mutant in found} == {
        "sin2-cos2", "gradient-descent", "optimizer", "probabilities", "mnist-evaluate", "mnist-train",
    }  # fmt: skip


def test_emptied_functions_return_none_and_their_class_remains() -> None:
    source = notebook(
        """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                ### BEGIN SOLUTION
                self.layer = 1
                ### END SOLUTION

            def forward(self, x):
                ### BEGIN SOLUTION
                return x
                ### END SOLUTION
        ### BEGIN SOLUTION
        a, b = 1, 2
        print(a)
        ### END SOLUTION
        """
    )
    (text,) = empty_solution(source, "task").values()
    assert "super().__init__()" in text and "self.layer" not in text and "return x" not in text
    assert "a = None" in text and "b = None" in text and "print" not in text
    assert empty_solution(source, "another") == {}


def test_with_cells_leaves_the_original_alone() -> None:
    source = notebook("x = 1")
    assert with_cells(source, {"task_function": "x = 2"})["cells"][0]["source"] == "x = 2"
    assert source["cells"][0]["source"] == "x = 1"


def test_solution_lines() -> None:
    assert solution_lines("a\n### BEGIN SOLUTION\nb\n### END SOLUTION\nc") == {3}
    assert solution_lines("a\nb") == {1, 2}


def test_equivalents_by_id_and_by_line(tmp_path: Path) -> None:
    (mutant,) = [m for m in mutants("z = x - y  # why\nreturn z") if m.operator == "argument order"]
    assert mutant.id == mutant_id("task_function", mutant.before, mutant.after)
    (tmp_path / "equivalent_mutants.toml").write_text(
        f'[[mutant]]\nid = "{mutant.id}"\nreason = "squared later"\n'
        '[[mutant]]\ncell = "task_function"\nafter = "z  =  y - x"\nreason = "squared later"\n'
        '[[mutant]]\ncell = "other_cell"\nafter = "z = y - x"\nreason = "squared later"\n'
    )
    assert [entry.fits(mutant) for entry in read_equivalents(tmp_path)] == [True, True, False]
    assert read_equivalents(tmp_path / "nowhere") == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[[mutant]]\nid = "1"\n', "reason"),
        ('[[mutant]]\nreason = "so"\n', "`id`"),
        ('[[mutant]]\nid = "1"\nreason = "so"\nwhy = "x"\n', "'why'"),
        ("[[mutant]]\nid = 1\n", "text in quotes"),
        ('[mutants]\nid = "1"\n', "[[mutant]]"),
        ("[[mutant", "equivalent_mutants.toml"),
    ],
)
def test_a_wrong_entry_is_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "equivalent_mutants.toml").write_text(text)
    with pytest.raises(CourseError) as error:
        read_equivalents(tmp_path)
    assert message in str(error.value)
