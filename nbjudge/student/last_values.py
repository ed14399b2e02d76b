"""`_`, `__`, `___`, `Out` and `In`: what the cells above ended with, as a Jupyter kernel keeps it."""

from __future__ import annotations

import ast
import sys
from typing import Any

NAMES = ("_", "__", "___")


class LastValues:
    """The values of the last expressions of cells. It holds no figure: those would fill the memory."""

    def __init__(self, shell: Any) -> None:
        self.values: tuple[Any, ...] = ("", "", "")
        self.at: dict[str, dict[str, Any]] = {}  # cell -> the names as they stood before it
        self.names: dict[str, Any] = shell.user_ns
        self.sources: list[str] = shell.user_ns["In"]
        self.results: dict[int, Any] = shell.user_ns["Out"]
        self.sources[:] = [""]
        self.results.clear()
        shell.keep = self.note

    def before(self, label: str) -> dict[str, Any]:
        """`_` and its like as the cell found them when the notebook was loaded."""
        return self.at.get(label, {})

    def keep(self, label: str, source: str, tree: ast.Module) -> ast.Module:
        """The cell's tree, whose last expression is noted when it runs."""
        if label not in self.at:
            self.at[label] = {name: self.names[name] for name in NAMES if name in self.names}
            self.sources.append(source)
        if tree.body and isinstance(last := tree.body[-1], ast.Expr) and not source.rstrip().endswith(";"):
            noting = ast.parse("get_ipython().keep()", mode="eval").body
            assert isinstance(noting, ast.Call)
            for part in ast.walk(noting):
                if isinstance(part, ast.expr):
                    ast.copy_location(part, last.value)
            noting.args = [last.value]
            last.value = noting
        return tree

    def note(self, value: Any) -> Any:
        """Keeps the value of a cell; a name that the notebook itself has assigned stays its own."""
        if value is None or type(value).__module__.startswith("matplotlib."):
            return value
        names = sys._getframe(1).f_globals
        own = any(
            name in names and names[name] is not kept for name, kept in zip(NAMES, self.values, strict=True)
        )
        self.values = (value, *self.values[:2])
        self.results[len(self.sources) - 1] = value
        if not own:
            names.update(zip(NAMES, self.values, strict=True))
        return value
