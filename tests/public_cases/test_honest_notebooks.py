"""Honest notebooks that other graders are known to have failed: each has the course's solution and one peculiarity, and
gets full points. All are graded in one batch.

What people see of answers and outputs is in tests/feedback, hand-in in tests/intake, damaged files in tests/grading.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from support.cells import KERNEL, cell, grade_cell, manual_cell, notebook, region, solution_cell, text_cell
from support.courses import assignment, write_course

from nbjudge.app import authoring, grading, intake
from nbjudge.app.options import GradingOptions
from nbjudge.model import Result
from nbjudge.notebooks.cells import Notebook, NotebookCell
from nbjudge.notebooks.reader import write_notebook

pytestmark = pytest.mark.slow

POINTS = {"shares": 2, "grid": 1, "pair": 1, "fit": 1}
HIDDEN = """
import pytest
import torch


@pytest.mark.exercise("shares")
def test_shares(student):
    assert student.row_shares(torch.tensor([[1.0, 3.0]])).tolist() == [[0.25, 0.75]]


@pytest.mark.exercise("grid")
def test_grid(student):
    assert student.cell("grid_inline", numbers=[1, 2, 3]).grid.tolist() == [0.0, 0.5, 1.0]


@pytest.mark.exercise("pair")
def test_pair(student):
    images = [torch.ones(2), torch.zeros(2)]
    assert [part.tolist() for part in student.unbatch(student.as_batch(images))] == [[1.0, 1.0], [0.0, 0.0]]


@pytest.mark.exercise("fit")
def test_fit(student):
    X = torch.tensor([[1.0], [2.0]])
    weight = student.fit(X, 2 * X, steps=50)
    assert abs(weight - 2) < 0.1
"""
SHARES = "def row_shares(X):\n    return X / X.sum(dim=1, keepdim=True)"
GRID = "grid = torch.linspace(0, 1, len(numbers))"
PAIR = "def as_batch(images):\n    return torch.stack(images)\n\ndef unbatch(batch):\n    return list(batch)"
FIT = """def fit(X, y, steps):
    w = torch.zeros(1, requires_grad=True)
    for _ in range(steps):
        loss = ((X * w - y) ** 2).mean()
        loss.backward()
        with torch.no_grad():
            w -= 0.1 * w.grad
        w.grad.zero_()
    return w.item()"""
IMPORTS = "import matplotlib.pyplot as plt\nimport numpy as np\nimport torch\nimport torch.nn as nn\nnumbers = [1, 2]"


def source() -> Notebook:
    """The author's notebook."""

    def stubbed(solution: str) -> str:
        head, body = solution.split("\n", 1)
        return f"{head}\n    ### BEGIN SOLUTION\n{body}\n    ### END SOLUTION"

    pair = "\n\n".join(stubbed(part) for part in PAIR.split("\n\n"))
    cells = [
        cell("imports", IMPORTS),
        text_cell("shares-text", "# Shares"),
        solution_cell("shares_function", stubbed(SHARES)),
        grade_cell("shares", "assert row_shares(torch.ones(2, 2)).sum() == 2", 2),
        text_cell("grid-text", "# Grid"),
        solution_cell("grid_inline", region(GRID)),
        grade_cell("grid", "assert len(grid) == 2", 1),
        cell("picture", "plt.plot(grid)\nplt.show()", tags=["skip-grading"]),
        text_cell("pair-text", "# Pair"),
        solution_cell("pair_functions", pair),
        grade_cell("pair", "assert len(unbatch(as_batch([torch.ones(1)]))) == 1", 1),
        text_cell("fit-text", "# Fit"),
        solution_cell("fit_function", stubbed(FIT)),
        grade_cell("fit", "assert fit(torch.ones(1, 1), torch.ones(1, 1), 9) > 0", 1),
        text_cell("report-text", "# Report"),
        manual_cell("report", "Because."),
    ]
    return notebook(cells, **KERNEL)


