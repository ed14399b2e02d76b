"""Mutants: the solution with one small mistake each, which the hidden tests should notice.

`make` walks the solution cells, `operators` and `torch_operators` know the mistakes, `edits` puts one into the text,
`equivalent` reads which mutants are not mistakes.
"""
