"""What other places have and the grader lacks: Colab, Kaggle, loggers that only watch, libraries that are missing."""

import pytest


@pytest.mark.parametrize(
    "source",
    [
        'from google.colab import drive\ndrive.mount("/content/drive")\nx = 1',
        'import google.colab\ngoogle.colab.drive.mount("/content/drive", force_remount=True)\nx = 1',
        "from google.colab import files\nfor name in files.upload(): pass\nfiles.download('a')\nx = 1",
        "from google.colab import userdata\nimport os\nos.environ['KEY'] = userdata.get('KEY')\nx = 1",
        "from google.colab import output\noutput.clear()\nx = 1",
        "from google.colab.patches import cv2_imshow\ncv2_imshow(None)\nx = 1",
        "from kaggle_secrets import UserSecretsClient\nkey = UserSecretsClient().get_secret('k') + 'a'\nx = 1",
        "from torch.utils.tensorboard import SummaryWriter\nwriter = SummaryWriter('runs')\n"
        "writer.add_scalar('loss', 1.0, 1)\nwith SummaryWriter() as w:\n    w.flush()\nx = 1",
        "import torch.utils.tensorboard as tb\ntb.SummaryWriter().close()\nx = 1",
        "import wandb\nwandb.init(project='a')\nwandb.log({'loss': 1})\nif wandb.run:\n    raise KeyError\nwandb.finish()\nx = 1",
        "from torchinfo import summary\nimport torch\nprint(summary(torch.nn.Linear(1, 1), (1, 1)))\nx = 1",
        "from torchsummary import summary\nsummary(None)\nx = 1",
        "import seaborn as sns\nsns.set_theme()\nax = sns.heatmap([[1]])\nax.set_title(f'{ax:>5}')\nx = 1",
        "import ipdb\nipdb.set_trace()\nx = 1",
        "from torchvision import transforms\nx = 1",
        "import torchvision.transforms as T, torchvision\nprint(torchvision.__version__)\nx = 1",
        "import pandas as pd\nfrom transformers import *\ndef f(): return pd.DataFrame()\nx = 1",
        "import nest_asyncio\nnest_asyncio.apply()\nx = 1",
        "from jaxtyping import Float, jaxtyped\nfrom beartype import beartype\nimport torch\n@jaxtyped(typechecker=beartype)\n"
        "def f(a: Float[torch.Tensor, 'n']) -> Float[torch.Tensor, '']:\n    return 1\nx = f(2)",
        "from numba import njit\n@njit\ndef f(): return 1\n@njit(parallel=True)\ndef g(): return f()\nx = g()",
    ],
)
def test_what_is_not_used_or_only_watches_costs_nothing(run, source):
    get, output = run(source)
    assert get("x") == 1
    assert "while grading]" in output or "are graded:" in output or "nest_asyncio" in source


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            "from torchvision import transforms\ntransforms.ToTensor()",
            "torchvision.transforms.ToTensor cannot be used",
        ),
        (
            "import pandas as pd\npd.DataFrame()",
            "pandas.DataFrame cannot be used: pandas is not installed where notebooks are graded",
        ),
        (
            "from torchvision.models import ResNet\nclass Mine(ResNet): pass",
            "torchvision.models.ResNet cannot be used",
        ),
        ("import seaborn as sns\nsns.load_dataset('iris')", "seaborn.load_dataset cannot be used"),
        ("import kagglehub\nkagglehub.dataset_download('x')", "kagglehub.dataset_download cannot be used"),
    ],
)
def test_what_is_used_and_missing_says_so(load, source, message):
    report = load(source).all_reports()[0]
    assert report.status == "error" and message in report.message


def test_a_name_that_nobody_knows_is_missing_as_everywhere(load):
    report = load("import nosuchmodule").all_reports()[0]
    assert report.message == "ModuleNotFoundError: No module named 'nosuchmodule'"


@pytest.mark.parametrize(
    "source",
    [
        "try:\n    import google.colab\n    x = 1\nexcept ImportError:\n    x = 0",
        "try:\n    import google.colab\n    x = 1\nexcept:\n    x = 0",
        "try:\n    from torchinfo import summary\n    x = 1\nexcept (ModuleNotFoundError, OSError):\n    x = 0",
        "%%time\ntry:\n    import pandas\n    x = 1\nexcept Exception as error:\n    x = 0",
        "try:\n    from torch.utils.tensorboard import SummaryWriter\n    x = 1\nexcept ImportError:\n    x = 0",
        "def has():\n    try:\n        import wandb\n    except ImportError:\n        return 0\n    return 1\nx = has()",
        "import sys\nx = int('google.colab' in sys.modules)",
        "import importlib.util\nx = int(importlib.util.find_spec('torchvision') is not None)",
        "import importlib\ntry:\n    importlib.import_module('wandb')\n    x = 1\nexcept ImportError:\n    x = 0",
        "import contextlib\nx = 0\nwith contextlib.suppress(ImportError):\n    import importlib\n    importlib.import_module('pandas')\n    x = 1",
    ],
)
def test_a_notebook_that_asks_whether_it_is_there_hears_no(run, source):
    get, _ = run(source)
    assert get("x") == 0


def test_a_decorator_of_what_is_missing_changes_nothing(run):
    get, _ = run("from ipdb import launch_ipdb_on_exception as d\n@d\ndef f(): return 1\nx = f()")
    assert get("x") == 1


def test_a_helper_file_may_import_what_is_missing(run):
    get, _ = run(
        "%%writefile tools.py\nimport torchvision\nimport wandb\nvalue = 3", "from tools import value as x"
    )
    assert get("x") == 3


def test_packages_that_are_there_are_the_real_ones(run):
    get, _ = run("import sklearn, torch.utils.data\nx = sklearn.__version__ != 'not installed'")
    assert get("x") is True
