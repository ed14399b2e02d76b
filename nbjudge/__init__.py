"""nbjudge: auto-graded PyTorch exercises, with the judge and the judged in separate processes."""

__version__ = "0.2.0"
