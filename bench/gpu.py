"""Grading on a GPU against the bare computation and against nbgrader: python bench/gpu.py; writes into docs/gpu.md.

Every submission trains the same small convolutional network on the GPU, once. `--stand-in` tries the program itself where
there is no GPU: the CPU stands for the card, and nothing is written.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from support.tiny_course import answer, make_course, submit  # noqa: E402

from nbjudge.app import grading  # noqa: E402
from nbjudge.app.options import GradingOptions  # noqa: E402
from nbjudge.model import Course, Limits  # noqa: E402
from nbjudge.sandbox import (  # noqa: E402
    Zygote,
    gpu_cards,
)
from nbjudge.sandbox.gpu_cards import Card, Slot  # noqa: E402

PAGE = ROOT / "docs/gpu.md"
BEGIN, END = "<!-- figures: bench/gpu.py -->\n", "<!-- end of figures -->\n"
STEPS = 300
SOLUTION = """
import torch
from torch import nn

def double(steps):
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(0)
    images = torch.randn(256, 1, 28, 28, device=device)
    labels = (images.mean((1, 2, 3)) > 0).long()
    model = nn.Sequential(nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 32, 3), nn.ReLU(), nn.Flatten(), nn.LazyLinear(2))
    model.to(device)
    model(images)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for _ in range(steps):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
    return loss.item()
"""
HIDDEN = '''
import pytest

@pytest.mark.exercise("double")
@pytest.mark.limits(seconds=300, memory="8GB")
def test_trains(student, device):
    """The loss falls."""
    assert student.double({steps}) < 0.7

@pytest.mark.exercise("total")
def test_cheap(student):
    """Something for the dry run."""
    assert student.total([1, 2]) == 3
'''
PURE = SOLUTION + textwrap.dedent("""
    import time
    double(2)
    for _ in range({count}):
        started = time.perf_counter()
        double({steps})
        print(time.perf_counter() - started)
""")


@dataclass(frozen=True)
class Row:
    """One way to grade: seconds for so many submissions."""

    name: str
    submissions: int
    seconds: float

    def cells(self, pure: float) -> str:
        """The row of the table; `pure`: seconds of the bare computation of one submission."""
        each = self.seconds / self.submissions
        return f"| {self.name} | {60 / each:.1f} | {each:.2f} | {each / pure:.2f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--submissions", type=int, default=48)
    parser.add_argument("--slots", type=int, nargs="*", default=[1, 2, 4, 8])
    parser.add_argument("--steps", type=int, default=STEPS, help="training steps of each submission")
    parser.add_argument("--stand-in", action="store_true", help="no GPU: print, write nothing")
    arguments = parser.parse_args()
    if arguments.stand_in:
        stand_in = Card(0, (), name="the CPU")
        gpu_cards.find_cards = lambda: (stand_in,)
    cards = gpu_cards.find_cards()
    if not cards:
        sys.exit("no GPU is found: `nbjudge doctor` says more")
    pure = statistics.median(pure_seconds(arguments.steps))
    first = statistics.median(first_calls(cards[0]))
    rows = [nbjudge(per_card, arguments.submissions, arguments.steps) for per_card in arguments.slots]
    rows.append(nbgrader(max(2, arguments.submissions // 8), arguments.steps))
    section = render(cards, pure, first, rows)
    print(section)
    if not arguments.stand_in:
        write_section(PAGE, section)


def pure_seconds(steps: int, count: int = 5) -> list[float]:
    """The computation alone, in one warm process."""
    code = PURE.format(count=count, steps=steps)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return [float(line) for line in done.stdout.split()]


def first_calls(card: Card, count: int = 5) -> list[float]:
    """Seconds from the request for a student process to its first product of two matrices on its slot."""
    took = []
    with Zygote("namespaces", slot=Slot(card)) as zygote:
        zygote.wait_until_warm()
        for _ in range(count):
            started = time.perf_counter()
            student = zygote.spawn(Limits())
            took.append(time.perf_counter() - started)
            student.kill()
    return took


def nbjudge(per_card: int, count: int, steps: int) -> Row:
    """`nbjudge grade` of `count` submissions with so many slots on each GPU, start-up included."""
    with tempfile.TemporaryDirectory() as folder:
        course = make_course(Path(folder), HIDDEN.format(steps=steps))
        submit(course, **submissions(course, count))
        started = time.perf_counter()
        report = grading.grade(course, "tiny", GradingOptions(gpu_slots=per_card))
        seconds = time.perf_counter() - started
    assert not report.troubles and all(done.score.score == 5 for done in report.graded), report
    return Row(f"nbjudge, slots per GPU: {per_card}", count, seconds)


def nbgrader(count: int, steps: int) -> Row:
    """`nbgrader autograde`, the same test in the grade cell."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "made").mkdir()
        course = make_course(folder / "made", HIDDEN.format(steps=steps))
        config = "c = get_config()\nc.ExecutePreprocessor.timeout = 600\n"
        (folder / "nbgrader_config.py").write_text(config)
        with_test = json.loads(answer(course, double=SOLUTION))
        for cell in with_test["cells"]:
            if cell["metadata"].get("nbgrader", {}).get("grade_id") == "double":
                cell["source"] = f"assert double({steps}) < 0.7"
        for place in ("source/tiny", *(f"submitted/s{i}/tiny" for i in range(count))):
            (folder / place).mkdir(parents=True)
            (folder / place / "tiny.ipynb").write_text(json.dumps(with_test))
        _nbgrader(folder, "generate_assignment", "tiny")
        started = time.perf_counter()
        _nbgrader(folder, "autograde", "tiny")
        seconds = time.perf_counter() - started
        done = len(list(folder.glob("autograded/*/tiny/tiny.ipynb")))
    assert done == count, f"nbgrader graded {done} of {count}"
    return Row("nbgrader autograde", count, seconds)


def submissions(course: Course, count: int) -> dict[str, bytes]:
    """Notebooks that differ in a comment, as students' do."""
    return {f"s{i}": answer(course, double=f"{SOLUTION}# student {i}\n") for i in range(count)}


def render(cards: Sequence[Card], pure: float, first: float, rows: Sequence[Row]) -> str:
    """The section of docs/gpu.md."""
    names = ", ".join(f"{card.name} (driver {card.driver or 'unknown'})" for card in cards)
    table = "\n".join(row.cells(pure) for row in rows)
    return (
        f"{names}, {os.cpu_count()} cores; {time.strftime('%Y-%m-%d')}, `python bench/gpu.py`. The bare computation takes"
        f" {pure:.2f} s; a student process computes on its slot {first:.2f} s after it was asked for.\n\n"
        "| | submissions per minute | s per submission | × the bare computation |\n"
        f"| --- | ---: | ---: | ---: |\n{table}\n"
    )


def write_section(page: Path, section: str) -> None:
    """Puts `section` between the page's marks."""
    text = page.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(before + BEGIN + section + END + after, encoding="utf-8")


def _nbgrader(folder: Path, *command: str) -> None:
    program = Path(sys.executable).with_name("nbgrader")
    environment = {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}"}
    subprocess.run(
        [program, *command, f"--course-dir={folder}"],
        cwd=folder,
        env=environment,
        check=True,
        capture_output=True,
    )


if __name__ == "__main__":
    main()
