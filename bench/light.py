"""The light assignment: five small exercises, ten tests of microseconds each, written once for every grader.

A check is plain code that uses the exercise's function and torch, so that it can stand in a pytest test of nbjudge, in
a hidden cell of nbgrader and in a test case of otter alike. Every check is worth one point.
"""

from __future__ import annotations

from dataclasses import dataclass

IMPORTS = "import torch"


@dataclass(frozen=True, slots=True)
class Check:
    """One hidden test: `code` raises if the exercise's function is wrong."""

    name: str
    title: str
    code: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One way to write the function's body, and how many of its checks hold for it."""

    body: str
    passes: int


@dataclass(frozen=True, slots=True)
class Exercise:
    """One function to write; the first answer is the solution."""

    id: str
    head: str  # `def name(arguments):`
    task: str  # the docstring
    answers: tuple[Answer, ...]
    public: str  # what the student's own notebook asserts
    checks: tuple[Check, Check]

    @property
    def function(self) -> str:
        """The function's name."""
        return self.head.removeprefix("def ").partition("(")[0]

    def source(self, body: str) -> str:
        """The function with this body, as it stands in the solution cell."""
        lines = [self.head, f'"""{self.task}"""', *body.splitlines()]
        return "\n    ".join(lines)


def answers_of(student: int) -> list[Answer]:
    """What student number `student` writes: every combination of right and wrong answers comes up in turn."""
    chosen = []
    for exercise in EXERCISES:
        student, which = divmod(student, len(exercise.answers))
        chosen.append(exercise.answers[which])
    return chosen


EXERCISES = (
    Exercise(
        id="standardise",
        head="def standardise(x):",
        task="x: [n, d] -> x with mean 0 and standard deviation 1 in every column.",
        answers=(
            Answer("return (x - x.mean(dim=0)) / x.std(dim=0)", 2),
            Answer("return (x - x.mean()) / x.std()", 1),
            Answer("x -= x.mean(dim=0)\nx /= x.std(dim=0)\nreturn x", 1),
        ),
        public="assert standardise(torch.randn(5, 2)).shape == (5, 2)",
        checks=(
            Check(
                "columns",
                "Every column has mean 0 and standard deviation 1.",
                "x = 3 * torch.randn(50, 4) + torch.arange(4.0)\n"
                "result = standardise(x.clone())\n"
                "torch.testing.assert_close(result, (x - x.mean(dim=0)) / x.std(dim=0))",
            ),
            Check(
                "keeps_x",
                "The argument stays as it is.",
                "x = torch.rand(10, 2, requires_grad=True)\n"
                "result = standardise(x)\n"
                "assert tuple(result.shape) == (10, 2)",
            ),
        ),
    ),
    Exercise(
        id="one-hot",
        head="def one_hot(labels, classes):",
        task="labels: [n] int64 -> [n, classes] float32 with a one in the column of each label.",
        answers=(
            Answer("return torch.eye(classes)[labels]", 2),
            Answer("return torch.nn.functional.one_hot(labels, classes)", 0),
            Answer("return torch.eye(int(labels.max()) + 1)[labels]", 1),
        ),
        public="assert one_hot(torch.tensor([1]), 3).tolist() == [[0, 1, 0]]",
        checks=(
            Check(
                "rows",
                "Each row holds a one where its label is, in float32.",
                "labels = torch.tensor([4, 0, 2, 2])\n"
                "torch.testing.assert_close(one_hot(labels, 5), torch.eye(5)[labels])",
            ),
            Check(
                "unseen_class",
                "A class that no label names has a column too.",
                "expected = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])\n"
                "torch.testing.assert_close(one_hot(torch.tensor([0, 1]), 3), expected)",
            ),
        ),
    ),
    Exercise(
        id="distances",
        head="def distances(a, b):",
        task="a: [n, d], b: [m, d] -> squared distances of every pair, [n, m].",
        answers=(
            Answer("return (a[:, None] - b).square().sum(dim=-1)", 2),
            Answer("return (a[:, None] - b).abs().sum(dim=-1)", 0),
            Answer("return (a - b).square().sum(dim=-1)[:, None]", 0),
        ),
        public="assert distances(torch.zeros(2, 3), torch.ones(4, 3)).shape == (2, 4)",
        checks=(
            Check(
                "pairs",
                "The squared distance of every pair.",
                "a, b = torch.randn(6, 3), torch.randn(4, 3)\n"
                "expected = torch.stack([(row - b).square().sum(dim=1) for row in a])\n"
                "torch.testing.assert_close(distances(a, b), expected)",
            ),
            Check(
                "one_dimension",
                "It works for points on a line.",
                "result = distances(torch.tensor([[0.0], [3.0]]), torch.tensor([[1.0], [5.0]]))\n"
                "torch.testing.assert_close(result, torch.tensor([[1.0, 25.0], [4.0, 4.0]]))",
            ),
        ),
    ),
    Exercise(
        id="softmax",
        head="def softmax(x):",
        task="x: [n, k] -> the softmax of every row, [n, k].",
        answers=(
            Answer(
                "e = (x - x.max(dim=1, keepdim=True).values).exp()\nreturn e / e.sum(dim=1, keepdim=True)", 2
            ),
            Answer("return x.exp() / x.exp().sum(dim=1, keepdim=True)", 1),
            Answer("return x.exp() / x.exp().sum()", 0),
        ),
        public="assert softmax(torch.zeros(1, 4)).tolist() == [[0.25] * 4]",
        checks=(
            Check(
                "rows",
                "The softmax of every row.",
                "x = torch.randn(5, 7)\ntorch.testing.assert_close(softmax(x), torch.softmax(x, dim=1))",
            ),
            Check(
                "large_inputs",
                "Large inputs give numbers, not NaN.",
                "result = softmax(torch.tensor([[1000.0, 1000.0]]))\n"
                "torch.testing.assert_close(result, torch.tensor([[0.5, 0.5]]))",
            ),
        ),
    ),
    Exercise(
        id="slope",
        head="def slope(x):",
        task="x: [n] -> the derivative of x·sin(x) at every point, by autograd, [n].",
        answers=(
            Answer("x = x.clone().requires_grad_()\n(x * x.sin()).sum().backward()\nreturn x.grad", 2),
            Answer("return x.sin() + x * x.cos()", 2),
            Answer("x = x.clone().requires_grad_()\n(x * x.sin()).mean().backward()\nreturn x.grad", 1),
        ),
        public="assert slope(torch.zeros(3)).tolist() == [0.0] * 3",
        checks=(
            Check(
                "values",
                "The derivative at many points.",
                "x = torch.randn(20)\ntorch.testing.assert_close(slope(x), x.sin() + x * x.cos())",
            ),
            Check(
                "one_point",
                "The derivative at one point.",
                "x = torch.tensor([2.0])\ntorch.testing.assert_close(slope(x), x.sin() + x * x.cos())",
            ),
        ),
    ),
)
