"""Mutation operators for PyTorch: the mistakes that its courses warn of."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from nbjudge.authoring.check.mutants.edits import Context, changed
from nbjudge.authoring.check.mutants.operators import Operator

SWAPS = (  # function and method names that are taken for one another
    ("mean", "sum"),
    ("max", "min"),
    ("argmax", "argmin"),
    ("amax", "amin"),
    ("sin", "cos"),
    ("exp", "log"),
    ("softmax", "log_softmax"),
    ("zeros", "ones"),
    ("zeros_like", "ones_like"),
    ("train", "eval"),
    ("cat", "stack"),
    ("squeeze", "unsqueeze"),
    ("from_numpy", "tensor"),
    ("floor", "ceil"),
)
SWAPPED = {one: other for pair in SWAPS for one, other in (pair, pair[::-1])} | {
    "cross_entropy": "nll_loss",  # not the reverse: of log-probabilities both are the same
    "CrossEntropyLoss": "NLLLoss",
}
DTYPES = {
    "float32": "float64",
    "float64": "float32",
    "int64": "int32",
    "int32": "int64",
    "float": "double",
    "double": "float",
    "long": "int",
    "bool": "float32",
}
CASTS = {"float": "double", "double": "float", "long": "int", "int": "long", "bool": "long"}
# fmt: off
IN_PLACE = frozenset((
    "abs", "add", "addcdiv", "addcmul", "clamp", "cos", "div", "exp", "fill",
    "lerp", "log", "masked_fill", "mul", "neg", "pow", "relu", "sigmoid", "sin",
    "sqrt", "squeeze", "sub", "t", "tanh", "transpose", "unsqueeze", "zero",
))
REDUCERS = frozenset((
    "mean", "sum", "max", "min", "amax", "amin", "argmax", "argmin", "std",
    "var", "norm", "logsumexp",
))
# fmt: on
PARTS = (("train", "val"), ("train", "valid"), ("train", "test"), ("val", "test"))


def swapped_function(node: ast.AST, context: Context) -> Iterator[ast.AST]:
    """mean for sum, train for eval, softmax for log_softmax."""
    if isinstance(node, ast.Attribute) and node.attr in SWAPPED:
        parent = context.parents.get(node)
        if isinstance(parent, ast.Call) and node is parent.func:
            yield changed(node, attr=SWAPPED[node.attr])


def reduction(node: ast.AST, context: Context) -> Iterator[ast.AST]:
    """reduction="mean" for "sum"."""
    swaps = {"mean": "sum", "sum": "mean", "none": "mean"}
    if not isinstance(node, ast.keyword) or node.arg != "reduction":
        return
    if isinstance(node.value, ast.Constant) and node.value.value in swaps:
        yield changed(node, value=ast.Constant(swaps[str(node.value.value)]))


def dim(node: ast.AST, context: Context) -> Iterator[ast.AST]:
    """Another axis."""
    if isinstance(node, ast.keyword) and node.arg in ("dim", "axis"):
        try:
            value = ast.literal_eval(node.value)
        except ValueError:
            return
        if isinstance(value, int):
            other = "0" if value else "-1"
            yield changed(node, value=ast.parse(other, mode="eval").body)


def keepdim(node: ast.AST, context: Context) -> Iterator[ast.AST]:
    """keepdim=True where it does not belong; forgotten ones are dropped keywords, inverted ones constants."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in REDUCERS:
        names = {keyword.arg for keyword in node.keywords}
        if names & {"dim"} and "keepdim" not in names:
            yield changed(node, keywords=[*node.keywords, ast.keyword("keepdim", ast.Constant(True))])


def tracking(node: ast.AST, context: Context) -> Iterator[ast.AST]:
    """Gradients are recorded although `no_grad` or `inference_mode` was meant."""
    if isinstance(node, ast.Attribute) and node.attr in ("no_grad", "inference_mode"):
        yield changed(node, attr="enable_grad")


def detached(node: ast.AST, context: Context) -> Iterator[ast.AST]:
    """The graph is cut at a value that `backward` needs."""
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call | ast.BinOp):
        around = ast.unparse(context.function(node))
        if isinstance(node.targets[0], ast.Name) and ".backward(" in around:
            cut = ast.Call(ast.Attribute(node.value, "detach", ast.Load()), [], [])
            yield changed(node, value=cut)


