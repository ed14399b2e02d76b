"""Coverage-guided fuzzing of what reads a student's bytes: python bench/fuzz.py TARGET --seconds 600

Needs atheris, which is not a dependency of the project: `pip install atheris` somewhere on PYTHONPATH. Findings stay as
crash-* files in FOLDER/TARGET; with --keep N they and the smallest inputs of the corpus are copied into tests/fuzz/TARGET,
where the tests replay them.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
TARGETS = ("wire", "packet", "notebook", "archive")
MAX_LEN = {"wire": 2048, "packet": 1024, "notebook": 8192, "archive": 16384}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--folder", type=Path, default=Path("/tmp/nbjudge-fuzz"), help="corpora and findings")
    parser.add_argument("--keep", type=int, default=0, help="copy so many inputs to tests/fuzz/TARGET")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    arguments, rest = parser.parse_known_args()
    if arguments.inside:
        fuzz(arguments.target, rest)
    folder = arguments.folder / arguments.target
    if arguments.seconds:
        run(arguments.target, folder, arguments.seconds)
    if arguments.keep:
        keep(arguments.target, folder, arguments.keep)


def run(target: str, folder: Path, seconds: int) -> None:
    """One libFuzzer run, in a separate process: it ends with _exit."""
    import fuzz_targets

    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(fuzz_targets.seeds(target)):
        (corpus / f"seed-{number}").write_bytes(data)
    started = time.monotonic()
    done = _inside(target, str(corpus), f"-max_total_time={seconds}", f"-artifact_prefix={folder}/")
    print(f"{target}: exit status {done} after {time.monotonic() - started:.0f} s")
    if done:
        sys.exit(done)


def keep(target: str, folder: Path, count: int) -> None:
    """Copies findings, and the shortest inputs that together take every way through the code that the corpus takes."""
    import fuzz_targets

    call, seen, kept = fuzz_targets.TARGETS[target], set(), list(folder.glob("crash-*"))
    for path in sorted((folder / "corpus").iterdir(), key=lambda path: (path.stat().st_size, path.name)):
        new = ways(call, path.read_bytes()) - seen
        if new and len(kept) < count:
            kept.append(path)
            seen |= new
    place = fuzz_targets.CORPORA / target
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    for path in kept:
        data = path.read_bytes()
        (place / hashlib.sha256(data).hexdigest()[:12]).write_bytes(data)
    lines = {(file, line) for file, _, line in seen}
    print(f"{target}: {len(kept)} inputs kept, {len(seen)} steps between {len(lines)} lines of the package")


def ways(call: Callable[[bytes], object], data: bytes) -> set[tuple[str, int, int]]:
    """The steps from line to line that the package takes on this input."""
    steps: set[tuple[str, int, int]] = set()

    def trace(frame: FrameType, event: str, _: object) -> Callable[..., object] | None:
        file = frame.f_code.co_filename
        if "/nbjudge/" not in file:
            return None
        before = frame.f_lineno

        def local(frame: FrameType, event: str, _: object) -> Callable[..., object]:
            nonlocal before
            if event == "line":
                steps.add((file, before, frame.f_lineno))
                before = frame.f_lineno
            return local

        return local

    sys.settrace(trace)
    try:
        call(data)
    finally:
        sys.settrace(None)
    return steps


def _inside(target: str, *arguments: str) -> int:
    flags = [f"-max_len={MAX_LEN[target]}", "-timeout=20", "-rss_limit_mb=3000", "-print_final_stats=1"]
    command = [sys.executable, __file__, target, "--inside", *arguments, *flags]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(command, env=environment, check=False).returncode


def fuzz(target: str, arguments: list[str]) -> None:
    """libFuzzer itself; does not return."""
    import atheris

    with atheris.instrument_imports(
        include=["nbjudge", "zipfile", "tarfile", "json"], enable_loader_override=False
    ):
        import fuzz_targets
    call = fuzz_targets.TARGETS[target]
    atheris.Setup([sys.argv[0], *arguments], call)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
