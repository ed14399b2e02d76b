"""Mutation operators for any Python: each takes a node and gives the nodes that a mistake would have put there.

Only the kinds of mistakes that tests can be asked to notice: a name misspelt or a line without its colon shows itself.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator

from nbjudge.authoring.check.mutants.edits import Context, Edit, changed

Operator = Callable[[ast.AST, Context], Iterator[ast.AST]]

ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.MatMult: ast.Mult,
}
COMPARISON: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
PASS = ast.Pass()
# fmt: off
SYMMETRIC = frozenset((
    "mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "allclose", "isclose", "equal",
    "maximum", "minimum", "max", "min", "add", "mul", "dot",
))
# fmt: on
EVEN = frozenset(("square", "abs", "absolute", "norm"))  # of a difference: its sign does not matter


def arithmetic(node: ast.AST, context: Context) -> Iterator[ast.AST]:
    """+ for -, * for /, and so on; also in `x += 1`."""
    if not isinstance(node, ast.BinOp | ast.AugAssign) or type(node.op) not in ARITHMETIC:
        return
    if not any(isinstance(part, ast.JoinedStr) or _is_text(part) for part in ast.walk(node)):
        yield changed(node, op=ARITHMETIC[type(node.op)]())


def accumulation(node: ast.AST, context: Context) -> Iterator[ast.AST]:
    """`x = 1` for `x += 1`: the sum is not accumulated."""
    if isinstance(node, ast.AugAssign):
        yield ast.Assign(targets=[node.target], value=node.value, lineno=node.lineno)


def comparison(node: ast.AST, context: Context) -> Iterator[ast.AST]:
    """< for <=, == for !=, and so on."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        yield changed(node, ops=[COMPARISON[type(node.ops[0])]()])


def constant(node: ast.AST, context: Context) -> Iterator[ast.AST]:
    """Another number, the opposite of a truth value."""
    if not isinstance(node, ast.Constant) or isinstance(context.parents.get(node), ast.JoinedStr):
        return
    if isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node.value, int):
        yield ast.Constant(node.value + 1)
        if node.value == 1:
            yield ast.Constant(0)
    elif isinstance(node.value, float):
        yield ast.Constant(node.value * 2 if node.value else 1.0)


