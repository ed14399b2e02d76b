"""The instructors' notebooks: they run, read well in both languages, and their public checks refuse a stub."""

import json
import os
import re
import subprocess
import sys

import pytest
from support.places import ROOT

from nbjudge.course import load_course
from nbjudge.notebooks.cells import grade_id, in_language, role, tags
from nbjudge.notebooks.exercises import check_points, find_exercises
from nbjudge.notebooks.released_form import load_notebook

COURSE = load_course(ROOT)
POINTS = {  # how a heading says it; Russian declines the noun
    "en": re.compile(r"\((?P<points>[\d.,]+) points?\b"),
    "ru": re.compile(r"\((?P<points>[\d.,]+) балл(а|ов)?\b"),
}


@pytest.fixture(params=COURSE.assignments)
def name(request):
    return request.param


@pytest.fixture
def source(name):
    return load_notebook(COURSE.source(name) / f"{name}.ipynb", "")


def execute(path, folder, *, allow_errors=False):
    """The notebook's cells after a run from top to bottom in a fresh kernel on one core."""
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, 4)
    client = NotebookClient(
        notebook,
        timeout=60,
        allow_errors=allow_errors,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute(env={**os.environ, "OMP_NUM_THREADS": "1"})
    return notebook.cells


def test_is_a_valid_notebook_without_outputs(name):
    import nbformat

    notebook = nbformat.read(COURSE.source(name) / f"{name}.ipynb", 4)
    nbformat.validate(notebook)
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in notebook.cells)


def test_exercises_have_the_declared_points(name, source):
    check_points(find_exercises(source, name), COURSE.assignments[name])


def test_headings_tell_the_declared_points(name, source):
    for language in COURSE.languages:
        found = []
        for cell in source["cells"]:
            if cell["cell_type"] == "markdown" and in_language(cell, language):
                found += [
                    float(match["points"].replace(",", "."))
                    for match in POINTS[language].finditer(cell["source"])
                ]
        assert found == list(COURSE.assignments[name].points.values()), language


def test_each_text_stands_there_in_every_language(source):
    texts = [cell for cell in source["cells"] if role(cell) == "text"]
    by_language = {
        language: [c for c in texts if f"lang:{language}" in tags(c)] for language in COURSE.languages
    }
    assert sum(map(len, by_language.values())) == len(texts)
    for pair in zip(*by_language.values(), strict=True):
        names = {cell["id"].rsplit("-", 1)[0] for cell in pair}
        assert len(names) == 1, f"not one text in every language: {names}"
        formulas = {
            tuple(re.findall(r"\$+[^$]+\$+", re.sub(r"\\text\{[^}]*\}", "", c["source"]))) for c in pair
        }
        assert len(formulas) == 1, f"{names}: formulas differ between languages"
    for language, cells in by_language.items():
        for cell in cells:
            prose = re.sub(r"`[^`]*`|\$[^$]*\$|```.*?```", "", cell["source"], flags=re.DOTALL)
            assert bool(re.search("[а-яё]", prose)) == (language == "ru"), cell["id"]


def test_code_fits_the_screen(source):
    for cell in source["cells"]:
        if cell["cell_type"] == "code":
            assert max(map(len, cell["source"].splitlines())) <= 110, cell["id"]


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_runs_from_top_to_bottom(name):
    cells = execute(COURSE.source(name) / f"{name}.ipynb", COURSE.source(name))
    pictures = [
        cell.id for cell in cells if any("image/png" in o.get("data", {}) for o in cell.get("outputs", ()))
    ]
    drawing = {cell.id for cell in cells if cell.cell_type == "code" and "plt.show()" in cell.source}
    assert drawing <= set(pictures)


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_public_checks_refuse_the_release(name):
    cells = execute(COURSE.release(name) / f"{name}.ipynb", COURSE.release(name), allow_errors=True)
    passed = []
    for cell in cells:
        if role(cell) == "grade" and not any(o["output_type"] == "error" for o in cell.outputs):
            passed.append(grade_id(cell))
    assert passed == []


# sklearn.datasets with functions that answer like the downloads, but at once; what they were asked is printed.
NO_DOWNLOAD = """
import sys, types
import numpy as np

def fetch_california_housing(*, return_X_y):
    print("ASKED california", return_X_y)
    return np.random.default_rng(0).normal(size=(50, 8)), np.ones(50).cumsum()

def fetch_openml(name, *, version, return_X_y, as_frame):
    print("ASKED", name, version, return_X_y, as_frame)
    return np.full((70000, 784), 255, dtype="int64"), np.array(["7"] * 70000, dtype=object)

import sklearn.datasets
sklearn.datasets.fetch_california_housing = fetch_california_housing
sklearn.datasets.fetch_openml = fetch_openml
"""


def run(folder, *parts):
    """What Python prints for these pieces of code, run in `folder`."""
    code = "\n".join((NO_DOWNLOAD, "sys.path.insert(0, '')", *parts))
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.splitlines()


def intro_cells(*names):
    cells = json.loads((COURSE.source("intro") / "intro.ipynb").read_text())["cells"]
    by_id = {cell["id"]: "".join(cell["source"]) for cell in cells}
    return [by_id[name].replace("%matplotlib inline", "") for name in names]


def test_intro_alone_downloads_its_data(tmp_path):
    lines = run(
        tmp_path, *intro_cells("imports", "data", "digits"), "print(X_train.max(), y_val[0], y_val.dtype)"
    )
    assert lines[1:] == [
        "ASKED california True",
        "torch.Size([50, 8]) torch.Size([50])",
        "ASKED mnist_784 1 True False",
        "torch.Size([3500, 784]) torch.Size([3500]) torch.Size([500, 784]) torch.Size([500])",
        "tensor(1.) tensor(7) torch.int64",
    ]


def test_intro_uses_the_files_beside_it(tmp_path):
    lines = run(COURSE.source("intro"), *intro_cells("imports", "data", "digits"))
    assert lines[1:] == [
        "torch.Size([20640, 8]) torch.Size([20640])",
        "torch.Size([3500, 784]) torch.Size([3500]) torch.Size([500, 784]) torch.Size([500])",
    ]


def test_intro_helper_without_its_data_downloads(tmp_path):
    (tmp_path / "course_data.py").write_text((COURSE.source("intro") / "course_data.py").read_text())
    show = "from course_data import *; print(load_housing()[0].shape, [(a.shape, a.dtype.name) for a in load_mnist()])"
    assert run(tmp_path, show) == [
        "ASKED california True",
        "ASKED mnist_784 1 True False",
        "(50, 8) [((3500, 28, 28), 'uint8'), ((3500,), 'int64'), ((500, 28, 28), 'uint8'), ((500,), 'int64')]",
    ]