def in_place(node: ast.AST, context: Context) -> Iterator[ast.AST]:
    """A new tensor where the old one should change, and the reverse."""
    if isinstance(node, ast.Attribute) and isinstance(parent := context.parents.get(node), ast.Call):
        base, was_in_place = node.attr.rstrip("_"), node.attr.endswith("_")
        if node is parent.func and base in IN_PLACE and (was_in_place or _is_held(node, parent)):
            yield changed(node, attr=base if was_in_place else base + "_")
    if isinstance(node, ast.AugAssign) and _may_be_shared(node, context):
        value = ast.BinOp(_loaded(node.target), node.op, node.value)
        yield ast.Assign(targets=[node.target], value=value, lineno=node.lineno)
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.BinOp):
        target, sum_ = node.targets[0], node.value
        named = isinstance(target, ast.Name | ast.Attribute | ast.Subscript)
        if named and ast.unparse(target) == ast.unparse(sum_.left) and _may_be_shared(node, context):
            yield ast.AugAssign(target=target, op=sum_.op, value=sum_.right)  # type: ignore[arg-type]


def swapped_data(node: ast.AST, context: Context) -> Iterator[ast.AST]:
    """Validation data where training data was meant, and the reverse."""
    field = "id" if isinstance(node, ast.Name) else "attr" if isinstance(node, ast.Attribute) else ""
    if not field or not isinstance(getattr(node, "ctx", None), ast.Load):
        return
    name = getattr(node, field)
    known = context.names | {part.attr for part in ast.walk(context.tree) if isinstance(part, ast.Attribute)}
    for pair in PARTS:
        for one, other in (pair, pair[::-1]):
            swapped = re.sub(rf"(?<![a-z]){one}(?![a-z])", other, name)
            if swapped != name and swapped in known:
                yield changed(node, **{field: swapped})


def dtype(node: ast.AST, context: Context) -> Iterator[ast.AST]:
    """float64 for float32, `.int()` for `.long()`."""
    if not isinstance(node, ast.Attribute):
        return
    parent = context.parents.get(node)
    called = isinstance(parent, ast.Call) and node is parent.func
    of_torch = isinstance(node.value, ast.Name) and node.value.id in ("torch", "np")
    if called and node.attr in CASTS and not of_torch and isinstance(parent, ast.Call) and not parent.args:
        yield changed(node, attr=CASTS[node.attr])
    elif not called and of_torch and node.attr in DTYPES:
        yield changed(node, attr=DTYPES[node.attr])


TORCH_OPERATORS: tuple[Operator, ...] = (
    swapped_function,
    reduction,
    dim,
    keepdim,
    tracking,
    detached,
    in_place,
    swapped_data,
    dtype,
)


def _is_held(node: ast.Attribute, call: ast.Call) -> bool:
    """Whether what is computed from has a name, and is not a value made on the way."""
    of_module = isinstance(node.value, ast.Name) and node.value.id in ("torch", "F")
    operand = call.args[0] if of_module and call.args else node.value
    return isinstance(operand, ast.Name | ast.Attribute | ast.Subscript)


def _may_be_shared(node: ast.Assign | ast.AugAssign, context: Context) -> bool:
    """Whether somebody else may hold what is updated: an argument, a loop's item, a leaf under no_grad."""
    target = node.targets[0] if isinstance(node, ast.Assign) else node.target
    if not isinstance(target, ast.Name):
        return True
    if target.id in _numbers(context.function(node)):
        return False
    around = context.ancestors(node)
    return any(
        (isinstance(above, ast.With) and "no_grad" in ast.unparse(above.items[0]))
        or (isinstance(above, ast.For) and target.id in _names(above.target))
        or (isinstance(above, ast.FunctionDef) and target.id in _names(above.args))
        for above in around
    )


def _numbers(function: ast.AST) -> set[str]:
    """Names that begin as a number written out, as in `loss, correct = 0.0, 0`."""
    found = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            target, value = node.targets[0], node.value
            several = isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)
            pairs = zip(target.elts, value.elts, strict=False) if several else [(target, value)]  # type: ignore[attr-defined]
            found |= {
                one.id for one, of in pairs if isinstance(one, ast.Name) and isinstance(of, ast.Constant)
            }
    return found


def _names(node: ast.AST) -> set[str]:
    parts = list(ast.walk(node))
    return {part.id for part in parts if isinstance(part, ast.Name)} | {
        part.arg for part in parts if isinstance(part, ast.arg)
    }


def _loaded(node: ast.expr) -> ast.expr:
    return ast.parse(ast.unparse(node), mode="eval").body