def boolean(node: ast.AST, context: Context) -> Iterator[ast.AST]:
    """`and` for `or`, a `not` forgotten."""
    if isinstance(node, ast.BoolOp):
        yield changed(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node.operand


def sign(node: ast.AST, context: Context) -> Iterator[ast.AST]:
    """A minus forgotten."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield node.operand


def condition(node: ast.AST, context: Context) -> Iterator[ast.AST]:
    """The other branch of an expression; a condition turned round."""
    if isinstance(node, ast.IfExp):
        yield changed(node, body=node.orelse, orelse=node.body)
    parent = context.parents.get(node)
    if isinstance(parent, ast.If | ast.While) and node is parent.test:
        yield ast.UnaryOp(ast.Not(), node)


def argument_order(node: ast.AST, context: Context) -> Iterator[ast.AST]:
    """The first two arguments swapped; the operands of what does not commute."""
    if isinstance(node, ast.Call) and len(node.args) >= 2 and _called(node) not in SYMMETRIC:
        first, second, *rest = node.args
        if not any(isinstance(part, ast.Starred) for part in node.args):
            yield changed(node, args=[second, first, *rest])
    if isinstance(node, ast.BinOp) and isinstance(
        node.op, ast.Sub | ast.Div | ast.MatMult | ast.Pow | ast.FloorDiv
    ):
        if isinstance(node.op, ast.Sub) and _is_made_even(node, context):
            return
        yield changed(node, left=node.right, right=node.left)


def dropped_keyword(node: ast.AST, context: Context) -> Iterator[ast.AST]:
    """A keyword argument forgotten: its default counts."""
    if isinstance(node, ast.Call):
        for position, keyword in enumerate(node.keywords):
            if keyword.arg not in (None, "device"):  # on a CPU nobody can see where a tensor is
                yield changed(node, keywords=node.keywords[:position] + node.keywords[position + 1 :])


def removed_statement(node: ast.AST, context: Context) -> Iterator[ast.AST]:
    """A line forgotten: a call for its effect, an update, an entry that is stored."""
    called = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call | ast.Await)
    stored = isinstance(node, ast.Assign) and not any(isinstance(part, ast.Name) for part in node.targets)
    if called or isinstance(node, ast.AugAssign) or (stored and not _unpacks(node)):
        yield PASS


def off_by_one(node: ast.AST, context: Context) -> Iterator[ast.AST]:
    """Slices and ranges that begin or end one too early; a loop without its last turn."""
    if isinstance(node, ast.Slice):
        if node.lower is not None:
            yield changed(node, lower=_plus(node.lower, 1))
        if node.upper is not None:
            yield changed(node, upper=_plus(node.upper, -1))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "range":
        stop = 0 if len(node.args) == 1 else 1
        yield changed(node, args=_with(node.args, stop, _plus(node.args[stop], -1)))
        if stop:
            yield changed(node, args=_with(node.args, 0, _plus(node.args[0], 1)))
    elif isinstance(parent := context.parents.get(node), ast.For) and node is parent.iter:
        text = f"list({ast.unparse(node)})[:-1]"
        yield ast.parse(text, mode="eval").body


def returned(node: ast.AST, context: Context) -> Iterator[ast.AST]:
    """Nothing is returned; two values are returned in the wrong order."""
    if isinstance(node, ast.Return) and node.value is not None:
        yield changed(node, value=ast.Constant(None))
        if isinstance(node.value, ast.Tuple) and len(node.value.elts) > 1:
            first, second, *rest = node.value.elts
            yield changed(node, value=changed(node.value, elts=[second, first, *rest]))


def jump(node: ast.AST, context: Context) -> Iterator[ast.AST]:
    """`break` for `continue`."""
    if isinstance(node, ast.Break):
        yield ast.Continue()
    elif isinstance(node, ast.Continue):
        yield ast.Break()


def unwrapped(node: ast.AST, context: Context) -> Iterator[ast.AST]:
    """A call forgotten around its one argument: `x` for `f(x)`, `x` for `x.f()`."""
    if not isinstance(node, ast.Call) or node.keywords:
        return
    if isinstance(context.parents.get(node), ast.Expr):
        return  # a statement: see removed_statement
    if isinstance(node.func, ast.Attribute) and node.func.attr == "to":
        return  # the same, and dtypes have an operator to themselves
    plain = not any(isinstance(part, ast.Starred) for part in node.args)
    if isinstance(node.func, ast.Attribute) and not node.args and not _is_super(node.func.value):
        yield node.func.value
    elif len(node.args) == 1 and plain:
        yield node.args[0]


OPERATORS: tuple[Operator, ...] = (
    arithmetic,
    accumulation,
    comparison,
    constant,
    boolean,
    sign,
    condition,
    argument_order,
    dropped_keyword,
    removed_statement,
    off_by_one,
    returned,
    jump,
    unwrapped,
)


def edits_of(node: ast.AST, context: Context, operators: tuple[Operator, ...]) -> Iterator[Edit]:
    """Every edit that the operators make of one node, in their order."""
    for operator in operators:
        for new in operator(node, context):
            yield Edit(operator.__name__.replace("_", " "), node, ast.fix_missing_locations(new))


def _plus(node: ast.expr, step: int) -> ast.expr:
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return ast.parse(str(node.value + step), mode="eval").body
    return ast.BinOp(copy.copy(node), ast.Add() if step > 0 else ast.Sub(), ast.Constant(1))


def _with(items: list[ast.expr], position: int, item: ast.expr) -> list[ast.expr]:
    return [*items[:position], item, *items[position + 1 :]]


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)


def _is_made_even(node: ast.AST, context: Context) -> bool:
    """Whether the difference is squared at once, or its absolute value taken."""
    parent = context.parents.get(node)
    if isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Pow) and node is parent.left:
        return isinstance(parent.right, ast.Constant) and parent.right.value == 2
    if isinstance(parent, ast.Attribute):
        return parent.attr in EVEN or parent.attr == "pow"
    return isinstance(parent, ast.Call) and node in parent.args and _called(parent) in EVEN


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _unpacks(node: ast.AST) -> bool:
    return isinstance(node, ast.Assign) and any(
        isinstance(part, ast.Tuple | ast.List) for part in node.targets
    )


def _is_super(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id == "super"
