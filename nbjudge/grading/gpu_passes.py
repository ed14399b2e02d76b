"""GPU slots for an assignment, and the passes over it: a dry run on the CPU first, then what only a slot can say."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from nbjudge.errors import CourseError
from nbjudge.files import counting_files
from nbjudge.judge.judge import Judge
from nbjudge.judge.outcome import TestSpec, limits_of, untried_result
from nbjudge.languages import english
from nbjudge.model import Limits, Program, Result, Status, TestResult
from nbjudge.sandbox import Zygote
from nbjudge.sandbox.gpu_cards import (
    CONTEXT,
    LEAST,
    Card,
    Slot,
    find_cards,
)
from nbjudge.scoring import earned

FATAL: tuple[Status, ...] = ("not_found", "timeout", "memory", "crashed")
NEEDS_CUDA = re.compile("CUDA|NVIDIA", re.IGNORECASE)  # in the message of a cell that did not find a GPU
# A library that got no memory does not always say so.
GPU_ERROR = re.compile("CUDA|CUBLAS|CUDNN", re.IGNORECASE)


def slots_for(autograder: Path, per_card: int, *, every_test: bool = False) -> tuple[Slot, ...]:
    """The slots that an assignment's tests may use: `per_card` on each GPU, none if no test speaks of one.

    With `every_test` all of them need a slot: CourseError if there is no GPU.
    """
    wanted = per_card > 0 and (every_test or mentions_gpu(autograder))
    slots = make_slots(find_cards(), per_card) if wanted else ()
    if every_test and not slots:
        raise CourseError("there is no GPU to grade on: `nbjudge doctor` shows what is found")
    return slots


def mentions_gpu(autograder: Path) -> bool:
    """Whether a test file uses the word `gpu` or `device`: without it there can be neither the mark nor the fixture."""
    files = (
        path
        for inside, path in counting_files(autograder)
        if inside.endswith(".py") and not inside.startswith("submissions/")
    )
    return any(re.search(r"\b(gpu|device)\b", path.read_text(errors="replace")) for path in files)


def make_slots(cards: tuple[Card, ...], per_card: int) -> tuple[Slot, ...]:
    """`per_card` slots on each card, the cards in turn; CourseError if too little memory is left for one."""
    for card in cards:
        if card.memory and card.memory // per_card - CONTEXT < LEAST:
            raise CourseError(
                f"--gpu-slots {per_card}: GPU {card.index} ({card.name}) has {card.memory >> 20} MiB, and a slot needs"
                f" {(CONTEXT + LEAST) >> 20} MiB: at most {max(1, card.memory // (CONTEXT + LEAST))}"
            )
    return tuple(Slot(card, per_card) for _ in range(per_card) for card in cards)


def one_per_card(slots: tuple[Slot, ...]) -> tuple[Slot, ...]:
    """One slot of each card, with its budget as before and no neighbour."""
    return tuple(Slot(slot.card, slot.share, alone=True) for slot in {s.card: s for s in slots}.values())


def check_slots(tests: Iterable[TestSpec], slots: Sequence[Slot], limits: Limits) -> None:
    """CourseError if a test needs a GPU and there is none, or more memory than a slot of it has."""
    tests = [spec for spec in tests if spec.device != "cpu"]
    needing = ", ".join(spec.name for spec in tests if spec.device == "cuda")
    if needing and not slots:
        raise CourseError(
            f"these tests need a GPU, and there is none to grade on: {needing}. Grade on a machine that has one"
            " (`nbjudge doctor` shows what is found, --gpu-slots 0 switches it off), or let the test run on both:"
            " the `device` fixture instead of @pytest.mark.gpu"
        )
    for spec in tests:
        wanted = limits_of(spec, limits).gpu_memory
        for card, share in {(slot.card, slot.share) for slot in slots if slot.card.memory}:
            if wanted and (wanted + CONTEXT) * share > card.memory:
                raise CourseError(
                    f"{spec.name}: gpu_memory is {wanted >> 20} MiB, and {share} slots of that do not fit GPU {card.index}"
                    f" ({card.memory >> 20} MiB, {CONTEXT >> 20} MiB of a slot are CUDA's own): lower it, or --gpu-slots"
                )


def run_pass(
    judge: Judge,
    program: Program,
    zygote: Zygote,
    limits: Limits,
    result: Result,
    *,
    exercises: Collection[str] | None,
    slots: Sequence[Slot],
    dry: Result | None,
    stop: bool,
) -> tuple[Result, bool]:
    """`result` with the outcomes of this pass and of the dry run before it; and whether no test is left for a slot."""
    slot = zygote.slot
    asked = [spec for spec in judge.tests if exercises is None or spec.exercise in exercises]
    wanted = tests_of_pass(asked, slot, slots, dry)
    device = slot.device if slot else "cpu"
    tests, cells = judge.grade(program, zygote, limits, result.seed, wanted=wanted, device=device, stop=stop)
    result = replace(result, tests=tests, cells=cells)
    if dry is not None:
        return replace(result, tests=merge(asked, dry, tests)), True
    if len(wanted) == len(asked):
        return result, True
    lost = stop and any(earned(test) < 1 for test in tests)
    if lost or not left_for_slot(asked, result):
        return replace(result, tests=merge(asked, result)), True
    return result, False


def tests_of_pass(
    tests: Sequence[TestSpec], slot: Slot | None, slots: Sequence[Slot], dry: Result | None
) -> list[TestSpec]:
    """What a worker runs: on a slot what the dry run left (without one, all); on the CPU all, or the dry run."""
    if slot is not None:
        return left_for_slot(tests, dry) if dry else list(tests)
    return [spec for spec in tests if spec.device == "cpu"] if slots else list(tests)


def left_for_slot(tests: Iterable[TestSpec], dry: Result) -> list[TestSpec]:
    """The tests that a slot must run after the dry run; all, if cells failed there because they lacked a GPU or time."""
    if dry.rejected is not None:
        return []
    if any(
        cell.status == "timeout"
        or (
            cell.status == "error"
            and any(NEEDS_CUDA.search(english(said)) for said in (cell.message, *cell.notes))
        )
        for cell in dry.cells
    ):
        return list(tests)
    return [spec for spec in tests if spec.device != "cpu" and verdict_on(spec.exercise, dry) is None]


def verdict_on(exercise: str, dry: Result) -> TestResult | None:
    """What the dry run says of an exercise that no GPU can save; None if it may still pass there.

    No GPU can: if every test of the exercise found nothing, hung or died; or earned nothing from untouched cells.
    """
    tried = [test for test in dry.tests if test.exercise == exercise and test.status != "broken_test"]
    if not tried or any(earned(test) for test in tried):
        return None
    cells = {cell.id for cell in dry.cells if cell.id.startswith(f"{exercise}_")}
    untouched = cells <= set(dry.unchanged)
    return tried[0] if untouched or all(test.status in FATAL for test in tried) else None


def merge(tests: Iterable[TestSpec], dry: Result, ran: Iterable[TestResult] = ()) -> tuple[TestResult, ...]:
    """Both passes' outcomes in the tests' order, with the dry run's verdict where no slot was spent on a test."""
    known = {(test.exercise, test.test): test for test in (*dry.tests, *ran)}
    merged = []
    for spec in tests:
        verdict = verdict_on(spec.exercise, dry)
        if spec.key in known:
            merged.append(known[spec.key])
        elif verdict is not None:
            merged.append(untried_result(spec, dry.language, verdict.status, verdict.message, verdict.trace))
    return tuple(merged)


def is_unsure(result: Result, dry: Result | None) -> bool:
    """Whether a neighbour on the same card may be to blame for what a test on the GPU got."""
    before: Collection[TestResult] = dry.tests if dry else ()
    return any(
        test.status in ("timeout", "gpu_memory")
        or (test.status == "error" and GPU_ERROR.search(english(test.message)))
        for test in result.tests
        if test not in before
    )