class Lab:
    """A solved notebook to be made peculiar."""

    def __init__(self) -> None:
        answers = {
            "shares_function": SHARES,
            "grid_inline": GRID,
            "pair_functions": PAIR,
            "fit_function": FIT,
        }
        self.cells: list[NotebookCell] = source()["cells"]
        for each in self.cells:
            each["source"] = answers.get(each["metadata"].get("nbgrader", {}).get("grade_id"), each["source"])

    def __getitem__(self, name: str) -> NotebookCell:
        return next(each for each in self.cells if name in (each.get("id"), each.get("id", "")[2:]))

    def first(self, source: str) -> Lab:
        self.cells.insert(0, cell(f"own-{len(self.cells)}", source))
        return self

    def before(self, name: str, source: str) -> Lab:
        self.cells.insert(self.cells.index(self[name]), cell(f"own-{len(self.cells)}", source))
        return self

    def after(self, name: str, source: str) -> Lab:
        self.cells.insert(self.cells.index(self[name]) + 1, cell(f"own-{len(self.cells)}", source))
        return self

    def above(self, name: str, source: str) -> Lab:
        """In the same cell."""
        self[name]["source"] = f"{source}\n\n{self[name]['source']}"
        return self

    def below(self, name: str, source: str) -> Lab:
        self[name]["source"] += f"\n\n{source}"
        return self

    def swap(self, name: str, old: str, new: str) -> Lab:
        assert old in self[name]["source"]
        self[name]["source"] = self[name]["source"].replace(old, new)
        return self

    def using(self, expression: str) -> Lab:
        """`row_shares` needs what the expression gives: 1."""
        return self.swap("shares_function", "dim=1", f"dim={expression}")

    def helped(self, name: str = "shares") -> Lab:
        """`row_shares` is a call of a helper of this name."""
        return self.swap("shares_function", "return X / X.sum(dim=1, keepdim=True)", f"return {name}(X)")


HELPER = "def shares(X):\n    return X / X.sum(dim=1, keepdim=True)"


def split(lab: Lab) -> None:
    first, second = lab["pair_functions"]["source"].split("\n\n")
    other = copy.deepcopy(lab["pair_functions"]) | {"id": "x", "source": second}
    lab["pair_functions"]["source"] = first
    lab.cells.insert(lab.cells.index(lab["pair_functions"]) + 1, other)


def copied(lab: Lab, name: str, source: str) -> None:
    lab.cells.insert(lab.cells.index(lab["shares_function"]), copy.deepcopy(lab[name]) | {"source": source})


