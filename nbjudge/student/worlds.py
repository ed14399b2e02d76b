"""Packages that a course's students have elsewhere and the grader lacks: Colab's, Kaggle's, loggers, other libraries.

Nothing of it is imported before a cell asks for it. A module that only watches (wandb, tensorboard, torchinfo) does
nothing; one whose work matters (torchvision, pandas) can be imported, and says what is missing where it is used. An
import that the notebook itself guards with `try` fails as everywhere, so that its own way out is taken.
"""

from __future__ import annotations

import ast
import contextlib
import importlib.abc
import importlib.machinery
import importlib.util
import linecache
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from types import FrameType, FunctionType, ModuleType
from typing import Any

from nbjudge.notebooks.python_source import parse
from nbjudge.student.notices import say

# Top-level modules that may be missed without harm to what is graded.
WATCHING = frozenset(
    [
        "google",
        "kaggle",
        "kaggle_secrets",
        "nest_asyncio",
        "wandb",
        "tensorboard",
        "tensorboardX",
        "torchinfo",
        "torchsummary",
        "torchviz",
        "livelossplot",
        "comet_ml",
        "neptune",
        "mlflow",
        "clearml",
        "seaborn",
        "ipdb",
        "pdbpp",
        "ipywidgets",
        "watermark",
        "jupyterthemes",
        "hiddenlayer",
        "ipympl",
        "beartype",
        "jaxtyping",
        "torchtyping",
        "typeguard",
        "nptyping",
        "numba",
        "loguru",
        "colorama",
        "termcolor",
        "torchview",
        "visdom",
        "memory_profiler",
        "line_profiler",
    ]
)
# Top-level modules whose work a solution may need.
WORKING = frozenset(
    [
        "torchvision",
        "torchaudio",
        "torchtext",
        "torchmetrics",
        "pandas",
        "transformers",
        "datasets",
        "tokenizers",
        "huggingface_hub",
        "cv2",
        "plotly",
        "albumentations",
        "gdown",
        "kagglehub",
        "lightning",
        "pytorch_lightning",
        "timm",
        "einops",
        "statsmodels",
        "xgboost",
        "lightgbm",
        "catboost",
        "nltk",
        "spacy",
        "gensim",
        "skimage",
        "imageio",
        "librosa",
        "gym",
        "gymnasium",
        "opacus",
        "optuna",
        "hydra",
        "omegaconf",
        "accelerate",
    ]
)
# Of the modules that watch, what a notebook goes on to work with.
NEEDED = {
    "load_dataset",
    "Artifact",
    "dataset_download",
    "dataset_download_files",
    "get_dataset_names",
    "prange",
    "vectorize",
}
# Found before the package's own, which would import what is missing.
PARTS = {"torch.utils.tensorboard": "tensorboard"}
UNCAUGHT = ("ImportError", "ModuleNotFoundError", "Exception", "BaseException")


