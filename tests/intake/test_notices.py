"""What a receipt says at once of a notebook's text, and that it says nothing of what is all right."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from support.places import ROOT
from support.tiny_course import answer, make_course

from nbjudge.app.intake import submit
from nbjudge.course import load_course
from nbjudge.intake.notices import MAX_NOTICES, Place, notices_of, notices_of_name
from nbjudge.languages import available, words
from nbjudge.model import Cell, Course, Program
from nbjudge.notes import Note

PLACE = Place(asked=frozenset(("solution",)), modules=frozenset(("helpers",)))


def program(*cells: str | tuple[str, str], **changes: tuple[str, ...]) -> Program:
    pairs = [each if isinstance(each, tuple) else ("solution", each) for each in cells]
    made = tuple(Cell(f"c{n}", kind, source, None, n) for n, (kind, source) in enumerate(pairs, 1))  # type: ignore[arg-type]
    return Program("en", made, changes.get("missing", ()), changes.get("unchanged", ()), ())


def found(source: str, kind: str = "solution", place: Place = PLACE) -> list[tuple[str, object]]:
    """Kind and what it is about of each notice."""
    notices = notices_of(program((kind, source)), place)
    return [(note.kind, note.values.get("package", note.values.get("line"))) for note in notices]


@pytest.mark.parametrize(("source", "expected"), [
    # packages
    ("from nosuchpackage import f\nx = f(1)", [("package_missing", "nosuchpackage")]),
    ("import torchvision.transforms as T\nto = T.ToTensor()", [("package_missing", "torchvision")]),
    ("def f(x):\n    import nosuchpackage as n\n    return n.f(x)", [("package_missing", "nosuchpackage")]),
    ("from nosuchpackage import *\nx = f(1)", [("package_missing", "nosuchpackage")]),
    ("import nosuchpackage\nnosuchpackage.f()\nimport nosuchpackage.deep\nnosuchpackage.g()", [("package_missing", "nosuchpackage")]),
    # text that is no Python
    ("x = 1\ndef f(x:\n    return x", [("cell_not_python", 2)]), ("for i in x\n    pass", [("cell_not_python", 1)]),
    # downloads
    ("!wget https://example.org/data.zip", [("downloads", 1)]), ("x = 1\n! curl -O https://example.org/a", [("downloads", 2)]),
    ("%%bash\nwget https://example.org/a", [("downloads", 2)]), ("!git clone https://example.org/a", [("downloads", 1)]),
    ("from urllib.request import urlretrieve\nurlretrieve('https://example.org/a', 'a')", [("downloads", 2)]),
    ("import torch\nw = torch.hub.load_state_dict_from_url('https://example.org/a')", [("downloads", 2)]),
    ("data = MNIST('.', train=True, download=True)", [("downloads", 1)]), ("import requests\nx = requests.get(url)", [("downloads", 2)]),
    ("def f():\n    return torch.hub.load('a/b', 'c')", [("downloads", 2)]), ("t = np.loadtxt('https://example.org/a')", [("downloads", 1)]),
    # questions
    ("n = int(input('how many?'))", [("asks_for_input", 1)]), ("def f():\n    return input()", [("asks_for_input", 2)]),
    # GPUs
    ("x = torch.zeros(3).cuda()", [("needs_gpu", 1)]), ("device = torch.device('cuda')", [("needs_gpu", 1)]),
    ("def f(x):\n    return x.to('cuda:0')", [("needs_gpu", 2)]), ("x = torch.ones(2, device='cuda')", [("needs_gpu", 1)]),
])  # fmt: skip
def test_what_a_receipt_says(source: str, expected: list[tuple[str, object]]) -> None:
    assert found(source) == expected


@pytest.mark.parametrize("source", [
    "import numpy as np\nimport torch.nn.functional as F\nx = F.relu(np.ones(1))", "from nosuchpackage import f", "import helpers\nhelpers.f()",
    "try:\n    import nosuchpackage\nexcept ImportError:\n    nosuchpackage = None\nprint(nosuchpackage)",
    "try:\n    import nosuchpackage as p\nexcept:\n    p = None\nprint(p)", "import wandb\nwandb.init()", "from google.colab import drive\ndrive.mount('x')",
    "from torch.utils.tensorboard import SummaryWriter\nw = SummaryWriter()", "from torchinfo import summary\nsummary(model)", "from . import x\nx()",
    "await f()", "%matplotlib inline\n!ls\nx = !pwd\nf?", "%%time\nx = 1", "%%html\n<b>", "print('https://example.org')", "x = get('a')",
    "data = MNIST('.', download=False)", "device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')", "print('input()')",
    "if torch.cuda.is_available():\n    model.cuda()", "x.to('cpu')", "torch.cuda.manual_seed(0)", "torch.cuda.is_available()", "# !wget x", ">>> x = 1\n>>> y = x", "    x = 1\n    y = x", "s = 'cuda'",
    "try:\n    model.cuda()\nexcept Exception:\n    pass",
])  # fmt: skip
def test_what_is_all_right(source: str) -> None:
    assert found(source) == []


def test_code_that_is_not_run_is_not_spoken_of() -> None:
    source = "import nosuchpackage\nnosuchpackage.show(1)\nx = input()\nprint(torch.ones(1).cuda())"
    assert ("asks_for_input", 3) not in found(source, "added")
    assert ("asks_for_input", 3) in found(source, "added", Place())
    stub = program(("solution", "x = input()"), unchanged=("c1",))
    assert [note.kind for note in notices_of(stub, PLACE)] == ["answers_untouched"]
    assert notices_of(program(("given", "x = input()")), PLACE) == ()


def test_a_module_that_the_notebook_writes_is_there() -> None:
    cells = program("%%writefile mine.py\ndef f(): pass", "import mine\nmine.f()")
    assert notices_of(cells, PLACE) == ()


def test_a_gpu_may_be_asked_for_where_there_is_one() -> None:
    assert found("x.cuda()", place=Place(gpu=True)) == []


def test_a_receipt_stays_short() -> None:
    cells = program(*(f"import no{n}\nno{n}.f(input())" for n in range(50)))
    assert len(notices_of(cells, PLACE)) == MAX_NOTICES
    many = program("\n".join("input()" for _ in range(9)))
    assert len(notices_of(many, PLACE)) == 1


def test_the_name_of_a_checkpoint() -> None:
    assert [note.kind for note in notices_of_name("tensors-checkpoint.ipynb")] == ["checkpoint_file"]
    assert notices_of_name("checkpoint.ipynb") == ()


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return make_course(tmp_path_factory.mktemp("course"))


def warned(course: Course, data: bytes, name: str = "tiny.ipynb") -> list[Note]:
    return list(submit(course, "tiny", "anna", name, data).warnings)


def test_a_receipt_has_the_notices(course: Course) -> None:
    assert warned(course, answer(course)) == []
    data = answer(
        course,
        double="import nosuchpackage\ndef double(x):\n    return nosuchpackage.f(x)",
        total="def total(items)\n    return 1",
    )
    package, broken = sorted(
        warned(course, data, "tiny-checkpoint.ipynb")[1:], key=lambda note: note.kind, reverse=True
    )
    assert package.values == {"cell": 4, "package": "nosuchpackage"}
    assert broken.values == {"cell": 7, "line": 1}
    for language in available():
        assert "nosuchpackage" in words(language).message(package)


def test_a_receipt_says_what_is_not_answered(course: Course) -> None:
    release = (course.release("tiny") / "tiny.ipynb").read_bytes()
    (note,) = warned(course, release)
    assert (note.kind, note.values["ids"]) == (
        "answers_untouched",
        ("double_function", "total_function", "essay"),
    )


def test_tests_that_ask_for_a_gpu(tmp_path: Path) -> None:
    from nbjudge.intake.notices import place_of

    course = make_course(tmp_path)
    assert not place_of(course, "tiny").gpu
    assert "double" in (place_of(course, "tiny").asked or ())
    tests = course.autograder("tiny") / "test_gpu.py"
    tests.write_text("def test_it(student, device):\n    pass\n")
    assert place_of(course, "tiny").gpu
    tests.write_text("@pytest.mark.gpu\ndef test_it(student):\n    pass\n")
    assert place_of(course, "tiny").gpu


def test_another_assignments_notebook_without_its_metadata_is_recognised(tmp_path: Path) -> None:
    course = replace(load_course(ROOT), gradebook=tmp_path)
    notebook = json.loads((ROOT / "release/autograd/autograd.ipynb").read_text())
    for each in notebook["cells"]:
        each["metadata"] = {"id": each.pop("id")}
    notebook["metadata"] = {"colab": {}}
    receipt = submit(course, "tensors", "anna", "hw.ipynb", json.dumps(notebook).encode())
    assert Note("like_another_assignment", {"assignment": "autograd"}) in receipt.warnings
    empty = submit(course, "tensors", "anna", "hw.ipynb", b'{"cells": []}')
    assert [note.kind for note in empty.warnings if "assignment" in note.kind] == []