Build = Callable[[Lab], Any]
CASES: dict[str, Build] = {
    "nothing": lambda lab: lab,
    # Cells that the student added or edited. jupyter/nbgrader#131, sagemathinc/cocalc#4916, AnswerDotAI/nbdev#641
    "added-a-constructor-call": lambda lab: lab.before("shares_function", "cfg = dict(dim=1)").using("cfg['dim']"),
    "added-a-comprehension": lambda lab: lab.before("shares_function", "dims = [d for d in (0, 1)]").using("dims[1]"),
    "added-an-item": lambda lab: lab.before("shares_function", "cfg = {}\ncfg['dim'] = 1").using("cfg['dim']"),
    "added-an-attribute": lambda lab: lab.before("shares_function", "class C: pass\nc = C()\nc.dim = 1").using("c.dim"),
    "added-from-another": lambda lab: lab.before("shares_function", "cfg = {'dim': 1}\nDIM = cfg['dim']").using("DIM"),
    "added-a-loop": lambda lab: lab.before("shares_function", "dims = []\nfor d in (0, 1):\n    dims.append(d)").using("dims[1]"),
    "added-a-while": lambda lab: lab.before("shares_function", "n = 5\nwhile n > 1:\n    n -= 1").using("n"),
    "added-a-with": lambda lab: lab.before("shares_function", "with torch.no_grad():\n    one = torch.ones(1).long()").using("one.item()"),
    "added-a-walrus": lambda lab: lab.before("shares_function", "print(one := 1)").using("one"),
    "added-a-tuple": lambda lab: lab.before("shares_function", "(zero, *rest), last = (0, 1, 2), 3").using("rest[0]"),
    "added-after": lambda lab: lab.after("shares-grade", "ONE = int(1.0)").using("ONE"),
    "added-in-the-same-cell": lambda lab: lab.below("shares_function", "ONE = int(1.0)").using("ONE"),
    "added-at-the-end": lambda lab: lab.after("report", "ONE = max(0, 1)").using("ONE"),
    "added-deleted": lambda lab: lab.before("shares_function", "one, two = 1, 2\ndel two").using("one"),
    "added-a-class-body": lambda lab: lab.before("shares_function", "class Config:\n    dim = int('1')").using("Config.dim"),
    "added-a-default": lambda lab: lab.before("shares_function", "one = int('1')\ndef get(value=one):\n    return value").using("get()"),
    "added-a-partial": lambda lab: lab.before(
        "shares_function", "from functools import partial\ntotal = partial(torch.sum, dim=1, keepdim=True)"
    ).swap("shares_function", "X.sum(dim=1, keepdim=True)", "total(X)"),
    "added-a-view-of-a-layer": lambda lab: lab.before(
        "shares_function", "net = nn.Linear(1, 1)\nweight = net.weight\nweight.data.fill_(1)"
    ).using("int(net.weight.item())"),
    "added-a-function-that-trains": lambda lab: lab.before(
        "shares_function", "state = {'dim': 0}\ndef train():\n    state['dim'] += 1\ntrain()"
    ).using("state['dim']"),
    "added-a-global": lambda lab: lab.before(
        "shares_function", "def setup():\n    global ONE\n    ONE = 1\nsetup()"
    ).using("ONE"),
    "added-a-decorator": lambda lab: lab.before(
        "shares_function", "known = {}\ndef register(f):\n    known[f.__name__] = f\n    return f\n\n@register\n" + HELPER
    ).helped("known['shares']"),
    # hse-aml/natural-language-processing#71
    "added-is-this-colab": lambda lab: lab.first(
        "try:\n    import google.colab\n    COLAB = True\nexcept ImportError:\n    COLAB = False"
    ).using("0 if COLAB else 1"),
    "added-a-device": lambda lab: lab.after(
        "imports", "if torch.cuda.is_available():\n    device = 'cuda'\nelse:\n    device = 'cpu'"
    ).swap("shares_function", "return X", "return X.to(device)"),
    "given-a-module": lambda lab: lab.below("imports", "total = nn.Identity()").swap("shares_function", "return X", "return total(X)"),
    "given-a-missing-package": lambda lab: lab.below("imports", "import nosuchpackage\nimport functools").swap(
        "shares_function", "X.sum(dim=1, keepdim=True)", "functools.partial(torch.sum, dim=1, keepdim=True)(X)"
    ),
    # jupyter/nbgrader#913
    "given-a-helper-in-a-plot": lambda lab: lab.below("picture", HELPER).helped(),
    # AnswerDotAI/nbdev#641, jupyter/notebook#1243
    "a-method-added-later": lambda lab: lab.before(
        "shares_function", "class Shares:\n    pass\n\ndef call(self, X):\n    return X / X.sum(dim=1, keepdim=True)\n\nShares.forward = call"
    ).helped("Shares().forward"),
    "a-method-added-by-a-decorator": lambda lab: lab.before(
        "shares_function",
        "class Shares:\n    pass\n\ndef add_to(cls):\n    def wrap(f):\n        setattr(cls, f.__name__, f)\n    return wrap\n\n"
        "@add_to(Shares)\ndef forward(self, X):\n    return X / X.sum(dim=1, keepdim=True)",
    ).helped("Shares().forward"),
    # A statement that fails. nteract/papermill#418, udacity/deep-learning-v2-pytorch#316, otter-grader#309
    "fails-a-missing-notebook": lambda lab: lab.above("shares_function", "%run helpers.ipynb"),
    "fails-a-missing-script": lambda lab: lab.above("shares_function", "%run utils.py"),
    "fails-a-missing-package": lambda lab: lab.above("shares_function", "from torchvision import transforms"),
    "fails-an-unknown-package": lambda lab: lab.above("shares_function", "import nosuchpackage as n\nn.setup()"),
    "fails-colabs-drive": lambda lab: lab.above("shares_function", "from google.colab import drive\ndrive.mount('/content/drive')"),
    "fails-a-folder-of-colab": lambda lab: lab.above("shares_function", "%cd /content/drive/MyDrive/hw"),
    "fails-a-file-of-colab": lambda lab: lab.above("shares_function", "torch.save({}, '/content/state.pt')"),
    "fails-a-download": lambda lab: lab.above(
        "shares_function", "import urllib.request\nurllib.request.urlretrieve('http://example.org/x.gz', 'x.gz')"
    ),
    "fails-a-gpu": lambda lab: lab.above("shares_function", "probe = torch.zeros(3).cuda()"),
    "fails-an-exit": lambda lab: lab.above(
        "shares_function", "import sys\nif not torch.cuda.is_available():\n    print('no GPU')\n    sys.exit()"
    ),
    "fails-a-start-method": lambda lab: lab.above("shares_function", "import torch.multiprocessing as mp\nmp.set_start_method('spawn')"),
    "fails-faulthandler": lambda lab: lab.above("shares_function", "import faulthandler\nfaulthandler.enable()"),
    "fails-tensorboard": lambda lab: lab.above(
        "shares_function", "from torch.utils.tensorboard import SummaryWriter\nwriter = SummaryWriter()"
    ),
    "fails-an-assert": lambda lab: lab.below("shares_function", "assert row_shares(torch.ones(1, 1)) == 7"),
    "fails-between-two-functions": lambda lab: lab.swap("pair_functions", "\n\ndef", "\n\nprint(nothing.here)\n\ndef"),
    "fails-an-added-style": lambda lab: lab.before("shares_function", "import seaborn as sns\nsns.set_theme()\nONE = 1").using("ONE"),
    # Debuggers and questions. jupyter/nbgrader#77
    "asks-debug": lambda lab: lab.below("shares_function", "%debug"),
    "asks-breakpoint": lambda lab: lab.swap("shares_function", "    return", "    breakpoint()\n    return"),
    "asks-pdb": lambda lab: lab.below("shares_function", "import pdb\npdb.set_trace()"),
    "asks-input": lambda lab: lab.above("shares_function", "name = input('Your name?')"),
    # Magics. otter-grader#604, jupyter/help#45
    "magic-time": lambda lab: lab.swap("grid_inline", "grid =", "%time grid ="),
    "magic-time-of-a-cell": lambda lab: lab.swap("grid_inline", "grid =", "%%time\ngrid ="),
    "magic-timeit-with-a-result": lambda lab: lab.above("shares_function", "t = %timeit -o -n 2 -r 1 torch.rand(3)\nprint(t.average)"),
    "magic-config": lambda lab: lab.above("shares_function", "%config InlineBackend.figure_format = 'retina'\n%matplotlib inline"),
    "magic-capture": lambda lab: lab.above("shares_function", "%%capture out\nprint(1)"),
    "magic-an-install": lambda lab: lab.above("shares_function", "!pip install -q torchinfo\n%pip install einops"),
    "magic-help": lambda lab: lab.above("shares_function", "torch.sum?\n?torch.mean"),
    # jupyter/notebook#4312
    "a-task-over-two-cells": lambda lab: lab.above(
        "shares_function", "import asyncio\nasync def load():\n    await asyncio.sleep(0.01)\n    return 1\ntask = asyncio.create_task(load())"
    ).above("pair_functions", "data = await task\nprint(data)"),
    # marimo-team/marimo#3918
    "a-future-import": lambda lab: lab.first("from __future__ import annotations").swap("shares_function", "(X)", "(X: Unknown) -> Unknown"),
    # Libraries. pytorch/pytorch#154127, metatensor/metatrain#1243, tqdm/tqdm#1587, pytorch/tutorials#1284
    "library-compile": lambda lab: lab.below("shares_function", "row_shares = torch.compile(row_shares)"),
    "library-script": lambda lab: lab.swap("shares_function", "def row_shares", "@torch.jit.script\ndef row_shares"),
    "library-a-progress-bar-that-counts": lambda lab: lab.above("fit_function", "from tqdm.auto import tqdm").swap(
        "fit_function", "    for _ in range(steps):", "    bar = tqdm(total=steps)\n    while bar.n < steps:\n        bar.update()"
    ),
    "library-a-notebook-bar": lambda lab: lab.above("fit_function", "from tqdm.notebook import trange").swap(
        "fit_function", "in range(steps)", "in trange(steps)"
    ),
    "library-checkpoints": lambda lab: lab.above(
        "shares_function", "import os\nos.makedirs('out', exist_ok=True)\ntorch.save({'n': 1}, 'out/a.pt')\nONE = torch.load('out/a.pt')['n']"
    ).using("ONE"),
    "library-a-loader": lambda lab: lab.above(
        "pair_functions", "from torch.utils.data import DataLoader, Dataset\nclass Images(Dataset):\n    def __init__(self, images):\n"
        "        self.images = images\n    def __len__(self):\n        return len(self.images)\n    def __getitem__(self, i):\n        return self.images[i]"
    ).swap("pair_functions", "torch.stack(images)", "next(iter(DataLoader(Images(images), batch_size=2, num_workers=1)))"),
    # Editors. googlecolab/colabtools#581, luk400/vim-jukit#121, jupyter/notebook#1156, jupyter/nbgrader#1941
    "editor-new-ids": lambda lab: [each.update(id=f"x{n}", metadata={}) for n, each in enumerate(lab.cells)],
    "editor-no-ids": lambda lab: [(each.pop("id"), each.update(metadata={})) for each in lab.cells],
    "editor-half-of-the-ids": lambda lab: [each.pop("id") for each in lab.cells[::2]],
    "editor-text-cell": lambda lab: lab["shares_function"].update(cell_type="markdown"),
    "editor-text-cell-with-prose": lambda lab: lab["shares_function"].update(
        cell_type="markdown", source=f"My answer:\n\n```python\n{SHARES}\n```\n\nThat is all."
    ),
    "editor-split-cell": split,
    "editor-merged-cells": lambda lab: (lab.below("shares_function", FIT), lab.cells.remove(lab["fit_function"])),
    "editor-merged-into-the-second": lambda lab: (lab.above("fit_function", SHARES), lab.cells.remove(lab["shares_function"])),
    "editor-tests-deleted": lambda lab: [lab.cells.remove(lab[f"{name}-grade"]) for name in POINTS],
    "editor-a-copied-test-cell": lambda lab: (copied(lab, "shares-grade", HELPER), lab.helped()),
    "editor-a-copied-given-cell": lambda lab: (copied(lab, "imports", HELPER), lab.helped()),
    "editor-a-helper-in-a-test-cell": lambda lab: lab.above("shares-grade", HELPER).helped(),
    "editor-an-answer-in-a-test-cell": lambda lab: (lab.above("shares-grade", SHARES), lab.cells.remove(lab["shares_function"])),
    "editor-cells-moved": lambda lab: lab.cells.append(lab.cells.pop(lab.cells.index(lab["shares_function"]))),
    "editor-a-windows-file": lambda lab: [each.update(source=each["source"].replace("\n", "\r\n")) for each in lab.cells],
    # More of each kind
    "fails-a-folder": lambda lab: lab.above("shares_function", "import os\nos.chdir('/content/drive/MyDrive')\nprint(os.listdir('data'))"),
    "fails-a-saved-model": lambda lab: lab.above(
        "shares_function", "state = torch.load('model.pt')\nmodel = nn.Linear(1, 1)\nmodel.load_state_dict(state)"
    ),
    "fails-the-process": lambda lab: lab.below("shares_function", "import os\nos._exit(0)"),
    "fails-the-process-above": lambda lab: lab.above("shares_function", "import os\nos.kill(os.getpid(), 9)"),
    "fails-a-call-of-a-program": lambda lab: lab.above("shares_function", "import subprocess\nout = subprocess.check_output(['nvidia-smi'])"),
    "fails-a-dataset": lambda lab: lab.above(
        "shares_function", "from torchvision import datasets\ntrain = datasets.MNIST('.', download=True)\nprint(len(train))"
    ),
    "library-annotations": lambda lab: lab.above("shares_function", "from jaxtyping import Float\nfrom torch import Tensor").swap(
        "shares_function", "(X)", "(X: Float[Tensor, 'a b'])"
    ),
    "library-a-decorator": lambda lab: lab.above("shares_function", "from beartype import beartype").swap(
        "shares_function", "def row", "@beartype\ndef row"
    ),
    "library-a-pool": lambda lab: lab.above(
        "shares_function", "from multiprocessing import Pool\nwith Pool(2) as pool:\n    ONE = pool.map(abs, [-1])[0]"
    ).using("ONE"),
    "library-a-pickled-class": lambda lab: lab.above(
        "shares_function", "class Net(nn.Module):\n    pass\ntorch.save(Net(), 'net.pt')\nONE = int(torch.load('net.pt', weights_only=False) is not None)"
    ).using("ONE"),
    "library-its-own-source": lambda lab: lab.below(
        "shares_function", "import inspect\nONE = inspect.getsource(row_shares).count('def row_shares')"
    ).using("ONE"),
    "library-wandb": lambda lab: lab.above("fit_function", "import wandb\nwandb.init(project='x')").swap(
        "fit_function", "loss.backward()", "loss.backward()\n        wandb.log({'loss': loss.item()})"
    ),
    "library-nested-loops": lambda lab: lab.above(
        "shares_function", "import asyncio\nimport nest_asyncio\nnest_asyncio.apply()\nasync def main():\n    return 1\nONE = asyncio.run(main())"
    ).using("ONE"),
    "magic-a-file-that-is-imported": lambda lab: lab.before("shares_function", "%%writefile mine.py\nONE = 1").before(
        "shares_function", "import mine"
    ).using("mine.ONE"),
    "magic-the-environment": lambda lab: lab.before("shares_function", "import os\n%env DIM=1").using("int(os.environ['DIM'])"),
    "magic-one-that-is-not-there": lambda lab: lab.above("shares_function", "%nosuchmagic 3\n%load_ext nosuch\n%load_ext autoreload\n%autoreload 2"),
    "magic-in-the-imports": lambda lab: lab.below("imports", "!mkdir -p out && echo 1 > out/one.txt").using("int(open('out/one.txt').read())"),
    "added-by-exec": lambda lab: lab.before("shares_function", "exec('ONE = 1')").using("ONE"),
    "added-to-globals": lambda lab: lab.before("shares_function", "globals()['ONE'] = 1").using("ONE"),
    "added-if-it-is-not-there": lambda lab: lab.before("shares_function", "if 'ONE' not in globals():\n    ONE = 1").using("ONE"),
    "added-a-closure": lambda lab: lab.before(
        "shares_function", "def make():\n    n = 0\n    def more():\n        nonlocal n\n        n += 1\n        return n\n    return more\nONE = make()()"
    ).using("ONE"),
    "added-an-awaited-value": lambda lab: lab.before("shares_function", "async def main():\n    return 1\nONE = await main()").using("ONE"),
    "pasted-with-prompts": lambda lab: lab["shares_function"].update(source=">>> " + SHARES.replace("\n", "\n... ")),
    "pasted-indented": lambda lab: lab["shares_function"].update(source="    " + SHARES.replace("\n", "\n    ")),
    "editor-merged-into-the-imports": lambda lab: (lab.below("imports", SHARES), lab.cells.remove(lab["shares_function"])),
    "editor-all-merged": lambda lab: (
        lab.below("shares_function", "\n\n".join([GRID, PAIR, FIT])),
        [lab.cells.remove(lab[name]) for name in ("grid_inline", "pair_functions", "fit_function")],
    ),
    "editor-merged-and-the-stub-left": lambda lab: (
        lab.below("shares_function", FIT),
        lab["fit_function"].update(source="def fit(X, y, steps):\n    # YOUR CODE HERE\n    raise NotImplementedError()"),
    ),
    "editor-merged-with-its-test": lambda lab: (
        lab.below("shares_function", lab["shares-grade"]["source"]), lab.cells.remove(lab["shares-grade"]),
    ),
    "editor-kaggle": lambda lab: [each.update(metadata={"_cell_guid": each.pop("id")}) for each in lab.cells],
    "editor-a-helper-in-a-copied-answer": lambda lab: (copied(lab, "shares_function", HELPER), lab.helped()),
    "editor-scratch-in-a-copied-answer": lambda lab: lab.cells.append(
        copy.deepcopy(lab["shares_function"]) | {"id": "x", "source": "print(fit(torch.ones(1, 1), torch.ones(1, 1), 2))"}
    ),
    "editor-everything-twice": lambda lab: lab.cells.extend(copy.deepcopy(lab.cells)),
    "editor-an-untidy-stub-beside": lambda lab: lab.cells.append(
        copy.deepcopy(lab["shares_function"]) | {"id": "x", "source": "def row_shares(X):\n    # TODO\n    raise NotImplementedError"}
    ),
    "editor-imports-deleted": lambda lab: lab.cells.remove(lab["imports"]),
    "editor-indented-text": lambda lab: lab["shares_function"].update(
        cell_type="markdown", source="My answer:\n\n    " + SHARES.replace("\n", "\n    ")
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Result]:
    """Each case's result, by its name."""
    root = tmp_path_factory.mktemp("course")
    points = {**POINTS, "report": 1}
    limits = {"seconds": 10, "memory": "1GB"}
    files = {"source/lab/lab.ipynb": source(), "autograders/lab/test_lab.py": HIDDEN}
    course = write_course(root, {"lab": assignment("Lab", points, limits=limits)}, files)
    authoring.release(course, "lab", unproved=True)
    for name, build in CASES.items():
        lab = Lab()
        build(lab)
        intake.submit(course, "lab", name, "lab.ipynb", write_notebook(notebook(lab.cells, **KERNEL)))
    report = grading.grade(course, "lab", GradingOptions(jobs=2))
    assert report.troubles == ()
    return {done.submission.student: done.result for done in report.graded}


@pytest.mark.parametrize("name", CASES)
def test_an_honest_notebook_gets_full_points(results: dict[str, Result], name: str) -> None:
    result = results[name]
    assert result.rejected is None
    lost = {test.test: (test.status, test.message) for test in result.tests if test.status != "passed"}
    failed = [(report.id, report.message, report.output) for report in result.cells if report.status != "ok"]
    assert lost == {}, failed
    assert len(result.tests) == len(POINTS)
    assert result.missing == ()