class Worlds(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds the packages above for import statements of the notebook and of its own files, for nobody else."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        top = fullname.partition(".")[0]
        if top not in WATCHING and top not in WORKING and fullname not in PARTS:
            return None
        if fullname in PARTS and importlib.util.find_spec(PARTS[fullname]) is not None:
            return None
        parent = sys.modules.get(fullname.rpartition(".")[0])
        if not isinstance(parent, Stub) and (not _asked_by_notebook() or _is_installed(fullname, path)):
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        module = Stub(spec.name)
        for name, value in SPECIAL.get(spec.name, {}).items():
            setattr(module, name, value)
        return module

    def exec_module(self, module: ModuleType) -> None:
        name, top = module.__name__, module.__name__.partition(".")[0]
        if top in WORKING:
            say(f"{top} is not installed where notebooks are graded: code that uses it fails there")
        elif name not in ("google", "nest_asyncio"):
            say(f"{name} does nothing while grading")


def install_worlds() -> None:
    """Lets notebooks import what the grader lacks."""
    if not any(isinstance(finder, Worlds) for finder in sys.meta_path):
        sys.meta_path.insert(0, Worlds())


def _is_installed(fullname: str, path: Sequence[str] | None) -> bool:
    if fullname in PARTS:
        return False
    for finder in sys.meta_path:
        if not isinstance(finder, Worlds) and finder.find_spec(fullname, path) is not None:
            return fullname != "nest_asyncio"  # ours nests without it
    return False


def _asked_by_notebook() -> bool:
    """Whether an import statement of a cell, or of a file in its folder, asks, and asks outside any `try`."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and frame.f_code.co_filename.startswith("<frozen importlib._bootstrap"):
        frame = frame.f_back
    if frame is None:
        return False
    file = frame.f_code.co_filename
    if not file.startswith("<cell ") and not _is_own(file):
        return False
    return not _is_guarded(file, frame.f_lineno)


def _is_own(file: str) -> bool:
    return os.path.isfile(file) and os.path.dirname(os.path.abspath(file)) == os.getcwd()


def _is_guarded(file: str, line: int) -> bool:
    tree = parse("".join(linecache.getlines(file)))
    return tree is not None and any(
        isinstance(node, ast.Try)
        and node.body[0].lineno <= line <= (node.body[-1].end_lineno or 0)
        and any(catches_missing(handler) for handler in node.handlers)
        for node in ast.walk(tree)
    )


def catches_missing(handler: ast.ExceptHandler) -> bool:
    """Whether a missing package ends in this handler."""
    if handler.type is None:
        return True
    return any(isinstance(node, ast.Name) and node.id in UNCAUGHT for node in ast.walk(handler.type))


class Stub(ModuleType):
    """A module that is not there; whatever is asked of it is a `Nothing` or an `Absent`."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__path__: list[str] = []
        self.__all__: list[str] = []
        self.__version__ = "not installed"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if f"{self.__name__}.{name}" in SPECIAL:  # `from google.colab import drive`
            return importlib.import_module(f"{self.__name__}.{name}")
        if self.__name__.partition(".")[0] in WORKING or name in NEEDED:
            return Absent(f"{self.__name__}.{name}")
        return Nothing(f"{self.__name__}.{name}")


class Nothing:
    """Does nothing, whatever it is told: calls and attributes give another one, as a decorator it changes nothing."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Absent(f"{self._name}.{name}") if name in NEEDED else Nothing(f"{self._name}.{name}")

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        if len(arguments) == 1 and not options and isinstance(arguments[0], FunctionType | type):
            return arguments[0]
        return Nothing(f"{self._name}()")

    def __getitem__(self, key: object) -> Any:
        return Nothing(f"{self._name}[]")

    def __setitem__(self, key: object, value: object) -> None:
        pass

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return f"<{self._name}: nothing while grading>"

    def __format__(self, _: str) -> str:
        return repr(self)


class Absent:
    """Part of a package that is not installed: may be passed around, and says so when it is used."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Absent(f"{self._name}.{name}")

    def __call__(self, *_: Any, **__: Any) -> Any:
        raise self._missing()

    def __mro_entries__(self, bases: tuple[Any, ...]) -> Any:
        raise self._missing()

    def __getitem__(self, key: object) -> Any:
        raise self._missing()

    def __iter__(self) -> Any:
        raise self._missing()

    def __repr__(self) -> str:
        return f"<{self._name}: not installed>"

    def _missing(self) -> ModuleNotFoundError:
        top = self._name.partition(".")[0]
        return ModuleNotFoundError(
            f"{self._name} cannot be used: {top} is not installed where notebooks are graded", name=top
        )


# What Colab's and Kaggle's modules give where a value is expected.


def _mount(mountpoint: str, *_: object, **__: object) -> None:
    say(f"drive.mount({mountpoint!r}): there is no Google Drive while grading, only an empty folder")
    with contextlib.suppress(OSError):
        os.makedirs(os.path.join(mountpoint, "MyDrive"), exist_ok=True)


def _without(what: str, make: Callable[[], Any]) -> Callable[..., Any]:
    def answer(*_: object, **__: object) -> Any:
        say(f"{what} gives nothing while grading")
        return make()

    return answer


class _Secrets:
    """Kaggle's UserSecretsClient."""

    get_secret = staticmethod(_without("get_secret()", str))


SPECIAL: dict[str, dict[str, Any]] = {
    "google.colab.drive": {"mount": _mount},
    "google.colab.files": {"upload": _without("files.upload()", dict)},
    "google.colab.userdata": {"get": _without("userdata.get()", str)},
    "kaggle_secrets": {"UserSecretsClient": _Secrets},
    "nest_asyncio": {"apply": lambda *_, **__: None},
}
