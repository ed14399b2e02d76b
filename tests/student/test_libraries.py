"""Libraries that expect a screen, a compiler or much shared memory do without, and say so."""

import pytest

from nbjudge.student.libraries import BACKENDS

COMPILE = "import torch\nmodel = torch.nn.Linear(1, 1)\n"
DATA = (
    "import torch\nfrom torch.utils.data import DataLoader, Dataset\nclass Numbers(Dataset):\n"
    "    def __len__(self): return 7\n    def __getitem__(self, i): return torch.tensor([float(i)])\n"
)


@pytest.mark.parametrize(
    "source",
    [
        COMPILE + "model = torch.compile(model, mode='max-autotune')\nx = len(model(torch.ones(1)))",
        COMPILE + "model.compile()\nx = len(model(torch.ones(1)))",
        COMPILE + "@torch.compile\ndef f(y): return y + 1\nx = f(0)",
        COMPILE + "@torch.compile(fullgraph=True)\ndef f(y): return y + 1\nx = f(0)",
        "import matplotlib\nmatplotlib.use('TkAgg')\nmatplotlib.use('Agg')\nx = 1",
        "import matplotlib.pyplot as plt\nplt.switch_backend('nbAgg')\nplt.plot([1])\nx = 1",
        "import matplotlib.pyplot as plt\nplt.style.use('seaborn-whitegrid')\nplt.style.use('ggplot')\nx = 1",
        "import matplotlib.pyplot as plt\nwith plt.style.context('nosuch'):\n    x = 1",
        "import matplotlib.pyplot as plt\nwith plt.style.context('ggplot'):\n    x = 1",
        "import torch.multiprocessing as mp\nmp.set_start_method('spawn', force=True)\n"
        "process = mp.Process(target=print)\nprocess.start()\nprocess.join()\nx = int(process.exitcode == 0)",
        "import multiprocessing as mp\nwith mp.get_context('forkserver').Pool(1) as pool:\n    x = pool.map(abs, [-1])[0]",
        "from tqdm.auto import tqdm\nbar = tqdm(total=3)\nwhile bar.n < bar.total:\n    bar.update()\nx = bar.n - 2",
        "from tqdm import tqdm\nfor i in (bar := tqdm(range(4))):\n    x = i - bar.n + 1",
        "from tqdm.notebook import trange\nfor i in (bar := trange(3)): pass\nx = bar.n - 2",
    ],
)
def test_libraries_go_on(run, source):
    get, _ = run(source)
    assert get("x") == 1


@pytest.mark.parametrize(
    "options",
    [
        "num_workers=2",
        "num_workers=2, multiprocessing_context='spawn'",
        "num_workers=1, persistent_workers=True",
    ],
)
def test_workers_load_a_dataset_of_the_notebook(run, options):
    get, _ = run(DATA + f"x = [b.tolist() for b in DataLoader(Numbers(), batch_size=3, {options})]")
    assert get("x") == [[[0.0], [1.0], [2.0]], [[3.0], [4.0], [5.0]], [[6.0]]]


@pytest.mark.parametrize(
    ("message", "first", "shuffle"),
    [
        ("unable to allocate shared memory(shm): No space left on device (28)", 0, False),
        ("unable to allocate shared memory(shm): No space left on device (28)", 2, True),
        ("unable to resize file </torch_2_1_0> to the right size: File too large (27)", 6, True),
    ],
)
def test_without_shared_memory_no_batch_is_lost(run, message, first, shuffle):
    get, output = run(
        DATA
        + "from torch.utils.data import get_worker_info\nclass Full(Numbers):\n    def __getitem__(self, i):\n"
        f"        if get_worker_info() and i >= {first}:\n"
        f"            raise RuntimeError({message!r})\n"
        "        return super().__getitem__(i)\n"
        f"loader = DataLoader(Full(), batch_size=2, num_workers=2, shuffle={shuffle})\n"
        "x = [sorted(int(v) for b in loader for v in b.flatten()) for epoch in range(2)]"
    )
    assert get("x") == [list(range(7))] * 2
    assert "goes on without workers" in output


FULL = (
    DATA
    + "from torch.utils.data import get_worker_info\nclass Full(Numbers):\n    def __getitem__(self, i):\n"
    "        if get_worker_info():\n            raise RuntimeError('out of shared memory')\n"
    "        return super().__getitem__(i)\n"
)


def test_persistent_workers_that_are_gone_stay_gone(run):
    get, _ = run(
        FULL + "loader = DataLoader(Full(), batch_size=2, num_workers=2, persistent_workers=True)\n"
        "x = [sorted(int(v) for b in loader for v in b.flatten()) for epoch in range(3)]"
    )
    assert get("x") == [list(range(7))] * 3


def test_after_one_ran_short_no_loader_starts_workers(run):
    get, output = run(
        FULL + "first = next(iter(DataLoader(Full(), num_workers=2)))",
        "made = []\ndef started(worker): made.append(worker)\n"
        "class Where(Numbers):\n    def __getitem__(self, i): return get_worker_info() is None\n"
        "x = [all(b) for b in DataLoader(Where(), batch_size=7, num_workers=2, timeout=9, prefetch_factor=4)]",
    )
    assert get("x") == [True]
    assert output.count("goes on without workers") == 2  # once in each cell


def test_other_errors_of_workers_stay(load):
    source = DATA + "class Bad(Numbers):\n    def __getitem__(self, i): raise RuntimeError('bad')\n"
    report = load(source + "next(iter(DataLoader(Bad(), num_workers=1)))").all_reports()[0]
    assert report.status == "error" and "bad" in report.message


def test_a_backend_without_a_screen_is_used(run):
    assert "svg" in BACKENDS
    get, output = run("import matplotlib\nmatplotlib.use('svg')\nx = matplotlib.get_backend().lower()")
    assert get("x") == "svg" and output == ""
