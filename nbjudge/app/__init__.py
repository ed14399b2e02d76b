"""Use cases: the only callers of the stages. Records in, records out; nothing is printed here."""
