"""What the check grades: the solution, the release, variants, emptied solutions, mutants, and trials with many seeds."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from nbjudge.authoring.check.forgeable import Accepted, read_accepted
from nbjudge.authoring.check.mutants.equivalent import Equivalent, read_equivalents
from nbjudge.authoring.check.mutants.make import Mutant, empty_solution, make_mutants, with_cells
from nbjudge.authoring.check.staging import FlawError, StagedAssignment
from nbjudge.authoring.samples import read_samples
from nbjudge.errors import CourseError
from nbjudge.model import Result
from nbjudge.notebooks.cells import grade_id, role
from nbjudge.notebooks.reader import NotANotebook, read_notebook, write_notebook

Kind = Literal["solution", "release", "variant", "variant trial", "empty", "mutant", "trial", "replay"]
SHOWN: dict[Kind, str] = {
    "solution": "the solution",
    "release": "the untouched release",
    "variant": "the correct variant {about!r}",
    "variant trial": "the correct variant {about}",
    "empty": "the solution with empty functions in {about!r}",
    "mutant": "the mutant {about}",
    "trial": "the solution, {about}",
    "replay": "forged replies",
}
VARIANT_TRIALS = 5  # of each variant: a test may let another formula pass by luck
FEWER = 4  # on two threads a fourth of the trials: sums come out in another order, that is all
THREADS_LINE = '\n__import__("torch").set_num_threads({threads})\n'


@dataclass(frozen=True, slots=True)
class CheckJob:
    """A notebook to grade; kind and what it is about tell it from the others of one check."""

    kind: Kind
    about: str = ""  # a variant's name, an emptied exercise, a mutant's id, a trial's seed and threads
    notebook: bytes = field(default=b"", compare=False, repr=False)
    exercises: frozenset[str] | None = field(default=None, compare=False)  # run only their tests
    stop: bool = field(default=False, compare=False)  # at the first lost point

    def __str__(self) -> str:
        return SHOWN[self.kind].format(about=self.about)


# Where their results are found.
SOLUTION, RELEASE, REPLAY = CheckJob("solution"), CheckJob("release"), CheckJob("replay")


@dataclass(frozen=True, slots=True)
class CheckPlan:
    """All that the check grades of one assignment, and what it knows of the mutants."""

    staged: StagedAssignment
    whole: tuple[CheckJob, ...]  # graded first: whether the rest is worth grading
    others: tuple[CheckJob, ...]
    mutants: tuple[Mutant, ...]  # of the exercises asked for, equivalent ones among them
    equivalents: tuple[Equivalent, ...]
    stale: tuple[Equivalent, ...]  # entries that fit no mutant
    accepted: Accepted

    @property
    def jobs(self) -> tuple[CheckJob, ...]:
        """Everything in the order of grading."""
        return self.whole + self.others


def plan_check(staged: StagedAssignment, exercises: Sequence[str], seeds: int) -> CheckPlan:
    """What to grade; mutants and trials for these exercises only, () for all.

    CourseError for an exercise that has no tests; FlawError if a sample or equivalent_mutants.toml is wrong.
    """
    for exercise in exercises:
        if exercise not in staged.automatic:
            known = ", ".join(staged.automatic)
            raise CourseError(f"{staged.name}: no exercise {exercise!r} with tests; there is: {known}")
    asked = exercises or staged.automatic
    every = make_mutants(staged.source)
    try:
        equivalents = read_equivalents(staged.course.autograder(staged.name))
        accepted = read_accepted(staged.course.autograder(staged.name))
        whole = tuple(_whole_jobs(staged, asked))
    except CourseError as error:
        raise FlawError("structure", str(error)) from None
    mutants = tuple(mutant for mutant in every if mutant.exercise in asked)
    alive = [mutant for mutant in mutants if not any(entry.fits(mutant) for entry in equivalents)]
    return CheckPlan(
        staged=staged,
        whole=whole,
        others=(
            CheckJob("replay", notebook=write_notebook(staged.solved), exercises=frozenset(asked)),
            *_trial_jobs(staged, seeds, asked),
            *_variant_trials(whole, asked),
            *(_mutant_job(staged, mutant) for mutant in alive),
        ),
        mutants=mutants,
        equivalents=equivalents,
        stale=tuple(entry for entry in equivalents if not any(entry.fits(mutant) for mutant in every)),
        accepted=accepted,
    )


def results_of(kind: Kind, results: Mapping[CheckJob, Result]) -> dict[str, Result]:
    """The results of one kind, by what each is about."""
    return {job.about: result for job, result in results.items() if job.kind == kind}


def _whole_jobs(staged: StagedAssignment, exercises: Sequence[str]) -> Iterator[CheckJob]:
    yield CheckJob("solution", notebook=write_notebook(staged.solved))
    yield CheckJob("release", notebook=write_notebook(staged.released))
    for sample in read_samples(staged.course, staged.name):
        if sample.verdict == "full_marks":
            yield CheckJob("variant", sample.name, sample.data)
    for exercise in exercises:
        emptied = with_cells(staged.solved, empty_solution(staged.source, exercise))
        yield CheckJob("empty", exercise, write_notebook(emptied), frozenset([exercise]))


def _mutant_job(staged: StagedAssignment, mutant: Mutant) -> CheckJob:
    mutated = with_cells(staged.solved, {mutant.cell: mutant.source})
    return CheckJob("mutant", mutant.id, write_notebook(mutated), frozenset([mutant.exercise]), stop=True)


def _trial_jobs(staged: StagedAssignment, seeds: int, exercises: Sequence[str]) -> Iterator[CheckJob]:
    """The solution as many students would hand it in: a submission's seed is the hash of its bytes."""
    for threads, count in _thread_counts(staged, seeds):
        notebook = staged.solved
        cell = next((cell for cell in notebook["cells"] if role(cell) == "solution"), None)
        if threads > 1 and cell is not None:
            source = cell["source"] + THREADS_LINE.format(threads=threads)
            notebook = with_cells(notebook, {str(grade_id(cell)): source})
        for seed in range(count):
            metadata = {**notebook["metadata"], "trial": f"{threads} {seed}"}
            data = write_notebook({**notebook, "metadata": metadata})
            about = f"seed {seed} on {threads} thread{'s' if threads > 1 else ''}"
            yield CheckJob("trial", about, data, frozenset(exercises))


def _variant_trials(whole: Sequence[CheckJob], exercises: Sequence[str]) -> Iterator[CheckJob]:
    """Each variant with a few more seeds."""
    for job in whole:
        for seed in range(VARIANT_TRIALS) if job.kind == "variant" else ():
            with contextlib.suppress(NotANotebook):  # the variant itself is a finding then
                notebook = read_notebook(job.notebook)
                data = write_notebook(
                    {**notebook, "metadata": {**notebook["metadata"], "trial": f"1 {seed}"}}
                )
                yield CheckJob("variant trial", f"{job.about!r}, seed {seed}", data, frozenset(exercises))


def _thread_counts(staged: StagedAssignment, seeds: int) -> list[tuple[int, int]]:
    """How many trials on how many threads."""
    uses_torch = any("torch" in cell["source"] for cell in staged.source["cells"])
    return [(1, seeds), (2, -(-seeds // FEWER))] if uses_torch else [(1, seeds)]
