"""What libraries do otherwise where there is no screen, no compiler and little shared memory. The zygote runs it once."""

from __future__ import annotations

import copy
import functools
import itertools
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from nbjudge.student.notices import say

SHORT = (
    "shared memory",
    "unable to resize file </torch_",
)  # what PyTorch says where /dev/shm or a file's limit ends
GOES_ON_ALONE = (
    "DataLoader: the workers' shared memory is at its limit while grading; it goes on without workers"
)
BACKENDS = {"agg", "cairo", "pdf", "pgf", "ps", "svg", "template"}  # of matplotlib, those that need no screen


def adapt_libraries() -> None:
    """Adapts PyTorch, matplotlib, tqdm and multiprocessing, which are imported."""
    _run_eagerly()
    _draw_without_a_screen()
    _count_in_silence()
    _fork_always()
    _load_without_shared_memory()


def _run_eagerly() -> None:
    """torch.compile gives what it gets: it would start a C++ compiler."""
    import torch

    original = torch.compile

    @functools.wraps(original)
    def compile(model: Any = None, **options: Any) -> Any:
        if model is None:
            return functools.partial(compile, **options)
        say("torch.compile does not compile while grading: the model runs as it is")
        return model

    torch.compile = compile


def _draw_without_a_screen() -> None:
    import matplotlib
    import matplotlib.pyplot as plt
    import matplotlib.style

    def without_screen(original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def use(backend: str, *arguments: Any, **options: Any) -> Any:
            if str(backend).lower() in BACKENDS:
                return original(backend, *arguments, **options)
            return say(f"matplotlib: there is no screen for {backend!r} while grading")

        return use

    matplotlib.use = without_screen(matplotlib.use)
    plt.switch_backend = without_screen(plt.switch_backend)
    style: Any = matplotlib.style
    use, context = style.use, style.context

    @functools.wraps(use)
    def use_style(name: Any) -> None:
        try:
            use(name)
        except OSError:
            say(f"matplotlib: the style {name!r} is not there while grading")

    @functools.wraps(context)
    def style_context(name: Any, after_reset: bool = False) -> AbstractContextManager[None]:
        try:
            with context(name, after_reset):
                pass
        except OSError:
            say(f"matplotlib: the style {name!r} is not there while grading")
            return nullcontext()
        found: AbstractContextManager[None] = context(name, after_reset)
        return found

    style.use, style.context = use_style, style_context


def _count_in_silence() -> None:
    """Bars that draw nothing still count: a loop may end at `bar.n`."""
    import tqdm.std  # type: ignore[import-untyped]

    bar = tqdm.std.tqdm
    iterate, update = bar.__iter__, bar.update

    def count_items(self: Any) -> Iterator[Any]:
        if not self.disable:
            yield from iterate(self)
            return
        for item in self.iterable:
            yield item
            self.n += 1

    def count(self: Any, n: float = 1) -> Any:
        if not self.disable:
            return update(self, n)
        self.n += n
        return None

    bar.__iter__, bar.update = count_items, count


def _fork_always() -> None:
    """Processes are forked, whatever start method is asked for: the others start a program."""
    import multiprocessing.context as context

    methods: Any = context._concrete_contexts  # type: ignore[attr-defined]
    methods["spawn"] = methods["forkserver"] = methods["fork"]
    context._default_context._default_context = methods["fork"]  # type: ignore[attr-defined]


def _load_without_shared_memory() -> None:
    """A DataLoader whose workers find too little shared memory goes on without them, at the batch that failed.

    Those after it have none from the start: each would build a batch twice.
    """
    from torch.utils.data import dataloader

    loaders: Any = dataloader.DataLoader
    workers: Any = dataloader._MultiProcessingDataLoaderIter
    reset, next_index, next_data = workers._reset, workers._next_index, workers._next_data
    get_iterator = loaders._get_iterator
    short_of_memory = False

    def iterate(self: Any) -> Any:
        if not (short_of_memory and self.num_workers and self._dataset_kind == dataloader._DatasetKind.Map):
            return get_iterator(self)
        say(GOES_ON_ALONE)
        alone = copy.copy(self)
        vars(alone).update(num_workers=0, timeout=0, prefetch_factor=None, persistent_workers=False)
        return get_iterator(alone)

    def start(self: Any, *arguments: Any, **options: Any) -> None:
        self.taken = deque()  # what the workers were asked for, and did not bring yet
        if not hasattr(self, "alone"):
            reset(self, *arguments, **options)
            return
        dataloader._BaseDataLoaderIter._reset(self, *arguments, **options)
        self.alone = _fetch(self, self._sampler_iter)

    def take(self: Any) -> Any:
        index = next_index(self)
        self.taken.append(index)
        return index

    def bring(self: Any) -> Any:
        nonlocal short_of_memory
        if alone := getattr(self, "alone", None):
            return next(alone)
        try:
            data = next_data(self)
        except RuntimeError as error:
            short = any(sign in str(error) for sign in SHORT)
            if not short or self._dataset_kind != dataloader._DatasetKind.Map:
                raise
            short_of_memory = True
            say(GOES_ON_ALONE)
            _kill_workers(self)
            self.alone = _fetch(self, itertools.chain(self.taken, self._sampler_iter))
            return next(self.alone)
        self.taken.popleft()
        return data

    loaders._get_iterator = iterate
    workers._reset, workers._next_index, workers._next_data = start, take, bring


def _kill_workers(loader: Any) -> None:
    """Ends them at once: one may be at work on another batch, which takes seconds."""
    from torch.utils.data import _utils

    if loader._worker_pids_set:  # or PyTorch takes their end for a crash
        handling: Any = _utils.signal_handling
        handling._remove_worker_pids(id(loader))
        loader._worker_pids_set = False
    for worker in loader._workers:
        worker.kill()
    loader._shutdown_workers()


def _fetch(loader: Any, indices: Iterator[Any]) -> Iterator[Any]:
    from torch.utils.data import dataloader

    kinds: Any = dataloader._DatasetKind
    fetcher = kinds.create_fetcher(
        loader._dataset_kind, loader._dataset, loader._auto_collation, loader._collate_fn, loader._drop_last
    )
    return (fetcher.fetch(index) for index in indices)
