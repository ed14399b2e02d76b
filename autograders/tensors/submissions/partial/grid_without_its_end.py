# arange with a step of 1 / n: the grid stops before 1.
# base: solution
# expected: all creation=0.75
# %% creation_inline
ints = torch.tensor(numbers)
floats = torch.tensor(numbers, dtype=torch.float32)
grid = torch.arange(0, 1, 1 / len(numbers), dtype=torch.float64)
