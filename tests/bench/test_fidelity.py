"""The comparison with Jupyter: what counts as a difference, and a small notebook through both sides."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support.places import ROOT

from nbjudge.sandbox import Zygote

BENCH = ROOT / "bench"
sys.path.insert(0, str(BENCH))

import fidelity  # noqa: E402
import fidelity_sides as sides  # noqa: E402
from fidelity import Compared, compare, report  # noqa: E402
from fidelity_sides import OUT_OF_TIME, End  # noqa: E402

OK = End("ok", "", {"x": "int"})


@pytest.mark.parametrize(
    ("here", "kind"),
    [
        (OK, ""),
        (End("ValueError", "no", {}), "ok in Jupyter, ValueError here"),
        (End("ok", "", {}), "names"),
        (End("ok", "", {"x": "int", "y": "int"}), "names"),
        (End("ok", "", {"x": None}), "values"),
        (End("ok", "", {"x": "Tensor [2] torch.float32"}), "values"),
        (End(OUT_OF_TIME, "", {}), f"ok in Jupyter, {OUT_OF_TIME} here"),
    ],
)
def test_what_is_a_difference(here: End, kind: str) -> None:
    found = compare("n", ["x = 1"], [OK], [here])
    assert [difference.kind for difference in found] == ([kind] if kind else [])


def test_a_cell_that_fails_alike_agrees() -> None:
    there, here = End("NameError", "name 'a'", {}), End("NameError", "said otherwise", {})
    assert compare("n", ["a"], [there], [here]) == []
    slow = End(OUT_OF_TIME, "", {"x": "int"}), End(OUT_OF_TIME, "", {})
    assert compare("n", ["while True: x = 1"], slow[:1], slow[1:]) == []


def test_one_syntax_error_is_as_another() -> None:
    there, here = End("SyntaxError", "incomplete input", {}), End("IndentationError", "expected", {})
    assert compare("n", ["def f():\n    #"], [there], [here]) == []


def test_nothing_is_compared_after_the_shorter_end() -> None:
    assert compare("n", ["x = 1"] * 3, [OK, OK, OK], [OK]) == []


def test_the_shares_and_one_example_of_each_kind() -> None:
    differences = compare("n", ["x"] * 3, [OK] * 3, [OK, End("ok", "", {}), End("ok", "", {})])
    more = compare("m", ["x"], [End("OSError", "no", {})], [OK])
    text = report(
        [Compared("n", 3, 3, tuple(differences), 4, ("lr",)), Compared("m", 1, 0, tuple(more), 0, ())]
    )
    assert "| cells | 4 | 1 | 25.00 % | 50.00 % |" in text
    assert "| notebooks | 2 | 0 | 0.00 % | 50.00 % |" in text
    assert "| cells that run in Jupyter | 3 | 1 | 33.33 % |" in text
    assert text.count("lacks x") == 1 and "| names | 2 | 1 | n, cell 2: lacks x (x) |" in text
    assert "| globals that functions read | 4 | 3 | 75.00 % |" in text and "- n: lr" in text


def test_what_functions_read_of_a_notebooks_names() -> None:
    cells = ["lr = 1\ndef step(w): return w - lr", "%time step(2)", "def again(): return step(lr)"]
    assert fidelity._read_by_functions(cells) == {"lr"}


@pytest.mark.slow
def test_a_notebook_on_both_sides(tmp_path: Path, zygote: Zygote) -> None:
    if subprocess.run([*sides.UNSHARE, "true"], check=False).returncode:
        pytest.skip("no namespaces for the kernel")
    cells = ["import helper, torch\nx = torch.ones(2, 3)", "1 + helper.one", "y = _", "z", "input()"]
    notebook = tmp_path / "given/some.ipynb"
    notebook.parent.mkdir()
    (notebook.parent / "helper.py").write_text("one = 1\n")
    made = [{"cell_type": "code", "source": source} for source in cells]
    notebook.write_text(json.dumps({"cells": made}))
    assert sides.code_cells(notebook) == cells
    first = sides.probe(notebook, lenient=False)
    theirs = sides.in_kernel(cells, first, 30, tmp_path / "kernel")
    ours, names = sides.in_jail(cells, first, 30, zygote, {})
    assert [end.status for end in theirs] == ["ok", "ok", "ok", "NameError", "StdinNotImplementedError"]
    assert ours[0].names == {"helper": "module", "torch": "module", "x": "Tensor [2, 3] torch.float32"}
    assert names["y"] == "int"
    found = compare("some", cells, theirs, ours)
    assert [(one.cell, one.kind) for one in found] == [
        (5, "StdinNotImplementedError in Jupyter, RuntimeError here")
    ]
