"""How many threads the numerical libraries may start: one, wherever a process will fork or is one of many."""

# Read when the libraries are loaded. A second thread in a process that forks would hang its children.
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
}
