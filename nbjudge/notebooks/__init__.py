"""Notebooks: read without trust, their cells, exercises and regions, and what a release says that a submission holds."""
